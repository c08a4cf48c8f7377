//! What a change, a key or an event of the run leads to. Pure: the clock is given.

use std::collections::BTreeSet;
use std::time::Duration;

use event::Event;
use kernlog::Verdict;
use report::Summary;
use report::text::{duration, one_line};

use super::reds::{Cells, Place, Reds, Since};

/// How long nothing has to change before a round begins: an editor writes a file in several steps, and a developer saves several.
pub(super) const DEBOUNCE: Duration = Duration::from_millis(150);
/// How many lines are kept of what a round says beside its events.
const SAID: usize = 40;

/// When something happens.
#[derive(Debug, Clone, Default)]
pub(super) struct Now {
    /// Since the watch began.
    pub(super) at: Duration,
    /// The time of day, as it is shown.
    pub(super) clock: String,
}

/// What happens.
#[derive(Debug, Clone)]
pub(super) enum Input {
    /// Files that count were written, made or removed.
    Changed(BTreeSet<String>),
    /// What git does with the tree, where it does something.
    Git(Option<&'static str>),
    Key(Key),
    /// An event of the run under way.
    Event(Box<Event>),
    /// A line that it printed beside its events.
    Said(String),
    /// It has ended, with this exit code; with none where a signal ended it.
    Ended(Option<i32>),
    /// Time goes by.
    Tick,
}

/// A key that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Run all.
    All,
    /// Show the log of what is red first.
    Log,
    /// Leave.
    Quit,
    /// Leave, as after an interrupt.
    Interrupt,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Begin a run: of these cells alone, or of all.
    Start(Option<Cells>),
    /// Stop the run under way.
    Stop,
    /// Show the log of this, of that run; without one, what was said.
    Show(Log),
    Leave(Key),
}

/// Which log is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Log {
    Of { run: String, place: Place },
    Said(Vec<String>),
}

/// The whole of what is known.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The round that is under way, or the last one, from 1.
    pub(super) round: u32,
    /// What it began for.
    pub(super) why: Why,
    pub(super) waiting: Option<Waiting>,
    pub(super) git: Option<&'static str>,
    pub(super) part: Option<Part>,
    pub(super) reds: Reds,
    /// How the last part ended that came to its end.
    pub(super) last: Option<String>,
    /// What the last round had that came to its end.
    whole: Cells,
    /// What the last part said that was no run.
    said: Vec<String>,
}

/// What a round began for.
#[derive(Debug, Default)]
pub(super) struct Why {
    /// The files; none where a key was pressed.
    pub(super) files: BTreeSet<String>,
    pub(super) clock: String,
}

/// A round that is to begin.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) files: BTreeSet<String>,
    last: Duration,
    /// A key was pressed: all of it, and at once.
    pressed: bool,
}

/// A run under way.
#[derive(Debug)]
pub(super) struct Part {
    /// What was red alone, before all of it.
    pub(super) quick: bool,
    pub(super) begun: Duration,
    pub(super) stopping: bool,
    /// What it is at.
    pub(super) stage: String,
    pub(super) summary: Summary,
    said: Vec<String>,
}

impl Watch {
    /// Before the first round, which begins by itself.
    pub(super) fn new() -> Self {
        Self { waiting: Some(Waiting { pressed: true, ..Waiting::default() }), ..Self::default() }
    }

    /// What this leads to.
    pub(super) fn on(&mut self, input: Input, now: &Now) -> Option<Action> {
        match input {
            Input::Changed(files) => {
                let waiting = self.waiting.get_or_insert_default();
                waiting.files.extend(files);
                waiting.last = now.at;
                None
            }
            Input::Git(doing) => {
                self.git = doing;
                if let (Some(waiting), Some(_)) = (&mut self.waiting, doing) {
                    waiting.last = now.at;
                }
                None
            }
            Input::Key(Key::All) => {
                self.waiting.get_or_insert_default().pressed = true;
                self.due(now)
            }
            Input::Key(Key::Log) => self.log().map(Action::Show),
            Input::Key(key) => Some(Action::Leave(key)),
            Input::Event(event) => {
                self.take(&event);
                None
            }
            Input::Said(line) => {
                if let Some(part) = self.part.as_mut().filter(|part| !part.stopping) {
                    part.said(one_line(&line));
                }
                None
            }
            Input::Ended(code) => {
                let goes_on =
                    self.part.take().is_some_and(|part| !part.stopping && self.conclude(part, code));
                // A change meanwhile comes first.
                match (&self.waiting, goes_on) {
                    (None, true) => Some(self.start(None, now)),
                    _ => self.due(now),
                }
            }
            Input::Tick => self.due(now),
        }
    }

    /// What is to be done where it is time for the round that waits.
    fn due(&mut self, now: &Now) -> Option<Action> {
        let waiting = self.waiting.as_ref()?;
        let is_quiet = self.git.is_none() && now.at.saturating_sub(waiting.last) >= DEBOUNCE;
        if !is_quiet && !waiting.pressed {
            return None;
        }
        match &mut self.part {
            Some(part) if part.stopping => None,
            Some(part) => {
                part.stopping = true;
                Some(Action::Stop)
            }
            None => {
                let waiting = self.waiting.take()?;
                self.round += 1;
                self.why = Why { files: waiting.files, clock: now.clock.clone() };
                let only = if waiting.pressed { None } else { self.quick() };
                Some(self.start(only, now))
            }
        }
    }

