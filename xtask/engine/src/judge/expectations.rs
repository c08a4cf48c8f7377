//! `expect.yaml` of a suite: failures and splats that are known, each with a reason and an end.
//!
//! ```yaml
//! - case: poison                      # none, with a splat: every case
//!   outcome: fail                     # or splat:, or both
//!   splat: /possible recursive/       # a fingerprint, or /a regular expression/ on the title
//!   sometimes: true                   # that it does not come, or the case passes, is nothing to report
//!   kernels: ..6.14
//!   qemu: ..9.0
//!   topologies: [switch, mixed]
//!   flavours: [debug]
//!   variants: ["*xor*"]
//!   ndctl: ["81"]                     # versions of ndctl's tools and tests on which it was seen
//!   reason: the poison list is read twice
//!   link: https://lore.kernel.org/…
//!   expires: 2027-06-30
//! ```
//!
//! A suite that borrows cases has its base suite's expectations of them as well, and those about no case.

mod file;

use std::fmt;
use std::path::PathBuf;

use jiff::civil::Date;
use regex::Regex;

use event::CaseReport;
use kernlog::{CaseOutcome, Splat};

pub use file::{ExpectError, ExpectFile, Here};

/// Where an entry begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    file: PathBuf,
    line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file.display()),
            None => write!(f, "{}", self.file.display()),
        }
    }
}

/// The expectations that hold for one cell.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    entries: Vec<Entry>,
    /// Those that would hold here but have expired.
    expired: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    place: Place,
    case: Option<String>,
    outcome: Option<CaseOutcome>,
    splat: Option<Matcher>,
    sometimes: bool,
    /// It is the base suite's: whether it is needed is seen there.
    inherited: bool,
    why: String,
    expires: Date,
}

#[derive(Debug, Clone)]
enum Matcher {
    Fingerprint(String),
    Title(Regex),
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(text) => f.write_str(text),
            Self::Title(regex) => write!(f, "/{regex}/"),
        }
    }
}

impl Entry {
    fn is_for(&self, case: Option<&str>) -> bool {
        self.case.is_none() || self.case.as_deref() == case
    }

    fn expects(&self, splat: &Splat) -> bool {
        self.is_for(splat.case.as_deref())
            && match &self.splat {
                Some(Matcher::Fingerprint(text)) => *text == splat.fingerprint,
                Some(Matcher::Title(regex)) => regex.is_match(&splat.title),
                None => false,
            }
    }

    /// Whether what ran could have shown it: its case, or everything there is.
    fn was_tried(&self, cases: &[CaseReport], all: bool) -> bool {
        match &self.case {
            Some(name) => cases.iter().any(|case| case.name == *name && case.outcome != CaseOutcome::NotRun),
            None => all && cases.iter().all(|case| case.outcome != CaseOutcome::NotRun),
        }
    }

    /// Nothing here shows what it expects. A failure that did not come is an unexpected pass, and reported as that.
    fn is_needless(&self, cases: &[CaseReport], splats: &[Splat]) -> bool {
        let skipped = |case: &CaseReport| self.is_for(Some(&case.name)) && case.outcome == CaseOutcome::Skip;
        match (self.outcome, &self.splat) {
            (Some(CaseOutcome::Skip), _) => !cases.iter().any(skipped),
            (_, Some(_)) => !splats.iter().any(|splat| self.expects(splat)),
            _ => false,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outcome) = &self.outcome {
            write!(f, "{outcome}")?;
        }
        if let Some(splat) = &self.splat {
            let and = if self.outcome.is_some() { " and " } else { "" };
            write!(f, "{and}splat {splat}")?;
        }
        match &self.case {
            Some(case) => write!(f, " in {case}"),
            None => f.write_str(" in any case"),
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
                (Some(expected), CaseOutcome::Pass) if !entry.sometimes => {
                    case.outcome = CaseOutcome::Xpass;
                    case.reason = format!("passed, but is expected to {expected}: {}", entry.why);
                }
                _ => {}
            }
        }
    }

    /// Whether a splat is expected.
    pub fn expects(&self, splat: &Splat) -> bool {
        self.entries.iter().any(|entry| entry.expects(splat))
    }

    /// What is to be said of the entries when all boots of a cell are through: that one has expired, that nothing needed
    /// one. `all`: every case of the suite was to run.
    pub fn notes(&self, cases: &[CaseReport], splats: &[Splat], all: bool) -> Vec<String> {
        let tried = |entry: &&Entry| entry.was_tried(cases, all);
        let expired =
            self.expired.iter().filter(tried).map(|entry| {
                format!("{}: expired on {}: {entry}: {}", entry.place, entry.expires, entry.why)
            });
        let needless =
            |entry: &&Entry| !entry.sometimes && !entry.inherited && entry.is_needless(cases, splats);
        let unneeded = self.entries.iter().filter(tried).filter(needless).map(|entry| {
            let sometimes =
                entry.splat.as_ref().map_or("", |_| "; if it comes only sometimes: `sometimes: true`");
            format!("{}: not needed: {entry}{sometimes}", entry.place)
        });
        expired.chain(unneeded).collect()
    }
}

#[cfg(test)]
#[path = "expectations_tests.rs"]
mod tests;
