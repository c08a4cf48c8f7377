//! `series show`: patch by patch, and which kernels it fits.

use anyhow::Result;
use serde::Serialize;

use source::{Fit, Sources};
use spec::project::FILE;
use spec::{Kernel, Series};

use super::list::Listed;
use crate::help::KERNEL;
use crate::range::RangeArgs;
use crate::{Context, Exit, Footer, Format};

/// Shows a series patch by patch, and which kernels it fits
///
/// For each kernel of patchbench.yaml: whether it applies, is contained, or conflicts and where.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// The series: a folder in patches/; with --git, any name for the commits
    #[arg(value_name = "SERIES")]
    name: String,
    #[command(flatten)]
    range: RangeArgs,
    /// Only for this kernel of patchbench.yaml; repeatable [default: all of them]
    #[arg(long = "kernel", value_name = "KERNEL", help_heading = KERNEL)]
    kernels: Vec<String>,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask series show memdev-attach --kernel lts", "Whether it applies to one kernel"),
    ("cargo xtask series show mine --git ~/linux v7.0..mine", "The same of a branch of your own"),
])
.exits(&[("0", "it was shown, also where it fits no kernel")]);

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

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let project = &args.range.for_series(project.clone(), &args.name, ctx)?;
    let series = Series::load_all(&project.patches_dir(), std::slice::from_ref(&args.name))?;
    let Some(this) = series.last() else { return Ok(Exit::Success) };
    let kernels: Vec<&Kernel> = match args.kernels.as_slice() {
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
    if ctx.format == Format::Human && args.kernels.is_empty() {
        anstream::println!("on the kernels of {FILE}:");
    }
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
