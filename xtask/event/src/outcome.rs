//! The judgement of a case: more than its own log has.

use std::fmt;

use serde::{Deserialize, Serialize};

use kernlog::{CaseOutcome, Subtest};

/// A case with the judgement on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CaseReport {
    /// Name within its suite.
    pub name: String,
    /// How it was judged.
    pub outcome: CaseOutcome,
    /// The reason in one line; empty for a plain pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Wall time in the guest, in seconds.
    pub seconds: f64,
    /// Results that the case printed as KTAP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subtests: Vec<Subtest>,
    /// The `# ` lines of the case, without the mark.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<String>,
}

/// On what the outcome of a case was found to depend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "red", rename_all = "kebab-case")]
pub enum Dependence {
    /// It is red after this case, or after all others where none is named, and green alone.
    After {
        /// The other case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
    },
    /// It is red unless this case ran before it.
    Without {
        /// The other case.
        case: String,
    },
}

impl fmt::Display for Dependence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After { case: Some(case) } => write!(f, "red after {case}, green alone"),
            Self::After { case: None } => f.write_str("red after the others, green alone"),
            Self::Without { case } => write!(f, "red alone, green after {case}"),
        }
    }
}

/// A case whose outcome was not the same in all of its runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Unstable {
    /// Name within its suite.
    pub case: String,
    /// How often it ran.
    pub runs: u32,
    /// How often it was red.
    pub red: u32,
    /// The order on which that depends, as two further guests have shown; none where no such order was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Dependence>,
}

impl fmt::Display for Unstable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, red in {} of {} runs", self.case, self.red, self.runs)?;
        match &self.order {
            Some(order) => write!(f, ": depends on its order, {order}"),
            None => f.write_str(": fails sometimes"),
        }
    }
}
