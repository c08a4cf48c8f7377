//! What of the system is in every box.

use std::ffi::{OsStr, OsString};
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

/// Beside a program's `bin`: what it brings. Not all of a prefix, since `~/.local` is one.
const BESIDE: [&str; 5] = ["lib", "lib64", "libexec", "share/qemu", "share/bison"];

/// Where a program lies that is not the system's, with what it brings.
pub(super) fn homes_of(program: &Path) -> Vec<PathBuf> {
    let Ok(found) = which::which(program) else { return Vec::new() };
    let resolved = found.canonicalize().unwrap_or_else(|_| found.clone());
    let mut homes = Vec::new();
    for folder in [&found, &resolved].into_iter().filter_map(|path| path.parent()) {
        homes.push(folder.to_owned());
        if let Some(prefix) = folder.parent().filter(|_| folder.ends_with("bin") || folder.ends_with("sbin"))
        {
            homes.extend(BESIDE.iter().map(|name| prefix.join(name)));
        }
    }
    homes.sort();
    homes.dedup();
    // In the home folder itself, or above it, it is there alone.
    let users = std::env::var_os("HOME").map(PathBuf::from);
    for home in &mut homes {
        if users.as_ref().is_some_and(|users| users.starts_with(&*home)) {
            home.clone_from(&found);
        }
    }
    homes.retain(|home| home.exists() && !home.starts_with("/usr"));
    homes
}

/// Whether a variable of our environment may be a box's. Others may be keys to something.
pub(crate) fn is_harmless(key: &OsStr) -> bool {
    let key = key.to_string_lossy();
    ["PATH", "HOME", "TMPDIR", "LANG", "LANGUAGE", "TERM", "TZ", "SHELL", "USER", "LOGNAME", "NINJA_STATUS"]
        .contains(&&*key)
        || key.starts_with("LC_")
}

/// The words that go before a command.
pub(super) type Words = Vec<OsString>;
