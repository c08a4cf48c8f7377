//! What can go wrong while packing a guest.

use std::io;
use std::path::PathBuf;

use fault::ToolError;
use host::{CacheError, ProcessError};

/// An image that could not be made: always the machine's fault, never the kernel's.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// A file for the guest is not there.
    #[error("{what} not found{}", looked(.at))]
    Missing {
        /// The file's or program's name, for the reader.
        what: &'static str,
        /// Name of the need: the Debian package that brings it.
        need: &'static str,
        /// Where it was looked for.
        at: Vec<PathBuf>,
    },
    /// A program would need libraries that the guest does not have.
    #[error("{} is not linked statically, and the guest has no libraries", .path.display())]
    NotStatic {
        /// The program.
        path: PathBuf,
        /// Which package brings a static one, in a sentence.
        hint: &'static str,
    },
    /// A program of this machine needs a library that is nowhere.
    #[error("{} needs the library {name}, which is not on this machine", .of.display())]
    NoLibrary {
        /// Its soname, as in `DT_NEEDED`.
        name: String,
        /// The program or library that needs it.
        of: PathBuf,
    },
    /// A path that an archive cannot hold, or that would leave its folder.
    #[error("`{path}` cannot be a path in the guest: {why}")]
    Path {
        /// The path as it was given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A process failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The folder in which short commands would run is gone.
    #[error(transparent)]
    Shell(#[from] xshell::Error),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ToolError for GuestError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Cache(error) => Some(error),
            Self::Process(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Missing { need, .. } => Some(format!("install the package {need}")),
            Self::NotStatic { hint, .. } => Some((*hint).to_owned()),
            Self::NoLibrary { name, .. } => {
                Some(format!("install the package that brings it: `apt-file search {name}` names it"))
            }
            Self::Shell(_) => Some("call the tool from a folder that exists".to_owned()),
            _ => None,
        }
    }
}

fn looked(at: &[PathBuf]) -> String {
    let places: Vec<_> = at.iter().map(|path| path.display().to_string()).collect();
    if places.is_empty() { String::new() } else { format!(" (looked at {})", places.join(", ")) }
}
