//! `series`: what there is, which kernels it fits, and what is done with one.

mod apply;
mod check;
mod diff;
mod edit;
mod export;
mod fetch;
mod import;
mod kernel;
mod lint;
mod list;
mod mails;
mod place;
mod sabotage;
mod show;
mod trailers;

use anyhow::Result;

use super::{Context, Exit};

/// Lists series, shows which kernels they fit, writes trees with them, takes them in from mail and out to mail
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Check(check::Args),
    Edit(edit::EditArgs),
    Refresh(edit::RefreshArgs),
    Rebase(edit::RebaseArgs),
    Sabotage(sabotage::Args),
    Apply(apply::Args),
    Diff(diff::Args),
    Lint(lint::Args),
    Trailers(trailers::Args),
    Import(import::Args),
    Export(export::Args),
    Fetch(fetch::Args),
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    match &args.command {
        Command::List(_) => list::run(&project, ctx),
        Command::Show(args) => show::run(args, &project, ctx),
        Command::Check(args) => check::run(args, &project, ctx),
        Command::Edit(args) => edit::edit(args, &project, ctx),
        Command::Refresh(args) => edit::refresh(args, &project, ctx),
        Command::Rebase(args) => edit::rebase(args, &project, ctx),
        Command::Sabotage(args) => sabotage::run(args, &project, ctx),
        Command::Apply(args) => apply::run(args, &project, ctx),
        Command::Diff(args) => diff::run(args, &project, ctx),
        Command::Lint(args) => lint::run(args, &project, ctx),
        Command::Trailers(args) => trailers::run(args, &project, ctx),
        Command::Import(args) => import::run(args, &project, ctx),
        Command::Export(args) => export::run(args, &project, ctx),
        Command::Fetch(args) => fetch::run(args, &project, ctx),
    }
}
