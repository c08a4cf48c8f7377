//! `series sabotage`: every case is shown to be able to fail.

use std::sync::Arc;

use anyhow::{Context as _, Result};

use engine::run;
use engine::run::{Options, Plan, Policy, Request, RunContext};
use engine::series::sabotage;
use engine::series::sabotage::Answer;
use event::{Collect, Fan, Sink};
use report::{Store, Terminal, Verbosity};
use spec::{Project, Sabotage, Series};

use crate::args::{GuestArgs, KernelArgs};
use crate::context::workspace;
use crate::help::SELECTION;
use crate::record::{resolved, started};
use crate::{Context, Exit, Footer, Format, Usage, setup};

/// Breaks a series on purpose, and sees that the cases named for it turn red
///
/// Each sabotage of the series undoes one required behaviour.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// The series: a folder in patches/ with sabotages
    #[arg(value_name = "SERIES")]
    name: String,
    #[command(flatten)]
    kernel: KernelArgs,
    /// Only this sabotage; repeatable [default: all of the series]
    #[arg(long, value_name = "SABOTAGE", help_heading = SELECTION)]
    only: Vec<String>,
    /// Run only the cases that must turn red, not the rest of their suites, which must not
    #[arg(long, help_heading = SELECTION)]
    named: bool,
    #[command(flatten)]
    guest: GuestArgs,
}

const FOOTER: Footer = Footer::new(&[(
    "cargo xtask series sabotage memdev-attach --named --only no-check",
    "One of them, and only the cases that must notice",
)])
.exits(&[("0", "each was noticed"), ("1", "one was not, or a case turned red that it is not to turn red")]);

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let series = Series::load(&project.patches_dir(), &args.name)?;
    let all = Sabotage::load_all(&series)?;
    if let Some(unknown) = args.only.iter().find(|name| all.iter().all(|s| s.name != **name)) {
        return Err(Usage::unknown("sabotage", unknown, all.iter().map(|s| s.name.as_str())).into());
    }
    let chosen: Vec<&Sabotage> =
        all.iter().filter(|s| args.only.is_empty() || args.only.contains(&s.name)).collect();
    if chosen.is_empty() {
        let message = format!("series {} has no sabotage", args.name);
        let hint = Some(format!("a sabotage is a patch: patches/{}/sabotage/NAME.patch", args.name));
        return Err(Usage { message, hint }.into());
    }
    setup::ensure(ctx, false, args.guest.qemu.as_deref())?;
    let options = Options {
        engine: args.guest.on.clone(),
        qemu: run::find_qemu(args.guest.qemu.as_deref())?,
        accel: args.guest.accel,
        policy: Policy::default(),
    };
    let spared = if args.only.is_empty() { Sabotage::spared(&all, &series.patches) } else { Vec::new() };
    let mut exit = Exit::Success;
    let mut answers = Vec::new();
    for sabotage in chosen {
        let answer = try_one(sabotage, args, &options, project, ctx)
            .with_context(|| format!("trying sabotage {}", sabotage.name))?;
        if ctx.format == Format::Human {
            anstream::println!("{answer}");
        }
        if host::signals::requested() {
            return Ok(Exit::Interrupted);
        }
        if !answer.is_killed() {
            exit = Exit::Red;
        }
        answers.push(answer);
    }
    match ctx.format {
        Format::Json => {
            let spared: Vec<&str> = spared.iter().map(|patch| patch.subject.as_str()).collect();
            let all = serde_json::json!({ "sabotages": answers, "without": spared });
            anstream::println!("{}", serde_json::to_string_pretty(&all)?);
        }
        Format::Human => {
            let killed = answers.iter().filter(|answer| answer.is_killed()).count();
            anstream::println!("{killed} of {} sabotages killed", answers.len());
            for patch in spared {
                anstream::println!("without a sabotage: {}", patch.subject);
            }
        }
    }
    Ok(exit)
}

fn try_one(
    sabotage: &Sabotage,
    args: &Args,
    options: &Options,
    project: &Project,
    ctx: &Context,
) -> Result<Answer> {
    let mut suites: Vec<String> = sabotage.red.iter().map(|(suite, _)| suite.clone()).collect();
    suites.dedup();
    let named = sabotage.red.iter().map(|(suite, case)| format!("{suite}/{case}"));
    let request = Request {
        topologies: vec![sabotage.topology.clone()],
        suites,
        cases: if args.named { named.collect() } else { Vec::new() },
        flavour: sabotage.flavour.clone().or_else(|| args.kernel.flavour.clone()),
        ..args.kernel.request()
    };
    let plans = [sabotage::plan(Plan::new(project, &request)?, sabotage)];
    let store = Arc::new(
        Store::create(&project.root.join("results"), resolved(&plans, &request, options))
            .context("creating the run's folder")?,
    );
    let heard = Arc::new(Collect::default());
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(Arc::clone(&store)), Box::new(Arc::clone(&heard))];
    // What is red here is as it should be, and would alarm.
    if ctx.format == Format::Human && ctx.verbosity() == Verbosity::Verbose {
        sinks.push(Box::new(Terminal::stdout(Verbosity::Verbose).side_by_side(options.policy.jobs())));
    }
    let sink = Fan(sinks);
    sink.emit(&started(&store, &plans));
    let workspace = workspace();
    let context = RunContext { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: &sink };
    run::execute(&context, &plans, options, &store)?;
    Ok(sabotage::judge(sabotage, &heard.events()))
}
