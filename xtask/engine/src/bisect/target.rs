//! The target failure, recognised by its cell, its case and its fingerprint. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use event::{CaseReport, CellId};
use kernlog::{CaseOutcome, Verdict};
use report::{CellSummary, Summary};

use super::StepResult;

/// A failure that can be recognised on another kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TargetFailure {
    /// Where it showed. Its kernel and flavour do not matter.
    pub cell: CellId,
    /// During which case; none between the cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Of a splat, the splat's. Of a case that only failed, its outcome and its reason, in which numbers do not count.
    pub fingerprint: String,
    /// What was seen, in one line.
    pub shown: String,
}

impl TargetFailure {
    /// The first failure of a run, in the order of its cells and cases.
    pub fn first_of(summary: &Summary) -> Option<Self> {
        summary.cells.iter().flat_map(failures).next()
    }

    /// `switch/attach/callback-once`.
    pub fn place(&self) -> String {
        let variant =
            if self.cell.variant == "default" { String::new() } else { format!(":{}", self.cell.variant) };
        let case = self.case.as_ref().map(|case| format!("/{case}")).unwrap_or_default();
        format!("{}/{}{variant}{case}", self.cell.topology, self.cell.suite)
    }

    /// The cell and the case alone, for a request.
    pub fn only(&self, kernel: &str, flavour: &str) -> (CellId, BTreeSet<String>) {
        let cell = CellId { kernel: kernel.to_owned(), flavour: flavour.to_owned(), ..self.cell.clone() };
        (cell, self.case.iter().cloned().collect())
    }

    /// Classifies a run: whether it shows the failure, and the reason in one line.
    pub fn classify(&self, summary: &Summary) -> (StepResult, String) {
        let same = |cell: &&CellSummary| {
            let name = |cell: &CellId| (cell.topology.clone(), cell.suite.clone(), cell.variant.clone());
            name(&cell.cell) == name(&self.cell)
        };
        let Some(cell) = summary.cells.iter().find(same) else {
            return (StepResult::Neither, format!("{} did not run", self.place()));
        };
        let failures = failures(cell);
        let mut own = failures.iter().filter(|failure| failure.case == self.case);
        if let Some(failure) = own.clone().find(|failure| failure.fingerprint == self.fingerprint) {
            return (StepResult::Red, failure.shown.clone());
        }
        if let Some(other) = own.next() {
            return (StepResult::Neither, format!("fails otherwise: {}", other.shown));
        }
        let Some(case) = &self.case else {
            return match cell.verdict {
                Some(Verdict::Pass) => (StepResult::Green, "pass".to_owned()),
                _ => (StepResult::Neither, unjudged(cell, failures.first())),
            };
        };
        match cell.cases.iter().find(|report| report.name == *case) {
            Some(report) if matches!(report.outcome, CaseOutcome::Pass | CaseOutcome::Xfail) => {
                (StepResult::Green, report.outcome.to_string())
            }
            Some(report) => (StepResult::Neither, format!("{}: {}", report.outcome, report.reason)),
            None => (StepResult::Neither, unjudged(cell, failures.first())),
        }
    }
}

fn unjudged(cell: &CellSummary, failure: Option<&TargetFailure>) -> String {
    match failure {
        Some(other) => format!("fails otherwise: {}", other.shown),
        None if !cell.reason.is_empty() => cell.reason.clone(),
        None => "it did not run".to_owned(),
    }
}

/// All that is red in a cell. A case that is red because of a splat is red by its splat.
pub fn failures(cell: &CellSummary) -> Vec<TargetFailure> {
    let target = |case: Option<&String>, fingerprint: String, shown: String| TargetFailure {
        cell: cell.cell.clone(),
        case: case.cloned(),
        fingerprint,
        shown,
    };
    let splats = cell.red_splats().map(|s| target(s.case.as_ref(), s.fingerprint.clone(), s.title.clone()));
    let mut all: Vec<_> = splats.collect();
    for case in &cell.cases {
        // Not reached: what kept it from being is another failure.
        let red = case.outcome.is_red() && case.outcome != CaseOutcome::NotRun;
        if red && all.iter().all(|failure| failure.case.as_ref() != Some(&case.name)) {
            let shown = format!("{}: {}", case.outcome, case.reason);
            all.push(target(Some(&case.name), fingerprint(case), shown));
        }
    }
    all
}

