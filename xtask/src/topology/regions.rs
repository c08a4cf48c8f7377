//! `topology regions`.

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use cxl_topology::bytes::Bytes;
use cxl_topology::regions::{GRANULARITIES, Kind, Listed, Region, UNIT};
use cxl_topology::{Topology, regions};

use super::find;
use crate::help::{OUTPUT, SELECTION};
use crate::{Context, Exit, Footer, Format, Usage};

/// Lists every region that is legal in a topology, or explains why one is not
///
/// Each comes with the command that creates it.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The topology: a file in topologies/, without .yaml
    #[arg(value_name = "TOPOLOGY")]
    name: String,
    /// Judge a region of these devices, in this interleave order [default: list all regions]
    #[arg(long, value_delimiter = ',', value_name = "DEVICE,…", help_heading = SELECTION)]
    devices: Vec<String>,
    /// Regions with this many ways [default: any number; with --devices, as many as devices]
    #[arg(long, value_name = "N", help_heading = SELECTION)]
    ways: Option<usize>,
    /// Regions in this window, counted from 0 [default: all windows]
    #[arg(long, value_name = "WINDOW", help_heading = SELECTION)]
    window: Option<usize>,
    /// Regions with this granularity [default: all; with --devices, that of the window]
    #[arg(long, value_name = "SIZE", help_heading = SELECTION)]
    granularity: Option<Bytes>,
    /// Regions of this size [default: the largest]
    #[arg(long, value_name = "SIZE", help_heading = SELECTION)]
    size: Option<Bytes>,
    /// Regions of this kind of memory [default: both]
    #[arg(long = "type", value_enum, value_name = "TYPE", help_heading = SELECTION)]
    kind: Option<Type>,
    /// List no more than N regions
    #[arg(long, value_name = "N", default_value_t = 500, help_heading = OUTPUT)]
    most: usize,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask topology regions switch", "Every region, as `cxl create-region` makes it"),
    (
        "cargo xtask topology regions two-bridges --devices mem0,mem1",
        "Whether one is legal in each window, and why not",
    ),
])
.exits(&[("1", "no region of --devices is legal")]);

/// The kinds of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Type {
    /// Volatile memory
    Ram,
    /// Persistent memory
    Pmem,
}

impl From<Type> for Kind {
    fn from(kind: Type) -> Self {
        match kind {
            Type::Ram => Self::Ram,
            Type::Pmem => Self::Pmem,
        }
    }
}

/// A region for programs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Answer {
    window: usize,
    r#type: String,
    devices: Vec<String>,
    granularities: Vec<u64>,
    size: u64,
    legal: bool,
    why_not: Vec<String>,
    command: String,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let topology = find::load(ctx, &args.name)?;
    if let Some(window) = args.window.filter(|window| *window >= topology.windows.len()) {
        let message = format!("{} has no window {window}", args.name);
        let hint = Some(format!("it has {}, counted from 0", topology.windows.len()));
        return Err(Usage { message, hint }.into());
    }
    if args.devices.is_empty() { list(args, &topology, ctx) } else { judge(args, &topology, ctx) }
}

fn list(args: &Args, topology: &Topology, ctx: &Context) -> Result<Exit> {
    let (mut all, more) = regions::legal(topology, args.most);
    all.retain(|listed| {
        args.window.is_none_or(|window| listed.region.window == window)
            && args.kind.is_none_or(|kind| listed.region.kind == kind.into())
            && args.ways.is_none_or(|ways| listed.region.devices.len() == ways)
            && args.granularity.is_none_or(|granularity| listed.granularities.contains(&granularity))
    });
    for listed in &mut all {
        listed.region.granularity = args.granularity.unwrap_or(listed.region.granularity);
        listed.region.size = args.size.unwrap_or(listed.region.size);
    }
    all.retain(|listed| regions::check(topology, &listed.region).is_ok());
    if ctx.format == Format::Json {
        let answers: Vec<_> =
            all.iter().map(|listed| answer(&listed.region, &listed.granularities, &[])).collect();
        anstream::println!("{}", serde_json::to_string_pretty(&answers)?);
        return Ok(Exit::Success);
    }
    let mut last = None;
    for Listed { region, granularities } in &all {
        if last.replace(region.window) != Some(region.window) {
            let window = &topology.windows[region.window];
            anstream::println!(
                "# window {}: {} over {}",
                region.window,
                window.size,
                window.targets.join(", ")
            );
        }
        anstream::println!("{region}    # {}", described(region, granularities));
    }
    match (all.len(), more) {
        (0, _) => ctx.print("no region is legal here"),
        (n, true) => ctx.print(&format!("{n} regions, and there are more: --most N")),
        (n, false) => ctx.print(&format!("{n} regions; names of memdevs are those of the file")),
    }
    Ok(Exit::Success)
}

