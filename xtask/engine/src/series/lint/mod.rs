//! What reviewers would notice first in a series.

mod checkpatch;
mod place;
mod recorded;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

pub use checkpatch::checkpatch;
pub use place::in_place;
pub use recorded::recorded;
pub use rules::rules;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// It will be sent back.
    Error,
}

/// One thing that is wrong with a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Name of the patch's file, or of `series.yaml`.
    pub file: String,
    /// The line in it, from 1.
    pub line: Option<usize>,
    /// How bad it is.
    pub severity: Severity,
    /// Which rule: one of ours, or `checkpatch/TYPE`.
    pub rule: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.iter().try_for_each(|line| write!(f, ":{line}"))?;
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, ": {severity}: {} [{}]", self.message, self.rule)
    }
}
