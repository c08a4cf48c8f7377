//! One test of a log, whatever printed it.

use serde::Serialize;

use crate::CaseOutcome;

/// Cases that are kept; a log with more is red, for what is not kept cannot be judged.
pub(crate) const MOST_CASES: usize = 100_000;

/// What a log with more of them is red for.
pub(crate) fn too_many() -> String {
    format!("more than {MOST_CASES} results: the rest is not judged")
}

/// One test that a log reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// Path of names, joined by `/`.
    pub name: String,
    /// How it ended, by the log's words and by what is missing from them.
    pub outcome: CaseOutcome,
    /// Why, in one line; empty for a plain pass.
    pub reason: String,
    /// Wall time in seconds, where the log has it.
    pub seconds: Option<f64>,
    /// What the test printed besides, the last lines.
    pub diagnostics: Vec<String>,
}

impl Case {
    /// A flaw of the log itself, which no test of it shows.
    pub(crate) fn flaw(name: &str, reason: String) -> Self {
        let (name, diagnostics) = (name.to_owned(), Vec::new());
        Self { name, outcome: CaseOutcome::Fail, reason, seconds: None, diagnostics }
    }
}
