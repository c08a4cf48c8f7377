//! `results`: the runs that were kept.

mod diff;
mod export;
mod gc;
mod history;
mod html;
mod list;
mod merge;
mod rm;
mod show;

use anyhow::Result;

use report::{Diff, Stored};

use super::{Context, Exit, Format};

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

/// Reads the run that is meant.
pub(super) fn load(ctx: &Context, name: &str) -> Result<Stored> {
    Ok(Stored::load(&ctx.results().locate(name)?)?)
}

/// The name of the run that others are compared with, where there is one.
fn baseline_id(ctx: &Context) -> Option<String> {
    // A project that cannot be read is reported by the subcommands that need it.
    let name = ctx.project().ok()?.baseline?;
    let dir = ctx.results().locate(&name).ok()?;
    Some(dir.file_name()?.to_str()?.to_owned())
}

/// How many earlier runs are looked at for how much a case's time varies.
const PAST: usize = 10;

/// What differs between two runs; the runs before them show what is noise.
pub(super) fn compare(ctx: &Context, from: &Stored, to: &Stored) -> Result<Diff> {
    let others =
        ctx.results().list()?.into_iter().rev().filter(|run| run.dir != from.dir && run.dir != to.dir);
    let past: Vec<Stored> = others.filter_map(|run| Stored::load(&run.dir).ok()).take(PAST).collect();
    let past = past.iter().filter(|run| run.summary.time < to.summary.time).map(|run| &run.summary);
    Ok(Diff::of(&from.summary, &to.summary, &past.collect::<Vec<_>>()))
}

/// Prints what differs.
pub(super) fn show_diff(ctx: &Context, diff: &Diff) -> Result<()> {
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(diff)?),
        Format::Human => anstream::println!("{}{}", diff.text(), diff.closing_line()),
    }
    Ok(())
}
