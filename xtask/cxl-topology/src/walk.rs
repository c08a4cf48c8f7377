//! The way through a topology's ports, and from a port or device to what lies above it.

use wire::PciPath;

use super::model::{Below, Device, HostBridge, Port, Switch, Topology};
use super::setting::Setting;

/// A port with what lies above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedPort<'a> {
    /// The port.
    pub port: &'a Port,
    /// The host bridge above it.
    pub host_bridge: &'a HostBridge,
    /// The root port and, below a switch, the downstream port: itself is the last.
    pub ports: Vec<&'a Port>,
    /// The switches above it, the highest first.
    pub switches: Vec<&'a Switch>,
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
    /// Its path as people read it: `hb0/rp0`, `hb0/rp0/sw0/dp1`.
    pub place: String,
    /// Its path as the guest finds it: the bus of the host bridge, and PCI device numbers from there.
    pub at: PciPath,
}

impl Topology {
    /// All ports, host bridge by host bridge, each before what hangs below it.
    pub fn ports(&self) -> Vec<PlacedPort<'_>> {
        self.host_bridges.iter().flat_map(HostBridge::ports).collect()
    }

    /// All devices that are there when the guest starts, with their places, host bridge by host bridge and port by
    /// port.
    pub fn devices(&self) -> Vec<Placed<'_>> {
        self.all_devices().into_iter().filter(|placed| placed.device.present).collect()
    }

    /// The same with those that come later.
    pub fn all_devices(&self) -> Vec<Placed<'_>> {
        self.ports().into_iter().filter_map(PlacedPort::device).collect()
    }

    /// The device of this id.
    pub fn device(&self, id: &str) -> Option<Placed<'_>> {
        let is = |at: &PlacedPort<'_>| matches!(&at.port.below, Below::Device(device) if device.id == id);
        self.ports().into_iter().find(is)?.device()
    }

    /// All that the file sets on QEMU's devices, from the top.
    pub fn settings(&self) -> Vec<&Setting> {
        let mut all = Vec::new();
        for bridge in &self.host_bridges {
            all.extend(&bridge.settings);
            for PlacedPort { port, .. } in bridge.ports() {
                all.extend(&port.settings);
                match &port.below {
                    Below::Nothing => {}
                    Below::Device(device) => all.extend(&device.settings),
                    Below::Switch(switch) => all.extend(&switch.settings),
                }
            }
        }
        all
    }
}

impl HostBridge {
    /// All ports below it, each before what hangs below it.
    pub fn ports(&self) -> Vec<PlacedPort<'_>> {
        let mut found = Vec::new();
        walk(self, &self.root_ports, &[], &[], &mut found);
        found
    }
}

fn walk<'a>(
    host_bridge: &'a HostBridge,
    below: &'a [Port],
    ports: &[&'a Port],
    switches: &[&'a Switch],
    found: &mut Vec<PlacedPort<'a>>,
) {
    for port in below {
        let ports = [ports, &[port]].concat();
        found.push(PlacedPort { port, host_bridge, ports: ports.clone(), switches: switches.to_vec() });
        if let Below::Switch(switch) = &port.below {
            walk(host_bridge, &switch.downstream, &ports, &[switches, &[switch]].concat(), found);
        }
    }
}

impl<'a> PlacedPort<'a> {
    /// The id of the host bridge or switch that it belongs to.
    pub fn above(&self) -> &'a str {
        self.switches.last().map_or(&self.host_bridge.id, |switch| &switch.id)
    }

    /// Its path as people read it: `hb0/rp0`, `hb0/rp0/sw0/dp1`.
    pub fn place(&self) -> String {
        let mut place = self.host_bridge.id.clone();
        for (depth, port) in self.ports.iter().enumerate() {
            if let Some(switch) = depth.checked_sub(1).and_then(|above| self.switches.get(above)) {
                place += &format!("/{}", switch.id);
            }
            place += &format!("/{}", port.slot.name);
        }
        place
    }

    /// Where the guest finds what hangs in it, which is device 0 on the port's bus.
    pub fn below(&self) -> PciPath {
        let devices = self.ports.iter().flat_map(|port| [port.slot.device, 0]).collect();
        PciPath { host_bridge: u32::from(self.host_bridge.bus_nr), devices }
    }

    /// The device that hangs in it.
    pub fn device(self) -> Option<Placed<'a>> {
        let (place, at) = (self.place(), self.below());
        let Below::Device(device) = &self.port.below else { return None };
        let Self { host_bridge, ports, switches, .. } = self;
        Some(Placed { device, host_bridge, ports, switches, place, at })
    }
}
