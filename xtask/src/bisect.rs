//! `bisect`: what turned a cell from green to red.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use engine::bisect;
use engine::bisect::{Ask, Asked, Axis, Bisections, Drive, Level, Rule, State, TargetFailure, Trial};
use event::Sink;
use report::text::neutralise;
use report::{Lock, Terminal, Verbosity, command_line};
use source::Sources;
use spec::{Project, Source};

use super::args::{GuestArgs, cell_filter};
use super::context::workspace;
use super::help::{EXECUTION, KERNEL, OUTPUT, SELECTION};
use super::{Context, Exit, Footer, Format, Usage, setup};

/// Finds the patch, commit or topology that broke or fixed a cell
///
/// One of --series, --git and --topology names what is searched: the smallest topology, where it is that. Beside the
/// first two, --topology names where to boot.
///
/// The failure is the first one that the bad end shows, or that of --run; another failure on the way is skipped, not bad. Both
/// ends are run first, the culprit and its parent again at the end. See docs/bisect.md.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, add = FOOTER)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    axis: AxisArgs,
    #[command(flatten)]
    failure: FailureArgs,
    /// Resume BISECTION, or the newest one, which was interrupted
    #[arg(
        long, value_name = "BISECTION", num_args = 0..=1, default_missing_value = "latest",
        conflicts_with_all = ["axis", "suites", "run"], help_heading = SELECTION
    )]
    resume: Option<String>,
    /// How sure the answer is to be, in percent, where the failure shows only sometimes
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0, value_parser = percent, help_heading = EXECUTION)]
    confidence: f64,
    /// Run each step N times [default: as often as the failure rate of the bad end asks for]
    #[arg(
        long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = EXECUTION
    )]
    repeat: Option<u32>,
    /// Run the failing case with the others of its cell, not alone
    #[arg(long, help_heading = EXECUTION)]
    together: bool,
    #[command(flatten)]
    guest: GuestArgs,
    /// Write a regression report, the draft of an email, into this file
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    report: Option<PathBuf>,
}

const FOOTER: Footer = Footer::new(&[
    (
        "cargo xtask bisect --series memdev-attach --suite attach-mock",
        "Which patch of the series broke the suite",
    ),
    (
        "cargo xtask bisect --git v7.0 HEAD --git-dir ~/linux --run latest",
        "Which commit broke what failed in the latest run",
    ),
    (
        "cargo xtask bisect --git v7.0-rc1 v7.0 --fixed --git-dir ~/linux --suite attach",
        "Which commit mended what failed at v7.0-rc1",
    ),
    (
        "cargo xtask bisect --topology fan --suite enumerate",
        "The smallest topology on which the suite still fails",
    ),
])
.exits(&[
    ("0", "it ended with an answer, which may be a range of steps that could not be judged"),
    ("2", "the command line, or an end: the good one is bad, or the bad one does not fail"),
]);

const LOG: Footer = Footer::new(&[("cargo xtask bisect log > log", "The newest bisection, to be edited")]);

