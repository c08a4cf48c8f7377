//! `boot`: a shell in a guest.

use anyhow::Result;

use super::run::{GuestArgs, KernelArgs, verbosity, workspace};
use super::{Context, Exit, setup};
use crate::report::Terminal;
use crate::run::{self, Bench, Options, Plan, Request};
use crate::spec::ModuleSet;

/// Boots a topology and gives a shell in the guest; Ctrl-A X leaves
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of a topology
    topology: String,
    #[command(flatten)]
    kernel: KernelArgs,
    #[command(flatten)]
    guest: GuestArgs,
    /// With the mock modules of cxl_test instead of the production ones
    #[arg(long)]
    mock: bool,
    /// Install what is missing first
    #[arg(long)]
    setup: bool,
    /// Print every command that would run, and run none
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    let request = Request { topologies: vec![args.topology.clone()], ..args.kernel.request() };
    let plan = Plan::kernel_only(&project, &request)?;
    let topology = crate::topology::Topology::load(&project.topologies_dir(), &args.topology)?;
    if args.dry_run {
        return super::dry_run::run(&plan, &args.guest, ctx);
    }
    setup::ensure(ctx, args.setup, args.guest.qemu.as_deref())?;
    let options = Options { qemu: run::find_qemu(args.guest.qemu.as_deref())?, accel: args.guest.accel };
    let sink = Terminal::stdout(verbosity(ctx));
    let workspace = workspace();
    let bench = Bench { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: &sink };
    let modules = if args.mock { ModuleSet::Mock } else { ModuleSet::Production };
    run::shell(&bench, &plan, &topology, modules, &options)?;
    Ok(Exit::Success)
}
