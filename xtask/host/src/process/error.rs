//! How a process ended, and what the error of one that did not end well shows.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;
use std::{fmt, io};

use fault::{Fault, ToolError};

use crate::confine::Broken;

/// How a process ended; signals by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub(super) ExitStatus);

impl Status {
    /// Exited with 0.
    pub fn success(self) -> bool {
        self.0.success()
    }

    /// Exit code; none when a signal ended it.
    pub fn code(self) -> Option<i32> {
        self.0.code()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code(), self.0.signal()) {
            (Some(code), _) => write!(f, "exit status {code}"),
            (None, Some(number)) => match signal_hook::low_level::signal_name(number) {
                Some(name) => write!(f, "{name}"),
                None => write!(f, "signal {number}"),
            },
            (None, None) => write!(f, "{}", self.0),
        }
    }
}

/// A process that could not be started or did not end well. Shows all that is needed to try it by hand.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started at all.
    #[error("cannot start {program}\n  command: {command}")]
    Start {
        /// The program.
        program: String,
        /// Ready to paste.
        command: String,
        /// The error of the system.
        source: io::Error,
    },
    /// It failed.
    #[error("{program} ended with {status}{}", details(.command, .tail, .log.as_deref()))]
    Failed {
        /// The program.
        program: String,
        /// Ready to paste.
        command: String,
        /// How it ended.
        status: Status,
        /// Its last lines.
        tail: Vec<String>,
        /// Where all of its lines are.
        log: Option<PathBuf>,
    },
    /// It was still running at its deadline, and killed.
    #[error("{program} was killed at its deadline of {} s{}", .deadline.as_secs_f32(), details(.command, .tail, .log.as_deref()))]
    Deadline {
        /// The program.
        program: String,
        /// Ready to paste.
        command: String,
        /// The deadline.
        deadline: Duration,
        /// Its last lines.
        tail: Vec<String>,
        /// Where all of its lines are.
        log: Option<PathBuf>,
    },
    /// It went beyond a limit of its box, and was killed.
    #[error("{program} was ended: {broken}\n  command: {command}")]
    Limit {
        /// The program.
        program: String,
        /// Ready to paste.
        command: String,
        /// Which one.
        broken: Broken,
    },
    /// The user interrupted.
    #[error("interrupted")]
    Interrupted,
    /// Its log could not be written, its input not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn details(command: &str, tail: &[String], log: Option<&Path>) -> String {
    let mut text = format!("\n  command: {command}");
    for line in tail {
        text.push_str("\n  | ");
        text.push_str(line);
    }
    if let Some(log) = log {
        text.push_str(&format!("\n  log: {}", log.display()));
    }
    text
}

impl ToolError for ProcessError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        match self {
            Self::Interrupted => Fault::Interrupted,
            _ => Fault::Machinery,
        }
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("`cargo xtask doctor` shows what is missing, and how to get it".to_owned())
            }
            Self::Start { source, .. } => source.hint(),
            Self::Limit { .. } => {
                Some("look at what it runs: a box has room for any build; --box off has no limits".to_owned())
            }
            _ => None,
        }
    }
}
