//! A cell with all that is needed to run it, wherever that is: it can be written to a file and read back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::{Cell, Order, Policy, PreparedKernel, RunError};

/// Names the form of a job's file; another number is refused.
const FORMAT: u32 = 2;

/// A cell with all that is needed to run it. What it names lies in the cache, in the project and in the run's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CellJob {
    /// The form of the file.
    format: u32,
    /// The cell.
    pub cell: Cell,
    /// In which order its cases run, and how often.
    pub order: Order,
    /// What becomes of red cases.
    pub policy: Policy,
    /// The kernel on which it runs.
    pub kernel: Arc<PreparedKernel>,
    /// The cell's folder in the run's.
    pub folder: PathBuf,
}

impl CellJob {
    /// A cell on a kernel, with a folder for what it leaves.
    pub fn new(
        cell: Cell,
        order: Order,
        policy: Policy,
        kernel: Arc<PreparedKernel>,
        folder: PathBuf,
    ) -> Self {
        Self { format: FORMAT, cell, order, policy, kernel, folder }
    }

    /// Writes it down.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| RunError::Job { path: path.to_owned(), message: error.to_string() })?;
        host::write_stamp(path, &text).map_err(RunError::Cache)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// The file cannot be read, or no job of this version of the tool is in it.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let wrong = |message| RunError::Job { path: path.to_owned(), message };
        let text = fs::read(path)?;
        let job: Self = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        if job.format != FORMAT {
            return Err(wrong(format!(
                "it has format {}, and this version of the tool reads {FORMAT}",
                job.format
            )));
        }
        Ok(job)
    }
}
