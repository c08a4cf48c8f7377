//! What a QEMU can do, as far as topologies need it, and how its lack is told.
//!
//! The facts were tried on Debian's 7.2.22 and 10.0.2; the release in which something appeared, where it lies in
//! between, is QEMU's change log's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::rules::{Finding, QEMU_FEATURE};

/// A QEMU release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QemuVersion {
    /// Major.
    pub major: u32,
    /// Minor.
    pub minor: u32,
    /// Micro: stable updates.
    pub micro: u32,
}

impl QemuVersion {
    /// A version.
    pub const fn new(major: u32, minor: u32, micro: u32) -> Self {
        Self { major, minor, micro }
    }
}

/// As in the release's name: micro 0 is shown too.
impl fmt::Display for QemuVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}.{}", self.major, self.minor, self.micro))
    }
}

/// Text without a version in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no version in {0:?}: wanted the first line of `qemu-system-x86_64 --version`")]
pub struct NoVersion(String);

/// Takes `10.0.2` and also all that `--version` prints: the first word that starts like a version.
impl FromStr for QemuVersion {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        text.split_whitespace()
            .find_map(|word| {
                let digits = |part: &str| {
                    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
                    part[..end].parse().ok()
                };
                let mut parts = word.split('.');
                let (major, minor) = (parts.next()?.parse().ok()?, digits(parts.next()?)?);
                Some(Self { major, minor, micro: parts.next().and_then(digits).unwrap_or(0) })
            })
            .ok_or_else(|| NoVersion(text.lines().next().unwrap_or_default().to_owned()))
    }
}

/// What a QEMU can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Capabilities {
    /// Its release.
    pub version: QemuVersion,
    /// There is a `pxb-cxl` at all (7.1; a build can leave it out).
    pub cxl: bool,
    /// `cxl-type3` has `volatile-memdev` and `persistent-memdev` (8.1) instead of `memdev` alone.
    pub volatile: bool,
    /// `cxl-type3` raises interrupts for its event logs (8.1, with QMP's `cxl-inject-general-media-event`).
    pub event_interrupts: bool,
    /// `pxb-cxl` has `hdm_for_passthrough`.
    pub hdm_for_passthrough: bool,
    /// Ports and devices have `x-speed` and `x-width`.
    pub link_speed: bool,
    /// There is a `cxl-switch-mailbox-cci`.
    pub mailbox_cci: bool,
}

impl Capabilities {
    /// What the plain release of this version can do, where it was built with CXL.
    ///
    /// For tests and for a dry run without a QEMU; a QEMU at hand is asked instead.
    pub fn of_release(version: QemuVersion) -> Self {
        Self {
            version,
            cxl: version >= QemuVersion::new(7, 1, 0),
            volatile: version >= QemuVersion::new(8, 1, 0),
            event_interrupts: version >= QemuVersion::new(8, 1, 0),
            hdm_for_passthrough: version >= QemuVersion::new(8, 1, 0),
            link_speed: version >= QemuVersion::new(10, 0, 0),
            mailbox_cci: version >= QemuVersion::new(9, 0, 0),
        }
    }
}

/// What a topology needs and a QEMU lacks: a reason to skip, not an error. Its text is the skip's reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} needs QEMU {since}, this is {found}")]
pub struct Lacking {
    /// What is needed, and for which part of the topology.
    pub what: String,
    /// Which releases have it.
    pub since: String,
    /// The release at hand.
    pub found: QemuVersion,
}

impl Lacking {
    /// As what `topology lint` finds.
    pub fn finding(&self, topology: &str) -> Finding {
        Finding::new(&QEMU_FEATURE, topology, self.to_string(), "runs on this QEMU skip it with this reason")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_qemu_prints() {
        for (text, version) in [
            ("10.0.2", QemuVersion::new(10, 0, 2)),
            ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)", QemuVersion::new(7, 2, 22)),
            ("QEMU emulator version 8.2.0-rc1\nCopyright (c) 2003-2023", QemuVersion::new(8, 2, 0)),
            ("QEMU emulator version 11.1.90 (v11.2.0-rc0-12-gabc)", QemuVersion::new(11, 1, 90)),
        ] {
            assert_eq!(text.parse(), Ok(version), "{text}");
        }
        assert!("no version here".parse::<QemuVersion>().is_err());
        assert!("".parse::<QemuVersion>().is_err());
    }

    #[test]
    fn older_releases_are_less() {
        assert!(QemuVersion::new(7, 2, 22) < QemuVersion::new(8, 1, 0));
        assert!(QemuVersion::new(9, 2, 0) < QemuVersion::new(10, 0, 0));
    }
}
