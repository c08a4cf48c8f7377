//! The engine on this machine: kernels are made here, and guests run below a QEMU of this machine.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cxl_topology::Capabilities;
use event::{Event, Sink};
use host::confine::{self, Policy, Strength};
use kbuild::{Built, Outlook};
use kernlog::Verdict;
use vm::Accel;

use super::early;
use crate::run::engine::Engine;
use crate::run::head_start::HeadStart;
use crate::run::history::History;
use crate::run::machine::Machine;
use crate::run::schedule::{Limits, Resources};
use crate::run::{
    Cell, CellJob, Options, Plan, PreparedKernel, RunContext, RunError, accel, cell, guest, machine, prepare,
};

/// Cells in guests of this machine.
pub struct LocalEngine<'a> {
    context: RunContext<'a>,
    options: &'a Options,
    capabilities: Capabilities,
    /// For each build, once it is known.
    accelerators: Mutex<BTreeMap<String, Accel>>,
    head_start: HeadStart,
}

impl<'a> LocalEngine<'a> {
    /// With a QEMU of this machine, which is asked what it can do.
    ///
    /// # Errors
    /// QEMU does not report it.
    pub fn new(context: &RunContext<'a>, options: &'a Options) -> Result<Self, RunError> {
        context.sink.emit(&box_of_this_machine());
        host::collect_left_behind();
        let capabilities = vm::probe(&options.qemu, context.cache.path())?.capabilities();
        Ok(Self {
            context: *context,
            options,
            capabilities,
            accelerators: Mutex::default(),
            head_start: HeadStart::default(),
        })
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
        self.machine_with(accel)
    }

    fn machine_with(&self, accel: Accel) -> Machine<'_> {
        Machine {
            qemu: &self.options.qemu,
            capabilities: &self.capabilities,
            accel,
            history: History::new(self.context.cache, accel),
            head_start: &self.head_start,
        }
    }

    /// Starts the first guest before its modules are there, where the accelerator is known.
    fn start_early(&self, context: &RunContext, plan: &Plan, last: &Built) {
        let (wanted, qemu) = (self.options.accel, &self.options.qemu);
        let Some(choice) = accel::known(wanted, qemu, &last.kernel, context.cache) else { return };
        match early::start(context, &self.machine_with(guest::accel_of(&choice)), plan, last) {
            Ok(Some(waiting)) => self.head_start.put(waiting),
            Ok(None) => {}
            // It is started again when it is its turn, and what is wrong is reported then.
            Err(error) => context.sink.emit(&Event::Remark { text: fault::one_line(&error) }),
        }
    }
}

/// In the record of each run; shown where the box is less than it could be.
fn box_of_this_machine() -> Event {
    match (confine::policy(), Strength::here()) {
        (Policy::Off, _) => {
            let text = "--box off: what a tree's Makefiles and an emulator do, they do as you".to_owned();
            Event::Notice { text }
        }
        (_, strength @ Strength::None { .. }) => Event::Notice { text: format!("the box: {strength}") },
        (_, strength) => Event::Remark { text: format!("the box: {strength}") },
    }
}

impl Engine for LocalEngine<'_> {
    fn limits(&self) -> Limits {
        machine::limits(self.options.policy.jobs)
    }

    fn prepare(&self, plan: &Plan, sink: &dyn Sink) -> Result<PreparedKernel, RunError> {
        let context = RunContext { sink, ..self.context };
        // Most edits leave the kernel of the build before as it is. The guest dies with the thread that starts it, so it is this one.
        let foreseen = prepare::last_build(&context, plan);
        if let Some(last) = &foreseen {
            self.start_early(&context, plan, last);
        }
        let kernel = prepare::prepare(&context, plan, &|outlook| match outlook {
            Outlook::Same(last) if foreseen.as_ref().is_some_and(|seen| seen.id == last.id) => {}
            Outlook::Same(last) => self.start_early(&context, plan, last),
            Outlook::MadeAnew => self.head_start.end(),
        });
        let kernel = kernel.inspect_err(|_| self.head_start.end())?;
        self.machine(&kernel, (&plan.kernel.name, &plan.flavour), sink);
        Ok(kernel)
    }

    fn resources(&self, kernel: &PreparedKernel, cell: &Cell) -> Resources {
        let machine = self.machine(kernel, (&cell.id.kernel, &cell.id.flavour), &event::Null);
        machine.resources(cell)
    }

    fn run(&self, job: &CellJob, sink: &dyn Sink) -> Result<Option<Verdict>, RunError> {
        let machine = self.machine(&job.kernel, (&job.cell.id.kernel, &job.cell.id.flavour), sink);
        let verdict = cell::run(&RunContext { sink, ..self.context }, &machine, job);
        self.head_start.end_of(&job.cell.id);
        verdict
    }
}
