//! Which of a suite's cases and variants are wanted. Pure.

use serde::{Deserialize, Serialize};

use spec::fits;

/// Which of a suite's cases and variants are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedCases {
    /// Patterns of the request: a case that fits one is wanted; all are where there is none.
    pub cases: Vec<String>,
    /// Patterns for the cases of this suite alone, likewise.
    pub of_suite: Vec<String>,
    /// Pattern for the variant.
    pub variant: Option<String>,
    /// Patterns of the request for it, likewise.
    pub variants: Vec<String>,
}

impl WantedCases {
    /// Whether every case of the suite is.
    pub(super) fn everything(&self) -> bool {
        self.cases.is_empty() && self.of_suite.is_empty()
    }

    /// Whether a case is wanted.
    pub(super) fn case(&self, suite: &str, case: &str) -> bool {
        wanted(&self.cases, suite, case) && wanted(&self.of_suite, suite, case)
    }

    /// Whether a variant is wanted.
    pub(super) fn variant(&self, name: &str) -> bool {
        self.variant.as_deref().is_none_or(|pattern| fits(pattern, name))
            && (self.variants.is_empty() || self.variants.iter().any(|pattern| fits(pattern, name)))
    }

    /// The one variant that is wanted by its name, be there one or not.
    pub(super) fn named_variant(&self) -> Option<&str> {
        self.variant.as_deref().filter(|pattern| !pattern.contains('*'))
    }
}

/// Whether a case fits one of these patterns; all do where there is none.
pub(super) fn wanted(patterns: &[String], suite: &str, case: &str) -> bool {
    let whole = format!("{suite}/{case}");
    patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, case) || fits(pattern, &whole))
}
