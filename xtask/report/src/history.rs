//! How a case ended in one run after the other.

use owo_colors::OwoColorize;
use serde::Serialize;

use event::CellId;
use kernlog::CaseOutcome;

use super::lines::{letter, outcome_style};
use super::summary::Summary;
use super::text::{duration, one_line};

/// A case of a cell, in all runs that have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct History {
    /// The cell.
    pub cell: CellId,
    /// The case.
    pub case: String,
    /// Each time it ran, the oldest first.
    pub moments: Vec<Moment>,
}

/// A case, once.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Moment {
    /// Name of the run.
    pub run: String,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// Wall time in the guest, in seconds.
    pub seconds: f64,
    /// The reason, in one line.
    pub reason: String,
}

impl History {
    /// The cases that are meant, by suite and name, of these runs, the oldest first.
    pub fn of(runs: &[&Summary], is_meant: &dyn Fn(&str, &str) -> bool) -> Vec<Self> {
        let mut histories: Vec<Self> = Vec::new();
        for run in runs {
            for cell in &run.cells {
                for case in cell.cases.iter().filter(|case| is_meant(&cell.cell.suite, &case.name)) {
                    let is = |history: &&mut Self| history.cell == cell.cell && history.case == case.name;
                    let moment = Moment {
                        run: run.id.clone(),
                        outcome: case.outcome,
                        seconds: case.seconds,
                        reason: case.reason.clone(),
                    };
                    match histories.iter_mut().find(is) {
                        Some(history) => history.moments.push(moment),
                        None => histories.push(Self {
                            cell: cell.cell.clone(),
                            case: case.name.clone(),
                            moments: vec![moment],
                        }),
                    }
                }
            }
        }
        histories.sort_by(|a, b| (&a.cell, &a.case).cmp(&(&b.cell, &b.case)));
        histories
    }

    /// A strip of letters, and a line where the outcome became another.
    pub fn text(&self) -> String {
        let strip: String = self
            .moments
            .iter()
            .map(|moment| letter(moment.outcome).style(outcome_style(moment.outcome)).to_string())
            .collect();
        let red = self.moments.iter().filter(|moment| moment.outcome.is_red()).count();
        let name = one_line(&format!("{} {}", self.cell, self.case));
        let mut text = format!("{name}  {strip}  red in {red} of {}\n", self.moments.len());
        let mut before = None;
        for moment in &self.moments {
            if before == Some(moment.outcome) {
                continue;
            }
            before = Some(moment.outcome);
            let reason = if moment.reason.is_empty() {
                String::new()
            } else {
                format!(": {}", one_line(&moment.reason))
            };
            let word = format!("{:8}", moment.outcome);
            let word = word.style(outcome_style(moment.outcome));
            text.push_str(&format!(
                "  {word}from {}, {}{reason}\n",
                one_line(&moment.run),
                duration(moment.seconds)
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{case, cell};
    use super::*;
    use event::Event;

    #[test]
    fn a_line_for_each_change() {
        use CaseOutcome::{Fail, Pass};
        let one = cell("direct", "s");
        let runs: Vec<Summary> = [Pass, Pass, Fail, Fail, Pass]
            .into_iter()
            .enumerate()
            .map(|(at, outcome)| {
                let mut run = Summary { id: format!("run{at}"), ..Summary::default() };
                let reason = if outcome == Fail { "gone\x1b[2J" } else { "" };
                run.take(&Event::CaseFinished { cell: one.clone(), report: case("a", outcome, reason) });
                run.take(&Event::CaseFinished { cell: one.clone(), report: case("other", Pass, "") });
                run
            })
            .collect();
        let all = History::of(&runs.iter().collect::<Vec<_>>(), &|_, case| case == "a");
        assert_eq!(all.len(), 1);
        let text = anstream::adapter::strip_str(&all[0].text()).to_string();
        insta::assert_snapshot!(text, @r"
        lts/direct/s a  PPFFP  red in 2 of 5
          pass    from run0, 1.2 s
          fail    from run2, 1.2 s: gone\x1b[2J
          pass    from run4, 1.2 s
        ");
    }
}
