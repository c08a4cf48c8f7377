//! `series apply`: a tree of files with a series on it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use engine::run::{Plan, Request};
use source::{AppliedState, Sources};

use crate::args::KernelArgs;
use crate::help::KERNEL;
use crate::range::RangeArgs;
use crate::{Context, Exit, Footer, Format, Usage};

/// Writes the tree of a kernel with its series applied, for tools of your own
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// The folder to write: one that is not there yet, or that this command wrote before
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    kernel: KernelArgs,
    /// Apply this series, with those that it requires; repeatable [default: the series of the kernel]
    #[arg(long = "series", value_name = "SERIES", help_heading = KERNEL)]
    series: Vec<String>,
    #[command(flatten)]
    range: RangeArgs,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask series apply /tmp/linux", "The default kernel, as it is built"),
    ("cargo xtask series apply /tmp/linux --up-to 3", "With the first three patches alone"),
]);

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let project = &match args.series.first() {
        Some(series) => args.range.for_series(project.clone(), series, ctx)?,
        None => args.range.for_kernel(project.clone(), args.kernel.kernel.as_deref(), ctx)?,
    };
    let series = (!args.series.is_empty()).then(|| args.series.clone());
    let plan = Plan::kernel_only(project, &Request { series, ..args.kernel.request() })?;
    let dir = std::path::absolute(&args.dir).context("resolving the folder")?;
    let index = index_of(ctx, &dir)?;
    let ours = index.is_file();
    let empty = fs::read_dir(&dir).map_or(true, |mut entries| entries.next().is_none());
    if !ours && !empty {
        return Err(Usage {
            message: format!("{} is there already, and was not written by this command", dir.display()),
            hint: Some("name a folder that is not there yet".to_owned()),
        }
        .into());
    }
    let sources = Sources::new(&ctx.cache);
    let edited = if ours && !empty { sources.edited(&dir, &index)? } else { Vec::new() };
    if !edited.is_empty() {
        let some = edited.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(Usage {
            message: format!(
                "{} has edits that would be lost: {some} ({} files)",
                dir.display(),
                edited.len()
            ),
            hint: Some("keep them elsewhere, or name another folder".to_owned()),
        }
        .into());
    }
    let prepared = sources.prepare(&plan.kernel, &plan.series)?;
    // The index of a folder that was removed would take its files for written.
    if ours && empty {
        fs_err::remove_file(&index)?;
    }
    fs::create_dir_all(&dir).map_err(|error| Usage::of_file("make", &dir, error))?;
    sources.checkout(&prepared, &dir, &index)?;
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&prepared)?);
        return Ok(Exit::Success);
    }
    anstream::println!("source  {}", prepared.described);
    for applied in &prepared.applied {
        match applied.state {
            AppliedState::Contained => anstream::println!("series  {}: contained", applied.series),
            AppliedState::Applied => {
                for patch in &applied.patches {
                    let already = if patch.contained { " (contained)" } else { "" };
                    anstream::println!("patch   {}{already}", patch.file.display());
                }
            }
        }
    }
    anstream::println!("tree    {}\nwritten {}", prepared.tree, dir.display());
    Ok(Exit::Success)
}

/// What is in a folder is remembered in the cache: the folder itself holds the kernel's files only.
fn index_of(ctx: &Context, dir: &Path) -> Result<PathBuf> {
    let name = host::sha256(dir.as_os_str().as_encoded_bytes());
    Ok(ctx.cache.dir("applied")?.join(&name[..24]))
}
