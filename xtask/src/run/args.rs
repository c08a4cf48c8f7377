//! The options of `run`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use engine::run::Order;
use report::Stored;
use spec::Project;

use super::choose::{ChooseArgs, PolicyArgs};
use super::shown::ShownArgs;
use crate::args::{GuestArgs, KernelArgs, LintArgs, folder};
use crate::help::{EXECUTION, OUTPUT, SELECTION};
use crate::range::RangeArgs;
use crate::{Context, Footer, Usage, results};

/// Builds a kernel, boots it, runs suites and reports pass or fail
///
/// Without options it runs what `defaults:` in patchbench.yaml names. Results go to results/TIME-ID, and results/latest points
/// there.
#[derive(Debug, Default, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    #[command(flatten)]
    pub kernel: KernelArgs,
    #[command(flatten)]
    pub range: RangeArgs,
    /// Boot this topology; repeatable [default: those under `defaults:` of patchbench.yaml]
    #[arg(long = "topology", value_name = "TOPOLOGY", help_heading = SELECTION)]
    pub topologies: Vec<String>,
    /// Run this suite, or one variant or case of it; repeatable [default: those under `defaults:` of patchbench.yaml]
    #[arg(long = "suite", value_name = "SUITE[:VARIANT][/CASE]", help_heading = SELECTION)]
    pub suites: Vec<String>,
    /// Run only this case, with * as in a shell; repeatable [default: all cases of the suites]
    #[arg(long = "case", value_name = "[SUITE/]CASE", help_heading = SELECTION)]
    pub cases: Vec<String>,
    #[command(flatten)]
    pub choose: ChooseArgs,
    #[command(flatten)]
    pub random: RandomArgs,
    #[command(flatten)]
    pub order: OrderArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub guest: GuestArgs,
    /// Your own tree of ndctl, for suites with its tools [default: what `ndctl:` of patchbench.yaml names]
    #[arg(long, value_name = "DIR", value_parser = folder(), help_heading = EXECUTION)]
    pub ndctl: Option<PathBuf>,
    /// Install what is missing first: one apt-get install, shown before it runs
    #[arg(long, help_heading = EXECUTION)]
    pub setup: bool,
    /// Print every command that would run, and run none
    #[arg(long, help_heading = EXECUTION)]
    pub dry_run: bool,
    /// Run again on every save, and show on one screen what is red and since when
    ///
    /// A save of a file that git tracks or would track stops the round under way, and begins the next: first with what was red,
    /// then with all. Watched are your own trees, of --linux, --ndctl or the kernel, and the project's patches, scenarios,
    /// topologies and fragments. `r` or Enter runs all, `l` shows the log of what is red first, `q` leaves.
    #[arg(
        long, help_heading = EXECUTION,
        conflicts_with_all = [
            "resume", "rerun_failed", "list", "dry_run", "setup", "git", "random", "shard", "baseline", "lava",
        ]
    )]
    pub watch: bool,
    #[command(flatten)]
    pub lint: LintArgs,
    #[command(flatten)]
    pub baseline: BaselineArgs,
    #[command(flatten)]
    pub shown: ShownArgs,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask run --topology switch --suite enumerate", "One suite on one topology"),
    (
        "cargo xtask run --linux ~/linux --suite 'mock:default/cycle'",
        "One case, with your own tree as it stands",
    ),
    (
        "cargo xtask run --matrix --cell 'kernel=lts & topology=switch*' --list",
        "What a part of the matrix would run",
    ),
    (
        "cargo xtask run --linux ~/linux --suite attach --watch",
        "A round on every save, until `q`; what was red runs first",
    ),
    ("cargo xtask run --rerun-failed --repeat 5", "What was red in the latest run, five times"),
])
.exits(&[
    ("0", "passed; with --baseline, nothing is red that was not so before; also a shard without a cell"),
    ("4", "infrastructure, or no case ran: each was skipped"),
]);

/// With what the run is compared.
#[derive(Debug, Default, clap::Args)]
pub struct BaselineArgs {
    /// Compare with RUN, or with `baseline:` of patchbench.yaml, and fail only for what is newly red
    #[arg(long, value_name = "RUN", num_args = 0..=1, help_heading = OUTPUT)]
    #[expect(clippy::option_option, reason = "the option with its value, without one, or absent")]
    pub baseline: Option<Option<String>>,
}

impl BaselineArgs {
    /// Reads the baseline, where there is to be one: before the run begins, which may itself become the latest.
    pub(super) fn load(&self, ctx: &Context, project: &Project) -> Result<Option<Stored>> {
        let Some(named) = &self.baseline else { return Ok(None) };
        let Some(name) = named.as_ref().or(project.baseline.as_ref()) else {
            let message =
                "--baseline names no run, and there is no `baseline:` in patchbench.yaml".to_owned();
            return Err(
                Usage { message, hint: Some("--baseline RUN; `results list` has them".to_owned()) }.into()
            );
        };
        Ok(Some(results::load(ctx, name).context("reading the baseline")?))
    }
}

/// Topologies that nobody wrote.
#[derive(Debug, Default, clap::Args)]
pub struct RandomArgs {
    /// Boot N random legal topologies, and check each guest against its model
    ///
    /// The suite is enumerate, unless others are named. A topology that fails is reduced to the smallest that still fails.
    #[arg(
        long, value_name = "N", conflicts_with = "topologies", value_parser = clap::value_parser!(u32).range(1..),
        help_heading = SELECTION
    )]
    pub random: Option<u32>,
}

/// In which order cases run, and how often.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = EXECUTION)]
pub struct OrderArgs {
    /// Run every case N times, and name those whose outcome changes
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,
    /// Shuffle the cases of each cell, each round anew, and name those that depend on their order
    #[arg(long)]
    pub shuffle: bool,
    /// The seed of --shuffle or --random, as an earlier run printed it [default: another one each time]
    #[arg(long, value_name = "SEED")]
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
    pub(super) fn order(&self) -> Order {
        let seed = self.shuffle.then(|| self.seed.unwrap_or_else(any_seed));
        Order { repeat: self.repeat, seed, isolate: self.isolate }
    }
}

/// Short enough to be typed again.
pub(super) fn any_seed() -> u64 {
    (jiff::Timestamp::now().subsec_nanosecond().unsigned_abs() / 1000).into()
}
