//! The folders of all mutations: what was asked, and each mutant as soon as it is judged, so that one that was stopped goes on.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use coverage::Coverage;
use host::write_stamp;
use report::folder::{Folders, Kind, LATEST, Lock};

use super::trial::MutateError;
use super::{Candidate, SabotageMutants, TriedMutant};
use crate::run::Request;

const FORMAT: u32 = 1;
/// A mutation's file in its folder.
const FILE: &str = "mutate.json";

static KIND: Kind = Kind { word: "mutation", made_by: "cargo xtask series mutate", listed_by: None };

/// A mutation as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MutationState {
    /// Version of the file.
    pub format: u32,
    /// Name of its folder.
    pub id: String,
    /// The command line.
    pub command: String,
    /// Name of the series.
    pub series: String,
    /// The cells that the mutants run in.
    pub request: Request,
    /// Which lines ran where.
    pub coverage: Coverage,
    /// The mutants in the order in which they are tried.
    pub wanted: Vec<Candidate>,
    /// Those that were asked for by their names: they are tried even where the series explains them.
    #[serde(default)]
    pub named: Vec<String>,
    /// It ends when so many that build and differ have been judged; none for all.
    pub enough: Option<usize>,
    /// The sabotages of the series, each with the mutants on its lines.
    #[serde(default)]
    pub sabotages: Vec<SabotageMutants>,
    /// Those that were judged.
    pub tried: Vec<TriedMutant>,
}

/// The folder of all mutations.
#[derive(Debug, Clone)]
pub struct MutationRuns(Folders);

impl MutationRuns {
    /// That below the folder of all runs.
    pub fn new(results: &Path) -> Self {
        Self(Folders::new(results.join("mutate"), &KIND))
    }

    /// The folders.
    pub fn folders(&self) -> &Folders {
        &self.0
    }

    /// The folder of a mutation.
    pub fn folder(&self, id: &str) -> PathBuf {
        self.0.dir().join(id)
    }

    /// A new one, locked for this process.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn create(&self, command: &str) -> Result<(String, Lock), MutateError> {
        let (folder, lock) = self.0.create(command)?;
        Ok((folder.id, lock))
    }

    /// The one of this name, or the newest, locked for this process.
    ///
    /// # Errors
    /// There is none, another process works on it, or it cannot be read.
    pub fn resume(&self, name: &str, command: &str) -> Result<(MutationState, Lock), MutateError> {
        let folder = self.0.find(if name.is_empty() { LATEST } else { name })?;
        let lock = folder.lock(command)?;
        Ok((read(&folder.dir)?, lock))
    }

    /// Writes it. A reader sees it as it was or as it is.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, state: &MutationState) -> Result<(), MutateError> {
        let json = serde_json::to_vec(state).map_err(std::io::Error::other)?;
        write_stamp(&self.folder(&state.id).join(FILE), json).map_err(std::io::Error::other)?;
        Ok(())
    }

    /// Reads the one of this name, or the newest.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn load(&self, name: &str) -> Result<MutationState, MutateError> {
        read(&self.0.find(name)?.dir)
    }
}

impl MutationState {
    /// A new one, of which nothing was tried.
    pub fn new(id: String, command: String, series: &str, request: Request, coverage: Coverage) -> Self {
        Self {
            format: FORMAT,
            id,
            command,
            series: series.to_owned(),
            request,
            coverage,
            wanted: Vec::new(),
            named: Vec::new(),
            enough: None,
            sabotages: Vec::new(),
            tried: Vec::new(),
        }
    }

    /// The mutants that are still to be tried.
    pub fn open(&self) -> Vec<Candidate> {
        let tried = |one: &&Candidate| self.tried.iter().all(|tried| tried.id != one.id);
        self.wanted.iter().filter(tried).cloned().collect()
    }
}

fn read(dir: &Path) -> Result<MutationState, MutateError> {
    let path = dir.join(FILE);
    let malformed = |message: String| MutateError::Malformed { path: path.clone(), message };
    let text = fs::read_to_string(&path)?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
    if value["format"] != FORMAT {
        return Err(malformed(format!("format {} and not {FORMAT}", value["format"])));
    }
    serde_json::from_value(value).map_err(|error| malformed(error.to_string()))
}
