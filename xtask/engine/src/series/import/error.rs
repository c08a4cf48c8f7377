//! Why a series cannot be taken in.

use std::io;
use std::path::PathBuf;

use fault::{Fault, ToolError};
use host::ProcessError;
use specfile::SpecError;

use crate::series::mail::MailError;

/// Why a series cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A mail is none.
    #[error("{place} cannot be read")]
    Mail {
        /// The file, and the number of the mail in it.
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
    Mismatch {
        /// Subject and id.
        mail: String,
        /// What is wrong with it.
        why: String,
    },
    /// A diff is broken.
    #[error("{mail}: git cannot read its diff{}", .git.iter().map(|l| format!("\n  | {l}")).collect::<String>())]
    Corrupt {
        /// Subject and id.
        mail: String,
        /// git's words.
        git: Vec<String>,
    },
    /// A diff's names have no folder that `git am` could take off.
    #[error(
        "{mail}: its diff names {file} without a/ and b/, so that `git am` would look for it one folder up"
    )]
    WithoutPrefix {
        /// Subject and id.
        mail: String,
        /// The first file.
        file: String,
    },
    /// Several patches, and nothing says in which order.
    #[error("{} patches have no number in their subject, and the order of an mbox is none:{}", .patches.len(), .patches.iter().map(|p| format!("\n  {p}")).collect::<String>())]
    Unordered {
        /// Subject and id.
        patches: Vec<String>,
    },
    /// The series is there already.
    #[error("{}: {why}", .dir.display())]
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
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ToolError for ImportError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Mail { source, .. } => Some(source),
            Self::Spec(error) => Some(error),
            Self::Process(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::Nothing { .. } => {
                "`b4 mbox MESSAGE-ID` fetches a whole thread; a file of git format-patch will do too"
            }
            Self::Gap { .. } => {
                "`b4 mbox MESSAGE-ID` fetches the whole thread; or add the missing mails to the mailbox"
            }
            Self::Duplicate { .. } => "take one of the two out of the mailbox",
            Self::Mismatch { .. } => "take that mail out of the mailbox, or what it does not belong to",
            Self::Corrupt { .. } => {
                "a mailer has broken its lines; take the series from its archive, or as files of git format-patch"
            }
            Self::WithoutPrefix { .. } => {
                "make it again by `git format-patch` with `-c diff.noprefix=false`, and without --no-prefix"
            }
            Self::Unordered { .. } => {
                "number the subjects, as `git format-patch -n` does, or import a folder of files named 0001-… and so on"
            }
            Self::There { hint, .. } => hint,
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
