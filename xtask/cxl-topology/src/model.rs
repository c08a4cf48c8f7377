//! A topology, with every number assigned.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;
use crate::raw::Value;
use crate::rules::Finding;
use crate::setting::Setting;

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
    /// What the file sets on QEMU's device.
    pub settings: Vec<Setting>,
    /// Its root ports, by PCI device number; at least one.
    pub root_ports: Vec<Port>,
}

/// A root port of a host bridge, or a downstream port of a switch: QEMU's `cxl-rp` and `cxl-downstream`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// The PCI and slot numbers that are assigned to it.
    pub slot: Slot,
    /// What the file sets on QEMU's device.
    pub settings: Vec<Setting>,
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
    /// What the file sets on QEMU's upstream port.
    pub settings: Vec<Setting>,
    /// Its downstream ports, by PCI device number; at least one.
    pub downstream: Vec<Port>,
}

/// A memory device: QEMU's `cxl-type3`. Has at least one of the two memories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id, here and in QEMU.
    pub id: String,
    /// Volatile memory, a multiple of 256 MiB: `volatile-memdev`, at the lowest DPA.
    pub volatile: Option<Bytes>,
    /// Persistent memory, a multiple of 256 MiB: `persistent-memdev`, after the volatile memory.
    pub persistent: Option<Bytes>,
    /// Label storage area, which persistent memory needs.
    pub lsa: Option<Bytes>,
    /// PCI serial number: the user's, or one that depends on the id alone.
    pub serial: u64,
    /// All that QEMU's device is set to, the memories and the serial number too.
    pub settings: Vec<Setting>,
    /// Whether it is there when the guest starts; if not, its port is empty until a case adds it.
    pub present: bool,
}

/// A fixed memory window: QEMU's `cxl-fmw`, a CFMWS of the ACPI CEDT, a root decoder in Linux.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Bytes of host physical address space, a multiple of 256 MiB.
    pub size: Bytes,
    /// Ids of the host bridges in interleave order; their number is the ways.
    pub targets: Vec<String>,
    /// Bytes that go to one target before the next has its turn, 256 to 16 KiB.
    pub granularity: Bytes,
}

impl Topology {
    /// The host bridge of this id.
    pub fn host_bridge(&self, id: &str) -> Option<&HostBridge> {
        self.host_bridges.iter().find(|bridge| bridge.id == id)
    }

    /// Whether the machine has CXL at all.
    pub fn has_cxl(&self) -> bool {
        !self.host_bridges.is_empty()
    }
}

impl Device {
    /// All of its memory that a guest can map.
    pub fn capacity(&self) -> Bytes {
        let bytes = |size: Option<Bytes>| size.map_or(0, |size| size.0);
        Bytes(bytes(self.volatile).saturating_add(bytes(self.persistent)))
    }

    /// All memory that QEMU holds for it, label storage area and all.
    pub fn backing(&self) -> Bytes {
        let size = |setting: &Setting| match setting.value {
            Value::Memory { size, .. } => size.0,
            Value::Text(_) | Value::File(_) => 0,
        };
        Bytes(self.settings.iter().map(size).fold(0, u64::saturating_add))
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
