//! Pictures of a topology: SVG for documents, Mermaid and DOT for other tools, and text for the terminal.

mod dot;
mod layout;
mod mermaid;
mod svg;

use super::model::{Below, Device, Port, Topology};
use super::setting::labels;
use super::text;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::{svg, svg_with};

/// Ids of all host bridges, switches and devices, from the top.
pub fn ids(topology: &Topology) -> Vec<String> {
    let mut ids = Vec::new();
    for bridge in &topology.host_bridges {
        ids.push(bridge.id.clone());
        ids.extend(bridge.ports().into_iter().filter_map(|at| match &at.port.below {
            Below::Switch(switch) => Some(switch.id.clone()),
            Below::Device(device) => Some(device.id.clone()),
            Below::Nothing => None,
        }));
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
    format!("{} {}", port.slot.name, labels(&port.settings).join(", ")).trim_end().to_owned()
}

/// `4G`, `4G, 2 ways by 8k`.
fn window_label(window: &super::Window) -> String {
    match window.targets.len() {
        1 => window.size.to_string(),
        ways => format!("{}, {ways} ways by {}", window.size, window.granularity),
    }
}

/// `2 CPUs, 1G memory, 2 NUMA nodes`.
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
