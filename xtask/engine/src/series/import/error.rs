//! Why a series cannot be taken in.

use std::io;
use std::path::{Path, PathBuf};

use fault::{Fault, ToolError};
use host::ProcessError;
use specfile::SpecError;

use crate::series::mail::MailError;

/// Why a series cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A mail is none.
    #[error("{place}: {source}")]
    Mail {
        /// Which.
        place: String,
        /// What is wrong.
        source: MailError,
    },
    /// There is nothing to take.
    #[error("no patch in {mails} mails: none has both [PATCH …] in its subject and a diff{}", .seen.iter().map(|s| format!("\n  {s}")).collect::<String>())]
    Nothing {
        /// How many mails there are.
        mails: usize,
        /// What is there, where that is another version.
        seen: Vec<String>,
    },
    /// Patches are missing.
    #[error("{} {}: the series counts to {total}, and there {} {}", .missing.join(", "), if .missing.len() == 1 { "is missing" } else { "are missing" }, if .found == &1 { "is" } else { "are" }, .found)]
    Gap {
        /// As `[PATCH v2 3/9]`.
        missing: Vec<String>,
        /// How many there should be.
        total: usize,
        /// How many there are.
        found: usize,
    },
    /// Two mails claim one place.
    #[error("two mails are one patch:\n  {first}\n  {second}")]
    Duplicate {
        /// Subject and id.
        first: String,
        /// Subject and id.
        second: String,
    },
    /// A mail does not fit the others.
    #[error("{mail}: {why}")]
    Unfit {
        /// Subject and id.
        mail: String,
        /// What is wrong with it.
        why: String,
    },
    /// A diff is broken.
    #[error("{mail}: git cannot read its diff{}\nhint: a mailer has broken its lines; take the series from its archive, or as files of git format-patch", .git.iter().map(|l| format!("\n  | {l}")).collect::<String>())]
    Corrupt {
        /// Subject and id.
        mail: String,
        /// git's words.
        git: Vec<String>,
    },
    /// The series is there already.
    #[error("{}: {why}\nhint: {hint}", .dir.display())]
    There {
        /// Its folder.
        dir: PathBuf,
        /// In which way.
        why: String,
        /// The way out.
        hint: String,
    },
    /// What would be written cannot be read as a series.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// git cannot be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file or folder.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// In the gerund: "reading".
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ImportError {
    pub(in crate::series) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

impl ToolError for ImportError {
    fn fault(&self) -> Fault {
        match self {
            Self::Process(_) | Self::Io { .. } => Fault::Machinery,
            _ => Fault::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Spec(error) => error.hint(),
            _ => None,
        }
    }
}
