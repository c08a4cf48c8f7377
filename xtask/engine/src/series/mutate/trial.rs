//! A mutant on real kernels and guests: made, told from the series itself, booted with the cases that run its line.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fs_err as fs;

use coverage::Place;
use event::{CellId, Null, Sink};
use fault::{Fault, ToolError};
use host::signals;
use kbuild::Built;
use kernlog::{CaseOutcome, Verdict};
use report::{FolderError, StoreError, Summary};
use spec::{ModuleSet, Patch, Series};

use super::{Candidate, Outcome, TriedMutant};
use crate::run::{self, CellJob, Kept, Options, Plan, RunContext, RunError};

/// A case has at least so long, whatever it took without a mutant.
const SHORTEST: Duration = Duration::from_secs(5);
/// And so many times as long as it took.
const LONGER: u32 = 3;
/// One that took too long is given so many times as much again: on a machine that is busy, that it hangs is not said by one try.
const AGAIN: u32 = 3;
/// So many cases are tried first: most mutants are killed by one of them.
const FIRST: usize = 3;
/// So many builds stay in the cache: the next one is derived from the last.
const KEPT: usize = 3;

/// Mutants that cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum MutateError {
    /// The series itself is red: whatever kills it would kill every mutant.
    #[error("without a mutant, {red} is red already")]
    Baseline {
        /// What is.
        red: String,
    },
    /// The machinery failed.
    #[error("trying mutant {id}: no verdict came of its run {run}")]
    NoVerdict {
        /// The mutant.
        id: String,
        /// The run's folder.
        run: PathBuf,
    },
    /// The kernel.
    #[error(transparent)]
    Run(#[from] RunError),
    /// What a mutation's file holds is not what the tool writes.
    #[error("{}: {message}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A mutation's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A run's folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The user interrupted.
    #[error("interrupted")]
    Interrupted,
}

impl ToolError for MutateError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Run(error) => Some(error),
            Self::Folder(error) => Some(error),
            Self::Store(error) => Some(error),
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
            Self::Baseline { .. } => Some(
                "mend that first, or leave the case out; `cargo xtask results show` has its log".to_owned(),
            ),
            Self::NoVerdict { .. } => Some("the run's folder says why; --resume tries it again".to_owned()),
            Self::Malformed { .. } => {
                Some("the file is damaged, or of another version: begin anew".to_owned())
            }
            _ => None,
        }
    }
}

/// What a mutant is tried on.
pub struct Bench<'a> {
    context: RunContext<'a>,
    options: &'a Options,
    /// The series with every cell and case that runs one of its lines.
    plan: Plan,
    /// Where the mutants and their runs lie.
    folder: PathBuf,
    /// What the guests are given without a mutant.
    content: BTreeMap<ModuleSet, String>,
    /// How long each case took without one, in seconds.
    times: HashMap<Place, f64>,
    /// How many mutants each case has killed, by suite and name.
    kills: Mutex<HashMap<(String, String), usize>>,
    /// Builds of mutants that are still in the cache, the oldest first.
    builds: Mutex<Vec<Built>>,
}

impl<'a> Bench<'a> {
    /// Builds the series itself, and runs the cases that `places` names on it: all have to be green.
    ///
    /// # Errors
    /// One is not, or the kernel cannot be made.
    pub fn new(
        context: RunContext<'a>,
        options: &'a Options,
        plan: Plan,
        places: &BTreeSet<Place>,
        folder: &Path,
        shown: Vec<Box<dyn Sink>>,
    ) -> Result<Self, MutateError> {
        let plan = plan.limited(|cell, case| {
            let place = place(cell, &case.name);
            places.iter().any(|one| runs(&place, one)).then_some(case.timeout)
        });
        let (_, built) = run::build(&context, &plan)?;
        let mut content = BTreeMap::new();
        for modules in module_sets(&plan) {
            content.insert(modules, built.content(modules).map_err(RunError::from)?);
        }
        let bench = Self {
            context,
            options,
            folder: folder.to_owned(),
            content,
            times: HashMap::new(),
            kills: Mutex::default(),
            builds: Mutex::default(),
            plan,
        };
        let (summary, run) = bench.execute(&bench.plan, shown)?;
        if let Some(red) = killer(&summary) {
            return Err(MutateError::Baseline { red });
        }
        if summary.verdict != Some(Verdict::Pass) {
            return Err(MutateError::NoVerdict { id: "none".to_owned(), run });
        }
        let times = summary
            .cells
            .iter()
            .flat_map(|cell| cell.cases.iter().map(|case| (place(&cell.cell, &case.name), case.seconds)));
        let times = times.collect();
        Ok(Self { times, ..bench })
    }

