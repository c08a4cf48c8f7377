//! Several runs, such as the shards of one, made into one more.
//!
//! It is made of their events, told once more in the order of their times, so that whatever reads a run reads this one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::store::{Store, StoreError};
use super::stored::{State, Stored, StoredError};
use crate::event::{CellId, Event, Stamped, Verdict};

/// Runs that cannot be made into one.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// One of them cannot be read.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// The new one cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Two have judged the same cell.
    #[error(
        "the cell {cell} was finished by {first} and by {second}\nhint: leave one of them out, or take what {second} says with --last-wins"
    )]
    Overlap {
        /// Which.
        cell: String,
        /// The earlier on the command line.
        first: String,
        /// The later.
        second: String,
    },
    /// One is still under way.
    #[error("{0} is still running")]
    Running(String),
    /// A file of theirs cannot be copied.
    #[error("copying {}: {source}", .path.display())]
    Copy {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Makes one run of several in the folder `results`. A cell that one has finished and another has not counts as the one has
/// it. Of a cell that two have finished the later one's judgement counts if `last_wins`. Where a shard is missing that the
/// others speak of, the whole cannot pass.
///
/// # Errors
/// [`MergeError`].
pub fn merge(results: &Path, runs: &[Stored], command: &str, last_wins: bool) -> Result<PathBuf, MergeError> {
    if let Some(run) = runs.iter().find(|run| run.state() == State::Running) {
        return Err(MergeError::Running(run.summary.id.clone()));
    }
    let owners = owners(runs, last_wins)?;
    let events = events(runs, &owners)?;
    let resolved: serde_json::Map<_, _> =
        runs.iter().map(|run| (run.summary.id.clone(), run.resolved.clone())).collect();
    let store = Store::create(results, serde_json::json!({ "merged": resolved }))?;
    for (cell, owner) in &owners {
        copy(&runs[*owner].cell_dir(cell), &store.cell_dir(cell)?)?;
    }
    for run in runs {
        copy(&run.dir.join("topologies"), &store.dir().join("topologies"))?;
    }
    let cells = planned(runs);
    store.emit_at(
        0.0,
        &Event::RunStarted {
            id: store.id().to_owned(),
            time: store.time().to_owned(),
            command: command.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cells,
        },
    );
    for stamped in &events {
        store.emit_at(stamped.at, &stamped.event);
    }
    let seconds = events.last().map_or(0.0, |last| last.at);
    let interrupted = runs.iter().any(|run| run.summary.interrupted);
    let mut verdict = verdict(runs, &owners);
    for shard in missing_shards(runs) {
        store.emit_at(
            seconds,
            &Event::Notice { text: format!("shard {shard} is missing: its cells were not seen") },
        );
        verdict = verdict.beside(Verdict::Infrastructure);
    }
    store.emit_at(seconds, &Event::RunFinished { verdict, seconds, interrupted });
    match store.take_error() {
        Some(error) => Err(error.into()),
        None => Ok(store.dir().to_owned()),
    }
}

/// Shards, as `2/4`, that none of these runs is, although some are others of the same.
pub fn missing_shards(runs: &[Stored]) -> Vec<String> {
    let mut there = BTreeSet::new();
    for run in runs {
        shards_of(&run.resolved, &mut there);
    }
    let of: BTreeSet<u64> = there.iter().map(|(of, _)| *of).collect();
    let all = of.into_iter().flat_map(|of| (1..=of).map(move |number| (of, number)));
    all.filter(|shard| !there.contains(shard)).map(|(of, number)| format!("{number}/{of}")).collect()
}

/// Of how many shards a run was which, or those that it was merged of.
fn shards_of(resolved: &serde_json::Value, there: &mut BTreeSet<(u64, u64)>) {
    let shard = &resolved["request"]["shard"];
    if let (Some(of), Some(number)) = (shard["of"].as_u64(), shard["number"].as_u64()) {
        // A number that nobody could have given names no shards.
        if (1..=1000).contains(&of) {
            there.insert((of, number));
        }
    }
    for merged in resolved["merged"].as_object().into_iter().flat_map(serde_json::Map::values) {
        shards_of(merged, there);
    }
}

/// Every cell of any of them, in the order in which they come.
fn planned(runs: &[Stored]) -> Vec<CellId> {
    let mut cells: Vec<CellId> = Vec::new();
    for cell in runs.iter().flat_map(|run| &run.summary.cells) {
        if !cells.contains(&cell.cell) {
            cells.push(cell.cell.clone());
        }
    }
    cells
}

/// Whose word counts on which cell: of one that has finished it, or else the first that meant to.
fn owners(runs: &[Stored], last_wins: bool) -> Result<BTreeMap<CellId, usize>, MergeError> {
    let mut owners: BTreeMap<CellId, (usize, bool)> = BTreeMap::new();
    for (at, run) in runs.iter().enumerate() {
        for cell in &run.summary.cells {
            let finished = cell.verdict.is_some();
            match owners.get(&cell.cell) {
                Some((first, true)) if finished && !last_wins => {
                    return Err(MergeError::Overlap {
                        cell: cell.cell.to_string(),
                        first: runs[*first].summary.id.clone(),
                        second: run.summary.id.clone(),
                    });
                }
                Some(_) if !finished => {}
                _ => {
                    owners.insert(cell.cell.clone(), (at, finished));
                }
            }
        }
    }
    Ok(owners.into_iter().map(|(cell, (owner, _))| (cell, owner)).collect())
}

/// What they told, but for their begins and ends, on the clock of the one that began first.
fn events(runs: &[Stored], owners: &BTreeMap<CellId, usize>) -> Result<Vec<Stamped>, MergeError> {
    let begun: Vec<Option<Timestamp>> = runs.iter().map(|run| run.summary.time.parse().ok()).collect();
    let first = begun.iter().flatten().min().copied();
    let mut events = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        let late =
            begun[at].zip(first).map_or(0.0, |(begun, first)| begun.duration_since(first).as_secs_f64());
        for stamped in run.events()? {
            let counts = match &stamped.event {
                Event::RunStarted { .. } | Event::RunFinished { .. } | Event::CellsFound { .. } => false,
                event => event.cell().is_none_or(|cell| owners.get(cell) == Some(&at)),
            };
            if counts {
                events.push(Stamped { at: stamped.at + late, event: stamped.event });
            }
        }
    }
    events.sort_by(|a, b| a.at.total_cmp(&b.at));
    Ok(events)
}

