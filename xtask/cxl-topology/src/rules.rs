//! What a topology must obey, one small function a rule.
//!
//! Most of it is what QEMU accepts and then does not work: the facts were tried on QEMU 7.2.22, 10.0.2 and 11.1.3, or
//! read in its source (`hw/cxl/`, `hw/pci-bridge/`, `hw/mem/cxl_type3.c`) and in Linux 6.12 and 7.3 (`drivers/cxl/`).
//! `docs/topology-rules.md` has what each QEMU did with each rule broken.

mod cdat;
mod devices;
mod finding;
mod guest;
mod ids;
mod ports;
mod table;
mod windows;

use crate::bytes::Bytes;
use crate::raw::{RawBelow, RawDevice, RawHostBridge, RawPort, RawSwitch, RawTopology};

pub(super) use cdat::check_files;
pub(super) use devices::serial_of;
pub use finding::{Finding, Rule, Severity};
pub(super) use ports::buses_needed;
pub(super) use table::QEMU_FEATURE;
pub use table::{RULES, rule};

/// Sizes of windows and memories are multiples of this: the unit of CXL's capacity fields.
pub(super) const CAPACITY_UNIT: Bytes = Bytes::mib(256);

/// First root bus of a host bridge. The ones before are for what hangs below `pcie.0`.
pub(super) const FIRST_BUS: u32 = 12;

/// Where rules leave what they find.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        rule: &'static Rule,
        field: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.0.push(Finding::new(rule, field, message, hint));
    }
}

/// All rules that this file breaks, in the order of the rules.
pub(super) fn check(raw: &RawTopology) -> Vec<Finding> {
    let mut findings = Findings::default();
    guest::check(raw, &mut findings);
    ids::check(raw, &mut findings);
    ports::check(raw, &mut findings);
    devices::check(raw, &mut findings);
    windows::check(raw, &mut findings);
    findings.0
}

/// A part of the file with the path of its field.
struct At<'a, T> {
    field: String,
    part: &'a T,
}

fn walk<'a>(ports: &'a [RawPort], field: &str, found: &mut Vec<At<'a, RawPort>>) {
    for (i, port) in ports.iter().enumerate() {
        let field = format!("{field}[{i}]");
        found.push(At { field: field.clone(), part: port });
        if let RawBelow::Switch(switch) = &port.below {
            walk(&switch.downstream, &format!("{field}.switch.downstream"), found);
        }
    }
}

/// All ports, root ports and downstream ports alike.
fn ports(raw: &RawTopology) -> Vec<At<'_, RawPort>> {
    let mut found = Vec::new();
    for (i, bridge) in raw.host_bridges.iter().enumerate() {
        walk(&bridge.root_ports, &format!("host-bridges[{i}].root-ports"), &mut found);
    }
    found
}

fn devices<'a>(raw: &'a RawTopology) -> Vec<At<'a, RawDevice>> {
    let device = |at: At<'a, RawPort>| match &at.part.below {
        RawBelow::Device(part) => Some(At { field: format!("{}.device", at.field), part }),
        RawBelow::Empty | RawBelow::Switch(_) => None,
    };
    ports(raw).into_iter().filter_map(device).collect()
}

fn devices_below<'a>(bridge: &'a RawHostBridge) -> Vec<&'a RawDevice> {
    let mut found = Vec::new();
    walk(&bridge.root_ports, "", &mut found);
    let device = |at: At<'a, RawPort>| match &at.part.below {
        RawBelow::Device(device) => Some(device),
        RawBelow::Empty | RawBelow::Switch(_) => None,
    };
    found.into_iter().filter_map(device).collect()
}

fn switches<'a>(raw: &'a RawTopology) -> Vec<At<'a, RawSwitch>> {
    let switch = |at: At<'a, RawPort>| match &at.part.below {
        RawBelow::Switch(part) => Some(At { field: format!("{}.switch", at.field), part }),
        RawBelow::Empty | RawBelow::Device(_) => None,
    };
    ports(raw).into_iter().filter_map(switch).collect()
}

/// Rounds up to the next multiple, for hints; never 0.
fn round_up(size: Bytes, unit: Bytes) -> Bytes {
    Bytes(size.0.max(1).checked_next_multiple_of(unit.0).unwrap_or(unit.0))
}

#[cfg(test)]
mod tests;
