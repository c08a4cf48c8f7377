//! How a series fits a kernel.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::Place;

/// How a series fits a kernel, with what decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fit", rename_all = "kebab-case")]
pub enum Fit {
    /// All of its patches go on.
    Applies {
        /// The kernel's version.
        version: String,
    },
    /// The kernel has it already.
    Contained {
        /// The kernel's version.
        version: String,
    },
    /// A patch, of the series or of one that it requires, is refused.
    Conflicts {
        /// The kernel's version.
        version: String,
        /// The series of the patch.
        series: String,
        /// The patch.
        patch: PathBuf,
        /// Files and hunks.
        places: Vec<Place>,
    },
    /// Neither the series nor a variant of it is meant for this kernel.
    NotWrittenFor {
        /// What the series states about it.
        why: String,
    },
    /// The kernel's source is not available here.
    Unavailable {
        /// The sources, and why not.
        tried: Vec<String>,
    },
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applies { version } => write!(f, "applies ({version})"),
            Self::Contained { version } => write!(f, "contained ({version})"),
            Self::Conflicts { version, patch, places, .. } => {
                write!(f, "conflicts ({version}): {}", patch.display())?;
                places.iter().try_for_each(|place| write!(f, "\n  {place}"))
            }
            Self::NotWrittenFor { why } => write!(f, "not written for it: {why}"),
            Self::Unavailable { tried } => write!(f, "not available here: {}", tried.join("; ")),
        }
    }
}
