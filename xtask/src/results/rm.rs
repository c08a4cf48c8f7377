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
    let kinds = runs::kinds(ctx);
    for folders in &kinds {
        folders.sweep()?;
    }
    let baseline = runs::baseline_id(ctx);
    // All are looked for before the first is removed.
    let runs = args.runs.iter().map(|name| folder(&kinds, name)).collect::<Result<Vec<_>>>()?;
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
fn folder<'a>(kinds: &'a [Folders; 3], name: &str) -> Result<(&'a Folders, Folder)> {
    let [results, below @ ..] = kinds;
    if let Some((first, id)) = name.split_once('/')
        && let Some(folders) =
            below.iter().find(|folders| folders.dir().file_name().is_some_and(|name| name == first))
    {
        return Ok((folders, folders.find(id)?));
    }
    let dir = results.locate(name)?;
    let found = results.list()?.into_iter().find(|run| run.dir == dir);
    found.map(|run| (results, run)).ok_or_else(|| {
        let message = format!("{} is not in {}", dir.display(), results.dir().display());
        Usage { message, hint: Some("remove that folder yourself".to_owned()) }.into()
    })
}
