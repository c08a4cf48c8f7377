//! Random topologies, to look for failures where no file was written for, and the smallest one that still fails.

use std::collections::BTreeSet;

use super::model::Topology;
use crate::bytes::Bytes;
use crate::raw::{RawBelow, RawDevice, RawHostBridge, RawPort, RawSwitch, RawTopology, RawWindow, Speed};

/// Numbers that depend on the seed alone, on every machine and in every version (SplitMix64).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// From `low` to `high`, both possible.
    fn from(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True so many times in a hundred.
    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap_or(0)]
    }
}

/// The topology of this seed and number: legal, and the same every time.
pub fn random(seed: u64, number: u32) -> RawTopology {
    let mut rng = Rng(seed ^ (u64::from(number) << 32));
    loop {
        let raw = Maker { rng: &mut rng, devices: 0, switches: 0 }.topology(seed, number);
        if Topology::from_raw("random", &raw).is_ok() {
            return raw;
        }
    }
}

struct Maker<'a> {
    rng: &'a mut Rng,
    devices: u32,
    switches: u32,
}

impl Maker<'_> {
    fn topology(&mut self, seed: u64, number: u32) -> RawTopology {
        let bridges = self.rng.pick(&[1, 1, 1, 2, 2, 3, 4]);
        let host_bridges: Vec<_> = (0..bridges).map(|n| self.host_bridge(n)).collect();
        let windows = self.windows(&host_bridges);
        let distance = u32::try_from(self.rng.from(11, 254)).unwrap_or(20);
        RawTopology {
            summary: format!("random, seed {seed}, number {number}"),
            memory: None,
            cpus: self.rng.percent(30).then(|| u32::try_from(self.rng.from(1, 4)).unwrap_or(1)),
            nodes: None,
            distances: self.rng.percent(20).then(|| vec![vec![10, distance], vec![distance, 10]]),
            host_bridges,
            windows,
        }
    }

    fn host_bridge(&mut self, number: u32) -> RawHostBridge {
        let ports = self.rng.pick(&[1, 1, 2, 2, 3, 4]);
        let root_ports: Vec<_> = (0..ports).map(|_| self.port(true)).collect();
        RawHostBridge {
            id: format!("hb{number}"),
            node: self.rng.percent(40).then(|| u32::try_from(self.rng.below(2)).unwrap_or(0)),
            hdm_for_passthrough: ports == 1 && self.rng.percent(30),
            root_ports,
            ..RawHostBridge::default()
        }
    }

    fn port(&mut self, switches: bool) -> RawPort {
        let kind = self.rng.below(100);
        let below = match kind {
            0..20 => RawBelow::Empty,
            20..75 => RawBelow::Device(self.device()),
            _ if switches => RawBelow::Switch(self.switch()),
            _ => RawBelow::Device(self.device()),
        };
        let speeds = [Speed::Gen1, Speed::Gen2, Speed::Gen3, Speed::Gen4, Speed::Gen5, Speed::Gen6];
        RawPort {
            speed: self.rng.percent(15).then(|| self.rng.pick(&speeds)),
            width: self.rng.percent(15).then(|| self.rng.pick(&[1, 2, 4, 8, 12, 16, 32])),
            hotplug: self.rng.percent(15).then_some(false),
            below,
            ..RawPort::default()
        }
    }

    fn switch(&mut self) -> RawSwitch {
        let id = format!("sw{}", self.switches);
        self.switches += 1;
        let ports = self.rng.from(1, 4);
        RawSwitch {
            id,
            mailbox_cci: self.rng.percent(25),
            downstream: (0..ports).map(|_| self.port(false)).collect(),
            ..RawSwitch::default()
        }
    }

    fn device(&mut self) -> RawDevice {
        let id = format!("mem{}", self.devices);
        self.devices += 1;
        let size = |rng: &mut Rng| Bytes::mib(256 * rng.pick(&[1, 1, 1, 2, 3, 4]));
        let kind = self.rng.below(5);
        let volatile = (kind < 3).then(|| size(self.rng));
        let persistent = (kind >= 2).then(|| size(self.rng));
        RawDevice {
            id,
            volatile,
            persistent,
            lsa: persistent.map(|_| Bytes(self.rng.pick(&[128 << 10, 1 << 20, 4 << 20]))),
            serial: self.rng.percent(20).then(|| self.rng.next() | 1),
            present: self.rng.percent(10).then_some(false),
            ..RawDevice::default()
        }
    }

    fn windows(&mut self, bridges: &[RawHostBridge]) -> Vec<RawWindow> {
        let count = self.rng.pick(&[0, 1, 1, 1, 2, 2, 3, 4]);
        let window = |rng: &mut Rng| {
            let mut left: Vec<_> = bridges.iter().map(|bridge| bridge.id.clone()).collect();
            let ways = rng.from(1, left.len() as u64);
            let mut take = || left.remove(usize::try_from(rng.below(left.len() as u64)).unwrap_or(0));
            let targets = (0..ways).map(|_| take()).collect();
            RawWindow {
                size: Bytes::mib(256 * rng.pick(&[1, 2, 3, 4, 8, 16, 32])),
                targets,
                granularity: rng.percent(80).then(|| Bytes(256 << rng.below(7))),
            }
        };
        (0..count).map(|_| window(self.rng)).collect()
    }
}

