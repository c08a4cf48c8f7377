//! `topology show`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;

use cxl_topology::qemu::Backing;
use host::quote;

use super::find;
use crate::{Context, Exit, Format};

/// Shows a topology as a tree, with the QEMU arguments that it becomes
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of a file in topologies/, without .yaml
    name: String,
    /// For this QEMU instead of the one on the PATH
    #[arg(long, value_name = "PATH")]
    qemu: Option<PathBuf>,
}

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