/// `fail:state-is-pcie-only`: the outcome and the reason without numbers, which differ from boot to boot.
fn fingerprint(case: &CaseReport) -> String {
    let mut text = format!("{}:", case.outcome);
    for word in case.reason.split_whitespace() {
        if !text.ends_with(':') {
            text.push('-');
        }
        let hexadecimal = word.strip_prefix("0x").is_some();
        let mut number = false;
        for c in word.chars() {
            let digit = if hexadecimal { c.is_ascii_hexdigit() || c == 'x' } else { c.is_ascii_digit() };
            if !(digit && number) {
                text.push(if digit { '#' } else { c.to_ascii_lowercase() });
            }
            number = digit;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Event;
    use kernlog::{Splat, SplatKind};

    fn cell() -> CellId {
        CellId {
            kernel: "lts".to_owned(),
            flavour: "plain".to_owned(),
            topology: "switch".to_owned(),
            suite: "attach".to_owned(),
            variant: "default".to_owned(),
        }
    }

    fn report(name: &str, outcome: CaseOutcome, reason: &str) -> Event {
        let (name, reason) = (name.to_owned(), reason.to_owned());
        let (subtests, diagnostics) = (Vec::new(), Vec::new());
        let report = CaseReport { name, outcome, reason, seconds: 1.0, subtests, diagnostics };
        Event::CaseFinished { cell: cell(), report }
    }

    fn splat(case: &str, fingerprint: &str) -> Event {
        let splat = Splat {
            kind: SplatKind::Warning,
            title: "WARNING in f".to_owned(),
            fingerprint: fingerprint.to_owned(),
            line: 1,
            function: None,
            module: None,
            at: None,
            case: Some(case.to_owned()),
            excerpt: Vec::new(),
        };
        Event::SplatFound { cell: cell(), splat, expected: false }
    }

    fn summary(events: &[Event]) -> Summary {
        let mut summary = Summary::default();
        for event in events {
            summary.take(event);
        }
        summary
    }

    #[test]
    fn the_same_failure_is_known_and_another_is_none() {
        use CaseOutcome::{Crash, Fail, NotRun, Pass, Skip};
        let bad =
            summary(&[report("a", Pass, ""), report("b", Fail, "state of mem0 is 0x1f, port2 is 12 deep")]);
        let target = TargetFailure::first_of(&bad).expect("a failure");
        assert_eq!(target.place(), "switch/attach/b");
        insta::assert_snapshot!(target.fingerprint, @"fail:state-of-mem#-is-#,-port#-is-#-deep");
        let look = |events: &[Event]| {
            let (seen, why) = target.classify(&summary(events));
            format!("{seen:?} {why}")
        };
        let all = [
            look(&[report("b", Fail, "state of mem3 is 0xa0, port4 is 7 deep")]),
            look(&[report("b", Pass, "")]),
            look(&[report("a", Fail, "whatever"), report("b", Pass, "")]),
            look(&[report("b", Fail, "no CXL root")]),
            look(&[report("b", Skip, "no module")]),
            look(&[report("a", Crash, "the guest is gone"), report("b", NotRun, "a crashed")]),
            look(&[report("b", Pass, ""), splat("b", "warning:f")]),
            look(&[]),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        Red fail: state of mem3 is 0xa0, port4 is 7 deep
        Green pass
        Green pass
        Neither fails otherwise: fail: no CXL root
        Neither skip: no module
        Neither not-run: a crashed
        Neither fails otherwise: WARNING in f
        Neither switch/attach/b did not run
        ");
    }

    #[test]
    fn a_splat_is_known_by_its_own_fingerprint() {
        let bad = summary(&[report("b", CaseOutcome::Crash, "gone"), splat("b", "warning:warning:f")]);
        let target = TargetFailure::first_of(&bad).expect("a failure");
        assert_eq!(target.fingerprint, "warning:warning:f");
        let again = summary(&[report("b", CaseOutcome::Pass, ""), splat("b", "warning:warning:f")]);
        assert_eq!(target.classify(&again).0, StepResult::Red);
    }
}
