//! What the host orders: the job of one boot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use crate::PROTOCOL;

/// All that one boot of a guest has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// [`PROTOCOL`] of the host that wrote this.
    pub protocol: u32,
    /// Modules to load before the first case, in order.
    pub modules: Vec<String>,
    /// Whether to load modules by modalias on uevents, as udev would.
    pub autoload: bool,
    /// Whether the userland's own udevd does so instead.
    pub udev: bool,
    /// Modules (canonical names, `_` not `-`) that autoloading leaves alone; cases may load them by name.
    pub deny: Vec<String>,
    /// How many CXL memdevs must be there (bound or not) before the first case; waits at most `settle_ms`.
    pub memdevs: u32,
    /// Longest wait for the device tree to come to rest before the first case, in milliseconds.
    pub settle_ms: u64,
    /// The cases in the order in which they run.
    pub cases: Vec<Case>,
    /// Extra environment of every case.
    pub env: BTreeMap<String, String>,
    /// Give a shell on the console instead of running cases.
    pub shell: bool,
}

/// One case of a [`Job`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name of the case within its suite: the script's file name without `.sh`.
    pub name: String,
    /// Path of the script in the guest.
    pub script: String,
    /// Deadline in milliseconds; then the case's process group is killed and its end is `TimedOut`.
    pub timeout_ms: u64,
}
