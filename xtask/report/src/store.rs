//! A run's folder under `results/`. Its contents are described in `results/README.md`.
//!
//! Events are written as they come, the summary is replaced as a whole after each cell: a killed run leaves a
//! folder that can be read, marked as incomplete.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_err as fs;
use fs_err::File;

use event::{CellId, Event, Sink};
use fault::ToolError;
use kernlog::Verdict;

use super::command::command_line;
use super::folder::{Folder, FolderError, Folders, Lock};
use super::formats::{Alone, FORMATS, JsonLines, Kept};
use super::layout::{self, EVENTS};
use super::stored::Stored;
use super::summary::Summary;

/// Something in the results folder could not be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The run's folder cannot be made or locked.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file in it cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ToolError for StoreError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Folder(error) => Some(error),
            Self::Io(error) => Some(error),
        }
    }
}

/// A run's folder, and the sink that fills it.
pub struct Store {
    events: JsonLines<File>,
    inner: Mutex<Inner>,
    id: String,
    dir: PathBuf,
    time: String,
    /// Seconds that the run had taken when it was resumed; 0 for a new one.
    earlier: f64,
    /// Until the process ends, however it does: by that others see that the run goes on.
    _lock: Lock,
}

/// The run as it grows with each event.
struct Inner {
    run: Stored,
    error: Option<StoreError>,
}

impl Store {
    /// Makes a new run folder in `results`, and points `latest` at it. `resolved` is what the caller wants
    /// kept of the resolved specification and of the versions and hashes of all inputs.
    ///
    /// # Errors
    /// [`StoreError`] naming the file.
    pub fn create(results: &Path, resolved: serde_json::Value) -> Result<Self, StoreError> {
        let (Folder { id, dir, time, .. }, lock) = Folders::of_runs(results).create(&command_line())?;
        let path = dir.join(EVENTS);
        let events = File::create_new(&path)?;
        let time = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let run = Stored { dir, summary: Summary { id, time, ..Summary::default() }, resolved };
        Ok(Self::of(run, JsonLines::new(events), 0.0, lock))
    }

