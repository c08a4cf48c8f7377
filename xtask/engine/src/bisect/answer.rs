//! The answer of a bisection, as it is reported.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::Serialize;

use event::Event;
use report::Stored;
use report::text::{duration, one_line};
use spec::{Project, Series};

use super::history::{History, Message, Step, trailers};
use super::sides::{beside, part_of};
use super::state::{Level, State};
use super::{Axis, BisectError, StepResult, TargetFailure};

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BisectReport {
    /// The failure.
    #[serde(rename = "sought")]
    pub target: Option<TargetFailure>,
    /// Whether it was searched for what mended the failure.
    pub fixed: bool,
    /// The first bad step; the culprit where there are no others. Of a fix the first step without the failure.
    pub culprit: Step,
    /// The last step before it that is not so; of a topology none.
    pub parent: Option<Step>,
    /// Skipped steps between them: any of these may be it instead.
    pub suspects: Vec<Step>,
    /// Whether the bad one of the two failed when it was run again.
    pub again: bool,
    /// That the other one is good, as far as luck is concerned.
    pub confidence: f64,
    /// Who wrote it, and its trailers.
    pub message: Message,
    /// The files that it changes.
    pub stat: String,
    /// Where the first bad commit is in the history, after a tag.
    pub described: Option<String>,
    /// What the case printed, good and bad side by side around the first difference.
    pub output: Vec<String>,
    /// The kernel's logs likewise.
    pub logs: Vec<String>,
    /// Commands that boot the good and the bad guest again.
    pub replay: Vec<String>,
    /// Where the smallest topology is.
    pub smallest: Option<PathBuf>,
    /// Runs in all.
    pub runs: usize,
    /// Their seconds.
    pub seconds: f64,
}

/// Gathers the answer of a bisection that has ended.
///
/// # Errors
/// It has not ended, or something of it cannot be read.
pub fn report_on(
    state: &State,
    folder: &Path,
    project: &Project,
    width: usize,
) -> Result<BisectReport, BisectError> {
    let Some(end) = &state.answer else {
        return Err(BisectError::Ends(format!("bisection {} has not ended", state.id)));
    };
    let level = &state.levels[end.level];
    let (good, bad) = (end.found.good, end.found.bad);
    let fixed = state.ask.is_for_fix();
    let (newer, older) = if fixed { (good, bad) } else { (bad, good) };
    let culprit = level.steps[newer].clone();
    let mut suspects = level.steps.get(good + 1..bad).unwrap_or_default().to_vec();
    if fixed {
        suspects.reverse();
    }
    let is_topology = culprit.topology.is_some();
    let good_run = if is_topology { None } else { folder_of(level, good, StepResult::Green, folder) };
    let bad_run = folder_of(level, bad, StepResult::Red, folder);
    let target = state.target.as_ref();
    let part = |run: &Option<PathBuf>| -> Option<Vec<String>> {
        let console = fs::read(boot_of(run.as_deref()?, target?)?.join("console.log")).ok()?;
        Some(part_of(&String::from_utf8_lossy(&console), target?.case.as_deref()))
    };
    let sides = |good: Option<Vec<String>>, bad: Option<Vec<String>>| match (good, bad) {
        (Some(good), Some(bad)) => beside(&good, &bad, width),
        _ => Vec::new(),
    };
    let logs = sides(part(&good_run), part(&bad_run));
    let output = |run: &Option<PathBuf>| output_of(run.as_deref()?, target?);
    let output = sides(output(&good_run), output(&bad_run));
    let replay = |word: &str, run: &Option<PathBuf>| {
        let script = boot_of(run.as_deref()?, target?)?.join("replay.sh");
        Some(format!("sh {}  # {word}", host::quote(&script)))
    };
    let replay = [replay("good", &good_run), replay("bad", &bad_run)].into_iter().flatten().collect();
    let (message, stat, described) = about(state, &culprit, project)?;
    let smallest = match (&state.ask.axis, &culprit.topology) {
        (Axis::Topology { name }, Some(yaml)) => {
            let file = folder.join(format!("{name}.yaml"));
            fs::write(&file, yaml)?;
            Some(file)
        }
        _ => None,
    };
    Ok(BisectReport {
        target: state.target.clone(),
        fixed,
        parent: (!is_topology).then(|| level.steps[older].clone()),
        suspects,
        again: end.found.again,
        confidence: end.found.confidence,
        culprit,
        message,
        stat,
        described,
        output,
        logs,
        replay,
        smallest,
        runs: state.runs(),
        seconds: state.seconds(),
    })
}

