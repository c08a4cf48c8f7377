//! What `/sys/bus/cxl` must show in a guest of a topology.
//!
//! Read in Linux 6.12 and 7.3 (`drivers/cxl/`) and observed in guests of both. HDM decoders below the root are not part
//! of it: their number depends on QEMU's release, and on Linux's for a bridge of a single port.

use wire::{Expect, ExpectDport, ExpectMemdev, ExpectPort, ExpectWindow, PciPath};

use super::model::{Below, HostBridge, Port, Topology, Window};
use super::walk::Placed;
use crate::bytes::Bytes;

/// What Linux shows as granularity of a window with one target, which has none (`CXL_DECODER_MIN_GRANULARITY`).
const NO_GRANULARITY: u64 = 256;

/// Derives what a guest of this topology must show.
pub fn expect(topology: &Topology) -> Expect {
    Expect {
        windows: topology.windows.iter().map(|window| self::window(window, topology)).collect(),
        ports: topology.host_bridges.iter().flat_map(ports).collect(),
        memdevs: topology.devices().iter().map(memdev).collect(),
        regions: super::regions::sample(topology),
    }
}

fn window(window: &Window, topology: &Topology) -> ExpectWindow {
    let uid = |target: &String| topology.host_bridge(target).map(|bridge| u32::from(bridge.bus_nr));
    ExpectWindow {
        size: window.size.0,
        granularity: if window.targets.len() == 1 { NO_GRANULARITY } else { window.granularity.0 },
        targets: window.targets.iter().filter_map(uid).collect(),
    }
}

/// The host bridge's port, which is there whatever hangs below, and those of its switches, which are there only if
/// an endpoint came up through them.
fn ports(bridge: &HostBridge) -> Vec<ExpectPort> {
    let at = PciPath { host_bridge: u32::from(bridge.bus_nr), devices: Vec::new() };
    let dports = bridge.root_ports.iter().map(dport).collect();
    let mut found = vec![ExpectPort { id: bridge.id.clone(), place: bridge.id.clone(), at, dports }];
    found.extend(bridge.ports().iter().filter_map(|above| match &above.port.below {
        Below::Switch(switch) if switch.has_memory() => Some(ExpectPort {
            id: switch.id.clone(),
            place: format!("{}/{}", above.place(), switch.id),
            at: above.below(),
            dports: switch.downstream.iter().map(dport).collect(),
        }),
        _ => None,
    }));
    found
}

fn dport(port: &Port) -> ExpectDport {
    let slot = &port.slot;
    ExpectDport {
        name: slot.name.clone(),
        device: slot.device,
        number: u32::from(slot.number),
        required: port.leads_to_memory(),
    }
}

fn memdev(placed: &Placed<'_>) -> ExpectMemdev {
    let bytes = |size: Option<Bytes>| size.map_or(0, |size| size.0);
    let device = placed.device;
    ExpectMemdev {
        id: device.id.clone(),
        place: placed.place.clone(),
        at: placed.at.clone(),
        serial: device.serial,
        ram: bytes(device.volatile),
        pmem: bytes(device.persistent),
        lsa: bytes(device.lsa),
        node: placed.host_bridge.node.and_then(|node| i32::try_from(node).ok()).unwrap_or(-1),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shipped(name: &str) -> Expect {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies");
        expect(&Topology::load(&dir, name).expect("a sound file"))
    }

    /// As JSON, one a line.
    fn lines<T: serde::Serialize>(all: &[T]) -> String {
        let line = |one| serde_json::to_string(one).expect("JSON");
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn without_cxl_nothing_is_expected() {
        assert_eq!(shipped("none"), Expect::default());
    }

    #[test]
    fn a_switch_is_a_port_and_its_empty_port_is_optional() {
        let Expect { ports, memdevs, .. } = shipped("mixed");
        insta::assert_snapshot!(lines(&ports), @r#"
        {"id":"hb0","place":"hb0","at":{"host_bridge":12,"devices":[]},"dports":[{"name":"rp0","device":0,"number":0,"required":true},{"name":"rp1","device":1,"number":1,"required":true},{"name":"rp2","device":2,"number":2,"required":false}]}
        {"id":"sw0","place":"hb0/rp0/sw0","at":{"host_bridge":12,"devices":[0,0]},"dports":[{"name":"dp0","device":0,"number":0,"required":true},{"name":"dp1","device":1,"number":1,"required":true},{"name":"dp2","device":2,"number":2,"required":false}]}
        "#);
        insta::assert_snapshot!(lines(&memdevs), @r#"
        {"id":"mem0","place":"hb0/rp0/sw0/dp0","at":{"host_bridge":12,"devices":[0,0,0,0]},"serial":4828356479391349962,"ram":268435456,"pmem":0,"lsa":0,"node":-1}
        {"id":"mem1","place":"hb0/rp0/sw0/dp1","at":{"host_bridge":12,"devices":[0,0,1,0]},"serial":4828357578902978173,"ram":0,"pmem":268435456,"lsa":1048576,"node":-1}
        {"id":"mem2","place":"hb0/rp1","at":{"host_bridge":12,"devices":[1,0]},"serial":4828354280368093540,"ram":268435456,"pmem":0,"lsa":0,"node":-1}
        "#);
    }

    #[test]
    fn windows_name_their_bridges_by_uid() {
        insta::assert_snapshot!(lines(&shipped("two-bridges").windows), @r#"
        {"size":4294967296,"granularity":8192,"targets":[12,14]}
        {"size":2147483648,"granularity":256,"targets":[12]}
        {"size":1073741824,"granularity":256,"targets":[14]}
        "#);
    }

    #[test]
    fn a_switch_without_devices_has_no_port() {
        let text =
            "{summary: s, host-bridges: [{id: hb0, root-ports: [switch: {id: sw0, downstream: [empty]}]}]}";
        let raw = serde_yaml::from_str(text).expect("YAML");
        let expected = expect(&Topology::from_raw("t", &raw).expect("sound"));
        assert_eq!(expected.ports.len(), 1);
        assert!(!expected.ports[0].dports[0].required);
    }
}
