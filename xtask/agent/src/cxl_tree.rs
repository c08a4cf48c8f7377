//! The tree of `/sys/bus/cxl` in the words of [`wire::tree`], and its difference from what was expected.

use wire::tree::{self, Node, Optional};
use wire::{Expect, PciPath};

use crate::cxl_sysfs::{Dport, Memdev, Place, Port, Tree};

/// Both trees, line by line: `-` is missing, `+` was not expected.
pub fn diff(expect: &Expect, tree: &Tree) -> Vec<String> {
    let known = |at: &PciPath| {
        let there = |port: &Port| port.dports.iter().any(|dport| dport.at.at.as_ref() == Some(at));
        if tree.ports.iter().any(there) { Optional::There } else { Optional::Gone }
    };
    tree::diff(&tree::expected(expect, &known), &lines(tree))
}

fn lines(tree: &Tree) -> Vec<String> {
    if tree.roots.is_empty() {
        return Vec::new();
    }
    let windows = tree.windows.iter().map(|window| {
        let number = |value: Option<u64>| value.unwrap_or(0);
        let targets = window.targets.as_deref().unwrap_or("nothing");
        tree::window(number(window.size), number(window.ways), number(window.granularity), targets)
    });
    let mut seen = Seen { tree, ports: Vec::new(), memdevs: Vec::new() };
    let roots: Vec<_> = tree.roots.iter().map(|root| root.name.as_str()).collect();
    let bridges: Vec<_> = tree.ports.iter().filter(|port| roots.contains(&port.parent.as_str())).collect();
    let mut nodes: Vec<_> = bridges.into_iter().map(|port| seen.port(port)).collect();
    // What hangs nowhere is shown at the top.
    for port in tree.ports.iter().chain(&tree.endpoints) {
        if !seen.ports.contains(&port.name) {
            nodes.push(seen.port(port));
        }
    }
    for memdev in &tree.memdevs {
        if !seen.memdevs.contains(&memdev.name) {
            nodes.push(node(&memdev.at, format!("{} without endpoint", describe(memdev))));
        }
    }
    tree::lines(windows.collect(), nodes)
}

/// What was put somewhere.
struct Seen<'a> {
    tree: &'a Tree,
    ports: Vec<String>,
    memdevs: Vec<String>,
}

impl Seen<'_> {
    fn port(&mut self, port: &Port) -> Node {
        self.ports.push(port.name.clone());
        let memdev = self.tree.memdevs.iter().find(|memdev| port.uport.as_ref() == Some(&memdev.path));
        let mut node = if let Some(memdev) = memdev {
            self.memdevs.push(memdev.name.clone());
            node(&memdev.at, format!("endpoint of {}", describe(memdev)))
        } else {
            node(&port.at, format!("port {}", shown(&port.at)))
        };
        if port.driver.as_deref() != Some("cxl_port") {
            node.text += &format!(", {} unbound", port.name);
        }
        for dport in &port.dports {
            let below = self.dport(port, dport);
            node.below.push(below);
        }
        node
    }

    fn dport(&mut self, port: &Port, dport: &Dport) -> Node {
        let mut node = node(&dport.at, tree::dport(dport.number, &shown(&dport.at)));
        let tree = self.tree;
        for below in tree.ports.iter().chain(&tree.endpoints) {
            if below.parent == port.name
                && below.parent_dport == dport.at
                && !self.ports.contains(&below.name)
            {
                node.below.push(self.port(below));
            }
        }
        node
    }
}

fn describe(memdev: &Memdev) -> String {
    let sizes = [memdev.ram, memdev.pmem, memdev.lsa].map(|size| size.unwrap_or(0));
    let mut text = tree::memdev(memdev.serial.unwrap_or(0), sizes, memdev.node.unwrap_or(i64::MIN));
    let persistent = memdev.pmem.is_some_and(|size| size > 0);
    for (driver, bound, wanted) in [
        ("cxl_mem", &memdev.driver, true),
        ("cxl_pci", &memdev.pci_driver, true),
        ("cxl_nvdimm", &memdev.nvdimm_driver, persistent),
    ] {
        if wanted && bound.as_deref() != Some(driver) {
            text += &format!(", not bound to {driver}");
        }
    }
    text
}

fn node(at: &Place, text: String) -> Node {
    let nowhere = PciPath { host_bridge: u32::MAX, devices: Vec::new() };
    Node { at: at.at.clone().unwrap_or(nowhere), text, below: Vec::new() }
}

fn shown(at: &Place) -> String {
    at.at.as_ref().map_or_else(|| at.shown.clone(), tree::place)
}