/// The smallest topology that still fails: of the legal ones with one thing less none does. Each is asked about once.
///
/// # Errors
/// Those of `fails`.
pub fn shrink<E>(
    raw: &RawTopology,
    fails: &mut impl FnMut(&RawTopology) -> Result<bool, E>,
) -> Result<RawTopology, E> {
    let mut small = raw.clone();
    let mut passed = BTreeSet::new();
    'smaller: loop {
        for less in smaller(&small) {
            let text = less.to_yaml();
            if passed.contains(&text) || Topology::from_raw("smaller", &less).is_err() {
                continue;
            }
            if fails(&less)? {
                small = less;
                continue 'smaller;
            }
            passed.insert(text);
        }
        return Ok(small);
    }
}

/// Every topology that is this one with one thing less, the large cuts first. Not all of them are legal.
fn smaller(raw: &RawTopology) -> Vec<RawTopology> {
    let mut all = Vec::new();
    for gone in 0..raw.host_bridges.len() {
        let mut less = raw.clone();
        let id = less.host_bridges.remove(gone).id;
        less.windows.iter_mut().for_each(|window| window.targets.retain(|target| *target != id));
        less.windows.retain(|window| !window.targets.is_empty());
        all.push(less);
    }
    for gone in 0..raw.windows.len() {
        let mut less = raw.clone();
        less.windows.remove(gone);
        all.push(less);
    }
    for (bridge, of) in raw.host_bridges.iter().enumerate() {
        for ports in smaller_ports(&of.root_ports) {
            let mut less = raw.clone();
            less.host_bridges[bridge].root_ports = ports;
            all.push(less);
        }
        let (id, root_ports) = (of.id.clone(), of.root_ports.clone());
        let plain = RawHostBridge { id, root_ports, ..RawHostBridge::default() };
        if plain != *of {
            let mut less = raw.clone();
            less.host_bridges[bridge] = plain;
            all.push(less);
        }
    }
    for (number, window) in raw.windows.iter().enumerate() {
        let plain = RawWindow { granularity: None, ..window.clone() };
        let one = RawWindow { targets: window.targets[..1].to_vec(), ..window.clone() };
        for smaller in [one, plain].into_iter().filter(|smaller| smaller != window) {
            let mut less = raw.clone();
            less.windows[number] = smaller;
            all.push(less);
        }
    }
    if raw.cpus.is_some() || raw.distances.is_some() || raw.memory.is_some() {
        all.push(RawTopology { cpus: None, distances: None, memory: None, ..raw.clone() });
    }
    all
}

/// The lists with one port less, or less on one port.
fn smaller_ports(ports: &[RawPort]) -> Vec<Vec<RawPort>> {
    let mut all = Vec::new();
    for (at, port) in ports.iter().enumerate() {
        let mut without = ports.to_vec();
        without.remove(at);
        all.push(without);
        for smaller in smaller_port(port) {
            let mut with = ports.to_vec();
            with[at] = smaller;
            all.push(with);
        }
    }
    all
}

/// The port without options.
fn below_only(port: &RawPort) -> RawPort {
    RawPort { below: port.below.clone(), ..RawPort::default() }
}

