//! Pictures of a topology: SVG for documents, Mermaid and DOT for other tools, and text for the terminal.

mod dot;
mod layout;
mod mermaid;
mod svg;

use std::fmt::Write as _;

use super::model::{Below, Device, Port, Switch, Topology};
use super::text;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::{svg, svg_with};

/// A part of the picture below a host bridge: what hangs where, for those formats that draw nodes and edges.
enum Node<'a> {
    Switch(&'a Switch),
    Device(&'a Device),
    Empty,
}

/// Calls with each port, the id of what it belongs to, and what hangs below it, from the top.
fn walk<'a>(ports: &'a [Port], above: &'a str, each: &mut dyn FnMut(&'a str, &'a Port, Node<'a>)) {
    for port in ports {
        match &port.below {
            Below::Nothing => each(above, port, Node::Empty),
            Below::Device(device) => each(above, port, Node::Device(device)),
            Below::Switch(switch) => {
                each(above, port, Node::Switch(switch));
                walk(&switch.downstream, &switch.id, each);
            }
        }
    }
}

/// Ids of all host bridges, switches and devices, from the top.
pub fn ids(topology: &Topology) -> Vec<String> {
    let mut ids = Vec::new();
    for bridge in &topology.host_bridges {
        ids.push(bridge.id.clone());
        walk(&bridge.root_ports, &bridge.id, &mut |_, _, below| match below {
            Node::Switch(switch) => ids.push(switch.id.clone()),
            Node::Device(device) => ids.push(device.id.clone()),
            Node::Empty => {}
        });
    }
    ids
}

/// `256M ram`, `512M pmem, later`.
fn memory(device: &Device) -> String {
    let later = if device.present { "" } else { ", later" };
    format!("{}{later}", text::memories(device))
}

/// `rp0`, `rp1 16 GT/s, x4`.
fn port_label(port: &Port) -> String {
    let options = text::options(port);
    let mut label = port.slot.name.clone();
    let _ = write!(label, "{}", options.replace(['[', ']'], ""));
    label
}

/// `4G`, `4G, 2 ways by 8k`.
fn window_label(window: &super::Window) -> String {
    match window.targets.len() {
        1 => window.size.to_string(),
        ways => format!("{}, {ways} ways by {}", window.size, window.granularity),
    }
}

/// `node 1`, and what the guest is for a topology without CXL.
fn guest(topology: &Topology) -> String {
    text::guest(topology)
}

/// For SVG, and labels of Mermaid, which is HTML: no character that a parser would take for its own, nor one that XML
/// does not know.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
