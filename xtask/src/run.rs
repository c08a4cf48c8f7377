//! `run`: the main job.

mod choose;
mod list;
mod resume;
mod shown;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

pub use self::choose::cell_filter;
use self::choose::{ChooseArgs, PolicyArgs};
use self::shown::ShownArgs;
use super::range::RangeArgs;
use super::{Context, Exit, Format, Usage, setup};
use cxl_topology::Topology;
use engine::run;
use engine::run::accel::Wanted;
use engine::run::{Bench, Drawn, Finished, Options, Order, Plan, Policy, Reds, Request};
use event::{Event, Fan, Sink};
use kernlog::Verdict;
use report::formats::Live;
use report::text::neutralise;
use report::{Store, Stored, Summary, Verbosity, command_line};
use spec::{Project, Userland};

/// Builds the kernel, boots every topology, runs every suite and says pass or fail
///
/// Without options: what `defaults:` in patchbench.yaml names. Results go to results/<time>-<id>, and
/// results/latest points there.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub kernel: KernelArgs,
    #[command(flatten)]
    pub range: RangeArgs,
    /// Boot this topology (may be given more than once) [default: as in patchbench.yaml]
    #[arg(long = "topology", value_name = "NAME")]
    pub topologies: Vec<String>,
    /// Run this suite, or one variant or case of it (may be given more than once) [default: as in patchbench.yaml]
    #[arg(long = "suite", value_name = "NAME[:VARIANT][/CASE]")]
    pub suites: Vec<String>,
    /// Run only this case: CASE or SUITE/CASE, with * as in a shell (may be given more than once)
    #[arg(long = "case", value_name = "NAME")]
    pub cases: Vec<String>,
    #[command(flatten)]
    pub choose: ChooseArgs,
    #[command(flatten)]
    pub order: OrderArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Your own tree of ndctl for suites with its tools [default: as in patchbench.yaml]
    #[arg(long, value_name = "DIR")]
    pub ndctl: Option<PathBuf>,
    #[command(flatten)]
    pub guest: GuestArgs,
    /// Install what is missing first: one apt-get install, shown before it runs
    #[arg(long)]
    pub setup: bool,
    /// Print every command that would run, and run none
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub lint: LintArgs,
    #[command(flatten)]
    pub random: RandomArgs,
    #[command(flatten)]
    pub baseline: BaselineArgs,
    #[command(flatten)]
    pub shown: ShownArgs,
}

/// With what the run is compared.
#[derive(Debug, Default, clap::Args)]
pub struct BaselineArgs {
    /// Compare with this run, or with the baseline of patchbench.yaml: the exit code is 0 where nothing is newly red
    #[arg(long, value_name = "RUN", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "the option with its value, without one, or absent")]
    pub baseline: Option<Option<String>>,
}

impl BaselineArgs {
    /// Reads the baseline, where there is to be one: before the run begins, which may itself become the latest.
    fn load(&self, ctx: &Context, project: &Project) -> Result<Option<Stored>> {
        let Some(named) = &self.baseline else { return Ok(None) };
        let Some(name) = named.as_ref().or(project.baseline.as_ref()) else {
            let message =
                "--baseline names no run, and there is no `baseline:` in patchbench.yaml".to_owned();
            return Err(
                Usage { message, hint: Some("--baseline RUN; `results list` has them".to_owned()) }.into()
            );
        };
        Ok(Some(super::results::load(ctx, name).context("reading the baseline")?))
    }
}

/// Topologies that nobody wrote.
#[derive(Debug, Default, clap::Args)]
pub struct RandomArgs {
    /// Draw this many random legal topologies and hold each guest against its model (suite enumerate unless others are
    /// named); a failing one is made as small as it still fails
    #[arg(long, value_name = "N", conflicts_with = "topologies", value_parser = clap::value_parser!(u32).range(1..))]
    pub random: Option<u32>,
}

/// Whether topologies are checked.
#[derive(Debug, Default, clap::Args)]
pub struct LintArgs {
    /// Boot a topology even where it breaks rules: what is broken is told, and QEMU may refuse, crash or mislead
    #[arg(long)]
    pub dangerously_skip_lint: bool,
}

/// Which kernel.
#[derive(Debug, Default, clap::Args)]
pub struct KernelArgs {
    /// A kernel of patchbench.yaml [default: as there]
    #[arg(long, value_name = "NAME")]
    pub kernel: Option<String>,
    /// Your own tree as it stands, uncommitted changes included; it is never written to
    #[arg(long, value_name = "DIR")]
    pub linux: Option<PathBuf>,
    /// plain; debug for KASAN, lockdep and their like; debug-info for traces with file and line [default: as in patchbench.yaml]
    #[arg(long, value_name = "NAME")]
    pub flavour: Option<String>,
    /// Only the first N patches of a series of the kernel, and not the series that require it; 0 for none of it
    #[arg(long, value_name = "[SERIES:]N")]
    pub up_to: Option<String>,
}

