//! All arguments of all shipped topologies, for QEMU 7.2 and 10.0.

mod passed_through;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use host::Process;

use super::*;
use crate::QemuVersion;
use crate::raw::{Part, RawDevice, RawHostBridge, RawPort, RawSwitch, RawTopology};

fn shipped(name: &str) -> Topology {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies");
    Topology::load(&dir, name).expect("a sound file")
}

/// One option with its value a line, or the reason to skip.
fn args(name: &str, version: QemuVersion) -> String {
    let args = machine_args(&shipped(name), &Capabilities::of_release(version), &Backing::Ram);
    match args {
        Ok(args) => args.chunks(2).map(|pair| pair.join(" ")).collect::<Vec<_>>().join("\n"),
        Err(lacking) => format!("skip: {lacking}"),
    }
}

const OLD: QemuVersion = QemuVersion::new(7, 2, 22);
const NEW: QemuVersion = QemuVersion::new(10, 0, 2);

#[test]
fn none() {
    assert_eq!(args("none", OLD), args("none", NEW));
    insta::assert_snapshot!(args("none", NEW), @"
    -M q35
    -cpu max
    -m 1G
    -smp 2,sockets=2
    -object memory-backend-ram,id=node0.ram,size=512M
    -object memory-backend-ram,id=node1.ram,size=512M
    -numa node,nodeid=0,memdev=node0.ram,cpus=0
    -numa node,nodeid=1,memdev=node1.ram,cpus=1
    ");
}

#[test]
fn direct() {
    insta::assert_snapshot!(args("direct", OLD), @"
    -M q35,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=4k
    -cpu max
    -m 1G
    -smp 2,sockets=2
    -object memory-backend-ram,id=node0.ram,size=512M
    -object memory-backend-ram,id=node1.ram,size=512M
    -numa node,nodeid=0,memdev=node0.ram,cpus=0
    -numa node,nodeid=1,memdev=node1.ram,cpus=1
    -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=12
    -device cxl-rp,id=hb0.rp0,bus=hb0,addr=0x0.0,port=0,chassis=1,slot=1
    -object memory-backend-ram,id=mem0.pmem,size=256M
    -object memory-backend-ram,id=mem0.lsa,size=1M
    -device cxl-type3,id=mem0,bus=hb0.rp0,memdev=mem0.pmem,lsa=mem0.lsa,sn=0x4301c4a2e313bcca
    ");
    insta::assert_snapshot!(args("direct", NEW), @"
    -M q35,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=4k
    -cpu max
    -m 1G
    -smp 2,sockets=2
    -object memory-backend-ram,id=node0.ram,size=512M
    -object memory-backend-ram,id=node1.ram,size=512M
    -numa node,nodeid=0,memdev=node0.ram,cpus=0
    -numa node,nodeid=1,memdev=node1.ram,cpus=1
    -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=12
    -device cxl-rp,id=hb0.rp0,bus=hb0,addr=0x0.0,port=0,chassis=1,slot=1
    -object memory-backend-ram,id=mem0.pmem,size=256M
    -object memory-backend-ram,id=mem0.lsa,size=1M
    -device cxl-type3,id=mem0,bus=hb0.rp0,persistent-memdev=mem0.pmem,lsa=mem0.lsa,sn=0x4301c4a2e313bcca
    ");
}

#[test]
fn switch() {
    insta::assert_snapshot!(args("switch", OLD), @"
    -M q35,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=4k
    -cpu max
    -m 1G
    -smp 2,sockets=2
    -object memory-backend-ram,id=node0.ram,size=512M
    -object memory-backend-ram,id=node1.ram,size=512M
    -numa node,nodeid=0,memdev=node0.ram,cpus=0
    -numa node,nodeid=1,memdev=node1.ram,cpus=1
    -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=12
    -device cxl-rp,id=hb0.rp0,bus=hb0,addr=0x0.0,port=0,chassis=1,slot=1
    -device cxl-upstream,id=sw0,bus=hb0.rp0,port=4
    -device cxl-downstream,id=sw0.dp0,bus=sw0,addr=0x0.0,port=0,chassis=1,slot=2
    -object memory-backend-ram,id=mem0.pmem,size=256M
    -object memory-backend-ram,id=mem0.lsa,size=1M
    -device cxl-type3,id=mem0,bus=sw0.dp0,memdev=mem0.pmem,lsa=mem0.lsa,sn=0x4301c4a2e313bcca
    -device cxl-downstream,id=sw0.dp1,bus=sw0,addr=0x1.0,port=1,chassis=1,slot=3
    -object memory-backend-ram,id=mem1.pmem,size=256M
    -object memory-backend-ram,id=mem1.lsa,size=1M
    -device cxl-type3,id=mem1,bus=sw0.dp1,memdev=mem1.pmem,lsa=mem1.lsa,sn=0x4301c5a2e313be7d
    -device cxl-downstream,id=sw0.dp2,bus=sw0,addr=0x2.0,port=2,chassis=1,slot=4
    -object memory-backend-ram,id=mem2.pmem,size=512M
    -object memory-backend-ram,id=mem2.lsa,size=1M
    -device cxl-type3,id=mem2,bus=sw0.dp2,memdev=mem2.pmem,lsa=mem2.lsa,sn=0x4301c2a2e313b964
    -device cxl-downstream,id=sw0.dp3,bus=sw0,addr=0x3.0,port=3,chassis=1,slot=5
    ");
    insta::assert_snapshot!(args("switch", NEW), @"
    -M q35,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=4k
    -cpu max
    -m 1G
    -smp 2,sockets=2
    -object memory-backend-ram,id=node0.ram,size=512M
    -object memory-backend-ram,id=node1.ram,size=512M
    -numa node,nodeid=0,memdev=node0.ram,cpus=0
    -numa node,nodeid=1,memdev=node1.ram,cpus=1
    -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=12
    -device cxl-rp,id=hb0.rp0,bus=hb0,addr=0x0.0,port=0,chassis=1,slot=1
    -device cxl-upstream,id=sw0,bus=hb0.rp0,port=4
    -device cxl-downstream,id=sw0.dp0,bus=sw0,addr=0x0.0,port=0,chassis=1,slot=2
    -object memory-backend-ram,id=mem0.pmem,size=256M
    -object memory-backend-ram,id=mem0.lsa,size=1M
    -device cxl-type3,id=mem0,bus=sw0.dp0,persistent-memdev=mem0.pmem,lsa=mem0.lsa,sn=0x4301c4a2e313bcca
    -device cxl-downstream,id=sw0.dp1,bus=sw0,addr=0x1.0,port=1,chassis=1,slot=3
    -object memory-backend-ram,id=mem1.pmem,size=256M
    -object memory-backend-ram,id=mem1.lsa,size=1M
    -device cxl-type3,id=mem1,bus=sw0.dp1,persistent-memdev=mem1.pmem,lsa=mem1.lsa,sn=0x4301c5a2e313be7d
    -device cxl-downstream,id=sw0.dp2,bus=sw0,addr=0x2.0,port=2,chassis=1,slot=4
    -object memory-backend-ram,id=mem2.pmem,size=512M
    -object memory-backend-ram,id=mem2.lsa,size=1M
    -device cxl-type3,id=mem2,bus=sw0.dp2,persistent-memdev=mem2.pmem,lsa=mem2.lsa,sn=0x4301c2a2e313b964
    -device cxl-downstream,id=sw0.dp3,bus=sw0,addr=0x3.0,port=3,chassis=1,slot=5
    ");
}

#[test]
fn mixed() {
    insta::assert_snapshot!(args("mixed", OLD), @"skip: the volatile memory of mem0 needs QEMU 8.1 or newer, this is 7.2.22");
    insta::assert_snapshot!(args("mixed", NEW), @"
    -M q35,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=4k
    -cpu max
    -m 1G
    -smp 2,sockets=2
    -object memory-backend-ram,id=node0.ram,size=512M
    -object memory-backend-ram,id=node1.ram,size=512M
    -numa node,nodeid=0,memdev=node0.ram,cpus=0
    -numa node,nodeid=1,memdev=node1.ram,cpus=1
    -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=12
    -device cxl-rp,id=hb0.rp0,bus=hb0,addr=0x0.0,port=0,chassis=1,slot=1
    -device cxl-upstream,id=sw0,bus=hb0.rp0,port=3
    -device cxl-downstream,id=sw0.dp0,bus=sw0,addr=0x0.0,port=0,chassis=1,slot=2
    -object memory-backend-ram,id=mem0.ram,size=256M
    -device cxl-type3,id=mem0,bus=sw0.dp0,volatile-memdev=mem0.ram,sn=0x4301c4a2e313bcca
    -device cxl-downstream,id=sw0.dp1,bus=sw0,addr=0x1.0,port=1,chassis=1,slot=3
    -object memory-backend-ram,id=mem1.pmem,size=256M
    -object memory-backend-ram,id=mem1.lsa,size=1M
    -device cxl-type3,id=mem1,bus=sw0.dp1,persistent-memdev=mem1.pmem,lsa=mem1.lsa,sn=0x4301c5a2e313be7d
    -device cxl-downstream,id=sw0.dp2,bus=sw0,addr=0x2.0,port=2,chassis=1,slot=4
    -device cxl-rp,id=hb0.rp1,bus=hb0,addr=0x1.0,port=1,chassis=1,slot=5
    -object memory-backend-ram,id=mem2.ram,size=256M
    -device cxl-type3,id=mem2,bus=hb0.rp1,volatile-memdev=mem2.ram,sn=0x4301c2a2e313b964
    -device cxl-rp,id=hb0.rp2,bus=hb0,addr=0x2.0,port=2,chassis=1,slot=6
    ");
}

#[test]
fn two_bridges() {
    insta::assert_snapshot!(args("two-bridges", OLD), @"
    -M q35,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.targets.1=hb1,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=8k,cxl-fmw.1.targets.0=hb0,cxl-fmw.1.size=2G,cxl-fmw.1.interleave-granularity=4k,cxl-fmw.2.targets.0=hb1,cxl-fmw.2.size=1G,cxl-fmw.2.interleave-granularity=4k
    -cpu max
    -m 1G
    -smp 2,sockets=2
    -object memory-backend-ram,id=node0.ram,size=512M
    -object memory-backend-ram,id=node1.ram,size=512M
    -numa node,nodeid=0,memdev=node0.ram,cpus=0
    -numa node,nodeid=1,memdev=node1.ram,cpus=1
    -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=12,numa_node=0
    -device cxl-rp,id=hb0.rp0,bus=hb0,addr=0x0.0,port=0,chassis=1,slot=1
    -object memory-backend-ram,id=mem0.pmem,size=256M
    -object memory-backend-ram,id=mem0.lsa,size=1M
    -device cxl-type3,id=mem0,bus=hb0.rp0,memdev=mem0.pmem,lsa=mem0.lsa,sn=0x4301c4a2e313bcca
    -device pxb-cxl,id=hb1,bus=pcie.0,bus_nr=14,numa_node=1
    -device cxl-rp,id=hb1.rp0,bus=hb1,addr=0x0.0,port=0,chassis=1,slot=2
    -object memory-backend-ram,id=mem1.pmem,size=256M
    -object memory-backend-ram,id=mem1.lsa,size=1M
    -device cxl-type3,id=mem1,bus=hb1.rp0,memdev=mem1.pmem,lsa=mem1.lsa,sn=0x4301c5a2e313be7d
    ");
    insta::assert_snapshot!(args("two-bridges", NEW), @"
    -M q35,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.targets.1=hb1,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=8k,cxl-fmw.1.targets.0=hb0,cxl-fmw.1.size=2G,cxl-fmw.1.interleave-granularity=4k,cxl-fmw.2.targets.0=hb1,cxl-fmw.2.size=1G,cxl-fmw.2.interleave-granularity=4k
    -cpu max
    -m 1G
    -smp 2,sockets=2
    -object memory-backend-ram,id=node0.ram,size=512M
    -object memory-backend-ram,id=node1.ram,size=512M
    -numa node,nodeid=0,memdev=node0.ram,cpus=0
    -numa node,nodeid=1,memdev=node1.ram,cpus=1
    -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=12,numa_node=0
    -device cxl-rp,id=hb0.rp0,bus=hb0,addr=0x0.0,port=0,chassis=1,slot=1
    -object memory-backend-ram,id=mem0.pmem,size=256M
    -object memory-backend-ram,id=mem0.lsa,size=1M
    -device cxl-type3,id=mem0,bus=hb0.rp0,persistent-memdev=mem0.pmem,lsa=mem0.lsa,sn=0x4301c4a2e313bcca
    -device pxb-cxl,id=hb1,bus=pcie.0,bus_nr=14,numa_node=1
    -device cxl-rp,id=hb1.rp0,bus=hb1,addr=0x0.0,port=0,chassis=1,slot=2
    -object memory-backend-ram,id=mem1.pmem,size=256M
    -object memory-backend-ram,id=mem1.lsa,size=1M
    -device cxl-type3,id=mem1,bus=hb1.rp0,persistent-memdev=mem1.pmem,lsa=mem1.lsa,sn=0x4301c5a2e313be7d
    ");
}

#[test]
fn without_cxl_only_a_topology_without_it_runs() {
    let before = QemuVersion::new(7, 0, 0);
    assert!(!args("none", before).starts_with("skip"));
    insta::assert_snapshot!(args("direct", before), @"skip: CXL needs QEMU 7.1 or newer, built with CXL, this is 7.0.0");
}

#[test]
fn files_can_hold_the_memory() {
    let backing = Backing::Files("/a,b/c".into());
    let args = machine_args(&shipped("direct"), &Capabilities::of_release(NEW), &backing).expect("it can");
    let backends: Vec<_> = args.iter().filter(|arg| arg.contains("mem-path")).cloned().collect();
    insta::assert_snapshot!(backends.join("\n"), @"
    memory-backend-file,id=mem0.pmem,mem-path=/a,,b/c/mem0.pmem,size=256M,share=on
    memory-backend-file,id=mem0.lsa,mem-path=/a,,b/c/mem0.lsa,size=1M,share=on
    ");
}

#[test]
fn a_device_without_event_interrupts_needs_a_kernel_without_msi() {
    let kernel_args = |name, version| kernel_args(&shipped(name), &Capabilities::of_release(version));
    assert_eq!(kernel_args("direct", OLD), ["pci=nomsi"]);
    assert_eq!(kernel_args("direct", NEW), [""; 0]);
    assert_eq!(kernel_args("none", OLD), [""; 0]);
}

#[test]
fn large_windows_get_address_bits() {
    let mut topology = shipped("direct");
    assert_eq!(cpu(&topology), "max");
    topology.windows[0].size = Bytes(1 << 40);
    assert_eq!(cpu(&topology), "max,phys-bits=46");
}

/// Every word of the language.
fn with_everything() -> Topology {
    let text = "
        summary: s
        distances: [[10, 30], [31, 10]]
        host-bridges:
        - id: hb0
          hdm-for-passthrough: true
          root-ports:
          - speed: 2.5
            width: 4
            hotplug: false
            switch:
              id: sw0
              mailbox-cci: true
              downstream:
              - { empty: true, speed: 32 }
              - device: { id: mem0, volatile: 256M, persistent: 512M, lsa: 1M, serial: 7, cdat: 'a,b' }
              - device: { id: mem1, volatile: 256M, present: false }
        windows: [{ size: 4G, targets: [hb0] }]";
    Topology::from_raw("t", &serde_yaml::from_str(text).expect("YAML")).expect("sound")
}

#[test]
fn every_option() {
    let topology = with_everything();
    let lines = |args: Vec<String>| args.chunks(2).map(|pair| pair.join(" ")).collect::<Vec<_>>().join("\n");
    let new = Capabilities::of_release(NEW);
    insta::assert_snapshot!(lines(machine_args(&topology, &new, &Backing::Ram).expect("it can")), @"
    -M q35,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=4G,cxl-fmw.0.interleave-granularity=256
    -cpu max
    -m 1G
    -smp 2,sockets=2
    -object memory-backend-ram,id=node0.ram,size=512M
    -object memory-backend-ram,id=node1.ram,size=512M
    -numa node,nodeid=0,memdev=node0.ram,cpus=0
    -numa node,nodeid=1,memdev=node1.ram,cpus=1
    -numa dist,src=0,dst=0,val=10
    -numa dist,src=0,dst=1,val=30
    -numa dist,src=1,dst=0,val=31
    -numa dist,src=1,dst=1,val=10
    -device pxb-cxl,id=hb0,bus=pcie.0,bus_nr=12,hdm_for_passthrough=on
    -device cxl-rp,id=hb0.rp0,bus=hb0,addr=0x0.0,port=0,chassis=1,slot=1,x-speed=2_5,x-width=4,hotplug=off
    -device cxl-upstream,id=sw0,bus=hb0.rp0,port=3,addr=0.0,multifunction=on
    -device cxl-switch-mailbox-cci,id=sw0.cci,bus=hb0.rp0,addr=0.1,target=sw0
    -device cxl-downstream,id=sw0.dp0,bus=sw0,addr=0x0.0,port=0,chassis=1,slot=2,x-speed=32
    -device cxl-downstream,id=sw0.dp1,bus=sw0,addr=0x1.0,port=1,chassis=1,slot=3
    -object memory-backend-ram,id=mem0.ram,size=256M
    -object memory-backend-ram,id=mem0.pmem,size=512M
    -object memory-backend-ram,id=mem0.lsa,size=1M
    -device cxl-type3,id=mem0,bus=sw0.dp1,volatile-memdev=mem0.ram,persistent-memdev=mem0.pmem,lsa=mem0.lsa,sn=0x7,cdat=a,,b
    -device cxl-downstream,id=sw0.dp2,bus=sw0,addr=0x2.0,port=2,chassis=1,slot=4
    ");
    insta::assert_snapshot!(lines(later_args(&topology, &new, &Backing::Ram)), @"
    -object memory-backend-ram,id=mem1.ram,size=256M
    -device cxl-type3,id=mem1,bus=sw0.dp2,volatile-memdev=mem1.ram,sn=0x4301c5a2e313be7d
    ");
}

/// What a QEMU reports that has all that the language knows, and `x-speed` of devices.
fn asked() -> Capabilities {
    fn known<T: Part>(more: &[&str]) -> BTreeSet<String> {
        let own = T::PROPERTIES.iter().map(|property| property.qemu);
        own.chain(T::ASSIGNED.iter().copied()).chain(more.iter().copied()).map(str::to_owned).collect()
    }
    let devices = [
        (typename::HOST_BRIDGE, known::<RawHostBridge>(&["bypass_iommu"])),
        (typename::ROOT_PORT, known::<RawPort>(&["aer_log_max"])),
        (typename::DOWNSTREAM_PORT, known::<RawPort>(&[])),
        (typename::UPSTREAM_PORT, known::<RawSwitch>(&["x-speed", "x-width"])),
        (typename::TYPE3, known::<RawDevice>(&["x-speed", "x-width"])),
        (typename::MAILBOX_CCI, BTreeSet::new()),
    ];
    let devices = devices.map(|(model, properties)| (model.to_owned(), properties));
    Capabilities { devices: Some(devices.into()), ..Capabilities::of_release(NEW) }
}

#[test]
fn what_a_qemu_lacks_is_reported() {
    let topology = with_everything();
    let lacking = |model: &str, property: &str| {
        let mut old = asked();
        let devices = old.devices.as_mut().expect("it was asked");
        if property.is_empty() {
            assert!(devices.remove(model).is_some());
        } else {
            assert!(devices.get_mut(model).expect("a device").remove(property), "{property}");
        }
        machine_args(&topology, &old, &Backing::Ram).expect_err("it lacks something").finding().to_string()
    };
    assert_eq!(crate::lacking(&topology, &asked()), []);
    insta::assert_snapshot!(lacking("pxb-cxl", "hdm_for_passthrough"), @"
    warning: host-bridges[0].hdm-for-passthrough: hdm-for-passthrough of hb0 needs QEMU 8.1 or newer, this is 10.0.2 [qemu-feature]
      hint: runs on this QEMU skip it with this reason
    ");
    insta::assert_snapshot!(lacking("cxl-rp", "x-speed"), @"
    warning: host-bridges[0].root-ports[0].speed: the link of hb0.rp0 needs QEMU 10.0 or newer, this is 10.0.2 [qemu-feature]
      hint: runs on this QEMU skip it with this reason
    ");
    insta::assert_snapshot!(lacking("cxl-downstream", "x-speed"), @"
    warning: host-bridges[0].root-ports[0].switch.downstream[0].speed: the link of sw0.dp0 needs QEMU 10.0 or newer, this is 10.0.2 [qemu-feature]
      hint: runs on this QEMU skip it with this reason
    ");
    insta::assert_snapshot!(lacking("cxl-switch-mailbox-cci", ""), @"
    warning: host-bridges[0].root-ports[0].switch.mailbox-cci: the mailbox CCI of sw0 needs QEMU 9.0 or newer, this is 10.0.2 [qemu-feature]
      hint: runs on this QEMU skip it with this reason
    ");
    insta::assert_snapshot!(lacking("cxl-type3", "volatile-memdev"), @"
    warning: host-bridges[0].root-ports[0].switch.downstream[1].device.volatile: the volatile memory of mem0 needs QEMU 8.1 or newer, this is 10.0.2 [qemu-feature]
      hint: runs on this QEMU skip it with this reason
    ");
    insta::assert_snapshot!(lacking("cxl-type3", "cdat"), @"
    warning: host-bridges[0].root-ports[0].switch.downstream[1].device.cdat: cdat of mem0: cxl-type3 of QEMU 10.0.2 has no property `cdat` [qemu-feature]
      hint: runs on this QEMU skip it with this reason
    ");
    insta::assert_snapshot!(lacking("cxl-type3", ""), @"
    warning: host-bridges: CXL needs QEMU 7.1 or newer, built with CXL, this is 10.0.2 [qemu-feature]
      hint: runs on this QEMU skip it with this reason
    ");
}

/// A QEMU that is started stopped, asked to quit, and must have found nothing to refuse.
#[test]
fn the_qemu_at_hand_takes_all_of_them() {
    const QUIT: &str = r#"{"execute":"qmp_capabilities"}{"execute":"quit"}"#;
    let Ok(program) = which::which("qemu-system-x86_64") else {
        println!("not tried: there is no qemu-system-x86_64");
        return;
    };
    let version = Process::new(&program, ["--version"]).read().expect("its version");
    let qemu = Capabilities::of_release(version.parse().expect("a version"));
    let rest = ["-S", "-display", "none", "-nodefaults", "-accel", "tcg", "-net", "none", "-qmp", "stdio"];
    for name in ["none", "direct", "switch", "mixed", "two-bridges"] {
        let Ok(args) = machine_args(&shipped(name), &qemu, &Backing::Ram) else { continue };
        let args = args.into_iter().chain(rest.map(str::to_owned));
        let output = Process::new(&program, args).stdin(QUIT).deadline(Duration::from_secs(60)).run();
        let output = output.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(output.text().contains("host-qmp-quit"), "{name}: {}", output.text());
    }
}
