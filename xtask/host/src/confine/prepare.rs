//! A box about to be started: what goes before the command, and what the child does before it becomes the command.

use std::ffi::OsString;
use std::io::{self, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use ::landlock::RulesetCreated;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};
use seccompiler::{BpfProgram, sock_filter};

use super::inside::Confinement;
use super::limits::Watched;
use super::policy::{Policy, policy};
use super::strength::Strength;
use super::system::Words;
use super::{landlock, namespaces, syscalls};
use crate::temp::TempFolder;

/// A box about to be started. Its temporary folder lives as long.
pub(crate) struct Prepared {
    temp: TempFolder,
    /// What stands before the command.
    pub(crate) words: Words,
    how: How,
}

enum How {
    Namespaces { filters: Vec<OwnedFd> },
    Landlock { rules: Mutex<Option<RulesetCreated>>, filters: Vec<BpfProgram> },
}

impl Prepared {
    /// What this machine can, or an error where that is not enough; nothing where no box is wanted.
    pub(crate) fn new(inside: &Confinement, program: &Path, dir: Option<&Path>) -> io::Result<Option<Self>> {
        let policy = policy();
        if policy == Policy::Off {
            return Ok(None);
        }
        let strength = inside.strength.as_ref().unwrap_or_else(|| Strength::here());
        if policy == Policy::Required && !strength.is_whole() {
            return Err(io::Error::other(format!("--box required, and this machine's is {strength}")));
        }
        let filters = || syscalls::filters().map_err(io::Error::other);
        for folder in &inside.write {
            fs_err::create_dir_all(folder)?;
        }
        let temp = TempFolder::new()?;
        match strength {
            Strength::Namespaces { bwrap } => {
                let mut words = namespaces::before(bwrap, inside, program, dir, temp.path());
                let filters: Vec<OwnedFd> = filters()?.iter().map(in_memory).collect::<io::Result<_>>()?;
                for filter in &filters {
                    words.push("--add-seccomp-fd".into());
                    words.push(OsString::from(raw(filter).to_string()));
                }
                words.push("--".into());
                Ok(Some(Self { temp, words, how: How::Namespaces { filters } }))
            }
            Strength::Landlock { .. } => {
                let rules = Mutex::new(Some(landlock::rules(inside, program, temp.path())?));
                let how = How::Landlock { rules, filters: filters()? };
                Ok(Some(Self { temp, words: Words::new(), how }))
            }
            Strength::None { .. } => Ok(None),
        }
    }

    /// Variables of its environment.
    pub(crate) fn env(&self) -> Vec<(&'static str, PathBuf)> {
        match self.how {
            // bubblewrap sets them: to a place that is there inside alone.
            How::Namespaces { .. } => Vec::new(),
            How::Landlock { .. } => ["HOME", "TMPDIR"].map(|name| (name, self.temp.path().to_owned())).into(),
        }
    }

    /// Whether the command's end reaches us as bubblewrap's: by a signal as 128 and its number.
    pub(crate) fn has_go_between(&self) -> bool {
        matches!(self.how, How::Namespaces { .. })
    }

    /// Looks after its limits.
    pub(crate) fn watch(&self, inside: &Confinement) -> Watched {
        let own = [self.temp.path().to_owned()];
        Watched::new(inside.limits, inside.write.iter().cloned().chain(own).collect())
    }

    /// What the child does before it becomes the command.
    pub(crate) fn before_exec(&self, command: &mut Command, own_session: bool) {
        shut(command, own_session);
        match &self.how {
            How::Namespaces { filters } => {
                let filters: Vec<i32> = filters.iter().map(raw).collect();
                keep_open(command, filters);
            }
            How::Landlock { rules, filters } => {
                let rules = rules.lock().unwrap_or_else(PoisonError::into_inner).take();
                restrict(command, rules, filters.clone());
            }
        }
    }
}

fn raw(fd: &OwnedFd) -> i32 {
    std::os::fd::AsRawFd::as_raw_fd(fd)
}

/// A filter as bubblewrap reads it: the kernel's `struct sock_filter` one behind the other (include/uapi/linux/filter.h).
fn in_memory(filter: &BpfProgram) -> io::Result<OwnedFd> {
    let bytes = |instruction: &sock_filter| {
        let (code, k) = (instruction.code.to_ne_bytes(), instruction.k.to_ne_bytes());
        [code[0], code[1], instruction.jt, instruction.jf, k[0], k[1], k[2], k[3]]
    };
    let mut file = std::fs::File::from(memfd_create("patchbench-filter", MemfdFlags::CLOEXEC)?);
    file.write_all(&filter.iter().flat_map(bytes).collect::<Vec<u8>>())?;
    file.rewind()?;
    Ok(file.into())
}

#[expect(
    unsafe_code,
    reason = "setsid and close_range between fork and exec: async-signal-safe, allocate nothing"
)]
fn shut(command: &mut Command, own_session: bool) {
    // SAFETY: the closure makes two system calls and touches no memory of ours.
    unsafe {
        command.pre_exec(move || {
            if own_session {
                rustix::process::setsid()?;
            }
            // Whoever started us may have left files open. A kernel without the call (before 5.11) leaves them so.
            libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
            Ok(())
        });
    }
}

#[expect(unsafe_code, reason = "fcntl between fork and exec: async-signal-safe, allocates nothing")]
fn keep_open(command: &mut Command, filters: Vec<i32>) {
    // SAFETY: the closure makes system calls on descriptors that the child has from us, and touches no other memory of ours.
    unsafe {
        command.pre_exec(move || {
            for filter in &filters {
                let filter = std::os::fd::BorrowedFd::borrow_raw(*filter);
                fcntl_setfd(filter.as_fd(), FdFlags::empty())?;
            }
            Ok(())
        });
    }
}

/// More than there are: capability(7) has 41.
const LAST_CAPABILITY: libc::c_ulong = 63;

#[expect(
    unsafe_code,
    reason = "prctl, landlock_restrict_self and seccomp between fork and exec: async-signal-safe"
)]
fn restrict(command: &mut Command, mut rules: Option<RulesetCreated>, filters: Vec<BpfProgram>) {
    // SAFETY: the closure makes system calls with what was prepared before the fork; on success nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            // What root may do beyond others goes with the next exec. bubblewrap does the same. Nothing to drop for others: an error.
            for capability in 0..=LAST_CAPABILITY {
                libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
            }
            if let Some(rules) = rules.take() {
                rules.restrict_self().map_err(|_| io::ErrorKind::PermissionDenied)?;
            }
            for filter in &filters {
                seccompiler::apply_filter(filter).map_err(|_| io::ErrorKind::PermissionDenied)?;
            }
            Ok(())
        });
    }
}
