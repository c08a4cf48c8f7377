//! What the tool needs of the machine, and whether it is there.
//!
//! The table is data: `doctor` prints it, `setup` installs what it says is missing, and a run that cannot work
//! without something names it from here. Versions come from the programs themselves, never from the package
//! manager, so that a hand-built QEMU or compiler counts.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{panic, thread};

use regex::Regex;
use serde::Serialize;
use xshell::{Shell, cmd};

use super::{Distribution, Process, elf};

/// One thing that the tool needs.
#[derive(Debug, Clone, Serialize)]
pub struct Requirement {
    /// What it is called: a program, a header, a library.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub why: &'static str,
    /// The version that is wanted, in words.
    pub wanted: &'static str,
    /// Debian's and Ubuntu's package.
    pub package: &'static str,
    /// Which jobs need it.
    pub level: Level,
    #[serde(skip)]
    how: How,
    #[serde(skip)]
    least: &'static [u32],
}

/// Which jobs need something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Every run.
    Run,
    /// Runs of suites whose userland is ndctl.
    Ndctl,
    /// Fetching a posted series by its message-id.
    Mail,
    /// Nothing fails without it, but it is worth having.
    Recommended,
}

/// How a requirement is found.
#[derive(Debug, Clone, Copy)]
enum How {
    /// A program on the PATH, asked for its version with this argument.
    Program(&'static str),
    /// A program of which only the presence counts.
    Presence,
    /// A C header on the compiler's default path.
    Header,
    /// A library that pkg-config knows by the requirement's name.
    PkgConfig,
    /// A library that the linker finds under this name; it has no pkg-config file.
    Library(&'static str),
    /// A program without an interpreter: it must run in an initramfs of its own.
    Static,
}

/// A requirement with what was found of it.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// The requirement.
    #[serde(flatten)]
    pub requirement: Requirement,
    /// Its version, or where it is; none when it is missing.
    pub found: Option<String>,
    /// Whether that is enough.
    pub ok: bool,
}

const fn program(
    name: &'static str,
    least: &'static [u32],
    wanted: &'static str,
    package: &'static str,
    why: &'static str,
) -> Requirement {
    Requirement { name, why, wanted, package, level: Level::Run, how: How::Program("--version"), least }
}

const fn present(name: &'static str, package: &'static str, why: &'static str) -> Requirement {
    Requirement { name, why, wanted: "any", package, level: Level::Run, how: How::Presence, least: &[] }
}

/// Everything that a run needs. Minimal versions are those of the kernel's `Documentation/process/changes.rst`
/// (7.3); QEMU's is the first with `cxl-fmw` windows and `cxl-type3` on x86 that Debian ships.
pub const REQUIREMENTS: &[Requirement] = &[
    program("git", &[2, 31], "2.31", "git", "keeps kernel sources and applies series"),
    program("make", &[4, 0], "4.0", "make", "builds the kernel"),
    program("gcc", &[8, 1], "8.1", "gcc", "builds the kernel"),
    program("ld", &[2, 30], "2.30", "binutils", "builds the kernel"),
    program("flex", &[2, 5, 35], "2.5.35", "flex", "builds the kernel's kconfig"),
    program("bison", &[2, 0], "2.0", "bison", "builds the kernel's kconfig"),
    program("perl", &[5], "5", "perl", "the kernel's build scripts"),
    present("bc", "bc", "the kernel's time constants"),
    program("depmod", &[1], "any", "kmod", "indexes the guest's modules"),
    Requirement {
        name: "libelf.h",
        why: "the kernel's objtool",
        wanted: "any",
        package: "libelf-dev",
        level: Level::Run,
        how: How::Header,
        least: &[],
    },
    present("lz4", "lz4", "packs the kernel's image, as kconfig/base.config asks"),
    program("xz", &[5], "5", "xz-utils", "unpacks kernel sources"),
    program("tar", &[1], "any", "tar", "unpacks kernel sources"),
    Requirement {
        name: "busybox",
        why: "the guest's shell and tools",
        wanted: "statically linked",
        package: "busybox-static",
        level: Level::Run,
        how: How::Static,
        least: &[],
    },
    program(
        "qemu-system-x86_64",
        &[7, 2],
        "7.2; 8.1 for volatile memory",
        "qemu-system-x86",
        "boots the guests",
    ),
    ndctl("meson", How::Program("--version"), "meson", "builds ndctl"),
    ndctl("ninja", How::Program("--version"), "ninja-build", "builds ndctl"),
    ndctl("pkg-config", How::Program("--version"), "pkg-config", "finds ndctl's libraries"),
    ndctl("libkmod", How::PkgConfig, "libkmod-dev", "ndctl loads modules"),
    ndctl("libudev", How::PkgConfig, "libudev-dev", "ndctl waits for udev"),
    ndctl("uuid", How::PkgConfig, "uuid-dev", "ndctl names regions and namespaces"),
    ndctl("json-c", How::PkgConfig, "libjson-c-dev", "what ndctl's tools print"),
    ndctl("libtraceevent", How::PkgConfig, "libtraceevent-dev", "cxl reads trace events"),
    Requirement {
        wanted: "1.2",
        least: &[1, 2],
        ..ndctl("libtracefs", How::PkgConfig, "libtracefs-dev", "cxl reads trace events")
    },
    ndctl("libiniparser", How::Library("iniparser"), "libiniparser-dev", "ndctl reads its configuration"),
    ndctl("libkeyutils", How::Library("keyutils"), "libkeyutils-dev", "ndctl's passphrases"),
    ndctl("bash", How::Presence, "bash", "runs ndctl's tests in the guest"),
    ndctl("jq", How::Program("--version"), "jq", "ndctl's tests read JSON in the guest"),
    ndctl("keyctl", How::Presence, "keyutils", "ndctl's tests keep keys in the guest"),
    ndctl("uuidgen", How::Presence, "uuid-runtime", "ndctl's tests name namespaces in the guest"),
    ndctl("udevadm", How::Presence, "udev", "loads modules in guests with ndctl's tools"),
    Requirement {
        level: Level::Mail,
        ..program("b4", &[0, 8], "0.8", "b4", "brings a posted series by its message-id")
    },
    Requirement {
        level: Level::Recommended,
        ..program(
            "python3",
            &[3, 6],
            "3.6",
            "python3",
            "runs the kernel's KTAP parser beside ours, in the tests",
        )
    },
    Requirement {
        level: Level::Recommended,
        ..program("bwrap", &[0, 5], "0.5", "bubblewrap", "puts builds and guests into a box")
    },
    Requirement { level: Level::Recommended, ..present("gcov", "gcc", "reads which lines of a series ran") },
    Requirement {
        name: "ccache",
        why: "makes rebuilds of a moved tree quick",
        wanted: "any",
        package: "ccache",
        level: Level::Recommended,
        how: How::Program("--version"),
        least: &[],
    },
];

/// Those of every run.
pub const EVERY_RUN: &[Level] = &[Level::Run, Level::Recommended];
/// Those of runs with ndctl's tools.
pub const WITH_NDCTL: &[Level] = &[Level::Run, Level::Ndctl, Level::Recommended];

/// All that any job needs.
pub const ALL: &[Level] = &[Level::Run, Level::Ndctl, Level::Mail, Level::Recommended];
/// Those of runs, and of series by mail.
pub const WITH_MAIL: &[Level] = &[Level::Run, Level::Mail, Level::Recommended];

const fn ndctl(name: &'static str, how: How, package: &'static str, why: &'static str) -> Requirement {
    Requirement { name, why, wanted: "any", package, level: Level::Ndctl, how, least: &[] }
}

/// The requirement of this name.
pub fn requirement(name: &str) -> Option<&'static Requirement> {
    REQUIREMENTS.iter().find(|one| one.name == name)
}

