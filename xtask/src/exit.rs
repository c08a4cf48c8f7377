//! The one table of exit codes.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | all cases passed, or were skipped as declared |
//! | 1 | a case failed, crashed, timed out, was not reached or passed unexpectedly, or a splat appeared |
//! | 2 | bad usage or a bad input file |
//! | 3 | a series did not apply, or a kernel did not build |
//! | 4 | infrastructure: something is missing or broke, or nothing was run |
//! | 125 | `bisect-run`: this commit cannot be judged; git skips it |
//! | 128 | `bisect-run`: the machinery failed; git stops |
//! | 130 | interrupted |

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;

use coverage::CoverageError;
use cxl_topology::{Lacking, TopologyError};
use engine::bisect::BisectError;
use engine::judge::ExpectError;
use engine::run::RunError;
use engine::series::coverage::GatherError;
use engine::series::edit::EditError;
use engine::series::import::ImportError;
use engine::series::mail::MailError;
use engine::series::mutate::MutateError;
use engine::series::overlay::OverlayError;
use engine::series::range::RangeError;
use fault::{Fault, ToolError};
use host::setup::SetupError;
use host::{AptError, CacheError, ProcessError, signals};
use kbuild::{BuildError, FragmentError, SymbolError};
use kernlog::Verdict;
use report::{FolderError, MergeError, ResumeError, StoreError, StoredError};
use source::{Conflict, OwnTreeError, SourceError};
use spec::FilterError;
use spec::version::VersionError;
use specfile::SpecError;
use vm::VmError;

/// How the tool ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0.
    Success,
    /// 1.
    Red,
    /// 2.
    Usage,
    /// 3.
    Unbuilt,
    /// 4.
    Infrastructure,
    /// 125, to `git bisect run`: this commit cannot be judged.
    BisectSkip,
    /// 128, to `git bisect run`: stop.
    BisectStop,
    /// 130.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Red => 1,
            Exit::Usage => 2,
            Exit::Unbuilt => 3,
            Exit::Infrastructure => 4,
            Exit::BisectSkip => 125,
            Exit::BisectStop => 128,
            Exit::Interrupted => 130,
        })
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Success,
            Verdict::Fail => Self::Red,
            Verdict::Unbuilt => Self::Unbuilt,
            // No case passed: that nothing failed either must not look like success.
            Verdict::Skip | Verdict::Infrastructure => Self::Infrastructure,
        }
    }
}

impl From<Fault> for Exit {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Usage => Self::Usage,
            Fault::Kernel => Self::Unbuilt,
            Fault::Machinery => Self::Infrastructure,
            Fault::Interrupted => Self::Interrupted,
        }
    }
}

impl From<&anyhow::Error> for Exit {
    /// The first error of the chain that names whose fault it is decides; one that blames the machinery leaves it to its causes.
    fn from(error: &anyhow::Error) -> Self {
        let faults = || error.chain().filter_map(tool_error).map(ToolError::fault);
        if signals::requested() || faults().any(|fault| fault == Fault::Interrupted) {
            return Self::Interrupted;
        }
        faults().find(|fault| *fault != Fault::Machinery).unwrap_or(Fault::Machinery).into()
    }
}

/// Defines `tool_error()`, which is the one place where an error of the tool is distinguished from any other.
macro_rules! tool_errors {
    ($($error:ty),* $(,)?) => {
        /// The error as one of the tool's own, where it is one.
        pub fn tool_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a dyn ToolError> {
            None$(.or_else(|| cause.downcast_ref::<$error>().map(|error| error as &dyn ToolError)))*
        }
    };
}

tool_errors! {
    io::Error, AptError, BisectError, BuildError, CacheError, Conflict, CoverageError, EditError, ExpectError, FilterError, FolderError, FragmentError, GatherError,
    ImportError, Lacking, MailError, MergeError, Missing, MutateError, OverlayError, OwnTreeError, ProcessError, RangeError, ResumeError, RunError, SetupError,
    SourceError, SpecError, StoreError, StoredError, SymbolError, TopologyError, Usage, VersionError, VmError,
}

/// This machine lacks what a subcommand needs.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Missing {
    /// What is missing.
    pub message: String,
    /// What installs it, where that is known.
    pub hint: Option<String>,
}

impl ToolError for Missing {
    fn own_hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// The command line asks for something that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Usage {
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
}

impl ToolError for Usage {
    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// So many names are shown where one is not known: beyond that, a list helps nobody.
const SHOWN: usize = 50;

impl Usage {
    /// A file that the command line names, and that cannot be read or written: the user's fault, unless the machine fails.
    pub fn of_file(doing: &str, file: &Path, error: io::Error) -> anyhow::Error {
        let at_fault = [
            ErrorKind::NotFound,
            ErrorKind::PermissionDenied,
            ErrorKind::IsADirectory,
            ErrorKind::NotADirectory,
            ErrorKind::InvalidData,
        ];
        let message = format!("cannot {doing} {}", file.display());
        if at_fault.contains(&error.kind()) {
            let hint = error.hint();
            return Self { message: format!("{message}: {error}"), hint }.into();
        }
        anyhow::Error::new(error).context(message)
    }

    /// An unknown name, with the nearest known one.
    pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        let hint = specfile::did_you_mean(name, known.clone())
            .map_or_else(|| listed(&known.collect::<Vec<_>>()), |near| format!("did you mean '{near}'?"));
        Self { message: format!("there is no {what} '{name}'"), hint: Some(hint) }
    }
}

fn listed(known: &[&str]) -> String {
    let shown = known[..known.len().min(SHOWN)].join(", ");
    match known.len().saturating_sub(SHOWN) {
        0 => format!("known: {shown}"),
        more => format!("known: {shown} and {more} others"),
    }
}

#[cfg(test)]
mod tests;
