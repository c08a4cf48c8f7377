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

use std::process::ExitCode;

use cxl_topology::TopologyError;
use engine::bisect::BisectError;
use engine::run::RunError;
use engine::series::import::ImportError;
use engine::series::mail::MailError;
use engine::series::range::RangeError;
use host::{ProcessError, interrupt};
use kernlog::Verdict;
use report::{FolderError, MergeError, StoredError};
use source::SourceError;
use specfile::SpecError;

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

impl From<&anyhow::Error> for Exit {
    /// Looks through the chain for the error that decides.
    fn from(error: &anyhow::Error) -> Self {
        let interrupted = |e: &(dyn std::error::Error + 'static)| {
            matches!(e.downcast_ref::<ProcessError>(), Some(ProcessError::Interrupted))
        };
        if interrupt::requested() || error.chain().any(interrupted) {
            return Self::Interrupted;
        }
        for cause in error.chain() {
            if cause.is::<SpecError>()
                || cause.is::<TopologyError>()
                || cause.is::<Usage>()
                || is_of_results(cause)
                || cause.is::<MailError>()
                || matches!(cause.downcast_ref::<ImportError>(), Some(error) if error.is_usage())
                || matches!(cause.downcast_ref::<RangeError>(), Some(error) if error.is_usage())
            {
                return Self::Usage;
            }
            if matches!(cause.downcast_ref::<SourceError>(), Some(error) if error.is_series_failure()) {
                return Self::Unbuilt;
            }
            if matches!(cause.downcast_ref::<BisectError>(), Some(error) if error.is_usage()) {
                return Self::Usage;
            }
            if let Some(error) = cause.downcast_ref::<RunError>() {
                return match error {
                    error if error.is_usage() => Self::Usage,
                    error if error.is_kernel_failure() => Self::Unbuilt,
                    _ => Self::Infrastructure,
                };
            }
        }
        Self::Infrastructure
    }
}

/// Whether a run was named that is not there or cannot be read. That a file cannot be read for other reasons is no fault of
/// who named it.
fn is_of_results(cause: &(dyn std::error::Error + 'static)) -> bool {
    matches!(cause.downcast_ref::<MergeError>(), Some(MergeError::Overlap { .. } | MergeError::Running(_)))
        || matches!(cause.downcast_ref::<FolderError>(), Some(error) if error.is_usage())
        || matches!(cause.downcast_ref::<StoredError>(), Some(error) if !matches!(error, StoredError::Io { .. }))
}

/// The command line asks for something that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{message}{}", .hint.as_deref().map(|h| format!("\nhint: {h}")).unwrap_or_default())]
pub struct Usage {
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
}

impl Usage {
    /// An unknown name, with the nearest known one.
    pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        let hint = match specfile::did_you_mean(name, known.clone()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
        };
        Self { message: format!("there is no {what} '{name}'"), hint: Some(hint) }
    }
}
