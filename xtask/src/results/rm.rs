//! `results rm`.

use anyhow::Result;

use report::{Folder, Folders};

use super::runs;
use crate::help::EXECUTION;
use crate::{Context, Exit, Footer, Usage};

/// Removes runs, bisections and mutations; not the baseline, nor one at work
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The runs to remove; bisect/NAME and mutate/NAME are a bisection and a mutation
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Remove the baseline as well
    #[arg(long, help_heading = EXECUTION)]
    force: bool,
}

const FOOTER: Footer = Footer::new(&[("cargo xtask results rm latest", "The latest run")]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let baseline = runs::baseline_id(ctx);
    // All are looked for before the first is removed.
    let runs = args.runs.iter().map(|name| folder(ctx, name)).collect::<Result<Vec<_>>>()?;
    if let Some((_, run)) = runs.iter().find(|(_, run)| Some(&run.id) == baseline.as_ref() && !args.force) {
        let message = format!("{} is the baseline", run.id);
        let hint = "name another in patchbench.yaml, or remove it all the same with --force".to_owned();
        return Err(Usage { message, hint: Some(hint) }.into());
    }
    if let Some((_, run)) = runs.iter().find(|(_, run)| run.is_locked()) {
        return Err(run.locked().into());
    }
    for (folders, run) in &runs {
        folders.remove(run)?;
        ctx.print(&format!("removed {}", run.id));
    }
    Ok(Exit::Success)
}

/// One of the results folder, and where it lies: others are not ours to remove.
fn folder(ctx: &Context, name: &str) -> Result<(Folders, Folder)> {
    let results = ctx.results();
    for folders in runs::kinds(ctx) {
        folders.sweep()?;
        let below = folders.dir().file_name().filter(|_| folders.dir() != results.dir());
        if let (Some(below), Some((first, id))) = (below, name.split_once('/'))
            && below == first
        {
            let folder = folders.find(id)?;
            return Ok((folders, folder));
        }
    }
    let dir = results.locate(name)?;
    let found = results.list()?.into_iter().find(|run| run.dir == dir);
    found.map(|run| (results.clone(), run)).ok_or_else(|| {
        let message = format!("{} is not in {}", dir.display(), results.dir().display());
        Usage { message, hint: Some("remove that folder yourself".to_owned()) }.into()
    })
}
