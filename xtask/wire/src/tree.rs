//! What `/sys/bus/cxl` shows, as lines of text: the one form in which the host prints what is expected, and the agent
//! compares it with what is there.
//!
//! Kernel names (`port3`, `mem0`) are left out, since the kernel gives them in the order of its own probing: everything
//! is named by its place in the PCI tree, and sorted by it.

use super::{Expect, ExpectMemdev, ExpectPort, PciPath};

/// What becomes of a dport that need not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optional {
    /// It is shown as such.
    Marked,
    /// It is shown like any other.
    There,
    /// It is left out.
    Gone,
}

/// Something of the tree: its line, and what lies below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it is: sorts it among its siblings.
    pub at: PciPath,
    /// The line.
    pub text: String,
    /// What lies below.
    pub below: Vec<Node>,
}

/// `pci12/0.0/1.0`: the host bridge's `_UID`, then PCI device numbers.
pub fn place(at: &PciPath) -> String {
    let devices: String = at.devices.iter().map(|device| format!("/{device}")).collect();
    format!("pci{}{devices}", at.host_bridge)
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        n if n.is_multiple_of(1 << 30) => format!("{}G", n >> 30),
        n if n.is_multiple_of(1 << 20) => format!("{}M", n >> 20),
        n if n.is_multiple_of(1 << 10) => format!("{}k", n >> 10),
        n => n.to_string(),
    }
}

/// The line of a window.
pub fn window(bytes: u64, ways: u64, granularity: u64, targets: &str) -> String {
    format!("window {}: {ways} ways by {granularity} to {targets}", size(bytes))
}

/// The line of a dport.
pub fn dport(number: u32, at: &str) -> String {
    format!("dport {number} at {at}")
}

/// The line of a memdev.
pub fn memdev(serial: u64, sizes: [u64; 3], node: i64) -> String {
    let [ram, pmem, lsa] = sizes.map(size);
    format!("memdev {serial:#x}: ram {ram}, pmem {pmem}, lsa {lsa}, node {node}")
}

/// Lines of the tree below the root, drawn.
pub fn lines(windows: Vec<String>, ports: Vec<Node>) -> Vec<String> {
    let root = PciPath { host_bridge: 0, devices: Vec::new() };
    let windows = windows.into_iter().map(|text| Node { at: root.clone(), text, below: Vec::new() });
    let mut drawn = vec!["root".to_owned()];
    draw(&windows.chain(sorted(ports)).collect::<Vec<_>>(), "", &mut drawn);
    drawn
}

fn sorted(mut nodes: Vec<Node>) -> Vec<Node> {
    nodes.sort_by(|a, b| (&a.at, &a.text).cmp(&(&b.at, &b.text)));
    nodes
}

fn draw(nodes: &[Node], indent: &str, drawn: &mut Vec<String>) {
    for node in nodes {
        drawn.push(format!("{indent}  {}", node.text));
        draw(&sorted(node.below.clone()), &format!("{indent}  "), drawn);
    }
}

/// The tree that is expected; `optional` is asked what becomes of each dport that need not be there.
pub fn expected(expect: &Expect, optional: &dyn Fn(&PciPath) -> Optional) -> Vec<String> {
    if expect.ports.is_empty() {
        return Vec::new();
    }
    let windows = expect.windows.iter().map(|w| {
        let targets: Vec<_> = w.targets.iter().map(ToString::to_string).collect();
        window(w.size, w.targets.len() as u64, w.granularity, &targets.join(","))
    });
    let bridges = expect.ports.iter().filter(|port| port.at.devices.is_empty());
    lines(windows.collect(), bridges.map(|port| port_node(port, expect, optional)).collect())
}

fn port_node(port: &ExpectPort, expect: &Expect, optional: &dyn Fn(&PciPath) -> Optional) -> Node {
    let mut below = Vec::new();
    for dport in &port.dports {
        let mut at = port.at.clone();
        at.devices.push(dport.device);
        let text = self::dport(dport.number, &place(&at));
        let text = match (dport.required, optional(&at)) {
            (true, _) | (false, Optional::There) => text,
            (false, Optional::Marked) => format!("({text})"),
            (false, Optional::Gone) => continue,
        };
        let mut node = Node { at: at.clone(), text, below: Vec::new() };
        at.devices.push(0);
        let switch = expect.ports.iter().find(|other| other.at == at);
        node.below.extend(switch.map(|switch| port_node(switch, expect, optional)));
        let memdev = expect.memdevs.iter().find(|memdev| memdev.at == at);
        node.below.extend(memdev.map(memdev_node));
        below.push(node);
    }
    Node { at: port.at.clone(), text: format!("port {}", place(&port.at)), below }
}

fn memdev_node(memdev: &ExpectMemdev) -> Node {
    let sizes = [memdev.ram, memdev.pmem, memdev.lsa];
    let text = self::memdev(memdev.serial, sizes, i64::from(memdev.node));
    let text = format!("endpoint of {text}");
    Node { at: memdev.at.clone(), text, below: Vec::new() }
}

/// Lines of two trees side by side: ` ` in both, `-` only expected, `+` only there.
pub fn diff(expected: &[String], there: &[String]) -> Vec<String> {
    // The longest common subsequence, from the end.
    let mut longest = vec![vec![0_usize; there.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..there.len()).rev() {
            longest[i][j] = if expected[i] == there[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < expected.len() || j < there.len() {
        if i < expected.len() && j < there.len() && expected[i] == there[j] {
            lines.push(format!("  {}", expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == there.len() || (i < expected.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            lines.push(format!("- {}", expected[i]));
            i += 1;
        } else {
            lines.push(format!("+ {}", there[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_keeps_what_is_in_both() {
        let lines = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        let diff = |a, b| diff(&lines(a), &lines(b)).join("|");
        assert_eq!(diff("abc", "abc"), "  a|  b|  c");
        assert_eq!(diff("abc", "axc"), "  a|- b|+ x|  c");
        assert_eq!(diff("", "ab"), "+ a|+ b");
        assert_eq!(diff("abcd", "bd"), "- a|  b|- c|  d");
    }
}