    fn start(&mut self, only: Option<Cells>, now: &Now) -> Action {
        self.part = Some(Part {
            quick: only.is_some(),
            begun: now.at,
            stopping: false,
            stage: "begins".to_owned(),
            summary: Summary::default(),
            said: Vec::new(),
        });
        Action::Start(only)
    }

    /// What was red, unless that is all there is.
    fn quick(&self) -> Option<Cells> {
        let red = self.reds.cells();
        let has = |(id, cases): &(_, BTreeSet<String>)| {
            red.iter().any(|(other, red)| other == id && (red.is_empty() || red == cases))
        };
        (!red.is_empty() && !self.whole.iter().all(has)).then_some(red)
    }

    fn since(&self) -> Since {
        Since { round: self.round, clock: self.why.clock.clone() }
    }

    /// Takes an event of the run under way. One that is being stopped says nothing true any more.
    fn take(&mut self, event: &Event) {
        let since = self.since();
        let Some(part) = self.part.as_mut().filter(|part| !part.stopping) else { return };
        part.summary.take(event);
        part.see(event);
        let run = part.summary.id.clone();
        match event {
            Event::RunStarted { .. } => self.reds.has_run(),
            Event::CaseFinished { cell, report } => self.reds.case(cell, report, &since, &run),
            Event::CellFinished { cell, .. } => {
                let whole = !part.quick;
                self.reds.cell(part.summary.cell(cell), whole, &since, &run);
            }
            _ => {}
        }
    }

    /// Takes the end of a part that nobody stopped. Returns whether the round goes on with all of it.
    fn conclude(&mut self, part: Part, code: Option<i32>) -> bool {
        /// The series did not apply, or the kernel did not build.
        const UNBUILT: i32 = 3;
        let run = &part.summary;
        if run.complete {
            let word = run.verdict.map_or("none", Verdict::word);
            self.last = Some(format!("{word}: {}, {}", run.counts(), duration(run.seconds.total)));
            if part.quick {
                return run.verdict != Some(Verdict::Unbuilt);
            }
            self.reds.settle(run);
            let cases =
                |cell: &report::CellSummary| cell.cases.iter().map(|case| case.name.clone()).collect();
            // What was not built has no cases to be compared with.
            if run.verdict != Some(Verdict::Unbuilt) {
                self.whole = run.cells.iter().map(|cell| (cell.cell.clone(), cases(cell))).collect();
            }
            return false;
        }
        // What was red may not be there any more: then all of it shows what is wrong, if anything is.
        if part.quick && code != Some(UNBUILT) {
            return true;
        }
        let word = match code {
            Some(2) => "usage",
            Some(UNBUILT) => "unbuilt",
            _ => "error",
        };
        let reason = reason(&part.said).unwrap_or_else(|| "it ended without a word".to_owned());
        self.reds.no_run(word, &reason, &self.since());
        self.last = None;
        self.said = part.said;
        false
    }

    /// The log of what is red first.
    fn log(&self) -> Option<Log> {
        let (place, red) = self.reds.iter().next()?;
        Some(match &red.run {
            Some(run) => Log::Of { run: run.clone(), place: place.clone() },
            None => Log::Said(self.said.clone()),
        })
    }
}

/// The error among lines that were said, with its causes; the last line where there is none.
fn reason(said: &[String]) -> Option<String> {
    let of_error = |line: &String| {
        ["error: ", "caused by: "].iter().find_map(|begin| line.strip_prefix(begin)).map(str::to_owned)
    };
    let error: Vec<_> = said.iter().filter_map(of_error).collect();
    if error.is_empty() { said.last().cloned() } else { Some(error.join(": ")) }
}

impl Part {
    fn said(&mut self, line: String) {
        self.stage.clone_from(&line);
        self.said.push(line);
        if self.said.len() > SAID {
            self.said.remove(0);
        }
    }

    /// What it is at, after this event.
    fn see(&mut self, event: &Event) {
        self.stage = match event {
            Event::StageStarted { kernel, stage, .. } => format!("{kernel}: {stage}"),
            Event::StageProgress { kernel, stage, done, total, note } => {
                let of = if *total > 0 { format!("{done}/{total}") } else { done.to_string() };
                format!("{kernel}: {stage} {of} {note}")
            }
            Event::BootStarted { cell, .. } => format!("{cell}: boots"),
            Event::CaseStarted { cell, case } => format!("{cell}: {case}"),
            Event::CellFinished { .. } => {
                let done = self.summary.cells.iter().filter(|cell| cell.verdict.is_some()).count();
                format!("{done} of {} cells are done", self.summary.cells.len())
            }
            _ => return,
        };
    }
}

#[cfg(test)]
pub(super) mod tests;
