//! A topology, with every number assigned.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use wire::PciPath;

use super::Finding;
use crate::bytes::Bytes;
use crate::raw::Speed;

/// What a guest's CXL hardware is. Made by [`Topology::load`] or [`Topology::from_raw`], which check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// Name of the file, without `.yaml`.
    pub name: String,
    /// One line on what it is for.
    pub summary: String,
    /// The guest's ordinary memory, spread evenly over the nodes.
    pub memory: Bytes,
    /// The guest's CPUs, dealt to the nodes in turn.
    pub cpus: u32,
    /// NUMA nodes of ordinary memory.
    pub nodes: u32,
    /// Distances between nodes, a row a node; none: QEMU's own, 10 and 20.
    pub distances: Option<Vec<Vec<u32>>>,
    /// CXL host bridges; none: the machine has no CXL.
    pub host_bridges: Vec<HostBridge>,
    /// Fixed memory windows, in the order of their addresses.
    pub windows: Vec<Window>,
    /// What is questionable about it, but works.
    #[serde(skip)]
    pub warnings: Vec<Finding>,
}

/// A CXL host bridge: QEMU's `pxb-cxl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostBridge {
    /// Its id, here and in QEMU.
    pub id: String,
    /// Number of its root bus, which QEMU makes its ACPI `_UID` too.
    pub bus_nr: u8,
    /// NUMA node that its devices belong to.
    pub node: Option<u32>,
    /// Whether it has HDM decoders even with a single root port.
    pub hdm_for_passthrough: bool,
    /// Its root ports, by PCI device number; at least one.
    pub root_ports: Vec<Port>,
}

/// A root port of a host bridge, or a downstream port of a switch: QEMU's `cxl-rp` and `cxl-downstream`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Its numbers.
    pub slot: Slot,
    /// Highest speed of its link; none: QEMU's default.
    pub speed: Option<Speed>,
    /// Most lanes of its link; none: QEMU's default.
    pub width: Option<u32>,
    /// Whether devices come and go while the guest runs.
    pub hotplug: bool,
    /// What hangs below.
    pub below: Below,
}

/// The numbers of a port below which something can hang. All of them are assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Id in QEMU: `hb0.rp1`, `sw0.dp2`. User's ids have no dot, so that none can clash.
    pub id: String,
    /// Last part of the id: `rp1`, `dp2`.
    pub name: String,
    /// PCI device number on its bus, function 0.
    pub device: u8,
    /// PCIe port number: unique per bridge or switch, since QEMU and Linux route by it.
    pub number: u8,
    /// Chassis of the physical slot.
    pub chassis: u8,
    /// Slot number: with the chassis unique in the machine, or QEMU does not start.
    pub slot: u16,
}

/// What hangs below a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Below {
    /// Nothing: a device can be added while the guest runs.
    Nothing,
    /// A memory device.
    Device(Device),
    /// A switch. Only one level of them: QEMU does not route through a second.
    Switch(Switch),
}

/// A CXL switch: QEMU's `cxl-upstream` with its `cxl-downstream` ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// Its id, which is the upstream port's in QEMU.
    pub id: String,
    /// PCIe port number of the upstream port, unlike those of the downstream ports.
    pub number: u8,
    /// Whether it has a mailbox CCI: function 1 beside its upstream port.
    pub mailbox_cci: bool,
    /// Its downstream ports, by PCI device number; at least one.
    pub downstream: Vec<Port>,
}

/// A memory device: QEMU's `cxl-type3`. Has at least one of the two memories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id, here and in QEMU.
    pub id: String,
    /// Volatile memory.
    pub volatile: Option<Bytes>,
    /// Persistent memory.
    pub persistent: Option<Bytes>,
    /// Label storage area.
    pub lsa: Option<Bytes>,
    /// PCI serial number: the user's, or one that depends on the id alone.
    pub serial: u64,
    /// File with its CDAT.
    pub cdat: Option<PathBuf>,
    /// Whether it is there when the guest starts; if not, its port is empty until a case adds it.
    pub present: bool,
}

/// A fixed memory window: QEMU's `cxl-fmw`, a CFMWS of the ACPI CEDT, a root decoder in Linux.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its size.
    pub size: Bytes,
    /// Ids of the host bridges in interleave order; their number is the ways.
    pub targets: Vec<String>,
    /// Interleave granularity.
    pub granularity: Bytes,
}

