//! A box of namespaces, by bubblewrap: what it is not given is not there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::inside::Confinement;
use super::system::{ROOTS, SYSTEM, Words, homes_of};

/// Where a box has its own temporary files, and its home.
const TEMP: &str = "/tmp";

/// bubblewrap, if it makes a box here.
#[expect(
    clippy::disallowed_methods,
    reason = "the wrapper asks for boxes, so it cannot be asked for one here"
)]
pub(super) fn find() -> Result<PathBuf, String> {
    let bwrap = which::which("bwrap").map_err(|_| "bubblewrap is not installed".to_owned())?;
    let help = Command::new(&bwrap).arg("--help").stdin(Stdio::null()).output();
    let help = help.map_err(|error| format!("bwrap: {error}"))?;
    if !String::from_utf8_lossy(&help.stdout).contains("--add-seccomp-fd") {
        return Err("this bubblewrap is older than 0.5".to_owned());
    }
    let words = before(&bwrap, &Confinement::new(), Path::new("true"), None, Path::new(TEMP));
    let tried = Command::new(&words[0]).args(&words[1..]).arg("true").stdin(Stdio::null()).output();
    let tried = tried.map_err(|error| format!("bwrap: {error}"))?;
    if tried.status.success() {
        return Ok(bwrap);
    }
    let text = String::from_utf8_lossy(&tried.stderr);
    Err(text.lines().next().unwrap_or("bwrap fails").trim().to_owned())
}

/// The words before the command: bubblewrap with what the box is to see.
pub(super) fn before(
    bwrap: &Path,
    inside: &Confinement,
    program: &Path,
    dir: Option<&Path>,
    temp: &Path,
) -> Words {
    let mut words = Words::new();
    let mut add = |list: &[&Path]| words.extend(list.iter().map(|word| word.as_os_str().to_owned()));
    let path = Path::new;
    add(&[bwrap, path("--unshare-all"), path("--die-with-parent")]);
    for root in ROOTS.map(path) {
        match fs::read_link(root) {
            Ok(target) => add(&[path("--symlink"), &target, root]),
            Err(_) => add(&[path("--ro-bind-try"), root, root]),
        }
    }
    for system in SYSTEM.map(path) {
        add(&[path("--ro-bind-try"), system, system]);
    }
    add(&[path("--proc"), path("/proc"), path("--dev"), path("/dev"), path("--bind"), temp, path(TEMP)]);
    // root is root of the machine's own settings, whatever namespace it is in.
    add(&[path("--ro-bind"), path("/proc/sys"), path("/proc/sys"), path("--cap-drop"), path("ALL")]);
    let homes = homes_of(program);
    // The shallow ones first, so that one within another is not hidden by it.
    let mut shown: Vec<(&Path, &str)> =
        inside.read.iter().chain(&homes).map(|read| (read.as_path(), "--ro-bind-try")).collect();
    shown.extend(inside.write.iter().map(|write| (write.as_path(), "--bind")));
    shown.sort_by_key(|(place, _)| place.components().count());
    for (place, how) in shown {
        add(&[path(how), place, place]);
    }
    for device in &inside.devices {
        add(&[path("--dev-bind-try"), device, device]);
    }
    // What is not on a disk of ours is memory that nobody counts.
    add(&[path("--remount-ro"), path("/")]);
    for name in ["HOME", "TMPDIR"] {
        add(&[path("--setenv"), path(name), path(TEMP)]);
    }
    if let Some(dir) = dir {
        add(&[path("--chdir"), dir]);
    }
    words
}
