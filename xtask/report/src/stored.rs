//! A run that was kept, read back: `run.json`, `events.jsonl`, and where the rest lies.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::File;
use serde::{Deserialize, Serialize};

use event::{CellId, Stamped};
use fault::{Fault, ToolError};

use super::folder::is_locked;
use super::layout::{self, EVENTS, RUN, VERSION};
use super::summary::Summary;

/// A run's folder that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// There is no `run.json`.
    #[error("{} is no run: it has no run.json", .0.display())]
    NoRun(PathBuf),
    /// A file of it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What it holds is not what the tool writes.
    #[error("{}: {message}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Field, line and column.
        message: String,
    },
    /// Another version of the tool wrote it.
    #[error("{} has format {found}, and this version of the tool reads {VERSION}", .path.display())]
    Format {
        /// Its `run.json`.
        path: PathBuf,
        /// The version in it.
        found: u32,
    },
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// To its end.
    Complete,
    /// A process is at it.
    Running,
    /// It was killed, or the machine died: what it had finished is there.
    Incomplete,
}

/// A run's folder with the content of its `run.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The folder.
    pub dir: PathBuf,
    /// The run, as far as it came.
    pub summary: Summary,
    /// The resolved specification, versions and hashes of all inputs.
    pub resolved: serde_json::Value,
}

/// What is read before all else.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct RunFile {
    #[serde(flatten)]
    summary: Summary,
    #[serde(default)]
    resolved: serde_json::Value,
}

impl Stored {
    /// Reads the run in this folder.
    ///
    /// # Errors
    /// [`StoredError`]: it is no run, or one that this version cannot read.
    pub fn load(dir: &Path) -> Result<Self, StoredError> {
        let path = dir.join(RUN);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoredError::NoRun(dir.to_owned()));
            }
            read => read?,
        };
        let malformed = |error: serde_json::Error| StoredError::Malformed {
            path: path.clone(),
            message: error.to_string(),
        };
        let Version { format } = serde_json::from_str(&text).map_err(malformed)?;
        if format != VERSION {
            return Err(StoredError::Format { path, found: format });
        }
        let RunFile { mut summary, resolved } = serde_json::from_str(&text).map_err(malformed)?;
        if !summary.complete {
            summary.seconds.total = last_time(dir).unwrap_or(summary.seconds.total);
        }
        Ok(Self { dir: dir.to_owned(), summary, resolved })
    }

    /// The run as far as its events go. That is further than `run.json` where a cell was cut short: that file is written
    /// when a cell is finished.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub fn up_to_date(mut self) -> Result<Self, StoredError> {
        if !self.summary.complete {
            let seconds = self.summary.seconds.total;
            let mut summary = Summary::default();
            for stamped in self.events()? {
                summary.take(&stamped.event);
            }
            summary.seconds.total = seconds;
            self.summary = summary;
        }
        Ok(self)
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        if self.summary.complete {
            Progress::Complete
        } else if is_locked(&self.dir) {
            Progress::Running
        } else {
            Progress::Incomplete
        }
    }

    /// Its verdict in words, or that it has none yet.
    pub fn word(&self) -> &'static str {
        match (self.summary.verdict, self.progress()) {
            (_, Progress::Running) => "running",
            (_, Progress::Incomplete) => "incomplete",
            (Some(_), Progress::Complete) if self.summary.only_interrupted() => "interrupted",
            (Some(verdict), Progress::Complete) => verdict.word(),
            (None, Progress::Complete) => "none",
        }
    }

    /// Its events. A killed run may have half an event at the end, which is left out.
    ///
    /// # Errors
    /// [`StoredError`] naming file and line.
    pub fn events(&self) -> Result<Vec<Stamped>, StoredError> {
        let path = self.dir.join(EVENTS);
        let mut lines = BufReader::new(File::open(&path)?);
        let (mut events, mut line) = (Vec::new(), Vec::new());
        while lines.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            events.push(serde_json::from_slice(&line).map_err(|error| StoredError::Malformed {
                path: path.clone(),
                message: format!("line {}: {error}", events.len() + 1),
            })?);
            line.clear();
        }
        Ok(events)
    }

    /// The folder of a cell, be it there or not.
    pub fn cell_dir(&self, cell: &CellId) -> PathBuf {
        layout::cell_dir(&self.dir, cell)
    }

    /// The folders of a cell's boots, in order; those that QEMU spoiled are beside them and not among them.
    pub fn boots(&self, cell: &CellId) -> Vec<PathBuf> {
        let number = |path: &PathBuf| -> Option<u32> {
            path.file_name()?.to_str()?.strip_prefix("boot").and_then(|number| number.parse().ok())
        };
        let entries = fs::read_dir(self.cell_dir(cell)).into_iter().flatten().filter_map(Result::ok);
        let mut boots: Vec<_> =
            entries.map(|entry| entry.path()).filter_map(|path| Some((number(&path)?, path))).collect();
        boots.sort();
        boots.into_iter().map(|(_, path)| path).collect()
    }
}

/// Time of the last event, in seconds since the start.
fn last_time(dir: &Path) -> Option<f64> {
    /// More than any event that is written at the end of something.
    const TAIL: u64 = 1 << 16;
    let mut file = File::open(dir.join(EVENTS)).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let at = |line: &[u8]| serde_json::from_slice::<Stamped>(line).ok().map(|stamped| stamped.at);
    bytes.split(|byte| *byte == b'\n').rev().find_map(at)
}

impl ToolError for StoredError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            // That a file cannot be read is no fault of who named the run.
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRun(_) => "`cargo xtask results list` has the runs that are there",
            Self::Malformed { .. } => "the file is damaged: `cargo xtask results rm RUN` removes the run",
            Self::Format { found, .. } if *found > VERSION => {
                "read it with the tool that wrote it, or a newer one"
            }
            Self::Format { .. } => "run it again",
            Self::Io(_) => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests;