/// Where a program is: on the PATH, or in the folders of root's that a user's PATH leaves out (depmod).
pub fn find_program(program: impl AsRef<Path>) -> Option<PathBuf> {
    let program = program.as_ref();
    which::which(program).ok().or_else(|| {
        ["/usr/sbin", "/sbin"].iter().map(|dir| Path::new(dir).join(program)).find(|path| path.is_file())
    })
}

/// Since when `cxl-type3` has volatile memory: below, half of the topologies can only be skipped.
const QEMU_WORTH_HAVING: &[u32] = &[8, 1];

/// Looks for everything of these levels, for all at the same time: each program that is asked takes some milliseconds.
pub fn look(qemu: Option<&Path>, levels: &[Level]) -> Vec<Found> {
    let wanted = REQUIREMENTS.iter().filter(|one| levels.contains(&one.level));
    thread::scope(|scope| {
        let looked: Vec<_> = wanted.map(|one| scope.spawn(move || look_for(one, qemu))).collect();
        let found =
            looked.into_iter().map(|one| one.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        found.collect()
    })
}

fn look_for(requirement: &Requirement, qemu: Option<&Path>) -> Found {
    let program = match qemu {
        Some(path) if requirement.name.starts_with("qemu") => path.to_owned(),
        _ => PathBuf::from(requirement.name),
    };
    let found = match requirement.how {
        How::Header => header(requirement.name),
        How::PkgConfig => pkg_config(requirement.name),
        How::Library(library) => links(library).then(|| "present".to_owned()),
        How::Presence => find_program(&program).map(|path| path.display().to_string()),
        How::Static => find_program(&program).map(|path| linkage(&path)),
        How::Program(ask) => version_of(&program, ask),
    };
    let ok = match (&found, requirement.how) {
        (None, _) => false,
        (Some(text), How::Static) => text.ends_with("static"),
        (Some(text), _) => requirement.least.is_empty() || numbers(text).as_slice() >= requirement.least,
    };
    Found { requirement: requirement.clone(), found, ok }
}

/// Whether the QEMU that was found leaves topologies out for its age.
pub fn qemu_is_dated(found: &[Found]) -> bool {
    found
        .iter()
        .filter(|f| f.requirement.package == "qemu-system-x86")
        .any(|f| f.found.as_deref().is_none_or(|text| numbers(text).as_slice() < QEMU_WORTH_HAVING))
}

/// What `setup` has to install: the missing, what is too old, and a newer QEMU where the distribution's
/// backports have one.
pub fn missing<'a>(found: &'a [Found], distribution: &Distribution) -> Vec<&'a Found> {
    found
        .iter()
        .filter(|f| {
            !f.ok
                || (f.requirement.package == "qemu-system-x86"
                    && distribution.backports_qemu()
                    && qemu_is_dated(std::slice::from_ref(f)))
        })
        .collect()
}

