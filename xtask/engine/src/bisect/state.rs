//! A bisection as it is kept: what was asked, the steps, each run.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::history::Step;
use super::{
    Answer, Ask, BisectError, Found, Observations, Purpose, Rate, Record, Search, StepResult, TargetFailure,
};

/// Version of the file. It is raised when a reader of the old one would be misled.
pub const FORMAT: u32 = 1;

/// A bisection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct State {
    /// Version of the file.
    pub format: u32,
    /// Name of its folder.
    pub id: String,
    /// The command line.
    pub command: String,
    /// What is asked for.
    pub ask: Ask,
    /// The failure, once it is known.
    #[serde(rename = "sought")]
    pub target: Option<TargetFailure>,
    /// The line that was searched, and the side branches of merges that were entered, in order.
    pub levels: Vec<Level>,
    /// Where it has ended.
    pub answer: Option<End>,
}

/// A line of steps with what was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Level {
    /// Which merge was entered, and by which of its sides; none for the line that was asked for.
    pub of: Option<(String, usize)>,
    /// The steps, good end first: where a fix is searched, the newest one first.
    pub steps: Vec<Step>,
    /// What was seen.
    #[serde(rename = "seens")]
    pub observations: Observations,
    /// How often the failure shows, where that was measured on another line.
    pub rate: Option<Rate>,
    /// How the search has ended.
    pub found: Option<Found>,
}

/// Where a bisection has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct End {
    /// Number of the line.
    pub level: usize,
    /// The last good and the first bad step, and how sure that is.
    pub found: Found,
}

impl Record {
    /// A run that is known from a log alone.
    fn of_log(step: usize, seen: StepResult) -> Self {
        Self { step, purpose: Purpose::Search, seen, why: String::new(), run: None, seconds: 0.0 }
    }
}

impl Level {
    /// A line of which nothing is known.
    pub fn new(steps: Vec<Step>) -> Self {
        Self { of: None, steps, observations: Observations::default(), rate: None, found: None }
    }

    /// What is known of it.
    pub fn search<'a>(&'a self, ask: &Ask) -> Search<'a> {
        Search { steps: self.steps.len(), rule: ask.rule, observations: &self.observations, rate: self.rate }
    }

    /// The last run of a step that has shown this.
    pub fn run_of(&self, step: usize, seen: StepResult) -> Option<&Record> {
        self.observations.records.iter().rev().find(|r| r.step == step && r.seen == seen && r.run.is_some())
    }
}

impl State {
    /// Seconds of all runs.
    pub fn seconds(&self) -> f64 {
        self.levels.iter().flat_map(|level| &level.observations.records).map(|record| record.seconds).sum()
    }

    /// Number of runs.
    pub fn runs(&self) -> usize {
        self.levels.iter().map(|level| level.observations.records.len()).sum()
    }

    /// The log: a line a run, in git's words, with the rest as comments. [`State::edited`] reads it.
    pub fn log(&self) -> String {
        let mut text = format!("# {}\nbisect {}\n", self.command, self.id);
        if let Some(target) = &self.target {
            text.push_str(&format!(
                "# failure: {}: {} ({})\n",
                target.place(),
                target.shown,
                target.fingerprint
            ));
        }
        for (number, level) in self.levels.iter().enumerate() {
            if let Some((merge, side)) = &level.of {
                text.push_str(&format!("# into {merge}, side {}\n", side + 1));
            }
            text.push_str(&format!("line {number}\n"));
            for record in &level.observations.records {
                let step = &level.steps[record.step];
                text.push_str(&format!("# {}: {}\n", step.title, record.why));
                text.push_str(&format!("{} {}\n", self.ask.word(record.seen.answer()), step.id));
            }
        }
        text
    }

    /// The same with the answers of a log that the user may have edited: a line changed is another result of that run, a line
    /// taken out is a run that has not been. What follows from them is worked out anew.
    ///
    /// # Errors
    /// The log is not that of this bisection, naming the line.
    pub fn edited(mut self, log: &str, file: &Path) -> Result<Self, BisectError> {
        let wrong = |number: usize, message: String| BisectError::Malformed {
            path: file.to_owned(),
            message: format!("line {}: {message}", number + 1),
        };
        let mut before: Vec<Vec<Record>> =
            self.levels.iter_mut().map(|level| std::mem::take(&mut level.observations.records)).collect();
        let known = [Answer::Good, Answer::Bad].map(|answer| self.ask.word(answer));
        let mut at = 0;
        for (number, line) in log.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let Some((word, rest)) = line.split_once(' ') else {
                if line.is_empty() {
                    continue;
                }
                return Err(wrong(
                    number,
                    format!("{}, {} or skip and a step are expected", known[0], known[1]),
                ));
            };
            let seen = match word {
                "bisect" if rest == self.id => continue,
                "bisect" => return Err(wrong(number, format!("it is of bisection {rest}, not {}", self.id))),
                "line" => {
                    at =
                        rest.parse().ok().filter(|at| *at < self.levels.len()).ok_or_else(|| {
                            wrong(number, format!("there is no line {}", rest.escape_debug()))
                        })?;
                    continue;
                }
                word if word == known[0] => StepResult::Green,
                word if word == known[1] => StepResult::Red,
                "skip" => StepResult::Neither,
                _ => {
                    let [good, bad] = known;
                    return Err(wrong(
                        number,
                        format!("`{}` is none of {good}, {bad}, skip", word.escape_debug()),
                    ));
                }
            };
            let fits = |step: &Step| step.id == rest || rest.len() >= 7 && step.id.starts_with(rest);
            let step = self.levels[at].steps.iter().position(fits);
            let step =
                step.ok_or_else(|| wrong(number, format!("there is no step {}", rest.escape_debug())))?;
            let made = before[at].iter().position(|record| record.step == step);
            let mut record = made.map_or_else(|| Record::of_log(step, seen), |made| before[at].remove(made));
            if record.seen != seen {
                (record.seen, record.why) = (seen, "as in the log that was replayed".to_owned());
                record.run = None;
            }
            self.levels[at].observations.records.push(record);
        }
        for level in &mut self.levels {
            level.found = None;
        }
        self.answer = None;
        Ok(self)
    }
}
