//! The guest apart from CXL.

use super::{Bytes, Faults, RawTopology};
use crate::topology::assign::{CPUS, MEMORY, NODES};

/// Enough for the kernel, the image and the cases, with two nodes.
const LEAST_MEMORY: Bytes = Bytes::mib(256);

pub(super) fn check(raw: &RawTopology, faults: &mut Faults) {
    node_count(raw, faults);
    cpu_count(raw, faults);
    memory_size(raw, faults);
    bridge_nodes(raw, faults);
}

fn node_count(raw: &RawTopology, faults: &mut Faults) {
    let nodes = raw.nodes.unwrap_or(NODES);
    if !(1..=8).contains(&nodes) {
        faults.add("nodes", format!("{nodes} NUMA nodes"), "1 to 8 are possible; cxl_test needs 2");
    }
}

fn cpu_count(raw: &RawTopology, faults: &mut Faults) {
    let cpus = raw.cpus.unwrap_or(CPUS);
    if !(1..=64).contains(&cpus) {
        faults.add("cpus", format!("{cpus} CPUs"), "1 to 64 are possible");
    }
}

/// Every node gets an equal share in whole pages of 2 MiB.
fn memory_size(raw: &RawTopology, faults: &mut Faults) {
    let (memory, nodes) = (raw.memory.unwrap_or(MEMORY), raw.nodes.unwrap_or(NODES).clamp(1, 8));
    let unit = Bytes::mib(2 * u64::from(nodes));
    if memory < LEAST_MEMORY || !memory.is_multiple_of(unit) {
        let next = super::round_up(memory.max(LEAST_MEMORY), unit);
        faults.add(
            "memory",
            format!("{memory} cannot be spread over {nodes} nodes"),
            format!("a multiple of {unit} from {LEAST_MEMORY} on, e.g. {next}"),
        );
    }
}

/// QEMU: "Illegal numa node".
fn bridge_nodes(raw: &RawTopology, faults: &mut Faults) {
    let nodes = raw.nodes.unwrap_or(NODES);
    for (i, bridge) in raw.host_bridges.iter().enumerate() {
        if let Some(node) = bridge.node.filter(|node| *node >= nodes) {
            faults.add(
                format!("host-bridges[{i}].node"),
                format!("there is no NUMA node {node}"),
                format!("the nodes are 0 to {}; `nodes:` sets their number", nodes.saturating_sub(1)),
            );
        }
    }
}
