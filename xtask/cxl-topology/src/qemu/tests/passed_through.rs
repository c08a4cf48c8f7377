//! `qemu:`: what becomes of it, and what a QEMU that does not know it makes of it.

use std::fs;

use super::*;

/// `qemu:` on each part that can have it, the last line wrong.
const PASSED_THROUGH: &str = "\
summary: s
host-bridges:
- id: hb0
  qemu: { bypass_iommu: true }
  root-ports:
  - qemu: { aer_log_max: 4 }
    switch:
      id: sw0
      qemu: { x-speed: 2_5, x-width: '08' }
      downstream:
      - device: { id: mem0, volatile: 256M, qemu: { x-speed: 64 } }
      - device: { id: mem1, volatile: 256M, present: false, qemu: { x-speed: 16 } }
  - device:
      id: mem2
      volatile: 256M
      qemu: { x-sped: 16 }
windows: [{ size: 4G, targets: [hb0] }]
";

#[test]
fn what_is_passed_through_is_appended() {
    let text = PASSED_THROUGH.replace("x-sped", "x-speed");
    let raw: RawTopology = serde_yaml::from_str(&text).expect("YAML");
    assert_eq!(serde_yaml::from_str::<RawTopology>(&raw.to_yaml()).expect("YAML"), raw);
    let topology = Topology::from_raw("t", &raw).expect("sound");
    let mut args = machine_args(&topology, &asked(), &Backing::Ram).expect("it can");
    args.extend(later_args(&topology, &asked(), &Backing::Ram));
    let devices = args.chunks(2).filter(|pair| pair[0] == "-device").map(|pair| pair[1].as_str());
    insta::assert_snapshot!(devices.collect::<Vec<_>>().join("\n"), @"
    pxb-cxl,id=hb0,bus=pcie.0,bus_nr=12,bypass_iommu=on
    cxl-rp,id=hb0.rp0,bus=hb0,addr=0x0.0,port=0,chassis=1,slot=1,aer_log_max=4
    cxl-upstream,id=sw0,bus=hb0.rp0,port=2,x-speed=2_5,x-width=08
    cxl-downstream,id=sw0.dp0,bus=sw0,addr=0x0.0,port=0,chassis=1,slot=2
    cxl-type3,id=mem0,bus=sw0.dp0,volatile-memdev=mem0.ram,sn=0x4301c4a2e313bcca,x-speed=64
    cxl-downstream,id=sw0.dp1,bus=sw0,addr=0x1.0,port=1,chassis=1,slot=3
    cxl-rp,id=hb0.rp1,bus=hb0,addr=0x1.0,port=1,chassis=1,slot=4
    cxl-type3,id=mem2,bus=hb0.rp1,volatile-memdev=mem2.ram,sn=0x4301c2a2e313b964,x-speed=16
    cxl-type3,id=mem1,bus=sw0.dp1,volatile-memdev=mem1.ram,sn=0x4301c5a2e313be7d,x-speed=16
    ");
    insta::assert_snapshot!(crate::tree(&topology), @"
    t: s
    2 CPUs, 1G memory, 2 NUMA nodes
    4G window → hb0
    hb0 (host bridge, bus 12, bypass_iommu=on)
    ├─ rp0 [aer_log_max=4]: sw0 (switch, x-speed=2_5, x-width=08)
    │  ├─ dp0: mem0 256M ram, x-speed=64, serial 0x4301c4a2e313bcca
    │  └─ dp1: mem1 256M ram (later), x-speed=16, serial 0x4301c5a2e313be7d
    └─ rp1: mem2 256M ram, x-speed=16, serial 0x4301c2a2e313b964
    ");
}

#[test]
fn what_the_qemu_does_not_know_is_a_skip_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.yaml"), PASSED_THROUGH).expect("written");
    let linted = crate::lint(folder.path(), "t").expect("well-formed");
    assert_eq!(linted.findings, []);
    let here = format!("{}/", folder.path().display());
    let skip = |qemu: &Capabilities| {
        machine_args(&linted.topology, qemu, &Backing::Ram)
            .expect_err("no x-sped")
            .reason()
            .replace(&here, "")
    };
    insta::assert_snapshot!(skip(&asked()), @"t.yaml:16:23: host-bridges[0].root-ports[1].device.qemu.x-sped: `qemu:` of mem2: cxl-type3 of QEMU 10.0.2 has no property `x-sped`; did you mean `x-speed`?");
    let findings = linted.lacking(&asked());
    let findings = findings.iter().map(|finding| finding.to_string().replace(&here, ""));
    insta::assert_snapshot!(findings.collect::<Vec<_>>().join("\n"), @"
    t.yaml:16:23: warning: host-bridges[0].root-ports[1].device.qemu.x-sped: `qemu:` of mem2: cxl-type3 of QEMU 10.0.2 has no property `x-sped` [qemu-feature]
      hint: did you mean `x-speed`?; runs on this QEMU skip it with this reason
    ");
    // Nothing near.
    let mut plain = asked();
    plain
        .devices
        .as_mut()
        .and_then(|devices| devices.get_mut("cxl-type3"))
        .expect("a device")
        .retain(|name| !name.starts_with("x-"));
    insta::assert_snapshot!(skip(&plain), @"t.yaml:11:62: host-bridges[0].root-ports[0].switch.downstream[0].device.qemu.x-speed: `qemu:` of mem0: cxl-type3 of QEMU 10.0.2 has no property `x-speed`");
    // Without a QEMU only the form is checked.
    assert_eq!(linted.lacking(&Capabilities::of_release(NEW)), []);
    assert!(machine_args(&linted.topology, &Capabilities::of_release(NEW), &Backing::Ram).is_ok());
}