/// In which order cases run, and how often.
#[derive(Debug, clap::Args)]
pub struct OrderArgs {
    /// Run every case N times, and name those whose outcome changes
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,
    /// Shuffle the cases of each cell, each round anew, and name those that depend on their order
    #[arg(long)]
    pub shuffle: bool,
    /// The order, or the random topologies, that this number names, as an earlier run told it [default: others each time]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Boot a guest for every case
    #[arg(long)]
    pub isolate: bool,
}

impl Default for OrderArgs {
    fn default() -> Self {
        Self { repeat: 1, shuffle: false, seed: None, isolate: false }
    }
}

impl OrderArgs {
    fn order(&self) -> Order {
        let seed = self.shuffle.then(|| self.seed.unwrap_or_else(any_seed));
        Order { repeat: self.repeat, seed, isolate: self.isolate }
    }
}

/// Short enough to be typed again.
fn any_seed() -> u64 {
    (jiff::Timestamp::now().subsec_nanosecond().unsigned_abs() / 1000).into()
}

/// How guests are run.
#[derive(Debug, Default, clap::Args)]
pub struct GuestArgs {
    /// This QEMU instead of the one on the PATH
    #[arg(long, value_name = "PATH")]
    pub qemu: Option<PathBuf>,
    /// Which accelerator: auto takes KVM only where a guest really comes up under it
    #[arg(long, value_enum, default_value_t)]
    pub accel: Wanted,
}

impl KernelArgs {
    /// A request for this kernel and nothing else.
    pub fn request(&self) -> Request {
        Request {
            kernel: self.kernel.clone(),
            linux: self.linux.clone(),
            flavour: self.flavour.clone(),
            up_to: self.up_to.clone(),
            ..Request::default()
        }
    }
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    if let Some(name) = &args.choose.resume {
        return resume::run(name, args, ctx, &project);
    }
    let project = args.range.for_kernel(project, args.kernel.kernel.as_deref(), ctx)?;
    let request = Request { git: project.range().cloned(), ..request(args) };
    let request = args.choose.request(request, &project, ctx)?;
    // What is run again has the commits that it had, wherever their branch is now.
    let project = match request.git.clone().filter(|range| project.range() != Some(range)) {
        Some(range) => super::range::with(project, range, ctx)?,
        None => project,
    };
    let drawn = drawn(args)?;
    let baseline = args.baseline.load(ctx, &project)?;
    let plans =
        Plan::all(&project, &drawn.as_ref().map_or(request.clone(), |drawn| drawn.request(&request)))?;
    if args.choose.list {
        return list::run(&plans, ctx);
    }
    let mut topologies: Vec<_> = plans.iter().flat_map(Plan::topologies).collect();
    topologies.sort_by_key(|topology| &topology.name);
    topologies.dedup_by_key(|topology| &topology.name);
    for topology in topologies.into_iter().filter(|_| drawn.is_none()) {
        warn(ctx, topology);
    }
    if args.dry_run {
        return super::dry_run::run(&plans, &args.guest, ctx);
    }
    carry_out(args, ctx, &project, (&request, &plans), (drawn.as_ref(), baseline.as_ref()))
}

/// Runs the plans of a request.
fn carry_out(
    args: &Args,
    ctx: &Context,
    project: &Project,
    (request, plans): (&Request, &[Plan]),
    (drawn, baseline): (Option<&Drawn>, Option<&Stored>),
) -> Result<Exit> {
    let ndctl = plans.iter().any(|plan| plan.wants(Userland::Ndctl));
    setup::ensure_for(ctx, args.setup, args.guest.qemu.as_deref(), ndctl)?;
    let qemu = run::find_qemu(args.guest.qemu.as_deref())?;
    let policy = Policy { learn: drawn.is_none(), ..args.policy.policy() };
    let options = Options { qemu, accel: args.guest.accel, policy };

    let store = Arc::new(
        Store::create(&project.root.join("results"), resolved(plans, request, &options))
            .context("creating the run's folder")?,
    );
    let reds = Arc::new(Reds::default());
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(Arc::clone(&store)), Box::new(Arc::clone(&reds))];
    sinks.extend(shown_for(args, ctx, &options, None));
    let sink = Fan(sinks);
    sink.emit(&started(&store, plans));
    keep(project, plans, &store)?;
    if let Some(drawn) = drawn {
        sink.emit(&Event::Notice { text: drawn.told() });
        drawn.keep(store.dir())?;
    }
    if let Some(seed) = request.order.seed {
        let text = format!("shuffled; the same order again: --shuffle --seed {seed}");
        sink.emit(&Event::Notice { text });
    }
    let workspace = workspace();
    let bench = Bench { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: &sink };
    let finished = run::execute(&bench, plans, &options, &store);
    // What an interrupt cut short failed through no fault of its topology.
    if let (Some(drawn), Ok(done)) = (drawn, &finished)
        && !done.interrupted
    {
        for smallest in drawn.shrink(&bench, (project, request, &options), &store, &reds)? {
            ctx.say(&smallest.to_string());
        }
    }
    if ctx.format == Format::Human {
        ctx.say(&format!("results: {}", store.dir().display()));
    }
    let exit = ended(ctx, &store, finished?, baseline)?;
    // A shard may have nothing to run: that is no fault.
    Ok(if plans.is_empty() && request.shard.is_some() { Exit::Success } else { exit })
}

