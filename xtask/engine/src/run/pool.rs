//! Who does what the schedule says: a thread for each slot. Kernels and cells run beside each other, each one's events by
//! itself.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use event::{CellId, Event, Sink};
use fault::{Fault, ToolError};
use host::signals;
use kernlog::Verdict;
use report::Store;

use super::engine::Engine;
use super::schedule::{Schedule, Task};
use super::{Cell, CellJob, Plan, Policy, PreparedKernel, RunError, expand};

/// In the cell's folder: the cell with all that is needed to run it.
const JOB: &str = "job.json";

/// How often who waits looks at Ctrl-C.
const TICK: Duration = Duration::from_millis(100);

/// A kernel that is there, and its cells.
struct Prepared {
    kernel: Arc<PreparedKernel>,
    cells: Vec<Cell>,
}

/// All that the threads of a run share.
pub(super) struct WorkerPool<'a> {
    engine: &'a dyn Engine,
    plans: &'a [Plan],
    policy: Policy,
    store: &'a Store,
    sink: &'a dyn Sink,
    /// Threads: asked for once, since what the machine can carry changes while it works.
    slots: usize,
    /// For each plan, once it is there.
    prepared: Vec<OnceLock<Prepared>>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    schedule: Schedule,
    worst: Option<Verdict>,
    error: Option<RunError>,
}

impl<'a> WorkerPool<'a> {
    pub(super) fn new(
        engine: &'a dyn Engine,
        plans: &'a [Plan],
        policy: Policy,
        store: &'a Store,
        sink: &'a dyn Sink,
    ) -> Self {
        let limits = engine.limits();
        let slots = limits.slots.max(1);
        let schedule = Schedule::new(limits, plans.len());
        let state = Mutex::new(State { schedule, worst: None, error: None });
        let prepared = plans.iter().map(|_| OnceLock::new()).collect();
        Self { engine, plans, policy, store, sink, slots, prepared, state, changed: Condvar::new() }
    }

