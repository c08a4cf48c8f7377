//! `series mutate`: would any case notice if a line of the series were wrong?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};

use ::coverage::{Coverage, Place};
use engine::run;
use engine::run::{Options, Plan, Policy, Request, RunContext, Shard};
use engine::series::coverage;
use engine::series::mutate::{
    self, Bench, Candidate, Mutation, MutationRuns, MutationState, Outcome, SabotageMutants, Sample,
    TriedMutant,
};
use event::{Null, Sink};
use report::text::neutralise;
use report::{Terminal, Verbosity, command_line};
use source::Sources;
use spec::{Project, Sabotage, Series};

use super::coverage::{CellArgs, asked, counted};
use crate::context::workspace;
use crate::exit::Missing;
use crate::help::{EXECUTION, OUTPUT, SELECTION};
use crate::{Context, Exit, Footer, Format, Usage, results, setup};

/// Makes each line of a series wrong in small ways, and sees whether a case notices
///
/// A mutant is one small change of a line that a case runs: a condition negated, a call left out, an error forgotten. It is built, and the
/// cases that run the line are run on it, until one is red. Shown are the mutants that none notices, with the cases that passed.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    #[command(flatten)]
    cells: CellArgs,
    /// Take which lines ran where from this run of `series coverage`, with its cells [default: count first]
    #[arg(long, value_name = "RUN", help_heading = SELECTION, conflicts_with_all = ["topologies", "suites", "cases"])]
    coverage: Option<String>,
    /// Take it that each chosen case runs each line of the series [default: count first]
    #[arg(long, help_heading = SELECTION, conflicts_with = "coverage")]
    uncounted: bool,
    /// Only mutants of patch N; repeatable
    #[arg(long, value_name = "N", help_heading = SELECTION)]
    patch: Vec<usize>,
    /// Only mutants of this line; repeatable
    #[arg(long, value_name = "FILE:LINE", help_heading = SELECTION)]
    line: Vec<String>,
    /// Only this mutant; repeatable
    #[arg(long, value_name = "MUTANT", help_heading = SELECTION)]
    only: Vec<String>,
    /// Only the mutants of a shard: those whose names fall into part N of M
    #[arg(long, value_name = "N/M", help_heading = SELECTION)]
    shard: Option<Shard>,
    /// Only N of them that build and differ, chosen by --seed
    #[arg(long, value_name = "N", help_heading = SELECTION)]
    sample: Option<usize>,
    /// The seed of --sample [default: 1]
    #[arg(long, value_name = "SEED", default_value_t = 1, hide_default_value = true, help_heading = SELECTION)]
    seed: u64,
    /// Print the mutants, and try none
    #[arg(long, help_heading = EXECUTION)]
    list: bool,
    /// Go on with a mutation that was stopped [default: the latest]
    #[arg(
        long, value_name = "MUTATION", num_args = 0..=1, default_missing_value = "", help_heading = EXECUTION,
        conflicts_with_all = ["coverage", "patch", "line", "only", "shard", "sample", "list", "write"]
    )]
    resume: Option<String>,
    /// Write a mutant that the latest mutation killed as a sabotage of the series
    #[arg(long, value_name = "MUTANT", help_heading = OUTPUT, conflicts_with_all = ["list", "only"])]
    write: Option<String>,
}

const FOOTER: Footer = Footer::new(&[
    (
        "cargo xtask series mutate memdev-attach --coverage latest --line drivers/cxl/core/memdev.c:1225",
        "One line, with the cases that the latest coverage has for it",
    ),
    ("cargo xtask series mutate memdev-attach --sample 40 --seed 7", "Forty of all, the same ones each time"),
    ("cargo xtask series mutate memdev-attach --resume", "On from where the latest was stopped"),
])
.exits(&[
    ("0", "each mutant was noticed, or is explained in series.yaml"),
    ("1", "one was not"),
    ("4", "infrastructure: a case is red without a mutant, or a run brought no verdict"),
]);

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let all = MutationRuns::new(ctx.results().dir());
    if let Some(id) = &args.write {
        return write(id, args, &all, ctx);
    }
    let project = args.cells.range.for_series(ctx.project()?, &args.cells.name, ctx)?;
    let series = Series::load(&project.patches_dir(), &args.cells.name)?;
    if args.list {
        let (request, coverage) = covered(args, &project, ctx)?;
        let found = wanted(args, &coverage, (&plan(&project, &request)?, &series), ctx)?;
        list(&found, ctx)?;
        return Ok(Exit::Success);
    }
    let (mut state, _lock) = if let Some(name) = &args.resume {
        let (state, lock) = all.resume(name, &command_line())?;
        if state.series != args.cells.name {
            let message =
                format!("mutation {} is of series {}, not of {}", state.id, state.series, args.cells.name);
            return Err(Usage { message, hint: Some("name that one, or begin anew".to_owned()) }.into());
        }
        (state, lock)
    } else {
        let (request, coverage) = covered(args, &project, ctx)?;
        let Wanted { mutants, sabotages } =
            wanted(args, &coverage, (&plan(&project, &request)?, &series), ctx)?;
        let (id, lock) = all.create(&command_line())?;
        let state = MutationState::new(id, command_line(), &args.cells.name, request, coverage);
        let named = args.only.clone();
        (MutationState { wanted: mutants, sabotages, named, enough: args.sample, ..state }, lock)
    };
    all.write(&state)?;
    attempt(&mut state, &all, (&project, &series), args, ctx)?;
    let mutation = Mutation::new(&state.series, state.tried.clone(), state.sabotages.clone());
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(&mutation)?),
        Format::Human => anstream::println!("{}", neutralise(&mutation.to_string())),
    }
    ctx.print(&format!("results: {}", all.folder(&state.id).display()));
    if host::signals::requested() {
        ctx.print("next: `cargo xtask series mutate NAME --resume` goes on");
        return Ok(Exit::Interrupted);
    }
    let unexplained = mutation.survivors().count();
    Ok(if unexplained == 0 { Exit::Success } else { Exit::Red })
}

