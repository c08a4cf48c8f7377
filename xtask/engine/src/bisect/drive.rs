//! From one run to the next until there is an answer. Whatever happens, what was seen is kept before the next run begins.

use std::time::Instant;

use cxl_topology::raw::RawTopology;
use report::text::duration;

use super::ask::of_topology;
use super::history::{History, Step};
use super::state::{End, Level};
use super::trial::{Made, Oracle, Ran};
use super::{
    Action, Answer, Ask, Axis, BadEndpoint, BisectError, Found, Purpose, Rate, Record, Search, State,
    StepResult, is_skipped, measure, suspects,
};

/// What a bisection is driven with.
pub struct Drive<'a> {
    /// Makes and judges steps.
    pub oracle: &'a mut dyn Oracle,
    /// Keeps the state after each step.
    pub keep: &'a dyn Fn(&State) -> Result<(), BisectError>,
    /// Prints each step, in a line.
    pub progress: &'a dyn Fn(&str),
}

impl Drive<'_> {
    /// Goes on to the end.
    ///
    /// # Errors
    /// An end is not what it has to be, the machinery failed, or the user interrupted. The state has all that was seen.
    pub fn run(&mut self, state: &mut State) -> Result<(), BisectError> {
        if matches!(state.ask.axis, Axis::Topology { .. }) {
            return self.shrink(state);
        }
        // From the first line on: those that were searched before have the same answer at once.
        let mut at = 0;
        while state.answer.is_none() {
            let found = match self.search(state, at) {
                Err(BisectError::BadEndpoint { message, .. }) if at > 0 => {
                    (self.progress)(&format!("the merge cannot be entered: {message}"));
                    None
                }
                found => Some(found?),
            };
            state.levels[at].found.clone_from(&found);
            if self.enter(state, at, found.as_ref())? {
                at += 1;
            } else {
                state.answer = Some(ended(state, at, found));
            }
            (self.keep)(state)?;
        }
        Ok(())
    }

    /// Searches a line to its end.
    fn search(&mut self, state: &mut State, at: usize) -> Result<Found, BisectError> {
        loop {
            match state.levels[at].search(&state.ask).next() {
                Action::Found(found) => return Ok(found),
                Action::BadEndpoint(bad) => return Err(bad_endpoint_error(state, at, bad)),
                Action::Run { step, purpose } => {
                    self.step(state, at, step, purpose)?;
                }
            }
        }
    }

    /// Makes a step, and runs it unless what it comes to was run before.
    fn step(
        &mut self,
        state: &mut State,
        at: usize,
        number: usize,
        purpose: Purpose,
    ) -> Result<(), BisectError> {
        let begun = Instant::now();
        let step = state.levels[at].steps[number].clone();
        let new = !state.levels[at].observations.contents.contains_key(&number);
        let ran = match self.oracle.make(&step, state.target.as_ref())? {
            Made::Cannot(why) => Ran { seen: StepResult::Neither, why, run: None },
            Made::Content(content) => {
                let before = state.levels[at].search(&state.ask).answers();
                let contents = &mut state.levels[at].observations.contents;
                let same = contents.iter().find(|(_, known)| **known == content).map(|(step, _)| *step);
                contents.insert(number, content);
                let same = same.filter(|same| new && *same != number && before[*same].is_some());
                if let Some(same) = same.filter(|_| matches!(purpose, Purpose::Search | Purpose::GoodEnd)) {
                    let (shown, other) = (step.shown(), state.levels[at].steps[same].short().to_owned());
                    let answer = before[same].map_or("", |answer| state.ask.word(answer));
                    (self.progress)(&format!("{answer:5} {shown}: kernel and modules are those of {other}"));
                    return (self.keep)(state);
                }
                self.oracle.run(&step, &mut state.target)?
            }
        };
        let seconds = begun.elapsed().as_secs_f64();
        let Ran { seen, why, run } = ran;
        let again = state.levels[at].search(&state.ask).again(number, purpose);
        let purpose_word = purpose.word(state.ask.is_for_fix());
        let purpose_shown = match again {
            Some(reason) => format!("{purpose_word} again: {reason};"),
            None => format!("{purpose_word},"),
        };
        let word = state.ask.word(seen.answer());
        let record = Record { step: number, purpose, seen, why: why.clone(), run, seconds };
        state.levels[at].observations.records.push(record);
        (self.keep)(state)?;
        let (shown, left) = (step.shown(), left(&state.levels[at], &state.ask));
        (self.progress)(&format!("{word:5} {shown}: {why} ({purpose_shown} {}){left}", duration(seconds)));
        Ok(())
    }

    /// Enters a merge that is the culprit, or the next side of one that was entered. Returns whether there was one.
    fn enter(&self, state: &mut State, at: usize, found: Option<&Found>) -> Result<bool, BisectError> {
        let Axis::Git { dir, .. } = &state.ask.axis else { return Ok(false) };
        let level = &state.levels[at];
        let newest = state.ask.newest(level.steps.len());
        let (merge, side) = match (found, &level.of) {
            // Nothing in this side of the merge: another one may have it.
            (None, Some((_, side))) => (&level.steps[newest], side + 1),
            (Some(found), Some((_, side))) if state.ask.newer(found) == newest => {
                (&level.steps[newest], side + 1)
            }
            // With skipped ones before it the merge is but one of the suspects.
            (Some(found), _) if found.good + 1 == found.bad => (&level.steps[state.ask.newer(found)], 0),
            _ => return Ok(false),
        };
        if merge.parents.len() < 2 {
            return Ok(false);
        }
        if state.levels.get(at + 1).is_some_and(|next| next.of == Some((merge.id.clone(), side))) {
            return Ok(true);
        }
        let Some(mut steps) = History::new(dir).sides(merge)?.into_iter().nth(side) else { return Ok(false) };
        if state.ask.is_for_fix() {
            steps.reverse();
        }
        let (of, rate) = (Some((merge.id.clone(), side)), level.search(&state.ask).rate().ok());
        let count = steps.len() - 2;
        (self.progress)(&format!("{} is a merge: into the {count} commits that it brought", merge.shown()));
        state.levels.truncate(at + 1);
        state.levels.push(Level { of, rate, ..Level::new(steps) });
        Ok(true)
    }

    /// Makes a topology smaller as long as it fails.
    fn shrink(&mut self, state: &mut State) -> Result<(), BisectError> {
        let rate = self.whole(state)?;
        let raw = raw_of(&state.levels[0].steps[0])?;
        let smallest = cxl_topology::shrink(&raw, &mut |less| self.fails(state, less, rate))?;
        let bad = known(&mut state.levels[0], &smallest);
        // Once more, for its logs and for what luck may have done.
        let again = state.levels[0]
            .observations
            .records
            .iter()
            .any(|r| r.step == bad && r.purpose == Purpose::Culprit);
        if !again {
            self.step(state, 0, bad, Purpose::Culprit)?;
        }
        let of = |record: &&Record| record.step == bad && record.purpose == Purpose::Culprit;
        let again = state.levels[0].observations.records.iter().filter(of).any(|r| r.seen == StepResult::Red);
        let passes = state.levels[0].search(&state.ask).passes(rate);
        let found = Found { good: bad, bad, confidence: 1.0 - rate.luck(passes), again };
        state.levels[0].found = Some(found.clone());
        state.answer = Some(End { level: 0, found });
        (self.keep)(state)
    }

    /// Sees that the whole topology fails, and how often.
    fn whole(&mut self, state: &mut State) -> Result<Rate, BisectError> {
        loop {
            let of = |record: &&Record| record.purpose == Purpose::BadEnd;
            let records: Vec<_> = state.levels[0].observations.records.iter().filter(of).collect();
            match measure(&records, &state.ask.rule, false) {
                Ok(rate) => return Ok(rate),
                Err(Some(bad)) => return Err(bad_endpoint_error(state, 0, bad)),
                Err(None) => self.step(state, 0, 0, Purpose::BadEnd)?,
            }
        }
    }

    /// Whether a topology fails, from its runs so far and as many more as it takes.
    fn fails(&mut self, state: &mut State, raw: &RawTopology, rate: Rate) -> Result<bool, BisectError> {
        let step = known(&mut state.levels[0], raw);
        loop {
            let search = state.levels[0].search(&state.ask);
            let records: Vec<_> =
                search.observations.records.iter().filter(|record| record.step == step).collect();
            if records.iter().any(|record| record.seen == StepResult::Red) {
                return Ok(true);
            }
            let greens = records.iter().filter(|record| record.seen == StepResult::Green).count();
            if is_skipped(&records) || greens >= search.passes(rate) as usize {
                return Ok(false);
            }
            self.step(state, 0, step, Purpose::Search)?;
        }
    }
}