/// Who wrote the culprit, what it changes, and where it is.
fn about(
    state: &State,
    culprit: &Step,
    project: &Project,
) -> Result<(Message, String, Option<String>), BisectError> {
    match &state.ask.axis {
        Axis::Git { dir, .. } => {
            let history = History::new(dir);
            let described = history.described(&culprit.id);
            Ok((history.message(&culprit.id)?, history.stat(&culprit.id)?, described))
        }
        Axis::Series { name, .. } => {
            let series = Series::load(&project.patches_dir(), name)?;
            let number: usize = culprit.id.parse().unwrap_or_default();
            let Some(patch) = number.checked_sub(1).and_then(|at| series.patches.get(at)) else {
                return Ok((Message::default(), String::new(), None));
            };
            let text = fs::read(&patch.file)?;
            let text = String::from_utf8_lossy(&text).into_owned();
            let (head, rest) = text.split_once("\n---\n").unwrap_or((&text, ""));
            let header =
                |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            let message = Message {
                author: header("From: ").to_owned(),
                date: header("Date: ").to_owned(),
                trailers: trailers(head),
            };
            let stat = rest.lines().take_while(|line| !line.starts_with("diff --git ")).collect::<Vec<_>>();
            Ok((message, stat.join("\n").trim_matches('\n').to_owned(), None))
        }
        Axis::Topology { .. } => Ok((Message::default(), String::new(), None)),
    }
}

/// The folder of the last run of a step that has shown this, or of one that came to the same.
fn folder_of(level: &Level, step: usize, seen: StepResult, folder: &Path) -> Option<PathBuf> {
    let content = level.observations.contents.get(&step);
    let same = (0..level.steps.len()).filter(|other| {
        *other != step && content.is_some() && level.observations.contents.get(other) == content
    });
    let record = std::iter::once(step).chain(same).find_map(|step| level.run_of(step, seen))?;
    Some(folder.join(record.run.as_deref()?))
}

/// What the case of a failure printed.
fn output_of(run: &Path, target: &TargetFailure) -> Option<Vec<String>> {
    let case = target.case.as_deref()?;
    let texts =
        Stored::load(run).ok()?.events().ok()?.into_iter().filter_map(|stamped| match stamped.event {
            Event::CaseOutput { case: of, text, .. } if of == case => Some(text),
            _ => None,
        });
    Some(texts.collect::<String>().lines().map(str::to_owned).collect())
}

/// The folder of the boot in which the case of a failure ran.
fn boot_of(run: &Path, target: &TargetFailure) -> Option<PathBuf> {
    let stored = Stored::load(run).ok()?;
    let same =
        |cell: &event::CellId| cell.topology == target.cell.topology && cell.suite == target.cell.suite;
    let cell = stored.summary.cells.iter().map(|cell| &cell.cell).find(|cell| same(cell))?;
    let number = stored.events().ok()?.into_iter().find_map(|stamped| match stamped.event {
        Event::BootStarted { cell: of, boot, cases, .. }
            if of == *cell && target.case.as_ref().is_none_or(|case| cases.contains(case)) =>
        {
            Some(boot)
        }
        _ => None,
    })?;
    Some(stored.cell_dir(cell).join(format!("boot{number}")))
}

impl BisectReport {
    /// What kind of thing the culprit is.
    fn kind(&self) -> &'static str {
        if self.culprit.topology.is_some() {
            "smallest topology that fails"
        } else if self.fixed {
            "first fixed commit"
        } else if self.culprit.id.len() >= 40 {
            "first bad commit"
        } else {
            "first bad patch"
        }
    }
}

impl fmt::Display for BisectReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(target) = &self.target {
            writeln!(f, "failure: {}: {}", target.place(), one_line(&target.shown))?;
        }
        if self.suspects.is_empty() {
            writeln!(f, "{}: {}", self.kind(), one_line(&self.culprit.shown()))?;
        } else {
            writeln!(f, "one of these {}, of which only the last could be judged:", self.suspects.len() + 1)?;
            for step in self.suspects.iter().chain([&self.culprit]) {
                writeln!(f, "  {}", one_line(&step.shown()))?;
            }
        }
        if let Some(parent) = &self.parent {
            let word = if self.fixed { "red" } else { "good" };
            writeln!(f, "last {word}: {}", one_line(&parent.shown()))?;
        }
        if !self.again {
            let which = if self.fixed { "that" } else { "it" };
            writeln!(f, "{which} did not fail when it was run again")?;
        }
        if self.suspects.is_empty() && !self.message.author.is_empty() {
            writeln!(f, "author: {}, {}", one_line(&self.message.author), one_line(&self.message.date))?;
            for trailer in &self.message.trailers {
                writeln!(f, "    {}", one_line(trailer))?;
            }
        }
        for line in self.stat.lines().filter(|_| self.suspects.is_empty()) {
            writeln!(f, " {}", one_line(line))?;
        }
        for (what, lines) in [("the case's output", &self.output), ("the kernel's log", &self.logs)] {
            if !lines.is_empty() {
                writeln!(f, "{what}, good and bad, around the first difference:")?;
                lines.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
            }
        }
        if let Some(file) = &self.smallest {
            writeln!(f, "it is in {}", file.display())?;
        }
        for command in &self.replay {
            writeln!(f, "replay: {command}")?;
        }
        let mut text = format!("{} runs in {}", self.runs, duration(self.seconds));
        if self.confidence < 1.0 && self.parent.is_some() {
            let _ = write!(text, "; confidence {:.1} %", 100.0 * self.confidence);
        }
        writeln!(f, "{text}")
    }
}
