//! `results html`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::runs;
use crate::{Context, Exit};

use super::export;

/// Writes a run as one page that needs nothing else: matrix, failures, logs, topologies, timeline
///
/// The page fetches nothing and can be mailed or archived as it is. Keys: / filters, j and k move, Enter opens a log.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run
    #[arg(default_value = "latest", value_name = "RUN")]
    run: String,
    /// Write into this file; `-` is standard output [default: report.html in the run's folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Compare with this run [default: the baseline of patchbench.yaml, where there is one]
    #[arg(long, value_name = "RUN")]
    against: Option<String>,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let format = export::format("html")?;
    let run = runs::load(ctx, &args.run)?;
    let beside = run.dir.join(format.kept.file().unwrap_or("report.html"));
    let page = export::bytes(ctx, run, format, args.against.as_deref())?;
    if args.output.as_deref() == Some(Path::new("-")) {
        std::io::stdout().write_all(&page).context("writing to the standard output")?;
        return Ok(Exit::Success);
    }
    let path = args.output.clone().unwrap_or(beside);
    fs_err::write(&path, page)?;
    anstream::println!("{}", path.display());
    Ok(Exit::Success)
}
