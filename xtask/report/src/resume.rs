//! Resuming a run that was killed or interrupted, in its own folder.
//!
//! What is kept are the events of finished cells, and those of no cell; what a cell had done that was cut short is taken out,
//! since the cell runs again from its start. A cell that the machinery failed is run again too.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use fs_err as fs;
use fs_err::File;

use event::{CellId, Event, Stamped};
use fault::ToolError;
use kernlog::Verdict;

use super::command::command_line;
use super::folder::{self, FolderError, Lock};
use super::formats::JsonLines;
use super::layout::EVENTS;
use super::store::{Store, StoreError};
use super::stored::{Stored, StoredError};
use super::summary::Summary;

/// A run that cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// It cannot be read.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// A process still works on it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its folder cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ToolError for ResumeError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Stored(error) => Some(error),
            Self::Folder(error) => Some(error),
            Self::Store(error) => Some(error),
        }
    }
}

/// A run that goes on.
pub struct Resumed {
    /// Its folder.
    pub store: Store,
    /// Its cells that are done.
    pub finished: BTreeSet<CellId>,
    /// What was kept of what was asked for.
    pub resolved: serde_json::Value,
}

impl Store {
    /// Resumes the run in this folder.
    ///
    /// # Errors
    /// [`ResumeError`]: it is no run, or it still goes on. Nothing is changed then.
    pub fn resume(dir: &Path) -> Result<Resumed, ResumeError> {
        // First: no lock is left in a folder that is no run.
        Stored::load(dir)?;
        let lock = Lock::take(dir, &folder::RUN, &command_line())?;
        // Read only now: whoever had it before may have gone on until then.
        let stored = Stored::load(dir)?;
        let (path, new) = (dir.join(EVENTS), dir.join(format!(".{EVENTS}.new")));
        let events = stored.events()?;
        let finished = finished(&events);
        let kept: Vec<_> = events.into_iter().filter(|stamped| is_kept(&stamped.event, &finished)).collect();
        let mut file = File::create(&new).map_err(StoreError::from)?;
        let mut summary = Summary::default();
        for stamped in &kept {
            summary.take(&stamped.event);
            let line = serde_json::to_string(stamped).map_err(io::Error::from);
            line.and_then(|line| writeln!(file, "{line}")).map_err(StoreError::from)?;
        }
        file.sync_all().and_then(|()| fs::rename(&new, &path)).map_err(StoreError::from)?;
        let earlier = kept.last().map_or(0.0, |stamped| stamped.at);
        let resolved = stored.resolved.clone();
        let store = Self::of(Stored { summary, ..stored }, JsonLines::after(file, earlier), earlier, lock);
        Ok(Resumed { store, finished, resolved })
    }
}

/// Cells with a verdict on the kernel.
fn finished(events: &[Stamped]) -> BTreeSet<CellId> {
    let of = |stamped: &Stamped| match &stamped.event {
        Event::CellFinished { cell, verdict, .. } if *verdict != Verdict::Infrastructure => {
            Some(cell.clone())
        }
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn is_kept(event: &Event, finished: &BTreeSet<CellId>) -> bool {
    match event.cell() {
        Some(cell) => finished.contains(cell),
        None => !matches!(event, Event::RunFinished { .. }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use event::Sink;

    use super::*;
    use crate::testing::events;

    /// A run that was killed within its second cell.
    fn killed(results: &Path) -> (PathBuf, Vec<Event>) {
        let events = events();
        let last =
            events.iter().position(|event| matches!(event, Event::CellFinished { .. })).expect("a cell");
        let began =
            events[last + 1..].iter().position(|event| event.cell().is_some()).expect("another") + last + 1;
        let store = Store::create(results, serde_json::json!({ "request": 1 })).expect("a store");
        events[..=began].iter().for_each(|event| store.emit(event));
        (store.dir().to_owned(), events)
    }

    #[test]
    fn what_was_finished_is_kept_and_the_rest_goes_on_behind_it() {
        let results = tempfile::tempdir().expect("a folder");
        let (dir, events) = killed(results.path());
        let path = dir.join("events.jsonl");
        let mut text = fs::read_to_string(&path).expect("events");
        text.push_str("{\"at\": 1.0, \"event\": {\"wh");
        fs::write(&path, text).expect("torn by the kill");
        let Resumed { store, finished, resolved } = Store::resume(&dir).expect("resumed");
        assert_eq!((finished.len(), &resolved["request"]), (1, &serde_json::json!(1)));
        let kept: Vec<_> = Stored::load(&dir).expect("a run").events().expect("events");
        assert!(kept.iter().all(|stamped| stamped.event.cell().is_none_or(|cell| finished.contains(cell))));
        // The rest, as the first run would have gone on.
        let done = |event: &&Event| event.cell().is_some_and(|cell| !finished.contains(cell));
        events.iter().filter(done).for_each(|event| store.emit(event));
        store.emit(events.last().expect("an end"));
        let again = Stored::load(&dir).expect("a run");
        assert!(again.summary.complete && again.summary.cells.iter().all(|cell| cell.verdict.is_some()));
        let mut whole = Summary::default();
        for event in &events {
            whole.take(event);
        }
        assert_eq!(again.summary.totals, whole.totals);
        let times: Vec<f64> = again.events().expect("events").iter().map(|stamped| stamped.at).collect();
        assert!(times.is_sorted(), "{times:?}");
    }

    #[test]
    fn a_run_that_goes_on_is_left_alone() {
        let results = tempfile::tempdir().expect("a folder");
        let store = Store::create(results.path(), serde_json::Value::Null).expect("a store");
        store.emit(&events()[0]);
        let before = fs::read(store.dir().join("events.jsonl")).expect("events");
        let error = Store::resume(store.dir()).err().expect("it is locked");
        assert!(matches!(error, ResumeError::Folder(FolderError::Locked { .. })), "{error}");
        assert_eq!(error.fault(), fault::Fault::Usage);
        assert!(error.hint().is_some_and(|hint| hint.contains("kill -INT")), "{error}");
        assert_eq!(fs::read(store.dir().join("events.jsonl")).expect("events"), before);
    }
}
