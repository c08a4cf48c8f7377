//! Families of topologies: every legal combination of a few numbers.

use std::ops::RangeInclusive;

use super::model::Topology;
use crate::bytes::Bytes;
use crate::raw::{RawBelow, RawDevice, RawHostBridge, RawPort, RawSwitch, RawTopology, RawWindow};

/// Most downstream ports of a switch.
const DOWNSTREAM: usize = 8;

/// How the windows of a member lie over its host bridges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowLayout {
    /// One for each host bridge.
    Each,
    /// One over all host bridges.
    All,
    /// One over all host bridges, then one for each.
    Both,
}

impl WindowLayout {
    fn word(self) -> &'static str {
        match self {
            Self::Each => "each",
            Self::All => "all",
            Self::Both => "both",
        }
    }
}

/// What the members of a family have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Numbers of host bridges.
    pub host_bridges: RangeInclusive<usize>,
    /// Root ports of each host bridge.
    pub root_ports: RangeInclusive<usize>,
    /// Switches of each host bridge, on its first root ports; 0 for none.
    pub switches: Vec<usize>,
    /// Devices in all.
    pub devices: RangeInclusive<usize>,
    /// How their windows lie.
    pub windows: Vec<WindowLayout>,
    /// Whether the devices' memory is persistent.
    pub persistent: bool,
}

/// All members that are legal, with their names. Devices are dealt to the host bridges in turn, there to the root ports
/// without a switch first, then to the switches in turn.
pub fn members(family: &Family) -> Vec<(String, RawTopology)> {
    let mut found = Vec::new();
    for bridges in family.host_bridges.clone() {
        for ports in family.root_ports.clone() {
            for switches in &family.switches {
                for devices in family.devices.clone() {
                    let Some(host_bridges) = dealt(bridges, ports, *switches, devices, family.persistent)
                    else {
                        continue;
                    };
                    for kind in &family.windows {
                        let name = format!("hb{bridges}-rp{ports}-sw{switches}-mem{devices}-{}", kind.word());
                        let windows = windows(&host_bridges, *kind);
                        let summary = format!(
                            "host bridges: {bridges}, root ports of each: {ports}, switches of each: {switches}, devices: {devices}"
                        );
                        let host_bridges = host_bridges.clone();
                        found.push((
                            name,
                            RawTopology { summary, host_bridges, windows, ..RawTopology::default() },
                        ));
                    }
                }
            }
        }
    }
    found.retain(|(name, raw)| Topology::from_raw(name, raw).is_ok());
    found
}

/// Host bridges with the devices, if there is room.
fn dealt(
    bridges: usize,
    ports: usize,
    switches: usize,
    devices: usize,
    persistent: bool,
) -> Option<Vec<RawHostBridge>> {
    let mut next = 0;
    let mut device = || {
        let id = format!("mem{next}");
        next += 1;
        let size = Some(Bytes::mib(256));
        let (volatile, persistent) = if persistent { (None, size) } else { (size, None) };
        let lsa = persistent.map(|_| Bytes::mib(1));
        let device = RawDevice { id, volatile, persistent, lsa, ..RawDevice::default() };
        RawPort { below: RawBelow::Device(device), ..RawPort::default() }
    };
    let direct = ports.checked_sub(switches)?;
    let bridge = |b: usize| {
        let mine = devices / bridges + usize::from(b < devices % bridges);
        let behind = mine.saturating_sub(direct);
        if behind > switches * DOWNSTREAM || (switches > 0 && behind == 0) {
            return None;
        }
        let switch = |s: usize, device: &mut dyn FnMut() -> RawPort| {
            let count = behind / switches + usize::from(s < behind % switches);
            let downstream: Vec<_> =
                (0..count.max(1)).map(|n| if n < count { device() } else { RawPort::default() }).collect();
            let switch =
                RawSwitch { id: format!("sw{}", b * switches + s), downstream, ..RawSwitch::default() };
            RawPort { below: RawBelow::Switch(switch), ..RawPort::default() }
        };
        let mut root_ports: Vec<_> = (0..switches).map(|s| switch(s, &mut device)).collect();
        let here = mine.min(direct);
        root_ports.extend((0..direct).map(|n| if n < here { device() } else { RawPort::default() }));
        Some(RawHostBridge { id: format!("hb{b}"), root_ports, ..RawHostBridge::default() })
    };
    (0..bridges).map(bridge).collect()
}

