//! Each rule is broken once, and says so in a snapshot; one sound file breaks none.

use super::*;

/// A sound file: two bridges, a switch, devices of each sort.
const SOUND: &str = "
summary: s
host-bridges:
- id: hb0
  root-ports:
  - switch:
      id: sw0
      downstream:
      - device: {id: mem0, volatile: 256M}
      - device: {id: mem1, volatile: 256M, persistent: 512M, lsa: 1M}
      - empty
  - empty
- id: hb1
  node: 1
  root-ports:
  - device: {id: mem2, persistent: 256M, lsa: 128k, serial: 0x1234}
windows:
- {size: 4G, targets: [hb1, hb0], granularity: 16k}
- {size: 256M, targets: [hb1]}
";

/// The faults of the sound file with one text replaced by another.
fn faults(from: &str, to: &str) -> String {
    assert!(from.is_empty() || SOUND.contains(from), "nothing to replace");
    let text = if from.is_empty() { format!("{SOUND}{to}") } else { SOUND.replacen(from, to, 1) };
    let raw = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    check(&raw).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_sound_file_has_no_faults() {
    assert_eq!(faults("", ""), "");
}

#[test]
fn the_guest() {
    insta::assert_snapshot!(faults("", "nodes: 0"), @"
    nodes: 0 NUMA nodes
      hint: 1 to 8 are possible; cxl_test needs 2
    host-bridges[1].node: there is no NUMA node 1
      hint: the nodes are 0 to 0; `nodes:` sets their number
    ");
    insta::assert_snapshot!(faults("", "nodes: 9"), @"
    nodes: 9 NUMA nodes
      hint: 1 to 8 are possible; cxl_test needs 2
    ");
    insta::assert_snapshot!(faults("", "cpus: 0"), @"
    cpus: 0 CPUs
      hint: 1 to 64 are possible
    ");
    insta::assert_snapshot!(faults("", "memory: 100M"), @"
    memory: 100M cannot be spread over 2 nodes
      hint: a multiple of 4M from 256M on, e.g. 256M
    ");
    insta::assert_snapshot!(faults("", "memory: 513M"), @"
    memory: 513M cannot be spread over 2 nodes
      hint: a multiple of 4M from 256M on, e.g. 516M
    ");
    insta::assert_snapshot!(faults("node: 1", "node: 2"), @"
    host-bridges[1].node: there is no NUMA node 2
      hint: the nodes are 0 to 1; `nodes:` sets their number
    ");
}

#[test]
fn ids() {
    insta::assert_snapshot!(faults("id: mem2", "id: mem1"), @"
    host-bridges[1].root-ports[0].device.id: the id mem1 is taken by host-bridges[0].root-ports[0].switch.downstream[1].device.id
      hint: every id is unique in its file
    ");
    insta::assert_snapshot!(faults("id: sw0", "id: hb0"), @"
    host-bridges[0].root-ports[0].switch.id: the id hb0 is taken by host-bridges[0].id
      hint: every id is unique in its file
    ");
    insta::assert_snapshot!(faults("id: mem0", "id: 'mem,0'"), @r#"
    host-bridges[0].root-ports[0].switch.downstream[0].device.id: "mem,0" is no id
      hint: a letter, then letters, digits, `-` and `_`, at most 32 in all, like mem0
    "#);
    insta::assert_snapshot!(faults("id: mem0", "id: hb0.rp1"), @r#"
    host-bridges[0].root-ports[0].switch.downstream[0].device.id: "hb0.rp1" is no id
      hint: a letter, then letters, digits, `-` and `_`, at most 32 in all, like mem0
    "#);
    insta::assert_snapshot!(faults("id: mem0", "id: ''"), @r#"
    host-bridges[0].root-ports[0].switch.downstream[0].device.id: "" is no id
      hint: a letter, then letters, digits, `-` and `_`, at most 32 in all, like mem0
    "#);
}

#[test]
fn ports() {
    let device = "device: {id: mem0, volatile: 256M}";
    insta::assert_snapshot!(faults(device, "switch: {id: sw1, downstream: [empty]}"), @"
    host-bridges[0].root-ports[0].switch.downstream[0].switch: the switch sw1 hangs below the switch sw0
      hint: QEMU routes memory through one level of switches: hang it below a root port
    ");
    insta::assert_snapshot!(faults(device, "switch: {id: sw1, downstream: []}"), @"
    host-bridges[0].root-ports[0].switch.downstream[0].switch.downstream: 0 ports
      hint: 1 to 32 are possible; `- empty` is a port with nothing behind it
    host-bridges[0].root-ports[0].switch.downstream[0].switch: the switch sw1 hangs below the switch sw0
      hint: QEMU routes memory through one level of switches: hang it below a root port
    ");
    insta::assert_snapshot!(faults("windows:", "- {id: hb2, root-ports: []}\nwindows:"), @"
    host-bridges[2].root-ports: 0 ports
      hint: 1 to 32 are possible; `- empty` is a port with nothing behind it
    ");
    let bridges = |n: usize, ports: usize| {
        let ports = vec!["empty"; ports].join(", ");
        let bridge = |i| format!("- {{id: x{i}, root-ports: [{ports}]}}");
        (0..n).map(bridge).chain(["windows:".to_owned()]).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(faults("windows:", &bridges(14, 1)), "");
    insta::assert_snapshot!(faults("windows:", &bridges(15, 1)), @"
    host-bridges: 17 host bridges
      hint: QEMU has register space for 16
    ");
    assert_eq!(faults("windows:", &bridges(7, 32)), "");
    insta::assert_snapshot!(faults("windows:", &bridges(8, 32)), @"
    host-bridges: the ports need 273 PCI buses, there are 244
      hint: a port takes one bus, a switch one more: use fewer
    ");
    insta::assert_snapshot!(faults("windows:", &bridges(1, 33)), @"
    host-bridges[2].root-ports: 33 ports
      hint: 1 to 32 are possible; `- empty` is a port with nothing behind it
    ");
}

#[test]
fn devices_and_their_memory() {
    insta::assert_snapshot!(faults(", volatile: 256M}", "}"), @"
    host-bridges[0].root-ports[0].switch.downstream[0].device: mem0 has no memory
      hint: give it `volatile: 256M` or `persistent: 256M` with `lsa: 1M`, or both
    ");
    insta::assert_snapshot!(faults("volatile: 256M}", "volatile: 257M}"), @"
    host-bridges[0].root-ports[0].switch.downstream[0].device.volatile: 257M is not a multiple of 256M
      hint: CXL counts capacity in units of 256M: 512M, say
    ");
    insta::assert_snapshot!(faults("persistent: 512M", "persistent: 0"), @"
    host-bridges[0].root-ports[0].switch.downstream[1].device.persistent: 0 is not a multiple of 256M
      hint: CXL counts capacity in units of 256M: 256M, say
    ");
    insta::assert_snapshot!(faults(", lsa: 1M", ""), @"
    host-bridges[0].root-ports[0].switch.downstream[1].device.lsa: mem1 has persistent memory but no label storage area
      hint: add `lsa: 1M`
    ");
    insta::assert_snapshot!(faults("lsa: 1M", "lsa: 1000"), @"
    host-bridges[0].root-ports[0].switch.downstream[1].device.lsa: 1000 is no size for a label storage area
      hint: a multiple of 4k up to 1G; 1M is usual
    ");
    insta::assert_snapshot!(faults("serial: 0x1234", "serial: 0"), @"
    host-bridges[1].root-ports[0].device.serial: 0 and all ones stand for no serial number
      hint: choose another, or leave it out: one is made from the id
    ");
    insta::assert_snapshot!(faults("lsa: 1M}", "lsa: 1M, serial: 0x1234}"), @"
    host-bridges[1].root-ports[0].device.serial: mem2 has the serial number 0x1234 of mem1
      hint: serial numbers are unique: choose another, or leave it out
    ");
}

#[test]
fn persistent_memory_wants_a_window() {
    let text = &SOUND[..SOUND.find("windows:").expect("windows")];
    let raw = serde_yaml::from_str(text).expect("YAML");
    let fields: Vec<_> = check(&raw).into_iter().map(|fault| fault.field).collect();
    assert_eq!(
        fields,
        [
            "host-bridges[0].root-ports[0].switch.downstream[1].device.persistent",
            "host-bridges[1].root-ports[0].device.persistent"
        ]
    );
}

#[test]
fn windows() {
    insta::assert_snapshot!(faults("size: 4G", "size: 4000M"), @"
    windows[0].size: 4000M is not a multiple of 256M
      hint: 4G, say
    ");
    insta::assert_snapshot!(faults("size: 4G", "size: 0"), @"
    windows[0].size: 0 is not a multiple of 256M
      hint: 256M, say
    ");
    insta::assert_snapshot!(faults("size: 4G", "size: 64T"), @"
    windows: 67109120M of windows in all
      hint: they must leave room in 46 bits of address: at most 32T
    ");
    insta::assert_snapshot!(faults("granularity: 16k", "granularity: 32k"), @"
    windows[0].granularity: 32k is no interleave granularity
      hint: 256, 512, 1k, 2k, 4k, 8k or 16k
    ");
    insta::assert_snapshot!(faults("granularity: 16k", "granularity: 300"), @"
    windows[0].granularity: 300 is no interleave granularity
      hint: 256, 512, 1k, 2k, 4k, 8k or 16k
    ");
    insta::assert_snapshot!(faults("[hb1]", "[]"), @"
    windows[1].targets: 0 targets
      hint: 1, 2, 3, 4, 6, 8, 12 or 16 are possible
    ");
    insta::assert_snapshot!(faults("[hb1]", "[hb1, hb1]"), @"
    windows[1].targets[1]: hb1 is a target twice
      hint: every host bridge at most once a window
    ");
    insta::assert_snapshot!(faults("[hb1]", "[bh1]"), @r#"
    windows[1].targets[0]: there is no host bridge "bh1"
      hint: the host bridges are: hb0, hb1
    "#);
    insta::assert_snapshot!(faults("[hb1]", "[something]"), @r#"
    windows[1].targets[0]: there is no host bridge "something"
      hint: the host bridges are: hb0, hb1
    "#);
    insta::assert_snapshot!(faults("[hb1]", "[mem0]"), @"
    windows[1].targets[0]: mem0 is a device
      hint: a window's targets are host bridges: hb0, hb1
    ");
    insta::assert_snapshot!(faults("[hb1]", "[sw0]"), @"
    windows[1].targets[0]: sw0 is a switch
      hint: a window's targets are host bridges: hb0, hb1
    ");
}

#[test]
fn five_ways_are_refused_and_six_are_not() {
    let ways = |n: usize| {
        let bridges = |i: usize| format!("{{id: h{i}, root-ports: [empty]}}");
        let bridges: Vec<_> = (0..n).map(bridges).collect();
        let targets: Vec<_> = (0..n).map(|i| format!("h{i}")).collect();
        let text = format!(
            "{{summary: s, host-bridges: [{}], windows: [{{size: 1G, targets: [{}]}}]}}",
            bridges.join(", "),
            targets.join(", ")
        );
        check(&serde_yaml::from_str(&text).expect("YAML")).len()
    };
    let refused: Vec<_> = (1..=16).filter(|n| ways(*n) > 0).collect();
    assert_eq!(refused, [5, 7, 9, 10, 11, 13, 14, 15]);
}

#[test]
fn a_made_serial_depends_on_the_id_alone() {
    let serial = |id: &str| serial_of(&RawDevice { id: id.to_owned(), ..RawDevice::default() });
    assert_eq!(serial("mem0"), serial("mem0"));
    assert_ne!(serial("mem0"), serial("mem1"));
    insta::assert_snapshot!(format!("{:#x}", serial("mem0")), @"0x4301c4a2e313bcca");
}
