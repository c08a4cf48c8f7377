//! Where a value comes from.

use std::fmt;

use serde::Serialize;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Origin {
    /// A line of one of the project's files.
    File {
        /// Its name.
        file: &'static str,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        name: &'static str,
    },
    /// An option of the command line.
    Option {
        /// With its dashes.
        name: &'static str,
    },
    /// Found where the tool was called, or where it was built.
    Found {
        /// In words.
        how: &'static str,
    },
    /// What the tool does where nobody says anything.
    BuiltIn,
}

impl Origin {
    /// The line of a file, or else what is built in.
    pub fn of(place: Option<(&'static str, usize)>) -> Self {
        place.map_or(Self::BuiltIn, |(file, line)| Self::File { file, line })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Environment { name } => write!(f, "environment variable {name}"),
            Self::Option { name } => write!(f, "option {name}"),
            Self::Found { how } => f.write_str(how),
            Self::BuiltIn => f.write_str("built in"),
        }
    }
}
