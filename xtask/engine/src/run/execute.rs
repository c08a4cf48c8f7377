//! One run from its first event to its last.

use std::time::Instant;

use event::Event;
use fault::{Fault, ToolError};
use host::signals;
use kernlog::Verdict;
use report::Store;

use super::pool::WorkerPool;
use super::{Options, Plan, RunContext, RunError, engines, scenarios};

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
    let ready =
        scenarios::keep(plans, store.dir()).and_then(|plans| Ok((plans, engines::start(context, options)?)));
    let (worst, error) = match ready {
        Ok((plans, engine)) => {
            WorkerPool::new(engine.as_ref(), &plans, options.policy, store, context.sink).run()
        }
        Err(error) => (None, Some(error)),
    };
    // Of a run that was taken up.
    let worst = store.verdicts().into_iter().chain(worst).reduce(Verdict::beside);
    let interrupted = signals::requested();
    let of_error = error.as_ref().map(|error: &RunError| {
        if error.fault() == Fault::Kernel { Verdict::Unbuilt } else { Verdict::Infrastructure }
    });
    let verdict = [worst, of_error].into_iter().flatten().reduce(Verdict::beside).unwrap_or(Verdict::Skip);
    let seconds = store.earlier() + begun.elapsed().as_secs_f64();
    context.sink.emit(&Event::RunFinished { verdict, seconds, interrupted });
    error.map_or(Ok(Finished { verdict, interrupted }), Err)
}
