//! A run's folder under `results/`. Its contents are described in `results/README.md`.
//!
//! Events are written as they come, the summary is replaced as a whole after each cell: a killed run leaves a
//! folder that can be read, marked as incomplete.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use event::{CellId, Event, Sink};
use kernlog::Verdict;

use super::json::JsonLines;
use super::summary::Summary;
use super::{junit, ktap};

/// Version of a run folder's layout and of `run.json`.
pub const FORMAT: u32 = 1;

/// Something in the results folder could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {}: {source}", .path.display())]
pub struct StoreError {
    /// In the gerund.
    pub doing: &'static str,
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// A run's folder, and the sink that fills it.
pub struct Store {
    pub(super) dir: PathBuf,
    pub(super) id: String,
    pub(super) time: String,
    pub(super) events: JsonLines<File>,
    pub(super) state: Mutex<State>,
    /// Seconds that the run had taken when it was taken up; 0 for a new one.
    pub(super) earlier: f64,
}

pub(super) struct State {
    pub(super) summary: Summary,
    pub(super) resolved: serde_json::Value,
    pub(super) error: Option<StoreError>,
}

/// `run.json`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RunFile<'a> {
    format: u32,
    #[serde(flatten)]
    summary: &'a Summary,
    resolved: &'a serde_json::Value,
}

impl Store {
    /// Makes a new run folder in `results`, and points `latest` at it. `resolved` is what the caller wants
    /// kept of the resolved specification and of the versions and hashes of all inputs.
    ///
    /// # Errors
    /// [`StoreError`] naming the file.
    pub fn create(results: &Path, resolved: serde_json::Value) -> Result<Self, StoreError> {
        let fail = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| StoreError { doing, path, source }
        };
        fs::create_dir_all(results).map_err(fail("creating", results))?;
        let now = Timestamp::now();
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let (id, dir) = (0_u32..100)
            .find_map(|attempt| {
                let seed = format!("{} {} {attempt}", now.as_nanosecond(), std::process::id());
                let id = format!("{stamp}-{}", short_hash(&seed));
                let dir = results.join(&id);
                match fs::create_dir(&dir) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
                    other => Some(other.map(|()| (id, dir))),
                }
            })
            .unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()))
            .map_err(fail("creating a run folder in", results))?;
        let path = dir.join("events.jsonl");
        let events = File::create_new(&path).map_err(fail("creating", &path))?;
        // Held until the process ends, however it does: by that others see that the run goes on.
        events.lock().map_err(fail("locking", &path))?;
        let state = State { summary: Summary::default(), resolved, error: None };
        let time = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let store =
            Self { dir, id, time, events: JsonLines::new(events), state: Mutex::new(state), earlier: 0.0 };
        store.point_latest(results)?;
        Ok(store)
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

    /// Seconds that the run had taken when it was taken up; 0 for a new one.
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
        self.state.lock().unwrap_or_else(PoisonError::into_inner).summary.clone()
    }

    /// The verdicts of the cells that are done.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.summary.cells.iter().filter_map(|cell| cell.verdict).collect()
    }

    /// What was resolved under this key, now or before the run was taken up.
    pub fn resolved(&self, key: &str) -> Option<serde_json::Value> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).resolved.get(key).cloned()
    }

    /// The folder of a cell, made if it is not there.
    ///
    /// # Errors
    /// [`StoreError`] naming the folder.
    pub fn cell_dir(&self, cell: &CellId) -> Result<PathBuf, StoreError> {
        let path = self.dir.join("cells").join(folder_name(&cell.slug()));
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(StoreError { doing: "creating", path, source }),
        }
    }

    /// Keeps what was resolved later than the start, in `run.json`'s `resolved` under this key.
    pub fn resolve(&self, key: &str, value: serde_json::Value) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.resolved.is_object() {
            state.resolved = serde_json::json!({});
        }
        state.resolved[key] = value;
    }

    /// The first error while events were written, once: results that could not be kept are an error of the
    /// infrastructure.
    pub fn take_error(&self) -> Option<StoreError> {
        let events = self.events.take_error().map(|source| StoreError {
            doing: "writing",
            path: self.dir.join("events.jsonl"),
            source,
        });
        self.state.lock().unwrap_or_else(PoisonError::into_inner).error.take().or(events)
    }

    fn point_latest(&self, results: &Path) -> Result<(), StoreError> {
        let link = results.join(format!(".latest-{}", self.id));
        let latest = results.join("latest");
        symlink(&self.id, &link).and_then(|()| fs::rename(&link, &latest)).map_err(|source| StoreError {
            doing: "pointing at the run:",
            path: latest,
            source,
        })
    }

    fn write_reports(&self, state: &State, all: bool) -> Result<(), StoreError> {
        let run = RunFile { format: FORMAT, summary: &state.summary, resolved: &state.resolved };
        let run = serde_json::to_string_pretty(&run).map_err(io::Error::from);
        self.replace("run.json", run.map(|text| text + "\n"))?;
        if all {
            self.replace("junit.xml", junit::junit(&state.summary).map_err(io::Error::other))?;
            self.replace("run.ktap", Ok(ktap::ktap(&state.summary)))?;
        }
        Ok(())
    }

    /// Replaces a file as a whole: no reader sees half of it.
    fn replace(&self, name: &str, text: io::Result<String>) -> Result<(), StoreError> {
        let (path, new) = (self.dir.join(name), self.dir.join(format!(".{name}.new")));
        text.and_then(|text| fs::write(&new, text))
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|source| StoreError { doing: "writing", path, source })
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
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.summary.take(event);
        let end = matches!(event, Event::RunFinished { .. });
        if end || matches!(event, Event::RunStarted { .. } | Event::CellFinished { .. }) {
            let written = self.write_reports(&state, end);
            if state.error.is_none() {
                state.error = written.err();
            }
        }
    }
}

