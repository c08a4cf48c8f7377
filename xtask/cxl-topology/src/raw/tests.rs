//! The form of a file, and files that extend others.

use std::fs;
use std::path::Path;

use super::*;

fn read(text: &str) -> Result<RawTopology, serde_yaml::Error> {
    serde_yaml::from_str(text)
}

#[test]
fn a_port_is_empty_a_device_or_a_switch() {
    let raw: Vec<RawPort> = serde_yaml::from_str(
        "[empty, device: {id: a, volatile: 1G}, switch: {id: b, downstream: [empty]}, {empty: true, speed: 2.5, width: 4, hotplug: false}]",
    )
    .expect("four ports");
    assert_eq!(raw[0], RawPort::default());
    let device = RawDevice { id: "a".to_owned(), volatile: Some(Bytes(1 << 30)), ..RawDevice::default() };
    assert_eq!(raw[1].below, RawBelow::Device(device));
    let downstream = vec![RawPort::default()];
    assert_eq!(
        raw[2].below,
        RawBelow::Switch(RawSwitch { id: "b".to_owned(), downstream, ..RawSwitch::default() })
    );
    let link = RawPort {
        speed: Some(Speed::Gen1),
        width: Some(4),
        hotplug: Some(false),
        below: RawBelow::Empty,
        ..RawPort::default()
    };
    assert_eq!(raw[3], link);
}

#[test]
fn mistakes_are_named_with_their_place() {
    let port = |text: &str| {
        let text = format!("summary: s\nhost-bridges:\n- id: hb0\n  root-ports:\n  - {text}\n");
        read(&text).expect_err("a mistake").to_string()
    };
    insta::assert_snapshot!(port("void"), @r#"host-bridges[0].root-ports[0]: invalid value: string "void", expected `empty`, `device: {…}` or `switch: {…}` at line 5 column 5"#);
    insta::assert_snapshot!(port("device: {id: a, size: 1G}"), @"host-bridges[0].root-ports[0].device: unknown field `size`, expected one of `id`, `volatile`, `persistent`, `lsa`, `serial`, `cdat`, `present`, `qemu` at line 5 column 21");
    insta::assert_snapshot!(port("device: {id: a, volatile: 1GB}"), @r#"host-bridges[0].root-ports[0].device.volatile: "1GB" is not a size: wanted a number with k, M, G or T (powers of 1024), like 256M at line 5 column 31"#);
    insta::assert_snapshot!(port("device: {id: a}\n    switch: {id: b, downstream: []}"), @"host-bridges[0].root-ports[0]: a port leads to either a device or a switch, or has `empty: true` at line 5 column 5");
    insta::assert_snapshot!(port("{}"), @"host-bridges[0].root-ports[0]: a port leads to either a device or a switch, or has `empty: true` at line 5 column 5");
    insta::assert_snapshot!(port("devise: {id: a}"), @"host-bridges[0].root-ports[0]: unknown field `devise`, expected one of `speed`, `width`, `hotplug`, `qemu`, `device`, `switch`, `empty` at line 5 column 5");
    insta::assert_snapshot!(port("{speed: 7, empty: true}"), @"host-bridges[0].root-ports[0]: 7 is no link speed: 2.5, 5, 8, 16, 32 or 64 GT/s are at line 5 column 5");
    insta::assert_snapshot!(port("{hotplug: false}"), @"host-bridges[0].root-ports[0]: a port leads to either a device or a switch, or has `empty: true` at line 5 column 5");
    insta::assert_snapshot!(read("summary: s\nwindows: [{size: 4G}]").expect_err("no targets"), @"windows[0]: missing field `targets` at line 2 column 11");
}

const BASE: &str = "\
summary: the base
memory: 2G
host-bridges:
- id: hb0
  root-ports:
  - switch:
      id: sw0
      downstream:
      - device: { id: mem0, volatile: 256M }
      - empty
  - device: { id: mem1, persistent: 256M, lsa: 1M }
windows:
- { size: 4G, targets: [hb0] }
";

const CHILD: &str = "\
extends: base
summary: the child
host-bridges:
- id: hb1
  root-ports: [empty]
changes:
  mem0: { volatile: 512M }
  mem1: { lsa: null, present: false }
  sw0: { mailbox-cci: true }
  sw0.dp1: { device: { id: mem2, volatile: 256M }, width: 3 }
  hb0: { node: 1 }
windows:
- { size: 1G, targets: [hb0, hb1] }
";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(format!("{name}.yaml")), text).expect("written");
    }
    folder
}