    /// The store of a run that has a folder and was begun these seconds ago.
    pub(super) fn of(run: Stored, events: JsonLines<File>, earlier: f64, lock: Lock) -> Self {
        let Stored { dir, summary: Summary { id, time, .. }, .. } = run.clone();
        let inner = Mutex::new(Inner { run, error: None });
        Self { events, inner, id, dir, time, earlier, _lock: lock }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Name of the folder: time and a short id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Start of the run: UTC, RFC 3339.
    pub fn time(&self) -> &str {
        &self.time
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Seconds that the run had taken when it was resumed; 0 for a new one.
    pub fn earlier(&self) -> f64 {
        self.earlier
    }

    /// The run's first event.
    pub fn started(&self, command: String, cells: Vec<CellId>) -> Event {
        let (id, time) = (self.id.clone(), self.time.clone());
        Event::RunStarted { id, time, command, version: env!("CARGO_PKG_VERSION").to_owned(), cells }
    }

    /// The run as far as it has come.
    pub fn summary(&self) -> Summary {
        self.inner().run.summary.clone()
    }

    /// The verdicts of the cells that are done.
    pub fn verdicts(&self) -> Vec<Verdict> {
        self.inner().run.summary.cells.iter().filter_map(|cell| cell.verdict).collect()
    }

    /// What was resolved under this key, now or before the run was resumed.
    pub fn resolved(&self, key: &str) -> Option<serde_json::Value> {
        self.inner().run.resolved.get(key).cloned()
    }

    /// The folder of a cell, made if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] naming the folder.
    pub fn cell_dir(&self, cell: &CellId) -> Result<PathBuf, StoreError> {
        let path = layout::cell_dir(&self.dir, cell);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Keeps what was resolved later than the start, in `run.json`'s `resolved` under this key.
    pub fn resolve(&self, key: &str, value: serde_json::Value) {
        let mut inner = self.inner();
        if !inner.run.resolved.is_object() {
            inner.run.resolved = serde_json::json!({});
        }
        inner.run.resolved[key] = value;
    }

    /// The first error while events were written, once: results that could not be kept are an error of the
    /// infrastructure.
    pub fn take_error(&self) -> Option<StoreError> {
        let events = self.events.take_error().map(StoreError::Io);
        self.inner().error.take().or(events)
    }
}

impl Sink for Store {
    fn emit(&self, event: &Event) {
        self.events.emit(event);
        self.take(event);
    }
}

impl Store {
    /// Takes an event of an earlier run, that happened then.
    pub(super) fn emit_at(&self, at: f64, event: &Event) {
        self.events.emit_at(at, event);
        self.take(event);
    }

    fn take(&self, event: &Event) {
        let mut inner = self.inner();
        inner.run.summary.take(event);
        let end = matches!(event, Event::RunFinished { .. });
        if end || matches!(event, Event::RunStarted { .. } | Event::CellFinished { .. }) {
            let written = write_kept(&inner.run, end);
            if inner.error.is_none() {
                inner.error = written.err();
            }
        }
    }
}

/// Writes what the folder has of the run by now, in every format that it keeps.
fn write_kept(run: &Stored, is_end: bool) -> Result<(), StoreError> {
    for format in FORMATS {
        match format.kept {
            Kept::AtEnd(file) if is_end => replace(&run.dir, file, (format.write)(run, &Alone))?,
            Kept::EachCell(file) => replace(&run.dir, file, (format.write)(run, &Alone))?,
            _ => {}
        }
    }
    Ok(())
}

/// Replaces a file as a whole: no reader sees half of it.
fn replace<E>(dir: &Path, name: &str, bytes: Result<Vec<u8>, E>) -> Result<(), StoreError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let (path, new) = (dir.join(name), dir.join(format!(".{name}.new")));
    let failed =
        |error: E| io::Error::other(format!("writing {}: {}", path.display(), fault::one_line(&error)));
    fs::write(&new, bytes.map_err(failed)?)?;
    Ok(fs::rename(&new, &path)?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{events, hostile_cell};
    use super::*;

    #[test]
    fn a_run_folder_is_complete_at_the_end() {
        let results = tempfile::tempdir().expect("a folder");
        let store = Store::create(results.path(), serde_json::json!({ "kernel": "lts" })).expect("a store");
        for event in events() {
            store.emit(&event);
        }
        assert!(store.take_error().is_none());
        let mut names: Vec<_> = fs::read_dir(store.dir())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, ["events.jsonl", "junit.xml", "lock", "run.json", "run.ktap"]);
        let latest = fs::read_link(results.path().join("latest")).expect("latest");
        assert_eq!(latest, Path::new(store.id()));
        let lines = fs::read_to_string(store.dir().join("events.jsonl")).expect("events");
        let back: Vec<Event> = lines
            .lines()
            .map(|line| serde_json::from_str::<event::Stamped>(line).expect("an event").event)
            .collect();
        assert_eq!(back, events());
    }

    #[test]
    fn a_killed_run_can_be_read_and_says_that_it_is_incomplete() {
        let results = tempfile::tempdir().expect("a folder");
        let store = Store::create(results.path(), serde_json::Value::Null).expect("a store");
        let last = events().iter().position(|e| matches!(e, Event::CellFinished { .. })).expect("a cell");
        for event in &events()[..=last] {
            store.emit(event);
        }
        let run = fs::read_to_string(store.dir().join("run.json")).expect("run.json");
        let run: serde_json::Value = serde_json::from_str(&run).expect("JSON");
        assert_eq!(run["format"], layout::VERSION);
        assert_eq!(run["complete"], false);
        assert_eq!(run["cells"][0]["verdict"], "fail");
        assert!(run["cells"][1]["verdict"].is_null());
    }

    #[test]
    fn a_cell_has_its_folder_within_the_run_whatever_its_name() {
        let results = tempfile::tempdir().expect("a folder");
        let store = Store::create(results.path(), serde_json::Value::Null).expect("a store");
        let dir = store.cell_dir(&hostile_cell()).expect("a folder");
        assert_eq!(dir.parent(), Some(store.dir().join("cells").as_path()));
    }
}
