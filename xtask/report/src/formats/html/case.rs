//! Cases, as the lists show them and as the script opens them.

use serde::Serialize;

use event::{CaseReport, CellId};
use host::quote;

use super::logs::Logs;
use super::name;
use crate::lines::letter;
use crate::stored::Stored;
use crate::text::{duration, neutralise, one_line};

/// Lines of output that a red case shows before its log is opened.
const LINES: usize = 12;

/// One case of one cell.
pub(super) struct Case<'a> {
    /// Number of its cell.
    pub(super) cell: usize,
    pub(super) name: &'a str,
    pub(super) red: bool,
    pub(super) row: Row,
    pub(super) detail: Detail,
}

/// As the lists show it.
#[derive(Clone, Serialize)]
pub(super) struct Row {
    pub(super) index: usize,
    pub(super) cell: String,
    pub(super) case: String,
    pub(super) word: &'static str,
    pub(super) letter: char,
    pub(super) reason: String,
    pub(super) seconds: String,
    pub(super) lines: Vec<String>,
}

/// As the script shows it when it is opened.
#[derive(Serialize)]
pub(super) struct Detail {
    case: String,
    cell: String,
    outcome: &'static str,
    reason: String,
    results: String,
    replay: String,
    logs: Vec<LogPart>,
    nolog: String,
}

/// A log, and the lines of it that are the case's, from 0.
#[derive(Serialize)]
struct LogPart {
    id: usize,
    name: String,
    from: usize,
    to: usize,
}

/// Every case of every cell, in the run's order.
pub(super) fn cases<'a>(run: &'a Stored, logs: &Logs) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for (at, cell) in run.summary.cells.iter().enumerate() {
        for (nth, report) in cell.cases.iter().enumerate() {
            let round = cell.cases[..nth].iter().filter(|other| other.name == report.name).count();
            let parts = parts(at, report, round, logs);
            cases.push(Case {
                cell: at,
                name: &report.name,
                red: report.outcome.is_red(),
                row: row(cases.len(), &cell.cell, report),
                detail: Detail {
                    case: one_line(&report.name),
                    cell: name::of(&cell.cell),
                    outcome: report.outcome.word(),
                    reason: one_line(&report.reason),
                    results: results(report),
                    replay: replay(run, &cell.cell, report, parts.first().map(|part| part.name.as_str())),
                    nolog: no_log(run, at, logs),
                    logs: parts,
                },
            });
        }
    }
    cases
}

fn row(index: usize, cell: &CellId, report: &CaseReport) -> Row {
    let last = |lines: &[String]| -> Vec<String> {
        lines[lines.len().saturating_sub(LINES)..].iter().map(|line| one_line(line)).collect()
    };
    let failed = report.subtests.iter().filter(|test| test.outcome.is_red());
    let mut lines: Vec<String> = failed
        .map(|test| one_line(&format!("{} {} {}", test.outcome, test.name, test.reason)))
        .take(LINES)
        .collect();
    lines.extend(last(&report.diagnostics));
    Row {
        index,
        cell: name::of(cell),
        case: one_line(&report.name),
        word: report.outcome.word(),
        letter: letter(report.outcome),
        reason: one_line(&report.reason),
        seconds: duration(report.seconds),
        lines: if report.outcome.is_red() { lines } else { Vec::new() },
    }
}

/// Where the case is in the logs of its cell; without such a place all of them.
fn parts(cell: usize, report: &CaseReport, round: usize, logs: &Logs) -> Vec<LogPart> {
    let of_cell = || logs.kept.iter().enumerate().filter(|(_, log)| log.cell == cell);
    let spans = of_cell().flat_map(|(id, log)| log.spans.iter().map(move |span| (id, log, span)));
    let found = spans.filter(|(_, _, span)| span.case == report.name).nth(round);
    match found {
        Some((id, log, span)) => {
            vec![LogPart { id, name: log.boot.clone(), from: span.lines.start, to: span.lines.end }]
        }
        None => of_cell().map(|(id, log)| LogPart { id, name: log.boot.clone(), from: 0, to: 0 }).collect(),
    }
}

/// What the case printed as KTAP, and its remarks.
fn results(report: &CaseReport) -> String {
    let tests = report.subtests.iter().map(|test| format!("{:8}{} {}", test.outcome, test.name, test.reason));
    let lines: Vec<String> = tests.chain(report.diagnostics.iter().map(|line| format!("# {line}"))).collect();
    neutralise(&lines.join("\n"))
}

/// The commands that do it again: the very guest, and the case with whatever the checkout has now.
fn replay(run: &Stored, cell: &CellId, report: &CaseReport, boot: Option<&str>) -> String {
    let variant = if cell.variant == "default" { String::new() } else { format!(":{}", cell.variant) };
    let mut commands = format!(
        "cargo xtask run --kernel {} --flavour {} --topology {} --suite {} --case {}",
        quote(&cell.kernel),
        quote(&cell.flavour),
        quote(&cell.topology),
        quote(format!("{}{variant}", cell.suite)),
        quote(format!("{}/{}", cell.suite, report.name)),
    );
    if let Some(boot) = boot {
        let folder = run.cell_dir(cell).join(boot);
        let below = run.dir.parent().and_then(|results| folder.strip_prefix(results).ok());
        let script = below.map_or_else(
            || folder.join("replay.sh"),
            |below| std::path::Path::new("results").join(below).join("replay.sh"),
        );
        commands.push_str(&format!("\nsh {}", quote(script)));
    }
    neutralise(&commands)
}

fn no_log(run: &Stored, cell: usize, logs: &Logs) -> String {
    if logs.left_out.contains(&cell) {
        let folder = run.cell_dir(&run.summary.cells[cell].cell);
        return one_line(&format!("left out, or the page would be too large: {}", folder.display()));
    }
    "this cell has no console log: no guest was started for it".to_owned()
}

/// The list with what is red at its top.
pub(super) fn red_first<'a>(cases: &'a [Case<'_>]) -> Vec<&'a Row> {
    let (red, others): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.red);
    red.into_iter().chain(others).map(|case| &case.row).collect()
}
