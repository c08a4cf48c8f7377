//! `topology generate`.

use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use clap::ValueEnum;

use cxl_topology::generate::{Family, WindowLayout, members};

use crate::{Context, Exit, Usage};

/// Writes every legal topology of a family, one file each
///
/// Ranges are inclusive: 1..4. Devices are dealt to the host bridges in turn.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Host bridges
    #[arg(long, value_name = "N[..M]", default_value = "1")]
    host_bridges: Span,
    /// Root ports of each host bridge
    #[arg(long, value_name = "N[..M]", default_value = "1")]
    root_ports: Span,
    /// Switches of each host bridge: none, or how many
    #[arg(long = "switch", value_name = "N,…", value_delimiter = ',', default_value = "none")]
    switches: Vec<Switches>,
    /// Devices in all
    #[arg(long, value_name = "N[..M]", default_value = "1")]
    devices: Span,
    /// A window for each host bridge, one over all, or both
    #[arg(long, value_enum, value_name = "WHICH,…", value_delimiter = ',', default_value = "all")]
    windows: Vec<Which>,
    /// Volatile memory instead of persistent
    #[arg(long)]
    volatile: bool,
    /// Where to [default: topologies/ of the project, so that they can be run by name]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// A range of numbers, both ends included.
#[derive(Debug, Clone)]
struct Span(RangeInclusive<usize>);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| (1..=64).contains(number));
        match (number(low), number(high.trim_start_matches('='))) {
            (Some(low), Some(high)) if low <= high => Ok(Self(low..=high)),
            _ => Err("wanted a number from 1 to 64, or two like 1..4".to_owned()),
        }
    }
}

/// A number of switches.
#[derive(Debug, Clone, Copy)]
struct Switches(usize);

impl FromStr for Switches {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(0)),
            text => text.parse().map(Self).map_err(|_| "wanted `none` or a number".to_owned()),
        }
    }
}

/// How the windows of a topology lie over its host bridges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// One for each host bridge
    Each,
    /// One over all host bridges
    All,
    /// Both
    Both,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let windows = args.windows.iter().map(|which| match which {
        Which::Each => WindowLayout::Each,
        Which::All => WindowLayout::All,
        Which::Both => WindowLayout::Both,
    });
    let family = Family {
        host_bridges: args.host_bridges.0.clone(),
        root_ports: args.root_ports.0.clone(),
        switches: args.switches.iter().map(|switches| switches.0).collect(),
        devices: args.devices.0.clone(),
        windows: windows.collect(),
        persistent: !args.volatile,
    };
    let members = members(&family);
    if members.is_empty() {
        let hint =
            Some("more root ports, or a switch (8 devices each), make room for more devices".to_owned());
        return Err(Usage { message: "no member of this family is legal".to_owned(), hint }.into());
    }
    let dir = args.output.clone().unwrap_or_else(|| ctx.topologies());
    fs_err::create_dir_all(&dir)?;
    for (name, raw) in &members {
        let (file, text) = (dir.join(format!("{name}.yaml")), raw.to_yaml());
        if fs::read_to_string(&file).is_ok_and(|there| there != text) {
            let message = format!("{} is there already, and has other content", file.display());
            return Err(Usage { message, hint: Some("--output DIR writes elsewhere".to_owned()) }.into());
        }
        fs_err::write(&file, text)?;
        anstream::println!("{}", file.display());
    }
    ctx.print(&format!("{} topologies", members.len()));
    Ok(Exit::Success)
}
