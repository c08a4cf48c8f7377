//! From a checked file to a topology: defaults, and every number that the machine needs.

use super::model::{Below, Device, DownstreamPort, HostBridge, RootPort, Slot, Switch, Topology, Window};
use super::rules::{self, FIRST_BUS, Fault};
use crate::spec::bytes::Bytes;
use crate::spec::topology::{RawDevice, RawHostBridge, RawSlot, RawSwitch, RawTopology, RawWindow};

/// The guest's memory where the file says nothing.
pub(super) const MEMORY: Bytes = Bytes::mib(1024);

/// The guest's CPUs where the file says nothing.
pub(super) const CPUS: u32 = 2;

/// NUMA nodes where the file says nothing: with one node, cxl_test crashes the kernel (`set_dev_node(i % 2)`), and
/// with two of ordinary memory TCG is less likely to run from CXL memory.
pub(super) const NODES: u32 = 2;

/// QEMU's default for `interleave-granularity`.
const GRANULARITY: Bytes = Bytes(256);

/// One chassis for all: the slot numbers are unique in it.
const CHASSIS: u8 = 1;

impl Topology {
    /// Checks a file's content and assigns the numbers. `name` is the topology's.
    ///
    /// # Errors
    /// All rules that it breaks.
    pub fn from_raw(name: &str, raw: &RawTopology) -> Result<Self, Vec<Fault>> {
        let faults = rules::check(raw);
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut numbers = Numbers { next_bus: FIRST_BUS, next_slot: 1 };
        Ok(Self {
            name: name.to_owned(),
            summary: raw.summary.trim().to_owned(),
            memory: raw.memory.unwrap_or(MEMORY),
            cpus: raw.cpus.unwrap_or(CPUS),
            nodes: raw.nodes.unwrap_or(NODES),
            host_bridges: raw.host_bridges.iter().map(|bridge| numbers.host_bridge(bridge)).collect(),
            windows: raw.windows.iter().map(|window| self::window(window, &raw.host_bridges)).collect(),
        })
    }
}

fn window(raw: &RawWindow, bridges: &[RawHostBridge]) -> Window {
    Window {
        size: raw.size,
        // The rules know that every target is there.
        targets: raw.targets.iter().filter_map(|id| bridges.iter().position(|b| b.id == *id)).collect(),
        granularity: raw.granularity.unwrap_or(GRANULARITY),
    }
}

fn device(raw: &RawDevice) -> Device {
    Device {
        id: raw.id.clone(),
        volatile: raw.volatile,
        persistent: raw.persistent,
        lsa: raw.lsa,
        serial: rules::serial_of(raw),
    }
}

/// What is unique in the whole machine, counted up.
struct Numbers {
    next_bus: u32,
    next_slot: u16,
}

impl Numbers {
    fn host_bridge(&mut self, raw: &RawHostBridge) -> HostBridge {
        let bus_nr = small(self.next_bus);
        self.next_bus = self.next_bus.saturating_add(rules::buses_needed(raw));
        let root_port = |(i, below)| {
            let slot = self.slot(&raw.id, "rp", i);
            RootPort { slot, below: self.below(below) }
        };
        let root_ports = raw.root_ports.iter().enumerate().map(root_port).collect();
        HostBridge { id: raw.id.clone(), bus_nr, node: raw.node, root_ports }
    }

    fn below(&mut self, raw: &RawSlot) -> Below {
        match raw {
            RawSlot::Empty => Below::Nothing,
            RawSlot::Device(raw) => Below::Device(device(raw)),
            RawSlot::Switch(raw) => Below::Switch(self.switch(raw)),
        }
    }

    fn switch(&mut self, raw: &RawSwitch) -> Switch {
        let downstream_port = |(i, below): (usize, &RawSlot)| DownstreamPort {
            slot: self.slot(&raw.id, "dp", i),
            device: match below {
                RawSlot::Device(raw) => Some(device(raw)),
                // The rules know no switch below a switch.
                RawSlot::Empty | RawSlot::Switch(_) => None,
            },
        };
        let downstream: Vec<_> = raw.downstream.iter().enumerate().map(downstream_port).collect();
        Switch { id: raw.id.clone(), number: small(downstream.len()), downstream }
    }

    fn slot(&mut self, above: &str, kind: &str, index: usize) -> Slot {
        let slot = self.next_slot;
        self.next_slot += 1;
        let name = format!("{kind}{index}");
        let number = small(index);
        Slot { id: format!("{above}.{name}"), name, device: number, number, chassis: CHASSIS, slot }
    }
}

/// For counts that the rules keep below 256.
fn small(number: impl TryInto<u8>) -> u8 {
    number.try_into().unwrap_or(u8::MAX)
}
