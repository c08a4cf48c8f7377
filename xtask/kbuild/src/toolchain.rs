//! The programs that a kernel build needs, found before anything is started.

use std::path::{Path, PathBuf};

use host::{Confinement, Process, requirements};

use super::BuildError;
use super::fragment::{Merged, Value};

/// The programs of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// GNU make.
    pub make: PathBuf,
    /// First lines of `gcc --version` and `ld --version`: part of a build's identity.
    pub version: String,
    /// depmod, which may lie in /sbin and so outside of a user's `PATH`.
    pub depmod: PathBuf,
    /// ccache, where it is installed.
    pub ccache: Option<PathBuf>,
    /// What the box of a build has of all these, and of the others that it calls for, where they are none of the system's.
    pub inside: Confinement,
}

/// Those of [`requirements::REQUIREMENTS`] that a build calls for by name; the kernel's own scripts find the others.
const PROGRAMS: [&str; 7] = ["make", "gcc", "ld", "flex", "bison", "bc", "depmod"];

impl Toolchain {
    /// Finds them all.
    ///
    /// # Errors
    /// [`BuildError::Missing`] for the first that is not there.
    pub fn find() -> Result<Self, BuildError> {
        let mut found = Vec::new();
        for program in PROGRAMS {
            let need = requirements::requirement(program);
            found.push(requirements::find_program(program).ok_or(BuildError::Missing {
                program,
                need: need.map_or(program, |need| need.package),
                why: need.map_or("", |need| need.why),
            })?);
        }
        let first_line = |program: &Path| -> Result<String, BuildError> {
            let text = Process::new(program, ["--version"]).env("LC_ALL", "C").read()?;
            Ok(text.lines().next().unwrap_or_default().to_owned())
        };
        let version = format!("{}; {}", first_line(&found[1])?, first_line(&found[2])?);
        let (make, depmod) = (found[0].clone(), found[6].clone());
        let ccache = requirements::find_program("ccache");
        let inside = found.iter().chain(&ccache).fold(Confinement::new(), Confinement::program);
        Ok(Self { make, version, depmod, ccache, inside })
    }
}

/// The program that packs the kernel's image, by the option that wants it (`arch/x86/Kconfig`: `HAVE_KERNEL_*`).
const PACKERS: [(&str, &str, &str); 6] = [
    ("KERNEL_GZIP", "gzip", "gzip"),
    ("KERNEL_BZIP2", "bzip2", "bzip2"),
    ("KERNEL_LZMA", "lzma", "xz-utils"),
    ("KERNEL_XZ", "xz", "xz-utils"),
    ("KERNEL_LZ4", "lz4", "lz4"),
    ("KERNEL_ZSTD", "zstd", "zstd"),
];

/// Looks for the packer that the options want: it is missed only at the very end of a long build.
pub(super) fn look_for_packer(merged: &Merged) -> Result<(), BuildError> {
    let chosen = |option: &str| merged.settings.iter().any(|s| s.symbol == option && s.value == Value::Yes);
    let missing = PACKERS
        .into_iter()
        .find(|(option, program, _)| chosen(option) && requirements::find_program(program).is_none());
    missing.map_or(Ok(()), |(_, program, need)| {
        Err(BuildError::Missing {
            program,
            need,
            why: "it packs the kernel's image, as the fragments want it",
        })
    })
}
