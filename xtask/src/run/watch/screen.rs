//! The one screen: what changed, what is red and since when, what goes on.

use report::text::{counted, duration, neutralise, one_line, shortened};

use super::reds::{Place, Red};
use super::state::{Now, Part, Watch};

/// Lines beside those of what is red.
const OTHERS: usize = 9;

/// The screen's size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: usize,
    pub(super) height: usize,
}

/// The screen, of which no line is wider than it and none is below it.
pub(super) fn screen(watch: &Watch, watched: &str, now: &Now, size: Size) -> String {
    let mut lines = vec![format!("watched  {watched}")];
    if watch.round > 0 {
        lines.push(format!("changed  {}, {}", changed(watch), watch.why.clock));
        lines.push(format!("round {:<3}{}", watch.round, state(watch, now)));
    }
    lines.extend(watch.last.as_ref().map(|last| format!("last     {last}")));
    lines.extend(next(watch).map(|next| format!("next     {next}")));
    lines.push(String::new());
    lines.extend(reds(watch, size.height.saturating_sub(OTHERS).max(1)));
    lines.push(String::new());
    lines.push("r or Enter: run all    l: the log of what is red first    q: leave".to_owned());
    let lines = lines.iter().take(size.height).map(|line| shortened(&neutralise(line), size.width));
    lines.collect::<Vec<_>>().join("\n")
}

/// What the round began for.
fn changed(watch: &Watch) -> String {
    files(watch.why.files.iter()).unwrap_or_else(|| {
        if watch.round == 1 { "nothing yet".to_owned() } else { "nothing: asked for".to_owned() }
    })
}

/// The first of these files, and how many others there are.
fn files<'a>(mut files: impl ExactSizeIterator<Item = &'a String>) -> Option<String> {
    let first = one_line(files.next()?);
    Some(match files.len() {
        0 => first,
        others => format!("{first} and {}", counted(others, "other")),
    })
}

fn state(watch: &Watch, now: &Now) -> String {
    let Some(Part { quick, begun, stopping, stage, .. }) = &watch.part else {
        return if watch.reds.is_empty() {
            "has ended: all is green".to_owned()
        } else {
            "has ended".to_owned()
        };
    };
    if *stopping {
        return "is being stopped".to_owned();
    }
    let what = if *quick { "first what was red; " } else { "" };
    format!("{what}{}, {}", one_line(stage), duration(now.at.saturating_sub(*begun).as_secs_f64()))
}

/// What is to come: a round that waits.
fn next(watch: &Watch) -> Option<String> {
    let waiting = watch.waiting.as_ref()?;
    let files = files(waiting.files.iter())?;
    Some(match watch.git {
        Some(doing) => format!("{files}, when {doing} is over; r does not wait"),
        None => files,
    })
}

/// What is red, at most so many lines.
fn reds(watch: &Watch, most: usize) -> Vec<String> {
    if watch.reds.is_empty() {
        let is_known = watch.last.is_some() || watch.part.is_some();
        let word = if watch.part.is_some() { "nothing is red so far" } else { "nothing is red" };
        return if is_known { vec![word.to_owned()] } else { Vec::new() };
    }
    let rows: Vec<_> = watch.reds.iter().map(|(place, red)| (since(red), name(place), red)).collect();
    let width = rows.iter().map(|(since, _, _)| since.chars().count()).max().unwrap_or_default();
    let line = |(since, name, red): &(String, String, &Red)| {
        let why = if red.reason.is_empty() { String::new() } else { format!(": {}", one_line(&red.reason)) };
        format!("  {since:width$}  {name}  {}{why}", red.word)
    };
    let mut lines = vec!["red since".to_owned()];
    lines.extend(rows.iter().take(most).map(line));
    if rows.len() > most {
        lines.push(format!("  and {}", counted(rows.len() - most, "other")));
    }
    lines
}

fn since(red: &Red) -> String {
    format!("round {}, {}", red.since.round, red.since.clock)
}

fn name(place: &Place) -> String {
    match place {
        Place::Run => "no run".to_owned(),
        Place::Kernel(name) => format!("kernel {}", one_line(name)),
        Place::Cell(cell, None) => one_line(&cell.to_string()),
        Place::Cell(cell, Some(case)) => one_line(&format!("{cell} {case}")),
    }
}

#[cfg(test)]
mod tests;
