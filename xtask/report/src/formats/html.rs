//! A run as one page that needs nothing else: no network, no other file.
//!
//! Whatever comes from a guest, a file or a name is text: the template escapes it, the script sets it as text, and the page's own
//! policy lets no other script run and nothing be fetched.

mod case;
mod covered;
mod logs;
mod matrix;
mod name;
mod timeline;
mod view;

use std::fmt::Write as _;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::format::{Format, FormatError, Kept};
use crate::diff::Diff;
use crate::picture::Picture;
use crate::stored::{Progress, Stored, StoredError};
use crate::summary::Summary;
use crate::text::{duration, neutralise, one_line};

pub(super) const FORMAT: Format = Format {
    name: "html",
    about: "One page that needs nothing else: matrix, failures, logs, topologies, timeline",
    kept: Kept::OnRequest("report.html"),
    write: |run, around| match html(run, &around.pictures(run), around.diff(run).as_ref()) {
        Ok(page) => Ok(page.into_bytes()),
        Err(HtmlError::Stored(error)) => Err(error.into()),
        Err(error) => Err(FormatError::of(error)),
    },
    live: None,
};

/// A run that cannot be shown as a page.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    /// The events of the run cannot be read.
    #[error(transparent)]
    Stored(#[from] StoredError),
    /// The template does not render; not known to happen.
    #[error("rendering the page")]
    Template(#[from] minijinja::Error),
    /// What the script reads cannot be written; not known to happen.
    #[error("writing the page's data")]
    Json(#[from] serde_json::Error),
}

/// The page of a run, with what only others know: pictures of its topologies, and what differs from its baseline.
///
/// # Errors
/// [`HtmlError`].
pub fn html(run: &Stored, pictures: &[Picture], diff: Option<&Diff>) -> Result<String, HtmlError> {
    let summary = &run.summary;
    let logs = logs::collect(run);
    let cases = case::cases(run, &logs);
    let data = serde_json::json!({ "cases": cases.iter().map(|case| &case.detail).collect::<Vec<_>>() });
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // The ending turns escaping on.
    environment.add_template("page.html", include_str!("html/page.html.j2"))?;
    let page = environment.get_template("page.html")?;
    let resolved = neutralise(&serde_json::to_string_pretty(&run.resolved)?);
    let page_data = PageData {
        nonce: nonce(summary),
        style: Value::from_safe_string(include_str!("html/page.css").to_owned()),
        script: Value::from_safe_string(include_str!("html/page.js").to_owned()),
        id: one_line(&summary.id),
        verdict: view::verdict(run),
        progress: run.progress(),
        counts: summary.counts(),
        seconds: duration(summary.seconds.total),
        command: one_line(&summary.command),
        chips: view::chips(summary),
        matrix: matrix::of(summary, &cases),
        broken: view::broken(summary),
        reds: cases.iter().filter(|case| case.red).map(|case| &case.row).collect(),
        splats: view::splats(summary, &cases),
        cases: case::red_first(&cases),
        cells: view::cells(summary),
        pictures: pictures.iter().map(|picture| view::picture(picture, summary)).collect(),
        timeline: timeline::of(&run.events()?, summary),
        stages: view::stages(summary),
        notices: view::notices(summary),
        covered: covered::of(run),
        diff: diff.map(view::diff),
        versions: view::versions(run),
        resolved,
        data: script_json(&data)?,
        logs: logs.kept.iter().map(|log| script_json(&log.text)).collect::<Result<_, _>>()?,
    };
    Ok(page.render(Serde(&page_data))?)
}

/// What the template shows.
#[derive(Serialize)]
struct PageData<'a> {
    nonce: String,
    style: Value,
    script: Value,
    id: String,
    verdict: view::Badge,
    progress: Progress,
    counts: String,
    seconds: String,
    command: String,
    chips: Vec<view::Chip>,
    matrix: Vec<matrix::Table>,
    broken: Vec<view::Cell>,
    reds: Vec<&'a case::Row>,
    splats: Vec<view::Splat>,
    cases: Vec<&'a case::Row>,
    cells: Vec<view::Cell>,
    pictures: Vec<view::TopologyView>,
    timeline: timeline::Timeline,
    stages: Vec<view::Stage>,
    notices: Vec<String>,
    covered: Option<covered::Panel>,
    diff: Option<view::Against>,
    versions: Vec<view::Version>,
    resolved: String,
    data: Value,
    logs: Vec<Value>,
}

/// What red results report on the parts of a topology: the names of subtests are the guest's comparison with the topology, by the
/// topology's own ids; no other text is, as a kernel numbers its memdevs by itself.
pub fn complaints<'a>(summary: &'a Summary, topology: &str) -> Vec<&'a str> {
    let cells = summary.cells.iter().filter(|cell| cell.cell.topology == topology);
    let subtests = cells.flat_map(|cell| &cell.cases).flat_map(|case| &case.subtests);
    subtests.filter(|test| test.outcome.is_red()).map(|test| test.name.as_str()).collect()
}

/// JSON that may stand in a script element: nothing in it ends the element or begins a comment.
fn script_json(value: &impl serde::Serialize) -> Result<Value, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    let mut safe = String::with_capacity(json.len() + json.len() / 8);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(safe, "\\u{:04x}", c as u32);
            }
            c => safe.push(c),
        }
    }
    Ok(Value::from_safe_string(safe))
}

/// Names the page's own script and style in its policy. It need not be secret from who made the page: the guest cannot know
/// when the page is made.
fn nonce(summary: &Summary) -> String {
    let now = jiff::Timestamp::now().as_nanosecond();
    host::sha256(format!("{} {now} {}", summary.id, std::process::id()))[..32].to_owned()
}

#[cfg(test)]
mod tests;
