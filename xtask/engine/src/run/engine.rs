//! Where cells run. The worker pool decides what runs when; an engine knows how.

use event::Sink;
use kernlog::Verdict;

use super::schedule::{Limits, Resources};
use super::{Cell, CellJob, Plan, PreparedKernel, RunError};

/// Makes kernels and runs cells: on this machine, or on others. Called from many threads.
pub trait Engine: Sync {
    /// What it can carry.
    fn limits(&self) -> Limits;

    /// Makes a plan's kernel with all that its guests need, and finds out what its cells have to know before the first of them
    /// runs.
    ///
    /// # Errors
    /// The kernel cannot be made, or the machinery failed.
    fn prepare(&self, plan: &Plan, sink: &dyn Sink) -> Result<PreparedKernel, RunError>;

    /// What a cell on this kernel needs.
    fn resources(&self, kernel: &PreparedKernel, cell: &Cell) -> Resources;

    /// Runs a cell to its verdict; none where the user interrupted.
    ///
    /// # Errors
    /// The machinery failed: that is no verdict.
    fn run(&self, job: &CellJob, sink: &dyn Sink) -> Result<Option<Verdict>, RunError>;
}