fn smaller_port(port: &RawPort) -> Vec<RawPort> {
    let below = |below| RawPort { below, ..port.clone() };
    let mut all = Vec::new();
    match &port.below {
        RawBelow::Empty => {}
        RawBelow::Device(device) => {
            all.push(below(RawBelow::Empty));
            let plain = RawDevice {
                id: device.id.clone(),
                volatile: device.volatile.map(|_| Bytes::mib(256)),
                persistent: device.persistent.map(|_| Bytes::mib(256)),
                lsa: device.persistent.map(|_| Bytes::mib(1)),
                ..RawDevice::default()
            };
            let ram =
                RawDevice { volatile: Some(Bytes::mib(256)), persistent: None, lsa: None, ..device.clone() };
            let pmem = device.persistent.map(|_| RawDevice { volatile: None, ..device.clone() });
            all.extend(
                [plain, ram]
                    .into_iter()
                    .chain(pmem)
                    .filter(|less| less != device)
                    .map(|less| below(RawBelow::Device(less))),
            );
        }
        RawBelow::Switch(switch) => {
            all.push(below(RawBelow::Empty));
            all.extend(switch.downstream.iter().map(|port| below(port.below.clone())));
            let with = |downstream| RawBelow::Switch(RawSwitch { downstream, ..switch.clone() });
            all.extend(smaller_ports(&switch.downstream).into_iter().map(|ports| below(with(ports))));
            let (id, downstream) = (switch.id.clone(), switch.downstream.clone());
            let plain = RawSwitch { id, downstream, ..RawSwitch::default() };
            if plain != *switch {
                all.push(below(RawBelow::Switch(plain)));
            }
        }
    }
    let plain = below_only(port);
    if plain != *port {
        all.push(plain);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_legal_topologies_again_and_others_others() {
        for number in 0..50 {
            let raw = random(7, number);
            assert_eq!(raw, random(7, number));
            assert!(Topology::from_raw("t", &raw).is_ok());
            assert_eq!(serde_yaml::from_str::<RawTopology>(&raw.to_yaml()).expect("YAML"), raw);
        }
        assert_ne!(random(7, 0), random(7, 1));
        assert_ne!(random(7, 0), random(8, 0));
    }

    #[test]
    fn this_is_one_of_them() {
        insta::assert_snapshot!(random(1, 2).to_yaml(), @"
        # yaml-language-server: $schema=schema.json
        summary: random, seed 1, number 2
        host-bridges:
        - id: hb0
          node: 1
          root-ports:
          - device:
              id: mem0
              persistent: 256M
              lsa: 128k
              serial: 16514614429885095403
          - device:
              id: mem1
              volatile: 256M
          - width: 1
            empty: true
          - device:
              id: mem2
              volatile: 512M
              serial: 13609461362031276259
        - id: hb1
          node: 1
          root-ports:
          - width: 1
            empty: true
          - device:
              id: mem3
              persistent: 512M
              lsa: 1M
          - switch:
              id: sw0
              downstream:
              - speed: 64
                device:
                  id: mem4
                  persistent: 512M
                  lsa: 1M
              - width: 2
                device:
                  id: mem5
                  volatile: 256M
                  serial: 8190065434512063009
          - device:
              id: mem6
              volatile: 1G
        windows:
        - size: 8G
          targets:
          - hb0
          - hb1
          granularity: 8k
        - size: 1G
          targets:
          - hb1
          - hb0
          granularity: 256
        ");
    }

    /// What is to be found in the end: the smallest topology that still has a device with persistent memory.
    #[test]
    fn shrinking_ends_at_the_smallest() {
        let mut asked = BTreeSet::new();
        let mut fails = |raw: &RawTopology| -> Result<bool, ()> {
            assert!(asked.insert(raw.to_yaml()), "asked twice");
            let topology = Topology::from_raw("t", raw).map_err(|_| ())?;
            Ok(topology.devices().iter().any(|placed| placed.device.persistent.is_some()))
        };
        let raw = (0..100).map(|number| random(3, number)).find(|raw| fails(raw) == Ok(true)).expect("one");
        let raw = shrink(&raw, &mut fails).expect("only legal ones are asked about");
        insta::assert_snapshot!(raw.to_yaml(), @"
        # yaml-language-server: $schema=schema.json
        summary: random, seed 3, number 0
        host-bridges:
        - id: hb0
          root-ports:
          - device:
              id: mem1
              persistent: 256M
              lsa: 1M
        windows:
        - size: 1G
          targets:
          - hb0
        ");
    }
}
