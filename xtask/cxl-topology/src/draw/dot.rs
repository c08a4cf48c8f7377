//! DOT, for graphviz.

use std::fmt::Write as _;

use super::{memory, port_label, window_label};
use crate::model::{Below, Topology};
use crate::text::with_labels;

/// A directed graph from the windows down to the devices.
pub fn dot(topology: &Topology) -> String {
    let mut text = format!("digraph {} {{\n", quote(&topology.name));
    text.push_str("  graph [rankdir=TB, fontname=\"sans-serif\", labelloc=t, ");
    let _ = writeln!(text, "label={}];", quote(&topology.summary));
    text.push_str(
        "  node [fontname=\"sans-serif\", shape=box, style=\"rounded,filled\", fillcolor=white];\n",
    );
    text.push_str("  edge [fontname=\"sans-serif\", fontsize=10, arrowhead=none];\n");
    if !topology.has_cxl() {
        let _ = writeln!(text, "  guest [label={}];", quote(&super::guest(topology)));
    }
    for (n, window) in topology.windows.iter().enumerate() {
        let label = quote(&window_label(window));
        let _ = writeln!(text, "  window{n} [label={label}, shape=parallelogram, fillcolor=\"#e6f4ea\"];");
        for (position, target) in window.targets.iter().enumerate() {
            let label = if window.targets.len() > 1 { format!("label={position}, ") } else { String::new() };
            let _ = writeln!(text, "  window{n} -> {} [{label}arrowhead=normal];", quote(target));
        }
    }
    for bridge in &topology.host_bridges {
        let label = quote(&format!("{}\n{}", bridge.id, with_labels("host bridge", &bridge.settings)));
        let _ = writeln!(text, "  {} [label={label}, fillcolor=\"#e8ecf4\"];", quote(&bridge.id));
        for at in bridge.ports() {
            let (above, port) = (at.above(), at.port);
            let (id, label, style) = match &port.below {
                Below::Nothing => (&port.slot.id, "empty".to_owned(), "style=\"rounded,dashed\""),
                Below::Device(device) => {
                    let style = if device.present { "fillcolor=white" } else { "style=\"rounded,dashed\"" };
                    (&device.id, format!("{}\n{}", device.id, memory(device)), style)
                }
                Below::Switch(switch) => {
                    (&switch.id, format!("{}\nswitch", switch.id), "shape=hexagon, fillcolor=\"#e8ecf4\"")
                }
            };
            let (id, label) = (quote(id), quote(&label));
            let _ = writeln!(text, "  {id} [label={label}, {style}];");
            let _ = writeln!(text, "  {} -> {id} [label={}];", quote(above), quote(&port_label(port)));
        }
    }
    text + "}\n"
}

/// A quoted string; line breaks become DOT's own.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push('\u{fffd}'),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
