//! One run from its first event to its last.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use event::{Event, Fan, Sink};
use fault::{Fault, ToolError};
use host::signals;
use kernlog::Verdict;
use report::{Store, StoreError};

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

/// A run that was kept in a folder of its own.
pub struct Kept {
    /// The folder.
    pub store: Arc<Store>,
    /// How it ended.
    pub finished: Result<Finished, RunError>,
}

/// Runs a plan in a new folder below another, as one of several runs that somebody asks for. `resolved` is kept with it, and the sinks hear
/// its events beside the folder.
///
/// # Errors
/// The folder cannot be written; that a run failed is no error here.
pub fn execute_below(
    folder: &Path,
    context: &RunContext,
    plan: &Plan,
    options: &Options,
    (command, resolved): (&str, serde_json::Value),
    mut sinks: Vec<Box<dyn Sink>>,
) -> Result<Kept, StoreError> {
    let store = Arc::new(Store::create(folder, resolved)?);
    sinks.insert(0, Box::new(Arc::clone(&store)));
    let sink = Fan(sinks);
    let cells = plan.closed_cells().map(|cell| cell.id.clone()).collect();
    sink.emit(&store.started(command.to_owned(), cells));
    let context = RunContext { sink: &sink, ..*context };
    let finished = execute(&context, std::slice::from_ref(plan), options, &store);
    match store.take_error() {
        Some(error) if !signals::requested() => Err(error),
        _ => Ok(Kept { store, finished }),
    }
}
