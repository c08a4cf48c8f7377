//! What can go wrong between a kernel's name and its tree.

use std::fmt::{self, Write as _};
use std::io;
use std::path::PathBuf;

use serde::Serialize;

use fault::{Fault, ToolError};
use host::{AptError, CacheError, ProcessError};
use spec::KernelVersion;
use spec::version::VersionError;

/// A kernel's tree that is not available.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// None of the kernel's sources worked.
    #[error("no source of kernel {kernel} is available{}", tried_lines(.tried))]
    Unavailable {
        /// The kernel.
        kernel: String,
        /// Each source, and why not.
        tried: Vec<String>,
    },
    /// What was found is not the source of a kernel.
    #[error("this is not the source of a kernel: {why}")]
    NotAKernel {
        /// What is missing.
        why: String,
    },
    /// A patch does not apply.
    #[error(transparent)]
    Conflict(#[from] Box<Conflict>),
    /// A series has no patches for this kernel.
    #[error("series {series} has no patches for {kernel}, only for {written_for}")]
    NoPatches {
        /// The series.
        series: String,
        /// Its `series.yaml`.
        file: PathBuf,
        /// The kernel, with its version.
        kernel: String,
        /// The ranges that it has patches for.
        written_for: String,
    },
    /// A series is only declared, and its patches were not fetched.
    #[error("the patches of series {series} are not here")]
    NotFetched {
        /// The series.
        series: String,
    },
    /// A series that another one needs is not applied before it.
    #[error("series {series} requires {requires}, which kernel {kernel} does not have before it")]
    Requires {
        /// The series.
        series: String,
        /// The one that it needs.
        requires: String,
        /// The kernel.
        kernel: String,
    },
    /// An archive is not the one that was meant.
    #[error("{} has sha256 {found}, wanted {wanted}", .file.display())]
    Checksum {
        /// The archive.
        file: PathBuf,
        /// What `sha256` says.
        wanted: String,
        /// What it has.
        found: String,
    },
    /// A program that an archive needs is not there.
    #[error("{what}")]
    MissingProgram {
        /// The archive and the program.
        what: String,
        /// The way out.
        hint: String,
    },
    /// It would have to be fetched or read, and nothing is fetched now.
    #[error("{what} is not in the cache")]
    NotCached {
        /// The package, commit, archive or folder.
        what: String,
    },
    /// Something else about a source, in words that say it all.
    #[error("{0}")]
    Other(String),
    /// A file or folder.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// apt.
    #[error(transparent)]
    Apt(#[from] AptError),
    /// git, tar or another tool.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// A patch that does not apply.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} of series {series} does not apply to {kernel} ({version}){}",
    .patch.display(), conflict_details(self)
)]
pub struct Conflict {
    /// The series.
    pub series: String,
    /// The patch.
    pub patch: PathBuf,
    /// Its subject.
    pub subject: String,
    /// The kernel.
    pub kernel: String,
    /// Its version.
    pub version: KernelVersion,
    /// The hunks that conflict, by file and line.
    pub places: Vec<Place>,
    /// git's own words.
    pub git: Vec<String>,
    /// The same by hand, ready to paste.
    pub command: String,
}

/// A place where a patch does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// File in the kernel's tree.
    pub file: String,
    /// The hunk: its number within the file's part of the patch, from 1, and its `@@` line.
    pub hunk: Option<(usize, String)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hunk {
            Some((number, line)) => write!(f, "{}: hunk {number}: {line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

impl SourceError {
    /// Whether the user interrupted: then no other source is tried.
    pub fn is_interrupt(&self) -> bool {
        self.fault() == Fault::Interrupted
    }
}

impl From<VersionError> for SourceError {
    fn from(error: VersionError) -> Self {
        Self::NotAKernel { why: error.to_string() }
    }
}

fn tried_lines(tried: &[String]) -> String {
    let mut text = String::new();
    for one in tried {
        let _ = write!(text, "\n  {}", one.replace('\n', "\n  "));
    }
    text
}

fn conflict_details(conflict: &Conflict) -> String {
    let mut text = format!("\n  subject: {}", conflict.subject);
    for place in &conflict.places {
        let _ = write!(text, "\n  {place}");
    }
    for line in &conflict.git {
        let _ = write!(text, "\n  | {line}");
    }
    let _ = write!(text, "\n  command: {}", conflict.command);
    text
}

impl ToolError for SourceError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Conflict(error) => Some(&**error),
            Self::Cache(error) => Some(error),
            Self::Apt(error) => Some(error),
            Self::Process(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        match self {
            Self::NoPatches { .. } | Self::Requires { .. } => Fault::Kernel,
            _ => Fault::Machinery,
        }
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Unavailable { .. } => Some(
                "name another source: for it in patchbench.local.yaml, or try a tree of your own with --linux DIR"
                    .to_owned(),
            ),
            Self::NoPatches { file, .. } => Some(format!(
                "add patches for it under variants: in {}, or leave the series out of this kernel",
                file.display()
            )),
            Self::NotFetched { series } => Some(format!("cargo xtask series fetch {series}")),
            Self::Requires { series, requires, .. } => Some(format!("series: [{requires}, {series}]")),
            Self::Checksum { .. } => {
                Some("fetch it again, or correct `sha256:` if another archive is meant".to_owned())
            }
            Self::MissingProgram { hint, .. } => Some(hint.clone()),
            Self::NotCached { .. } => Some("`cargo xtask build` brings it".to_owned()),
            _ => None,
        }
    }
}

impl ToolError for Conflict {
    fn own_fault(&self) -> Fault {
        Fault::Kernel
    }

    fn own_hint(&self) -> Option<String> {
        Some("rebase the series on this kernel, or give it patches of its own under variants:".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_wraps_says_whose_fault_it_is_and_what_to_do() {
        let full = || CacheError::from(io::Error::from(io::ErrorKind::StorageFull));
        let hint = Some("make room, or keep the cache elsewhere with --cache-dir DIR".to_owned());
        for error in [SourceError::from(full()), AptError::from(full()).into()] {
            assert_eq!((error.fault(), error.hint()), (Fault::Machinery, hint.clone()), "{error:?}");
        }
        let waited = || CacheError::Interrupted(PathBuf::from("/cache/x"));
        let interrupted = [
            SourceError::from(waited()),
            AptError::from(waited()).into(),
            ProcessError::Interrupted.into(),
            AptError::from(ProcessError::Interrupted).into(),
        ];
        for error in interrupted {
            assert!(error.is_interrupt() && error.fault() == Fault::Interrupted, "{error:?}");
        }
    }
}
