//! A process that runs: waited for, ended, its output drained.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use fs_err::{self as fs, File, OpenOptions};
use rustix::process::Signal;

use super::error::{ProcessError, Status};
use super::output::{OnLine, Output};
use crate::confine::{Broken, Prepared, Watched};
use crate::signals::{GRACE, Group};

/// How many last lines an error shows.
const TAIL: usize = 20;
/// More of standard output than any program prints that we read. One without end must not fill our memory.
const MOST: usize = 512 << 20;
/// No line of the tail is longer; the log has it whole.
const TAIL_WIDTH: usize = 400;
/// How often a wait looks at its deadline. QEMU's end is noticed at most this late.
const TICK: Duration = Duration::from_millis(10);

/// A process that runs. Dropping it ends its whole group.
pub struct Running {
    pub(super) program: String,
    pub(super) command: String,
    pub(super) log: Option<PathBuf>,
    pub(super) handle: duct::Handle,
    pub(super) group: Option<Group>,
    pub(super) readers: Vec<JoinHandle<()>>,
    pub(super) shared: Arc<Mutex<Shared>>,
    pub(super) started: Instant,
    /// The box around it; its temporary folder goes with us.
    pub(super) boxed: Option<Arc<Prepared>>,
    pub(super) watched: Option<Watched>,
    pub(super) broken: Option<Broken>,
}

pub(super) struct Shared {
    pub(super) stdout: Vec<u8>,
    pub(super) tail: VecDeque<String>,
    pub(super) log: Option<File>,
    pub(super) on_line: Option<OnLine>,
}

impl Running {
    /// Waits at most this long; its status once it has ended.
    pub fn wait(&mut self, longest: Duration) -> Option<Status> {
        let until = Instant::now() + longest;
        loop {
            let ended = self.handle.try_wait().map(|ended| ended.map(|output| output.status));
            match ended {
                Ok(Some(status)) => return Some(Status(self.own(status))),
                // The child cannot be waited for any more: it is gone, and its status with it.
                Err(_) => return Some(Status(ExitStatus::from_raw(0x7f00))),
                Ok(None) if self.is_beyond() => {}
                Ok(None) if Instant::now() >= until => return None,
                Ok(None) => thread::sleep(TICK.min(until.saturating_duration_since(Instant::now()))),
            }
        }
    }

    /// Looks after the limits of its box, and kills it if it is beyond.
    fn is_beyond(&mut self) -> bool {
        let pid = self.pid();
        let Some(broken) = self.watched.as_mut().and_then(|watched| watched.look(pid)) else { return false };
        match &self.group {
            Some(group) => group.signal(Signal::KILL),
            // It is in our own group, since it has our terminal.
            None => drop(self.handle.kill()),
        }
        self.watched = None;
        self.broken = Some(broken);
        true
    }

    /// The status of the command itself, where bubblewrap hands it on: by a signal as 128 and its number.
    fn own(&self, status: ExitStatus) -> ExitStatus {
        const SIGNALS: std::ops::RangeInclusive<i32> = 129..=128 + 64;
        let has_go_between = self.boxed.as_ref().is_some_and(|boxed| boxed.has_go_between());
        match status.code() {
            Some(code) if has_go_between && SIGNALS.contains(&code) => ExitStatus::from_raw(code - 128),
            _ => status,
        }
    }

    /// Ends its group: TERM, then KILL when it is still there after `grace`.
    pub fn stop(&mut self, grace: Duration) -> Status {
        if let Some(group) = &self.group {
            group.signal(Signal::TERM);
        }
        let ended = self.wait(grace);
        if let (Some(group), true) = (&self.group, ended.is_some() && self.boxed.is_some()) {
            // The first process of a box takes no TERM, and where bubblewrap was still making it, it does not know yet that it has to end with it.
            group.signal(Signal::KILL);
        }
        if let Some(status) = ended {
            return status;
        }
        if let Some(group) = &self.group {
            group.signal(Signal::KILL);
        }
        self.wait(GRACE).unwrap_or(Status(ExitStatus::from_raw(9)))
    }

    /// Its last lines so far.
    pub fn tail(&self) -> Vec<String> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).tail.iter().cloned().collect()
    }

    /// The command, ready to paste.
    pub fn command_line(&self) -> &str {
        &self.command
    }

    /// Process id of the group's leader.
    pub fn pid(&self) -> u32 {
        self.handle.pids().first().copied().unwrap_or(0)
    }

    /// Waits for its end and for its last line of output.
    pub fn finish(mut self) -> Output {
        let status = loop {
            if let Some(status) = self.wait(Duration::from_secs(3600)) {
                break status;
            }
        };
        let took = self.started.elapsed();
        // A grandchild that kept the pipe open would make the readers wait for ever.
        self.group = None;
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        Output {
            status,
            stdout: std::mem::take(&mut shared.stdout),
            tail: shared.tail.iter().cloned().collect(),
            took,
            broken: self.broken.take(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.group.is_some() && self.wait(Duration::ZERO).is_none() {
            self.stop(Duration::from_millis(500));
        }
    }
}

pub(super) fn open_log(path: &Path, command: &str) -> Result<File, ProcessError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(file, "+ {command}")?;
    Ok(file)
}

pub(super) fn drain(pipe: PipeReader, shared: Arc<Mutex<Shared>>, keep: bool) -> JoinHandle<()> {
    /// A longer line is handed on in pieces: memory stays bounded whatever the child prints.
    const LONGEST: u64 = 1 << 20;
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut pipe).take(LONGEST).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => shared.lock().unwrap_or_else(PoisonError::into_inner).take_line(&line, keep),
            }
        }
    })
}

impl Shared {
    fn take_line(&mut self, raw: &[u8], keep: bool) {
        if keep && self.stdout.len() < MOST {
            self.stdout.extend_from_slice(raw);
        }
        if let Some(log) = &mut self.log {
            // A full disk must not kill the build; what was lost shows as a short log.
            let _ = log.write_all(raw);
        }
        let line = String::from_utf8_lossy(raw);
        let line = line.trim_end_matches(['\n', '\r']);
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line.chars().filter(|c| !c.is_control()).take(TAIL_WIDTH).collect());
        if let Some(callback) = &mut self.on_line {
            callback(line);
        }
    }
}
