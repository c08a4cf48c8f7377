//! What a process printed.

use std::time::Duration;

use super::error::Status;
use crate::confine::Broken;

/// Is called for each line of output.
pub(super) type OnLine = Box<dyn FnMut(&str) + Send>;

/// A finished process.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub status: Status,
    /// Standard output, whole.
    pub stdout: Vec<u8>,
    /// The last lines of stdout and stderr together.
    pub tail: Vec<String>,
    /// Wall time.
    pub took: Duration,
    /// The limit of its box that it went beyond, for which it was killed.
    pub broken: Option<Broken>,
}

impl Output {
    /// Standard output as text, without the last line end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end_matches('\n').to_owned()
    }
}
