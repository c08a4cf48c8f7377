//! `results diff`.

use anyhow::Result;

use super::runs;
use crate::{Context, Exit, Usage};

/// Compares two runs: newly failing, fixed, still failing, new skips, new splats, slower by more than noise
///
/// Runs of one kernel each are compared case by case even where it is not the same kernel. Exit code 1 where B is red in a
/// way that A is not.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The earlier run; with one run alone the baseline of patchbench.yaml
    #[arg(value_name = "A")]
    first: String,
    /// The later run
    #[arg(value_name = "B")]
    second: Option<String>,
}

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
