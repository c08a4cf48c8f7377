//! `results diff`.

use anyhow::Result;

use super::runs;
use crate::{Context, Exit, Footer, Usage};

/// Compares two runs: what is newly failing, fixed, or slower by more than noise
///
/// Also what still fails, new skips and new splats. Runs of one kernel each are compared case by case even where it is not the
/// same kernel.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The earlier run; where it is the only one, the later run, which is compared with `baseline:` of patchbench.yaml
    #[arg(value_name = "RUN")]
    first: String,
    /// The later run
    #[arg(value_name = "RUN")]
    second: Option<String>,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask results diff 1a2b3c latest", "What the latest run has changed since an earlier one"),
    ("cargo xtask results diff latest", "What it has changed since the baseline of patchbench.yaml"),
])
.exits(&[("0", "nothing is newly red"), ("1", "the later run is red in a way that the earlier one is not")]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let baseline = || ctx.project().map(|project| project.baseline);
    let (from, to) = match (&args.second, &args.first) {
        (Some(second), first) => (first.clone(), second.clone()),
        (None, only) => (baseline()?.ok_or_else(no_baseline)?, only.clone()),
    };
    let diff = runs::compare(ctx, &runs::load(ctx, &from)?, &runs::load(ctx, &to)?)?;
    runs::show_diff(ctx, &diff)?;
    Ok(if diff.is_newly_red() { Exit::Red } else { Exit::Success })
}

fn no_baseline() -> Usage {
    let message = "there is one run alone, and no `baseline:` in patchbench.yaml".to_owned();
    Usage { message, hint: Some("results diff A B".to_owned()) }
}
