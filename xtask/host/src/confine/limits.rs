//! How much a box may take of the machine. An ordinary user has no limit for a whole family of processes where the system delegates no
//! control group, so the family is counted once a second, and ended where it is beyond.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::statvfs;

/// How often a box is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// With less than this available, the kernel would soon kill somebody.
const LEAST_MEMORY: u64 = 128 << 20;

/// What all processes of a box may take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory that is not a file's.
    pub memory: u64,
    /// Processes.
    pub processes: usize,
    /// Bytes that must stay free on the disks that it writes to.
    pub disk_left: u64,
}

impl Default for Limits {
    /// Far beyond what a build or a guest takes: nine tenths of the memory, 4096 processes, 128 MiB of disk left.
    fn default() -> Self {
        let pages = rustix::system::sysinfo();
        let memory = pages.totalram.saturating_mul(pages.mem_unit.into());
        Self { memory: memory / 10 * 9, processes: 4096, disk_left: 128 << 20 }
    }
}

/// The limit that a box went beyond. Its processes were killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Bytes, and what was allowed.
    Memory(u64, u64),
    /// Bytes of memory that the machine had left, and what has to be.
    Machine(u64, u64),
    /// How many, and how many were allowed.
    Processes(usize, usize),
    /// A folder, what was free on its disk, what has to be.
    Disk(PathBuf, u64, u64),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebi = |bytes: u64| bytes >> 20;
        match self {
            Self::Memory(had, allowed) => {
                write!(f, "its processes had {} MiB of memory, of {} MiB allowed", mebi(*had), mebi(*allowed))
            }
            Self::Machine(left, least) => {
                write!(
                    f,
                    "the machine had {} MiB of memory left, and {} MiB have to be",
                    mebi(*left),
                    mebi(*least)
                )
            }
            Self::Processes(had, allowed) => write!(f, "it had {had} processes, of {allowed} allowed"),
            Self::Disk(folder, left, least) => write!(
                f,
                "the disk of {} had {} MiB left, and {} MiB have to be",
                folder.display(),
                mebi(*left),
                mebi(*least)
            ),
        }
    }
}

/// A box that is looked at from time to time.
pub(crate) struct Watched {
    limits: Limits,
    /// Those on disks that had enough left at the start.
    folders: Vec<PathBuf>,
    looked: Instant,
}

impl Watched {
    pub(super) fn new(limits: Limits, folders: Vec<PathBuf>) -> Self {
        let has_room = |folder: &PathBuf| free(folder).is_some_and(|left| left >= limits.disk_left);
        let folders = folders.into_iter().filter(has_room).collect();
        Self { limits, folders, looked: Instant::now() }
    }

    /// What it is beyond, if it is time to look again.
    pub(crate) fn look(&mut self, leader: u32) -> Option<Broken> {
        if self.looked.elapsed() < EVERY {
            return None;
        }
        self.looked = Instant::now();
        let family = family(leader);
        if family.len() > self.limits.processes {
            return Some(Broken::Processes(family.len(), self.limits.processes));
        }
        let memory = family.iter().map(|pid| memory(*pid)).sum();
        if memory > self.limits.memory {
            return Some(Broken::Memory(memory, self.limits.memory));
        }
        // What is in files of memory alone is no process'.
        let left = available();
        if left.is_some_and(|left| left < LEAST_MEMORY) {
            return Some(Broken::Machine(left.unwrap_or(0), LEAST_MEMORY));
        }
        self.folders.iter().find_map(|folder| {
            let left = free(folder)?;
            (left < self.limits.disk_left).then(|| Broken::Disk(folder.clone(), left, self.limits.disk_left))
        })
    }
}

/// A process and all that descend from it.
fn family(leader: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(parent) = parent(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut family = vec![leader];
    let mut at = 0;
    while let Some(pid) = family.get(at) {
        family.extend(children.remove(pid).unwrap_or_default());
        at += 1;
    }
    family
}

/// `/proc/PID/stat` (man 5 proc): the state and the parent stand behind the name, which may have anything in it.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Bytes of a process' memory that are no file's. Pages that a guest's memory is made of are shared memory.
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    (kib("RssAnon:") + kib("RssShmem:")) << 10
}

/// Bytes that the machine can give without swapping (man 5 proc: `MemAvailable`).
fn available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_ascii_whitespace().next()?.parse::<u64>().ok()? << 10)
}

fn free(folder: &Path) -> Option<u64> {
    let disk = statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
