//! What a Linux userland expects to find mounted.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};

/// Where, of which type, with which options; in this order.
const MOUNTS: &[(&str, &str, &str)] = &[
    ("/proc", "proc", ""),
    ("/sys", "sysfs", ""),
    ("/dev", "devtmpfs", "mode=755"),
    ("/dev/pts", "devpts", "mode=620,ptmxmode=666"),
    ("/dev/shm", "tmpfs", "mode=1777"),
    ("/run", "tmpfs", "mode=755"),
    ("/tmp", "tmpfs", "mode=1777"),
    ("/sys/kernel/debug", "debugfs", ""),
    ("/sys/kernel/tracing", "tracefs", ""),
];

const LINKS: &[(&str, &str)] = &[
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
];

/// Mounts everything; returns what could not be mounted. A kernel without debugfs or tracefs is no problem:
/// the cases that need it report it.
pub fn all() -> Vec<String> {
    let mut problems = Vec::new();
    for &(target, kind, options) in MOUNTS {
        // sysfs has its mount points already and refuses new folders.
        let _ = fs::create_dir_all(target);
        let data = std::ffi::CString::new(options).unwrap_or_default();
        match mount(kind, target, kind, MountFlags::empty(), data.as_c_str()) {
            Ok(()) | Err(Errno::BUSY) => {}
            Err(Errno::NODEV | Errno::NOENT) if target.starts_with("/sys/kernel/") => {}
            Err(error) => problems.push(format!("mounting {kind} on {target}: {error}")),
        }
    }
    for &(link, target) in LINKS {
        // devtmpfs may have them already.
        let _ = symlink(target, link);
    }
    problems
}
