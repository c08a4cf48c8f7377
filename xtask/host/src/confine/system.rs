//! What of the system is in every box.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What a box has of the system, where it is there: programs and libraries, and what they read in /etc. Not /etc as a whole: root's box
/// would read /etc/shadow.
pub(super) const SYSTEM: [&str; 22] = [
    "/usr",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/etc/alternatives",
    "/etc/ccache.conf",
    "/etc/group",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/perl",
    "/etc/python3",
    "/etc/python3.11",
    "/etc/python3.12",
    "/etc/python3.13",
    "/etc/qemu",
    "/etc/timezone",
    "/sys/devices/system",
];
/// On most systems links into /usr.
pub(super) const ROOTS: [&str; 5] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/// Where a program lies with all that it brings: the folder above its `bin`, or else its own.
pub(super) fn home_of(program: &Path) -> Option<PathBuf> {
    let found = which::which(program).ok()?;
    let found = found.canonicalize().unwrap_or(found);
    let folder = found.parent()?;
    let is_bin = folder.file_name().is_some_and(|name| name == "bin" || name == "sbin");
    Some(if is_bin { folder.parent().unwrap_or(folder) } else { folder }.to_owned())
}

/// The words that go before a command.
pub(super) type Words = Vec<OsString>;