    /// Makes and runs a mutant.
    ///
    /// # Errors
    /// The machinery failed, which is no word about the mutant.
    pub fn attempt(&self, candidate: &Candidate) -> Result<TriedMutant, MutateError> {
        let begun = Instant::now();
        let (outcome, by, ran) = self.judged(candidate)?;
        let (flavour, seconds) = (self.plan.flavour.clone(), begun.elapsed().as_secs_f64());
        Ok(TriedMutant { cases: ran, flavour, seconds, ..TriedMutant::untried(candidate, outcome, by) })
    }

    fn judged(&self, candidate: &Candidate) -> Result<(Outcome, String, Vec<String>), MutateError> {
        let wanted = candidate.places();
        let ran_it = |place: &&Place| wanted.iter().any(|one| runs(place, one));
        let places: BTreeSet<Place> = self.times.keys().filter(ran_it).cloned().collect();
        if places.is_empty() {
            return Ok((Outcome::Unreached, "no case runs its line".to_owned(), Vec::new()));
        }
        let of_mutant = self.plan.clone().with_on_top(self.series(candidate)?);
        let wanted = self.limited(&of_mutant, &places, 1);
        let built = match self.build(&wanted) {
            Ok(built) => built,
            Err(error) if error.fault() == Fault::Kernel => {
                return Ok((Outcome::NotBuilt, fault::one_line(&error), Vec::new()));
            }
            Err(error) => return Err(error.into()),
        };
        let mut differs = false;
        for modules in module_sets(&wanted) {
            differs |= self.content.get(&modules) != Some(&built.content(modules).map_err(RunError::from)?);
        }
        let came = if differs {
            self.noticed(candidate, &of_mutant, &places)?
        } else {
            (Outcome::Equivalent, "its objects are those of the series".to_owned(), Vec::new())
        };
        self.retire(built);
        Ok(came)
    }

    /// Runs the cases on a mutant, the likeliest first, until something is red.
    fn noticed(
        &self,
        candidate: &Candidate,
        of_mutant: &Plan,
        places: &BTreeSet<Place>,
    ) -> Result<(Outcome, String, Vec<String>), MutateError> {
        let (first, rest) = self.by_likelihood(places);
        let mut ran: Vec<String> = Vec::new();
        for stage in [first, rest].into_iter().filter(|stage| !stage.is_empty()) {
            let (mut summary, mut run) = self.execute(&self.limited(of_mutant, &stage, 1), Vec::new())?;
            if timed_out(&summary) {
                (summary, run) = self.execute(&self.limited(of_mutant, &stage, AGAIN), Vec::new())?;
            }
            remove_images(&run);
            ran.extend(stage.iter().map(ToString::to_string));
            if let Some(by) = killer(&summary) {
                self.remember(&summary);
                return Ok((Outcome::Killed, by, ran));
            }
            if summary.verdict != Some(Verdict::Pass) {
                return Err(MutateError::NoVerdict { id: candidate.id.clone(), run });
            }
        }
        Ok((Outcome::Survived, String::new(), ran))
    }

    /// The patch of a mutant as a series of its own.
    fn series(&self, candidate: &Candidate) -> Result<Series, MutateError> {
        let dir = self.folder.join("mutants");
        let file = dir.join(format!("{}.patch", candidate.id));
        fs::create_dir_all(&dir)?;
        fs::write(&file, &candidate.diff)?;
        let subject = format!("{} {}:{}", candidate.operator, candidate.file, candidate.line);
        Ok(Series::of_patch(format!("mutant-{}", candidate.id), Patch { file, subject }))
    }

    /// A plan with these cases alone, each with `times` the time that it may take beside a mutant.
    fn limited(&self, plan: &Plan, places: &BTreeSet<Place>, times: u32) -> Plan {
        plan.clone().limited(|cell, case| {
            let place = place(cell, &case.name);
            let took = Duration::try_from_secs_f64(*self.times.get(&place)?).unwrap_or_default();
            let longest = took.saturating_mul(LONGER).max(SHORTEST).saturating_mul(times);
            let longest = longest.min(case.timeout);
            places.contains(&place).then_some(longest)
        })
    }

    fn build(&self, plan: &Plan) -> Result<Built, RunError> {
        let context = RunContext { sink: &Null, ..self.context };
        let made = if module_sets(plan).contains(&ModuleSet::Mock) {
            run::build(&context, plan)
        } else {
            run::build_without_mock(&context, plan)
        };
        made.map(|(_, built)| built)
    }

