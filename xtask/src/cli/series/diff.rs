//! `series diff`: what changed between two versions.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::{kernel_for, place};
use crate::cli::{Context, Exit, Format, Usage};
use crate::report::text::neutralise;
use crate::series::diff::{Side, range_diff};
use crate::source::Sources;
use crate::spec::series::is_version_folder;
use crate::spec::{Kernel, Project, Series};

/// Shows what changed between two versions of a series, by `git range-diff`
///
/// The newest version lies in patches/NAME/, older ones in patches/NAME/vN/, where `series import` puts them. Each goes onto the
/// kernel, in a repository that is gone afterwards.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of a folder in patches/
    name: String,
    /// The older version: v1, or a folder with a series.yaml
    old: String,
    /// The newer one [default: the series as it is]
    new: Option<String>,
    /// The kernel that they go onto [default: the first of patchbench.yaml with this series]
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// The kernel of the older one, where that differs
    #[arg(long, value_name = "NAME")]
    old_kernel: Option<String>,
    /// How much of a patch may be new before it counts as another, in percent [default: git's]
    #[arg(long, value_name = "PERCENT")]
    creation_factor: Option<u32>,
}

#[derive(Serialize)]
struct Shown {
    old: String,
    new: String,
    range_diff: String,
}

pub(super) fn run(args: &Args, project: &Project, ctx: &Context) -> Result<Exit> {
    let sources = place::sources(ctx);
    let current = Series::load(&project.patches_dir(), &args.name)?;
    let new_kernel = kernel_for(project, &args.name, args.kernel.as_deref())?;
    let old_kernel = match &args.old_kernel {
        Some(name) => project.kernel(name)?,
        None => new_kernel,
    };
    let newest = format!("v{}", current.version);
    let old = side(&sources, project, &current, &args.old, old_kernel)?;
    let new = side(&sources, project, &current, args.new.as_deref().unwrap_or(&newest), new_kernel)?;
    let options: Vec<String> =
        args.creation_factor.iter().map(|percent| format!("--creation-factor={percent}")).collect();
    let text = range_diff(&sources, &old, &new, &options).context("comparing two versions")?;
    match ctx.format {
        Format::Json => {
            let shown = Shown { old: old.name, new: new.name, range_diff: text };
            anstream::println!("{}", serde_json::to_string_pretty(&shown)?);
        }
        Format::Human => anstream::println!("{}", neutralise(&text)),
    }
    Ok(Exit::Success)
}

/// A version on a kernel, after what the series requires.
fn side(
    sources: &Sources,
    project: &Project,
    current: &Series,
    which: &str,
    kernel: &Kernel,
) -> Result<Side> {
    let mut series = version(current, which)?;
    series.requires.clone_from(&current.requires);
    series.contained = None;
    let mut all = Series::load_all(&project.patches_dir(), &current.requires)?;
    all.push(series);
    let prepared =
        sources.prepare(kernel, &all).with_context(|| format!("applying {which} of {}", current.name))?;
    if prepared.applied.last().is_none_or(|applied| applied.patches.is_empty()) {
        let message = format!("kernel {} contains {which} of {} already", kernel.name, current.name);
        return Err(Usage { message, hint: Some("name another with --kernel NAME".to_owned()) }.into());
    }
    Ok(Side { name: which.to_owned(), prepared })
}

fn version(current: &Series, which: &str) -> Result<Series> {
    if which == format!("v{}", current.version) {
        return Ok(current.clone());
    }
    if is_version_folder(which) && current.dir.join(which).is_dir() {
        return Ok(Series::load(&current.dir, which)?);
    }
    let path = Path::new(which);
    let name = path.file_name().and_then(|name| name.to_str());
    match (path.parent(), name) {
        (Some(parent), Some(name)) if path.is_dir() => Ok(Series::load(parent, name)?),
        _ => {
            let known = crate::spec::load::folders(&current.dir)?;
            let mut known: Vec<String> = known.into_iter().filter(|name| is_version_folder(name)).collect();
            known.push(format!("v{}", current.version));
            let hint = format!("there are {}; series import brings more", known.join(", "));
            Err(Usage { message: format!("series {} has no {which}", current.name), hint: Some(hint) }.into())
        }
    }
}
