//! What can go wrong between a guest's counters and a line of a patch.

use std::io;
use std::path::PathBuf;

use fault::{Fault, ToolError};
use host::ProcessError;

/// Counters that cannot be read, or are none of the kernel that was meant.
#[derive(Debug, thiserror::Error)]
pub enum CoverageError {
    /// gcov cannot read the data of an object, or finds it to be of another build.
    #[error("gcov cannot use what was counted in {object}: {why}")]
    Foreign {
        /// The object, as the guest names it.
        object: String,
        /// gcov's words.
        why: String,
    },
    /// The guest has sent counters of an object that the build has no notes of.
    #[error("the guest counts in {object}, which its build does not know")]
    Unknown {
        /// The object, as the guest names it.
        object: String,
    },
    /// The build has no notes at all.
    #[error("there are no notes of a compiler in {}", .0.display())]
    NoNotes(PathBuf),
    /// What gcov prints is not what it prints elsewhere.
    #[error("gcov's JSON cannot be read")]
    Json(#[from] serde_json::Error),
    /// gcov cannot be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ToolError for CoverageError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Process(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Machinery
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::Foreign { .. } => {
                "the guest ran another build than this one, or gcov is not that of the gcc that built it: compare `gcov --version`"
            }
            Self::Unknown { .. } => "the guest ran another build than this one: run it again",
            Self::NoNotes(_) => {
                "build it anew: `cargo xtask build --flavour coverage`; nothing is counted where no series touches a source"
            }
            Self::Json(_) => "compare `gcov --version` with `gcc --version`; gcc 9 and later print JSON",
            Self::Process(_) | Self::Io(_) => return None,
        };
        Some(hint.to_owned())
    }
}
