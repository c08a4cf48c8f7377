//! The search along a line: both ends first, then the search, then culprit and parent again. Pure: what is to be
//! done next follows from what was seen so far and from nothing else, so that a bisection can be resumed, or replayed,
//! from its records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::confidence::Rate;
use super::line::{self, Answer, Next};

/// Runs of the bad end, where it shows the failure in each.
const SURE: u32 = 3;
/// The same where it has not shown it at all: then there is nothing to look for.
const HOPE: u32 = 6;
/// The same where it shows it sometimes: so many that the rate is known.
const RATED: u32 = 12;

/// How sure one wants to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rule {
    /// That the answer is right, where the failure shows only sometimes; below 1.
    pub confidence: f64,
    /// Runs of a step in place of those that the confidence takes.
    pub repeat: Option<u32>,
}

/// What one run of a step has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepResult {
    /// The target failure.
    Red,
    /// The case passed.
    Green,
    /// It does not build, the case did not run, or it failed otherwise.
    Neither,
}

/// What a step is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To see how often the bad end fails.
    BadEnd,
    /// To see that the good end passes.
    GoodEnd,
    /// To search.
    Search,
    /// To see the culprit fail again.
    Culprit,
    /// To see its parent pass again.
    Parent,
}

/// One run of a step, or that it could not be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// Number of the step in its line.
    pub step: usize,
    /// What it was run for.
    pub purpose: Purpose,
    /// What it has shown.
    pub seen: StepResult,
    /// The same in one line: how the case ended, or why it could not be judged.
    pub why: String,
    /// Folder of the run, below that of the bisection; none where it came to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Wall time, building included.
    pub seconds: f64,
}

impl Record {
    /// Whether the step came to no run at all.
    pub fn is_unmade(&self) -> bool {
        self.seen == StepResult::Neither && self.run.is_none()
    }
}

/// What was done so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Observations {
    /// Runs, in order.
    pub records: Vec<Record>,
    /// What steps came to, by a hash of kernel and modules: two with the same are one.
    #[serde(default)]
    pub contents: BTreeMap<usize, String>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A step is to be run once more.
    Run {
        /// Its number in the line.
        step: usize,
        /// What it is run for.
        purpose: Purpose,
    },
    /// The search has ended.
    Found(Found),
    /// There is nothing to search: an end is not what it has to be.
    BadEndpoint(BadEndpoint),
}

/// How a search has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Found {
    /// The last good step.
    pub good: usize,
    /// The first bad one: the culprit, unless it is one of the skipped ones before it.
    pub bad: usize,
    /// How likely it is that the good one is good, as far as luck is concerned.
    pub confidence: f64,
    /// Whether the bad one failed when it was run again.
    pub again: bool,
}

/// Why there is nothing to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadEndpoint {
    /// The bad end does not fail.
    BadEndGreen,
    /// The bad end cannot be judged.
    BadEndSkipped,
    /// The good end has the failure too.
    GoodEndRed,
    /// The good end cannot be judged.
    GoodEndSkipped,
}

/// Measures the bad end from its runs: the rate, or that it takes another run, or that there is nothing to look for.
/// `unsteady`: the same step has passed and failed, wherever that was.
pub fn measure(records: &[&Record], rule: &Rule, unsteady: bool) -> Result<Rate, Option<BadEndpoint>> {
    let count =
        |what| u32::try_from(records.iter().filter(|record| record.seen == what).count()).unwrap_or(u32::MAX);
    let runs = u32::try_from(records.len()).unwrap_or(u32::MAX);
    let red = count(StepResult::Red);
    let wanted = match rule.repeat {
        Some(repeat) => repeat,
        None if red == 0 => HOPE,
        None if red < runs || unsteady => RATED,
        None => SURE,
    };
    match red {
        0 if is_skipped(records) => Err(Some(BadEndpoint::BadEndSkipped)),
        _ if runs < wanted => Err(None),
        0 => Err(Some(BadEndpoint::BadEndGreen)),
        red => Ok(Rate { red, runs }),
    }
}

/// Whether runs of a step, none of which was red, show that it cannot be judged. What cannot be made, cannot; a single run that
/// shows neither may be a mishap of the emulator, as may be a few among many.
pub fn is_skipped(records: &[&Record]) -> bool {
    let count = |what| records.iter().filter(|record| record.seen == what).count();
    records.iter().any(|record| record.is_unmade())
        || count(StepResult::Neither) > 1 + count(StepResult::Green) / 4
}

/// A bisection along a line of steps, of which the first is expected to be good and the last one bad.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// How many steps.
    pub steps: usize,
    /// How sure one wants to be.
    pub rule: Rule,
    /// What was seen.
    pub observations: &'a Observations,
    /// How often the failure shows, where that was measured before.
    pub rate: Option<Rate>,
}

