//! A checked topology, with every number assigned.

use wire::PciPath;

use crate::spec::bytes::Bytes;

/// What a guest's CXL hardware is. Made by [`Topology::load`] or [`Topology::from_raw`] only, which check it.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// CXL host bridges; none: the machine has no CXL.
    pub host_bridges: Vec<HostBridge>,
    /// Fixed memory windows, in the order of their addresses.
    pub windows: Vec<Window>,
}

/// A CXL host bridge: QEMU's `pxb-cxl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostBridge {
    /// Its id, here and in QEMU.
    pub id: String,
    /// Number of its root bus, which QEMU makes its ACPI `_UID` too.
    pub bus_nr: u8,
    /// NUMA node that its devices belong to.
    pub node: Option<u32>,
    /// Its root ports, by PCI device number; at least one.
    pub root_ports: Vec<RootPort>,
}

/// The numbers of a port below which something can hang. All of them are assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// A root port of a host bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootPort {
    /// Its numbers.
    pub slot: Slot,
    /// What hangs below.
    pub below: Below,
}

/// What hangs below a root port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Below {
    /// Nothing: a device can be added while the guest runs.
    Nothing,
    /// A memory device.
    Device(Device),
    /// A switch. Only one level of them: QEMU does not route through a second.
    Switch(Switch),
}

/// A CXL switch: QEMU's `cxl-upstream` with its `cxl-downstream` ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Its id, which is the upstream port's in QEMU.
    pub id: String,
    /// PCIe port number of the upstream port, unlike those of the downstream ports.
    pub number: u8,
    /// Its downstream ports, by PCI device number; at least one.
    pub downstream: Vec<DownstreamPort>,
}

/// A downstream port of a switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownstreamPort {
    /// Its numbers.
    pub slot: Slot,
    /// What hangs below; a device can be added to an empty one while the guest runs.
    pub device: Option<Device>,
}

/// A memory device: QEMU's `cxl-type3`. Has at least one of the two memories.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// A fixed memory window: QEMU's `cxl-fmw`, a CFMWS of the ACPI CEDT, a root decoder in Linux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its size.
    pub size: Bytes,
    /// Host bridges in interleave order, as indices into [`Topology::host_bridges`]; their number is the ways.
    pub targets: Vec<usize>,
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
    /// The port right above it.
    pub slot: &'a Slot,
    /// For the reader: `hb0/rp0`, `hb0/rp0/sw0/dp1`.
    pub place: String,
    /// For the guest.
    pub at: PciPath,
}

impl Topology {
    /// All devices with their places, host bridge by host bridge and port by port.
    pub fn devices(&self) -> Vec<Placed<'_>> {
        let mut all = Vec::new();
        for host_bridge in &self.host_bridges {
            let path = |devices: &[u8]| PciPath {
                host_bridge: u32::from(host_bridge.bus_nr),
                devices: devices.to_vec(),
            };
            for RootPort { slot: root, below } in &host_bridge.root_ports {
                let above = format!("{}/{}", host_bridge.id, root.name);
                match below {
                    Below::Nothing => {}
                    Below::Device(device) => {
                        let at = path(&[root.device, 0]);
                        all.push(Placed { device, host_bridge, slot: root, place: above, at });
                    }
                    Below::Switch(switch) => all.extend(switch.downstream.iter().filter_map(|port| {
                        let device = port.device.as_ref()?;
                        let place = format!("{above}/{}/{}", switch.id, port.slot.name);
                        let at = path(&[root.device, 0, port.slot.device, 0]);
                        Some(Placed { device, host_bridge, slot: &port.slot, place, at })
                    })),
                }
            }
        }
        all
    }

    /// The device of this id.
    pub fn device(&self, id: &str) -> Option<Placed<'_>> {
        self.devices().into_iter().find(|placed| placed.device.id == id)
    }

    /// Whether the machine has CXL at all.
    pub fn has_cxl(&self) -> bool {
        !self.host_bridges.is_empty()
    }
}

impl RootPort {
    /// Whether a memory device lies below, at once or behind a switch.
    pub fn leads_to_memory(&self) -> bool {
        match &self.below {
            Below::Nothing => false,
            Below::Device(_) => true,
            Below::Switch(switch) => switch.has_memory(),
        }
    }
}

impl Switch {
    /// Whether a memory device lies below.
    pub fn has_memory(&self) -> bool {
        self.downstream.iter().any(|port| port.device.is_some())
    }
}
