//! The file: its entries, each with its line, checked as far as it can be without a run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use regex::Regex;
use serde::Deserialize;

use fault::{Fault, ToolError};
use kernlog::CaseOutcome;
use spec::{KernelRange, KernelVersion, Suite, fits};
use specfile::did_you_mean;

use super::{Entry, Expectations, Matcher, Place};

/// Name of the file in a suite's folder.
const FILE: &str = "expect.yaml";

/// An `expect.yaml` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExpectError {
    /// It could not be read.
    #[error("cannot read {}", .file.display())]
    Read {
        /// The file that cannot be used.
        file: PathBuf,
        /// What the system reports.
        source: std::io::Error,
    },
    /// It is no YAML, or has other fields than these.
    #[error("{}: {message}", .file.display())]
    Parse {
        /// The file that cannot be used.
        file: PathBuf,
        /// With line and column.
        message: String,
    },
    /// An entry makes no sense.
    #[error("{place}: {message}")]
    Invalid {
        /// Where the entry begins.
        place: Place,
        /// What is wrong.
        message: String,
        /// What would be right.
        hint: String,
    },
}

impl ToolError for ExpectError {
    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Invalid { hint, .. } => Some(hint.clone()),
            Self::Read { source, .. } => source.hint(),
            Self::Parse { .. } => None,
        }
    }
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
    sometimes: bool,
    #[serde(default)]
    kernels: Option<KernelRange>,
    #[serde(default)]
    qemu: Option<KernelRange>,
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

/// What a suite expects, checked, not yet applied to anything.
#[derive(Debug, Clone, Default)]
pub struct ExpectFile {
    entries: Vec<(Raw, Entry)>,
}

/// Where and when a file is applied.
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
    /// The kernel.
    pub kernel: &'a KernelVersion,
    /// QEMU, whose versions order as a kernel's.
    pub qemu: &'a KernelVersion,
}

impl ExpectFile {
    /// What a suite expects: its own file, and of its base suite's what is not about a case that it did not borrow.
    ///
    /// # Errors
    /// [`ExpectError`] in all its forms, for an entry of its own about a case that the suite does not have as well.
    /// Cases that are found in the userland are known only later: [`ExpectFile::unknown_cases`].
    pub fn of(suite: &Suite) -> Result<Self, ExpectError> {
        let mut expects = Self::load(&suite.dir.join(FILE))?;
        let known: BTreeSet<&str> = suite.cases.iter().map(|case| case.name.as_str()).collect();
        if suite.found.is_none() {
            expects.check_cases(&suite.name, &known)?;
        }
        if let Some(base_suite) = &suite.base_suite {
            let inherited = Self::load(&base_suite.join(FILE))?.entries.into_iter();
            let here =
                |(_, entry): &(Raw, Entry)| entry.case.as_deref().is_none_or(|case| known.contains(case));
            expects
                .entries
                .extend(inherited.filter(here).map(|(raw, entry)| (raw, Entry { inherited: true, ..entry })));
        }
        Ok(expects)
    }

