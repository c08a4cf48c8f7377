//! QEMU's version numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A QEMU release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QemuVersion {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number, which counts stable updates.
    pub micro: u32,
}

impl QemuVersion {
    /// The version of these numbers.
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
