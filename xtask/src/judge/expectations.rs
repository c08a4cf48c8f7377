//! `expect.yaml` of a suite: failures and splats that are known, each with a reason and an end.
//!
//! ```yaml
//! - case: poison                      # none: every case
//!   outcome: fail                     # or splat:, or both
//!   splat: /possible recursive/       # a fingerprint, or /a regular expression/ on the title
//!   kernels: "<6.14"
//!   qemu: "<9"
//!   topologies: [switch, mixed]
//!   flavours: [debug]
//!   variants: ["*xor*"]
//!   ndctl: ["81"]                     # versions of ndctl's tools and tests on which it was seen
//!   reason: the poison list is read twice
//!   link: https://lore.kernel.org/…
//!   expires: 2027-06-30
//! ```
//!
//! What a range of versions means is not known here: the caller hands in a closure.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use regex::Regex;
use serde::Deserialize;

use crate::event::{CaseOutcome, CaseReport, Splat};
use crate::spec::fits;

/// An `expect.yaml` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExpectError {
    /// It could not be read.
    #[error("cannot read {}: {source}", .file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no YAML, or has other fields than these.
    #[error("{}: {message}", .file.display())]
    Parse {
        /// Which file.
        file: PathBuf,
        /// With line and column.
        message: String,
    },
    /// An entry makes no sense.
    #[error("{}: entry {entry}: {message}\nhint: {hint}", .file.display())]
    Invalid {
        /// Which file.
        file: PathBuf,
        /// Number of the entry, from 1.
        entry: usize,
        /// What is wrong.
        message: String,
        /// What would be right.
        hint: &'static str,
    },
}

/// One entry, as written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Raw {
    #[serde(default)]
    case: Option<String>,
    #[serde(default)]
    outcome: Option<CaseOutcome>,
    #[serde(default)]
    splat: Option<String>,
    #[serde(default)]
    kernels: Option<String>,
    #[serde(default)]
    qemu: Option<String>,
    #[serde(default)]
    topologies: Vec<String>,
    #[serde(default)]
    flavours: Vec<String>,
    #[serde(default)]
    variants: Vec<String>,
    #[serde(default)]
    ndctl: Vec<String>,
    reason: String,
    #[serde(default)]
    link: Option<String>,
    expires: String,
}

/// A file of expectations, checked, not yet applied to anything.
#[derive(Debug, Clone, Default)]
pub struct ExpectFile {
    file: PathBuf,
    entries: Vec<(Raw, Entry)>,
}

/// Where and when a file is applied. The closures say whether a range of versions, as written, holds here;
/// their error names what is wrong with the range.
pub struct Here<'a> {
    /// Name of the topology.
    pub topology: &'a str,
    /// Name of the flavour.
    pub flavour: &'a str,
    /// Name of the suite's variant.
    pub variant: &'a str,
    /// Version of ndctl's tools in the guest; none without them.
    pub ndctl: Option<&'a str>,
    /// Last day on which an entry still holds is its `expires`.
    pub today: Date,
    /// Whether a kernel range holds for the kernel at hand.
    pub kernel: &'a dyn Fn(&str) -> Result<bool, String>,
    /// Whether a QEMU range holds for the QEMU at hand.
    pub qemu: &'a dyn Fn(&str) -> Result<bool, String>,
}

/// The expectations that hold for one cell.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    entries: Vec<Entry>,
    /// Entries that would hold here but have expired, in words.
    pub expired: Vec<String>,
}

#[derive(Debug, Clone)]
struct Entry {
    case: Option<String>,
    outcome: Option<CaseOutcome>,
    splat: Option<Matcher>,
    why: String,
}

#[derive(Debug, Clone)]
enum Matcher {
    Fingerprint(String),
    Title(Regex),
}

impl ExpectFile {
    /// Reads a file; a suite without one expects nothing.
    ///
    /// # Errors
    /// [`ExpectError`] in all its forms.
    pub fn load(file: &Path) -> Result<Self, ExpectError> {
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(file, &text),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ExpectError::Read { file: file.to_owned(), source }),
        }
    }

    /// Reads the text of a file; `file` is only named.
    ///
    /// # Errors
    /// [`ExpectError::Parse`], [`ExpectError::Invalid`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ExpectError> {
        let parsed: Option<Vec<Raw>> = serde_yaml::from_str(text)
            .map_err(|error| ExpectError::Parse { file: file.to_owned(), message: error.to_string() })?;
        let mut entries = Vec::new();
        for (number, raw) in parsed.unwrap_or_default().into_iter().enumerate() {
            let entry = check(&raw).map_err(|(message, hint)| ExpectError::Invalid {
                file: file.to_owned(),
                entry: number + 1,
                message,
                hint,
            })?;
            entries.push((raw, entry));
        }
        Ok(Self { file: file.to_owned(), entries })
    }

    /// The entries that hold here.
    ///
    /// # Errors
    /// [`ExpectError::Invalid`] for a range that the closure does not understand.
    pub fn select(&self, here: &Here<'_>) -> Result<Expectations, ExpectError> {
        let mut selected = Expectations::default();
        for (number, (raw, entry)) in self.entries.iter().enumerate() {
            let holds = |range: &Option<String>, check: &dyn Fn(&str) -> Result<bool, String>| {
                range.as_deref().map_or(Ok(true), check).map_err(|message| ExpectError::Invalid {
                    file: self.file.clone(),
                    entry: number + 1,
                    message,
                    hint: "a range is like \"<6.14\" or \">=6.12, <6.14\"",
                })
            };
            let among = |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
            let variant = raw.variants.is_empty() || raw.variants.iter().any(|v| fits(v, here.variant));
            let place = among(&raw.topologies, here.topology)
                && among(&raw.flavours, here.flavour)
                && among(&raw.ndctl, here.ndctl.unwrap_or_default())
                && variant;
            if !(holds(&raw.kernels, here.kernel)? && holds(&raw.qemu, here.qemu)? && place) {
                continue;
            }
            if raw.expires.parse::<Date>().is_ok_and(|last| here.today > last) {
                let what = entry.describe();
                selected.expired.push(format!("{what} expired on {}: {}", raw.expires, entry.why));
            } else {
                selected.entries.push(entry.clone());
            }
        }
        Ok(selected)
    }
}

