//! `topology generate`.

use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use clap::ValueEnum;

use cxl_topology::generate::{Family, WindowLayout, members};

use crate::help::OUTPUT;
use crate::{Context, Exit, Footer, Usage};

/// Writes every legal topology of a family, one file each
///
/// Ranges are inclusive: 1..4. Devices are dealt to the host bridges in turn.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// Host bridges
    #[arg(long, value_name = "N[..M]", default_value = "1", help_heading = FAMILY)]
    host_bridges: Span,
    /// Root ports of each host bridge
    #[arg(long, value_name = "N[..M]", default_value = "1", help_heading = FAMILY)]
    root_ports: Span,
    /// Switches of each host bridge: none, or how many
    #[arg(long = "switch", value_name = "N,…", value_delimiter = ',', default_value = "none", help_heading = FAMILY)]
    switches: Vec<Switches>,
    /// Devices in all
    #[arg(long, value_name = "N[..M]", default_value = "1", help_heading = FAMILY)]
    devices: Span,
    /// How windows lie over the host bridges
    #[arg(long, value_enum, value_name = "WHICH,…", value_delimiter = ',', default_value = "all", help_heading = FAMILY)]
    windows: Vec<Which>,
    /// Volatile memory instead of persistent
    #[arg(long, help_heading = FAMILY)]
    volatile: bool,
    /// Write into this folder [default: topologies/ of the project, so that they can be run by name]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    output: Option<PathBuf>,
}

/// The heading of what the topologies have in common.
const FAMILY: &str = "The family";

const FOOTER: Footer = Footer::new(&[
    (
        "cargo xtask topology generate --root-ports 1..2 --switch none,1 --devices 1..4",
        "Each of them can then be run by name",
    ),
    (
        "cargo xtask topology generate --host-bridges 2 --devices 2 --windows each,all --output /tmp/two",
        "Elsewhere",
    ),
]);

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
    fs::create_dir_all(&dir).map_err(|error| Usage::of_file("make", &dir, error))?;
    for (name, raw) in &members {
        let (file, text) = (dir.join(format!("{name}.yaml")), raw.to_yaml());
        if fs::read_to_string(&file).is_ok_and(|there| there != text) {
            let message = format!("{} is there already, and has other content", file.display());
            return Err(Usage { message, hint: Some("--output DIR writes elsewhere".to_owned()) }.into());
        }
        fs::write(&file, text).map_err(|error| Usage::of_file("write", &file, error))?;
        anstream::println!("{}", file.display());
    }
    ctx.print(&format!("{} topologies", members.len()));
    Ok(Exit::Success)
}