#[test]
fn a_file_extends_another_with_changes() {
    let folder = folder(&[("base", BASE), ("child", CHILD)]);
    let (raw, origins) = load(folder.path(), "child").expect("sound");
    assert_eq!((raw.summary.as_str(), raw.memory), ("the child", Some(Bytes(2 << 30))));
    let written_out = read(
        "{summary: the child, memory: 2G, host-bridges: [
            {id: hb0, node: 1, root-ports: [
                {switch: {id: sw0, mailbox-cci: true, downstream: [
                    {device: {id: mem0, volatile: 512M}},
                    {device: {id: mem2, volatile: 256M}, width: 3}]}},
                {device: {id: mem1, persistent: 256M, present: false}}]},
            {id: hb1, root-ports: [empty]}],
          windows: [{size: 1G, targets: [hb0, hb1]}]}",
    );
    assert_eq!(raw, written_out.expect("sound"));
    let place = |field: &str| {
        let place = origins.location(field).expect("a location");
        let file = place.file.file_name().expect("a name").to_string_lossy().into_owned();
        format!("{file}:{}:{}", place.line, place.column)
    };
    let switch = "host-bridges[0].root-ports[0].switch";
    assert_eq!(place("memory"), "base.yaml:2:9");
    assert_eq!(place("summary"), "child.yaml:2:10");
    assert_eq!(place("host-bridges[1].root-ports"), "child.yaml:5:15");
    assert_eq!(place("windows[0].targets[1]"), "child.yaml:13:30");
    assert_eq!(place(&format!("{switch}.downstream[0].device.volatile")), "child.yaml:7:21");
    assert_eq!(place(&format!("{switch}.downstream[0].device.id")), "base.yaml:9:23");
    assert_eq!(place(&format!("{switch}.downstream[1].width")), "child.yaml:10:59");
    assert_eq!(place("host-bridges[0].root-ports[1].device.persistent"), "base.yaml:11:37");
}

#[test]
fn what_is_extended_and_changed_must_be_there() {
    let error = |child: &str| {
        let folder = folder(&[("base", BASE), ("child", child), ("other", "extends: child\nsummary: o\n")]);
        let here = format!("{}/", folder.path().display());
        fault::shown(&load(folder.path(), "child").expect_err("wrong")).replace(&here, "")
    };
    insta::assert_snapshot!(error("extends: bass\nsummary: s\n"), @r#"
    child.yaml: extends: there is no topology "bass"
    hint: did you mean `base`?
    "#);
    insta::assert_snapshot!(error("extends: ../base\nsummary: s\n"), @"child.yaml: extends: the name `../base` starts with a dot or a dash");
    insta::assert_snapshot!(error("extends: child\nsummary: s\n"), @"child.yaml: extends: child extends itself, by way of child");
    insta::assert_snapshot!(error("extends: other\nsummary: s\n"), @"other.yaml: extends: child extends itself, by way of child, other");
    insta::assert_snapshot!(error("extends: base\nchanges: {mem9: {lsa: 1M}}\n"), @"
    child.yaml: changes.mem9: there is no mem9 in what is extended
    hint: did you mean `mem1`?
    ");
    insta::assert_snapshot!(error("extends: base\nchanges: {mem0: empty}\n"), @"
    child.yaml: changes.mem0: the change of mem0 has to be a map
    hint: mem0: { FIELD: VALUE }
    ");
    insta::assert_snapshot!(error("extends: base\nchanges: [mem0]\n"), @"child.yaml: changes: it has to be a map from ids to changes");
    insta::assert_snapshot!(error("extends: base\nchanges:\n  mem0: {size: 1G}\n"), @"child.yaml: host-bridges[0].root-ports[0].switch.downstream[0].device: unknown field `size`, expected one of `id`, `volatile`, `persistent`, `lsa`, `serial`, `cdat`, `present`, `qemu` at line 3 column 16");
    insta::assert_snapshot!(error("extends: base\nchanges:\n  mem0: {volatile: much}\n"), @r#"child.yaml: host-bridges[0].root-ports[0].switch.downstream[0].device.volatile: "much" is not a size: wanted a number with k, M, G or T (powers of 1024), like 256M at line 3 column 20"#);
    insta::assert_snapshot!(error("extends: base\nchanges: {sw0.dp1: void}\n"), @r#"child.yaml: host-bridges[0].root-ports[0].switch.downstream[1]: invalid value: string "void", expected `empty`, `device: {…}` or `switch: {…}` at line 2 column 20"#);
    insta::assert_snapshot!(error("extends: base\nsumary: s\n"), @"
    child.yaml: unknown field `sumary`, expected one of `summary`, `memory`, `cpus`, `nodes`, `distances`, `host-bridges`, `windows` at line 2 column 9
    hint: did you mean `summary`?
    ");
    let missing = load(Path::new("/nonexistent"), "x").expect_err("not there");
    insta::assert_snapshot!(fault::shown(&missing), @r"
    cannot read /nonexistent/x.yaml
    caused by: No such file or directory (os error 2)
    hint: check the path; `ls -ld` shows which part of it is there
    ");
}
