//! `results html`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use cxl_topology::{Topology, draw};
use report::{Picture, Stored, complaints};

use crate::{Context, Exit};

/// Writes a run as one page that needs nothing else: matrix, failures, logs, topologies, timeline
///
/// The page fetches nothing and can be mailed or archived as it is. Keys: / filters, j and k move, Enter opens a log.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(default_value = "latest", value_name = "RUN")]
    run: String,
    /// Where to; `-` is standard output [default: report.html in the run's folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Compare with this run [default: the baseline of patchbench.yaml, where there is one]
    #[arg(long, value_name = "RUN")]
    against: Option<String>,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let run = super::load(ctx, &args.run)?;
    let baseline = match &args.against {
        Some(name) => Some(super::load(ctx, name)?),
        // One that is gone is no reason to show nothing.
        None => super::baseline_id(ctx).and_then(|id| super::load(ctx, &id).ok()),
    };
    let baseline = baseline.filter(|other| other.dir != run.dir);
    let diff = baseline.map(|from| super::compare(ctx, &from, &run)).transpose()?;
    let page = report::html(&run, &pictures(ctx, &run), diff.as_ref())?;
    if args.output.as_deref() == Some(Path::new("-")) {
        std::io::stdout().write_all(page.as_bytes()).context("writing to the standard output")?;
        return Ok(Exit::Success);
    }
    let path = args.output.clone().unwrap_or_else(|| run.dir.join("report.html"));
    fs::write(&path, page).with_context(|| format!("writing {}", path.display()))?;
    anstream::println!("{}", path.display());
    Ok(Exit::Success)
}

/// The topologies as the run had them, or as they are now where it has not kept them. One that is no longer there has no
/// picture.
fn pictures(ctx: &Context, run: &Stored) -> Vec<Picture> {
    let mut names: Vec<&str> = run.summary.cells.iter().map(|cell| cell.cell.topology.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let folders = [run.dir.join("topologies"), ctx.topologies()];
    let load = |name: &str| folders.iter().find_map(|folder| Topology::load(folder, name).ok());
    let pictures = names.iter().filter_map(|name| {
        let topology = load(name).filter(Topology::has_cxl)?;
        let marked = failing(&topology, &complaints(&run.summary, name));
        Some(Picture { topology: (*name).to_owned(), svg: draw::svg_with(&topology, &marked), marked })
    });
    pictures.collect()
}

/// Ids of the topology that the complaints name.
fn failing(topology: &Topology, complaints: &[&str]) -> Vec<String> {
    let words: Vec<&str> = complaints
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_'))
        .collect();
    draw::ids(topology).into_iter().filter(|id| words.contains(&id.as_str())).collect()
}