fn check(raw: &Raw) -> Result<Entry, (String, &'static str)> {
    if raw.outcome.is_none() && raw.splat.is_none() {
        return Err((
            "expects neither an outcome nor a splat".to_owned(),
            "add `outcome: fail` or `splat: …`",
        ));
    }
    let wanted = [CaseOutcome::Fail, CaseOutcome::Crash, CaseOutcome::Timeout, CaseOutcome::Skip];
    if let Some(outcome) = raw.outcome
        && !wanted.contains(&outcome)
    {
        return Err((format!("outcome {outcome} cannot be expected"), "one of fail, crash, timeout, skip"));
    }
    if raw.reason.trim().is_empty() {
        return Err(("the reason is empty".to_owned(), "say why it is known to fail, verified, not guessed"));
    }
    if raw.expires.parse::<Date>().is_err() {
        return Err((format!("expires: {} is no date", raw.expires), "write it as 2027-06-30"));
    }
    let splat = match raw.splat.as_deref() {
        None => None,
        Some(text) => Some(match text.strip_prefix('/').and_then(|t| t.strip_suffix('/')) {
            Some(pattern) => Matcher::Title(Regex::new(pattern).map_err(|error| {
                (format!("splat: {error}"), "between the slashes stands a regular expression")
            })?),
            None => Matcher::Fingerprint(text.to_owned()),
        }),
    };
    let why = match &raw.link {
        Some(link) => format!("{} ({link})", raw.reason.trim()),
        None => raw.reason.trim().to_owned(),
    };
    Ok(Entry { case: raw.case.clone(), outcome: raw.outcome, splat, why })
}

impl Entry {
    fn is_for(&self, case: Option<&str>) -> bool {
        self.case.is_none() || self.case.as_deref() == case
    }

    fn describe(&self) -> String {
        let case = self.case.as_deref().unwrap_or("any case");
        match (&self.outcome, &self.splat) {
            (Some(outcome), _) => format!("expectation: {case} {outcome}"),
            (None, Some(Matcher::Fingerprint(text))) => format!("expectation: splat {text} in {case}"),
            (None, Some(Matcher::Title(regex))) => format!("expectation: splat /{regex}/ in {case}"),
            (None, None) => format!("expectation: {case}"),
        }
    }
}

impl Expectations {
    /// Turns a failure that is expected into xfail, and a pass where a failure is into xpass.
    pub fn apply(&self, case: &mut CaseReport) {
        let entries = self.entries.iter().filter(|e| e.case.is_some() && e.is_for(Some(&case.name)));
        for entry in entries {
            match (entry.outcome, case.outcome) {
                (None | Some(CaseOutcome::Skip), _) => {}
                (Some(expected), got) if expected == got => {
                    case.outcome = CaseOutcome::Xfail;
                    case.reason = format!("expected: {}; {}", entry.why, case.reason);
                }
                (Some(expected), CaseOutcome::Pass) => {
                    case.outcome = CaseOutcome::Xpass;
                    case.reason = format!("passed, but is expected to {expected}: {}", entry.why);
                }
                _ => {}
            }
        }
    }

    /// Whether a splat is expected.
    pub fn expects(&self, splat: &Splat) -> bool {
        self.entries.iter().any(|entry| {
            entry.is_for(splat.case.as_deref())
                && match &entry.splat {
                    Some(Matcher::Fingerprint(text)) => *text == splat.fingerprint,
                    Some(Matcher::Title(regex)) => regex.is_match(&splat.title),
                    None => false,
                }
        })
    }

    /// Entries that nothing here needed, in words: splats that did not come, skips that were none.
    pub fn unneeded(&self, cases: &[CaseReport], splats: &[Splat]) -> Vec<String> {
        let ran = |entry: &Entry| {
            cases.iter().any(|c| entry.is_for(Some(&c.name)) && c.outcome != CaseOutcome::NotRun)
        };
        let needless = |entry: &&Entry| match (&entry.outcome, &entry.splat) {
            (Some(CaseOutcome::Skip), _) => {
                !cases.iter().any(|c| entry.is_for(Some(&c.name)) && c.outcome == CaseOutcome::Skip)
            }
            (_, Some(_)) => {
                let alone = Self { entries: vec![(*entry).clone()], expired: Vec::new() };
                !splats.iter().any(|splat| alone.expects(splat))
            }
            _ => false,
        };
        let words = |entry: &Entry| format!("{} was not needed: {}", entry.describe(), entry.why);
        self.entries.iter().filter(|entry| ran(entry)).filter(needless).map(words).collect()
    }
}

#[cfg(test)]
#[path = "expectations_tests.rs"]
mod tests;
