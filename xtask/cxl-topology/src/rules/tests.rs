//! Each rule is broken once, with its message in a snapshot; one sound file breaks none.

use super::*;
use crate::Topology;
use crate::raw::RawDevice;

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
  hdm-for-passthrough: true
  root-ports:
  - device: {id: mem2, persistent: 256M, lsa: 128k, serial: 0x1234}
windows:
- {size: 4G, targets: [hb1, hb0], granularity: 16k}
- {size: 512M, targets: [hb1]}
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
    error: nodes: 0 NUMA nodes [nodes]
      hint: 1 to 8 are possible; cxl_test needs 2
    error: host-bridges[1].node: there is no NUMA node 1 [numa-node]
      hint: the nodes are 0 to 0; `nodes:` sets their number
    ");
    insta::assert_snapshot!(faults("", "nodes: 9"), @"
    error: nodes: 9 NUMA nodes [nodes]
      hint: 1 to 8 are possible; cxl_test needs 2
    ");
    insta::assert_snapshot!(faults("", "cpus: 0"), @"
    error: cpus: 0 CPUs [cpus]
      hint: 1 to 64 are possible
    ");
    insta::assert_snapshot!(faults("", "memory: 100M"), @"
    error: memory: 100M cannot be spread over 2 nodes [memory]
      hint: a multiple of 4M from 256M on, e.g. 256M
    ");
    insta::assert_snapshot!(faults("", "memory: 513M"), @"
    error: memory: 513M cannot be spread over 2 nodes [memory]
      hint: a multiple of 4M from 256M on, e.g. 516M
    ");
    insta::assert_snapshot!(faults("node: 1", "node: 2"), @"
    error: host-bridges[1].node: there is no NUMA node 2 [numa-node]
      hint: the nodes are 0 to 1; `nodes:` sets their number
    ");
}

#[test]
fn ids() {
    insta::assert_snapshot!(faults("id: mem2", "id: mem1"), @"
    error: host-bridges[1].root-ports[0].device.id: host-bridges[0].root-ports[0].switch.downstream[1].device.id has the id mem1 already [id-unique]
      hint: every id is unique in its file
    ");
    insta::assert_snapshot!(faults("id: sw0", "id: hb0"), @"
    error: host-bridges[0].root-ports[0].switch.id: host-bridges[0].id has the id hb0 already [id-unique]
      hint: every id is unique in its file
    ");
    insta::assert_snapshot!(faults("id: mem0", "id: 'mem,0'"), @r#"
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.id: "mem,0" is no id [id-form]
      hint: a letter, then letters, digits, `-` and `_`, at most 32 in all, like mem0
    "#);
    insta::assert_snapshot!(faults("id: mem0", "id: hb0.rp1"), @r#"
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.id: "hb0.rp1" is no id [id-form]
      hint: a letter, then letters, digits, `-` and `_`, at most 32 in all, like mem0
    "#);
    insta::assert_snapshot!(faults("id: mem0", "id: ''"), @r#"
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.id: "" is no id [id-form]
      hint: a letter, then letters, digits, `-` and `_`, at most 32 in all, like mem0
    "#);
}

#[test]
fn ports() {
    let device = "device: {id: mem0, volatile: 256M}";
    insta::assert_snapshot!(faults(device, "switch: {id: sw1, downstream: [empty]}"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[0].switch: the switch sw1 hangs below the switch sw0 [switch-levels]
      hint: QEMU routes memory through one level of switches: hang it below a root port
    ");
    insta::assert_snapshot!(faults(device, "switch: {id: sw1, downstream: []}"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[0].switch.downstream: 0 ports [port-count]
      hint: 1 to 32 are possible; `- empty` is a port with nothing behind it
    error: host-bridges[0].root-ports[0].switch.downstream[0].switch: the switch sw1 hangs below the switch sw0 [switch-levels]
      hint: QEMU routes memory through one level of switches: hang it below a root port
    ");
    insta::assert_snapshot!(faults("windows:", "- {id: hb2, root-ports: []}\nwindows:"), @"
    error: host-bridges[2].root-ports: 0 ports [port-count]
      hint: 1 to 32 are possible; `- empty` is a port with nothing behind it
    ");
    let bridges = |n: usize, ports: usize| {
        let ports = vec!["empty"; ports].join(", ");
        let bridge = |i| format!("- {{id: x{i}, root-ports: [{ports}]}}");
        (0..n).map(bridge).chain(["windows:".to_owned()]).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(faults("windows:", &bridges(14, 1)), "");
    insta::assert_snapshot!(faults("windows:", &bridges(15, 1)), @"
    error: host-bridges: 17 host bridges [host-bridge-count]
      hint: QEMU has register space for 16
    ");
    assert_eq!(faults("windows:", &bridges(7, 32)), "");
    insta::assert_snapshot!(faults("windows:", &bridges(8, 32)), @"
    error: host-bridges: the ports need 273 PCI buses, there are 244 [bus-space]
      hint: a port takes one bus, a switch one more: use fewer
    ");
    insta::assert_snapshot!(faults("windows:", &bridges(1, 33)), @"
    error: host-bridges[2].root-ports: 33 ports [port-count]
      hint: 1 to 32 are possible; `- empty` is a port with nothing behind it
    ");
}

#[test]
fn devices_and_their_memory() {
    insta::assert_snapshot!(faults(", volatile: 256M}", "}"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[0].device: mem0 has no memory [device-memory]
      hint: give it `volatile: 256M` or `persistent: 256M` with `lsa: 1M`, or both
    ");
    insta::assert_snapshot!(faults("volatile: 256M}", "volatile: 257M}"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.volatile: 257M is not a multiple of 256M [device-size]
      hint: CXL counts capacity in units of 256M: use 512M
    ");
    insta::assert_snapshot!(faults("persistent: 512M", "persistent: 0"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[1].device.persistent: 0 is not a multiple of 256M [device-size]
      hint: CXL counts capacity in units of 256M: use 256M
    ");
    insta::assert_snapshot!(faults(", lsa: 1M", ""), @"
    error: host-bridges[0].root-ports[0].switch.downstream[1].device.lsa: mem1 has persistent memory but no label storage area [lsa-needed]
      hint: add `lsa: 1M`
    ");
    insta::assert_snapshot!(faults("lsa: 1M", "lsa: 1000"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[1].device.lsa: 1000 is no size for a label storage area [lsa-size]
      hint: a multiple of 4k up to 1G; 1M is usual
    ");
    insta::assert_snapshot!(faults("serial: 0x1234", "serial: 0"), @"
    error: host-bridges[1].root-ports[0].device.serial: 0 and all ones stand for no serial number [serial-none]
      hint: choose another, or leave it out: one is made from the id
    ");
    insta::assert_snapshot!(faults("lsa: 1M}", "lsa: 1M, serial: 0x1234}"), @"
    error: host-bridges[1].root-ports[0].device.serial: mem2 has the serial number 0x1234 of mem1 [serial-unique]
      hint: serial numbers are unique: choose another, or leave it out
    ");
}

#[test]
fn persistent_memory_wants_a_window() {
    let text = &SOUND[..SOUND.find("windows:").expect("windows")];
    let raw = serde_yaml::from_str(text).expect("YAML");
    let findings = check(&raw);
    let errors = findings.iter().filter(|finding| finding.rule.severity == Severity::Error);
    insta::assert_snapshot!(errors.map(ToString::to_string).collect::<Vec<_>>().join("\n"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[1].device.persistent: mem1 has persistent memory and there is no window [persistent-window]
      hint: Linux binds no driver to it then: add `windows: [{ size: 4G, targets: [HOST-BRIDGE] }]`
    error: host-bridges[1].root-ports[0].device.persistent: mem2 has persistent memory and there is no window [persistent-window]
      hint: Linux binds no driver to it then: add `windows: [{ size: 4G, targets: [HOST-BRIDGE] }]`
    ");
}

#[test]
fn windows() {
    insta::assert_snapshot!(faults("size: 4G", "size: 4000M"), @"
    error: windows[0].size: 4000M is not a multiple of 256M [window-size]
      hint: use 4G
    ");
    insta::assert_snapshot!(faults("size: 4G", "size: 0"), @"
    error: windows[0].size: 0 is not a multiple of 256M [window-size]
      hint: use 256M
    warning: host-bridges[0]: 1G of memory below hb0, and 0 of windows [window-capacity]
      hint: make a window larger, or a device smaller
    ");
    insta::assert_snapshot!(faults("size: 4G", "size: 64T"), @"
    error: windows: 67109376M of windows in all [address-space]
      hint: they must leave room in 46 bits of address: at most 32T
    ");
    insta::assert_snapshot!(faults("granularity: 16k", "granularity: 32k"), @"
    error: windows[0].granularity: 32k is no interleave granularity [window-granularity]
      hint: 256, 512, 1k, 2k, 4k, 8k or 16k
    ");
    insta::assert_snapshot!(faults("granularity: 16k", "granularity: 300"), @"
    error: windows[0].granularity: 300 is no interleave granularity [window-granularity]
      hint: 256, 512, 1k, 2k, 4k, 8k or 16k
    ");
    insta::assert_snapshot!(faults("[hb1]", "[]"), @"
    error: windows[1].targets: 0 targets [window-ways]
      hint: 1, 2, 3, 4, 6, 8, 12 or 16 are possible
    ");
    insta::assert_snapshot!(faults("[hb1]", "[hb1, hb1]"), @"
    error: windows[1].targets[1]: hb1 is a target twice [window-target-twice]
      hint: every host bridge at most once a window
    ");
    insta::assert_snapshot!(faults("[hb1]", "[bh1]"), @r#"
    error: windows[1].targets[0]: there is no host bridge "bh1" [window-target]
      hint: the host bridges are: hb0, hb1
    "#);
    insta::assert_snapshot!(faults("[hb1]", "[something]"), @r#"
    error: windows[1].targets[0]: there is no host bridge "something" [window-target]
      hint: the host bridges are: hb0, hb1
    "#);
    insta::assert_snapshot!(faults("[hb1]", "[mem0]"), @"
    error: windows[1].targets[0]: mem0 is a device [window-target]
      hint: a window's targets are host bridges: hb0, hb1
    ");
    insta::assert_snapshot!(faults("[hb1]", "[sw0]"), @"
    error: windows[1].targets[0]: sw0 is a switch [window-target]
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
    let serial = |id: &str| RawDevice { id: id.to_owned(), ..RawDevice::default() }.serial_or_default();
    assert_eq!(serial("mem0"), serial("mem0"));
    assert_ne!(serial("mem0"), serial("mem1"));
    insta::assert_snapshot!(format!("{:#x}", serial("mem0")), @"0x4301c4a2e313bcca");
}

#[test]
fn numa_distances() {
    assert_eq!(faults("", "distances: [[10, 21], [254, 10]]"), "");
    insta::assert_snapshot!(faults("", "distances: [[10, 20]]"), @"
    error: distances: no square of 2 rows of 2, one a node [numa-distances]
      hint: for two nodes: `[[10, 20], [20, 10]]`
    ");
    insta::assert_snapshot!(faults("", "distances: [[10, 10], [255, 11]]"), @"
    error: distances[0][1]: 10 from node 0 to node 1 [numa-distances]
      hint: 11 to 254; 20 is usual
    error: distances[1][0]: 255 from node 1 to node 0 [numa-distances]
      hint: 11 to 254; 20 is usual
    error: distances[1][1]: 11 from node 1 to node 1 [numa-distances]
      hint: a node is 10 from itself
    ");
}

#[test]
fn links() {
    assert_eq!(faults("  - empty\n", "  - {empty: true, width: 12}\n"), "");
    insta::assert_snapshot!(faults("  - empty\n", "  - {empty: true, width: 3}\n"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[2].width: a link of 3 lanes [link-width]
      hint: 1, 2, 4, 8, 12, 16 or 32
    ");
}

#[test]
fn what_is_passed_through_has_a_form() {
    let device = |options: &str| faults("volatile: 256M}", &format!("volatile: 256M, qemu: {{{options}}}}}"));
    assert_eq!(device("x-speed: 16, x-width: '8', x-256b-flit: true, num-dc-regions: 0"), "");
    insta::assert_snapshot!(device("'x-speed=5,sn': 1, 5x: 1, '': 1"), @r#"
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.: "" is no name of a property [qemu-form]
      hint: letters, digits, `-` and `_`, as in `x-speed`
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.5x: "5x" is no name of a property [qemu-form]
      hint: letters, digits, `-` and `_`, as in `x-speed`
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.x-speed=5,sn: "x-speed=5,sn" is no name of a property [qemu-form]
      hint: letters, digits, `-` and `_`, as in `x-speed`
    "#);
    insta::assert_snapshot!(device("x-speed: '16,sn=1', x-width: '', romfile: a b, x-a: \"a\\nb\", x-b: ä"), @r#"
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.romfile: "a b" is not one word [qemu-form]
      hint: a value has no spaces, commas, quotes and backslashes
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.x-a: "a\nb" is not one word [qemu-form]
      hint: a value has no spaces, commas, quotes and backslashes
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.x-b: "ä" is not one word [qemu-form]
      hint: a value has no spaces, commas, quotes and backslashes
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.x-speed: "16,sn=1" is not one word [qemu-form]
      hint: a value has no spaces, commas, quotes and backslashes
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.x-width: "" is not one word [qemu-form]
      hint: a value has no spaces, commas, quotes and backslashes
    "#);
    let error = |options: &str| {
        let text = SOUND.replacen("volatile: 256M}", &format!("volatile: 256M, qemu: {options}}}"), 1);
        serde_yaml::from_str::<RawTopology>(&text).expect_err("another form").to_string()
    };
    insta::assert_snapshot!(error("{a: [1]}"), @"host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.a: invalid type: sequence, expected text, a number, true or false at line 9 column 54");
    insta::assert_snapshot!(error("{a: null}"), @"host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.a: invalid type: unit value, expected text, a number, true or false at line 9 column 54");
    insta::assert_snapshot!(error("{a: 1, a: 2}"), @"host-bridges[0].root-ports[0].switch.downstream[0].device.qemu: the key `a` stands twice at line 9 column 50");
    insta::assert_snapshot!(error("[a]"), @"host-bridges[0].root-ports[0].switch.downstream[0].device.qemu: invalid type: sequence, expected a map at line 9 column 50");
}

#[test]
fn what_a_field_sets_or_the_tool_assigns_is_not_passed_through() {
    let device = |options: &str| faults("volatile: 256M}", &format!("volatile: 256M, qemu: {{{options}}}}}"));
    insta::assert_snapshot!(device("id: mem9, sn: 1, memdev: ram, persistent-memdev: ram, cdat: x, driver: x"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.cdat: `cdat` is what the field `cdat` sets [qemu-reserved]
      hint: use `cdat:` instead, beside `qemu:`
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.driver: `driver` is assigned [qemu-reserved]
      hint: leave it out
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.id: `id` is assigned [qemu-reserved]
      hint: leave it out
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.memdev: `memdev` is what the field `persistent` sets [qemu-reserved]
      hint: use `persistent:` instead, beside `qemu:`
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.persistent-memdev: `persistent-memdev` is what the field `persistent` sets [qemu-reserved]
      hint: use `persistent:` instead, beside `qemu:`
    error: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.sn: `sn` is what the field `serial` sets [qemu-reserved]
      hint: use `serial:` instead, beside `qemu:`
    ");
    insta::assert_snapshot!(faults("  - empty\n", "  - {empty: true, qemu: {chassis: 2, x-width: 4}}\n"), @"
    error: host-bridges[0].root-ports[0].switch.downstream[2].qemu.chassis: `chassis` is assigned [qemu-reserved]
      hint: leave it out
    error: host-bridges[0].root-ports[0].switch.downstream[2].qemu.x-width: `x-width` is what the field `width` sets [qemu-reserved]
      hint: use `width:` instead, beside `qemu:`
    ");
    insta::assert_snapshot!(faults("id: sw0\n", "id: sw0\n      qemu: {port: 3, multifunction: true}\n"), @"
    error: host-bridges[0].root-ports[0].switch.qemu.multifunction: `multifunction` is what the field `mailbox-cci` sets [qemu-reserved]
      hint: use `mailbox-cci:` instead, beside `qemu:`
    error: host-bridges[0].root-ports[0].switch.qemu.port: `port` is assigned [qemu-reserved]
      hint: leave it out
    ");
    insta::assert_snapshot!(faults("- id: hb0\n", "- id: hb0\n  qemu: {bus_nr: 3, numa_node: 1}\n"), @"
    error: host-bridges[0].qemu.bus_nr: `bus_nr` is assigned [qemu-reserved]
      hint: leave it out
    error: host-bridges[0].qemu.numa_node: `numa_node` is what the field `node` sets [qemu-reserved]
      hint: use `node:` instead, beside `qemu:`
    ");
}

/// What works, but perhaps not as it was meant.
#[test]
fn warnings() {
    insta::assert_snapshot!(faults("- id: hb0\n", "- id: hb0\n  hdm-for-passthrough: true\n"), @"
    warning: host-bridges[0].hdm-for-passthrough: hb0 has 2 root ports, and so decoders anyway [passthrough]
      hint: leave it out
    ");
    insta::assert_snapshot!(faults("[hb1, hb0]", "[hb1]"), @"
    warning: host-bridges[0]: hb0 has devices and is no window's target [unmapped]
      hint: `windows: [{ size: 4G, targets: [hb0] }]`
    ");
    insta::assert_snapshot!(faults("size: 4G", "size: 768M"), @"
    warning: host-bridges[0]: 1G of memory below hb0, and 768M of windows [window-capacity]
      hint: make a window larger, or a device smaller
    ");
    let one = "- {size: 512M, targets: [hb1]}\n";
    assert_eq!(faults(one, &one.repeat(3)), "");
    insta::assert_snapshot!(faults(one, &one.repeat(4)), @"
    warning: host-bridges[1]: 5 windows on hb1, which has 4 decoders [decoder-count]
      hint: no more than 4 regions can be there at a time
    ");
    let devices = |n: usize| {
        let device = |i| format!("      - device: {{id: more{i}, volatile: 256M}}\n");
        (0..n).map(device).collect::<String>() + "      - device: {id: mem0"
    };
    assert_eq!(faults("      - device: {id: mem0", &devices(6)), "");
    insta::assert_snapshot!(faults("      - device: {id: mem0", &devices(7)), @"
    warning: host-bridges[0].root-ports[0].switch.downstream: memory behind 9 ports [interleave-ports]
      hint: a region takes memory from 8 of them at most
    ");
    assert!(
        Topology::from_raw("t", &serde_yaml::from_str(&SOUND.replace("[hb1, hb0]", "[hb1]")).expect("YAML"))
            .is_ok()
    );
}

/// Every rule that a file can break is broken here or beside the code that checks it.
#[test]
fn every_rule_is_tested() {
    let tests =
        [include_str!("tests.rs"), include_str!("cdat.rs"), include_str!("../qemu/tests.rs")].concat();
    for rule in RULES.iter().filter(|rule| rule.severity != Severity::Assigned) {
        assert!(tests.contains(&format!("[{}]", rule.name)), "{} is broken in no test", rule.name);
    }
}
