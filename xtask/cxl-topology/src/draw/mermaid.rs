//! Mermaid, as GitHub and GitLab show it in a Markdown page.

use std::fmt::Write as _;

use super::{escape, memory, port_label, window_label};
use crate::model::{Below, Topology};
use crate::setting::labels;

/// A flow chart from the windows down to the devices.
pub fn mermaid(topology: &Topology) -> String {
    let mut text = String::from("flowchart TD\n");
    if !topology.has_cxl() {
        let _ = writeln!(text, "  guest[\"{}\"]", escape(&super::guest(topology)));
        return text;
    }
    for (n, window) in topology.windows.iter().enumerate() {
        let _ = writeln!(text, "  window{n}[/\"{}\"/]:::window", escape(&window_label(window)));
        for (position, target) in window.targets.iter().enumerate() {
            let _ = match window.targets.len() {
                1 => writeln!(text, "  window{n} --> {}", id(target)),
                _ => writeln!(text, "  window{n} -->|{position}| {}", id(target)),
            };
        }
    }
    for bridge in &topology.host_bridges {
        let labels = labels(&bridge.settings).into_iter();
        let labels: String = labels.map(|label| format!("<br/>{}", escape(label))).collect();
        let _ = writeln!(
            text,
            "  {}[\"{}<br/>host bridge{labels}\"]:::bridge",
            id(&bridge.id),
            escape(&bridge.id)
        );
        for at in bridge.ports() {
            let (above, port) = (at.above(), at.port);
            let edge = escape(&port_label(port));
            let _ = match &port.below {
                Below::Nothing => {
                    let empty = id(&port.slot.id);
                    writeln!(text, "  {} ---|\"{edge}\"| {empty}([empty]):::empty", id(above))
                }
                Below::Device(device) => writeln!(
                    text,
                    "  {} ---|\"{edge}\"| {}[\"{}<br/>{}\"]:::{}",
                    id(above),
                    id(&device.id),
                    escape(&device.id),
                    escape(&memory(device)),
                    if device.present { "device" } else { "empty" },
                ),
                Below::Switch(switch) => writeln!(
                    text,
                    "  {} ---|\"{edge}\"| {}{{{{\"{}<br/>switch\"}}}}:::bridge",
                    id(above),
                    id(&switch.id),
                    escape(&switch.id)
                ),
            };
        }
    }
    text.push_str(
        "  classDef window fill:#e6f4ea,stroke:#34804f\n  classDef bridge fill:#e8ecf4,stroke:#4a5a78\n  \
         classDef device fill:#fff,stroke:#4a5a78\n  classDef empty fill:#fff,stroke:#9aa4b5,stroke-dasharray:4\n",
    );
    text
}

/// Mermaid has words of its own (`end`), and wants no dots.
fn id(id: &str) -> String {
    let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("n_{id}")
}
