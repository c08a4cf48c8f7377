//! What a log comes to.

use super::detect::Kind;
use crate::kernel_log::LogScan;
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
    /// Remarks that make nothing red, one line each.
    pub notes: Vec<String>,
}

impl LogReport {
    pub(super) fn new(kind: Kind, cases: Vec<Case>, notes: Vec<String>, log: LogScan) -> Self {
        let mut totals = Totals::default();
        for case in &cases {
            totals.add(case.outcome);
        }
        let mut splats = log.splats;
        splats.extend(log.unfinished);
        let red = cases.iter().any(|case| case.outcome.is_red()) || !splats.is_empty() || log.dropped > 0;
        let ran = totals.pass + totals.xfail > 0 || kind == Kind::KernelLog && log.kernel;
        let verdict = match (red, ran) {
            (true, _) => Verdict::Fail,
            (false, true) => Verdict::Pass,
            (false, false) => Verdict::Skip,
        };
        Self { kind, cases, totals, splats, dropped: log.dropped, verdict, notes }
    }
}
