//! Random legal topologies: no two things ever share a number.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::bytes::Bytes;
use crate::raw::{RawBelow, RawDevice, RawHostBridge, RawPort, RawSwitch, RawTopology, RawWindow};

const PLACEHOLDER: &str = "";

fn port(below: RawBelow) -> RawPort {
    RawPort { below, ..RawPort::default() }
}

fn device() -> impl Strategy<Value = RawPort> {
    (any::<bool>(), 1_u64..8, prop::option::of(1_u64..8), any::<bool>()).prop_map(
        |(volatile, size, second, present)| {
            let size = Some(Bytes::mib(256 * size));
            let second = second.map(|size| Bytes::mib(256 * size));
            let (volatile, persistent) = if volatile { (size, second) } else { (second, size) };
            let lsa = persistent.map(|_| Bytes::mib(1));
            let id = PLACEHOLDER.to_owned();
            let device =
                RawDevice { id, volatile, persistent, lsa, present: Some(present), ..RawDevice::default() };
            port(RawBelow::Device(device))
        },
    )
}

fn slot() -> impl Strategy<Value = RawPort> {
    let leaf = prop_oneof![1 => Just(RawPort::default()), 3 => device()];
    let downstream = prop::collection::vec(prop_oneof![Just(RawPort::default()), device()], 1..6);
    let switch = (downstream, any::<bool>()).prop_map(|(downstream, mailbox_cci)| {
        port(RawBelow::Switch(RawSwitch {
            id: PLACEHOLDER.to_owned(),
            mailbox_cci,
            downstream,
            ..RawSwitch::default()
        }))
    });
    prop_oneof![3 => leaf, 1 => switch]
}

fn bridges() -> impl Strategy<Value = Vec<RawHostBridge>> {
    let bridge = (prop::collection::vec(slot(), 1..4), prop::option::of(0_u32..2))
        .prop_map(|(root_ports, node)| RawHostBridge { node, root_ports, ..RawHostBridge::default() });
    prop::collection::vec(bridge, 1..=8)
}

/// Gives ids in a walk, which a strategy cannot.
fn named(mut bridges: Vec<RawHostBridge>) -> Vec<RawHostBridge> {
    fn walk(ports: &mut [RawPort], devices: &mut u32, switches: &mut u32) {
        for port in ports {
            match &mut port.below {
                RawBelow::Empty => {}
                RawBelow::Device(device) => {
                    device.id = format!("mem{devices}");
                    *devices += 1;
                }
                RawBelow::Switch(switch) => {
                    switch.id = format!("sw{switches}");
                    *switches += 1;
                    walk(&mut switch.downstream, devices, switches);
                }
            }
        }
    }
    let (mut devices, mut switches) = (0, 0);
    for (i, bridge) in bridges.iter_mut().enumerate() {
        bridge.id = format!("hb{i}");
        walk(&mut bridge.root_ports, &mut devices, &mut switches);
    }
    bridges
}

prop_compose! {
    /// A legal file.
    pub(super) fn legal()(
        bridges in bridges(),
        windows in prop::collection::vec((1_u64..64, 0_usize..8, 0_u32..7), 1..4),
    ) -> RawTopology {
        let host_bridges = named(bridges);
        let windows = windows.into_iter().map(|(size, ways, granularity)| {
            let ways = [1, 2, 3, 4, 6, 8][ways % 6].min(host_bridges.len());
            let ways = if [5, 7].contains(&ways) { ways - 1 } else { ways };
            RawWindow {
                size: Bytes::mib(256 * size),
                targets: host_bridges.iter().take(ways).map(|bridge| bridge.id.clone()).collect(),
                granularity: Some(Bytes(256 << granularity)),
            }
        });
        RawTopology { summary: "s".to_owned(), windows: windows.collect(), host_bridges, ..RawTopology::default() }
    }
}

/// Whether all are different.
fn distinct<T: Ord>(all: impl IntoIterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    all.into_iter().all(|one| seen.insert(one))
}

/// Buses that a bridge takes, counted in the finished topology, unlike the count that assigned them.
fn buses(bridge: &HostBridge) -> u32 {
    let behind = |port: &Port| match &port.below {
        Below::Switch(switch) => 2 + switch.downstream.len(),
        Below::Nothing | Below::Device(_) => 1,
    };
    u32::try_from(1 + bridge.root_ports.iter().map(behind).sum::<usize>()).expect("few")
}

