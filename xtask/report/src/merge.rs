//! Several runs, such as the shards of one, made into one more.
//!
//! It is made of their events, emitted once more in the order of their times, so that whatever reads a run reads this one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use jiff::Timestamp;

use event::{CellId, Event, Stamped};
use fault::{Fault, ToolError};
use kernlog::Verdict;

use super::layout::COVERAGE;
use super::store::{Store, StoreError};
use super::stored::{Progress, Stored, StoredError};

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
    #[error("the cell {cell} was finished by {first} and by {second}")]
    Overlap {
        /// Its name.
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
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Makes one run of several in the folder `results`. A cell that one has finished and another has not counts as the one has
/// it. Of a cell that two have finished the later one's judgement counts if `last_wins`, and that of the earlier on cases that the
/// later did not run, as where it ran only what had failed. Where a shard is missing that the
/// others speak of, the whole cannot pass.
///
/// # Errors
/// [`MergeError`].
pub fn merge(results: &Path, runs: &[Stored], command: &str, last_wins: bool) -> Result<PathBuf, MergeError> {
    if let Some(run) = runs.iter().find(|run| run.progress() == Progress::Running) {
        return Err(MergeError::Running(run.summary.id.clone()));
    }
    let owners = owners(runs, last_wins)?;
    let kept = kept(runs, &owners);
    let events = events(runs, &owners, &kept)?;
    let resolved: serde_json::Map<_, _> =
        runs.iter().map(|run| (run.summary.id.clone(), run.resolved.clone())).collect();
    let store = Store::create(results, serde_json::json!({ "merged": resolved }))?;
    for (cell, owner) in &owners {
        copy_folder(&runs[*owner].cell_dir(cell), &store.cell_dir(cell)?)?;
    }
    for run in runs {
        for folder in ["topologies", COVERAGE] {
            copy_folder(&run.dir.join(folder), &store.dir().join(folder))?;
        }
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
    let mut verdict = verdict(runs, &owners, &kept);
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

/// Cases of a cell that its owner did not run and an earlier one did, by that one's number.
type Kept = BTreeMap<CellId, BTreeMap<String, usize>>;

fn kept(runs: &[Stored], owners: &BTreeMap<CellId, usize>) -> Kept {
    let mut kept = Kept::new();
    let finished = |at: usize, id: &CellId| {
        runs[at].summary.cells.iter().find(|cell| cell.cell == *id && cell.verdict.is_some())
    };
    for (id, owner) in owners {
        let Some(last) = finished(*owner, id) else { continue };
        let mut cases = BTreeMap::new();
        for at in 0..*owner {
            let earlier = finished(at, id).into_iter().flat_map(|cell| &cell.cases);
            let left = earlier.filter(|case| last.cases.iter().all(|ran| ran.name != case.name));
            cases.extend(left.map(|case| (case.name.clone(), at)));
        }
        if !cases.is_empty() {
            kept.insert(id.clone(), cases);
        }
    }
    kept
}

/// What the cases that were kept make of a cell's verdict.
fn beside_kept(runs: &[Stored], kept: &Kept, id: &CellId, verdict: Verdict) -> Verdict {
    let Some(cases) = kept.get(id) else { return verdict };
    let is_red = |(name, at): (&String, &usize)| {
        let cell = runs[*at].summary.cells.iter().find(|cell| cell.cell == *id);
        cell.is_some_and(|cell| {
            cell.cases.iter().any(|case| case.name == *name && case.outcome.is_red())
                || cell.red_splats().any(|splat| splat.case.as_deref() == Some(name))
        })
    };
    if cases.iter().any(is_red) { verdict.beside(Verdict::Fail) } else { verdict }
}

/// Their events, but for their begins and ends, on the clock of the one that began first.
fn events(
    runs: &[Stored],
    owners: &BTreeMap<CellId, usize>,
    kept: &Kept,
) -> Result<Vec<Stamped>, MergeError> {
    let is_kept = |cell: &CellId, case: Option<&str>, at: usize| {
        case.is_some_and(|case| kept.get(cell).and_then(|cases| cases.get(case)) == Some(&at))
    };
    let begun: Vec<Option<Timestamp>> = runs.iter().map(|run| run.summary.time.parse().ok()).collect();
    let first = begun.iter().flatten().min().copied();
    let mut events = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        let late =
            begun[at].zip(first).map_or(0.0, |(begun, first)| begun.duration_since(first).as_secs_f64());
        for stamped in run.events()? {
            let counts = match &stamped.event {
                Event::RunStarted { .. } | Event::RunFinished { .. } | Event::CellsFound { .. } => false,
                event => event
                    .cell()
                    .is_none_or(|cell| owners.get(cell) == Some(&at) || is_kept(cell, event.case(), at)),
            };
            if !counts {
                continue;
            }
            let mut event = stamped.event;
            if let Event::CellFinished { cell, verdict, .. } = &mut event {
                *verdict = beside_kept(runs, kept, cell, *verdict);
            }
            events.push(Stamped { at: stamped.at + late, event });
        }
    }
    events.sort_by(|a, b| a.at.total_cmp(&b.at));
    Ok(events)
}

/// The worst of their verdicts, as one run of all cells would have had it.
fn verdict(runs: &[Stored], owners: &BTreeMap<CellId, usize>, kept: &Kept) -> Verdict {
    let mut verdicts = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        for cell in run.summary.cells.iter().filter(|cell| owners.get(&cell.cell) == Some(&at)) {
            // That it was not finished has a reason that the run's own verdict shows, or it was killed.
            let verdict = cell.verdict.or(run.summary.verdict).unwrap_or(Verdict::Infrastructure);
            verdicts.push(beside_kept(runs, kept, &cell.cell, verdict));
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
///
/// # Errors
/// A file cannot be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(from).into_iter().filter_map(Result::ok) {
        let (path, kind) = (entry.path(), entry.file_type());
        let target = to.join(path.strip_prefix(from).unwrap_or(path));
        if kind.is_dir() {
            fs::create_dir_all(&target)?;
        } else if kind.is_file() && !target.exists() {
            fs::copy(path, &target)?;
        }
    }
    Ok(())
}

impl ToolError for MergeError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Stored(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Overlap { second, .. } => {
                Some(format!("leave one of them out, or take the judgement of {second} with --last-wins"))
            }
            Self::Running(_) => {
                Some("wait for its end, or interrupt it: what it had finished can be merged".to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