/// The number of a topology among the steps; a new one is put behind them.
fn known(level: &mut Level, raw: &RawTopology) -> usize {
    let step = of_topology(raw);
    level.steps.iter().position(|known| known.id == step.id).unwrap_or_else(|| {
        level.steps.push(step);
        level.steps.len() - 1
    })
}

fn raw_of(step: &Step) -> Result<RawTopology, BisectError> {
    let yaml = step.topology.as_deref().unwrap_or_default();
    serde_yaml::from_str(yaml).map_err(|error| BisectError::Ends(format!("topology {}: {error}", step.id)))
}

/// The answer of the last line that has one: where a merge was entered in vain, it is the merge itself.
fn ended(state: &State, at: usize, found: Option<Found>) -> End {
    let is_merge = |level: usize, found: &Found| {
        let Level { of, steps, .. } = &state.levels[level];
        of.is_some() && state.ask.newer(found) == state.ask.newest(steps.len())
    };
    if let Some(found) = found.filter(|found| !is_merge(at, found)) {
        return End { level: at, found };
    }
    let before = (0..at).rev().find_map(|level| {
        let found = state.levels[level].found.clone()?;
        (!is_merge(level, &found)).then_some(End { level, found })
    });
    before.unwrap_or_else(|| {
        let bad = state.levels[0].steps.len() - 1;
        End { level: 0, found: Found { good: 0, bad, confidence: 0.0, again: false } }
    })
}

