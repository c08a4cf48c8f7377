//! JUnit, as quick-junit writes it: a suite a cell, a test a case. A case that ran more than once is one test: red where one
//! of its rounds was, the other red ones as its reruns; in a cell that is green all the same (`--allow-flaky`), green with the
//! red ones as flaky failures.
//!
//! What failed by its own word is a failure; what crashed, hung or was not reached is an error, as with
//! kunit.py. A splat that nobody expected is a test of its own, so that it is red even when its case passed.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestRerun, TestSuite};

use event::CaseReport;
use kernlog::{CaseOutcome, Verdict};

use super::format::{Format, FormatError, Kept};
use crate::summary::{CellSummary, Summary};
use crate::text::{neutralise, one_line};

pub(super) const FORMAT: Format = Format {
    name: "junit",
    about: "JUnit XML, for CI systems: a suite a cell, a test a case",
    kept: Kept::AtEnd("junit.xml"),
    write: |run, _| junit(&run.summary).map(String::into_bytes).map_err(FormatError::of),
    live: None,
};

/// Writes a run as JUnit XML.
fn junit(summary: &Summary) -> Result<String, SerializeError> {
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
    let mut names: Vec<&str> = Vec::new();
    for report in &cell.cases {
        if !names.contains(&report.name.as_str()) {
            names.push(&report.name);
        }
    }
    for round in names {
        let rounds: Vec<_> = cell.cases.iter().filter(|report| report.name == round).collect();
        suite.add_test_case(case(&rounds, &name, cell.verdict == Some(Verdict::Pass)));
    }
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
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type(cell.word()).set_message(one_line(&cell.reason));
        suite.add_test_case(named("the cell as a whole", &name, status));
    }
    suite
}

/// Which sort of red an outcome is, if it is.
fn kind(outcome: CaseOutcome) -> Option<NonSuccessKind> {
    match outcome {
        CaseOutcome::Pass | CaseOutcome::Skip | CaseOutcome::Xfail => None,
        CaseOutcome::Fail | CaseOutcome::Xpass => Some(NonSuccessKind::Failure),
        CaseOutcome::NotRun | CaseOutcome::Crash | CaseOutcome::Timeout => Some(NonSuccessKind::Error),
    }
}

/// All rounds of a case, of which there is one at least. `allowed`: its cell is green whatever is red here.
fn case(rounds: &[&CaseReport], class: &str, allowed: bool) -> TestCase {
    let red = |report: &&&CaseReport| report.outcome.is_red();
    // Of rounds that are all green, one that passed counts more than one that was skipped.
    let passed = rounds.iter().find(|report| report.outcome == CaseOutcome::Pass);
    let first_red = if allowed { None } else { rounds.iter().find(red) };
    let report = first_red.or(passed).unwrap_or(&rounds[0]);
    let mut status = match (kind(report.outcome), report.outcome) {
        (Some(kind), _) => TestCaseStatus::non_success(kind),
        (None, CaseOutcome::Pass) => TestCaseStatus::success(),
        (None, _) => TestCaseStatus::skipped(),
    };
    if report.outcome != CaseOutcome::Pass {
        status.set_type(report.outcome.word()).set_message(one_line(&report.reason));
    }
    for other in rounds.iter().filter(red).skip(usize::from(first_red.is_some())) {
        let mut rerun = TestRerun::new(kind(other.outcome).unwrap_or(NonSuccessKind::Failure));
        rerun
            .set_type(other.outcome.word())
            .set_message(one_line(&other.reason))
            .set_time(seconds(other.seconds));
        status.add_rerun(rerun);
    }
    let mut case = named(&report.name, class, status);
    case.set_time(seconds(rounds.iter().map(|round| round.seconds).sum()));
    let mut out: Vec<String> = Vec::new();
    if rounds.len() > 1 {
        out.push(format!("red in {} of {} rounds", rounds.iter().filter(red).count(), rounds.len()));
    }
    let tests = report.subtests.iter();
    out.extend(tests.map(|t| format!("{} {} {}", t.outcome, t.name, t.reason).trim_end().to_owned()));
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

#[cfg(test)]
mod tests {
    use super::{CaseOutcome, Summary, Verdict, junit};
    use crate::testing::{case, cell};
    use event::Event;

    #[test]
    fn rounds_of_a_case_are_one_test() {
        use CaseOutcome::{Crash, Fail, Pass, Skip};
        let cell = cell("direct", "s");
        let mut summary = Summary::default();
        let rounds =
            [("a", Pass), ("b", Pass), ("c", Skip), ("a", Fail), ("b", Pass), ("c", Pass), ("a", Crash)];
        for (name, outcome) in rounds {
            let report = case(name, outcome, if outcome.is_red() { "why" } else { "" });
            summary.take(&Event::CaseFinished { cell: cell.clone(), report });
        }
        let xml = junit(&summary).expect("XML");
        insta::assert_snapshot!(xml.lines().skip(2).collect::<Vec<_>>().join("\n"), @r#"
            <testsuite name="lts/direct/s" tests="3" skipped="0" errors="0" failures="1" time="0.000">
                <testcase name="a" classname="lts/direct/s" time="3.750">
                    <failure message="why" type="fail"/>
                    <rerunError time="1.250" message="why" type="crash">
                    </rerunError>
                    <system-out>red in 2 of 3 rounds</system-out>
                </testcase>
                <testcase name="b" classname="lts/direct/s" time="2.500">
                    <system-out>red in 0 of 2 rounds</system-out>
                </testcase>
                <testcase name="c" classname="lts/direct/s" time="2.500">
                    <system-out>red in 0 of 2 rounds</system-out>
                </testcase>
            </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn what_is_allowed_to_be_flaky_is_green() {
        let cell = cell("direct", "s");
        let mut summary = Summary::default();
        for (outcome, reason) in [(CaseOutcome::Fail, "why"), (CaseOutcome::Pass, "")] {
            summary.take(&Event::CaseFinished { cell: cell.clone(), report: case("a", outcome, reason) });
        }
        let (verdict, reason) = (Verdict::Pass, "flaky, which is allowed: a".to_owned());
        summary.take(&Event::CellFinished { cell, verdict, reason, seconds: 2.5 });
        let xml = junit(&summary).expect("XML");
        insta::assert_snapshot!(xml.lines().skip(2).collect::<Vec<_>>().join("\n"), @r#"
            <testsuite name="lts/direct/s" tests="1" skipped="0" errors="0" failures="0" time="2.500">
                <testcase name="a" classname="lts/direct/s" time="2.500">
                    <flakyFailure time="1.250" message="why" type="fail">
                    </flakyFailure>
                    <system-out>red in 1 of 2 rounds</system-out>
                </testcase>
            </testsuite>
        </testsuites>
        "#);
    }
}
