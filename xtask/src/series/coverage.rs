//! `series coverage`: which lines of a series ran in which cases.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

use ::coverage::{Coverage, SeriesLines, annotated, lcov};
use engine::run;
use engine::run::{Options, Plan, Policy, Request, RunContext};
use engine::series::coverage::{self, FLAVOUR};
use event::{Fan, Sink};
use kernlog::Verdict;
use report::text::neutralise;
use report::{COVERAGE_JSON, Store, Stored, Terminal};
use spec::{Project, Series, Userland};

use crate::args::{GuestArgs, KernelArgs};
use crate::context::workspace;
use crate::help::{EXECUTION, OUTPUT, SELECTION};
use crate::range::RangeArgs;
use crate::record::{resolved, started};
use crate::{Context, Exit, Footer, Format, Usage, own_tree, results, setup};

/// What lcov's tools read, beside [`COVERAGE_JSON`].
const INFO: &str = "coverage.info";

/// Cells in which lines are counted.
#[derive(Debug, clap::Args)]
pub(super) struct CellArgs {
    /// The series: a folder in patches/; with --git, any name for the commits
    #[arg(value_name = "SERIES")]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) kernel: KernelArgs,
    #[command(flatten)]
    pub(super) range: RangeArgs,
    /// Boot this topology; repeatable [default: those under `defaults:` of patchbench.yaml]
    #[arg(long = "topology", value_name = "TOPOLOGY", help_heading = SELECTION)]
    pub(super) topologies: Vec<String>,
    /// Run this suite, or one variant or case of it; repeatable [default: all in its `promises:`]
    #[arg(long = "suite", value_name = "SUITE[:VARIANT][/CASE]", help_heading = SELECTION)]
    pub(super) suites: Vec<String>,
    /// Run only this case, with * as in a shell; repeatable [default: all cases of the suites]
    #[arg(long = "case", value_name = "[SUITE/]CASE", help_heading = SELECTION)]
    pub(super) cases: Vec<String>,
    #[command(flatten)]
    pub(super) guest: GuestArgs,
    /// Install what is missing first: one apt-get install, shown before it runs
    #[arg(long, help_heading = EXECUTION)]
    pub(super) setup: bool,
}

/// Shows which lines of a series ran, in which cases
///
/// The kernel is built to count (gcov) in the folders that the series touches. Shown are the lines that no case runs, covered and coverable
/// lines of each patch, what only some topologies run, and few cases that together run all that ran.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    #[command(flatten)]
    cells: CellArgs,
    /// Boot nothing, and read what an earlier run has counted; repeatable
    #[arg(
        long, value_name = "RUN", help_heading = SELECTION,
        conflicts_with_all = ["topologies", "suites", "cases", "kernel", "linux", "flavour", "up_to", "git"]
    )]
    from: Vec<String>,
    /// Show patch N as a diff, with how often its lines ran; repeatable
    ///
    /// Beside an added line stands how often it ran, - where it did not, ? where that is not known, nothing where it has no code, and ~
    /// where a later patch wrote over it.
    #[arg(long, value_name = "N", help_heading = OUTPUT)]
    patch: Vec<usize>,
    /// Show every patch so
    #[arg(long, conflicts_with = "patch", help_heading = OUTPUT)]
    diff: bool,
    /// Fail where fewer lines in a hundred of those with code ran
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100), help_heading = OUTPUT)]
    min_covered: Option<u32>,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask series coverage memdev-attach", "All that its promises name, on the default topologies"),
    (
        "cargo xtask series coverage memdev-attach --from latest --diff",
        "The patches of the last one, with counts beside their lines",
    ),
    (
        "cargo xtask series coverage mine --git ~/linux v7.2..mine --suite enumerate --min-covered 90",
        "A branch of your own",
    ),
])
.exits(&[
    ("0", "it was counted, and enough of it ran"),
    ("1", "less ran than was wanted, or a case was red"),
    ("4", "infrastructure: no counters came, or those of another build"),
]);

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let (runs, exit) = if args.from.is_empty() {
        let project = args.cells.range.for_series(ctx.project()?, &args.cells.name, ctx)?;
        let (run, exit) = counted(&args.cells, &project, ctx)?;
        if matches!(exit, Exit::Interrupted | Exit::Unbuilt | Exit::Infrastructure) {
            return Ok(exit);
        }
        (vec![run], exit)
    } else {
        let runs = args.from.iter().map(|name| results::load(ctx, name)).collect::<Result<Vec<_>>>()?;
        (runs, Exit::Success)
    };
    let (coverage, lines) =
        coverage::read(&runs, &args.cells.name).context("reading what the guests have counted")?;
    let shown = chosen(args, &coverage)?;
    if let [run] = runs.as_slice() {
        write(&run.dir, &coverage)?;
    }
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(&coverage)?),
        Format::Human => show(&coverage, &lines, &shown),
    }
    if let [run] = runs.as_slice() {
        ctx.print(&format!("results: {}", run.dir.display()));
    }
    Ok(if is_enough(args, &coverage, ctx) { exit } else { Exit::Red })
}

