//! A topology as text: one line for lists, a tree for `topology show`.

use std::fmt::Write as _;

use super::model::{Below, Device, HostBridge, RootPort, Switch, Topology, Window};
use crate::spec::bytes::Bytes;

/// `hb0[rp: sw0[mem0 256M pmem, empty], mem2 256M ram, empty] | 4G window → hb0`.
pub fn one_liner(topology: &Topology) -> String {
    if !topology.has_cxl() {
        return format!("no CXL | {}", guest(topology));
    }
    let bridges: Vec<_> = topology.host_bridges.iter().map(bridge_in_line).collect();
    let windows: Vec<_> = topology.windows.iter().map(|window| self::window(window, topology)).collect();
    let mut line = bridges.join(", ");
    if !windows.is_empty() {
        line += &format!(" | {}", windows.join(", "));
    }
    line
}

/// The tree, a line a part, each ended by a newline.
pub fn tree(topology: &Topology) -> String {
    let mut text = format!("{}: {}\n{}\n", topology.name, topology.summary, guest(topology));
    for window in &topology.windows {
        let _ = writeln!(text, "{}", self::window(window, topology));
    }
    for bridge in &topology.host_bridges {
        bridge_as_tree(bridge, &mut text);
    }
    text
}

fn guest(topology: &Topology) -> String {
    let count = |n: u32, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let (cpus, nodes) = (count(topology.cpus, "CPU"), count(topology.nodes, "NUMA node"));
    format!("{cpus}, {} memory, {nodes}", topology.memory)
}

/// The granularity only where there is something to interleave.
fn window(window: &Window, topology: &Topology) -> String {
    let targets: Vec<_> = window.targets.iter().map(|i| topology.host_bridges[*i].id.as_str()).collect();
    let each = if targets.len() > 1 { format!(" by {}", window.granularity) } else { String::new() };
    format!("{} window → {}{each}", window.size, targets.join("+"))
}

fn bridge_in_line(bridge: &HostBridge) -> String {
    let below: Vec<_> = bridge
        .root_ports
        .iter()
        .map(|port| match &port.below {
            Below::Nothing => "empty".to_owned(),
            Below::Device(device) => self::device(device),
            Below::Switch(switch) => switch_in_line(switch),
        })
        .collect();
    format!("{}[rp: {}]", bridge.id, below.join(", "))
}

fn switch_in_line(switch: &Switch) -> String {
    let below = switch.downstream.iter().map(|port| port.device.as_ref().map_or("empty".to_owned(), device));
    format!("{}[{}]", switch.id, below.collect::<Vec<_>>().join(", "))
}

/// `mem0 256M ram + 512M pmem`.
fn device(device: &Device) -> String {
    let kind = |size: Option<Bytes>, word: &str| size.map(|size| format!("{size} {word}"));
    let memories: Vec<_> =
        [kind(device.volatile, "ram"), kind(device.persistent, "pmem")].into_iter().flatten().collect();
    format!("{} {}", device.id, memories.join(" + "))
}

fn bridge_as_tree(bridge: &HostBridge, text: &mut String) {
    let node = bridge.node.map(|node| format!(", node {node}")).unwrap_or_default();
    let _ = writeln!(text, "{} (host bridge, bus {}{node})", bridge.id, bridge.bus_nr);
    let last = bridge.root_ports.len() - 1;
    for (i, RootPort { slot, below }) in bridge.root_ports.iter().enumerate() {
        let (branch, under) = branch(i == last);
        let what = match below {
            Below::Nothing => "empty".to_owned(),
            Below::Device(device) => device_in_tree(device),
            Below::Switch(switch) => format!("{} (switch)", switch.id),
        };
        let _ = writeln!(text, "{branch}{}: {what}", slot.name);
        if let Below::Switch(switch) = below {
            switch_as_tree(switch, under, text);
        }
    }
}

fn switch_as_tree(switch: &Switch, indent: &str, text: &mut String) {
    let last = switch.downstream.len() - 1;
    for (i, port) in switch.downstream.iter().enumerate() {
        let (branch, _) = branch(i == last);
        let what = port.device.as_ref().map_or("empty".to_owned(), device_in_tree);
        let _ = writeln!(text, "{indent}{branch}{}: {what}", port.slot.name);
    }
}

fn device_in_tree(device: &Device) -> String {
    let lsa = device.lsa.map(|lsa| format!(", {lsa} lsa")).unwrap_or_default();
    format!("{}{lsa}, serial {:#x}", self::device(device), device.serial)
}

fn branch(last: bool) -> (&'static str, &'static str) {
    if last { ("└─ ", "   ") } else { ("├─ ", "│  ") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shipped(name: &str) -> Topology {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies");
        Topology::load(&dir, name).expect("a sound file")
    }

    #[test]
    fn one_line_each() {
        insta::assert_snapshot!(one_liner(&shipped("none")), @"no CXL | 2 CPUs, 1G memory, 2 NUMA nodes");
        insta::assert_snapshot!(one_liner(&shipped("direct")), @"hb0[rp: mem0 256M pmem] | 4G window → hb0");
        insta::assert_snapshot!(one_liner(&shipped("switch")), @"hb0[rp: sw0[mem0 256M pmem, mem1 256M pmem, mem2 512M pmem, empty]] | 4G window → hb0");
        insta::assert_snapshot!(one_liner(&shipped("mixed")), @"hb0[rp: sw0[mem0 256M ram, mem1 256M pmem, empty], mem2 256M ram, empty] | 4G window → hb0");
        insta::assert_snapshot!(one_liner(&shipped("two-bridges")), @"hb0[rp: mem0 256M pmem], hb1[rp: mem1 256M pmem] | 4G window → hb0+hb1 by 8k, 2G window → hb0, 1G window → hb1");
    }

    #[test]
    fn trees() {
        insta::assert_snapshot!(tree(&shipped("none")), @"
        none: two NUMA nodes and no CXL, for cxl_test
        2 CPUs, 1G memory, 2 NUMA nodes
        ");
        insta::assert_snapshot!(tree(&shipped("mixed")), @"
        mixed: one host bridge; a switch on one root port, a device on the other, an empty slot
        2 CPUs, 1G memory, 2 NUMA nodes
        4G window → hb0
        hb0 (host bridge, bus 12)
        ├─ rp0: sw0 (switch)
        │  ├─ dp0: mem0 256M ram, serial 0x4301c4a2e313bcca
        │  ├─ dp1: mem1 256M pmem, 1M lsa, serial 0x4301c5a2e313be7d
        │  └─ dp2: empty
        ├─ rp1: mem2 256M ram, serial 0x4301c2a2e313b964
        └─ rp2: empty
        ");
        insta::assert_snapshot!(tree(&shipped("two-bridges")), @"
        two-bridges: two host bridges on two NUMA nodes, a window interleaved over both, one window for each
        2 CPUs, 1G memory, 2 NUMA nodes
        4G window → hb0+hb1 by 8k
        2G window → hb0
        1G window → hb1
        hb0 (host bridge, bus 12, node 0)
        └─ rp0: mem0 256M pmem, 1M lsa, serial 0x4301c4a2e313bcca
        hb1 (host bridge, bus 14, node 1)
        └─ rp0: mem1 256M pmem, 1M lsa, serial 0x4301c5a2e313be7d
        ");
    }
}
