//! A bisection as it is kept: one file, written anew after each step.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::history::Step;
use super::{Answer, Ask, BisectError, Course, Found, Purpose, Rate, Record, Seen, Seens, Sought};
use crate::host::write_stamp;

/// Version of the file. It is raised when a reader of the old one would be misled.
pub const FORMAT: u32 = 1;
/// Its name in the bisection's folder.
const FILE: &str = "bisect.json";
/// The name by which the newest bisection goes.
const LATEST: &str = "latest";

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
    pub sought: Option<Sought>,
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
    /// The steps, good end first.
    pub steps: Vec<Step>,
    /// What was seen.
    pub seens: Seens,
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
    /// How.
    pub found: Found,
}

impl Record {
    /// A run of which only a log tells.
    fn said(step: usize, seen: Seen) -> Self {
        Self { step, purpose: Purpose::Search, seen, why: String::new(), run: None, seconds: 0.0 }
    }
}

impl Level {
    /// A line of which nothing is known.
    pub fn new(steps: Vec<Step>) -> Self {
        Self { of: None, steps, seens: Seens::default(), rate: None, found: None }
    }

    /// What is known of it.
    pub fn course<'a>(&'a self, ask: &Ask) -> Course<'a> {
        Course { steps: self.steps.len(), rule: ask.rule, seens: &self.seens, rate: self.rate }
    }

    /// The last run of a step that has shown this.
    pub fn run_of(&self, step: usize, seen: Seen) -> Option<&Record> {
        self.seens.records.iter().rev().find(|r| r.step == step && r.seen == seen && r.run.is_some())
    }
}

impl State {
    /// Seconds of all runs.
    pub fn seconds(&self) -> f64 {
        self.levels.iter().flat_map(|level| &level.seens.records).map(|record| record.seconds).sum()
    }

    /// Number of runs.
    pub fn runs(&self) -> usize {
        self.levels.iter().map(|level| level.seens.records.len()).sum()
    }

    /// The log: a line a run, in git's words, with the rest as comments. [`State::edited`] reads it.
    pub fn log(&self) -> String {
        let mut text = format!("# {}\nbisect {}\n", self.command, self.id);
        if let Some(sought) = &self.sought {
            text.push_str(&format!(
                "# sought: {}: {} ({})\n",
                sought.place(),
                sought.shown,
                sought.fingerprint
            ));
        }
        for (number, level) in self.levels.iter().enumerate() {
            if let Some((merge, side)) = &level.of {
                text.push_str(&format!("# into {merge}, side {}\n", side + 1));
            }
            text.push_str(&format!("line {number}\n"));
            for record in &level.seens.records {
                let step = &level.steps[record.step];
                let answer = match record.seen {
                    Seen::Red => Answer::Bad,
                    Seen::Green => Answer::Good,
                    Seen::Neither => Answer::Skip,
                };
                text.push_str(&format!("# {}: {}\n", step.title, record.why));
                text.push_str(&format!("{} {}\n", answer.word(), step.id));
            }
        }
        text
    }

    /// The same with the answers of a log that the user may have edited: a line changed says otherwise of that run, a line
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
            self.levels.iter_mut().map(|level| std::mem::take(&mut level.seens.records)).collect();
        let mut at = 0;
        for (number, line) in log.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let Some((word, rest)) = line.split_once(' ') else {
                if line.is_empty() {
                    continue;
                }
                return Err(wrong(number, "good, bad or skip and a step are expected".to_owned()));
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
                "good" => Seen::Green,
                "bad" => Seen::Red,
                "skip" => Seen::Neither,
                _ => {
                    return Err(wrong(
                        number,
                        format!("`{}` is none of good, bad, skip", word.escape_debug()),
                    ));
                }
            };
            let fits = |step: &Step| step.id == rest || rest.len() >= 7 && step.id.starts_with(rest);
            let step = self.levels[at].steps.iter().position(fits);
            let step =
                step.ok_or_else(|| wrong(number, format!("there is no step {}", rest.escape_debug())))?;
            let known = before[at].iter().position(|record| record.step == step);
            let mut record = known.map_or_else(|| Record::said(step, seen), |known| before[at].remove(known));
            if record.seen != seen {
                (record.seen, record.why) = (seen, "so says the log that was replayed".to_owned());
                record.run = None;
            }
            self.levels[at].seens.records.push(record);
        }
        for level in &mut self.levels {
            level.found = None;
        }
        self.answer = None;
        Ok(self)
    }
}

/// The folder of all bisections.
#[derive(Debug, Clone)]
pub struct Shelf {
    dir: PathBuf,
}

impl Shelf {
    /// That below the folder of all runs.
    pub fn new(results: &Path) -> Self {
        Self { dir: results.join("bisect") }
    }

    /// The folder of a bisection.
    pub fn folder(&self, state: &State) -> PathBuf {
        self.dir.join(&state.id)
    }

    /// A new name, and its folder made.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn begin(&self) -> Result<String, BisectError> {
        let now = jiff::Timestamp::now();
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let digest = crate::build::digest([now.as_nanosecond().to_string().as_bytes()]);
        let id = format!("{stamp}-{}", &digest[..6]);
        let dir = self.dir.join(&id);
        fs::create_dir_all(&dir).map_err(io("making the folder", &dir))?;
        let (link, latest) = (self.dir.join(format!(".latest-{id}")), self.dir.join(LATEST));
        symlink(&id, &link)
            .and_then(|()| fs::rename(&link, &latest))
            .map_err(io("pointing at the bisection:", &latest))?;
        Ok(id)
    }

    /// Writes a bisection. A reader sees it as it was or as it is.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, state: &State) -> Result<(), BisectError> {
        let path = self.folder(state).join(FILE);
        let json = serde_json::to_string_pretty(state).map_err(std::io::Error::other);
        let json = json.map_err(io("writing", &path))?;
        Ok(write_stamp(&path, json + "\n")?)
    }

    /// Reads the bisection of this name, or the newest.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn load(&self, name: Option<&str>) -> Result<State, BisectError> {
        let none = || BisectError::None { name: name.map(str::to_owned), dir: self.dir.clone() };
        let dir = match name {
            Some(name) if name != LATEST => {
                let entries = fs::read_dir(&self.dir).map_err(|_| none())?;
                let names =
                    entries.filter_map(Result::ok).map(|e| e.file_name().to_string_lossy().into_owned());
                let mut fit: Vec<_> = names
                    .filter(|known| known != LATEST && known.starts_with(name) && !name.is_empty())
                    .collect();
                match (fit.pop(), fit.is_empty()) {
                    (Some(one), true) => self.dir.join(one),
                    _ => return Err(none()),
                }
            }
            _ => self.dir.join(LATEST),
        };
        let path = dir.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => none(),
            _ => io("reading", &path)(error),
        })?;
        let malformed = |message: String| BisectError::Malformed { path: path.clone(), message };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| malformed(e.to_string()))?;
        if value["format"] != FORMAT {
            return Err(malformed(format!("format {} and not {FORMAT}: begin anew", value["format"])));
        }
        let state: State = serde_json::from_value(value).map_err(|e| malformed(e.to_string()))?;
        let numbers = |level: &Level| level.seens.records.iter().all(|r| r.step < level.steps.len());
        if state.levels.is_empty() || !state.levels.iter().all(numbers) {
            return Err(malformed("a step that is not there".to_owned()));
        }
        Ok(state)
    }
}

/// For `map_err`: names what was done to which file.
pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BisectError {
    let path = path.to_owned();
    move |source| BisectError::Io { doing, path, source }
}
