//! A rule, and a place where it is broken.

use std::fmt;

use crate::raw::Location;

/// What a topology must obey.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, as `topology lint --explain` takes it: `window-size`.
    pub name: &'static str,
    /// What breaking it means.
    pub severity: Severity,
    /// What it asks for, in one line.
    pub summary: &'static str,
    /// What happens otherwise, and how that is known.
    pub why: &'static str,
}

/// What breaking a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing: no file can break it, since the language has no word for it or the tool assigns the number.
    Assigned,
    /// It works, but perhaps not as it was meant.
    Warning,
    /// The topology is not run.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Assigned => "cannot be broken",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A rule broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// Where it was written; none for what came from no file.
    pub location: Option<Location>,
    /// Path of the field: `host-bridges[0].root-ports[1].device.persistent`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Finding {
    /// A finding whose location is not known.
    pub fn new(
        rule: &'static Rule,
        field: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { rule, location: None, field: field.into(), message: message.into(), hint: hint.into() }
    }
}

/// As compilers print it: location, severity, what, and the rule's name in brackets.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        let Rule { name, severity, .. } = self.rule;
        write!(f, "{severity}: {}: {} [{name}]", self.field, self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n  hint: {}", self.hint) }
    }
}