/// The worst of what they say, as one run of all cells would have said it.
fn verdict(runs: &[Stored], owners: &BTreeMap<CellId, usize>) -> Verdict {
    let mut verdicts = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        for cell in run.summary.cells.iter().filter(|cell| owners.get(&cell.cell) == Some(&at)) {
            // That it was not finished has a reason that the run's own verdict says, or was killed.
            verdicts.push(cell.verdict.or(run.summary.verdict).unwrap_or(Verdict::Infrastructure));
        }
        let failed = matches!(run.summary.verdict, Some(Verdict::Unbuilt | Verdict::Infrastructure));
        let open = run
            .summary
            .cells
            .iter()
            .any(|cell| cell.verdict.is_none() && owners.get(&cell.cell) == Some(&at));
        if failed && (open || run.summary.cells.is_empty()) {
            verdicts.extend(run.summary.verdict);
        }
    }
    verdicts.into_iter().reduce(Verdict::beside).unwrap_or(Verdict::Skip)
}

/// Copies a folder that need not be there; what the target has stays. Links are not followed.
fn copy(from: &Path, to: &Path) -> Result<(), MergeError> {
    for entry in walkdir::WalkDir::new(from).into_iter().filter_map(Result::ok) {
        let (path, kind) = (entry.path(), entry.file_type());
        let target = to.join(path.strip_prefix(from).unwrap_or(path));
        let done = if kind.is_dir() {
            fs::create_dir_all(&target)
        } else if kind.is_file() && !target.exists() {
            fs::copy(path, &target).map(drop)
        } else {
            Ok(())
        };
        done.map_err(|source| MergeError::Copy { path: path.to_owned(), source })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Summary;
    use super::super::testing::{case, cell, events as whole_run};
    use super::*;
    use crate::event::{CaseOutcome, Sink};

    fn store(results: &Path, events: &[Event]) -> Stored {
        resolved_store(results, events, serde_json::json!({ "flavour": "plain" }))
    }

    fn resolved_store(results: &Path, events: &[Event], resolved: serde_json::Value) -> Stored {
        let store = Store::create(results, resolved).expect("a store");
        for event in events {
            let event = match event.clone() {
                Event::RunStarted { command, version, cells, .. } => Event::RunStarted {
                    id: store.id().to_owned(),
                    time: store.time().to_owned(),
                    command,
                    version,
                    cells,
                },
                event => event,
            };
            if let Some(cell) = event.cell() {
                let dir = store.cell_dir(cell).expect("a folder").join("boot0");
                fs::create_dir_all(&dir).expect("a folder");
                fs::write(dir.join("console.log"), cell.to_string()).expect("written");
            }
            store.emit(&event);
        }
        let dir = store.dir().to_owned();
        drop(store);
        let run = || Stored::load(&dir).expect("a run");
        // A process that another test starts may hold a copy of the lock until it is another program.
        while run().state() == State::Running {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        run()
    }

    /// The run by hand, cell by cell.
    fn shards() -> Vec<Vec<Event>> {
        let whole = whole_run();
        let Event::RunStarted { cells, .. } = &whole[0] else { panic!("a start") };
        let shard = |number: usize| {
            let mine = &cells[number];
            let of_mine = |event: &&Event| event.cell().map_or(number == 0, |cell| cell == mine);
            let mut events: Vec<Event> = whole[1..whole.len() - 1].iter().filter(of_mine).cloned().collect();
            let (id, time, command, version) = <(String, String, String, String)>::default();
            events.insert(0, Event::RunStarted { id, time, command, version, cells: vec![mine.clone()] });
            let verdict = events.iter().rev().find_map(|event| match event {
                Event::CellFinished { verdict, .. } => Some(*verdict),
                _ => None,
            });
            let verdict = verdict.expect("a verdict");
            events.push(Event::RunFinished { verdict, seconds: 1.0, interrupted: false });
            events
        };
        vec![shard(0), shard(1)]
    }

    #[test]
    fn shards_come_to_what_the_whole_run_came_to() {
        let results = tempfile::tempdir().expect("a folder");
        let runs: Vec<_> = shards().iter().map(|events| store(results.path(), events)).collect();
        let dir = merge(results.path(), &runs, "merge", false).expect("merged");
        let merged = Stored::load(&dir).expect("a run");
        let mut whole = Summary::default();
        for event in &whole_run() {
            whole.take(event);
        }
        assert_eq!(merged.summary.verdict, whole.verdict);
        assert_eq!(merged.summary.totals, whole.totals);
        let json = |summary: &Summary| serde_json::to_value(&summary.cells).expect("JSON");
        assert_eq!(json(&merged.summary), json(&whole));
        assert!(merged.summary.complete && dir.join("junit.xml").exists() && dir.join("run.ktap").exists());
        for cell in &whole.cells {
            let log =
                fs::read_to_string(merged.cell_dir(&cell.cell).join("boot0/console.log")).expect("a log");
            assert_eq!(log, cell.cell.to_string());
        }
    }

    #[test]
    fn without_one_of_its_shards_the_whole_does_not_pass() {
        let results = tempfile::tempdir().expect("a folder");
        let shard = |number: u32| {
            let (id, time, command, version) = <(String, String, String, String)>::default();
            let cell = cell("direct", &format!("s{number}"));
            let events = [
                Event::RunStarted { id, time, command, version, cells: vec![cell.clone()] },
                Event::CellFinished { cell, verdict: Verdict::Pass, reason: String::new(), seconds: 1.0 },
                Event::RunFinished { verdict: Verdict::Pass, seconds: 1.0, interrupted: false },
            ];
            let resolved =
                serde_json::json!({ "request": { "shard": { "number": number, "of": 3, "times": null } } });
            resolved_store(results.path(), &events, resolved)
        };
        let merged = |runs: &[Stored]| {
            Stored::load(&merge(results.path(), runs, "merge", false).expect("merged")).expect("a run")
        };
        let two = merged(&[shard(1), shard(3)]);
        assert_eq!(two.summary.verdict, Some(Verdict::Infrastructure));
        assert_eq!(missing_shards(std::slice::from_ref(&two)), ["2/3"]);
        let all = merged(&[two, shard(2)]);
        assert_eq!((all.summary.verdict, missing_shards(&[all])), (Some(Verdict::Pass), vec![]));
    }

    #[test]
    fn the_same_cell_twice_is_an_error_unless_the_last_wins() {
        let results = tempfile::tempdir().expect("a folder");
        let cell = cell("direct", "s");
        let with = |outcome: CaseOutcome, verdict| {
            let (id, time, command, version) = <(String, String, String, String)>::default();
            let report = case("a", outcome, "");
            [
                Event::RunStarted { id, time, command, version, cells: vec![cell.clone()] },
                Event::CaseFinished { cell: cell.clone(), report },
                Event::CellFinished { cell: cell.clone(), verdict, reason: String::new(), seconds: 1.0 },
                Event::RunFinished { verdict, seconds: 1.0, interrupted: false },
            ]
        };
        let red = store(results.path(), &with(CaseOutcome::Fail, Verdict::Fail));
        let green = store(results.path(), &with(CaseOutcome::Pass, Verdict::Pass));
        let both = [red.clone(), green.clone()];
        let error = merge(results.path(), &both, "merge", false).expect_err("it overlaps").to_string();
        assert!(error.starts_with("the cell lts/direct/s was finished by "), "{error}");
        let dir = merge(results.path(), &both, "merge", true).expect("merged");
        assert_eq!(Stored::load(&dir).expect("a run").summary.verdict, Some(Verdict::Pass));
        // One that was killed before the cell's end, and one that did it.
        let killed = store(results.path(), &with(CaseOutcome::Fail, Verdict::Fail)[..2]);
        let dir = merge(results.path(), std::slice::from_ref(&killed), "merge", false).expect("merged");
        assert_eq!(Stored::load(&dir).expect("a run").summary.verdict, Some(Verdict::Infrastructure));
        let dir = merge(results.path(), &[killed, green], "merge", false).expect("merged");
        let merged = Stored::load(&dir).expect("a run");
        assert_eq!((merged.summary.verdict, merged.summary.totals.fail), (Some(Verdict::Pass), 0));
    }
}
