//! The way through a file's ports.

use super::{RawBelow, RawDevice, RawHostBridge, RawPort, RawSwitch, RawTopology};

/// A part of a file with the path of its field: `host-bridges[0].root-ports[1].device`.
#[derive(Debug)]
pub struct Located<'a, T> {
    /// The path of its field.
    pub field: String,
    /// The part itself.
    pub part: &'a T,
}

impl RawTopology {
    /// All host bridges.
    pub fn bridges(&self) -> impl Iterator<Item = Located<'_, RawHostBridge>> {
        let bridges = self.host_bridges.iter().enumerate();
        bridges.map(|(i, part)| Located { field: format!("host-bridges[{i}]"), part })
    }

    /// All ports, root ports and downstream ports alike, each before what hangs below it.
    pub fn ports(&self) -> Vec<Located<'_, RawPort>> {
        self.bridges().flat_map(|bridge| bridge.ports()).collect()
    }

    /// All devices, those that come later too.
    pub fn devices(&self) -> Vec<Located<'_, RawDevice>> {
        self.ports().iter().filter_map(Located::device).collect()
    }

    /// All switches, those below another too.
    pub fn switches(&self) -> Vec<Located<'_, RawSwitch>> {
        self.ports().iter().filter_map(Located::switch).collect()
    }
}

impl<'a> Located<'a, RawHostBridge> {
    /// All ports below it.
    pub fn ports(&self) -> Vec<Located<'a, RawPort>> {
        let mut found = Vec::new();
        walk(&self.part.root_ports, &format!("{}.root-ports", self.field), &mut found);
        found
    }
}

impl<'a> Located<'a, RawPort> {
    /// The device that hangs in it.
    pub fn device(&self) -> Option<Located<'a, RawDevice>> {
        match &self.part.below {
            RawBelow::Device(part) => Some(Located { field: format!("{}.device", self.field), part }),
            RawBelow::Empty | RawBelow::Switch(_) => None,
        }
    }

    /// The switch that hangs in it.
    pub fn switch(&self) -> Option<Located<'a, RawSwitch>> {
        match &self.part.below {
            RawBelow::Switch(part) => Some(Located { field: format!("{}.switch", self.field), part }),
            RawBelow::Empty | RawBelow::Device(_) => None,
        }
    }
}

fn walk<'a>(ports: &'a [RawPort], field: &str, found: &mut Vec<Located<'a, RawPort>>) {
    for (i, part) in ports.iter().enumerate() {
        let at = Located { field: format!("{field}[{i}]"), part };
        let switch = at.switch();
        found.push(at);
        if let Some(switch) = switch {
            walk(&switch.part.downstream, &format!("{}.downstream", switch.field), found);
        }
    }
}