fn header(name: &str) -> Option<String> {
    let preprocessed = Process::new("gcc", ["-E", "-"])
        .stdin(format!("#include <{name}>\n"))
        .deadline(Duration::from_secs(10))
        .run();
    preprocessed.is_ok().then(|| "present".to_owned())
}

fn pkg_config(name: &str) -> Option<String> {
    let sh = Shell::new().ok()?;
    let asked = Process::from(cmd!(sh, "pkg-config --modversion {name}"));
    asked.deadline(Duration::from_secs(10)).read().ok().map(|version| version.trim().to_owned())
}

fn links(library: &str) -> bool {
    let Ok(sh) = Shell::new() else { return false };
    let linked = Process::from(cmd!(sh, "gcc -shared -x c - -o /dev/null -l{library}"));
    linked.stdin("").deadline(Duration::from_secs(10)).run().is_ok()
}

fn linkage(path: &Path) -> String {
    let fixed = std::fs::read(path).is_ok_and(|bytes| elf::is_static(&bytes));
    format!("{}, {}", path.display(), if fixed { "static" } else { "dynamic" })
}

fn version_of(program: &Path, ask: &str) -> Option<String> {
    let program = find_program(program)?;
    let output =
        Process::new(program, [ask]).env("LC_ALL", "C").deadline(Duration::from_secs(10)).run().ok()?;
    let text = output.text();
    let first = text.lines().find(|line| !numbers(line).is_empty())?;
    let version = Regex::new(r"\d+(\.\d+)*").ok()?.find(first)?;
    Some(version.as_str().to_owned())
}

/// The numbers of the first dotted version in a text.
fn numbers(text: &str) -> Vec<u32> {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    text[start..]
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()
        .unwrap_or_default()
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        assert_eq!(numbers("10.0.2"), [10, 0, 2]);
        assert_eq!(numbers("bison (GNU Bison) 3.8.2"), [3, 8, 2]);
        assert!(numbers("7.2.22").as_slice() < QEMU_WORTH_HAVING);
        assert!(numbers("10.0.2").as_slice() > QEMU_WORTH_HAVING);
        assert!(numbers("no version").is_empty());
    }

    #[test]
    fn a_missing_program_is_found_missing() {
        let requirement = Requirement { name: "no-such-program-at-all", ..REQUIREMENTS[0].clone() };
        let found = look_for(&requirement, None);
        assert!(!found.ok && found.found.is_none());
    }

    #[test]
    fn a_qemu_named_by_the_user_is_the_one_that_is_asked() {
        let found = look(Some(Path::new("/no/such/qemu")), EVERY_RUN);
        let qemu =
            found.iter().find(|f| f.requirement.package == "qemu-system-x86").expect("the table has it");
        assert!(!qemu.ok);
    }
}
