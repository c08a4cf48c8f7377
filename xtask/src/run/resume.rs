//! `--resume`: a run that was killed or interrupted goes on in its own folder.

use std::sync::Arc;

use anyhow::{Context as _, Result};

use engine::run;
use engine::run::{Options, Plan, Policy, RunContext};
use event::{Event, Fan, Sink};
use report::text::counted;
use report::{Resumed, Store};
use spec::{Project, Userland};

use super::args::Args;
use super::choose::asked;
use super::ended::ended;
use super::shown::shown_for;
use crate::context::workspace;
use crate::{Context, Exit, Format, setup};

/// Runs what a run has not finished.
pub(super) fn run(name: &str, args: &Args, ctx: &Context, project: &Project) -> Result<Exit> {
    let dir = ctx.results().locate(name)?;
    let Resumed { store, finished, resolved } = Store::resume(&dir).context("resuming the run")?;
    let store = Arc::new(store);
    let mut request = asked(&resolved, store.id())?;
    // The same commits as then, wherever their branch is now.
    let project = &match request.git.clone() {
        Some(range) => crate::range::with(project.clone(), range, ctx)?,
        None => project.clone(),
    };
    let count = finished.len();
    request.done = finished;
    let plans = Plan::all(project, &request)?;
    let ndctl = plans.iter().any(|plan| plan.wants(Userland::Ndctl));
    setup::ensure_for(ctx, args.setup, args.guest.qemu.as_deref(), ndctl)?;
    let before: Policy = serde_json::from_value(resolved["policy"].clone()).unwrap_or_default();
    let policy = Policy { jobs: args.policy.policy().jobs.or(before.jobs), ..before };
    let accel = serde_json::from_value(resolved["accel"].clone()).unwrap_or(args.guest.accel);
    let qemu = resolved["qemu"].as_str().map(std::path::PathBuf::from);
    let qemu = run::find_qemu(args.guest.qemu.as_deref().or(qemu.as_deref()))?;
    let options = Options { qemu, engine: args.guest.on.clone(), accel, policy };
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(Arc::clone(&store))];
    sinks.extend(shown_for(&args.shown, ctx, &options, Some(store.summary())));
    let sink = Fan(sinks);
    let left: usize = plans.iter().map(|plan| plan.cells.len()).sum();
    let text = format!("{} goes on: {} finished, {left} left", store.id(), counted(count, "cell"));
    sink.emit(&Event::Notice { text });
    let workspace = workspace();
    let context = RunContext { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: &sink };
    let finished = run::execute(&context, &plans, &options, &store);
    if ctx.format == Format::Human {
        ctx.print(&format!("results: {}", store.dir().display()));
    }
    ended(ctx, &store, finished?, None)
}
