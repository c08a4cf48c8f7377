//! `topology`: what there is, what is wrong with it, and what becomes of it.

mod draw;
mod expect;
mod generate;
mod lint;
mod list;
mod regions;
mod show;

use std::path::Path;

use anyhow::Result;

use cxl_topology::{Capabilities, QemuVersion, Topology};
use engine::run;

use super::{Context, Exit, Usage};

/// Lists topologies, checks and draws them, or shows what becomes of one
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Lint(lint::Args),
    Draw(draw::Args),
    Regions(regions::Args),
    Expect(expect::Args),
    Generate(generate::Args),
}

impl Args {
    /// Whether this is `topology draw`.
    pub fn draws(&self) -> bool {
        matches!(self.command, Command::Draw(_))
    }
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    match &args.command {
        Command::List(_) => list::run(ctx),
        Command::Show(args) => show::run(args, ctx),
        Command::Lint(args) => lint::run(args, ctx),
        Command::Draw(args) => draw::run(args, ctx),
        Command::Regions(args) => regions::run(args, ctx),
        Command::Expect(args) => expect::run(args, ctx),
        Command::Generate(args) => generate::run(args, ctx),
    }
}

/// Reads a topology.
fn load(ctx: &Context, name: &str) -> Result<Topology> {
    known(ctx, name)?;
    Ok(Topology::load(&ctx.topologies(), name)?)
}

/// Checks that there is a topology of this name.
fn known(ctx: &Context, name: &str) -> Result<()> {
    let known = cxl_topology::names(&ctx.topologies())?;
    if known.iter().any(|k| k == name) {
        return Ok(());
    }
    Err(Usage::unknown("topology", name, known.iter().map(String::as_str)).into())
}

/// The QEMU at hand with what it can do. Without one, the release that is recommended: much can be shown all the same.
fn qemu(ctx: &Context, named: Option<&Path>) -> Result<(String, Capabilities)> {
    match run::find_qemu(named) {
        Ok(path) => {
            let capabilities = vm::probe(&path, ctx.cache.path())?.capabilities();
            Ok((path.display().to_string(), capabilities))
        }
        Err(error) if named.is_some() => Err(error.into()),
        Err(_) => Ok(("qemu-system-x86_64".to_owned(), Capabilities::of_release(QemuVersion::new(10, 0, 2)))),
    }
}
