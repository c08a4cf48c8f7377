//! What a topology must obey, one small function a rule.
//!
//! Most of it is what QEMU accepts and then does not work: the facts were tried on QEMU 7.2.22, 10.0.2 and 11.1.3, or
//! read in its source (`hw/cxl/`, `hw/pci-bridge/`, `hw/mem/cxl_type3.c`) and in Linux 6.12 and 7.3 (`drivers/cxl/`).

mod devices;
mod guest;
mod ids;
mod ports;
mod windows;

use std::fmt;

use crate::spec::bytes::Bytes;
use crate::spec::topology::{RawDevice, RawSlot, RawSwitch, RawTopology};

pub(super) use devices::serial_of;
pub(super) use ports::buses_needed;

/// Sizes of windows and memories are multiples of this: the unit of CXL's capacity fields.
pub(super) const CAPACITY_UNIT: Bytes = Bytes::mib(256);

/// First root bus of a host bridge. The ones before are for what hangs below `pcie.0`.
pub(super) const FIRST_BUS: u32 = 12;

/// A rule broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path of the field: `host-bridges[0].root-ports[1].device.persistent`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n  hint: {}", self.hint) }
    }
}

/// Where rules leave what they find.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) {
        self.0.push(Fault { field: field.into(), message: message.into(), hint: hint.into() });
    }
}

/// All rules that this file breaks, in the order of the rules.
pub(super) fn check(raw: &RawTopology) -> Vec<Fault> {
    let mut faults = Faults::default();
    guest::check(raw, &mut faults);
    ids::check(raw, &mut faults);
    ports::check(raw, &mut faults);
    devices::check(raw, &mut faults);
    windows::check(raw, &mut faults);
    faults.0
}

/// A part of the file with the path of its field.
struct At<'a, T> {
    field: String,
    part: &'a T,
}

/// All ports' lists, root ports and downstream ports alike.
fn slots(raw: &RawTopology) -> Vec<At<'_, RawSlot>> {
    fn walk<'a>(slots: &'a [RawSlot], field: &str, found: &mut Vec<At<'a, RawSlot>>) {
        for (i, slot) in slots.iter().enumerate() {
            let field = format!("{field}[{i}]");
            found.push(At { field: field.clone(), part: slot });
            if let RawSlot::Switch(switch) = slot {
                walk(&switch.downstream, &format!("{field}.switch.downstream"), found);
            }
        }
    }
    let mut found = Vec::new();
    for (i, bridge) in raw.host_bridges.iter().enumerate() {
        walk(&bridge.root_ports, &format!("host-bridges[{i}].root-ports"), &mut found);
    }
    found
}

fn devices<'a>(raw: &'a RawTopology) -> Vec<At<'a, RawDevice>> {
    let device = |at: At<'a, RawSlot>| match at.part {
        RawSlot::Device(part) => Some(At { field: format!("{}.device", at.field), part }),
        RawSlot::Empty | RawSlot::Switch(_) => None,
    };
    slots(raw).into_iter().filter_map(device).collect()
}

fn switches<'a>(raw: &'a RawTopology) -> Vec<At<'a, RawSwitch>> {
    let switch = |at: At<'a, RawSlot>| match at.part {
        RawSlot::Switch(part) => Some(At { field: format!("{}.switch", at.field), part }),
        RawSlot::Empty | RawSlot::Device(_) => None,
    };
    slots(raw).into_iter().filter_map(switch).collect()
}

/// Rounds up to the next multiple, for hints; never 0.
fn round_up(size: Bytes, unit: Bytes) -> Bytes {
    Bytes(size.0.max(1).checked_next_multiple_of(unit.0).unwrap_or(unit.0))
}

#[cfg(test)]
mod tests;
