//! The process that works on a folder.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::text::one_line;

/// The file that is locked, and names the owner. It stays when the lock is given back.
pub(super) const LOCK: &str = "lock";

/// The process that works on a folder, as it has written into the locked file: its id and its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockOwner(Option<(u32, String)>);

impl LockOwner {
    /// Of the folder `dir`.
    pub(crate) fn of(dir: &Path) -> Self {
        let text = fs::read_to_string(dir.join(LOCK)).unwrap_or_default();
        let parts = text.trim_end().split_once('\n');
        Self(parts.and_then(|(pid, command)| Some((pid.parse().ok()?, one_line(command)))))
    }

    /// Its id, or `PID` where it has not written it yet.
    pub fn pid(&self) -> String {
        self.0.as_ref().map_or_else(|| "PID".to_owned(), |(pid, _)| pid.to_string())
    }
}

impl fmt::Display for LockOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((pid, command)) => write!(f, "process {pid}: {command}"),
            None => f.write_str("another process"),
        }
    }
}
