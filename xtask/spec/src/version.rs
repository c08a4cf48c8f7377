//! Kernel versions and ranges of them.
//!
//! A version orders as releases do: `6.13-rc1 < 6.13-rc10 < 6.13 < 6.13.1`. A *range's* bound without `-rc`
//! takes in the release candidates of that release: 6.13-rc1 already has what came in 6.13's merge window.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use fault::{Fault, ToolError};

/// Version of a kernel, as the first lines of its top `Makefile` give it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelVersion {
    /// `VERSION`.
    pub major: u32,
    /// `PATCHLEVEL`.
    pub minor: u32,
    /// `SUBLEVEL`: 0 for a release of Linus, N in the stable series.
    pub stable: u32,
    /// Number after `-rc`; [`Candidate::Released`] orders after all of them.
    pub candidate: Candidate,
    /// What else `EXTRAVERSION` has, with its dash.
    pub extra: String,
}

/// Whether a version is a release candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Candidate {
    /// `-rcN`.
    Rc(u32),
    /// None.
    Released,
}

/// A text that is no kernel version or no range of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// No version.
    #[error("`{0}` is no kernel version such as 6.12, 6.12.117 or 7.3-rc2")]
    Version(String),
    /// No range.
    #[error("`{0}` is no range of kernel versions such as 6.12..6.14, 6.12.. or 6.12")]
    Range(String),
    /// A range that holds no version.
    #[error(
        "the range `{0}` is empty: the first version has to come before the last, which is not part of it"
    )]
    Empty(String),
    /// A Makefile without its version.
    #[error("the Makefile has no line `{0} = …`")]
    Makefile(&'static str),
}

impl ToolError for VersionError {
    fn own_fault(&self) -> Fault {
        match self {
            Self::Version(_) | Self::Range(_) | Self::Empty(_) => Fault::Usage,
            Self::Makefile(_) => Fault::Machinery,
        }
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::Version(_) => "`make kernelversion` prints that of a tree",
            Self::Range(_) => "A..B goes from A to before B, A.. from A on, ..B to before B",
            Self::Empty(_) => "write the older version first",
            Self::Makefile(_) => "name the top folder of a kernel tree",
        };
        Some(hint.to_owned())
    }
}

impl KernelVersion {
    /// Release `major.minor`.
    pub fn new(major: u32, minor: u32) -> Self {
        Self { major, minor, stable: 0, candidate: Candidate::Released, extra: String::new() }
    }

    /// Reads the four variables at the top of a kernel's `Makefile`.
    ///
    /// # Errors
    /// [`VersionError`] naming the variable that is missing or no number.
    pub fn from_makefile(text: &str) -> Result<Self, VersionError> {
        let variable = |name: &'static str| {
            text.lines()
                .take(100)
                .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('=').map(str::trim))
                .ok_or(VersionError::Makefile(name))
        };
        let number = |name| {
            variable(name).and_then(|value| value.parse::<u32>().map_err(|_| VersionError::Makefile(name)))
        };
        let (candidate, extra) = split_candidate(variable("EXTRAVERSION").unwrap_or(""));
        Ok(Self {
            major: number("VERSION")?,
            minor: number("PATCHLEVEL")?,
            stable: number("SUBLEVEL")?,
            candidate,
            extra: extra.to_owned(),
        })
    }

    /// What ranges compare: `extra` plays no part.
    fn key(&self) -> (u32, u32, u32, Candidate) {
        (self.major, self.minor, self.stable, self.candidate)
    }
}

fn split_candidate(extra: &str) -> (Candidate, &str) {
    let none = (Candidate::Released, extra);
    let Some(rest) = extra.strip_prefix("-rc") else { return none };
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = rest.split_at(digits);
    number.parse().map_or(none, |number| (Candidate::Rc(number), rest))
}

impl FromStr for KernelVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let wrong = || VersionError::Version(text.to_owned());
        let (numbers, extra) = text.split_at(text.find('-').unwrap_or(text.len()));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<&str> = numbers.split('.').collect();
        if !(2..=3).contains(&parts.len()) || !parts.iter().all(|part| plain(part)) || extra == "-" {
            return Err(wrong());
        }
        if !extra.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+~".contains(c)) || extra.contains("..") {
            return Err(wrong());
        }
        let number = |at: usize| parts.get(at).map_or(Ok(0), |part| part.parse().map_err(|_| wrong()));
        let (candidate, extra) = split_candidate(extra);
        Ok(Self {
            major: number(0)?,
            minor: number(1)?,
            stable: number(2)?,
            candidate,
            extra: extra.to_owned(),
        })
    }
}

impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.stable > 0 {
            write!(f, ".{}", self.stable)?;
        }
        if let Candidate::Rc(number) = self.candidate {
            write!(f, "-rc{number}")?;
        }
        f.write_str(&self.extra)
    }
}

/// Kernel versions from one (included) to another (not included); either end may be open.
///
/// `6.12..6.14` holds 6.12, its stable releases and candidates, and 6.13's, but not 6.14-rc1; `6.12` alone
/// means `6.12..6.13`; `..` holds all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelRange {
    from: Option<KernelVersion>,
    to: Option<KernelVersion>,
}

impl KernelRange {
    /// Whether it holds this version.
    pub fn contains(&self, version: &KernelVersion) -> bool {
        let key = version.key();
        self.from.as_ref().is_none_or(|from| bound(from) <= key)
            && self.to.as_ref().is_none_or(|to| key < bound(to))
    }
}

/// A bound without `-rc` lies before the first candidate of its release.
fn bound(version: &KernelVersion) -> (u32, u32, u32, Candidate) {
    let mut key = version.key();
    if key.3 == Candidate::Released {
        key.3 = Candidate::Rc(0);
    }
    key
}

