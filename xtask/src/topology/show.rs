//! `topology show`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;

use cxl_topology::qemu::Backing;
use host::quote;

use super::find;
use crate::args::program;
use crate::help::EXECUTION;
use crate::{Context, Exit, Footer, Format};

/// Shows a topology as a tree, with the arguments of QEMU that it becomes
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The topology: a file in topologies/, without .yaml
    #[arg(value_name = "TOPOLOGY")]
    name: String,
    /// For this QEMU [default: qemu-system-x86_64 on the PATH, else QEMU 10.0.2 as it is known]
    #[arg(long, value_name = "PROGRAM", value_parser = program(), help_heading = EXECUTION)]
    qemu: Option<PathBuf>,
}

const FOOTER: Footer = Footer::new(&[(
    "cargo xtask topology show switch",
    "The tree, and a command line of QEMU, ready to paste",
)])
.exits(&[("4", "this QEMU lacks something that the topology has")]);

#[derive(Serialize)]
struct Shown {
    name: String,
    summary: String,
    qemu: String,
    arguments: Vec<String>,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let topology = find::load(ctx, &args.name)?;
    let (program, capabilities) = find::qemu(ctx, args.qemu.as_deref())?;
    let arguments = cxl_topology::qemu::machine_args(&topology, &capabilities, &Backing::Ram)
        .with_context(|| format!("topology '{}' does not run on {program}", args.name))?;
    if ctx.format == Format::Json {
        let shown = Shown { name: topology.name, summary: topology.summary, qemu: program, arguments };
        anstream::println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(Exit::Success);
    }
    anstream::println!(
        "{}: {}\n\n{}",
        topology.name,
        topology.summary,
        cxl_topology::tree(&topology).trim_end()
    );
    anstream::println!("\n# QEMU {}\n{}", capabilities.version, command(&program, &arguments));
    Ok(Exit::Success)
}

/// One option a line, ready to paste.
fn command(program: &str, arguments: &[String]) -> String {
    let mut text = quote(program);
    for argument in arguments {
        text.push_str(if argument.starts_with('-') { " \\\n  " } else { " " });
        text.push_str(&quote(argument));
    }
    text
}
