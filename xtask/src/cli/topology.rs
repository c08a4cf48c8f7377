//! `topology`: what there is, and what becomes of it.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::{Context, Exit, Format, Usage};
use crate::host::quote;
use crate::topology::{self, Capabilities, Topology, qemu::Backing};
use crate::{run, vm};

/// Lists topologies, or shows what becomes of one
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists every topology with its picture in one line
    List,
    /// Shows a topology as a tree, with the QEMU arguments that it becomes
    Show {
        /// Name of a file in topologies/, without .yaml
        name: String,
        /// For this QEMU instead of the one on the PATH
        #[arg(long, value_name = "PATH")]
        qemu: Option<PathBuf>,
    },
}

#[derive(Serialize)]
struct Listed {
    name: String,
    summary: String,
    picture: String,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    summary: String,
    qemu: String,
    arguments: Vec<String>,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    match &args.verb {
        Verb::List => list(ctx),
        Verb::Show { name, qemu } => show(ctx, name, qemu.as_deref()),
    }
}

fn list(ctx: &Context) -> Result<Exit> {
    let dir = ctx.topologies();
    let listed = topology::names(&dir)?
        .iter()
        .map(|name| {
            let topology = Topology::load(&dir, name)?;
            let picture = topology::one_liner(&topology);
            Ok(Listed { name: topology.name, summary: topology.summary, picture })
        })
        .collect::<Result<Vec<_>>>()?;
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(Exit::Success);
    }
    let width = listed.iter().map(|t| t.name.len()).max().unwrap_or(0);
    for topology in listed {
        anstream::println!("{:width$}  {}", topology.name, topology.summary);
        anstream::println!("{:width$}  {}", "", topology.picture);
    }
    Ok(Exit::Success)
}

fn show(ctx: &Context, name: &str, qemu: Option<&std::path::Path>) -> Result<Exit> {
    let dir = ctx.topologies();
    let known = topology::names(&dir)?;
    if !known.iter().any(|k| k == name) {
        return Err(Usage::unknown("topology", name, known.iter().map(String::as_str)).into());
    }
    let topology = Topology::load(&dir, name)?;
    let (program, capabilities) = match run::find_qemu(qemu) {
        Ok(path) => {
            let capabilities = vm::probe(&path, ctx.cache.path())?.capabilities();
            (path.display().to_string(), capabilities)
        }
        // Without a QEMU the arguments can still be shown, for the release that is recommended.
        Err(_) => {
            ("qemu-system-x86_64".to_owned(), Capabilities::of_release(topology::QemuVersion::new(10, 0, 2)))
        }
    };
    let arguments = match topology::qemu::machine_args(&topology, &capabilities, &Backing::Ram) {
        Ok(arguments) => arguments,
        Err(lacking) => anyhow::bail!("topology '{name}' cannot be had from {program}: {lacking}"),
    };
    if ctx.format == Format::Json {
        let shown = Shown { name: topology.name, summary: topology.summary, qemu: program, arguments };
        anstream::println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(Exit::Success);
    }
    anstream::println!("{}: {}\n\n{}", topology.name, topology.summary, topology::tree(&topology).trim_end());
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
