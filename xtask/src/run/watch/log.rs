//! The log of what is red, in a pager.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use tempfile::NamedTempFile;

use host::Process;

use super::reds::Place;
use super::round::Command;
use super::state::Log;

/// Shows it in `$PAGER`, else in less, until that is left.
///
/// # Errors
/// It cannot be written for the pager, or there is no pager.
pub(super) fn show(log: &Log, command: &Command, options: &[String]) -> Result<()> {
    let mut file = NamedTempFile::with_prefix("patchbench-log-").context("making a file for the pager")?;
    file.write_all(text(log, command, options)?.as_bytes()).context("writing for the pager")?;
    // As git and man do: the variable may have options.
    let pager = Process::new("sh", ["-c", r#"${PAGER:-less} "$1""#, "sh"]).arg(file.path()).interactive();
    pager.output().context("starting the pager")?;
    Ok(())
}

/// What the case printed and how it was judged, and then the console.
fn text(log: &Log, command: &Command, options: &[String]) -> Result<String> {
    let (run, place) = match log {
        Log::Said(lines) => return Ok(lines.join("\n") + "\n"),
        Log::Of { run, place } => (run, place),
    };
    let mut which = match place {
        Place::Run | Place::Kernel(_) => Vec::new(),
        Place::Cell(cell, _) => vec!["--cell".to_owned(), cell.to_string()],
    };
    if let Place::Cell(_, Some(case)) = place {
        which.extend(["--case".to_owned(), case.clone()]);
    }
    let show = |how: &[&str]| {
        let process = command.other(&["results", "show", run]);
        let options = options.iter().map(String::as_str).chain(which.iter().map(String::as_str));
        options.chain(how.iter().copied()).fold(process, Process::arg).output()
    };
    let shown = show(&["-v"]).context("reading the run")?.text();
    let is_built = matches!(place, Place::Cell(..));
    let console =
        if is_built { show(&["--log"]).context("reading the console")?.text() } else { String::new() };
    Ok(format!("{shown}\n\n{console}\n"))
}
