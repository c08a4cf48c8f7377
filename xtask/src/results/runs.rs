//! The runs that are meant, and what differs between two.

use anyhow::Result;

use engine::bisect::Bisections;
use engine::series::mutate::MutationRuns;
use report::{Diff, Folders, Stored};

use crate::{Context, Format};

/// Reads the run that is meant.
pub fn load(ctx: &Context, name: &str) -> Result<Stored> {
    Ok(Stored::load(&ctx.results().locate(name)?)?)
}

/// The folders of all runs, of all bisections and of all mutations.
pub fn kinds(ctx: &Context) -> [Folders; 3] {
    let results = ctx.results();
    let bisections = Bisections::new(results.dir()).folders().clone();
    let mutations = MutationRuns::new(results.dir()).folders().clone();
    [results, bisections, mutations]
}

/// The name of the run that others are compared with, where there is one.
pub fn baseline_id(ctx: &Context) -> Option<String> {
    // A project that cannot be read is reported by the subcommands that need it.
    let name = ctx.project().ok()?.baseline?;
    let dir = ctx.results().locate(&name).ok()?;
    Some(dir.file_name()?.to_str()?.to_owned())
}

/// How many earlier runs are looked at for how much a case's time varies.
const PAST: usize = 10;

/// What differs between two runs; the runs before them show what is noise.
pub fn compare(ctx: &Context, from: &Stored, to: &Stored) -> Result<Diff> {
    let others =
        ctx.results().list()?.into_iter().rev().filter(|run| run.dir != from.dir && run.dir != to.dir);
    let past: Vec<Stored> = others.filter_map(|run| Stored::load(&run.dir).ok()).take(PAST).collect();
    let past = past.iter().filter(|run| run.summary.time < to.summary.time).map(|run| &run.summary);
    Ok(Diff::of(&from.summary, &to.summary, &past.collect::<Vec<_>>()))
}

/// Prints what differs.
pub fn show_diff(ctx: &Context, diff: &Diff) -> Result<()> {
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(diff)?),
        Format::Human => anstream::println!("{}{}", diff.text(), diff.closing_line()),
    }
    Ok(())
}
