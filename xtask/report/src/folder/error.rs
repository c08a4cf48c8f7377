//! What can be wrong with a folder, and what folders are of.

use std::io;
use std::path::PathBuf;

use fault::{Fault, ToolError};

use super::owner::LockOwner;

/// The name by which the newest goes.
pub const LATEST: &str = "latest";

/// A folder that is not there, cannot be distinguished from another, or belongs to another process.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is none of this name.
    #[error("there is no {}{} in {}", .kind.word, quoted(.name), .dir.display())]
    Missing {
        /// What it was to be.
        kind: &'static Kind,
        /// As the user gave it.
        name: String,
        /// Where it was looked for.
        dir: PathBuf,
        /// What there is, or how to make one.
        hint: String,
    },
    /// There are several.
    #[error("'{name}' is more than one {}: {}", .kind.word, .ids.join(", "))]
    Ambiguous {
        /// What it was to be.
        kind: &'static Kind,
        /// As the user gave it.
        name: String,
        /// Their names.
        ids: Vec<String>,
    },
    /// Another process works on it.
    #[error("{} {id} goes on in {owner}", .kind.word)]
    Locked {
        /// What it was to be.
        kind: &'static Kind,
        /// Its name.
        id: String,
        /// The process.
        owner: LockOwner,
    },
    /// A file or folder cannot be read, made, locked or removed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The newest has no name of its own that could be wrong.
fn quoted(name: &str) -> String {
    if name == LATEST { String::new() } else { format!(" '{name}'") }
}

/// What the folders are of.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// `run`, `bisection`.
    pub word: &'static str,
    /// The command that makes one.
    pub made_by: &'static str,
    /// The command that lists all, where there is one.
    pub listed_by: Option<&'static str>,
}

impl ToolError for FolderError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Missing { hint, .. } => Some(hint.clone()).filter(|hint| !hint.is_empty()),
            Self::Ambiguous { .. } => Some("give more of its name".to_owned()),
            Self::Locked { owner, .. } => {
                Some(format!("wait for its end, or stop it first: kill -INT {}", owner.pid()))
            }
            Self::Io(_) => None,
        }
    }
}
