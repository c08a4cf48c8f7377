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

pub(super) use draw::PictureForm;

/// Lists topologies, checks and draws them, or shows what becomes of one
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(list::Args),
    Show(show::Args),
    Lint(lint::Args),
    Draw(draw::Args),
    Regions(regions::Args),
    Expect(expect::Args),
    Generate(generate::Args),
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    match &args.verb {
        Verb::List(_) => list::run(ctx),
        Verb::Show(args) => show::run(args, ctx),
        Verb::Lint(args) => lint::run(args, ctx),
        Verb::Draw(args) => draw::run(args, ctx),
        Verb::Regions(args) => regions::run(args, ctx),
        Verb::Expect(args) => expect::run(args, ctx),
        Verb::Generate(args) => generate::run(args, ctx),
    }
}

/// Reads a topology.
fn load(ctx: &Context, name: &str) -> Result<Topology> {
    known(ctx, name)?;
    Ok(Topology::load(&ctx.topologies(), name)?)
}

/// Sees that there is a topology of this name.
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