/// The series, and the cells that are asked for; each suite that promises it where none is named.
pub(super) fn asked(args: &CellArgs, project: &Project, ctx: &Context) -> Result<(Series, Request)> {
    let series = Series::load(&project.patches_dir(), &args.name)?;
    let kernel = args.kernel.request();
    let named = kernel.kernel.as_deref().unwrap_or(&project.defaults.kernel);
    let listed = &project.kernel(named)?.series;
    let beside = Series::load_all(&project.patches_dir(), listed)?;
    // On a tree of one's own goes what fits it.
    let by_itself = kernel.linux.is_none() && !listed.contains(&series.name);
    let request = Request {
        series: by_itself.then(|| vec![series.name.clone()]),
        git: project.range().cloned(),
        topologies: args.topologies.clone(),
        suites: if args.suites.is_empty() { promised(&series, &beside) } else { args.suites.clone() },
        cases: args.cases.clone(),
        ..kernel
    };
    Ok((series, own_tree::settled_and_shown(request, project, ctx)?))
}

/// Runs the cells on a kernel that counts, and keeps what it takes to read the counters.
pub(super) fn counted(args: &CellArgs, project: &Project, ctx: &Context) -> Result<(Stored, Exit)> {
    let (series, request) = asked(args, project, ctx)?;
    let flavour = request.flavour.clone().unwrap_or_else(|| FLAVOUR.to_owned());
    let request = Request { flavour: Some(flavour), ..request };
    let plans = Plan::all(project, &request)?;
    let ndctl = plans.iter().any(|plan| plan.wants(Userland::Ndctl));
    setup::ensure_for(ctx, args.setup, args.guest.qemu.as_deref(), ndctl)?;
    let options = Options {
        engine: args.guest.on.clone(),
        qemu: run::find_qemu(args.guest.qemu.as_deref())?,
        accel: args.guest.accel,
        policy: Policy { learn: true, ..Policy::default() },
    };
    let store = Arc::new(
        Store::create(&project.root.join("results"), resolved(&plans, &request, &options))
            .context("creating the run's folder")?,
    );
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(Arc::clone(&store))];
    if ctx.format == Format::Human {
        sinks.push(Box::new(Terminal::stdout(ctx.verbosity()).side_by_side(options.policy.jobs())));
    }
    let sink = Fan(sinks);
    sink.emit(&started(&store, &plans));
    let workspace = workspace();
    let context = RunContext { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: &sink };
    let finished = run::execute(&context, &plans, &options, &store)?;
    if let Some(error) = store.take_error() {
        return Err(error.into());
    }
    let run = Stored::load(store.dir())?;
    let exit = match finished.verdict {
        _ if finished.interrupted => Exit::Interrupted,
        // What was skipped as a whole has counted nothing, which is reported below.
        Verdict::Skip => Exit::Success,
        verdict => Exit::from(verdict),
    };
    if !matches!(exit, Exit::Interrupted | Exit::Unbuilt | Exit::Infrastructure) {
        coverage::keep(&run, &series, &ctx.cache).context("keeping what the counters are read with")?;
    }
    Ok((run, exit))
}

/// The suites that the promises of a series name, and those of what tests it: the kernel's series that require it. Each once; none for
/// the defaults.
fn promised(series: &Series, beside: &[Series]) -> Vec<String> {
    let tests = beside.iter().filter(|other| other.requires.contains(&series.name));
    let mut suites: Vec<String> = Vec::new();
    for promise in std::iter::once(series).chain(tests).flat_map(|one| one.promises.values().flatten()) {
        let suite = promise.split('/').next().unwrap_or(promise);
        if !suites.iter().any(|known| known == suite) {
            suites.push(suite.to_owned());
        }
    }
    suites
}

/// Indices of the patches that are to be shown.
fn chosen(args: &Args, coverage: &Coverage) -> Result<Vec<usize>> {
    let count = coverage.patches.len();
    if args.diff {
        return Ok((0..count).collect());
    }
    if let Some(wrong) = args.patch.iter().find(|number| !(1..=count).contains(*number)) {
        let message = format!("--patch {wrong}: series {} has {count} patches here", coverage.series);
        return Err(Usage { message, hint: None }.into());
    }
    Ok(args.patch.iter().map(|number| number - 1).collect())
}

fn show(coverage: &Coverage, lines: &SeriesLines, patches: &[usize]) {
    for index in patches {
        let patch = &coverage.patches[*index];
        anstream::println!("patch {}: {}", patch.n, neutralise(&patch.subject));
        anstream::println!("{}", neutralise(&annotated(coverage, lines, *index)));
    }
    anstream::println!("{}", neutralise(&coverage.to_string()));
}

/// Writes the document and lcov's file into the run's folder.
fn write(dir: &Path, coverage: &Coverage) -> Result<()> {
    let files: [(PathBuf, Vec<u8>); 2] = [
        (dir.join(COVERAGE_JSON), serde_json::to_vec_pretty(coverage)?),
        (dir.join(INFO), lcov(coverage).into_bytes()),
    ];
    for (path, bytes) in files {
        fs_err::write(path, bytes)?;
    }
    Ok(())
}

fn is_enough(args: &Args, coverage: &Coverage, ctx: &Context) -> bool {
    let Some(wanted) = args.min_covered else { return true };
    let percent = coverage.totals.percent();
    let enough = percent >= wanted as usize;
    if !enough && ctx.format == Format::Human {
        anstream::println!("{percent} % of the lines with code ran, and --min-covered wants {wanted} %");
    }
    enough
}
