//! The guest apart from CXL.

use super::findings::Findings;
use super::table::{CPUS, MEMORY, NODES, NUMA_DISTANCES, NUMA_NODE};
use crate::bytes::Bytes;
use crate::raw::RawTopology;

/// Enough for the kernel, the image and the cases, with two nodes.
const LEAST_MEMORY: Bytes = Bytes::mib(256);

pub(super) fn check(raw: &RawTopology, findings: &mut Findings) {
    node_count(raw, findings);
    cpu_count(raw, findings);
    memory_size(raw, findings);
    bridge_nodes(raw, findings);
    distances(raw, findings);
}

fn node_count(raw: &RawTopology, findings: &mut Findings) {
    let nodes = raw.nodes_or_default();
    if !(1..=8).contains(&nodes) {
        findings.add(&NODES, "nodes", format!("{nodes} NUMA nodes"), "1 to 8 are possible; cxl_test needs 2");
    }
}

fn cpu_count(raw: &RawTopology, findings: &mut Findings) {
    let cpus = raw.cpus_or_default();
    if !(1..=64).contains(&cpus) {
        findings.add(&CPUS, "cpus", format!("{cpus} CPUs"), "1 to 64 are possible");
    }
}

/// Every node gets an equal share in whole pages of 2 MiB.
fn memory_size(raw: &RawTopology, findings: &mut Findings) {
    let (memory, nodes) = (raw.memory_or_default(), raw.nodes_or_default().clamp(1, 8));
    let unit = Bytes::mib(2 * u64::from(nodes));
    if memory < LEAST_MEMORY || !memory.is_multiple_of(unit) {
        let next = super::findings::round_up(memory.max(LEAST_MEMORY), unit);
        findings.add(
            &MEMORY,
            "memory",
            format!("{memory} cannot be spread over {nodes} nodes"),
            format!("a multiple of {unit} from {LEAST_MEMORY} on, e.g. {next}"),
        );
    }
}

/// QEMU: "Illegal numa node".
fn bridge_nodes(raw: &RawTopology, findings: &mut Findings) {
    let nodes = raw.nodes_or_default();
    for (i, bridge) in raw.host_bridges.iter().enumerate() {
        if let Some(node) = bridge.node.filter(|node| *node >= nodes) {
            findings.add(
                &NUMA_NODE,
                format!("host-bridges[{i}].node"),
                format!("there is no NUMA node {node}"),
                format!("the nodes are 0 to {}; `nodes:` sets their number", nodes.saturating_sub(1)),
            );
        }
    }
}

/// QEMU wants each distance by itself, and complains of one that is missing or out of range.
fn distances(raw: &RawTopology, findings: &mut Findings) {
    let Some(rows) = &raw.distances else { return };
    let nodes = raw.nodes_or_default() as usize;
    if rows.len() != nodes || rows.iter().any(|row| row.len() != nodes) {
        let message = format!("no square of {nodes} rows of {nodes}, one a node");
        findings.add(&NUMA_DISTANCES, "distances", message, "for two nodes: `[[10, 20], [20, 10]]`");
        return;
    }
    for (from, row) in rows.iter().enumerate() {
        for (to, distance) in row.iter().enumerate() {
            let (right, hint) = if from == to {
                (*distance == 10, "a node is 10 from itself")
            } else {
                ((11..=254).contains(distance), "11 to 254; 20 is usual")
            };
            if !right {
                let message = format!("{distance} from node {from} to node {to}");
                findings.add(&NUMA_DISTANCES, format!("distances[{from}][{to}]"), message, hint);
            }
        }
    }
}
