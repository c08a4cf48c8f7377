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
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
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
    match &args.verb {
        Verb::List(_) => list::run(&project, ctx),
        Verb::Show(args) => show::run(args, &project, ctx),
        Verb::Check(args) => check::run(args, &project, ctx),
        Verb::Edit(args) => edit::edit(args, &project, ctx),
        Verb::Refresh(args) => edit::refresh(args, &project, ctx),
        Verb::Rebase(args) => edit::rebase(args, &project, ctx),
        Verb::Sabotage(args) => sabotage::run(args, &project, ctx),
        Verb::Apply(args) => apply::run(args, &project, ctx),
        Verb::Diff(args) => diff::run(args, &project, ctx),
        Verb::Lint(args) => lint::run(args, &project, ctx),
        Verb::Trailers(args) => trailers::run(args, &project, ctx),
        Verb::Import(args) => import::run(args, &project, ctx),
        Verb::Export(args) => export::run(args, &project, ctx),
        Verb::Fetch(args) => fetch::run(args, &project, ctx),
    }
}