    /// The cases that are likeliest to notice, of one cell, and all others: what has killed the most comes first, then what takes least.
    fn by_likelihood(&self, places: &BTreeSet<Place>) -> (BTreeSet<Place>, BTreeSet<Place>) {
        let kills = lock(&self.kills);
        let mut order: Vec<&Place> = places.iter().collect();
        order.sort_by(|a, b| {
            let killed = |place: &Place| kills.get(&names(place)).copied().unwrap_or_default();
            let took = |place: &Place| self.times.get(place).copied().unwrap_or_default();
            killed(b).cmp(&killed(a)).then(took(a).total_cmp(&took(b)))
        });
        let Some(likeliest) = order.first().copied() else { return (BTreeSet::new(), BTreeSet::new()) };
        let first: BTreeSet<Place> = order
            .iter()
            .filter(|place| place.is_beside(likeliest))
            .take(FIRST)
            .map(|&place| place.clone())
            .collect();
        let rest = places.difference(&first).cloned().collect();
        (first, rest)
    }

    fn remember(&self, summary: &Summary) {
        let mut kills = lock(&self.kills);
        for cell in &summary.cells {
            for case in
                cell.cases.iter().filter(|case| case.outcome.is_red() && case.outcome != CaseOutcome::NotRun)
            {
                *kills.entry((cell.cell.suite.clone(), case.name.clone())).or_default() += 1;
            }
        }
    }

    /// Runs a plan in a folder of its own below the mutation's.
    fn execute(&self, plan: &Plan, sinks: Vec<Box<dyn Sink>>) -> Result<(Summary, PathBuf), MutateError> {
        let resolved = serde_json::json!({ "kernel": plan.kernel, "series": plan.series });
        let (folder, command) = (self.folder.join("runs"), report::command_line());
        let Kept { store, finished } =
            run::execute_below(&folder, &self.context, plan, self.options, (&command, resolved), sinks)?;
        if signals::requested() {
            return Err(MutateError::Interrupted);
        }
        finished?;
        Ok((store.summary(), store.dir().to_owned()))
    }

    /// Takes older builds of mutants that were judged out of the cache: nobody asks for them again.
    fn retire(&self, built: Built) {
        let mut builds = lock(&self.builds);
        builds.push(built);
        while builds.len() > KEPT {
            // What is left behind costs room alone.
            let _ = fs::remove_dir_all(builds.remove(0).dir);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a case runs what ran somewhere: in that case, or while a guest of its cell booted.
fn runs(case: &Place, place: &Place) -> bool {
    case == place || place.case.is_none() && place.is_beside(case)
}

/// Where a case runs.
fn place(cell: &CellId, case: &str) -> Place {
    Place::of(&cell.topology, &cell.suite, &cell.variant, Some(case))
}

/// A case by suite and name, wherever it runs.
fn names(place: &Place) -> (String, String) {
    let suite = place.suite.split(':').next().unwrap_or_default();
    (suite.to_owned(), place.case.clone().unwrap_or_default())
}

fn module_sets(plan: &Plan) -> BTreeSet<ModuleSet> {
    plan.cells.iter().map(|cell| cell.suite.modules).collect()
}

/// What was red first: a kernel report that nobody expected, or a case.
fn killer(summary: &Summary) -> Option<String> {
    let case = summary.cells.iter().find_map(|cell| {
        let red =
            cell.cases.iter().find(|case| case.outcome.is_red() && case.outcome != CaseOutcome::NotRun)?;
        Some(format!("{}/{} ({})", cell.cell.suite, red.name, red.outcome))
    });
    let splat = || {
        summary.cells.iter().find_map(|cell| {
            let splat = cell.red_splats().next()?;
            let during = splat.case.as_deref().map(|case| format!(", during {}/{case}", cell.cell.suite));
            Some(format!("{}{}", splat.title, during.unwrap_or_default()))
        })
    };
    let guest = || {
        let failed = |cell: &&report::CellSummary| cell.verdict == Some(Verdict::Fail);
        summary.cells.iter().find(failed).map(|cell| format!("{}: {}", cell.cell, cell.reason))
    };
    case.or_else(splat).or_else(guest)
}

/// Whether nothing but that a case took too long is red: a kernel report says by itself what went wrong.
fn timed_out(summary: &Summary) -> bool {
    let red = || summary.cells.iter().flat_map(|cell| &cell.cases).filter(|case| case.outcome.is_red());
    let is_late = |outcome| matches!(outcome, CaseOutcome::Timeout | CaseOutcome::NotRun);
    red().any(|case| case.outcome == CaseOutcome::Timeout)
        && red().all(|case| is_late(case.outcome))
        && summary.cells.iter().all(|cell| cell.red_splats().next().is_none())
}

/// Takes the images of a run's guests out of the cache: each has the modules of one mutant.
fn remove_images(run: &Path) {
    let jobs = fs::read_dir(run.join("cells")).into_iter().flatten().filter_map(Result::ok);
    for job in jobs.filter_map(|cell| CellJob::read(&cell.path().join("job.json")).ok()) {
        for (_, _, image) in &job.kernel.images {
            if let Ok(image) = image {
                // What is left behind costs room alone.
                let _ = fs::remove_file(&image.path);
            }
        }
    }
}
