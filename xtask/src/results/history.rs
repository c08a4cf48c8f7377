//! `results history`.

use anyhow::Result;

use report::{History, Stored};
use spec::fits;

use crate::help::SELECTION;
use crate::{Context, Exit, Footer, Format, Usage};

/// Shows how a case ended in each run, the newest last
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The case, with * as in a shell
    #[arg(value_name = "[SUITE/]CASE")]
    case: String,
    /// Look at the newest N runs
    #[arg(long, value_name = "N", default_value_t = 50, help_heading = SELECTION)]
    limit: usize,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask results history mock/cycle", "One case"),
    ("cargo xtask results history 'attach/*'", "Every case of a suite"),
])
.exits(&[("0", "it was shown, however the case ended"), ("2", "no run has such a case")]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let mut runs = ctx.results().list()?;
    runs.drain(..runs.len().saturating_sub(args.limit));
    let runs: Vec<Stored> = runs.iter().filter_map(|run| Stored::load(&run.dir).ok()).collect();
    let summaries: Vec<_> = runs.iter().map(|run| &run.summary).collect();
    let is_meant =
        |suite: &str, case: &str| fits(&args.case, case) || fits(&args.case, &format!("{suite}/{case}"));
    let histories = History::of(&summaries, &is_meant);
    if histories.is_empty() {
        let message = format!("no run has a case '{}'", args.case);
        let hint = "names are those of `results show`; * stands for any".to_owned();
        return Err(Usage { message, hint: Some(hint) }.into());
    }
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(&histories)?),
        Format::Human => histories.iter().for_each(|history| anstream::print!("{}", history.text())),
    }
    Ok(Exit::Success)
}
