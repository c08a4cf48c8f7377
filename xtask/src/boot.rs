//! `boot`: a shell in a guest.

use anyhow::Result;

use cxl_topology::Topology;
use engine::run;
use engine::run::{Options, Plan, Policy, Request, RunContext, Shell};
use report::Terminal;
use spec::{ModuleSet, Userland};

use super::args::{GuestArgs, KernelArgs, LintArgs};
use super::context::workspace;
use super::help::EXECUTION;
use super::range::RangeArgs;
use super::{Context, Exit, Footer, own_tree, setup};

/// Boots a topology and gives a shell in the guest; Ctrl-A X leaves
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The topology to boot [default with --mock: none, which has no CXL of QEMU's]
    #[arg(value_name = "TOPOLOGY", required_unless_present = "mock")]
    topology: Option<String>,
    #[command(flatten)]
    kernel: KernelArgs,
    #[command(flatten)]
    range: RangeArgs,
    #[command(flatten)]
    guest: GuestArgs,
    /// Use the mock modules instead of the production ones, with cxl_test loaded
    #[arg(long, help_heading = EXECUTION)]
    mock: bool,
    /// A parameter of cxl_test, as interleave_arithmetic=1; repeatable
    #[arg(long = "parameter", value_name = "NAME=VALUE", requires = "mock", help_heading = EXECUTION)]
    parameters: Vec<String>,
    /// Have ndctl's tools (cxl, daxctl, ndctl), bash, jq and a real udevd in the guest
    #[arg(long, help_heading = EXECUTION)]
    tools: bool,
    /// Install what is missing first: one apt-get install, shown before it runs
    #[arg(long, help_heading = EXECUTION)]
    setup: bool,
    /// Print every command that would run, and run none
    #[arg(long, help_heading = EXECUTION)]
    dry_run: bool,
    #[command(flatten)]
    lint: LintArgs,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask boot switch", "The default kernel on the topology switch"),
    ("cargo xtask boot --mock --tools", "cxl_test, with ndctl's tools to look at it"),
])
.exits(&[("0", "the guest was left, however")]);

impl Args {
    fn shell(&self) -> Shell {
        let userland = if self.tools { Userland::Ndctl } else { Userland::Busybox };
        if !self.mock {
            return Shell { modules: ModuleSet::Production, userland, load: Vec::new(), cmdline: Vec::new() };
        }
        // By the kernel's command line, so that loading it again in the shell does the same.
        let cmdline = self.parameters.iter().map(|parameter| format!("cxl_test.{parameter}")).collect();
        Shell { modules: ModuleSet::Mock, userland, load: vec!["cxl_test".to_owned()], cmdline }
    }
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = args.range.for_kernel(ctx.project()?, args.kernel.kernel.as_deref(), ctx)?;
    // The mock bus wants two NUMA nodes and no CXL of QEMU's.
    let name = args.topology.clone().unwrap_or_else(|| "none".to_owned());
    let request = Request { topologies: vec![name.clone()], ..args.kernel.request() };
    let request = own_tree::settled_and_shown(request, &project, ctx)?;
    let plan = Plan::kernel_only(&project, &request)?;
    let load = if args.lint.dangerously_skip_lint { Topology::load_unchecked } else { Topology::load };
    let topology = load(&project.topologies_dir(), &name)?;
    ctx.warn_of(&topology);
    if args.dry_run {
        return super::dry_run::run(&[plan], &args.guest, ctx);
    }
    setup::ensure_for(ctx, args.setup, args.guest.qemu.as_deref(), args.tools)?;
    let options = Options {
        engine: args.guest.on.clone(),
        qemu: run::find_qemu(args.guest.qemu.as_deref())?,
        accel: args.guest.accel,
        policy: Policy::default(),
    };
    let sink = Terminal::stdout(ctx.verbosity());
    let workspace = workspace();
    let context = RunContext { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: &sink };
    run::shell(&context, &plan, &topology, &args.shell(), &options)?;
    Ok(Exit::Success)
}
