//! Which lines of a series ran, where `series coverage` has read that.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use coverage::{Coverage, SeriesLines, State, annotated};

use crate::layout::{COVERAGE, COVERAGE_JSON, COVERAGE_LINES};
use crate::stored::Stored;
use crate::text::{neutralise, one_line};

#[derive(Serialize)]
pub(super) struct Panel {
    series: String,
    closing: String,
    missed: Vec<Missed>,
    patches: Vec<Patch>,
    only: Vec<Only>,
    smallest: Vec<String>,
}

/// A line with code that did not run, or of which that is not known.
#[derive(Serialize)]
struct Missed {
    place: String,
    patch: usize,
    text: String,
    reason: String,
}

/// A patch as a diff, with counts beside its lines.
#[derive(Serialize)]
struct Patch {
    n: usize,
    subject: String,
    covered: usize,
    coverable: usize,
    diff: String,
}

#[derive(Serialize)]
struct Only {
    topologies: String,
    lines: Vec<String>,
}

/// None where nothing was counted; what cannot be read is none either, since the page is of the run.
pub(super) fn of(run: &Stored) -> Option<Panel> {
    let coverage: Coverage = read(&run.dir.join(COVERAGE_JSON))?;
    let lines: SeriesLines = read(&run.dir.join(COVERAGE).join(COVERAGE_LINES))?;
    let totals = coverage.totals;
    let unknown = if totals.unknown == 0 { String::new() } else { format!(", {} not known", totals.unknown) };
    let missed = coverage.patches.iter().flat_map(|patch| {
        let missed = patch.lines.iter().filter(|line| matches!(line.state, State::NotRun | State::Unknown));
        missed.map(|line| Missed {
            place: one_line(&format!("{}:{}", line.file, line.line)),
            patch: patch.n,
            text: one_line(line.text.trim()),
            reason: one_line(&line.reason),
        })
    });
    let patch = |(index, patch): (usize, &coverage::CoveredPatch)| Patch {
        n: patch.n,
        subject: one_line(&patch.subject),
        covered: patch.covered,
        coverable: patch.coverable,
        diff: neutralise(&annotated(&coverage, &lines, index)),
    };
    let only = coverage.only.iter().map(|only| Only {
        topologies: one_line(&only.topologies.join(", ")),
        lines: only.lines.iter().map(|place| one_line(place)).collect(),
    });
    Some(Panel {
        series: one_line(&coverage.series),
        closing: format!("{} of {} lines with code ran{unknown}", totals.covered, totals.coverable),
        missed: missed.collect(),
        patches: coverage.patches.iter().enumerate().map(patch).collect(),
        only: only.collect(),
        smallest: coverage.smallest.iter().map(|case| one_line(case)).collect(),
    })
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs_err::read(path).ok()?).ok()
}
