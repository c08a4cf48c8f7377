//! JUnit, as quick-junit writes it: a suite a cell, a test a case.
//!
//! What failed by its own word is a failure; what crashed, hung or was not reached is an error, as with
//! kunit.py. A splat that nobody expected is a test of its own, so that it is red even when its case passed.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::summary::{CellSummary, Summary};
use super::text::{neutralise, one_line};
use crate::event::{CaseOutcome, CaseReport};

/// Writes a run as JUnit XML.
///
/// # Errors
/// [`SerializeError`], which is not known to happen.
pub fn junit(summary: &Summary) -> Result<String, SerializeError> {
    let mut report = Report::new("patchbench");
    report.set_time(seconds(summary.seconds.total));
    report.add_test_suites(summary.cells.iter().map(suite));
    report.to_string()
}

fn suite(cell: &CellSummary) -> TestSuite {
    let name = one_line(&cell.cell.to_string());
    let mut suite = TestSuite::new(name.clone());
    suite.set_time(seconds(cell.seconds));
    for (key, value) in [("accelerator", &cell.accel), ("release", &cell.release)] {
        if let Some(value) = value {
            suite.add_property((key, one_line(value).as_str()));
        }
    }
    suite.add_test_cases(cell.cases.iter().map(|report| case(report, &name)));
    for splat in cell.red_splats() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let during = splat.case.as_deref().map(|case| format!(" during {case}")).unwrap_or_default();
        status
            .set_type(splat.kind.word())
            .set_message(one_line(&format!("{}{during}", splat.title)))
            .set_description(neutralise(&splat.excerpt.join("\n")));
        suite.add_test_case(named(&format!("splat: {}", splat.title), &name, status));
    }
    if cell.red_by_itself() {
        let word = cell.verdict.map_or("not run", crate::event::Verdict::word);
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type(word).set_message(one_line(&cell.reason));
        suite.add_test_case(named("the cell as a whole", &name, status));
    }
    suite
}

fn case(report: &CaseReport, class: &str) -> TestCase {
    let mut status = match report.outcome {
        CaseOutcome::Pass => TestCaseStatus::success(),
        CaseOutcome::Skip | CaseOutcome::Xfail => TestCaseStatus::skipped(),
        CaseOutcome::Fail | CaseOutcome::Xpass => TestCaseStatus::non_success(NonSuccessKind::Failure),
        CaseOutcome::NotRun | CaseOutcome::Crash | CaseOutcome::Timeout => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
    };
    if report.outcome != CaseOutcome::Pass {
        status.set_type(report.outcome.word()).set_message(one_line(&report.reason));
    }
    let mut case = named(&report.name, class, status);
    case.set_time(seconds(report.seconds));
    let mut out: Vec<String> = report
        .subtests
        .iter()
        .map(|t| format!("{} {} {}", t.outcome, t.name, t.reason).trim_end().to_owned())
        .collect();
    out.extend(report.diagnostics.iter().map(|line| format!("# {line}")));
    if !out.is_empty() {
        case.set_system_out(neutralise(&out.join("\n")));
    }
    case
}

fn named(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(one_line(name), status);
    case.set_classname(class);
    case
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
