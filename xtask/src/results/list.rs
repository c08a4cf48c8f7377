//! `results list`.

use anyhow::Result;
use serde::Serialize;

use kernlog::{Totals, Verdict};
use report::lines::verdict_word;
use report::text::{duration, one_line};
use report::{Folder, Progress, Stored};

use super::runs;
use crate::{Context, Exit, Footer, Format};

/// Lists every run, the newest last
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {}

const FOOTER: Footer = Footer::new(&[("cargo xtask results list --format json", "The same for a program")]);

/// A line of `--format json`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Listed<'a> {
    id: &'a str,
    time: String,
    latest: bool,
    baseline: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(flatten)]
    run: Option<Run<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Run<'a> {
    state: Progress,
    verdict: Option<Verdict>,
    totals: Totals,
    splats: usize,
    cells: usize,
    seconds: f64,
    command: &'a str,
}

pub fn run(_: &Args, ctx: &Context) -> Result<Exit> {
    let results = ctx.results();
    let runs = results.list()?;
    let (latest, baseline) = (results.latest(), runs::baseline_id(ctx));
    let mut listed = Vec::new();
    for folder in &runs {
        let is = |name: &Option<String>| name.as_deref() == Some(&folder.id);
        let marks = (is(&latest), is(&baseline));
        match ctx.format {
            Format::Human => {
                human(
                    folder,
                    Stored::load(&folder.dir).as_ref().map_err(|error| fault::inlined(error)),
                    marks,
                );
            }
            Format::Json => listed.push(json(folder, &Stored::load(&folder.dir), marks)?),
        }
    }
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(&listed)?),
        Format::Human if runs.is_empty() => ctx.print("there is no run yet; `cargo xtask run` makes one"),
        Format::Human => {}
    }
    Ok(Exit::Success)
}

fn human(folder: &Folder, run: Result<&Stored, String>, (latest, baseline): (bool, bool)) {
    let mut marks = String::new();
    for (there, mark) in [(latest, " (latest)"), (baseline, " (baseline)")] {
        marks.push_str(if there { mark } else { "" });
    }
    let run = match run {
        Ok(run) => run,
        Err(error) => return anstream::println!("{}  unreadable{marks}: {}", folder.id, one_line(&error)),
    };
    let word = match (run.progress(), run.summary.verdict) {
        (Progress::Complete, Some(verdict)) if !run.summary.only_interrupted() => verdict_word(verdict),
        _ => run.word().to_owned(),
    };
    let counts = run.summary.counts();
    let (time, command) = (duration(run.summary.seconds.total), one_line(&run.summary.command));
    anstream::println!("{}  {word}{marks}: {counts}; {time}\n    {command}", folder.id);
}

fn json(
    folder: &Folder,
    run: &Result<Stored, report::StoredError>,
    (latest, baseline): (bool, bool),
) -> Result<serde_json::Value> {
    let about = |run: &Stored| -> Result<serde_json::Value> {
        let summary = &run.summary;
        Ok(serde_json::to_value(Listed {
            id: &folder.id,
            time: folder.time.to_string(),
            latest,
            baseline,
            error: None,
            run: Some(Run {
                state: run.progress(),
                verdict: summary.verdict,
                totals: summary.totals,
                splats: summary.red_splats(),
                cells: summary.cells.len(),
                seconds: summary.seconds.total,
                command: &summary.command,
            }),
        })?)
    };
    match run {
        Ok(run) => about(run),
        Err(error) => {
            let (time, error) = (folder.time.to_string(), Some(fault::inlined(error)));
            Ok(serde_json::to_value(Listed { id: &folder.id, time, latest, baseline, error, run: None })?)
        }
    }
}
