//! The folders of all bisections: each has one file that is written anew after each step, and belongs to one process at a time.

use std::path::{Path, PathBuf};

use fs_err as fs;

use host::write_stamp;
use report::folder::{Folders, Kind, LATEST, Lock};

use super::BisectError;
use super::state::{FORMAT, Level, State};

/// A bisection's file in its folder.
const FILE: &str = "bisect.json";

/// Bisections.
static KIND: Kind = Kind { word: "bisection", made_by: "cargo xtask bisect", listed_by: None };

/// The folder of all bisections.
#[derive(Debug, Clone)]
pub struct Bisections(Folders);

impl Bisections {
    /// That below the folder of all runs.
    pub fn new(results: &Path) -> Self {
        Self(Folders::new(results.join("bisect"), &KIND))
    }

    /// The folders.
    pub fn folders(&self) -> &Folders {
        &self.0
    }

    /// The names of all bisections, the oldest first; none where they cannot be read.
    pub fn ids(&self) -> Vec<String> {
        self.0.list().unwrap_or_default().into_iter().map(|folder| folder.id).collect()
    }

    /// The folder of a bisection.
    pub fn folder(&self, state: &State) -> PathBuf {
        self.0.dir().join(&state.id)
    }

    /// A new name, and its folder made and locked. `command` is shown to whoever wants it too.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn create(&self, command: &str) -> Result<(String, Lock), BisectError> {
        let (folder, lock) = self.0.create(command)?;
        Ok((folder.id, lock))
    }

    /// Resumes the bisection of this name, or the newest: nobody else can until the lock is dropped.
    ///
    /// # Errors
    /// Another process works on it; or as [`Self::load`].
    pub fn resume(&self, name: Option<&str>, command: &str) -> Result<(State, Lock), BisectError> {
        let folder = self.0.find(name.unwrap_or(LATEST))?;
        let lock = folder.lock(command)?;
        // Read only now: whoever had it before may have gone on until then.
        Ok((read(&folder.dir)?, lock))
    }

    /// Writes a bisection. A reader sees it as it was or as it is.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, state: &State) -> Result<(), BisectError> {
        let path = self.folder(state).join(FILE);
        let json = serde_json::to_string_pretty(state).map_err(std::io::Error::other);
        let json = json?;
        Ok(write_stamp(&path, json + "\n")?)
    }

    /// Reads the bisection of this name, or the newest. It may go on meanwhile.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn load(&self, name: Option<&str>) -> Result<State, BisectError> {
        read(&self.0.find(name.unwrap_or(LATEST))?.dir)
    }
}

/// Reads the file of a bisection.
fn read(dir: &Path) -> Result<State, BisectError> {
    let path = dir.join(FILE);
    let malformed = |message: String| BisectError::Malformed { path: path.clone(), message };
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        // It was stopped before its first step.
        std::io::ErrorKind::NotFound => malformed("it is not there: begin anew".to_owned()),
        _ => error.into(),
    })?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| malformed(e.to_string()))?;
    if value["format"] != FORMAT {
        return Err(malformed(format!("format {} and not {FORMAT}: begin anew", value["format"])));
    }
    let state: State = serde_json::from_value(value).map_err(|e| malformed(e.to_string()))?;
    let numbers = |level: &Level| level.observations.records.iter().all(|r| r.step < level.steps.len());
    if state.levels.is_empty() || !state.levels.iter().all(numbers) {
        return Err(malformed("a step that is not there".to_owned()));
    }
    Ok(state)
}

#[cfg(test)]
mod tests {
    use fault::{Fault, ToolError};

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
            target: None,
            levels: vec![Level::new(Vec::new())],
            answer: None,
        }
    }

    #[test]
    fn a_bisection_is_read_as_it_was_written_and_belongs_to_one_process() {
        let results = tempfile::tempdir().expect("a folder");
        let all = Bisections::new(results.path());
        let (id, _lock) = all.create("cargo xtask bisect --topology t").expect("created");
        let error = all.load(None).expect_err("nothing was written").to_string();
        assert!(error.ends_with("bisect.json: it is not there: begin anew"), "{error}");
        all.write(&state(id.clone())).expect("written");
        let error = all.resume(None, "cargo xtask bisect --resume").expect_err("it is locked");
        let shown = fault::shown(&error).replace(&id, "ID").replace(&std::process::id().to_string(), "PID");
        insta::assert_snapshot!(shown, @r"
        bisection ID goes on in process PID: cargo xtask bisect --topology t
        hint: wait for its end, or stop it first: kill -INT PID
        ");
        assert_eq!(all.load(Some(&id)).expect("everybody may read"), state(id.clone()));
        let json = fs::read_to_string(all.folder(&state(id)).join(FILE)).expect("the file");
        for name in ["\"sought\"", "\"seens\""] {
            assert!(json.contains(name), "{name}: format {FORMAT} has it, whatever the field is called");
        }
        let error = all.resume(Some("none"), "x").expect_err("there is none");
        assert_eq!(error.fault(), Fault::Usage, "{error}");
    }
}
