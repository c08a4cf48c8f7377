//! What is red is tried again, in guests of its own. Both verdicts are kept: a case that then passes is flaky.

use std::collections::{BTreeMap, BTreeSet};

use event::{Event, Unstable};
use host::signals;
use kernlog::Verdict;
use spec::CaseFile;

use super::{CellRun, observations};
use crate::judge::Judged;
use crate::run::{Boot, RunError};

impl CellRun<'_> {
    /// Reports what a boot has shown, and tries what was red in it again, as often as is allowed; the verdict, and why where
    /// no case has it.
    pub(super) fn retried(&self, boot: &Boot, judged: Judged) -> Result<(Verdict, String), RunError> {
        let retries = self.cell.settings.retries.unwrap_or(self.job.policy.retries);
        let mut tries = Tries::default();
        tries.add(&judged);
        let first = self.report(judged);
        let mut last = first.clone();
        for _ in 0..retries {
            let cases: Vec<CaseFile> =
                boot.cases.iter().filter(|case| tries.still_red.contains(&case.name)).cloned().collect();
            if last.0 != Verdict::Fail || cases.is_empty() || signals::requested() {
                break;
            }
            let judged = self.reboot(boot, &cases)?;
            tries.add(&judged);
            last = self.report(judged);
        }
        let flaky = tries.flaky();
        let names = flaky.iter().map(|unstable| unstable.case.as_str()).collect::<Vec<_>>().join(", ");
        for unstable in flaky {
            self.context.sink.emit(&Event::CaseUnstable { cell: self.cell.id.clone(), unstable });
        }
        if names.is_empty() || last.0 == Verdict::Fail {
            return Ok(first);
        }
        Ok(if self.job.policy.allow_flaky {
            (Verdict::Pass, format!("flaky, which is allowed: {names}"))
        } else {
            (first.0, format!("passed when tried again: {names} (--allow-flaky lets that pass)"))
        })
    }
}

/// How often each case of a boot ran, and how often it was red.
#[derive(Debug, Default)]
struct Tries {
    counts: BTreeMap<String, (u32, u32)>,
    still_red: BTreeSet<String>,
}

impl Tries {
    fn add(&mut self, judged: &Judged) {
        let seen = observations(judged);
        self.still_red = seen.iter().filter(|run| run.red).map(|run| run.case.clone()).collect();
        // What was not reached has not shown anything yet.
        let reached: BTreeSet<&str> = seen.iter().map(|run| run.case.as_str()).collect();
        let red = judged.cases.iter().filter(|case| case.outcome.is_red());
        let others = red.map(|case| case.name.clone()).filter(|name| !reached.contains(name.as_str()));
        self.still_red.extend(others);
        if self.still_red.is_empty() && judged.verdict == Verdict::Fail {
            // A splat between the cases: any of them may be to blame.
            self.still_red.extend(seen.iter().map(|run| run.case.clone()));
        }
        for run in seen {
            let (runs, red) = self.counts.entry(run.case).or_default();
            *runs += 1;
            *red += u32::from(run.red);
        }
    }

    /// Those that were red and then were not.
    fn flaky(&self) -> Vec<Unstable> {
        let mixed = self
            .counts
            .iter()
            .filter(|(name, (runs, red))| *red > 0 && red < runs && !self.still_red.contains(*name));
        mixed
            .map(|(case, (runs, red))| Unstable { case: case.clone(), runs: *runs, red: *red, order: None })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::CaseReport;
    use kernlog::CaseOutcome;

    fn judged(cases: &[(&str, CaseOutcome)]) -> Judged {
        let report = |(name, outcome): &(&str, CaseOutcome)| CaseReport {
            name: (*name).to_owned(),
            outcome: *outcome,
            reason: String::new(),
            seconds: 1.0,
            subtests: Vec::new(),
            diagnostics: Vec::new(),
        };
        let red = cases.iter().any(|(_, outcome)| outcome.is_red());
        let verdict = if red { Verdict::Fail } else { Verdict::Pass };
        let cases = cases.iter().map(report).collect();
        Judged { cases, splats: Vec::new(), verdict, reason: String::new(), notes: Vec::new() }
    }

    #[test]
    fn what_passes_after_it_failed_is_flaky() {
        use CaseOutcome::{Crash, Fail, NotRun, Pass};
        let mut tries = Tries::default();
        tries.add(&judged(&[("a", Pass), ("b", Fail), ("c", Crash), ("d", NotRun)]));
        assert_eq!(tries.still_red.iter().cloned().collect::<Vec<_>>(), ["b", "c", "d"]);
        tries.add(&judged(&[("b", Pass), ("c", Fail), ("d", Pass)]));
        let flaky = tries.flaky();
        assert_eq!(
            flaky.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["b, red in 1 of 2 runs: fails sometimes"]
        );
        tries.add(&judged(&[("c", Pass)]));
        assert_eq!(tries.flaky().iter().map(|one| one.case.clone()).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn a_report_between_the_cases_may_be_any_ones() {
        let mut tries = Tries::default();
        let green = judged(&[("a", CaseOutcome::Pass), ("b", CaseOutcome::Pass)]);
        tries.add(&Judged { verdict: Verdict::Fail, ..green });
        assert_eq!(tries.still_red.len(), 2);
        assert!(tries.flaky().is_empty());
    }
}
