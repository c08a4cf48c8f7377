//! A topology as text: one line for lists, a tree for `topology show`.

use std::fmt::Write as _;

use super::model::{Below, Device, HostBridge, Port, Topology, Window};
use super::setting::{Setting, labels};
use crate::bytes::Bytes;

/// `hb0[rp: sw0[mem0 256M pmem, empty], mem2 256M ram, empty] | 4G window → hb0`.
pub fn one_liner(topology: &Topology) -> String {
    if !topology.has_cxl() {
        return format!("no CXL | {}", guest(topology));
    }
    let bridges: Vec<_> = topology.host_bridges.iter().map(bridge_in_line).collect();
    let windows: Vec<_> = topology.windows.iter().map(window).collect();
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
        let _ = writeln!(text, "{}", self::window(window));
    }
    for bridge in &topology.host_bridges {
        bridge_as_tree(bridge, &mut text);
    }
    text
}

pub(super) fn guest(topology: &Topology) -> String {
    let count = |n: u32, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let (cpus, nodes) = (count(topology.cpus, "CPU"), count(topology.nodes, "NUMA node"));
    format!("{cpus}, {} memory, {nodes}", topology.memory)
}

/// The granularity only where there is something to interleave.
pub(super) fn window(window: &Window) -> String {
    let targets = &window.targets;
    let each = if targets.len() > 1 { format!(" by {}", window.granularity) } else { String::new() };
    format!("{} window → {}{each}", window.size, targets.join("+"))
}

fn bridge_in_line(bridge: &HostBridge) -> String {
    format!("{}[rp: {}]", bridge.id, ports_in_line(&bridge.root_ports))
}

fn ports_in_line(ports: &[Port]) -> String {
    let below = ports.iter().map(|port| match &port.below {
        Below::Nothing => "empty".to_owned(),
        Below::Device(device) => self::device(device),
        Below::Switch(switch) => format!("{}[{}]", switch.id, ports_in_line(&switch.downstream)),
    });
    below.collect::<Vec<_>>().join(", ")
}

/// `mem0 256M ram + 512M pmem`.
fn device(device: &Device) -> String {
    let later = if device.present { "" } else { " (later)" };
    format!("{} {}{later}", device.id, memories(device))
}

/// `256M ram + 512M pmem`.
pub(super) fn memories(device: &Device) -> String {
    let kind = |size: Option<Bytes>, word: &str| size.map(|size| format!("{size} {word}"));
    let memories: Vec<_> =
        [kind(device.volatile, "ram"), kind(device.persistent, "pmem")].into_iter().flatten().collect();
    memories.join(" + ")
}

fn bridge_as_tree(bridge: &HostBridge, text: &mut String) {
    let labels = with_labels("", &bridge.settings);
    let _ = writeln!(text, "{} (host bridge, bus {}{labels})", bridge.id, bridge.bus_nr);
    ports_as_tree(&bridge.root_ports, "", text);
}

fn ports_as_tree(ports: &[Port], indent: &str, text: &mut String) {
    for (i, port) in ports.iter().enumerate() {
        let (branch, under) = if i + 1 == ports.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let what = match &port.below {
            Below::Nothing => "empty".to_owned(),
            Below::Device(device) => device_in_tree(device),
            Below::Switch(switch) => format!("{} ({})", switch.id, with_labels("switch", &switch.settings)),
        };
        let _ = writeln!(text, "{indent}{branch}{}{}: {what}", port.slot.name, options(port));
        if let Below::Switch(switch) = &port.below {
            ports_as_tree(&switch.downstream, &format!("{indent}{under}"), text);
        }
    }
}

/// ` [32 GT/s, x8, no hotplug]`, as far as the file sets them.
fn options(port: &Port) -> String {
    let all = labels(&port.settings);
    if all.is_empty() { String::new() } else { format!(" [{}]", all.join(", ")) }
}

/// The text with what is printed of the settings after it: `switch, mailbox CCI`.
pub(super) fn with_labels(text: &str, settings: &[Setting]) -> String {
    [&[text], &labels(settings)[..]].concat().join(", ")
}

fn device_in_tree(device: &Device) -> String {
    format!("{}, serial {:#x}", with_labels(&self::device(device), &device.settings), device.serial)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shipped(name: &str) -> Topology {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies");
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
