//! `results`: the runs that were kept.

mod diff;
mod export;
mod gc;
mod history;
mod html;
mod list;
mod merge;
mod rm;
mod runs;
mod show;

use anyhow::Result;

use super::{Context, Exit};

pub(super) use runs::{compare, load, show_diff};

/// Lists the runs that were kept; shows, compares, exports, merges or removes some
///
/// RUN is `latest`, the name of a run's folder or the beginning of it, the beginning of its last six digits, or the path of
/// a run's folder anywhere.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Diff(diff::Args),
    History(history::Args),
    Export(export::Args),
    Html(html::Args),
    Merge(merge::Args),
    Rm(rm::Args),
    Gc(gc::Args),
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    match &args.command {
        Command::List(_) => list::run(ctx),
        Command::Show(args) => show::run(args, ctx),
        Command::Diff(args) => diff::run(args, ctx),
        Command::History(args) => history::run(args, ctx),
        Command::Export(args) => export::run(args, ctx),
        Command::Html(args) => html::run(args, ctx),
        Command::Merge(args) => merge::run(args, ctx),
        Command::Rm(args) => rm::run(args, ctx),
        Command::Gc(args) => gc::run(args, ctx),
    }
}
