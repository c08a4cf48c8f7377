//! `results html`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::runs;
use crate::help::{OUTPUT, SELECTION};
use crate::{Context, Exit, Footer, Usage};

use super::export;

/// Writes a run as one page of HTML: matrix, failures, logs, topologies, timeline
///
/// The page needs and fetches nothing else and can be mailed or archived as it is. Keys: / filters, j and k move, Enter opens a log.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The run to show
    #[arg(default_value = "latest", value_name = "RUN")]
    run: String,
    /// Compare with this run [default: `baseline:` of patchbench.yaml, where there is one]
    #[arg(long, value_name = "RUN", help_heading = SELECTION)]
    against: Option<String>,
    /// Write into this file; - is standard output [default: report.html in the run's folder]
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    output: Option<PathBuf>,
}

const FOOTER: Footer = Footer::new(&[
    ("xdg-open $(cargo xtask results html)", "The latest run, in a browser"),
    ("cargo xtask results html 1a2b3c -o report.html", "Another one, to be mailed"),
])
.exits(&[("0", "it was written, whatever the run's verdict")]);

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
    fs::write(&path, page).map_err(|error| Usage::of_file("write", &path, error))?;
    anstream::println!("{}", path.display());
    Ok(Exit::Success)
}
