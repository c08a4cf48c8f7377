//! `topology`: what there is, what is wrong with it, and what becomes of it.

mod draw;
mod expect;
mod find;
mod generate;
mod lint;
mod list;
mod regions;
mod show;

use anyhow::Result;

use super::{Context, Exit};

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
