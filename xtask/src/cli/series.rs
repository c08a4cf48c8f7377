//! `series`: what there is, which kernels it fits, and what is done with one.

mod apply;
mod export;
mod import;
mod list;
mod mails;
mod sabotage;
mod show;

use anyhow::Result;

use super::{Context, Exit};

/// Lists series, shows which kernels they fit, writes trees with them, takes them in from mail and out to mail
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(list::Args),
    Show(show::Args),
    Sabotage(sabotage::Args),
    Apply(apply::Args),
    Import(import::Args),
    Export(export::Args),
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    match &args.verb {
        Verb::List(_) => list::run(&project, ctx),
        Verb::Show(args) => show::run(args, &project, ctx),
        Verb::Sabotage(args) => sabotage::run(args, &project, ctx),
        Verb::Apply(args) => apply::run(args, &project, ctx),
        Verb::Import(args) => import::run(args, &project, ctx),
        Verb::Export(args) => export::run(args, &project, ctx),
    }
}
