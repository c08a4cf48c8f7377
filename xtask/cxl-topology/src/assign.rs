//! From a file to a topology: defaults, and every number that the machine needs.

use super::model::{Below, Device, HostBridge, Port, Slot, Switch, Topology, Window};
use super::rules::{self, FIRST_BUS, Finding, Severity};
use super::setting::{Source, settings};
use super::typename;
use crate::raw::{RawBelow, RawDevice, RawHostBridge, RawPort, RawSwitch, RawTopology, RawWindow};

/// One chassis for all: the slot numbers are unique in it.
const CHASSIS: u8 = 1;

impl Topology {
    /// Checks a file's content and assigns the numbers. `name` is the topology's.
    ///
    /// # Errors
    /// All rules that it breaks; what is only questionable is part of the topology.
    pub fn from_raw(name: &str, raw: &RawTopology) -> Result<Self, Vec<Finding>> {
        let findings = rules::check(raw);
        if findings.iter().any(|finding| finding.rule.severity == Severity::Error) {
            return Err(findings);
        }
        Ok(Self { warnings: findings, ..Self::unchecked(name, raw, Source::default()) })
    }

    /// Assigns the numbers, whether or not rules are broken: for those who want to see what comes of breaking them.
    pub(super) fn unchecked(name: &str, raw: &RawTopology, source: Source<'_>) -> Self {
        let mut numbers = Numbers { next_bus: FIRST_BUS, next_slot: 1, source };
        let bridges = raw.host_bridges.iter().enumerate();
        Self {
            name: name.to_owned(),
            summary: raw.summary.trim().to_owned(),
            memory: raw.memory_or_default(),
            cpus: raw.cpus_or_default(),
            nodes: raw.nodes_or_default(),
            distances: raw.distances.clone(),
            host_bridges: bridges
                .map(|(i, bridge)| numbers.host_bridge(bridge, &format!("host-bridges[{i}]")))
                .collect(),
            windows: raw.windows.iter().map(window).collect(),
            warnings: Vec::new(),
        }
    }
}

fn window(raw: &RawWindow) -> Window {
    Window { size: raw.size, targets: raw.targets.clone(), granularity: raw.granularity_or_default() }
}

/// What is unique in the whole machine, counted up.
struct Numbers<'a> {
    next_bus: u32,
    next_slot: u16,
    source: Source<'a>,
}

/// What a list of ports belongs to.
#[derive(Clone, Copy)]
struct Above<'a> {
    id: &'a str,
    /// Start of the ports' names.
    kind: &'static str,
    /// The ports' type in QEMU.
    model: &'static str,
    /// Path of the list.
    field: &'a str,
}

impl Numbers<'_> {
    fn host_bridge(&mut self, raw: &RawHostBridge, field: &str) -> HostBridge {
        let bus_nr = small(self.next_bus);
        self.next_bus = self.next_bus.saturating_add(rules::buses_needed(raw));
        let list = format!("{field}.root-ports");
        let above = Above { id: &raw.id, kind: "rp", model: typename::ROOT_PORT, field: &list };
        HostBridge {
            id: raw.id.clone(),
            bus_nr,
            node: raw.node,
            settings: settings(raw, &raw.id, typename::HOST_BRIDGE, field, self.source),
            root_ports: self.ports(&raw.root_ports, above),
        }
    }

    fn ports(&mut self, list: &[RawPort], above: Above<'_>) -> Vec<Port> {
        list.iter().enumerate().map(|(i, port)| self.port(above, i, port)).collect()
    }

    fn port(&mut self, above: Above<'_>, index: usize, raw: &RawPort) -> Port {
        let Above { id, kind, model, field } = above;
        let slot = self.next_slot;
        self.next_slot = slot.saturating_add(1);
        let name = format!("{kind}{index}");
        let number = small(index);
        let id = format!("{id}.{name}");
        let field = format!("{field}[{index}]");
        let settings = settings(raw, &id, model, &field, self.source);
        let slot = Slot { id, name, device: number, number, chassis: CHASSIS, slot };
        let below = match &raw.below {
            RawBelow::Empty => Below::Nothing,
            RawBelow::Device(raw) => Below::Device(self.device(raw, &format!("{field}.device"))),
            RawBelow::Switch(raw) => Below::Switch(self.switch(raw, &format!("{field}.switch"))),
        };
        Port { slot, settings, below }
    }

    fn switch(&mut self, raw: &RawSwitch, field: &str) -> Switch {
        let list = format!("{field}.downstream");
        let above = Above { id: &raw.id, kind: "dp", model: typename::DOWNSTREAM_PORT, field: &list };
        Switch {
            id: raw.id.clone(),
            number: small(raw.downstream.len()),
            mailbox_cci: raw.mailbox_cci,
            settings: settings(raw, &raw.id, typename::UPSTREAM_PORT, field, self.source),
            downstream: self.ports(&raw.downstream, above),
        }
    }

    fn device(&self, raw: &RawDevice, field: &str) -> Device {
        Device {
            id: raw.id.clone(),
            volatile: raw.volatile,
            persistent: raw.persistent,
            lsa: raw.lsa,
            serial: raw.serial_or_default(),
            present: raw.present(),
            settings: settings(raw, &raw.id, typename::TYPE3, field, self.source),
        }
    }
}

/// For counts that the rules keep below 256.
fn small(number: impl TryInto<u8>) -> u8 {
    number.try_into().unwrap_or(u8::MAX)
}
