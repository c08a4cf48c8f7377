//! Writes a topology as a file that a person would have written.

use std::fmt::Write as _;

use super::{RawBelow, RawDevice, RawHostBridge, RawPort, RawSwitch, RawTopology, RawWindow};

impl RawTopology {
    /// The file's text. Reading it gives the same topology again.
    pub fn to_yaml(&self) -> String {
        let mut text = String::from("# yaml-language-server: $schema=schema.json\n");
        let _ = writeln!(text, "summary: {}", quoted(&self.summary));
        for (name, value) in [
            ("memory", self.memory.map(|memory| memory.to_string())),
            ("cpus", self.cpus.map(|cpus| cpus.to_string())),
            ("nodes", self.nodes.map(|nodes| nodes.to_string())),
            ("distances", self.distances.as_ref().map(|rows| format!("{rows:?}"))),
        ] {
            if let Some(value) = value {
                let _ = writeln!(text, "{name}: {value}");
            }
        }
        if !self.host_bridges.is_empty() {
            text.push_str("host-bridges:\n");
            self.host_bridges.iter().for_each(|bridge| host_bridge(bridge, &mut text));
        }
        if !self.windows.is_empty() {
            text.push_str("windows:\n");
            self.windows.iter().for_each(|window| self::window(window, &mut text));
        }
        text
    }
}

fn host_bridge(bridge: &RawHostBridge, text: &mut String) {
    let _ = writeln!(text, "  - id: {}", quoted(&bridge.id));
    if let Some(node) = bridge.node {
        let _ = writeln!(text, "    node: {node}");
    }
    if bridge.hdm_for_passthrough {
        text.push_str("    hdm-for-passthrough: true\n");
    }
    ports("root-ports", &bridge.root_ports, "    ", text);
}

fn ports(name: &str, list: &[RawPort], indent: &str, text: &mut String) {
    let empty = if list.is_empty() { " []" } else { "" };
    let _ = writeln!(text, "{indent}{name}:{empty}");
    for port in list {
        let options = [
            port.speed.map(|speed| format!("speed: {}", speed.qemu().replace('_', "."))),
            port.width.map(|width| format!("width: {width}")),
            port.hotplug.map(|hotplug| format!("hotplug: {hotplug}")),
        ];
        let mut options: Vec<_> = options.into_iter().flatten().collect();
        let below = match &port.below {
            RawBelow::Empty if options.is_empty() => "empty".to_owned(),
            RawBelow::Empty => "empty: true".to_owned(),
            RawBelow::Device(device) => format!("device: {}", self::device(device)),
            RawBelow::Switch(switch) => {
                let mut inner = String::new();
                self::switch(switch, &format!("{indent}      "), &mut inner);
                format!("switch:\n{}", inner.trim_end())
            }
        };
        options.push(below);
        let _ = writeln!(text, "{indent}  - {}", options.join(&format!("\n{indent}    ")));
    }
}

fn switch(switch: &RawSwitch, indent: &str, text: &mut String) {
    let _ = writeln!(text, "{indent}id: {}", quoted(&switch.id));
    if switch.mailbox_cci {
        let _ = writeln!(text, "{indent}mailbox-cci: true");
    }
    ports("downstream", &switch.downstream, indent, text);
}

fn device(device: &RawDevice) -> String {
    let fields = [
        Some(format!("id: {}", quoted(&device.id))),
        device.volatile.map(|size| format!("volatile: {size}")),
        device.persistent.map(|size| format!("persistent: {size}")),
        device.lsa.map(|size| format!("lsa: {size}")),
        device.serial.map(|serial| format!("serial: {serial:#x}")),
        device.cdat.as_ref().map(|file| format!("cdat: {}", quoted(file))),
        (!device.present).then(|| "present: false".to_owned()),
    ];
    format!("{{ {} }}", fields.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn window(window: &RawWindow, text: &mut String) {
    let targets: Vec<_> = window.targets.iter().map(|target| quoted(target)).collect();
    let granularity = window.granularity.map(|size| format!(", granularity: {size}")).unwrap_or_default();
    let _ = writeln!(text, "  - {{ size: {}, targets: [{}]{granularity} }}", window.size, targets.join(", "));
}

/// A plain word stays plain; anything that YAML might take for something else is quoted as JSON, which is YAML.
fn quoted(text: &str) -> String {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if first && text.chars().all(plain) && !text.ends_with(' ') && !word {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}