proptest! {
    #[test]
    fn nothing_clashes(raw in legal()) {
        let topology = Topology::from_raw("t", &raw).map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
        let slots: Vec<_> = topology.ports().into_iter().map(|at| &at.port.slot).collect();
        prop_assert!(distinct(slots.iter().map(|slot| (slot.chassis, slot.slot))));
        prop_assert!(distinct(slots.iter().map(|slot| &slot.id)));
        prop_assert!(distinct(topology.devices().iter().map(|placed| placed.device.serial)));
        prop_assert!(distinct(topology.devices().iter().map(|placed| placed.at.clone())));
        for bridge in &topology.host_bridges {
            prop_assert!(distinct(bridge.root_ports.iter().map(|port| port.slot.number)));
            prop_assert!(distinct(bridge.root_ports.iter().map(|port| port.slot.device)));
        }
        for two in topology.host_bridges.windows(2) {
            prop_assert!(u32::from(two[0].bus_nr) + buses(&two[0]) <= u32::from(two[1].bus_nr));
        }
        let last = topology.host_bridges.last().expect("a bridge");
        prop_assert!(u32::from(last.bus_nr) + buses(last) <= 256);
    }

    #[test]
    fn qemu_gets_every_id_once(raw in legal()) {
        let topology = Topology::from_raw("t", &raw).map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
        let capabilities = Capabilities::of_release(QemuVersion::new(10, 0, 2));
        let args = qemu::machine_args(&topology, &capabilities, &qemu::Backing::Ram).expect("it can");
        for option in ["-device", "-object"] {
            let values = args.chunks(2).filter(|pair| pair[0] == option).map(|pair| &pair[1]);
            let id = |value: &String| value.split(',').find_map(|p| p.strip_prefix("id=")).map(str::to_owned);
            prop_assert!(distinct(values.map(|value| id(value).expect("an id"))));
        }
        prop_assert_eq!(args.iter().filter(|arg| *arg == "-M").count(), 1);
        let type3 = args.iter().filter(|arg| arg.starts_with("cxl-type3,")).count();
        prop_assert_eq!(type3, topology.devices().len());
    }

    #[test]
    fn what_is_written_reads_back(raw in legal(), summary: String, options in prop::collection::vec((".{0,4}", ".{0,6}"), 0..4)) {
        let options = options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut raw = RawTopology { summary, ..raw };
        raw.host_bridges[0].qemu = options;
        prop_assert_eq!(serde_yaml::from_str::<RawTopology>(&raw.to_yaml()).map_err(|e| e.to_string()), Ok(raw));
    }

    #[test]
    fn every_device_is_expected_below_a_required_dport(raw in legal()) {
        let topology = Topology::from_raw("t", &raw).map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
        let expected = expect(&topology);
        for memdev in &expected.memdevs {
            let mut above = memdev.at.clone();
            // Each step up: the port's device number, then the number of what hangs in it.
            while !above.devices.is_empty() {
                above.devices.pop();
                let number = above.devices.pop().expect("a port");
                let port = expected.ports.iter().find(|port| port.at == above).expect("its port");
                prop_assert!(port.dports.iter().any(|dport| dport.device == number && dport.required));
            }
        }
    }

    #[test]
    fn any_file_is_checked_without_panic(
        ids in prop::collection::vec(".{0,3}", 4),
        sizes in prop::collection::vec(any::<u64>().prop_map(Bytes), 5),
        numbers in prop::collection::vec(any::<u32>(), 4),
    ) {
        let device = RawDevice {
            id: ids[0].clone(), volatile: Some(sizes[0]), persistent: Some(sizes[1]), lsa: Some(sizes[2]),
            serial: Some(sizes[3].0), ..RawDevice::default()
        };
        let raw = RawTopology {
            summary: ids[1].clone(), memory: Some(sizes[3]), cpus: Some(numbers[0]), nodes: Some(numbers[1]),
            host_bridges: vec![RawHostBridge {
                id: ids[2].clone(), node: Some(numbers[2]), root_ports: vec![port(RawBelow::Device(device))],
                hdm_for_passthrough: true, ..RawHostBridge::default()
            }],
            distances: Some(vec![numbers.clone(); 2]),
            windows: vec![RawWindow { size: sizes[4], targets: ids.clone(), granularity: Some(sizes[0]) }],
        };
        prop_assert_eq!(serde_yaml::from_str::<RawTopology>(&raw.to_yaml()).map_err(|e| e.to_string()), Ok(raw.clone()));
        let _ = Topology::from_raw("t", &raw);
        // Whoever skips the rules gets what there is of it.
        let topology = Topology::unchecked("t", &raw, setting::Source::default());
        let _ = (expect(&topology), one_liner(&topology), tree(&topology));
    }
}
