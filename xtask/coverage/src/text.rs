//! A coverage for the terminal: what nothing runs first.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::{Coverage, CoveredLine, State};

/// Widest subject in the table.
const SUBJECT: usize = 64;
/// At most so many cases or places are listed in a line of text.
const LISTED: usize = 12;

impl fmt::Display for Coverage {
    /// The lines that did not run, then the table, what only some topologies run, and the fewest cases; no line end behind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (state, heading) in [(State::NotRun, "run by no case"), (State::Unknown, "not known")] {
            missed(&mut text, self, state, heading);
        }
        table(&mut text, self);
        for only in &self.only {
            let count = counted(only.lines.len(), "line");
            let _ = writeln!(text, "\n{count} ran only on {}:", only.topologies.join(", "));
            for place in places(&only.lines) {
                let _ = writeln!(text, "  {place}");
            }
        }
        if !self.smallest.is_empty() {
            let _ = match self.smallest.len() {
                1 => writeln!(text, "\n1 case runs all that ran:"),
                cases => writeln!(text, "\n{cases} cases together run all that ran:"),
            };
            for case in &self.smallest {
                let _ = writeln!(text, "  {case}");
            }
        }
        f.write_str(text.trim_start_matches('\n').trim_end())
    }
}

fn missed(text: &mut String, coverage: &Coverage, state: State, heading: &str) {
    let lines: Vec<(usize, &CoveredLine)> = coverage
        .patches
        .iter()
        .flat_map(|patch| patch.lines.iter().map(move |line| (patch.n, line)))
        .filter(|(_, line)| line.state == state)
        .collect();
    let Some((_, first)) = lines.first() else { return };
    let why = if state == State::Unknown { format!(": {}", first.reason) } else { String::new() };
    let _ = writeln!(text, "\n{} {heading}{why}", counted(lines.len(), "line"));
    for (n, line) in lines {
        let place = format!("{}:{}", line.file, line.line);
        let _ = writeln!(text, "  {place:40} patch {n:<2}  {}", line.text.trim());
    }
}

fn table(text: &mut String, coverage: &Coverage) {
    let _ = writeln!(text, "\n{:>5}  {:SUBJECT$}  {:>7}  {:>9}", "patch", "", "covered", "coverable");
    for patch in &coverage.patches {
        let subject = shortened(&patch.subject);
        let (covered, coverable) = (patch.covered, patch.coverable);
        let _ = writeln!(text, "{:>5}  {subject:SUBJECT$}  {covered:>7}  {coverable:>9}", patch.n);
    }
    let totals = coverage.totals;
    let all = format!("{} %", totals.percent());
    let _ = writeln!(text, "{:>5}  {all:SUBJECT$}  {:>7}  {:>9}", "all", totals.covered, totals.coverable);
}

fn shortened(subject: &str) -> String {
    if subject.chars().count() <= SUBJECT {
        return subject.to_owned();
    }
    subject.chars().take(SUBJECT - 1).chain(['…']).collect()
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// `FILE:LINE`s by file, with runs of lines together: `drivers/cxl/mem.c: 3–5, 9`.
fn places(lines: &[String]) -> Vec<String> {
    let mut files: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (file, line) in lines.iter().filter_map(|place| place.rsplit_once(':')) {
        files.entry(file).or_default().extend(line.parse::<u32>().ok());
    }
    let mut places = Vec::new();
    for (file, mut numbers) in files {
        numbers.sort_unstable();
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some((_, end)) if *end + 1 == number => *end = number,
                _ => runs.push((number, number)),
            }
        }
        let more = runs.len().saturating_sub(LISTED);
        let shown = runs
            .iter()
            .take(LISTED)
            .map(|(start, end)| if start == end { start.to_string() } else { format!("{start}–{end}") });
        let mut text = format!("{file}: {}", shown.collect::<Vec<_>>().join(", "));
        if more > 0 {
            let _ = write!(text, " and {more} more places");
        }
        places.push(text);
    }
    places
}
