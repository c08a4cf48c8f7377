//! What a log comes to.

use super::detect::Kind;
use crate::kernel_log::{LogScan, Remark};
use crate::{Case, Splat, Totals, Verdict};

/// A log, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct LogReport {
    /// What kind of log it is.
    pub kind: Kind,
    /// Its tests in order, those included that were planned and never came.
    pub cases: Vec<Case>,
    /// How many cases ended in which outcome.
    pub totals: Totals,
    /// The kernel's reports, by line.
    pub splats: Vec<Splat>,
    /// Splats beyond those that are kept.
    pub dropped: u64,
    /// [`Verdict::Skip`] where nothing was to be judged.
    pub verdict: Verdict,
    /// Remarks that make nothing red, one line each: also what the log says that it lost.
    pub notes: Vec<String>,
}

impl LogReport {
    pub(super) fn new(kind: Kind, cases: Vec<Case>, mut notes: Vec<String>, log: LogScan) -> Self {
        let mut totals = Totals::default();
        for case in &cases {
            totals.add(case.outcome);
        }
        let mut splats = log.splats;
        splats.extend(log.unfinished);
        let red = cases.iter().any(|case| case.outcome.is_red()) || !splats.is_empty() || log.dropped > 0;
        let ran =
            totals.pass + totals.xfail > 0 || matches!(kind, Kind::KernelLog | Kind::Lava) && log.kernel;
        let verdict = match (red, ran) {
            (true, _) => Verdict::Fail,
            (false, true) => Verdict::Pass,
            (false, false) => Verdict::Skip,
        };
        let told = log.incomplete.iter().chain(&log.notes);
        notes.extend(told.map(|remark| format!("line {}: {}", remark.line, remark.text)));
        if verdict == Verdict::Skip && cases.is_empty() {
            let nearest = log.nearest.as_ref().filter(|_| kind == Kind::KernelLog);
            notes.push(nothing(kind, log.lines, nearest));
        }
        if log.dropped > 0 {
            notes.push(format!("{} more splats are not shown", log.dropped));
        }
        Self { kind, cases, totals, splats, dropped: log.dropped, verdict, notes }
    }
}

/// How much was looked at in vain.
fn nothing(kind: Kind, lines: u64, nearest: Option<&Remark>) -> String {
    let whose = if kind == Kind::KernelLog { "a kernel's or a test's" } else { "a test's result" };
    let what = match lines {
        0 => "the log is empty".to_owned(),
        1 => format!("{lines} line was looked at, and it is not {whose}"),
        _ => format!("{lines} lines were looked at, and none is {whose}"),
    };
    match nearest {
        Some(Remark { line, text }) => format!("{what}; line {line} comes nearest: {text}"),
        None => what,
    }
}