/// Keeps the topologies in the run's folder as they are now, for whoever shows the run later. Those that were drawn are no
/// files, and kept by who drew them.
fn keep(project: &Project, plans: &[Plan], store: &Store) -> Result<()> {
    let folder = store.dir().join("topologies");
    for topology in plans.iter().flat_map(Plan::topologies) {
        let Ok((raw, _)) = cxl_topology::raw::load(&project.topologies_dir(), &topology.name) else {
            continue;
        };
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let path = folder.join(format!("{}.yaml", topology.name));
        fs::write(&path, raw.to_yaml()).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn request(args: &Args) -> Request {
    Request {
        topologies: args.topologies.clone(),
        suites: args.suites.clone(),
        cases: args.cases.clone(),
        ndctl: args.ndctl.clone(),
        skip_lint: args.lint.dangerously_skip_lint,
        order: args.order.order(),
        ..args.kernel.request()
    }
}

fn ended(ctx: &Context, store: &Store, finished: Finished, baseline: Option<&Stored>) -> Result<Exit> {
    // A verdict that was not recorded cannot be shown to anyone.
    if let Some(error) = store.take_error() {
        return Err(error.into());
    }
    match baseline {
        _ if finished.interrupted => Ok(Exit::Interrupted),
        Some(baseline) => against(ctx, baseline, store, finished.verdict),
        None => Ok(Exit::from(finished.verdict)),
    }
}

/// What the run says beside its baseline. A red run is none where all that is red was so before; what was not run or not
/// built cannot be compared.
fn against(ctx: &Context, baseline: &Stored, store: &Store, verdict: Verdict) -> Result<Exit> {
    let diff = super::results::compare(ctx, baseline, &Stored::load(store.dir())?)?;
    if ctx.format == Format::Human {
        super::results::show_diff(ctx, &diff)?;
    }
    Ok(match verdict {
        Verdict::Fail if !diff.is_newly_red() => Exit::Success,
        verdict => Exit::from(verdict),
    })
}

/// Where the run is seen as it goes, and what is known of it from before, where it is taken up.
fn shown_for(args: &Args, ctx: &Context, options: &Options, before: Option<Summary>) -> Vec<Box<dyn Sink>> {
    let (verbosity, jobs, before) = (verbosity(ctx), options.policy.jobs(), before.unwrap_or_default());
    args.shown.sinks(ctx, &Live { verbosity, jobs, before })
}

/// The random topologies that are asked for.
fn drawn(args: &Args) -> Result<Option<Drawn>> {
    let Some(count) = args.random.random else {
        if args.order.seed.is_some() && !args.order.shuffle {
            let message = "--seed is of --shuffle or --random".to_owned();
            return Err(Usage { message, hint: None }.into());
        }
        return Ok(None);
    };
    Ok(Some(Drawn::new(args.order.seed.unwrap_or_else(any_seed), count)))
}

/// Says what is questionable about a topology.
pub(super) fn warn(ctx: &Context, topology: &Topology) {
    for finding in &topology.warnings {
        ctx.say(&neutralise(&finding.to_string()));
    }
}

/// A run's first event.
pub(super) fn started(store: &Store, plans: &[Plan]) -> Event {
    let cells = plans.iter().flat_map(Plan::closed_cells).map(|cell| cell.id.clone()).collect();
    store.started(command_line(), cells)
}

pub(super) fn verbosity(ctx: &Context) -> Verbosity {
    match (ctx.quiet, ctx.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    }
}

/// The checkout that this binary was built from: the agent is built from the same.
pub(super) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// What was asked for, as it was understood: part of the run's record.
pub(super) fn resolved(plans: &[Plan], request: &Request, options: &Options) -> serde_json::Value {
    let kernel = |plan: &Plan| {
        serde_json::json!({
            "kernel": plan.kernel,
            "flavour": plan.flavour,
            "series": plan.series,
            "left-out": plan.left_out,
        })
    };
    serde_json::json!({
        "kernels": plans.iter().map(kernel).collect::<Vec<_>>(),
        "qemu": options.qemu,
        "accel": options.accel,
        "policy": options.policy,
        // Random topologies are no files that could be named again.
        "request": request.drawn.is_empty().then_some(request),
    })
}
