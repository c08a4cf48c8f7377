//! One run from its first event to its last.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use event::{Event, Sink};
use host::{Cache, interrupt};
use kernlog::Verdict;
use report::Store;

use super::accel::AccelRequest;
use super::pool::WorkerPool;
use super::{Plan, RunError, machine};

/// What every step of a run works with.
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

/// What a run has besides its plan.
pub struct Options {
    /// The QEMU.
    pub qemu: PathBuf,
    /// Which accelerator was asked for.
    pub accel: AccelRequest,
    /// How it goes about its cells.
    pub policy: Policy,
}

/// How a run goes about its cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Policy {
    /// How much goes on at the same time; as much as the machine can carry where nobody says.
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

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// The worst verdict of its cells.
    pub verdict: Verdict,
    /// The user interrupted.
    pub interrupted: bool,
}

/// Prepares every kernel and runs every cell.
///
/// # Errors
/// A kernel could not be made, or the machinery failed: the first of these. What did not need it has run, and the events end
/// with a `RunFinished` all the same.
pub fn execute(
    context: &RunContext,
    plans: &[Plan],
    options: &Options,
    store: &Store,
) -> Result<Finished, RunError> {
    let begun = Instant::now();
    let (worst, error) = match vm::probe(&options.qemu, context.cache.path()) {
        Ok(probed) => WorkerPool::new(context, plans, options, store, &probed.capabilities()).run(),
        Err(error) => (None, Some(error.into())),
    };
    // Of a run that was taken up.
    let worst = store.verdicts().into_iter().chain(worst).reduce(Verdict::beside);
    let interrupted = interrupt::requested();
    let of_error = error.as_ref().map(|error: &RunError| {
        if error.is_kernel_failure() { Verdict::Unbuilt } else { Verdict::Infrastructure }
    });
    let verdict = [worst, of_error].into_iter().flatten().reduce(Verdict::beside).unwrap_or(Verdict::Skip);
    let seconds = store.earlier() + begun.elapsed().as_secs_f64();
    context.sink.emit(&Event::RunFinished { verdict, seconds, interrupted });
    error.map_or(Ok(Finished { verdict, interrupted }), Err)
}