/// A device with the place where it hangs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<'a> {
    /// The device.
    pub device: &'a Device,
    /// The host bridge above it.
    pub host_bridge: &'a HostBridge,
    /// The ports above it, the root port first: at least one.
    pub ports: Vec<&'a Port>,
    /// The switches above it, the highest first.
    pub switches: Vec<&'a Switch>,
    /// For the reader: `hb0/rp0`, `hb0/rp0/sw0/dp1`.
    pub place: String,
    /// For the guest.
    pub at: PciPath,
}

impl Topology {
    /// All devices that are there when the guest starts, with their places, host bridge by host bridge and port by
    /// port.
    pub fn devices(&self) -> Vec<Placed<'_>> {
        self.all_devices().into_iter().filter(|placed| placed.device.present).collect()
    }

    /// The same with those that come later.
    pub fn all_devices(&self) -> Vec<Placed<'_>> {
        let mut all = Vec::new();
        for host_bridge in &self.host_bridges {
            let mut above = Above { host_bridge, ports: Vec::new(), switches: Vec::new() };
            above.walk(&host_bridge.root_ports, &mut all);
        }
        all
    }

    /// The device of this id.
    pub fn device(&self, id: &str) -> Option<Placed<'_>> {
        self.all_devices().into_iter().find(|placed| placed.device.id == id)
    }

    /// The host bridge of this id.
    pub fn host_bridge(&self, id: &str) -> Option<&HostBridge> {
        self.host_bridges.iter().find(|bridge| bridge.id == id)
    }

    /// Whether the machine has CXL at all.
    pub fn has_cxl(&self) -> bool {
        !self.host_bridges.is_empty()
    }
}

/// What lies above a list of ports.
struct Above<'a> {
    host_bridge: &'a HostBridge,
    ports: Vec<&'a Port>,
    switches: Vec<&'a Switch>,
}

impl<'a> Above<'a> {
    fn walk(&mut self, ports: &'a [Port], all: &mut Vec<Placed<'a>>) {
        for port in ports {
            self.ports.push(port);
            match &port.below {
                Below::Nothing => {}
                Below::Device(device) => all.push(self.placed(device)),
                Below::Switch(switch) => {
                    self.switches.push(switch);
                    self.walk(&switch.downstream, all);
                    self.switches.pop();
                }
            }
            self.ports.pop();
        }
    }

    fn placed(&self, device: &'a Device) -> Placed<'a> {
        let mut place = self.host_bridge.id.clone();
        let mut devices = Vec::new();
        for (depth, port) in self.ports.iter().enumerate() {
            if let Some(switch) = depth.checked_sub(1).and_then(|above| self.switches.get(above)) {
                place += &format!("/{}", switch.id);
            }
            place += &format!("/{}", port.slot.name);
            // What hangs in a port is device 0 on its bus.
            devices.extend([port.slot.device, 0]);
        }
        Placed {
            device,
            host_bridge: self.host_bridge,
            ports: self.ports.clone(),
            switches: self.switches.clone(),
            place,
            at: PciPath { host_bridge: u32::from(self.host_bridge.bus_nr), devices },
        }
    }
}

impl Device {
    /// All of its memory.
    pub fn capacity(&self) -> Bytes {
        let bytes = |size: Option<Bytes>| size.map_or(0, |size| size.0);
        Bytes(bytes(self.volatile).saturating_add(bytes(self.persistent)))
    }
}

impl HostBridge {
    /// Whether it has no HDM decoders: with a single port there is nothing to choose, and QEMU leaves them out
    /// (`pxb_cxl_dev_reset()`) unless it is told otherwise.
    pub fn passes_through(&self) -> bool {
        self.root_ports.len() == 1 && !self.hdm_for_passthrough
    }
}

impl Port {
    /// Whether a memory device lies below when the guest starts, at once or behind a switch.
    pub fn leads_to_memory(&self) -> bool {
        match &self.below {
            Below::Nothing => false,
            Below::Device(device) => device.present,
            Below::Switch(switch) => switch.has_memory(),
        }
    }
}

impl Switch {
    /// Whether a memory device lies below when the guest starts.
    pub fn has_memory(&self) -> bool {
        self.downstream.iter().any(Port::leads_to_memory)
    }
}
