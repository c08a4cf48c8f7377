//! Starts a guest before its modules are there, see [`HeadStart`](crate::run::head_start::HeadStart).

use fs_err as fs;

use kbuild::Built;
use spec::Userland;
use vm::EarlyGuest;

use crate::run::hardware::Hardware;
use crate::run::head_start::Waiting;
use crate::run::machine::{self, Machine};
use crate::run::schedule::most_urgent;
use crate::run::{Plan, RunContext, RunError, prepare};

/// Starts the guest of the cell that will probably be the first to run, with the kernel and the modules of the last build; none where it
/// cannot be foreseen.
///
/// # Errors
/// It cannot be started. It will be when it is its turn, and fail then.
pub(super) fn start(
    context: &RunContext,
    machine: &Machine,
    plan: &Plan,
    last: &Built,
) -> Result<Option<Waiting>, RunError> {
    let cells: Vec<_> = plan.closed_cells().map(|cell| (machine.resources(cell), cell)).collect();
    let first = most_urgent(cells.iter().map(|(need, _)| need).enumerate());
    let Some((need, cell, boot)) =
        first.and_then(|at| Some((cells[at].0, cells[at].1, cells[at].1.boots.first()?)))
    else {
        return Ok(None);
    };
    let modules = cell.suite.modules;
    let Ok(root) = last.module_root(modules) else { return Ok(None) };
    let fits = need.memory <= machine::limits(None).memory;
    // A larger userland may change with the kernel's own tools.
    if cell.lacks.is_some() || boot.userland != Userland::Busybox || !fits {
        return Ok(None);
    }
    let image = prepare::smallest_image(context, last, (modules, root))?;
    let folder = host::TempFolder::new()?;
    let wait = folder.path().join("wait.cpio");
    fs::write(&wait, guest::wait_archive()?.bytes())?;
    let hardware = Hardware::of(machine.capabilities, cell, boot)?;
    let guest = EarlyGuest::start(&vm::Machine {
        qemu: machine.qemu,
        accel: machine.accel,
        kernel: &last.kernel,
        image: &image.path,
        job: Some(&wait),
        cmdline: &hardware.cmdline,
        machine_args: &hardware.machine_args,
    })?;
    let (cell, last, accel) = (cell.id.clone(), last.clone(), machine.accel);
    Ok(Some(Waiting { guest, cell, last, modules, userland: boot.userland, accel, hardware }))
}