    /// Reads a file; a suite without one expects nothing.
    fn load(file: &Path) -> Result<Self, ExpectError> {
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(file, &text),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ExpectError::Read { file: file.to_owned(), source }),
        }
    }

    /// Reads the text of a file; `file` is only named.
    pub(super) fn parse(file: &Path, text: &str) -> Result<Self, ExpectError> {
        let parsed: Option<Vec<Raw>> = serde_yaml::from_str(text)
            .map_err(|error| ExpectError::Parse { file: file.to_owned(), message: error.to_string() })?;
        let raws = parsed.unwrap_or_default();
        let lines = lines_of_entries(text, raws.len());
        let mut entries = Vec::new();
        for (raw, line) in raws.into_iter().zip(lines) {
            let place = Place { file: file.to_owned(), line };
            match check(&raw, place.clone()) {
                Ok(entry) => entries.push((raw, entry)),
                Err((message, hint)) => {
                    return Err(ExpectError::Invalid { place, message, hint: hint.to_owned() });
                }
            }
        }
        Ok(Self { entries })
    }

    /// An entry about a case that is not there holds nothing back: a case was renamed, or its name misspelt.
    pub(super) fn check_cases(&self, suite: &str, known: &BTreeSet<&str>) -> Result<(), ExpectError> {
        for (_, Entry { case, place, .. }) in &self.entries {
            let Some(case) = case.as_deref().filter(|case| !known.contains(case)) else { continue };
            let message = format!("case: suite `{suite}` has no case `{case}`");
            let hint = match did_you_mean(case, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? If the case is gone, remove the entry"),
                None => "if the case is gone, remove the entry".to_owned(),
            };
            return Err(ExpectError::Invalid { place: place.clone(), message, hint });
        }
        Ok(())
    }

    /// Entries about cases that are not among the known ones, in words, but for those about another ndctl's. A userland
    /// brings the cases that it has, so that is no error.
    pub fn unknown_cases(&self, known: &BTreeSet<&str>, ndctl: Option<&str>) -> Vec<String> {
        let stranger = |(raw, entry): &(Raw, Entry)| {
            let case = entry.case.as_deref().filter(|case| !known.contains(case))?;
            among(&raw.ndctl, ndctl.unwrap_or_default()).then(|| {
                format!("{}: there is no case `{case}`; if it is gone, remove the entry", entry.place)
            })
        };
        self.entries.iter().filter_map(stranger).collect()
    }

    /// The entries that hold here.
    pub fn select(&self, here: &Here<'_>) -> Expectations {
        let mut selected = Expectations::default();
        for (_, entry) in self.entries.iter().filter(|(raw, _)| raw.is_for(here)) {
            if entry.expires < here.today {
                selected.expired.push(entry.clone());
            } else {
                selected.entries.push(entry.clone());
            }
        }
        selected
    }
}

impl Raw {
    fn is_for(&self, here: &Here<'_>) -> bool {
        let within = |range: &Option<KernelRange>, version| {
            range.as_ref().is_none_or(|range: &KernelRange| range.contains(version))
        };
        within(&self.kernels, here.kernel)
            && within(&self.qemu, here.qemu)
            && among(&self.topologies, here.topology)
            && among(&self.flavours, here.flavour)
            && among(&self.ndctl, here.ndctl.unwrap_or_default())
            && (self.variants.is_empty() || self.variants.iter().any(|variant| fits(variant, here.variant)))
    }
}

fn among(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|other| other == name)
}

/// Lines on which the entries of a block sequence begin, from 1: those that start with a dash where the first does.
/// Whatever else an entry has is further in. Without a value where the file is written in another way.
fn lines_of_entries(text: &str, entries: usize) -> Vec<Option<usize>> {
    let dash = |line: &str| {
        let item = line.trim_start_matches(' ');
        (item == "-" || item.starts_with("- ")).then(|| line.len() - item.len())
    };
    let indent = text.lines().find_map(dash);
    let begins = text.lines().enumerate().filter(|(_, line)| dash(line).is_some() && dash(line) == indent);
    let lines: Vec<_> = begins.map(|(number, _)| Some(number + 1)).collect();
    if lines.len() == entries { lines } else { vec![None; entries] }
}

fn check(raw: &Raw, place: Place) -> Result<Entry, (String, &'static str)> {
    if raw.outcome.is_none() && raw.splat.is_none() {
        return Err((
            "expects neither an outcome nor a splat".to_owned(),
            "add `outcome: fail` or `splat: …`",
        ));
    }
    let wanted = [CaseOutcome::Fail, CaseOutcome::Crash, CaseOutcome::Timeout, CaseOutcome::Skip];
    match raw.outcome {
        Some(outcome) if !wanted.contains(&outcome) => {
            return Err((
                format!("outcome {outcome} cannot be expected"),
                "one of fail, crash, timeout, skip",
            ));
        }
        Some(outcome) if raw.case.is_none() && outcome != CaseOutcome::Skip => {
            return Err((
                format!("outcome {outcome} of no case"),
                "add `case:`; each case has its own entry",
            ));
        }
        _ => {}
    }
    if raw.reason.trim().is_empty() {
        return Err((
            "the reason is empty".to_owned(),
            "write why it is known to fail, verified, not guessed",
        ));
    }
    let Ok(expires) = raw.expires.parse::<Date>() else {
        return Err((format!("expires: {} is no date", raw.expires), "write it as 2027-06-30"));
    };
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
    let (case, outcome, sometimes) = (raw.case.clone(), raw.outcome, raw.sometimes);
    Ok(Entry { place, case, outcome, splat, sometimes, inherited: false, why, expires })
}
