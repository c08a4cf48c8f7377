//! One result of a job.

use crate::{Case, CaseOutcome};

/// A result as a case. LAVA knows `pass`, `fail`, `skip` and `unknown`; a word of which it is not known what it means is red.
pub(super) fn case(suite: &str, name: &str, result: &str, reason: &str) -> Case {
    let (outcome, why) = match result {
        "pass" => (CaseOutcome::Pass, ""),
        "fail" => (CaseOutcome::Fail, ""),
        "skip" => (CaseOutcome::Skip, ""),
        "unknown" => (CaseOutcome::NotRun, "its result is not known"),
        _ => (CaseOutcome::Fail, "its result is none that is known"),
    };
    let name = if suite.is_empty() { name.to_owned() } else { format!("{suite}/{name}") };
    let reason = if reason.is_empty() { why } else { reason };
    let reason = reason.lines().next().unwrap_or_default().chars().take(300).collect();
    Case { name, outcome, reason, seconds: None, diagnostics: Vec::new() }
}
