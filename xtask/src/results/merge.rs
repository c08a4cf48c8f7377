//! `results merge`.

use anyhow::{Context as _, Result};

use report::{Stored, command_line};

use super::runs;
use crate::help::EXECUTION;
use crate::{Context, Exit, Footer, Format};

/// Makes one run of several, such as the shards of one
///
/// A cell that one of them has finished and another has not counts as the one has it. Where one of the shards is missing, the
/// whole does not pass.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The runs to merge
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Of a cell that two have finished, take the verdict of the later one on the command line [default: that is an error]
    #[arg(long, help_heading = EXECUTION)]
    last_wins: bool,
}

const FOOTER: Footer =
    Footer::new(&[("cargo xtask results merge shards/*/", "Runs of other machines, by their folders")])
        .exits(&[
            ("0", "the merged run passed; other codes are those of its verdict"),
            ("4", "infrastructure, or a shard is missing"),
        ]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let runs = args.runs.iter().map(|name| runs::load(ctx, name)).collect::<Result<Vec<_>>>()?;
    let dir =
        report::merge(ctx.results().dir(), &runs, &command_line(), args.last_wins).context("merging")?;
    for shard in report::missing_shards(&runs) {
        ctx.print(&format!("shard {shard} is missing: nothing is known of its cells"));
    }
    let merged = Stored::load(&dir)?.summary;
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(&merged)?),
        Format::Human => {
            anstream::println!("{}", merged.closing_line());
            ctx.print(&format!("results: {}", dir.display()));
        }
    }
    Ok(merged.verdict.map_or(Exit::Infrastructure, Exit::from))
}