/// The cells, and which lines ran in them.
fn covered(args: &Args, project: &Project, ctx: &Context) -> Result<(Request, Coverage)> {
    if args.uncounted {
        let (series, request) = asked(&args.cells, project, ctx)?;
        let plan = plan(project, &request)?;
        let sources = Sources::new(&ctx.cache);
        let lines = coverage::lines(&sources.prepare(&plan.kernel, &plan.series)?, &series, &sources)?;
        let places: Vec<Place> = plan.closed_cells().flat_map(places).collect();
        return Ok((request, Coverage::assumed(&lines, &places)));
    }
    let run = if let Some(name) = &args.coverage {
        results::load(ctx, name)?
    } else {
        let (run, exit) = counted(&args.cells, project, ctx)?;
        if exit != Exit::Success {
            let message = "the cases are not green on the kernel that counts".to_owned();
            let hint = Some("`cargo xtask results show` says which, and why".to_owned());
            return Err(Missing { message, hint }.into());
        }
        run
    };
    let (coverage, _) =
        coverage::read(std::slice::from_ref(&run), &args.cells.name).context("reading what ran")?;
    let request: Request = serde_json::from_value(run.resolved["request"].clone())
        .with_context(|| format!("reading what run {} was asked for", run.summary.id))?;
    Ok((Request { flavour: args.cells.kernel.flavour.clone(), ..request }, coverage))
}

/// The cases of a cell.
fn places(cell: &run::Cell) -> Vec<Place> {
    let id = &cell.id;
    let cases = cell.boots.iter().flat_map(|boot| &boot.cases);
    cases.map(|case| Place::of(&id.topology, &id.suite, &id.variant, Some(&case.name))).collect()
}

/// What is run for the mutants.
fn plan(project: &Project, request: &Request) -> Result<Plan> {
    let mut plans = Plan::all(project, request)?;
    Ok(plans.remove(0))
}

/// The mutants that are asked for, and of all which lie where a sabotage does.
struct Wanted {
    mutants: Vec<Candidate>,
    sabotages: Vec<SabotageMutants>,
}

fn wanted(
    args: &Args,
    coverage: &Coverage,
    (plan, series): (&Plan, &Series),
    ctx: &Context,
) -> Result<Wanted> {
    let sources = Sources::new(&ctx.cache);
    let prepared = sources.prepare(&plan.kernel, &plan.series)?;
    let mut texts = BTreeMap::new();
    for file in mutate::files(coverage) {
        if let Some(text) = sources.file(&prepared, file)? {
            // As git writes it: the last line end is there.
            texts.insert(file.to_owned(), text + "\n");
        }
    }
    let mut all = mutate::candidates(coverage, &texts);
    if let Some(unknown) = args.only.iter().find(|id| all.iter().all(|one| one.id != **id)) {
        return Err(Usage::unknown("mutant", unknown, all.iter().map(|one| one.id.as_str())).into());
    }
    for gone in series.explained.keys().filter(|id| all.iter().all(|one| one.id != **id)) {
        ctx.print(&format!(
            "remark: series.yaml explains mutant {gone}, which there is no more: its line has changed"
        ));
    }
    let mut sabotages = Vec::new();
    for Sabotage { name, patch, .. } in Sabotage::load_all(series)? {
        let text = fs_err::read_to_string(&patch.file)?;
        sabotages.push(SabotageMutants::of((&name, &text), coverage, &texts, &all));
    }
    let is_asked = |one: &Candidate| {
        (args.patch.is_empty() || args.patch.contains(&one.patch))
            && (args.line.is_empty() || args.line.contains(&format!("{}:{}", one.file, one.line)))
            && (args.only.is_empty() || args.only.contains(&one.id))
    };
    all.retain(is_asked);
    if all.is_empty() {
        let message = "no mutant is left to try".to_owned();
        let hint = "--list shows all; a line has mutants if it has code that does something".to_owned();
        return Err(Usage { message, hint: Some(hint) }.into());
    }
    let sample = args.sample.map(|count| Sample { count, seed: args.seed });
    Ok(Wanted { mutants: mutate::chosen(all, args.shard.as_ref(), sample), sabotages })
}