fn short_hash(text: &str) -> String {
    host::sha256(text)[..6].to_owned()
}

/// A name of one folder within another, whatever the text: what could lead elsewhere is replaced, and then a
/// hash keeps apart what was apart.
pub(super) fn folder_name(text: &str) -> String {
    let safe: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.+=".contains(c) { c } else { '_' })
        .take(120)
        .collect();
    if safe == text && !safe.starts_with('.') && !safe.is_empty() {
        safe
    } else {
        format!("_{safe}-{}", short_hash(text))
    }
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
        assert_eq!(names, ["events.jsonl", "junit.xml", "run.json", "run.ktap"]);
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
        assert_eq!(run["format"], FORMAT);
        assert_eq!(run["complete"], false);
        assert_eq!(run["cells"][0]["verdict"], "fail");
        assert!(run["cells"][1]["verdict"].is_null());
    }

    #[test]
    fn no_name_leaves_the_folder_and_none_fall_together() {
        assert_eq!(folder_name("lts.plain.direct.enumerate.default"), "lts.plain.direct.enumerate.default");
        for text in ["../../etc", "a/b", "..", "", ".hidden", "a\0b"] {
            let name = folder_name(text);
            assert!(!name.contains('/') && !name.starts_with('.') && !name.is_empty(), "{name}");
        }
        assert_ne!(folder_name("a/b"), folder_name("a_b"));
        let results = tempfile::tempdir().expect("a folder");
        let store = Store::create(results.path(), serde_json::Value::Null).expect("a store");
        let dir = store.cell_dir(&hostile_cell()).expect("a folder");
        assert_eq!(dir.parent(), Some(store.dir().join("cells").as_path()));
    }

    #[test]
    fn latest_moves_to_the_newest_and_ids_differ() {
        let results = tempfile::tempdir().expect("a folder");
        let first = Store::create(results.path(), serde_json::Value::Null).expect("a store");
        let second = Store::create(results.path(), serde_json::Value::Null).expect("a store");
        assert_ne!(first.id(), second.id());
        assert_eq!(fs::read_link(results.path().join("latest")).expect("latest"), Path::new(second.id()));
    }
}