const REPLAY: Footer =
    Footer::new(&[("cargo xtask bisect replay log", "Goes through it as the edited log says")]);

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Prints what each run of a bisection showed, as `git bisect log` does
    ///
    /// An edited copy can be replayed.
    #[command(add = LOG)]
    Log {
        /// The bisection [default: the newest]
        #[arg(value_name = "BISECTION")]
        id: Option<String>,
    },
    /// Goes through a bisection again from its log, and runs what is not in it
    #[command(add = REPLAY)]
    Replay {
        /// A log that `bisect log` printed, maybe edited; - is standard input [default: that of the newest bisection]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Along what.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "What is searched")]
struct AxisArgs {
    /// Search the patches of this series
    #[arg(long, value_name = "SERIES", group = "axis")]
    series: Option<String>,
    /// The first N patches of the series are good [default: as few as promise the case]
    #[arg(long, value_name = "N", requires = "series")]
    good: Option<usize>,
    /// Search the commits between two, along first parents
    ///
    /// A merge that is to blame is entered.
    #[arg(long, value_names = ["GOOD", "BAD"], num_args = 2, group = "axis")]
    git: Option<Vec<String>>,
    /// Search the commit that mended the failure: of --git, the first one fails and the second one passes
    #[arg(long, requires = "git")]
    fixed: bool,
    /// The repository of the commits [default: that of the kernel's source]
    #[arg(long, value_name = "DIR", requires = "git")]
    git_dir: Option<PathBuf>,
    /// Only commits that touch this file or folder; repeatable [default: all commits]
    #[arg(long = "path", value_name = "PATH", requires = "git")]
    paths: Vec<String>,
    /// Search the smallest topology that fails; with --series or --git, where to boot
    #[arg(long, value_name = "TOPOLOGY")]
    topology: Option<String>,
}

/// The failure that is looked for.
#[derive(Debug, Default, clap::Args)]
pub(super) struct FailureArgs {
    /// A kernel of patchbench.yaml: its series, where they apply, and its fragments [default: the one under `defaults:` there]
    #[arg(long, value_name = "KERNEL", help_heading = KERNEL)]
    pub kernel: Option<String>,
    /// How the kernel is configured: plain, debug or debug-info [default: the one under `defaults:` of patchbench.yaml]
    #[arg(long, value_name = "FLAVOUR", help_heading = KERNEL)]
    pub flavour: Option<String>,
    /// Run this suite, or one variant or case of it; repeatable [default: those under `defaults:` of patchbench.yaml]
    #[arg(long = "suite", value_name = "SUITE[:VARIANT][/CASE]", help_heading = SELECTION)]
    pub suites: Vec<String>,
    /// Run only this case, with * as in a shell; repeatable [default: all cases of the suites]
    #[arg(long = "case", value_name = "[SUITE/]CASE", help_heading = SELECTION)]
    pub cases: Vec<String>,
    /// Run only the cells of which this holds, as for `run` [default: all cells]
    #[arg(long, value_name = "EXPRESSION", help_heading = SELECTION)]
    pub cell: Option<String>,
    /// Look for the first failure of a run that was kept [default: the first one that shows]
    #[arg(long, value_name = "RUN", help_heading = SELECTION)]
    pub run: Option<String>,
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.trim_end_matches('%').parse().map_err(|_| "this is no number".to_owned())?;
    if (50.0..100.0).contains(&number) { Ok(number) } else { Err("from 50 to below 100".to_owned()) }
}

impl FailureArgs {
    /// What is run at each step.
    pub(super) fn asked(&self, topologies: Vec<String>) -> Result<Asked> {
        let cells = cell_filter(self.cell.as_deref())?;
        Ok(Asked {
            kernel: self.kernel.clone(),
            flavour: self.flavour.clone(),
            topologies,
            suites: self.suites.clone(),
            cases: self.cases.clone(),
            cells,
        })
    }

    /// The failure of a run that was kept: of the named cases, where some are.
    pub(super) fn target(&self, ctx: &Context) -> Result<Option<TargetFailure>> {
        let Some(name) = &self.run else { return Ok(None) };
        let stored = super::results::load(ctx, name).context("reading the run with the failure")?;
        let all: Vec<_> = stored.summary.cells.iter().flat_map(bisect::failures).collect();
        let wanted = |target: &&TargetFailure| {
            let case = target.case.as_deref().unwrap_or_default();
            let whole = format!("{}/{case}", target.cell.suite);
            self.cases.is_empty() || self.cases.iter().any(|name| name == case || *name == whole)
        };
        let found = all.iter().find(wanted).cloned();
        let id = &stored.summary.id;
        let nothing = || match &all[..] {
            [] => Usage {
                message: format!("nothing is red in {id}"),
                hint: Some(
                    "`cargo xtask results list` shows which runs are red; --run RUN takes one".to_owned(),
                ),
            },
            _ => Usage {
                message: format!("no such failure in {id}"),
                hint: Some(format!("`cargo xtask results show {id}` shows what is red in it")),
            },
        };
        Ok(Some(found.ok_or_else(nothing)?))
    }
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    let store = Bisections::new(ctx.results().dir());
    match &args.command {
        Some(Command::Log { id }) => {
            anstream::print!("{}", neutralise(&store.load(id.as_deref())?.log()));
            return Ok(Exit::Success);
        }
        Some(Command::Replay { file }) => {
            let (state, _lock) = replayed(&store, file.as_deref())?;
            return go_on(state, args, &project, &store, ctx);
        }
        None => {}
    }
    let (state, _lock) = match &args.resume {
        Some(name) => store.resume(Some(name.as_str()), &command_line())?,
        None => begun(args, &project, &store, ctx)?,
    };
    setup::ensure(ctx, false, args.guest.qemu.as_deref())?;
    go_on(state, args, &project, &store, ctx)
}

/// A bisection with the answers of a log.
fn replayed(store: &Bisections, file: Option<&Path>) -> Result<(State, Lock)> {
    let Some(file) = file else {
        let (state, lock) = store.resume(None, &command_line())?;
        let log = state.log();
        return Ok((state.edited(&log, Path::new("log"))?, lock));
    };
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin()).context("reading the log")?
    } else {
        fs::read_to_string(file).map_err(|error| Usage::of_file("read", file, error))?
    };
    let id = text.lines().find_map(|line| line.strip_prefix("bisect ")).ok_or_else(|| Usage {
        message: format!("{}: no line names its bisection", file.display()),
        hint: Some("`cargo xtask bisect log` prints one".to_owned()),
    })?;
    let (state, lock) = store.resume(Some(id.trim()), &command_line())?;
    Ok((state.edited(&text, file)?, lock))
}

