//! Host bridges, switches and their ports.

use super::findings::{FIRST_BUS, Findings};
use super::table::{
    BUS_SPACE, HOST_BRIDGE_COUNT, INTERLEAVE_PORTS, LINK_WIDTH, PASSTHROUGH, PORT_COUNT, SWITCH_LEVELS,
};
use crate::raw::{RawBelow, RawHostBridge, RawPort, RawTopology};

/// QEMU's window of host bridge registers is 1 MiB, 64 KiB each. A 17th starts, but lies outside.
const MOST_BRIDGES: usize = 16;

/// PCI device numbers on a bus: ports have function 0 only.
const MOST_PORTS: usize = 32;

/// Entries of an HDM decoder's target list.
const MOST_TARGETS: usize = 8;

/// PCIe link widths.
const WIDTHS: [u32; 7] = [1, 2, 4, 8, 12, 16, 32];

pub(super) fn check(raw: &RawTopology, findings: &mut Findings) {
    bridge_count(raw, findings);
    root_port_count(raw, findings);
    downstream_port_count(raw, findings);
    no_nested_switch(raw, findings);
    bus_space(raw, findings);
    link_width(raw, findings);
    passthrough(raw, findings);
}

fn link_width(raw: &RawTopology, findings: &mut Findings) {
    for at in raw.ports() {
        if let Some(width) = at.part.width.filter(|width| !WIDTHS.contains(width)) {
            let message = format!("a link of {width} lanes");
            findings.add(&LINK_WIDTH, format!("{}.width", at.field), message, "1, 2, 4, 8, 12, 16 or 32");
        }
    }
}

fn passthrough(raw: &RawTopology, findings: &mut Findings) {
    for (i, bridge) in raw.host_bridges.iter().enumerate() {
        let ports = bridge.root_ports.len();
        if bridge.hdm_for_passthrough && ports > 1 {
            let message = format!("{} has {ports} root ports, and so decoders anyway", bridge.id);
            let field = format!("host-bridges[{i}].hdm-for-passthrough");
            findings.add(&PASSTHROUGH, field, message, "leave it out");
        }
    }
}

fn bridge_count(raw: &RawTopology, findings: &mut Findings) {
    let count = raw.host_bridges.len();
    if count > MOST_BRIDGES {
        findings.add(
            &HOST_BRIDGE_COUNT,
            "host-bridges",
            format!("{count} host bridges"),
            format!("QEMU has register space for {MOST_BRIDGES}"),
        );
    }
}

/// Without a root port Linux's `cxl_port` does not bind to the bridge (6.12: `devm_cxl_port_enumerate_dports()`).
fn root_port_count(raw: &RawTopology, findings: &mut Findings) {
    for (i, bridge) in raw.host_bridges.iter().enumerate() {
        port_count(format!("host-bridges[{i}].root-ports"), &bridge.root_ports, findings);
    }
}

fn downstream_port_count(raw: &RawTopology, findings: &mut Findings) {
    for at in raw.switches() {
        port_count(format!("{}.downstream", at.field), &at.part.downstream, findings);
    }
}

fn port_count(field: String, ports: &[RawPort], findings: &mut Findings) {
    let count = ports.len();
    let with_memory = ports.iter().filter(|port| port.below != RawBelow::Empty).count();
    if with_memory > MOST_TARGETS {
        let message = format!("memory behind {with_memory} ports");
        let hint = format!("a region takes memory from {MOST_TARGETS} of them at most");
        findings.add(&INTERLEAVE_PORTS, &field, message, hint);
    }
    if !(1..=MOST_PORTS).contains(&count) {
        findings.add(
            &PORT_COUNT,
            field,
            format!("{count} ports"),
            format!("1 to {MOST_PORTS} are possible; `- empty` is a port with nothing behind it"),
        );
    }
}

/// QEMU starts with a switch below a switch, but routes no memory through the second.
fn no_nested_switch(raw: &RawTopology, findings: &mut Findings) {
    for at in raw.switches() {
        for (i, port) in at.part.downstream.iter().enumerate() {
            if let RawBelow::Switch(nested) = &port.below {
                findings.add(
                    &SWITCH_LEVELS,
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
pub(crate) fn buses_needed(bridge: &RawHostBridge) -> u32 {
    fn behind(port: &RawPort) -> u32 {
        match &port.below {
            RawBelow::Empty | RawBelow::Device(_) => 1,
            RawBelow::Switch(switch) => switch.downstream.iter().map(behind).fold(2, u32::saturating_add),
        }
    }
    bridge.root_ports.iter().map(behind).fold(1, u32::saturating_add)
}

/// QEMU does not check that the buses of one host bridge end before the next begins, nor that 255 suffice.
fn bus_space(raw: &RawTopology, findings: &mut Findings) {
    let needed = raw.host_bridges.iter().map(buses_needed).fold(0, u32::saturating_add);
    let there = 256 - FIRST_BUS;
    if needed > there {
        findings.add(
            &BUS_SPACE,
            "host-bridges",
            format!("the ports need {needed} PCI buses, there are {there}"),
            "a port takes one bus, a switch one more: use fewer",
        );
    }
}