fn list(Wanted { mutants, sabotages }: &Wanted, ctx: &Context) -> Result<()> {
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(mutants)?);
        return Ok(());
    }
    for one in mutants {
        let reached = if one.cases.is_empty() { ", which no case runs" } else { "" };
        anstream::println!(
            "{} {}:{} {}, of patch {}{reached}",
            one.id,
            one.file,
            one.line,
            one.operator,
            one.patch
        );
        for line in one.diff.lines().skip(3).filter(|line| line.starts_with(['-', '+'])) {
            anstream::println!("  {}", neutralise(line));
        }
    }
    for sabotage in sabotages {
        anstream::println!("{}", neutralise(&sabotage.to_string()));
    }
    anstream::println!("{} mutants", mutants.len());
    Ok(())
}

/// Tries what is open, two at a time; those that survive and concern locks or lifetimes once more on the debug flavour.
fn attempt(
    state: &mut MutationState,
    all: &MutationRuns,
    (project, series): (&Project, &Series),
    args: &Args,
    ctx: &Context,
) -> Result<()> {
    // Somebody has looked at these. One is tried where it is asked for by its name.
    let (explained, open): (Vec<_>, Vec<_>) = state
        .open()
        .into_iter()
        .partition(|one| series.explained.contains_key(&one.id) && !state.named.contains(&one.id));
    for one in explained {
        let why = series.explained[&one.id].clone();
        settle(state, all, TriedMutant::untried(&one, Outcome::Explained, why), ctx)?;
    }
    let (unreached, reached): (Vec<_>, Vec<_>) = open.into_iter().partition(|one| one.cases.is_empty());
    for one in unreached {
        let by = "no case runs its line".to_owned();
        settle(state, all, TriedMutant::untried(&one, Outcome::Unreached, by), ctx)?;
    }
    setup::ensure_for(ctx, args.cells.setup, args.cells.guest.qemu.as_deref(), false)?;
    let jobs = Policy::default().jobs();
    let options = Options {
        engine: args.cells.guest.on.clone(),
        qemu: run::find_qemu(args.cells.guest.qemu.as_deref())?,
        accel: args.cells.guest.accel,
        policy: Policy { jobs: Some(1), ..Policy::default() },
    };
    let stage = Stage { state: Mutex::new(state), all, project, series, options: &options, jobs, ctx };
    if !reached.is_empty() && !stage.is_enough() {
        stage.run(None, reached)?;
    }
    let delicate: Vec<Candidate> = stage.delicate();
    if !delicate.is_empty() && !host::signals::requested() {
        ctx.print(&format!(
            "{} that survived take a lock or a reference away: once more on the debug flavour",
            delicate.len()
        ));
        stage.run(Some(DEBUG), delicate)?;
    }
    Ok(())
}

/// The flavour that sees what a lock or a reference is for.
const DEBUG: &str = "debug";

/// What the mutants are tried with.
struct Stage<'a> {
    state: Mutex<&'a mut MutationState>,
    all: &'a MutationRuns,
    project: &'a Project,
    series: &'a Series,
    options: &'a Options,
    jobs: usize,
    ctx: &'a Context,
}

