//! What every step of a run works with.

use std::path::Path;

use event::Sink;
use host::Cache;

/// What every step of a run works with.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    /// Top of the workspace that the agent is built from.
    pub workspace: &'a Path,
    /// Folder of `patchbench.yaml`.
    pub root: &'a Path,
    /// The cache.
    pub cache: &'a Cache,
    /// Where events go.
    pub sink: &'a dyn Sink,
}
