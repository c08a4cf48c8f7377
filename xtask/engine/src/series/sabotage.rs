//! Whether the cases see it when a required behaviour is undone.

use std::fmt;

use serde::Serialize;

use event::Event;
use kernlog::CaseOutcome;
use spec::Sabotage;

use crate::run::Plan;

/// What came of one sabotage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Name of the sabotage.
    pub name: String,
    /// Named cases that were red, with how.
    pub killed_by: Vec<String>,
    /// Named cases that were not.
    pub survived: Vec<String>,
    /// Other cases that were red, and splats during none of the named ones.
    pub others: Vec<String>,
}

impl Answer {
    /// Seen by all that were to see it, and by nobody else.
    pub fn is_killed(&self) -> bool {
        self.survived.is_empty() && self.others.is_empty()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_killed() { "killed" } else { "red" };
        write!(f, "{:8}{}", word, self.name)?;
        for (what, which) in
            [("by", &self.killed_by), ("survived", &self.survived), ("red as well:", &self.others)]
        {
            if !which.is_empty() {
                write!(f, "; {what} {}", which.join(", "))?;
            }
        }
        Ok(())
    }
}

/// Puts a sabotage on top of a plan: the named cases have guests of their own, so that what they break is not charged to
/// others, and those that are known to be red as well are left out.
#[must_use]
pub fn plan(plan: Plan, sabotage: &Sabotage) -> Plan {
    let is_in = |cases: &[(String, String)], suite: &str, case: &str| {
        cases.iter().any(|(s, c)| s == suite && c == case)
    };
    plan.with_on_top(sabotage.series())
        .without(|suite, case| is_in(&sabotage.also, suite, case))
        .with_isolated(|suite, case| is_in(&sabotage.red, suite, case))
}

/// Judges a run with the sabotage on top. Pure.
pub fn judge(sabotage: &Sabotage, events: &[Event]) -> Answer {
    let mut answer = Answer {
        name: sabotage.name.clone(),
        killed_by: Vec::new(),
        survived: Vec::new(),
        others: Vec::new(),
    };
    let named = |suite: &str, case: &str| sabotage.red.iter().any(|(s, c)| s == suite && c == case);
    for (suite, case) in &sabotage.red {
        let name = format!("{suite}/{case}");
        let outcome = events.iter().find_map(|event| match event {
            Event::CaseFinished { cell, report } if cell.suite == *suite && report.name == *case => {
                Some(report.outcome)
            }
            _ => None,
        });
        let splat = events.iter().find_map(|event| match event {
            Event::SplatFound { cell, splat, expected: false }
                if cell.suite == *suite && splat.case.as_deref() == Some(case) =>
            {
                Some(splat.title.clone())
            }
            _ => None,
        });
        match (outcome, splat) {
            // A case that was not reached saw nothing.
            (Some(outcome), _) if outcome.is_red() && outcome != CaseOutcome::NotRun => {
                answer.killed_by.push(format!("{name} ({outcome})"));
            }
            (Some(_), Some(title)) => answer.killed_by.push(format!("{name} ({title})")),
            (Some(outcome), None) => answer.survived.push(format!("{name} ({outcome})")),
            (None, _) => answer.survived.push(format!("{name} (there is no such case here)")),
        }
    }
    for event in events {
        match event {
            Event::CaseFinished { cell, report }
                if report.outcome.is_red() && !named(&cell.suite, &report.name) =>
            {
                answer.others.push(format!("{}/{} ({})", cell.suite, report.name, report.outcome));
            }
            Event::SplatFound { cell, splat, expected: false }
                if !splat.case.as_deref().is_some_and(|case| named(&cell.suite, case)) =>
            {
                let during = splat.case.as_deref().unwrap_or("no case");
                answer.others.push(format!("{} (during {during})", splat.title));
            }
            _ => {}
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use event::{CaseReport, CellId};
    use spec::Patch;

    use super::*;

    fn finished(case: &str, outcome: CaseOutcome) -> Event {
        let cell = CellId {
            kernel: "lts".into(),
            flavour: "plain".into(),
            topology: "direct".into(),
            suite: "attach".into(),
            variant: "default".into(),
        };
        let report = CaseReport {
            name: case.into(),
            outcome,
            reason: String::new(),
            seconds: 1.0,
            subtests: Vec::new(),
            diagnostics: Vec::new(),
        };
        Event::CaseFinished { cell, report }
    }

    fn answer(events: &[Event]) -> String {
        let named = |case: &str| ("attach".to_owned(), case.to_owned());
        let sabotage = Sabotage {
            name: "no-check".into(),
            undoes: String::new(),
            of: String::new(),
            patch: Patch { file: "x".into(), subject: String::new() },
            topology: "direct".into(),
            flavour: None,
            red: vec![named("one"), named("two")],
            also: Vec::new(),
        };
        judge(&sabotage, events).to_string()
    }

    #[test]
    fn all_that_are_named_and_nobody_else() {
        use CaseOutcome::{Fail, NotRun, Pass, Skip, Timeout};
        let all = |outcomes: [CaseOutcome; 3]| {
            let names = ["one", "two", "three"];
            answer(&names.iter().zip(outcomes).map(|(n, o)| finished(n, o)).collect::<Vec<_>>())
        };
        insta::assert_snapshot!(all([Fail, Timeout, Pass]), @"killed  no-check; by attach/one (fail), attach/two (timeout)");
        insta::assert_snapshot!(all([Fail, Pass, Skip]), @"red     no-check; by attach/one (fail); survived attach/two (pass)");
        insta::assert_snapshot!(all([Fail, NotRun, Pass]), @"red     no-check; by attach/one (fail); survived attach/two (not-run)");
        insta::assert_snapshot!(all([Fail, Fail, Fail]), @"red     no-check; by attach/one (fail), attach/two (fail); red as well: attach/three (fail)");
        insta::assert_snapshot!(answer(&[]), @"red     no-check; survived attach/one (there is no such case here), attach/two (there is no such case here)");
    }
}
