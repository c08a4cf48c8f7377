//! The userland of suites that want ndctl: its tools and tests, and what those call, in place of busybox's applets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fs_err as fs;
use walkdir::WalkDir;

use host::requirements::find_program;
use host::{digest, io_at};

use super::closure::Closure;
use super::{Archive, GuestError, Ndctl};

/// Programs without which nothing works; the requirements of level ndctl bring them.
const REQUIRED: [&str; 6] = ["bash", "jq", "keyctl", "kmod", "udevadm", "uuidgen"];
/// Programs that replace busybox's applet of the same name, where this machine has them: the tests were written for these.
const PREFERRED: [&str; 53] = [
    "awk",
    "basename",
    "cat",
    "chmod",
    "cmp",
    "cp",
    "cut",
    "date",
    "dd",
    "diff",
    "dirname",
    "env",
    "expr",
    "find",
    "grep",
    "head",
    "hostname",
    "id",
    "ln",
    "ls",
    "mkdir",
    "mktemp",
    "mount",
    "mv",
    "od",
    "printf",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "stty",
    "sync",
    "tail",
    "tee",
    "test",
    "timeout",
    "touch",
    "tr",
    "truncate",
    "umount",
    "uname",
    "uniq",
    "wc",
    "xargs",
    "xxd",
    "egrep",
    "hexdump",
];
/// Names by which one program does several things.
const NAMES: [(&str, &str); 6] = [
    ("modprobe", "kmod"),
    ("rmmod", "kmod"),
    ("insmod", "kmod"),
    ("lsmod", "kmod"),
    ("modinfo", "kmod"),
    ("systemd-udevd", "udevadm"),
];
/// ndctl's own.
const TOOLS: [&str; 3] = ["cxl", "daxctl", "ndctl"];
/// Loaded by name at run time: udevd does so with libkmod since systemd 256.
const BY_NAME: [&str; 1] = ["libkmod.so.2"];
/// What makes udevd load modules and make the links below `/dev`.
const RULES: [&str; 2] = ["50-udev-default.rules", "80-drivers.rules"];
/// Where distributions have them.
const RULES_IN: [&str; 2] = ["/usr/lib/udev/rules.d", "/lib/udev/rules.d"];

/// Files and links beside the modules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closed {
    files: BTreeMap<String, (u32, Vec<u8>)>,
    links: BTreeMap<String, String>,
    /// Hash of all of them.
    pub id: String,
}

impl Closed {
    /// The userland with this ndctl, from what this machine has.
    ///
    /// # Errors
    /// A program or library is not here.
    pub fn new(ndctl: &Ndctl) -> Result<Self, GuestError> {
        let mut this = Self::default();
        let mut closure = Closure::new(&[ndctl.root.join("usr/lib")])?;
        for name in REQUIRED {
            let missing = || GuestError::Missing { what: name, need: name, at: Vec::new() };
            closure.program(&format!("bin/{name}"), &find_program(name).ok_or_else(missing)?)?;
        }
        for name in PREFERRED {
            if let Some(file) = find_program(name).filter(|file| !is_busybox(file)) {
                closure.program(&format!("bin/{name}"), &file)?;
            }
        }
        for name in TOOLS {
            closure.program(&format!("bin/{name}"), &ndctl.root.join("usr/bin").join(name))?;
        }
        for name in BY_NAME {
            closure.library_if_there(name)?;
        }
        for entry in WalkDir::new(&ndctl.tests).min_depth(1) {
            let entry = entry.map_err(|error| io_at("reading", &ndctl.tests)(error.into()))?;
            let name = entry.file_name().to_string_lossy();
            closure.program(&format!("{}/{name}", wire::TESTS_PATH.trim_start_matches('/')), entry.path())?;
        }
        for (path, file) in closure.files() {
            // Not all scripts of the world have their run bit set.
            this.file(path, 0o755, fs::read(file)?);
        }
        for (name, program) in NAMES {
            this.links.insert(format!("bin/{name}"), program.to_owned());
        }
        // PID 1 stands in for journald, which there is none of: it reads the kernel's log.
        this.links.insert("bin/journalctl".to_owned(), "/init".to_owned());
        this.udev()?;
        let fields = this.files.iter().flat_map(|(path, (_, bytes))| [path.as_bytes(), bytes]);
        let links = this.links.iter().flat_map(|(path, target)| [path.as_bytes(), target.as_bytes()]);
        let id = digest(fields.chain(links))[..40].to_owned();
        Ok(Self { id, ..this })
    }

    fn file(&mut self, path: &str, mode: u32, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.to_owned(), (mode, bytes.into()));
    }

    /// udevd's rules, and the groups that they name: it complains of unknown ones in the kernel's log.
    fn udev(&mut self) -> Result<(), GuestError> {
        let mut groups = BTreeSet::new();
        for name in RULES {
            let places: Vec<PathBuf> = RULES_IN.iter().map(|folder| Path::new(folder).join(name)).collect();
            let Some(path) = places.iter().find(|path| path.is_file()) else {
                return Err(GuestError::Missing { what: name, need: "udev", at: places });
            };
            let text = fs::read_to_string(path)?;
            groups.extend(
                text.split("GROUP=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())),
            );
            self.file(&format!("etc/udev/rules.d/{name}"), 0o644, text);
        }
        let mut text = String::from("root:x:0:\n");
        for (number, group) in (1..).zip(groups.iter().filter(|name| *name != "root")) {
            text.push_str(&format!("{group}:x:{number}:\n"));
        }
        self.file("etc/group", 0o644, text);
        Ok(())
    }

    /// Puts it into an image.
    pub(super) fn into(&self, archive: &mut Archive) -> Result<(), GuestError> {
        for (path, (mode, bytes)) in &self.files {
            archive.file(path, *mode, bytes.as_slice())?;
        }
        for (path, target) in &self.links {
            archive.symlink(path, target)?;
        }
        archive.dir("etc/ndctl/keys")
    }
}

/// A machine whose own tools are busybox has nothing better to offer.
fn is_busybox(file: &Path) -> bool {
    fs::canonicalize(file).is_ok_and(|path| path.ends_with("busybox"))
}