    /// Does everything; the worst verdict of the cells, and the first error.
    pub(super) fn run(self) -> (Option<Verdict>, Option<RunError>) {
        thread::scope(|scope| {
            for _ in 0..self.slots {
                scope.spawn(|| self.work());
            }
        });
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let cells = self.prepared.iter().filter_map(OnceLock::get).map(|prepared| prepared.cells.len());
        let nothing = cells.sum::<usize>() == 0 && !self.plans.is_empty() && !signals::requested();
        let nothing = nothing && self.store.verdicts().is_empty();
        let empty = || nothing.then(|| RunError::Empty { options: Vec::new(), left_out: Vec::new() });
        (state.worst, state.error.or_else(empty))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's life.
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if signals::requested() {
                state.schedule.stop();
            }
            if let Some(task) = state.schedule.next() {
                drop(state);
                // Who panics must not leave the others waiting for ever.
                let ended = panic::catch_unwind(AssertUnwindSafe(|| self.perform(task)));
                state = self.lock();
                state.schedule.ended(task);
                match ended {
                    Ok(ended) => self.note(&mut state, task, ended),
                    Err(cause) => {
                        state.schedule.stop();
                        drop(state);
                        self.changed.notify_all();
                        panic::resume_unwind(cause);
                    }
                }
                self.changed.notify_all();
            } else if state.schedule.is_over() {
                return;
            } else {
                let waited = self.changed.wait_timeout(state, TICK);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// The verdict of a cell that was judged.
    fn perform(&self, task: Task) -> Result<Option<Verdict>, RunError> {
        match task {
            Task::Prepare { plan } => {
                let prepared = self.prepare(&self.plans[plan])?;
                drop(self.prepared[plan].set(prepared));
                Ok(None)
            }
            Task::Cell { plan, cell } => {
                let Some(Prepared { kernel, cells }) = self.prepared[plan].get() else { return Ok(None) };
                let folder = self.store.cell_dir(&cells[cell].id)?;
                let written = folder.join(JOB);
                let (cell, order) = (cells[cell].clone(), self.plans[plan].order);
                let job = CellJob::new(cell, order, self.policy, Arc::clone(kernel), folder);
                job.write(&written)?;
                self.engine.run(&job, self.sink)
            }
        }
    }

    fn prepare(&self, plan: &Plan) -> Result<Prepared, RunError> {
        let kernel = self.engine.prepare(plan, self.sink)?;
        self.same_as_before(plan, &kernel)?;
        let cells = expand::cells(plan, &kernel)?;
        let planned = |id: &CellId| plan.closed_cells().any(|cell| cell.id == *id);
        let found: Vec<_> = cells.iter().map(|cell| cell.id.clone()).filter(|id| !planned(id)).collect();
        if !found.is_empty() {
            self.sink.emit(&Event::CellsFound { cells: found });
        }
        Ok(Prepared { kernel: Arc::new(kernel), cells })
    }

    /// Keeps what the kernel was made from. A run that is taken up goes on with the very same, or its cells could not be
    /// distinguished.
    fn same_as_before(&self, plan: &Plan, ready: &PreparedKernel) -> Result<(), RunError> {
        let key = format!("built {} {}", plan.kernel.name, plan.flavour);
        let built = serde_json::json!({
            "version": ready.source.version.to_string(),
            "tree": ready.source.tree,
            "build": ready.built.id,
        });
        if self.store.resolved(&key).is_some_and(|before| before != built) {
            return Err(RunError::Changed {
                kernel: plan.kernel.name.clone(),
                run: self.store.id().to_owned(),
            });
        }
        self.store.resolve(&key, built);
        Ok(())
    }

    /// Takes in how a task ended.
    fn note(&self, state: &mut State, task: Task, ended: Result<Option<Verdict>, RunError>) {
        match (task, ended) {
            (Task::Prepare { plan }, Ok(_)) => {
                if let Some(Prepared { kernel, cells }) = self.prepared[plan].get() {
                    let needs: Vec<_> =
                        cells.iter().map(|cell| self.engine.resources(kernel, cell)).collect();
                    let times =
                        cells.iter().zip(&needs).map(|(cell, needs)| (cell.id.clone(), needs.seconds));
                    self.sink.emit(&Event::CellsExpected { cells: times.collect() });
                    state.schedule.ready(plan, needs);
                }
            }
            (Task::Cell { .. }, Ok(verdict)) => {
                state.worst = [state.worst, verdict].into_iter().flatten().reduce(Verdict::beside);
                if self.policy.fail_fast && verdict > Some(Verdict::Skip) {
                    self.stop_early(state);
                }
            }
            (task, Err(error)) => {
                if !signals::requested() {
                    self.spoil(task, &error);
                    if self.policy.fail_fast {
                        self.stop_early(state);
                    }
                }
                state.error.get_or_insert(error);
            }
        }
    }

    fn stop_early(&self, state: &mut State) {
        state.schedule.stop();
        let text = "--fail-fast: nothing more is started".to_owned();
        self.sink.emit(&Event::Notice { text });
    }

    /// What an error leaves without a verdict of its own: a cell, or all of those of a kernel.
    fn spoil(&self, task: Task, error: &RunError) {
        let verdict = if error.fault() == Fault::Kernel { Verdict::Unbuilt } else { Verdict::Infrastructure };
        let ids: Vec<_> = match task {
            Task::Prepare { plan } => self.plans[plan].closed_cells().map(|cell| cell.id.clone()).collect(),
            Task::Cell { plan, cell } => self.prepared[plan]
                .get()
                .map(|prepared| prepared.cells[cell].id.clone())
                .into_iter()
                .collect(),
        };
        let reason = fault::one_line(error);
        for cell in ids {
            let reason = reason.clone();
            self.sink.emit(&Event::CellFinished { cell, verdict, reason, seconds: 0.0 });
        }
    }
}

#[cfg(test)]
mod tests;
