//! From a file to a topology: defaults, and every number that the machine needs.

use std::path::Path;

use super::model::{Below, Device, HostBridge, Port, Slot, Switch, Topology, Window};
use super::rules::{self, FIRST_BUS, Finding, Severity};
use crate::bytes::Bytes;
use crate::raw::{RawBelow, RawDevice, RawHostBridge, RawPort, RawSwitch, RawTopology, RawWindow};

/// The guest's memory where the file says nothing.
pub(super) const MEMORY: Bytes = Bytes::mib(1024);

/// The guest's CPUs where the file says nothing.
pub(super) const CPUS: u32 = 2;

/// NUMA nodes where the file says nothing: with one node, cxl_test crashes the kernel (`set_dev_node(i % 2)`), and
/// with two of ordinary memory TCG is less likely to run from CXL memory.
pub(super) const NODES: u32 = 2;

/// QEMU's default for `interleave-granularity`.
pub(super) const GRANULARITY: Bytes = Bytes(256);

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
        Ok(Self { warnings: findings, ..Self::unchecked(name, raw, Path::new("")) })
    }

    /// Assigns the numbers, whatever the rules say: for those who want to see what comes of breaking them. Files that
    /// it names lie in `dir`.
    pub fn unchecked(name: &str, raw: &RawTopology, dir: &Path) -> Self {
        let mut numbers = Numbers { next_bus: FIRST_BUS, next_slot: 1, dir };
        Self {
            name: name.to_owned(),
            summary: raw.summary.trim().to_owned(),
            memory: raw.memory.unwrap_or(MEMORY),
            cpus: raw.cpus.unwrap_or(CPUS),
            nodes: raw.nodes.unwrap_or(NODES),
            distances: raw.distances.clone(),
            host_bridges: raw.host_bridges.iter().map(|bridge| numbers.host_bridge(bridge)).collect(),
            windows: raw.windows.iter().map(window).collect(),
            warnings: Vec::new(),
        }
    }
}

fn window(raw: &RawWindow) -> Window {
    Window {
        size: raw.size,
        targets: raw.targets.clone(),
        granularity: raw.granularity.unwrap_or(GRANULARITY),
    }
}

/// What is unique in the whole machine, counted up.
struct Numbers<'a> {
    next_bus: u32,
    next_slot: u16,
    dir: &'a Path,
}

impl Numbers<'_> {
    fn host_bridge(&mut self, raw: &RawHostBridge) -> HostBridge {
        let bus_nr = small(self.next_bus);
        self.next_bus = self.next_bus.saturating_add(rules::buses_needed(raw));
        let root_ports = raw.root_ports.iter().enumerate().map(|(i, port)| self.port(&raw.id, "rp", i, port));
        let root_ports = root_ports.collect();
        HostBridge {
            id: raw.id.clone(),
            bus_nr,
            node: raw.node,
            hdm_for_passthrough: raw.hdm_for_passthrough,
            root_ports,
        }
    }

    fn port(&mut self, above: &str, kind: &str, index: usize, raw: &RawPort) -> Port {
        let slot = self.next_slot;
        self.next_slot = slot.saturating_add(1);
        let name = format!("{kind}{index}");
        let number = small(index);
        let id = format!("{above}.{name}");
        let slot = Slot { id, name, device: number, number, chassis: CHASSIS, slot };
        let below = match &raw.below {
            RawBelow::Empty => Below::Nothing,
            RawBelow::Device(raw) => Below::Device(self.device(raw)),
            RawBelow::Switch(raw) => Below::Switch(self.switch(raw)),
        };
        Port { slot, speed: raw.speed, width: raw.width, hotplug: raw.hotplug.unwrap_or(true), below }
    }

    fn switch(&mut self, raw: &RawSwitch) -> Switch {
        let downstream = raw.downstream.iter().enumerate().map(|(i, port)| self.port(&raw.id, "dp", i, port));
        let downstream: Vec<_> = downstream.collect();
        let number = small(downstream.len());
        Switch { id: raw.id.clone(), number, mailbox_cci: raw.mailbox_cci, downstream }
    }

    fn device(&self, raw: &RawDevice) -> Device {
        Device {
            id: raw.id.clone(),
            volatile: raw.volatile,
            persistent: raw.persistent,
            lsa: raw.lsa,
            serial: rules::serial_of(raw),
            cdat: raw.cdat.as_ref().map(|file| self.dir.join(file)),
            present: raw.present,
        }
    }
}

/// For counts that the rules keep below 256.
fn small(number: impl TryInto<u8>) -> u8 {
    number.try_into().unwrap_or(u8::MAX)
}
