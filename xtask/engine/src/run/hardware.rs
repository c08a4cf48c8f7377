//! What a boot of a cell has of a machine, before anything is known of its files.

use cxl_topology::Capabilities;
use cxl_topology::qemu::Backing;

use super::{Boot, Cell, RunError};

/// Keeps an instrumented kernel from five-level paging, which QEMU's `max` has. For a moment of the boot `identify_cpu()`
/// (`arch/x86/kernel/cpu/common.c`, 6.12) has cleared the processor's features, this one included: in an interrupt that comes
/// then, KASAN takes per-cpu memory for a wild access.
const FOUR_LEVELS: &str = "no5lvl";

/// The machine of a boot, and the words that it has for its kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hardware {
    pub(super) machine_args: Vec<String>,
    pub(super) cmdline: Vec<String>,
}

impl Hardware {
    /// # Errors
    /// The QEMU cannot be this topology.
    pub(super) fn of(capabilities: &Capabilities, cell: &Cell, boot: &Boot) -> Result<Self, RunError> {
        let machine_args = cxl_topology::qemu::machine_args(&cell.topology, capabilities, &Backing::Ram)?;
        let mut cmdline = cxl_topology::qemu::kernel_args(&cell.topology, capabilities);
        if instrumented(cell) {
            cmdline.push(FOUR_LEVELS.to_owned());
        }
        cmdline.extend(cell.variant.cmdline.iter().cloned());
        cmdline.extend(boot.cmdline.iter().cloned());
        cmdline.extend(cell.settings.cmdline.iter().cloned());
        Ok(Self { machine_args, cmdline })
    }
}

/// Whether the cell's kernel has KASAN, lockdep or their like: whatever waits for it waits longer.
pub(super) fn instrumented(cell: &Cell) -> bool {
    cell.id.flavour != spec::PLAIN
}
