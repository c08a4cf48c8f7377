//! `results export`, and `results html`, which is the same with the page's own defaults.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::builder::{PossibleValue, PossibleValuesParser};

use cxl_topology::{Topology, draw};
use report::formats::{self, FORMATS, Surroundings};
use report::{Diff, Picture, Stored, complaints};

use super::runs;
use crate::help::{OUTPUT, SELECTION};
use crate::{Context, Exit, Footer, Usage};

/// Writes a run in another format: JUnit, KTAP, one page of HTML and others
///
/// Any run can be exported, also one that still goes on, was interrupted or killed: what is not finished is marked as such.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The run to export
    #[arg(default_value = "latest", value_name = "RUN")]
    run: String,
    /// Compare with this run, where the format shows that [default: `baseline:` of patchbench.yaml, where there is one]
    #[arg(long, value_name = "RUN", help_heading = SELECTION)]
    against: Option<String>,
    /// The format
    #[arg(long = "as", value_name = "FORMAT", value_parser = names(), help_heading = OUTPUT)]
    name: String,
    /// Write into this file; - is standard output [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    output: Option<PathBuf>,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask results export --as junit -o junit.xml", "The latest run, for a CI system"),
    ("cargo xtask results export 1a2b3c --as ktap", "Another one, as kernel tests print it"),
])
.exits(&[("0", "it was written, whatever its verdict")]);

/// The names of the formats, each with its line of `--help`.
fn names() -> PossibleValuesParser {
    let value = |format: &&formats::Format| PossibleValue::new(format.name).help(format.about);
    PossibleValuesParser::new(FORMATS.iter().map(value))
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let format = format(&args.name)?;
    let run = runs::load(ctx, &args.run)?;
    let bytes = bytes(ctx, run, format, args.against.as_deref())?;
    match args.output.as_deref() {
        Some(path) if path != Path::new("-") => {
            fs::write(path, bytes).map_err(|error| Usage::of_file("write", path, error))?;
        }
        _ => io::stdout().write_all(&bytes).context("writing to the standard output")?,
    }
    Ok(Exit::Success)
}

/// The format of this name.
pub(super) fn format(name: &str) -> Result<&'static formats::Format> {
    let names = FORMATS.iter().map(|format| format.name);
    formats::format(name).ok_or_else(|| Usage::unknown("format", name, names).into())
}

/// A run in a format, compared with the run of that name, or with the baseline.
pub(super) fn bytes(
    ctx: &Context,
    run: Stored,
    format: &formats::Format,
    against: Option<&str>,
) -> Result<Vec<u8>> {
    let run = run.up_to_date()?;
    let baseline = match against {
        Some(name) => Some(runs::load(ctx, name)?),
        // One that is gone is no reason to show nothing.
        None => runs::baseline_id(ctx).and_then(|id| runs::load(ctx, &id).ok()),
    };
    let baseline = baseline.filter(|other| other.dir != run.dir);
    let around = Project { ctx, baseline };
    (format.write)(&run, &around).with_context(|| format!("exporting {} as {}", run.summary.id, format.name))
}

/// What the project knows of a run beside the run itself.
struct Project<'a> {
    ctx: &'a Context,
    baseline: Option<Stored>,
}

impl Surroundings for Project<'_> {
    /// The topologies as the run had them, or as they are now where it has not kept them. One that is no longer there has no
    /// picture.
    fn pictures(&self, run: &Stored) -> Vec<Picture> {
        let mut names: Vec<&str> = run.summary.cells.iter().map(|cell| cell.cell.topology.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let folders = [run.dir.join("topologies"), self.ctx.topologies()];
        let load = |name: &str| folders.iter().find_map(|folder| Topology::load(folder, name).ok());
        let pictures = names.iter().filter_map(|name| {
            let topology = load(name).filter(Topology::has_cxl)?;
            let marked = failing(&topology, &complaints(&run.summary, name));
            Some(Picture { topology: (*name).to_owned(), svg: draw::svg_with(&topology, &marked), marked })
        });
        pictures.collect()
    }

    fn diff(&self, run: &Stored) -> Option<Diff> {
        // Runs that cannot be read are left out of what is noise; there is nothing else that could fail.
        runs::compare(self.ctx, self.baseline.as_ref()?, run).ok()
    }
}

/// Ids of the topology that the complaints name.
fn failing(topology: &Topology, complaints: &[&str]) -> Vec<String> {
    let words: Vec<&str> = complaints
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_'))
        .collect();
    draw::ids(topology).into_iter().filter(|id| words.contains(&id.as_str())).collect()
}