impl Stage<'_> {
    /// Tries mutants on a flavour; that of the request where none is named.
    fn run(&self, flavour: Option<&str>, mutants: Vec<Candidate>) -> Result<()> {
        let state = lock(&self.state);
        let (mut request, folder) = (state.request.clone(), self.all.folder(&state.id));
        drop(state);
        request.flavour = flavour.map(str::to_owned).or(request.flavour);
        let places: BTreeSet<Place> = mutants.iter().flat_map(Candidate::places).collect();
        let workspace = workspace();
        let (root, cache) = (&self.project.root, &self.ctx.cache);
        let human = self.ctx.format == Format::Human;
        let shown: Option<Box<dyn Sink>> =
            human.then(|| Box::new(Terminal::stdout(self.ctx.verbosity()).side_by_side(1)) as Box<dyn Sink>);
        let context = RunContext { workspace: &workspace, root, cache, sink: &Null };
        let plan = plan(self.project, &request)?;
        self.ctx.print("first the series itself, with every case that runs one of the lines");
        let bench = Bench::new(context, self.options, plan, &places, &folder, shown.into_iter().collect())
            .context("running the series without a mutant")?;
        let (next, failed) = (Mutex::new(mutants.into_iter()), Mutex::new(None));
        let work = || {
            while let Some(one) = self.next(&next) {
                let noted =
                    bench.attempt(&one).map_err(anyhow::Error::from).and_then(|tried| self.note(tried));
                if let Err(error) = noted {
                    lock(&failed).get_or_insert(error);
                    return;
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(work);
            }
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(_) if host::signals::requested() => Ok(()),
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Whether as many were judged as a sample asks for: those that build and differ.
    fn is_enough(&self) -> bool {
        let state = lock(&self.state);
        let judged = |one: &&TriedMutant| {
            matches!(one.outcome, Outcome::Killed | Outcome::Survived | Outcome::Explained)
        };
        state.enough.is_some_and(|enough| state.tried.iter().filter(judged).count() >= enough)
    }

    /// The next mutant; none where enough were judged, or the user interrupted.
    fn next(&self, mutants: &Mutex<std::vec::IntoIter<Candidate>>) -> Option<Candidate> {
        if self.is_enough() || host::signals::requested() {
            return None;
        }
        lock(mutants).next()
    }

    fn note(&self, mut tried: TriedMutant) -> Result<()> {
        if let Some(why) = self.series.explained.get(&tried.id).filter(|_| tried.outcome == Outcome::Survived)
        {
            (tried.outcome, tried.by) = (Outcome::Explained, why.clone());
        }
        let mut state = lock(&self.state);
        settle(&mut state, self.all, tried, self.ctx)
    }

    /// Survivors that concern a lock, a reference or something of a device's, and that were tried on no other flavour than the plain one.
    fn delicate(&self) -> Vec<Candidate> {
        let state = lock(&self.state);
        if state.request.flavour.is_some() {
            return Vec::new();
        }
        let survived: HashMap<&str, &TriedMutant> = state
            .tried
            .iter()
            .filter(|one| one.outcome == Outcome::Survived && one.flavour != DEBUG)
            .map(|one| (one.id.as_str(), one))
            .collect();
        state
            .wanted
            .iter()
            .filter(|one| one.of_lifetime && survived.contains_key(one.id.as_str()))
            .cloned()
            .collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps what came of a mutant, in the place of what was known of it, and shows it.
fn settle(state: &mut MutationState, all: &MutationRuns, tried: TriedMutant, ctx: &Context) -> Result<()> {
    if ctx.format == Format::Human
        && ctx.verbosity() != Verbosity::Quiet
        && tried.outcome != Outcome::Unreached
    {
        anstream::println!("{}", neutralise(&tried.to_string()));
    }
    state.tried.retain(|known| known.id != tried.id);
    state.tried.push(tried);
    Ok(all.write(state)?)
}

/// Writes a mutant that was killed as a sabotage.
fn write(id: &str, args: &Args, all: &MutationRuns, ctx: &Context) -> Result<Exit> {
    let state = all.load("latest")?;
    let Some(one) = state.tried.iter().find(|one| one.id == id) else {
        return Err(Usage::unknown("mutant", id, state.tried.iter().map(|one| one.id.as_str())).into());
    };
    let killer = one.by.split(' ').next().filter(|case| one.outcome == Outcome::Killed && case.contains('/'));
    let Some(killer) = killer else {
        let message = format!("mutant {id} was not killed by a case: {}", one.outcome);
        let hint = "a sabotage names the case that turns red: write one that does, and try the line again"
            .to_owned();
        return Err(Usage { message, hint: Some(hint) }.into());
    };
    let subject =
        state.coverage.patches.get(one.patch - 1).map(|patch| patch.subject.as_str()).unwrap_or_default();
    let place: Option<Place> = one.cases.last().and_then(|place| place.parse().ok());
    let topology = place.map(|place| place.topology).filter(|name| name != "direct" && name != "none");
    let topology = topology.map(|name| format!("Topology: {name}\n")).unwrap_or_default();
    let what = format!("{} {}:{}", one.operator, one.file, one.line);
    let text = format!(
        "Subject: [PATCH] {what}\n\nUndoes: {what}, made by machine.\nOf: {subject}\n\nTurns-red: {killer}\n{topology}---\n{}",
        one.diff
    );
    let dir = ctx.project()?.patches_dir().join(&args.cells.name).join("sabotage");
    fs_err::create_dir_all(&dir)?;
    let path = dir.join(format!("mutant-{id}.patch"));
    fs_err::write(&path, text)?;
    anstream::println!("{}", path.display());
    Ok(Exit::Success)
}
