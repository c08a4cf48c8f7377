//! `results rm`.

use anyhow::Result;

use report::Folder;

use super::runs;
use crate::help::EXECUTION;
use crate::{Context, Exit, Footer, Usage};

/// Removes runs; not the baseline, and not one that is still running
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The runs to remove
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Remove the baseline as well
    #[arg(long, help_heading = EXECUTION)]
    force: bool,
}

const FOOTER: Footer = Footer::new(&[("cargo xtask results rm latest", "The latest run")]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let results = ctx.results();
    results.sweep()?;
    let baseline = runs::baseline_id(ctx);
    // All are looked for before the first is removed.
    let runs = args.runs.iter().map(|name| folder(ctx, name)).collect::<Result<Vec<_>>>()?;
    if let Some(run) = runs.iter().find(|run| Some(&run.id) == baseline.as_ref() && !args.force) {
        let message = format!("{} is the baseline", run.id);
        let hint = "name another in patchbench.yaml, or remove it all the same with --force".to_owned();
        return Err(Usage { message, hint: Some(hint) }.into());
    }
    if let Some(run) = runs.iter().find(|run| run.is_locked()) {
        return Err(run.locked().into());
    }
    for run in &runs {
        results.remove(run)?;
        ctx.print(&format!("removed {}", run.id));
    }
    Ok(Exit::Success)
}

/// A run of the results folder: others are not ours to remove.
fn folder(ctx: &Context, name: &str) -> Result<Folder> {
    let results = ctx.results();
    let dir = results.locate(name)?;
    results.list()?.into_iter().find(|run| run.dir == dir).ok_or_else(|| {
        let message = format!("{} is not in {}", dir.display(), results.dir().display());
        Usage { message, hint: Some("remove that folder yourself".to_owned()) }.into()
    })
}
