//! `run`: the main job.

mod args;
mod choose;
mod ended;
mod list;
mod resume;
mod shown;
mod watch;

use std::sync::Arc;

use anyhow::{Context as _, Result};

use engine::run;
use engine::run::{Failures, Options, Plan, Policy, RandomTopologies, Request, RunContext, Settled};
use event::{Event, Fan, Sink};
use report::{Store, Stored};
use spec::{Project, Userland};

use self::args::any_seed;
use self::ended::ended;
use self::shown::shown_for;
use super::context::workspace;
use super::record::{resolved, started};
use super::{Context, Exit, Format, Usage, setup};

pub use self::args::Args;

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    if args.watch {
        return watch::run(args, ctx, &project);
    }
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
    let (request, mut found) = super::own_tree::settled(request, &project, ctx)?;
    let random = random_topologies(args)?;
    let baseline = args.baseline.load(ctx, &project)?;
    let plans =
        Plan::all(&project, &random.as_ref().map_or(request.clone(), |random| random.request(&request)))?;
    if request.linux.is_some() {
        found.extend(Settled::not_run(&plans));
    }
    if args.choose.list || args.dry_run {
        for line in &found {
            ctx.print(line);
        }
    }
    if args.choose.list {
        return list::run(&plans, ctx);
    }
    let mut topologies: Vec<_> = plans.iter().flat_map(Plan::topologies).collect();
    topologies.sort_by_key(|topology| &topology.name);
    topologies.dedup_by_key(|topology| &topology.name);
    for topology in topologies.into_iter().filter(|_| random.is_none()) {
        ctx.warn_of(topology);
    }
    if args.dry_run {
        return super::dry_run::run(&plans, &args.guest, ctx);
    }
    carry_out(args, ctx, &project, (&request, &plans, &found), (random.as_ref(), baseline.as_ref()))
}

/// Runs the plans of a request.
fn carry_out(
    args: &Args,
    ctx: &Context,
    project: &Project,
    (request, plans, found): (&Request, &[Plan], &[String]),
    (random, baseline): (Option<&RandomTopologies>, Option<&Stored>),
) -> Result<Exit> {
    let ndctl = plans.iter().any(|plan| plan.wants(Userland::Ndctl));
    setup::ensure_for(ctx, args.setup, args.guest.qemu.as_deref(), ndctl)?;
    let qemu = run::find_qemu(args.guest.qemu.as_deref())?;
    let policy = Policy { learn: random.is_none(), ..args.policy.policy() };
    let options = Options { qemu, engine: args.guest.on.clone(), accel: args.guest.accel, policy };

    let store = Arc::new(
        Store::create(&project.root.join("results"), resolved(plans, request, &options))
            .context("creating the run's folder")?,
    );
    let reds = Arc::new(Failures::default());
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(Arc::clone(&store)), Box::new(Arc::clone(&reds))];
    sinks.extend(shown_for(&args.shown, ctx, &options, None));
    let sink = Fan(sinks);
    sink.emit(&started(&store, plans));
    for text in found {
        sink.emit(&Event::Notice { text: text.clone() });
    }
    keep(project, plans, &store)?;
    if let Some(random) = random {
        sink.emit(&Event::Notice { text: random.notice() });
        random.keep(store.dir())?;
    }
    if let Some(seed) = request.order.seed {
        let text = format!("shuffled; the same order again: --shuffle --seed {seed}");
        sink.emit(&Event::Notice { text });
    }
    let workspace = workspace();
    let context = RunContext { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: &sink };
    let finished = run::execute(&context, plans, &options, &store);
    // What an interrupt cut short failed through no fault of its topology.
    if let (Some(random), Ok(done)) = (random, &finished)
        && !done.interrupted
    {
        for smallest in random.shrink(&context, (project, request, &options), &store, &reds)? {
            ctx.print(&smallest.to_string());
        }
    }
    if ctx.format == Format::Human {
        ctx.print(&format!("results: {}", store.dir().display()));
    }
    let exit = ended(ctx, &store, finished?, baseline)?;
    // A shard may have nothing to run: that is no fault.
    Ok(if plans.is_empty() && request.shard.is_some() { Exit::Success } else { exit })
}

/// Keeps the topologies in the run's folder as they are now, for whoever shows the run later. Random ones are no
/// files, and [`RandomTopologies::keep`] keeps them.
fn keep(project: &Project, plans: &[Plan], store: &Store) -> Result<()> {
    let folder = store.dir().join("topologies");
    for topology in plans.iter().flat_map(Plan::topologies) {
        let Ok((raw, _)) = cxl_topology::raw::load(&project.topologies_dir(), &topology.name) else {
            continue;
        };
        fs_err::create_dir_all(&folder)?;
        let path = folder.join(format!("{}.yaml", topology.name));
        fs_err::write(&path, raw.to_yaml())?;
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

/// The random topologies that are asked for.
fn random_topologies(args: &Args) -> Result<Option<RandomTopologies>> {
    let Some(count) = args.random.random else {
        if args.order.seed.is_some() && !args.order.shuffle {
            let message = "--seed is of --shuffle or --random".to_owned();
            let hint =
                Some("add --shuffle for the order of the cases, or --random N for topologies".to_owned());
            return Err(Usage { message, hint }.into());
        }
        return Ok(None);
    };
    Ok(Some(RandomTopologies::new(args.order.seed.unwrap_or_else(any_seed), count)))
}
