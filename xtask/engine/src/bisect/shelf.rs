//! The folders of all bisections: each has one file that is written anew after each step, and belongs to one process at a time.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use host::write_stamp;
use report::text::one_line;

use super::BisectError;
use super::error::io;
use super::state::{FORMAT, Level, State};

/// A bisection's file in its folder.
const FILE: &str = "bisect.json";
/// The file that is locked by who works on it, and says who that is.
const LOCK: &str = "lock";
/// The name by which the newest bisection goes.
const LATEST: &str = "latest";

/// Holds a bisection for as long as it lives. A process that dies gives it back.
#[derive(Debug)]
#[must_use = "the bisection is given back when this is dropped"]
pub struct Hold(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

/// Who works on a bisection: a process, which has left its id and its command line in the locked file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder(Option<(u32, String)>);

impl Holder {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        let parts = text.trim_end().split_once('\n');
        Self(parts.and_then(|(pid, command)| Some((pid.parse().ok()?, one_line(command)))))
    }

    /// Its id, in place of which there may be only the word for it.
    pub fn pid(&self) -> String {
        self.0.as_ref().map_or_else(|| "PID".to_owned(), |(pid, _)| pid.to_string())
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((pid, command)) => write!(f, "process {pid}: {command}"),
            None => f.write_str("another process"),
        }
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

    /// A new name, and its folder made and held. `command` is shown to whoever wants it too.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn begin(&self, command: &str) -> Result<(String, Hold), BisectError> {
        let now = jiff::Timestamp::now();
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let seed = format!("{} {}", now.as_nanosecond(), std::process::id());
        let id = format!("{stamp}-{}", &host::digest([seed.as_bytes()])[..6]);
        let dir = self.dir.join(&id);
        fs::create_dir_all(&dir).map_err(io("making the folder", &dir))?;
        let hold = hold(&dir, command)?;
        let (link, latest) = (self.dir.join(format!(".latest-{id}")), self.dir.join(LATEST));
        symlink(&id, &link)
            .and_then(|()| fs::rename(&link, &latest))
            .map_err(io("pointing at the bisection:", &latest))?;
        Ok((id, hold))
    }

    /// Takes up the bisection of this name, or the newest: nobody else can until the hold is dropped.
    ///
    /// # Errors
    /// [`BisectError::Held`]; or as [`Self::load`].
    pub fn take(&self, name: Option<&str>, command: &str) -> Result<(State, Hold), BisectError> {
        let dir = self.find(name)?;
        let hold = hold(&dir, command)?;
        // Read only now: whoever had it before may have gone on until then.
        Ok((read(&dir, || self.none(name))?, hold))
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

    /// Reads the bisection of this name, or the newest. It may go on meanwhile.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn load(&self, name: Option<&str>) -> Result<State, BisectError> {
        read(&self.find(name)?, || self.none(name))
    }

    fn none(&self, name: Option<&str>) -> BisectError {
        BisectError::None { name: name.map(str::to_owned), dir: self.dir.clone() }
    }

    /// The folder of the bisection whose name begins so, or of the newest.
    fn find(&self, name: Option<&str>) -> Result<PathBuf, BisectError> {
        let id = match name {
            Some(name) if name != LATEST => {
                let entries = fs::read_dir(&self.dir).map_err(|_| self.none(Some(name)))?;
                let names =
                    entries.filter_map(Result::ok).map(|e| e.file_name().to_string_lossy().into_owned());
                let mut fit: Vec<_> = names
                    .filter(|known| known != LATEST && known.starts_with(name) && !name.is_empty())
                    .collect();
                match (fit.pop(), fit.is_empty()) {
                    (Some(one), true) => one,
                    _ => return Err(self.none(Some(name))),
                }
            }
            _ => {
                let target = fs::read_link(self.dir.join(LATEST)).map_err(|_| self.none(name))?;
                target.to_string_lossy().into_owned()
            }
        };
        Ok(self.dir.join(id))
    }
}

/// Locks a bisection's folder, and says in it who has.
fn hold(dir: &Path, command: &str) -> Result<Hold, BisectError> {
    let path = dir.join(LOCK);
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let mut file = open.map_err(io("locking", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => return Err(io("locking", &path)(error)),
        Err(TryLockError::WouldBlock) => {
            let id = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(BisectError::Held { id, by: Holder::read(&path) });
        }
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}\n{command}", std::process::id()))
        .map_err(io("writing", &path))?;
    Ok(Hold(file))
}

/// Reads the file of a bisection.
fn read(dir: &Path, none: impl Fn() -> BisectError) -> Result<State, BisectError> {
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

#[cfg(test)]
mod tests {
    use super::super::{Ask, Asked, Axis, Rule};
    use super::*;
    use crate::run::accel::AccelRequest;

    fn state(id: String) -> State {
        let ask = Ask {
            axis: Axis::Topology { name: "t".to_owned() },
            request: Asked::default(),
            rule: Rule { confidence: 0.95, repeat: None },
            together: false,
            qemu: None,
            accel: AccelRequest::default(),
        };
        let command = "cargo xtask bisect --topology t".to_owned();
        State {
            format: FORMAT,
            id,
            command,
            ask,
            sought: None,
            levels: vec![Level::new(Vec::new())],
            answer: None,
        }
    }

    #[test]
    fn a_bisection_belongs_to_one_process_at_a_time() {
        let results = tempfile::tempdir().expect("a folder");
        let shelf = Shelf::new(results.path());
        let (id, first) = shelf.begin("cargo xtask bisect --topology t\x1b[31m").expect("begun");
        shelf.keep(&state(id.clone())).expect("kept");
        let error = shelf.take(None, "cargo xtask bisect --resume").expect_err("it is held").to_string();
        let shown = error.replace(&id, "ID").replace(&std::process::id().to_string(), "PID");
        insta::assert_snapshot!(shown, @r"
        bisection ID goes on in process PID: cargo xtask bisect --topology t\x1b[31m
        hint: wait for its answer, or stop it first: kill -INT PID
        ");
        assert_eq!(shelf.load(Some(&id)).expect("everybody may read").id, id);
        let (other, _second) = shelf.begin("another").expect("others are free");
        shelf.keep(&state(other.clone())).expect("kept");
        drop(first);
        // A process that another test starts may hold a copy of the lock until it is another program.
        let taken = (0..100).find_map(|_| {
            let taken = shelf.take(Some(&id), "cargo xtask bisect --resume").ok();
            taken.or_else(|| {
                std::thread::sleep(std::time::Duration::from_millis(20));
                None
            })
        });
        let (again, _third) = taken.expect("free again");
        assert_eq!(again.id, id);
        let error = shelf.take(Some(&id), "x").expect_err("held again").to_string();
        assert!(error.contains("bisect --resume\n"), "the new holder and nothing of the old one: {error}");
        assert!(matches!(shelf.take(Some("none"), "x"), Err(BisectError::None { .. })));
    }
}
