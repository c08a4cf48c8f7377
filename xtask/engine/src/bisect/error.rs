//! What ends a bisection without an answer.

use std::error::Error;
use std::path::PathBuf;

use fault::{Fault, ToolError};
use host::CacheError;
use kbuild::BuildError;
use report::{FolderError, StoreError, StoredError};
use source::SourceError;
use specfile::SpecError;

use super::history::HistoryError;
use crate::run::RunError;

/// A bisection that cannot go on. What was seen before is kept.
#[derive(Debug, thiserror::Error)]
pub enum BisectError {
    /// The ends, or what is between them, are not there.
    #[error("{0}")]
    Ends(String),
    /// An end is not what it has to be.
    #[error("{message}")]
    BadEndpoint {
        /// The end, and what is wrong with it.
        message: String,
        /// The way out.
        hint: String,
    },
    /// The machinery failed at a step: which is no result of it.
    #[error("no word about {step}")]
    Machinery {
        /// The step.
        step: String,
        /// The error of the machinery.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no bisection of this name, or another process works on it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its file is not what the tool writes.
    #[error("{}: {message}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in it, and what is wrong.
        message: String,
    },
    /// A file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The user interrupted.
    #[error("interrupted")]
    Interrupted,
    /// The history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A file that the user wrote.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A run. Boxed, since it is by far the largest.
    #[error(transparent)]
    Run(Box<RunError>),
    /// A source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A build.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A run's folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A run that was kept.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// Its own file.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

impl From<RunError> for BisectError {
    fn from(error: RunError) -> Self {
        Self::Run(Box::new(error))
    }
}

impl ToolError for BisectError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Cache(error) => Some(error),
            Self::Folder(error) => Some(error),
            Self::History(error) => Some(error),
            Self::Spec(error) => Some(error),
            Self::Run(error) => Some(&**error),
            Self::Source(error) => Some(error),
            Self::Build(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Stored(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        match self {
            Self::Ends(_) | Self::BadEndpoint { .. } | Self::Malformed { .. } => Fault::Usage,
            Self::Interrupted => Fault::Interrupted,
            _ => Fault::Machinery,
        }
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::BadEndpoint { hint, .. } => hint,
            Self::Machinery { .. } | Self::Interrupted => "`cargo xtask bisect --resume` goes on from here",
            Self::Ends(_) => "`cargo xtask bisect --help` shows what each kind of bisection goes between",
            Self::Malformed { .. } => {
                "begin the bisection anew: another version of the tool wrote this, or it was edited"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
