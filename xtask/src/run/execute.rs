//! One run from its first event to its last.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::accel::Wanted;
use super::{Plan, Ready, RunError, cell, expand, guest, prepare};
use crate::event::{CellId, Event, Sink, Verdict};
use crate::host::{Cache, interrupt};
use crate::report::Store;
use crate::topology::Capabilities;
use crate::vm::{self, Accel};

/// What every step of a run works with.
pub struct Bench<'a> {
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
    pub accel: Wanted,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// The worst verdict of its cells.
    pub verdict: Verdict,
    /// The user interrupted.
    pub interrupted: bool,
}

/// The machine on which the cells of one kernel run.
pub(super) struct Guests<'a> {
    pub(super) ready: &'a Ready,
    pub(super) qemu: &'a Path,
    pub(super) capabilities: &'a Capabilities,
    pub(super) accel: Accel,
}

/// Prepares the kernel and runs every cell.
///
/// # Errors
/// The kernel could not be made, or the machinery failed. The events then end with a `RunFinished` all the same.
pub fn execute(bench: &Bench, plan: &Plan, options: &Options, store: &Store) -> Result<Finished, RunError> {
    let begun = Instant::now();
    let result = go(bench, plan, options, store);
    let interrupted = interrupt::requested();
    let verdict = match &result {
        Ok(verdict) => *verdict,
        Err(error) if error.is_kernel_failure() => Verdict::Unbuilt,
        Err(_) => Verdict::Infrastructure,
    };
    bench.sink.emit(&Event::RunFinished { verdict, seconds: begun.elapsed().as_secs_f64(), interrupted });
    result.map(|verdict| Finished { verdict, interrupted })
}

fn go(bench: &Bench, plan: &Plan, options: &Options, store: &Store) -> Result<Verdict, RunError> {
    let capabilities = vm::probe(&options.qemu, bench.cache.path())?.capabilities();
    let ready = prepare(bench, plan)?;
    let choice = guest::accelerator(bench, plan, &ready, options);
    let guests = Guests {
        ready: &ready,
        qemu: &options.qemu,
        capabilities: &capabilities,
        accel: guest::accel_of(&choice),
    };
    let mut worst: Option<Verdict> = None;
    let cells = expand::cells(plan, &ready)?;
    let planned = |id: &CellId| plan.closed_cells().any(|cell| cell.id == *id);
    let found: Vec<_> = cells.iter().map(|cell| cell.id.clone()).filter(|id| !planned(id)).collect();
    if !found.is_empty() {
        bench.sink.emit(&Event::CellsFound { cells: found });
    }
    for cell in &cells {
        if interrupt::requested() {
            break;
        }
        let verdict = cell::run(bench, &guests, cell, plan.order, store)?;
        worst = Some(worst.map_or(verdict, |before| worse(before, verdict)));
    }
    Ok(worst.unwrap_or(Verdict::Skip))
}

/// As [`Verdict::beside`].
pub(super) fn worse(a: Verdict, b: Verdict) -> Verdict {
    a.beside(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_beside_a_pass_is_a_pass_and_red_wins() {
        assert_eq!(worse(Verdict::Skip, Verdict::Pass), Verdict::Pass);
        assert_eq!(worse(Verdict::Skip, Verdict::Skip), Verdict::Skip);
        assert_eq!(worse(Verdict::Pass, Verdict::Fail), Verdict::Fail);
        assert_eq!(worse(Verdict::Infrastructure, Verdict::Fail), Verdict::Infrastructure);
    }
}
