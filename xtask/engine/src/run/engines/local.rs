//! The engine on this machine: kernels are made here, and guests run below a QEMU of this machine.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cxl_topology::Capabilities;
use event::Sink;
use kernlog::Verdict;
use vm::Accel;

use crate::run::engine::Engine;
use crate::run::history::History;
use crate::run::machine::Machine;
use crate::run::schedule::{Limits, Resources};
use crate::run::{
    Cell, CellJob, Options, Plan, PreparedKernel, RunContext, RunError, cell, guest, machine, prepare,
};

/// Cells in guests of this machine.
pub struct LocalEngine<'a> {
    context: RunContext<'a>,
    options: &'a Options,
    capabilities: Capabilities,
    /// For each build, once it is known.
    accelerators: Mutex<BTreeMap<String, Accel>>,
}

impl<'a> LocalEngine<'a> {
    /// With a QEMU of this machine, which is asked what it can do.
    ///
    /// # Errors
    /// QEMU does not report it.
    pub fn new(context: &RunContext<'a>, options: &'a Options) -> Result<Self, RunError> {
        let capabilities = vm::probe(&options.qemu, context.cache.path())?.capabilities();
        Ok(Self { context: *context, options, capabilities, accelerators: Mutex::default() })
    }

    /// What the guests of a kernel find here. The accelerator is chosen once for each build.
    fn machine(&self, kernel: &PreparedKernel, name: (&str, &str), sink: &dyn Sink) -> Machine<'_> {
        let known = || self.accelerators.lock().unwrap_or_else(PoisonError::into_inner);
        let recorded = known().get(&kernel.built.id).copied();
        let accel = recorded.unwrap_or_else(|| {
            let context = RunContext { sink, ..self.context };
            let chosen = guest::accel_of(&guest::accelerator(&context, name, kernel, self.options));
            known().insert(kernel.built.id.clone(), chosen);
            chosen
        });
        Machine {
            qemu: &self.options.qemu,
            capabilities: &self.capabilities,
            accel,
            history: History::new(self.context.cache, accel),
        }
    }
}

impl Engine for LocalEngine<'_> {
    fn limits(&self) -> Limits {
        machine::limits(self.options.policy.jobs)
    }

    fn prepare(&self, plan: &Plan, sink: &dyn Sink) -> Result<PreparedKernel, RunError> {
        let kernel = prepare::prepare(&RunContext { sink, ..self.context }, plan)?;
        self.machine(&kernel, (&plan.kernel.name, &plan.flavour), sink);
        Ok(kernel)
    }

    fn resources(&self, kernel: &PreparedKernel, cell: &Cell) -> Resources {
        let machine = self.machine(kernel, (&cell.id.kernel, &cell.id.flavour), &event::Null);
        Resources { memory: machine::memory(cell), seconds: machine.history.of(&cell.id).expected(cell) }
    }

    fn run(&self, job: &CellJob, sink: &dyn Sink) -> Result<Option<Verdict>, RunError> {
        let machine = self.machine(&job.kernel, (&job.cell.id.kernel, &job.cell.id.flavour), sink);
        cell::run(&RunContext { sink, ..self.context }, &machine, job)
    }
}