impl Search<'_> {
    /// What is to be done next.
    pub fn next(&self) -> Action {
        let rate = match self.rate() {
            Ok(rate) => rate,
            Err(None) => return Action::Run { step: self.steps - 1, purpose: Purpose::BadEnd },
            Err(Some(bad)) => return Action::BadEndpoint(bad),
        };
        match self.answer(0, rate) {
            Some(Answer::Good) => {}
            Some(Answer::Bad) => return Action::BadEndpoint(BadEndpoint::GoodEndRed),
            Some(Answer::Skip) => return Action::BadEndpoint(BadEndpoint::GoodEndSkipped),
            None => return Action::Run { step: 0, purpose: Purpose::GoodEnd },
        }
        match line::next(&self.answers_at(rate)) {
            Next::Test(step) => Action::Run { step, purpose: Purpose::Search },
            Next::Between { good, bad } => self.confirm(good, bad, rate),
        }
    }

    /// Why a step is run again, as a clause that follows its purpose; none where it is the step's first run.
    pub fn again(&self, step: usize, purpose: Purpose) -> Option<String> {
        let last = self.of(step).last()?;
        let asked = self.rule.repeat.map(|repeat| format!("--repeat {repeat} asks for it"));
        Some(match purpose {
            Purpose::BadEnd => asked.unwrap_or_else(|| "to see how often it fails".to_owned()),
            Purpose::GoodEnd | Purpose::Search if last.seen == StepResult::Neither => {
                "the run before could not be judged".to_owned()
            }
            Purpose::GoodEnd | Purpose::Search => {
                asked.unwrap_or_else(|| "what fails only sometimes may pass by luck".to_owned())
            }
            Purpose::Culprit => "to see it fail once more".to_owned(),
            Purpose::Parent => {
                let passes =
                    self.with(Purpose::Parent, step).filter(|run| run.seen == StepResult::Green).count();
                let of = self.rate().map(|rate| format!(", {} of {}", passes + 1, self.wanted(step, rate)));
                format!("the answer rests on it{}", of.unwrap_or_default())
            }
        })
    }

    /// How often the failure shows; see [`measure`].
    pub fn rate(&self) -> Result<Rate, Option<BadEndpoint>> {
        if let Some(rate) = self.rate {
            return Ok(rate);
        }
        let unsteady = (0..self.steps).any(|step| {
            let seen = |what| self.of(step).any(|record| record.seen == what);
            seen(StepResult::Red) && seen(StepResult::Green)
        });
        let records: Vec<_> = self.with(Purpose::BadEnd, self.steps - 1).collect();
        measure(&records, &self.rule, unsteady)
    }

    /// What is known of each step.
    pub fn answers(&self) -> Vec<Option<Answer>> {
        self.rate().map_or_else(|_| vec![None; self.steps], |rate| self.answers_at(rate))
    }

    fn answers_at(&self, rate: Rate) -> Vec<Option<Answer>> {
        let mut answers: Vec<_> = (0..self.steps).map(|step| self.answer(step, rate)).collect();
        answers[self.steps - 1] = Some(Answer::Bad);
        answers
    }

    /// How many runs of a step must pass before it is good.
    pub fn passes(&self, rate: Rate) -> u32 {
        self.rule.repeat.unwrap_or_else(|| rate.on_the_way(self.rule.confidence))
    }

    fn answer(&self, step: usize, rate: Rate) -> Option<Answer> {
        // At the end it is known to be good already: a mishap there does not count against it.
        let mishap =
            |record: &&Record| record.purpose == Purpose::Parent && record.seen == StepResult::Neither;
        let records: Vec<_> = self.of(step).filter(|record| !mishap(record)).collect();
        let greens = records.iter().filter(|record| record.seen == StepResult::Green).count();
        if records.iter().any(|record| record.seen == StepResult::Red) {
            Some(Answer::Bad)
        } else if is_skipped(&records) {
            Some(Answer::Skip)
        } else {
            (greens >= self.passes(rate) as usize).then_some(Answer::Good)
        }
    }

    /// Runs of a step and of all that came to the same.
    fn of(&self, step: usize) -> impl Iterator<Item = &Record> {
        let contents = &self.observations.contents;
        let content = contents.get(&step);
        let same = move |other: usize| other == step || content.is_some() && contents.get(&other) == content;
        self.observations.records.iter().filter(move |record| same(record.step))
    }

    fn with(&self, purpose: Purpose, step: usize) -> impl Iterator<Item = &Record> {
        let is = move |record: &&Record| record.purpose == purpose && record.step == step;
        self.observations.records.iter().filter(is)
    }

    /// How many runs of the culprit's parent must pass at the end.
    fn wanted(&self, good: usize, rate: Rate) -> u32 {
        // Each parent that was tried before this one has failed.
        let mut tried: Vec<usize> = self
            .observations
            .records
            .iter()
            .filter(|r| r.purpose == Purpose::Parent)
            .map(|r| r.step)
            .collect();
        tried.retain(|step| *step != good);
        tried.sort_unstable();
        tried.dedup();
        let attempt = u32::try_from(tried.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.rule.repeat.unwrap_or_else(|| rate.at_the_end(self.rule.confidence, attempt))
    }

    fn confirm(&self, good: usize, bad: usize, rate: Rate) -> Action {
        let count = |iter: &mut dyn Iterator<Item = &Record>| u32::try_from(iter.count()).unwrap_or(u32::MAX);
        let wanted = self.wanted(good, rate);
        let again = self.with(Purpose::Culprit, bad).any(|record| record.seen == StepResult::Red);
        if !again && count(&mut self.with(Purpose::Culprit, bad)) < wanted {
            return Action::Run { step: bad, purpose: Purpose::Culprit };
        }
        let passes =
            count(&mut self.with(Purpose::Parent, good).filter(|record| record.seen == StepResult::Green));
        // What can no longer be judged is given up after a while.
        let given_up = count(&mut self.with(Purpose::Parent, good)) >= wanted.saturating_add(2);
        if passes < wanted && !given_up {
            return Action::Run { step: good, purpose: Purpose::Parent };
        }
        Action::Found(Found { good, bad, confidence: 1.0 - rate.luck(passes), again })
    }
}

#[cfg(test)]
mod tests;
