//! What ends a bisection without an answer.

use std::path::{Path, PathBuf};

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
    #[error("{message}\nhint: {hint}")]
    BadEndpoint {
        /// The end, and what is wrong with it.
        message: String,
        /// The way out.
        hint: String,
    },
    /// The machinery failed at a step: which is no result of it.
    #[error("no word about {step}: {why}\nhint: `cargo xtask bisect --resume` goes on from here")]
    Machinery {
        /// The step.
        step: String,
        /// What happened.
        why: String,
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
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// In the gerund: `reading`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system reports.
        source: std::io::Error,
    },
    /// The user interrupted.
    #[error("interrupted; `cargo xtask bisect --resume` goes on from here")]
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

/// For `map_err`: names what was done to which file.
pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BisectError {
    let path = path.to_owned();
    move |source| BisectError::Io { doing, path, source }
}

impl From<RunError> for BisectError {
    fn from(error: RunError) -> Self {
        Self::Run(Box::new(error))
    }
}

impl ToolError for BisectError {
    fn fault(&self) -> Fault {
        match self {
            Self::Ends(_)
            | Self::BadEndpoint { .. }
            | Self::Malformed { .. }
            | Self::Spec(_)
            | Self::History(HistoryError::Ends { .. }) => Fault::Usage,
            Self::Run(error) => error.fault(),
            Self::Folder(error) => error.fault(),
            Self::Source(error) => error.fault(),
            Self::Build(error) => error.fault(),
            Self::Stored(error) => error.fault(),
            Self::Interrupted => Fault::Interrupted,
            _ => Fault::Machinery,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Spec(error) => error.hint(),
            Self::Run(error) => error.hint(),
            Self::Source(error) => error.hint(),
            Self::Build(error) => error.hint(),
            Self::Cache(error) => error.hint(),
            _ => None,
        }
    }
}
