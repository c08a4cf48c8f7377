//! `build`: the kernel alone.

use anyhow::Result;

use engine::run;
use engine::run::{Plan, RunContext};
use event::Sink;
use kbuild::Mock;
use report::{JsonLines, Terminal};

use super::args::KernelArgs;
use super::context::workspace;
use super::help::{EXECUTION, SELECTION};
use super::range::RangeArgs;
use super::{Context, Exit, Footer, Format, own_tree, setup};

/// Builds a kernel with its series, modules and cxl_test
///
/// And prints where they are.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    #[command(flatten)]
    kernel: KernelArgs,
    #[command(flatten)]
    range: RangeArgs,
    /// Leave the mock modules as they were, where an edit of the drivers allows it: half as much is compiled
    #[arg(long, help_heading = SELECTION)]
    no_mock: bool,
    /// Install what is missing first: one apt-get install, shown before it runs
    #[arg(long, help_heading = EXECUTION)]
    setup: bool,
    /// Print every command that would run, and run none
    #[arg(long, help_heading = EXECUTION)]
    dry_run: bool,
}

const FOOTER: Footer = Footer::new(&[
    (
        "cargo xtask build --flavour debug-info",
        "The default kernel, with what traces need to get file and line",
    ),
    ("cargo xtask build --linux ~/linux --dry-run", "What building your own tree would run"),
])
.exits(&[(
    "3",
    "a series did not apply, or the kernel or its cxl_test did not build, or it has no cxl_test",
)]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = args.range.for_kernel(ctx.project()?, args.kernel.kernel.as_deref(), ctx)?;
    let request = own_tree::settled_and_shown(args.kernel.request(), &project, ctx)?;
    let plan = Plan::kernel_only(&project, &request)?;
    if args.dry_run {
        return super::dry_run::run(&[plan], &super::args::GuestArgs::default(), ctx);
    }
    setup::ensure(ctx, args.setup, None)?;
    let sink: Box<dyn Sink> = match ctx.format {
        Format::Human => Box::new(Terminal::stdout(ctx.verbosity())),
        Format::Json => Box::new(JsonLines::new(std::io::stdout())),
    };
    let workspace = workspace();
    let context =
        RunContext { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: sink.as_ref() };
    let build = if args.no_mock { run::build_without_mock } else { run::build };
    let (prepared, built) = build(&context, &plan)?;
    drop(sink);
    if ctx.format == Format::Human {
        anstream::println!("source   {}", prepared.described);
        anstream::println!("release  {}", built.release);
        anstream::println!("kernel   {}", built.kernel.display());
        anstream::println!("config   {}", built.config.display());
        anstream::println!("modules  {}", built.production.display());
        match built.mock.root() {
            Ok(mock) => anstream::println!("mock     {}", mock.display()),
            Err(why) => anstream::println!("mock     {why}"),
        }
    }
    let is_there = built.mock.root().is_ok() || built.mock == Mock::LeftOut;
    Ok(if is_there { Exit::Success } else { Exit::Unbuilt })
}
