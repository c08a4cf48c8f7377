//! `series`: what there is, which kernels it fits, and a tree with it applied.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::run::KernelArgs;
use super::{Context, Exit, Format, Usage, sabotage};
use crate::run::{Plan, Request};
use crate::source::{AppliedState, Fit, Sources};
use crate::spec::{Kernel, Project, Series};

/// Lists series, shows which kernels they fit, or writes a tree with them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists every series with what it requires and the kernels it is written for
    List,
    /// Shows a series patch by patch, and for each kernel whether it applies, is contained, or conflicts and where
    Show {
        /// Name of a folder in patches/
        name: String,
        /// Only for this kernel of patchbench.yaml (may be given more than once) [default: all of them]
        #[arg(long = "kernel", value_name = "NAME")]
        kernels: Vec<String>,
    },
    Sabotage(sabotage::Args),
    /// Writes the tree of a kernel with its series applied, for reading and for tools of your own
    Apply {
        /// Where to: a folder that is not there yet, or one that this command wrote before
        dir: PathBuf,
        /// This series, with those that it requires, in place of the kernel's own (may be given more than once)
        #[arg(long = "series", value_name = "NAME")]
        series: Vec<String>,
        #[command(flatten)]
        kernel: KernelArgs,
    },
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    match &args.verb {
        Verb::List => list(&project, ctx),
        Verb::Show { name, kernels } => show(&project, name, kernels, ctx),
        Verb::Sabotage(args) => sabotage::run(args, &project, ctx),
        Verb::Apply { dir, series, kernel } => apply(&project, dir, series, kernel, ctx),
    }
}

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    version: u32,
    patches: usize,
    written_for: Vec<String>,
    requires: Vec<String>,
}

impl Listed {
    fn new(series: &Series) -> Self {
        Self {
            name: series.name.clone(),
            title: series.title.clone(),
            version: series.version,
            patches: series.longest(),
            written_for: series.written_for(),
            requires: series.requires.clone(),
        }
    }

    fn line(&self) -> String {
        let patches =
            if self.patches == 1 { "1 patch".to_owned() } else { format!("{} patches", self.patches) };
        let requires = if self.requires.is_empty() {
            String::new()
        } else {
            format!(", requires {}", self.requires.join(", "))
        };
        format!("v{}, {patches}, for {}{requires}", self.version, self.written_for.join("; "))
    }
}

fn list(project: &Project, ctx: &Context) -> Result<Exit> {
    let dir = project.patches_dir();
    let listed = Series::names(&dir)?
        .iter()
        .map(|name| Ok(Listed::new(&Series::load(&dir, name)?)))
        .collect::<Result<Vec<_>>>()?;
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(Exit::Success);
    }
    for series in listed {
        anstream::println!("{}  {}\n  {}", series.name, series.title, series.line());
    }
    Ok(Exit::Success)
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    series: Listed,
    subjects: Vec<String>,
    kernels: Vec<OnKernel>,
}

#[derive(Serialize)]
struct OnKernel {
    kernel: String,
    #[serde(flatten)]
    fit: Fit,
}

fn show(project: &Project, name: &str, kernels: &[String], ctx: &Context) -> Result<Exit> {
    let series = Series::load_all(&project.patches_dir(), &[name.to_owned()])?;
    let Some(this) = series.last() else { return Ok(Exit::Success) };
    let kernels: Vec<&Kernel> = match kernels {
        [] => project.kernels.values().collect(),
        named => named.iter().map(|kernel| project.kernel(kernel)).collect::<Result<_, _>>()?,
    };
    let heading = Listed::new(this);
    let subjects: Vec<String> = this.patches.iter().map(|patch| patch.subject.clone()).collect();
    if ctx.format == Format::Human {
        anstream::println!("{}  {}\n  {}", heading.name, heading.title, heading.line());
        for (number, subject) in subjects.iter().enumerate() {
            anstream::println!("  {:3}  {subject}", number + 1);
        }
    }
    let quiet = ctx.quiet;
    let sources = Sources::new(&ctx.cache).on_progress(move |line| {
        if !quiet {
            anstream::eprintln!("{line}");
        }
    });
    let mut fits = Vec::new();
    for kernel in kernels {
        let fit = sources.fit(kernel, &series)?;
        if ctx.format == Format::Human {
            anstream::println!("{}: {fit}", kernel.name);
        }
        fits.push(OnKernel { kernel: kernel.name.clone(), fit });
    }
    if ctx.format == Format::Json {
        let shown = Shown { series: heading, subjects, kernels: fits };
        anstream::println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(Exit::Success);
    }
    Ok(Exit::Success)
}

fn apply(
    project: &Project,
    dir: &Path,
    series: &[String],
    kernel: &KernelArgs,
    ctx: &Context,
) -> Result<Exit> {
    let series = (!series.is_empty()).then(|| series.to_vec());
    let plan = Plan::kernel_only(project, &Request { series, ..kernel.request() })?;
    let dir = std::path::absolute(dir).context("resolving the folder")?;
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
        fs::remove_file(&index).with_context(|| format!("removing {}", index.display()))?;
    }
    fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
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
    let digest = Sha256::digest(dir.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    Ok(ctx.cache.dir("applied")?.join(name))
}
