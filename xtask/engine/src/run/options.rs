//! What a run has besides its plan.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::accel::AccelRequest;
use super::machine;

/// What a run has besides its plan.
pub struct Options {
    /// The QEMU.
    pub qemu: PathBuf,
    /// The name of the engine that runs the cells; the one on this machine where nobody says.
    pub engine: Option<String>,
    /// Which accelerator was asked for.
    pub accel: AccelRequest,
    /// How it goes about its cells.
    pub policy: Policy,
}

/// How a run goes about its cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Policy {
    /// How much goes on at the same time; as much as the machine can carry where nothing else is asked for.
    pub jobs: Option<usize>,
    /// Nothing is started any more once a cell is red.
    pub fail_fast: bool,
    /// How often a red case is tried again.
    pub retries: u32,
    /// A case that passes when it is tried again makes nothing red.
    pub allow_flaky: bool,
    /// Record how long the cells take, for the next run.
    pub learn: bool,
}

impl Policy {
    /// How much goes on at the same time.
    pub fn jobs(self) -> usize {
        self.jobs.unwrap_or_else(machine::processors)
    }
}
