//! KTAP version 1: a test a cell, a subtest a case, and in it what the case itself printed as KTAP.
//!
//! No name has a `#` (the grammar forbids it, kunit.py would lose the line), and every remark starts with the
//! outcome's word, so that no text of a guest can pose as a directive.

use event::CaseReport;
use kernlog::{CaseOutcome, Verdict};

use super::format::{Format, Kept};
use crate::summary::{CellSummary, Summary};
use crate::text::one_line;

pub(super) const FORMAT: Format = Format {
    name: "ktap",
    about: "KTAP version 1, for kunit.py and other readers of kernel tests",
    kept: Kept::AtEnd("run.ktap"),
    write: |run, _| Ok(ktap(&run.summary).into_bytes()),
    live: None,
};

/// Writes a run as KTAP.
fn ktap(summary: &Summary) -> String {
    let mut out = format!("KTAP version 1\n1..{}\n", summary.cells.len());
    for (number, cell) in summary.cells.iter().enumerate() {
        cell_lines(&mut out, number + 1, cell);
    }
    out
}

fn cell_lines(out: &mut String, number: usize, cell: &CellSummary) {
    let splats: Vec<_> = cell.red_splats().collect();
    let inner = cell.cases.len() + splats.len();
    if inner > 0 {
        out.push_str(&format!("  KTAP version 1\n  1..{inner}\n"));
        for (at, case) in cell.cases.iter().enumerate() {
            case_lines(out, at + 1, case);
        }
        for (at, splat) in splats.iter().enumerate() {
            let during = splat.case.as_deref().map(|case| format!(" during {case}")).unwrap_or_default();
            let at = cell.cases.len() + at + 1;
            out.push_str(&format!(
                "  not ok {at} {} # splat{}\n",
                name(&format!("splat: {}", splat.title)),
                name(&during)
            ));
        }
    }
    let (ok, directive) = match cell.verdict {
        Some(Verdict::Pass) => (true, String::new()),
        Some(Verdict::Skip) => (true, format!(" # SKIP {}", one_line(&cell.reason))),
        Some(verdict) => {
            let error = matches!(verdict, Verdict::Unbuilt | Verdict::Infrastructure);
            let word = if error { "ERROR " } else { "" };
            (false, format!(" # {word}{verdict}: {}", one_line(&cell.reason)))
        }
        None => (false, format!(" # ERROR {}", cell.word())),
    };
    line(out, "", ok, number, &cell.cell.to_string(), &directive);
}

fn case_lines(out: &mut String, number: usize, case: &CaseReport) {
    if !case.subtests.is_empty() {
        out.push_str(&format!("    KTAP version 1\n    1..{}\n", case.subtests.len()));
        for (at, test) in case.subtests.iter().enumerate() {
            let (ok, directive) = result(test.outcome, &test.reason);
            line(out, "    ", ok, at + 1, &test.name, &directive);
        }
    }
    let (ok, directive) = result(case.outcome, &case.reason);
    line(out, "  ", ok, number, &case.name, &directive);
}

fn result(outcome: CaseOutcome, reason: &str) -> (bool, String) {
    let reason = one_line(reason);
    match outcome {
        CaseOutcome::Pass => (true, String::new()),
        CaseOutcome::Skip => (true, format!(" # SKIP {reason}")),
        CaseOutcome::Xfail => (true, format!(" # XFAIL {reason}")),
        CaseOutcome::Timeout => (false, format!(" # TIMEOUT {reason}")),
        CaseOutcome::Crash | CaseOutcome::NotRun => (false, format!(" # ERROR {outcome}: {reason}")),
        CaseOutcome::Fail | CaseOutcome::Xpass => (false, format!(" # {outcome}: {reason}")),
    }
}

fn line(out: &mut String, indent: &str, ok: bool, number: usize, text: &str, directive: &str) {
    let ok = if ok { "ok" } else { "not ok" };
    out.push_str(&format!("{indent}{ok} {number} {}{}\n", name(text), directive.trim_end()));
}

/// A description as the grammar wants it.
fn name(text: &str) -> String {
    one_line(text).replace('#', "%23")
}