/// A bisection of which nothing is known but what is asked.
fn begun(args: &Args, project: &Project, store: &Bisections, ctx: &Context) -> Result<(State, Lock)> {
    let target = args.failure.target(ctx)?;
    let topology = args.axis.topology.clone().or_else(|| Some(target.as_ref()?.cell.topology.clone()));
    let ask = Ask {
        axis: axis(args, project, target.as_ref(), topology.as_deref())?,
        request: args.failure.asked(topology.into_iter().collect())?,
        rule: Rule { confidence: args.confidence / 100.0, repeat: args.repeat },
        together: args.together,
        qemu: args.guest.qemu.clone(),
        accel: args.guest.accel,
    };
    let (steps, notes) = ask.steps(project, &Sources::new(&ctx.cache), target.as_ref())?;
    // What is wrong with the names is reported before anything is made.
    ask.plan(project, &steps[steps.len() - 1], target.as_ref())?;
    for note in notes {
        ctx.print(&neutralise(&note));
    }
    let (id, lock) = store.create(&command_line())?;
    let state = State {
        format: bisect::FORMAT,
        id,
        command: command_line(),
        ask,
        target,
        levels: vec![Level::new(steps)],
        answer: None,
    };
    store.write(&state)?;
    Ok((state, lock))
}

fn axis(
    args: &Args,
    project: &Project,
    target: Option<&TargetFailure>,
    topology: Option<&str>,
) -> Result<Axis> {
    let AxisArgs { series, good, git, git_dir, paths, fixed, .. } = &args.axis;
    if let Some(name) = series {
        return Ok(Axis::Series { name: name.clone(), good: *good });
    }
    if let Some([old, new]) = git.as_deref() {
        let (good, bad) = if *fixed { (new, old) } else { (old, new) };
        let dir = match git_dir {
            Some(dir) => dir.clone(),
            None => repository(args.failure.kernel.as_deref(), project)?,
        };
        let dir = std::path::absolute(&dir).context("resolving --git-dir")?;
        let (good, bad, paths) = (good.clone(), bad.clone(), paths.clone());
        return Ok(Axis::Git { dir, good, bad, paths, fixed: *fixed });
    }
    match (topology, target) {
        (Some(name), _) => Ok(Axis::Topology { name: name.to_owned() }),
        _ => Err(Usage {
            message: "along what? --series NAME, --git GOOD BAD, or --topology NAME".to_owned(),
            hint: Some("`cargo xtask bisect --help`".to_owned()),
        }
        .into()),
    }
}

/// The repository that a kernel's source is in.
fn repository(kernel: Option<&str>, project: &Project) -> Result<PathBuf> {
    let kernel = project.kernel(kernel.unwrap_or(&project.defaults.kernel))?;
    let local = kernel.sources.iter().find_map(|source| match source {
        Source::Git { location, .. } if !spec::kernel::is_url(location) => Some(PathBuf::from(location)),
        _ => None,
    });
    local.ok_or_else(|| {
        Usage {
            message: format!("kernel {} has no local git tree as its source", kernel.name),
            hint: Some("--git-dir DIR names one; or another kernel: --kernel NAME".to_owned()),
        }
        .into()
    })
}

/// What is searched, and where it is kept.
fn begins(state: &State, folder: &Path) -> String {
    let (steps, kept) = (&state.levels[0].steps, folder.display());
    if let Axis::Topology { name } = &state.ask.axis {
        return format!("topology {name}: {}; kept in {kept}", steps[0].title);
    }
    let (good, bad) = (steps[0].short(), steps[steps.len() - 1].short());
    let count = steps.len() - 1;
    if state.ask.is_for_fix() {
        return format!("{count} steps, {bad} red to {good} green; kept in {kept}");
    }
    format!("{count} steps, {good} good to {bad} bad; kept in {kept}")
}

/// Goes on with a bisection, and prints its answer.
fn go_on(
    mut state: State,
    args: &Args,
    project: &Project,
    store: &Bisections,
    ctx: &Context,
) -> Result<Exit> {
    let folder = store.folder(&state);
    let print = |text: &str| match ctx.format {
        Format::Human if !ctx.quiet => anstream::println!("{}", neutralise(text)),
        _ => {}
    };
    print(&begins(&state, &folder));
    let shown = || match (ctx.format, ctx.verbosity()) {
        (Format::Human, Verbosity::Verbose) => Some(Terminal::stdout(Verbosity::Verbose)),
        (Format::Human, Verbosity::Normal) => Terminal::foot(),
        _ => None,
    };
    let shown = || shown().map(|terminal| Box::new(terminal) as Box<dyn Sink>);
    let workspace = workspace();
    let ask = state.ask.clone();
    let mut trial = Trial {
        workspace: &workspace,
        project,
        cache: &ctx.cache,
        ask: &ask,
        folder: folder.clone(),
        command: command_line(),
        shown: &shown,
        progress: &print,
    };
    Drive { oracle: &mut trial, keep: &|state| store.write(state), progress: &print }.run(&mut state)?;
    let width = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).unwrap_or(120);
    let report = bisect::report_on(&state, &folder, project, width)?;
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(&report)?),
        Format::Human => anstream::print!("{}", neutralise(&report.to_string())),
    }
    if let Some(file) = &args.report {
        fs::write(file, bisect::draft(&report)).map_err(|error| Usage::of_file("write", file, error))?;
        ctx.print(&format!("report: {}", file.display()));
    }
    Ok(Exit::Success)
}
