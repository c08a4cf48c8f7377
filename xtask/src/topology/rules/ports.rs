//! Host bridges, switches and their ports.

use super::{FIRST_BUS, Faults, RawTopology, switches};
use crate::spec::topology::{RawHostBridge, RawSlot};

/// QEMU's window of host bridge registers is 1 MiB, 64 KiB each. A 17th starts, but lies outside.
const MOST_BRIDGES: usize = 16;

/// PCI device numbers on a bus: ports have function 0 only.
const MOST_PORTS: usize = 32;

pub(super) fn check(raw: &RawTopology, faults: &mut Faults) {
    bridge_count(raw, faults);
    root_port_count(raw, faults);
    downstream_port_count(raw, faults);
    no_nested_switch(raw, faults);
    bus_space(raw, faults);
}

fn bridge_count(raw: &RawTopology, faults: &mut Faults) {
    let count = raw.host_bridges.len();
    if count > MOST_BRIDGES {
        faults.add(
            "host-bridges",
            format!("{count} host bridges"),
            format!("QEMU has register space for {MOST_BRIDGES}"),
        );
    }
}

/// Without a root port Linux's `cxl_port` does not bind to the bridge (6.12: `devm_cxl_port_enumerate_dports()`).
fn root_port_count(raw: &RawTopology, faults: &mut Faults) {
    for (i, bridge) in raw.host_bridges.iter().enumerate() {
        port_count(format!("host-bridges[{i}].root-ports"), bridge.root_ports.len(), faults);
    }
}

fn downstream_port_count(raw: &RawTopology, faults: &mut Faults) {
    for at in switches(raw) {
        port_count(format!("{}.downstream", at.field), at.part.downstream.len(), faults);
    }
}

fn port_count(field: String, count: usize, faults: &mut Faults) {
    if !(1..=MOST_PORTS).contains(&count) {
        faults.add(
            field,
            format!("{count} ports"),
            format!("1 to {MOST_PORTS} are possible; `- empty` is a port with nothing behind it"),
        );
    }
}

/// QEMU starts with a switch below a switch, but routes no memory through the second.
fn no_nested_switch(raw: &RawTopology, faults: &mut Faults) {
    for at in switches(raw) {
        for (i, slot) in at.part.downstream.iter().enumerate() {
            if let RawSlot::Switch(nested) = slot {
                faults.add(
                    format!("{}.downstream[{i}].switch", at.field),
                    format!("the switch {} hangs below the switch {}", nested.id, at.part.id),
                    "QEMU routes memory through one level of switches: hang it below a root port",
                );
            }
        }
    }
}

/// PCI buses that a host bridge needs: its own; one behind each root port; one more inside a switch and one behind
/// each of its downstream ports.
pub(in crate::topology) fn buses_needed(bridge: &RawHostBridge) -> u32 {
    let behind = |slot: &RawSlot| match slot {
        RawSlot::Empty | RawSlot::Device(_) => 1,
        RawSlot::Switch(switch) => 2 + u32::try_from(switch.downstream.len()).unwrap_or(u32::MAX / 256),
    };
    bridge.root_ports.iter().map(behind).fold(1, u32::saturating_add)
}

/// QEMU does not check that the buses of one host bridge end before the next begins, nor that 255 suffice.
fn bus_space(raw: &RawTopology, faults: &mut Faults) {
    let needed = raw.host_bridges.iter().map(buses_needed).fold(0, u32::saturating_add);
    let there = 256 - FIRST_BUS;
    if needed > there {
        faults.add(
            "host-bridges",
            format!("the ports need {needed} PCI buses, there are {there}"),
            "a port takes one bus, a switch one more: use fewer",
        );
    }
}