/// `up to 512M, granularity 256 to 16k`.
fn described(region: &Region, granularities: &[Bytes]) -> String {
    let by = match granularities {
        [] => String::new(),
        [one] => one.to_string(),
        [first, .., last] if granularities.len() == GRANULARITIES.len() => format!("{first} to {last}"),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    format!("up to {}, granularity {by}", region.size)
}

/// Tries the devices in each window, and each memory that they have.
fn judge(args: &Args, topology: &Topology, ctx: &Context) -> Result<Exit> {
    if let Some(ways) = args.ways.filter(|ways| *ways != args.devices.len()) {
        let message = format!("{ways} ways of {} devices", args.devices.len());
        let hint = Some("a region has one device a way: --devices mem0,mem1 --ways 2".to_owned());
        return Err(Usage { message, hint }.into());
    }
    let windows = args.window.map_or((0..topology.windows.len()).collect(), |window| vec![window]);
    let mut answers = Vec::new();
    for window in windows {
        for kind in kinds(args, topology) {
            let region = asked(args, topology, window, kind);
            let refusals = regions::check(topology, &region).err().unwrap_or_default();
            answers.push((region, refusals));
        }
    }
    let legal = answers.iter().any(|(_, refusals)| refusals.is_empty());
    if ctx.format == Format::Json {
        let json = answers.iter().map(|(region, refusals)| answer(region, &[region.granularity], refusals));
        anstream::println!("{}", serde_json::to_string_pretty(&json.collect::<Vec<_>>())?);
        return Ok(if legal { Exit::Success } else { Exit::Red });
    }
    for (region, refusals) in &answers {
        let verdict = if refusals.is_empty() { "legal" } else { "not legal" };
        anstream::println!("window {}, {}: {verdict}\n  {region}", region.window, region.kind);
        for refusal in refusals {
            anstream::println!("  {refusal}");
        }
    }
    Ok(if legal { Exit::Success } else { Exit::Red })
}

/// The memory asked for, or those that one of the devices has.
fn kinds(args: &Args, topology: &Topology) -> Vec<Kind> {
    if let Some(kind) = args.kind {
        return vec![kind.into()];
    }
    let devices: Vec<_> = args.devices.iter().filter_map(|id| topology.device(id)).collect();
    let some = |kind: &Kind| devices.iter().any(|placed| kind.of(placed.device).is_some());
    let kinds: Vec<_> = Kind::ALL.into_iter().filter(some).collect();
    if kinds.is_empty() { vec![Kind::Pmem] } else { kinds }
}

fn asked(args: &Args, topology: &Topology, window: usize, kind: Kind) -> Region {
    let ways = args.devices.len() as u64;
    let of = &topology.windows[window];
    let shares = args.devices.iter().filter_map(|id| kind.of(topology.device(id)?.device));
    let share = shares.map(|size| size.0).min().unwrap_or(UNIT.0).min(of.size.0 / ways.max(1));
    Region {
        window,
        kind,
        devices: args.devices.clone(),
        granularity: args.granularity.unwrap_or(of.granularity),
        size: args.size.unwrap_or(Bytes(share / UNIT.0 * UNIT.0 * ways)),
    }
}

fn answer(region: &Region, granularities: &[Bytes], refusals: &[regions::Refusal]) -> Answer {
    Answer {
        window: region.window,
        r#type: region.kind.to_string(),
        devices: region.devices.clone(),
        granularities: granularities.iter().map(|granularity| granularity.0).collect(),
        size: region.size.0,
        legal: refusals.is_empty(),
        why_not: refusals.iter().map(ToString::to_string).collect(),
        command: region.to_string(),
    }
}
