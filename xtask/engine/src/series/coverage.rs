//! What the guests of a run have counted, joined with the lines of a series.
//!
//! What reading it takes is kept in the run's folder as soon as the run is over: the lines with their patches, and the compiler's notes.
//! So a run is read the same way when its kernel's source is gone, on another machine, or as one of several that were merged.

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use fs_err as fs;
use walkdir::WalkDir;

use coverage::{Coverage, CoverageError, Measured, Objects, Place, SeriesLine, SeriesLines, SeriesPatch};
use event::CellId;
use fault::{Fault, ToolError};
use host::Cache;
use kernlog::CaseOutcome;
use report::{COVERAGE, COVERAGE_LINES, Stored};
use source::{Applied, AppliedState, Prepared, SourceError, Sources};
use spec::{Patch, Series};
use wire::{AGENT_FILES, COUNTS, COUNTS_BEFORE};

use crate::run::{CellJob, RunError};

/// The flavour whose kernels count.
pub const FLAVOUR: &str = "coverage";

/// The compiler's notes, in the run's folder below [`COVERAGE`].
const NOTES: &str = "notes";

/// A run of which it cannot be told what its guests ran.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The series is not on the run's kernel.
    #[error("series {series} is not on the kernel of the run: {has}")]
    NotThere {
        /// The series.
        series: String,
        /// What is on it, or that the kernel has the series itself.
        has: String,
    },
    /// The series touches no source that could be counted.
    #[error("series {series} writes no line of a C source or header here")]
    NoLines {
        /// The series.
        series: String,
    },
    /// No guest has sent a counter.
    #[error("no counters came of any guest of run {run}")]
    NoCounters {
        /// The run.
        run: String,
    },
    /// No cell of the run has booted.
    #[error("no cell of run {run} has run, so that nothing was counted")]
    NothingRan {
        /// The run.
        run: String,
    },
    /// Runs of other kernels, or of another series.
    #[error(
        "run {run} has counted lines of another series than {series}, or on another kernel than the run before it"
    )]
    Differs {
        /// The run.
        run: String,
        /// The series that was asked for.
        series: String,
    },
    /// What a file of the run's folder holds is not what the tool writes.
    #[error("{}: {message}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The counters themselves.
    #[error("reading the counters in {}", .file.display())]
    Counts {
        /// The archive of the guest's.
        file: PathBuf,
        /// What is wrong with it.
        source: Box<CoverageError>,
    },
    /// gcov or the notes.
    #[error(transparent)]
    Coverage(#[from] CoverageError),
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The job of a cell.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ToolError for GatherError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Counts { source, .. } => Some(source.as_ref()),
            Self::Coverage(error) => Some(error),
            Self::Source(error) => Some(error),
            Self::Run(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        match self {
            Self::NotThere { .. } | Self::NoLines { .. } | Self::Differs { .. } => Fault::Usage,
            _ => Fault::Machinery,
        }
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotThere { .. } => {
                "--kernel names one that it goes onto; `cargo xtask series show SERIES` tells which those are"
            }
            Self::NoLines { .. } => {
                "coverage is of C sources and headers: what else a series changes is not counted"
            }
            Self::NoCounters { .. } => {
                "its kernel does not count: --flavour names a fragment with CONFIG_GCOV_KERNEL=y, as kconfig/coverage.config"
            }
            Self::NothingRan { .. } => "`cargo xtask results show RUN` says why",
            Self::Differs { .. } => "name runs of `series coverage` of this series, on one kernel",
            Self::Malformed { .. } => "the file is damaged: run it again",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Keeps in the run's folder what it takes to read its counters: the lines of a series, and the notes of the build.
///
/// # Errors
/// The series is not on the run's kernel, nothing of it was counted, or the folder cannot be written.
pub fn keep(run: &Stored, series: &Series, cache: &Cache) -> Result<(), GatherError> {
    let job = run.summary.cells.iter().find_map(|cell| {
        let path = run.cell_dir(&cell.cell).join("job.json");
        path.exists().then(|| CellJob::read(&path))
    });
    let nothing_ran = || GatherError::NothingRan { run: run.summary.id.clone() };
    let kernel = job.ok_or_else(nothing_ran)??.kernel;
    let lines = lines(&kernel.source, series, &Sources::new(cache))?;
    let folder = run.dir.join(COVERAGE);
    report::copy_folder(&kernel.built.notes, &folder.join(NOTES))?;
    fs::create_dir_all(&folder)?;
    let text = serde_json::to_vec(&lines).map_err(io::Error::other)?;
    Ok(fs::write(folder.join(COVERAGE_LINES), text)?)
}

/// The lines of a series on a prepared kernel.
///
/// # Errors
/// The series is not on it, or writes no line that could be counted.
pub fn lines(kernel: &Prepared, series: &Series, sources: &Sources) -> Result<SeriesLines, GatherError> {
    let not_there = |has: String| GatherError::NotThere { series: series.name.clone(), has };
    let Some(applied) = kernel.applied.iter().find(|applied| applied.series == series.name) else {
        let names: Vec<_> = kernel.applied.iter().map(|applied| applied.series.as_str()).collect();
        return Err(not_there(format!("it has {}", names.join(", "))));
    };
    if applied.state == AppliedState::Contained {
        return Err(not_there(format!("{} has all of it by itself", kernel.described)));
    }
    let written = sources.written(kernel, applied, kbuild::is_source)?;
    if written.is_empty() {
        return Err(GatherError::NoLines { series: series.name.clone() });
    }
    let diffs = sources.diffs(kernel, applied)?;
    let subjects = subjects(series, applied);
    let patches = subjects.into_iter().zip(diffs);
    let lines = written.into_iter().map(|line| SeriesLine {
        file: line.file,
        line: line.line,
        patch: line.patch,
        line_in_patch: line.line_in_patch,
        text: line.text,
    });
    Ok(SeriesLines {
        series: series.name.clone(),
        patches: patches.map(|(subject, diff)| SeriesPatch { subject, diff }).collect(),
        lines: lines.collect(),
    })
}

/// Subjects of the patches that were applied, of whichever variant they are; the name of the file where there is none.
fn subjects(series: &Series, applied: &Applied) -> Vec<String> {
    let all: Vec<&Patch> =
        series.patches.iter().chain(series.variants.iter().flat_map(|variant| &variant.patches)).collect();
    let subject = |file: &Path| {
        let patch = all.iter().find(|patch| patch.file == file);
        let name = || file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        patch.map_or_else(name, |patch| patch.subject.clone())
    };
    applied.patches.iter().map(|patch| subject(&patch.file)).collect()
}

/// What the guests of some runs have run of a series, and its lines. The runs are of one kernel.
///
/// # Errors
/// Nothing was kept of a run, no counter came, or what came is of another build.
pub fn read(runs: &[Stored], series: &str) -> Result<(Coverage, SeriesLines), GatherError> {
    let mut all: Option<SeriesLines> = None;
    for run in runs {
        let lines = kept(run)?;
        let same = all.as_ref().is_none_or(|known| *known == lines);
        if lines.series != series || !same {
            return Err(GatherError::Differs { run: run.summary.id.clone(), series: series.to_owned() });
        }
        all = Some(lines);
    }
    let lines = all.unwrap_or_default();
    let mut measured = Measured::default();
    let mut last = None;
    for run in runs {
        let objects = Objects::of(&run.dir.join(COVERAGE).join(NOTES), &lines)?;
        measure(run, &objects, &mut measured)?;
        last = Some(objects);
    }
    let coverage = last
        .filter(|_| !measured.counts.is_empty())
        .map(|objects| Coverage::new(&lines, &objects, &measured));
    let run = || runs.first().map(|run| run.summary.id.clone()).unwrap_or_default();
    let coverage = coverage.ok_or_else(|| GatherError::NoCounters { run: run() })?;
    Ok((coverage, lines))
}

fn kept(run: &Stored) -> Result<SeriesLines, GatherError> {
    let path = run.dir.join(COVERAGE).join(COVERAGE_LINES);
    let text = fs::read(&path)?;
    serde_json::from_slice(&text).map_err(|error| GatherError::Malformed { path, message: error.to_string() })
}

/// Adds what the guests of a run have counted.
fn measure(run: &Stored, objects: &Objects, measured: &mut Measured) -> Result<(), GatherError> {
    let mut archives = Vec::new();
    for cell in &run.summary.cells {
        let booted = run.boots(&cell.cell);
        for boot in &booted {
            let found = archives_of(boot, &cell.cell);
            if found.iter().all(|(place, _)| place.case.is_some()) {
                measured.lost.insert(place(&cell.cell, None));
            }
            archives.extend(found);
        }
        for case in cell.cases.iter().filter(|_| !booted.is_empty()) {
            let place = place(&cell.cell, Some(&case.name));
            let never_ran = matches!(case.outcome, CaseOutcome::Skip | CaseOutcome::NotRun);
            if !never_ran && archives.iter().all(|(known, _)| *known != place) {
                measured.lost.insert(place);
            }
        }
    }
    for (place, counts) in counted(objects, &archives)? {
        measured.add(place, counts);
    }
    Ok(())
}

fn place(cell: &CellId, case: Option<&str>) -> Place {
    Place::of(&cell.topology, &cell.suite, &cell.variant, case)
}

/// The archives that a guest has sent.
fn archives_of(boot: &Path, cell: &CellId) -> Vec<(Place, PathBuf)> {
    let mut archives = Vec::new();
    for entry in WalkDir::new(boot.join("files").join(AGENT_FILES)).max_depth(1).sort_by_file_name() {
        let Ok(entry) = entry else { continue };
        let name = entry.file_name().to_string_lossy();
        let Some(case) = name.strip_suffix(COUNTS) else { continue };
        let case = (case != COUNTS_BEFORE).then_some(case);
        archives.push((place(cell, case), entry.path().to_owned()));
    }
    archives
}

/// Reads the archives, as many at a time as there are processors.
fn counted(
    objects: &Objects,
    archives: &[(Place, PathBuf)],
) -> Result<Vec<(Place, coverage::Counts)>, GatherError> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || -> Result<(), GatherError> {
        while let Some((place, path)) = archives.get(next.fetch_add(1, Ordering::Relaxed)) {
            let of = |source| GatherError::Counts { file: path.clone(), source: Box::new(source) };
            let counts = objects.counts(&fs::read(path)?).map_err(of)?;
            done.lock().unwrap_or_else(PoisonError::into_inner).push((place.clone(), counts));
        }
        Ok(())
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause)))
    })?;
    Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner))
}