fn windows(bridges: &[RawHostBridge], kind: WindowLayout) -> Vec<RawWindow> {
    let size = Bytes::mib(4096);
    let all = || RawWindow {
        size,
        targets: bridges.iter().map(|bridge| bridge.id.clone()).collect(),
        granularity: Some(Bytes(4 << 10)),
    };
    let each = || {
        bridges.iter().map(|bridge| RawWindow { size, targets: vec![bridge.id.clone()], granularity: None })
    };
    match kind {
        WindowLayout::Each => each().collect(),
        WindowLayout::All => vec![all()],
        WindowLayout::Both => std::iter::once(all()).chain(each()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family() -> Family {
        Family {
            host_bridges: 1..=2,
            root_ports: 1..=2,
            switches: vec![0, 1],
            devices: 1..=3,
            windows: vec![WindowLayout::Each, WindowLayout::All],
            persistent: true,
        }
    }

    #[test]
    fn a_family_has_every_legal_member_once() {
        let members = members(&family());
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
        insta::assert_snapshot!(names.join("\n"), @"
        hb1-rp1-sw0-mem1-each
        hb1-rp1-sw0-mem1-all
        hb1-rp1-sw1-mem1-each
        hb1-rp1-sw1-mem1-all
        hb1-rp1-sw1-mem2-each
        hb1-rp1-sw1-mem2-all
        hb1-rp1-sw1-mem3-each
        hb1-rp1-sw1-mem3-all
        hb1-rp2-sw0-mem1-each
        hb1-rp2-sw0-mem1-all
        hb1-rp2-sw0-mem2-each
        hb1-rp2-sw0-mem2-all
        hb1-rp2-sw1-mem2-each
        hb1-rp2-sw1-mem2-all
        hb1-rp2-sw1-mem3-each
        hb1-rp2-sw1-mem3-all
        hb2-rp1-sw0-mem1-each
        hb2-rp1-sw0-mem1-all
        hb2-rp1-sw0-mem2-each
        hb2-rp1-sw0-mem2-all
        hb2-rp1-sw1-mem2-each
        hb2-rp1-sw1-mem2-all
        hb2-rp1-sw1-mem3-each
        hb2-rp1-sw1-mem3-all
        hb2-rp2-sw0-mem1-each
        hb2-rp2-sw0-mem1-all
        hb2-rp2-sw0-mem2-each
        hb2-rp2-sw0-mem2-all
        hb2-rp2-sw0-mem3-each
        hb2-rp2-sw0-mem3-all
        ");
    }

    #[test]
    fn members_are_what_their_names_say_and_can_be_read_again() {
        let members = members(&family());
        for (name, raw) in &members {
            let topology = Topology::from_raw(name, raw).expect("legal");
            assert!(name.contains(&format!("-mem{}-", topology.devices().len())), "{name}");
            assert_eq!(serde_yaml::from_str::<RawTopology>(&raw.to_yaml()).expect("YAML"), *raw);
        }
        let (_, raw) = members.iter().find(|(name, _)| name == "hb2-rp1-sw1-mem3-all").expect("one");
        insta::assert_snapshot!(raw.to_yaml(), @"
        # yaml-language-server: $schema=schema.json
        summary: 'host bridges: 2, root ports of each: 1, switches of each: 1, devices: 3'
        host-bridges:
        - id: hb0
          root-ports:
          - switch:
              id: sw0
              downstream:
              - device:
                  id: mem0
                  persistent: 256M
                  lsa: 1M
              - device:
                  id: mem1
                  persistent: 256M
                  lsa: 1M
        - id: hb1
          root-ports:
          - switch:
              id: sw1
              downstream:
              - device:
                  id: mem2
                  persistent: 256M
                  lsa: 1M
        windows:
        - size: 4G
          targets:
          - hb0
          - hb1
          granularity: 4k
        ");
    }
}