impl FromStr for KernelRange {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let end = |part: &str| match part.trim() {
            "" => Ok(None),
            part => part.parse().map(Some),
        };
        let Some((from, to)) = text.split_once("..") else {
            let from: KernelVersion =
                text.trim().parse().map_err(|_| VersionError::Range(text.to_owned()))?;
            let mut to = from.clone();
            if from.stable > 0 || from.candidate != Candidate::Released {
                return Err(VersionError::Range(text.to_owned()));
            }
            to.minor = from.minor.saturating_add(1);
            return Ok(Self { from: Some(from), to: Some(to) });
        };
        let range = Self { from: end(from)?, to: end(to)? };
        match (&range.from, &range.to) {
            (Some(from), Some(to)) if bound(from) >= bound(to) => Err(VersionError::Empty(text.to_owned())),
            _ => Ok(range),
        }
    }
}

impl fmt::Display for KernelRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(from) = &self.from {
            write!(f, "{from}")?;
        }
        f.write_str("..")?;
        if let Some(to) = &self.to {
            write!(f, "{to}")?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for KernelRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for KernelRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KernelVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for KernelVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> KernelVersion {
        text.parse().expect("a version")
    }

    fn range(text: &str) -> KernelRange {
        text.parse().expect("a range")
    }

    #[test]
    fn versions_order_as_releases_do() {
        let mut all: Vec<_> =
            ["7.3", "6.12.117", "6.13-rc10", "6.12", "7.3-rc2", "6.13-rc9", "6.13", "6.12.9"]
                .map(version)
                .into();
        all.sort();
        let sorted: Vec<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(sorted, ["6.12", "6.12.9", "6.12.117", "6.13-rc9", "6.13-rc10", "6.13", "7.3-rc2", "7.3"]);
    }

    #[test]
    fn a_makefile_gives_its_version() {
        let text = "# SPDX-License-Identifier: GPL-2.0\nVERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION = -rc2\nNAME = Baby Opossum Posse\n";
        assert_eq!(KernelVersion::from_makefile(text), Ok(version("7.3-rc2")));
        assert_eq!(
            KernelVersion::from_makefile("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n"),
            Ok(version("6.12.117"))
        );
        assert_eq!(
            KernelVersion::from_makefile("VERSION = 6\nall:\n"),
            Err(VersionError::Makefile("PATCHLEVEL"))
        );
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for bad in ["", "6", "6.", "6.12.", "6.12.1.2", "v6.12", "6.12 ", "6.12-", "6.12-a/b", "+6.1"] {
            assert!(bad.parse::<KernelVersion>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ranges_take_in_candidates_with_their_release() {
        let base = range("6.12..6.14");
        for inside in ["6.12-rc1", "6.12", "6.12.117", "6.13-rc1", "6.13.9", "6.12.3-custom"] {
            assert!(base.contains(&version(inside)), "{inside}");
        }
        for outside in ["6.11.9", "6.14-rc1", "6.14", "7.0"] {
            assert!(!base.contains(&version(outside)), "{outside}");
        }
        assert!(range("6.12").contains(&version("6.12.117")));
        assert!(!range("6.12").contains(&version("6.13-rc1")));
        assert!(range("6.12..").contains(&version("9.9")));
        assert!(range("..6.14").contains(&version("5.4")));
        assert!(range("6.13-rc3..").contains(&version("6.13-rc4")));
        assert!(!range("6.13-rc3..").contains(&version("6.13-rc2")));
    }

    #[test]
    fn empty_and_broken_ranges_are_refused() {
        insta::assert_snapshot!("6.14..6.12".parse::<KernelRange>().expect_err("empty"), @"the range `6.14..6.12` is empty: the first version has to come before the last, which is not part of it");
        insta::assert_snapshot!("6.12.3".parse::<KernelRange>().expect_err("not a release"), @"`6.12.3` is no range of kernel versions such as 6.12..6.14, 6.12.. or 6.12");
        insta::assert_snapshot!("a..b".parse::<KernelRange>().expect_err("no versions"), @"`a` is no kernel version such as 6.12, 6.12.117 or 7.3-rc2");
    }

    fn any_version() -> impl Strategy<Value = KernelVersion> {
        let candidate = prop_oneof![Just(Candidate::Released), (1..20u32).prop_map(Candidate::Rc)];
        (0..9u32, 0..30u32, 0..200u32, candidate, prop_oneof![Just(String::new()), Just("-mine".to_owned())])
            .prop_map(|(major, minor, stable, candidate, extra)| KernelVersion {
                major,
                minor,
                stable,
                candidate,
                extra,
            })
    }

    proptest! {
        #[test]
        fn text_and_back(v in any_version()) {
            prop_assert_eq!(&version(&v.to_string()), &v);
        }

        #[test]
        fn ranges_agree_with_order(from in any_version(), to in any_version(), v in any_version()) {
            let Ok(range) = format!("{from}..{to}").parse::<KernelRange>() else { return Ok(()) };
            prop_assert_eq!(&range.to_string().parse::<KernelRange>().expect("a range"), &range);
            prop_assert!(range.contains(&from));
            prop_assert!(!range.contains(&to));
            if range.contains(&v) {
                prop_assert!((v.major, v.minor) >= (from.major, from.minor));
                prop_assert!((v.major, v.minor) <= (to.major, to.minor));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,20}") {
            let _ = text.parse::<KernelVersion>();
            let _ = text.parse::<KernelRange>();
            let _ = KernelVersion::from_makefile(&text);
        }
    }
}