/// What is left, in words: suspects, runs, time.
fn left(level: &Level, ask: &Ask) -> String {
    let search: Search = level.search(ask);
    if matches!(ask.axis, Axis::Topology { .. }) {
        return String::new();
    }
    let Ok(rate) = search.rate() else { return String::new() };
    let answers = search.answers();
    let range = suspects(&answers);
    let count = range.clone().count();
    let open = range.filter(|step| answers[*step].is_none()).count();
    // Half of the steps are good, and take as many passes as it takes.
    let halvings = f64::from(usize::BITS - open.leading_zeros());
    let search = halvings * (1.0 + f64::from(search.passes(rate))) / 2.0;
    let ends = ask.rule.repeat.unwrap_or_else(|| rate.at_the_end(ask.rule.confidence, 1));
    let at_the_end = |record: &&Record| matches!(record.purpose, Purpose::Culprit | Purpose::Parent);
    let done = level.observations.records.iter().filter(at_the_end).count();
    let end = (ends + 1).saturating_sub(u32::try_from(done).unwrap_or(u32::MAX));
    let runs = (search + f64::from(end)).round();
    if runs < 1.0 {
        return String::new();
    }
    let records = &level.observations.records;
    let count_of = f64::from(u32::try_from(records.len().max(1)).unwrap_or(u32::MAX));
    let mean = records.iter().map(|record| record.seconds).sum::<f64>() / count_of;
    let suspects = if count == 1 { "1 suspect".to_owned() } else { format!("{count} suspects") };
    let runs_left = if runs < 1.5 { "one more run".to_owned() } else { format!("about {runs} more runs") };
    format!("; {suspects}, {runs_left}, {}", duration(runs * mean))
}

fn bad_endpoint_error(state: &State, at: usize, bad: BadEndpoint) -> BisectError {
    let level = &state.levels[at];
    let fixed = state.ask.is_for_fix();
    let (step, end) = match bad {
        BadEndpoint::BadEndGreen | BadEndpoint::BadEndSkipped if level.steps[0].topology.is_some() => {
            (&level.steps[0], "topology")
        }
        BadEndpoint::BadEndGreen | BadEndpoint::BadEndSkipped => {
            (&level.steps[level.steps.len() - 1], Purpose::BadEnd.word(fixed))
        }
        BadEndpoint::GoodEndRed | BadEndpoint::GoodEndSkipped => {
            (&level.steps[0], Purpose::GoodEnd.word(fixed))
        }
    };
    let why = level.observations.records.last().map(|record| record.why.clone()).unwrap_or_default();
    let (what, hint) = match bad {
        BadEndpoint::BadEndGreen => (
            "does not fail",
            "--repeat N tries more often; --together runs the case with the others of its cell",
        ),
        BadEndpoint::BadEndSkipped => {
            ("cannot be judged", "name another, or another failure with --run, --suite and --case")
        }
        BadEndpoint::GoodEndRed if fixed => ("fails as well", "name a later one"),
        BadEndpoint::GoodEndRed => ("fails as well", "name an earlier one (of a series: --good N)"),
        BadEndpoint::GoodEndSkipped => ("cannot be judged", "name another one (of a series: --good N)"),
    };
    BisectError::BadEndpoint {
        message: format!("the {end}, {}, {what}: {why}", step.shown()),
        hint: hint.to_owned(),
    }
}

impl StepResult {
    /// What one run says of its step.
    pub fn answer(self) -> Answer {
        match self {
            Self::Red => Answer::Bad,
            Self::Green => Answer::Good,
            Self::Neither => Answer::Skip,
        }
    }
}

impl Purpose {
    /// The word for it, in a search for what broke something or for what fixed it.
    pub fn word(self, fixed: bool) -> &'static str {
        match (self, fixed) {
            (Self::BadEnd, false) => "bad end",
            (Self::BadEnd, true) => "red end",
            (Self::GoodEnd, false) => "good end",
            (Self::GoodEnd, true) => "green end",
            (Self::Search, _) => "search",
            (Self::Culprit, false) => "culprit",
            (Self::Culprit, true) => "last red one",
            (Self::Parent, false) => "parent",
            (Self::Parent, true) => "fix",
        }
    }
}

#[cfg(test)]
mod tests;
