//! `bisect-run`: one step of a `git bisect run`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use engine::bisect::{StepResult, TargetFailure, failures, fitting};
use engine::run;
use engine::run::{Options, Plan, Policy, RunContext, RunError};
use event::{Fan, Sink};
use host::{Process, signals, users_git};
use report::text::neutralise;
use report::{Store, Terminal};
use source::Sources;
use spec::{Project, Source};

use super::args::{GuestArgs, folder};
use super::bisect::FailureArgs;
use super::context::workspace;
use super::help::{EXECUTION, KERNEL, SELECTION};
use super::record::{resolved, started};
use super::{Context, Exit, Footer, Format, setup};

/// One step of `git bisect run`: builds and boots the tree here
///
/// It exits as git wants it: good, bad or skip.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The tree to build [default: the git tree of the current folder]
    #[arg(long, value_name = "DIR", value_parser = folder(), help_heading = KERNEL)]
    linux: Option<PathBuf>,
    #[command(flatten)]
    failure: FailureArgs,
    /// Boot this topology [default: that of the failure, else those under `defaults:` of patchbench.yaml]
    #[arg(long, value_name = "TOPOLOGY", help_heading = SELECTION)]
    topology: Option<String>,
    /// Look for the failure with this fingerprint, which an earlier call printed [default: any failure is bad]
    #[arg(long, value_name = "TEXT", conflicts_with = "run", help_heading = SELECTION)]
    fingerprint: Option<String>,
    /// Boot N times before a commit is good
    #[arg(
        long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000),
        help_heading = EXECUTION
    )]
    repeat: u32,
    #[command(flatten)]
    guest: GuestArgs,
}

const FOOTER: Footer = Footer::new(&[(
    "git bisect run ~/cxl-patchbench/target/debug/xtask bisect-run --topology switch --suite attach",
    "The program itself, not `cargo xtask`, whose own failures git would take for bad commits",
)])
.exits_only(&[
    ("0", "good"),
    ("1", "bad"),
    ("125", "skip: it does not build, the case did not run, or it failed in another way"),
    ("128", "the machinery failed, or the command line is wrong: git stops"),
    ("130", "interrupted: git stops"),
]);

pub fn run(args: &Args, ctx: &Context) -> Exit {
    match judged(args, ctx) {
        Ok(exit) => exit,
        Err(error) => {
            super::context::show_error(&error);
            match Exit::from(&error) {
                Exit::Interrupted => Exit::Interrupted,
                Exit::Unbuilt => Exit::BisectSkip,
                _ => Exit::BisectStop,
            }
        }
    }
}

fn judged(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    let target = args.failure.target(ctx)?;
    let topology = args.topology.clone().or_else(|| Some(target.as_ref()?.cell.topology.clone()));
    let asked = args.failure.asked(topology.into_iter().collect())?;
    let request = asked.request(&project, target.as_ref(), false);
    let plan = Plan::new(&project, &request)?.from_source(tree(args)?);
    setup::ensure(ctx, false, args.guest.qemu.as_deref())?;
    let plan = match fitting(&Sources::new(&ctx.cache), plan, None).map_err(RunError::from)? {
        Ok((plan, left_out)) => {
            for text in left_out {
                ctx.print(&neutralise(&text));
            }
            plan
        }
        Err(why) => return Ok(report(ctx, StepResult::Neither, &why)),
    };
    let options = Options {
        engine: args.guest.on.clone(),
        qemu: run::find_qemu(args.guest.qemu.as_deref())?,
        accel: args.guest.accel,
        policy: Policy::default(),
    };
    for _ in 0..args.repeat {
        let (seen, why) = once(args, target.as_ref(), &plan, (&project, &request, &options), ctx)?;
        if signals::requested() {
            return Ok(Exit::Interrupted);
        }
        if seen != StepResult::Green {
            return Ok(report(ctx, seen, &why));
        }
    }
    Ok(report(ctx, StepResult::Green, "pass"))
}

/// The tree that one stands in, as it is.
fn tree(args: &Args) -> Result<Source> {
    let here = match &args.linux {
        Some(dir) => std::path::absolute(dir).context("resolving --linux")?,
        None => std::env::current_dir().context("finding the current folder")?,
    };
    let top: Process = users_git(&here).arg("rev-parse").arg("--show-toplevel");
    let location = top.read().context("finding the git tree: --linux DIR names one")?;
    Ok(Source::Git { location, reference: "HEAD".to_owned(), dirty: true })
}

/// One run.
fn once(
    args: &Args,
    target: Option<&TargetFailure>,
    plan: &Plan,
    (project, request, options): (&Project, &run::Request, &Options),
    ctx: &Context,
) -> Result<(StepResult, String)> {
    let plans = std::slice::from_ref(plan);
    let store = Arc::new(
        Store::create(ctx.results().dir(), resolved(plans, request, options))
            .context("creating the run's folder")?,
    );
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(Arc::clone(&store))];
    if ctx.format == Format::Human {
        sinks.push(Box::new(Terminal::stdout(ctx.verbosity())));
    }
    let sink = Fan(sinks);
    sink.emit(&started(&store, plans));
    let workspace = workspace();
    let context = RunContext { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: &sink };
    run::execute(&context, plans, options, &store)?;
    if let Some(error) = store.take_error() {
        return Err(error.into());
    }
    let summary = store.summary();
    if let Some(target) = target {
        return Ok(target.classify(&summary));
    }
    let all: Vec<_> = summary.cells.iter().flat_map(failures).collect();
    let wanted =
        |found: &&TargetFailure| args.fingerprint.as_ref().is_none_or(|text| *text == found.fingerprint);
    Ok(match (all.iter().find(wanted), all.first()) {
        (Some(found), _) => (StepResult::Red, shown(found)),
        (None, Some(other)) => (StepResult::Neither, shown(other)),
        (None, None) if summary.totals.pass > 0 => (StepResult::Green, "pass".to_owned()),
        (None, None) => {
            let why = summary.cells.iter().map(|cell| cell.reason.as_str());
            (StepResult::Neither, why.collect::<Vec<_>>().join("; "))
        }
    })
}

/// A failure, and the option by which another call looks for it.
fn shown(found: &TargetFailure) -> String {
    format!("{}: {} (--fingerprint '{}')", found.place(), found.shown, found.fingerprint)
}

fn report(ctx: &Context, seen: StepResult, why: &str) -> Exit {
    let (word, exit) = match seen {
        StepResult::Red => ("bad", Exit::Red),
        StepResult::Green => ("good", Exit::Success),
        StepResult::Neither => ("skip", Exit::BisectSkip),
    };
    if ctx.format == Format::Human {
        anstream::println!("bisect-run: {word}: {}", neutralise(why));
    }
    exit
}
