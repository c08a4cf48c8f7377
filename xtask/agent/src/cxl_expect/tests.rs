//! Against a synthetic sysfs: what fits passes, and each thing altered in it is found and named.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use wire::ExpectDport;

use super::*;

/// A folder of its own, gone with the value.
struct Sysfs(PathBuf);

impl Drop for Sysfs {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// When a kernel makes a dport.
#[derive(Clone, Copy, PartialEq)]
enum Dports {
    /// When it probes the port (6.12).
    All,
    /// When an endpoint attaches through it (7.3).
    Used,
}

impl Sysfs {
    /// What a kernel would show of this.
    fn of(expect: &Expect, dports: Dports) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("agent-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let sysfs = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(sysfs.0.join("bus/cxl/devices")).expect("created");
        sysfs.driver("devices/platform/ACPI0017:00", "cxl_acpi");
        sysfs.device("devices/platform/ACPI0017:00/root0");
        for (n, window) in expect.windows.iter().enumerate() {
            sysfs.window(n, window);
        }
        for (n, port) in expect.ports.iter().enumerate() {
            sysfs.port(n + 1, port, expect, dports);
        }
        for (n, memdev) in expect.memdevs.iter().enumerate() {
            sysfs.memdev(n, memdev, expect);
        }
        sysfs
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(path, format!("{text}\n")).expect("written");
    }

    fn link(&self, path: &str, target: &str) {
        let (path, target) = (self.0.join(path), self.0.join(target));
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        let _ = fs::remove_file(&path);
        symlink(target, path).expect("linked");
    }

    fn remove(&self, path: &str) {
        let path = self.0.join(path);
        let link = path.symlink_metadata().expect("it is there").is_symlink();
        if link {
            fs::remove_file(path).expect("removed");
        } else {
            fs::remove_dir_all(path).expect("removed");
        }
    }

    fn driver(&self, device: &str, driver: &str) {
        self.link(&format!("{device}/driver"), &format!("bus/cxl/drivers/{driver}"));
    }

    /// A device of the bus.
    fn device(&self, path: &str) {
        fs::create_dir_all(self.0.join(path)).expect("created");
        let name = path.rsplit('/').next().expect("a name");
        self.link(&format!("bus/cxl/devices/{name}"), path);
    }

    fn window(&self, n: usize, window: &ExpectWindow) {
        let path = format!("{ROOT}/decoder0.{n}");
        self.device(&path);
        self.write(&format!("{path}/start"), &format!("{:#x}", (n as u64 + 1) << 36));
        self.write(&format!("{path}/size"), &format!("{:#x}", window.size));
        self.write(&format!("{path}/interleave_granularity"), &window.granularity.to_string());
        self.write(&format!("{path}/interleave_ways"), &window.targets.len().to_string());
        let targets: Vec<_> = window.targets.iter().map(ToString::to_string).collect();
        self.write(&format!("{path}/target_list"), &targets.join(","));
    }

    fn port(&self, n: usize, port: &ExpectPort, expect: &Expect, dports: Dports) {
        let path = port_path(&port.at, expect);
        assert!(path.ends_with(&format!("port{n}")));
        self.device(&path);
        self.driver(&path, "cxl_port");
        self.link(&format!("{path}/uport"), &pci(&port.at));
        self.link(&format!("{path}/parent_dport"), &pci(&above(&port.at, 1)));
        fs::create_dir_all(self.0.join(pci(&port.at))).expect("created");
        fs::create_dir_all(self.0.join(format!("{path}/decoder{n}.0"))).expect("created");
        if port.at.devices.is_empty() {
            self.link(&format!("{ROOT}/dport{}", port.at.host_bridge), &pci(&port.at));
        }
        for dport in &port.dports {
            let mut at = port.at.clone();
            at.devices.push(dport.device);
            fs::create_dir_all(self.0.join(pci(&at))).expect("created");
            if dport.required || dports == Dports::All {
                self.link(&format!("{path}/dport{}", dport.number), &pci(&at));
            }
        }
    }

    fn memdev(&self, n: usize, memdev: &ExpectMemdev, expect: &Expect) {
        let path = format!("{}/mem{n}", pci(&memdev.at));
        self.device(&path);
        self.driver(&pci(&memdev.at), "cxl_pci");
        self.driver(&path, "cxl_mem");
        self.write(&format!("{path}/serial"), &format!("{:#x}", memdev.serial));
        self.write(&format!("{path}/ram/size"), &format!("{:#x}", memdev.ram));
        self.write(&format!("{path}/pmem/size"), &format!("{:#x}", memdev.pmem));
        self.write(&format!("{path}/label_storage_size"), &memdev.lsa.to_string());
        self.write(&format!("{path}/numa_node"), &memdev.node.to_string());
        if memdev.pmem > 0 {
            self.driver(&format!("{path}/pmem{n}"), "cxl_nvdimm");
        }
        let endpoint = format!("{}/endpoint{}", port_path(&above(&memdev.at, 2), expect), n + 10);
        self.device(&endpoint);
        self.driver(&endpoint, "cxl_port");
        self.link(&format!("{endpoint}/uport"), &path);
        self.link(&format!("{endpoint}/parent_dport"), &pci(&above(&memdev.at, 1)));
        fs::create_dir_all(self.0.join(format!("{endpoint}/decoder{}.0", n + 10))).expect("created");
    }

    /// The lines that are not ok, without their numbers.
    fn faults(&self, expect: &Expect) -> Vec<String> {
        let (text, ok) = run(expect, &self.0);
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("not ok ")).collect();
        assert_eq!(ok, lines.is_empty(), "{text}");
        lines.iter().map(|line| line.split_once(" - ").expect("a name").1.to_owned()).collect()
    }
}

const ROOT: &str = "devices/platform/ACPI0017:00/root0";

/// A PCI device's folder. The bus numbers do not matter.
fn pci(at: &PciPath) -> String {
    let mut path = format!("devices/pci0000:{:02x}", at.host_bridge);
    for (depth, device) in at.devices.iter().enumerate() {
        path += &format!("/0000:{:02x}:{device:02x}.0", at.host_bridge as usize + depth);
    }
    path
}

fn port_path(at: &PciPath, expect: &Expect) -> String {
    let n = 1 + expect.ports.iter().position(|port| port.at == *at).expect("a port");
    if at.devices.is_empty() {
        format!("{ROOT}/port{n}")
    } else {
        format!("{}/port{n}", port_path(&above(at, 2), expect))
    }
}

fn path(devices: &[u8]) -> PciPath {
    PciPath { host_bridge: 12, devices: devices.to_vec() }
}

fn dport(name: &str, device: u8, required: bool) -> ExpectDport {
    ExpectDport { name: name.into(), device, number: u32::from(device), required }
}

/// hb0: rp0 with sw0 (mem0 volatile, mem1 persistent, empty), rp1 with mem2, rp2 empty; hb1: rp0 empty.
fn expected() -> Expect {
    let memdev = |id: &str, place: &str, devices: &[u8], serial, ram: u64, pmem: u64| ExpectMemdev {
        id: id.into(),
        place: place.into(),
        at: path(devices),
        serial,
        ram: ram << 20,
        pmem: pmem << 20,
        lsa: if pmem > 0 { 1 << 20 } else { 0 },
        node: 1,
    };
    let port =
        |id: &str, place: &str, at, dports| ExpectPort { id: id.into(), place: place.into(), at, dports };
    Expect {
        windows: vec![
            ExpectWindow { size: 4 << 30, granularity: 8192, targets: vec![12, 20] },
            ExpectWindow { size: 1 << 30, granularity: 256, targets: vec![12] },
            ExpectWindow { size: 2 << 30, granularity: 256, targets: vec![20] },
        ],
        ports: vec![
            port(
                "hb0",
                "hb0",
                path(&[]),
                vec![dport("rp0", 0, true), dport("rp1", 1, true), dport("rp2", 2, false)],
            ),
            port(
                "sw0",
                "hb0/rp0/sw0",
                path(&[0, 0]),
                vec![dport("dp0", 0, true), dport("dp1", 1, true), dport("dp2", 2, false)],
            ),
            port("hb1", "hb1", PciPath { host_bridge: 20, devices: vec![] }, vec![dport("rp0", 0, false)]),
        ],
        memdevs: vec![
            memdev("mem0", "hb0/rp0/sw0/dp0", &[0, 0, 0, 0], 0xa0, 256, 0),
            memdev("mem1", "hb0/rp0/sw0/dp1", &[0, 0, 1, 0], 0xa1, 0, 256),
            memdev("mem2", "hb0/rp1", &[1, 0], 0xa2, 256, 512),
        ],
        regions: Vec::new(),
    }
}

const MEM0: &str = "devices/pci0000:0c/0000:0c:00.0/0000:0d:00.0/0000:0e:00.0/0000:0f:00.0/mem0";
const MEM1: &str = "devices/pci0000:0c/0000:0c:00.0/0000:0d:00.0/0000:0e:01.0/0000:0f:00.0/mem1";

#[test]
fn what_fits_passes_object_by_object() {
    let expect = expected();
    let (text, ok) = run(&expect, &Sysfs::of(&expect, Dports::All).0);
    assert!(ok, "{text}");
    let wanted = "\
KTAP version 1
1..13
ok 1 - CXL root
ok 2 - window 0 (4G) decoder0.0
ok 3 - window 1 (1G) decoder0.1
ok 4 - window 2 (2G) decoder0.2
ok 5 - port hb0 at hb0
ok 6 - port sw0 at hb0/rp0/sw0
ok 7 - port hb1 at hb1
ok 8 - memdev mem0 at hb0/rp0/sw0/dp0
ok 9 - endpoint of mem0 at hb0/rp0/sw0/dp0
ok 10 - memdev mem1 at hb0/rp0/sw0/dp1
ok 11 - endpoint of mem1 at hb0/rp0/sw0/dp1
ok 12 - memdev mem2 at hb0/rp1
ok 13 - endpoint of mem2 at hb0/rp1
";
    assert_eq!(text, wanted);
}

#[test]
fn dports_without_an_endpoint_may_be_missing() {
    let expect = expected();
    assert_eq!(Sysfs::of(&expect, Dports::Used).faults(&expect), [""; 0]);
}

#[test]
fn a_machine_without_cxl_has_no_root() {
    let none = Expect::default();
    assert_eq!(
        run(&none, Path::new("/nonexistent")),
        ("KTAP version 1\n1..1\nok 1 - no CXL root\n".into(), true)
    );
    let faults = Sysfs::of(&expected(), Dports::All).faults(&none);
    assert_eq!(faults[0], "no CXL root: root0 was not expected");
    assert_eq!(faults.len(), 1 + 3 + 3 + 3 + 3);
}

#[test]
fn without_the_driver_everything_is_missing() {
    let expect = expected();
    let (text, ok) = run(&expect, Path::new("/nonexistent"));
    assert!(!ok);
    assert_eq!(text.lines().filter(|line| line.starts_with("not ok ")).count(), 13, "{text}");
    assert!(
        text.contains("not ok 1 - CXL root: there is none: cxl_acpi did not bind to ACPI0017\n"),
        "{text}"
    );
}

/// One thing altered in a sysfs that fits, and the lines that must come of it.
fn altered(alter: impl FnOnce(&Sysfs)) -> Vec<String> {
    let expect = expected();
    let sysfs = Sysfs::of(&expect, Dports::All);
    alter(&sysfs);
    sysfs.faults(&expect)
}

#[test]
fn a_missing_memdev_is_named_with_its_place_and_serial() {
    let faults = altered(|sysfs| {
        sysfs.remove("bus/cxl/devices/mem1");
        sysfs.remove("bus/cxl/devices/endpoint11");
    });
    assert_eq!(
        faults,
        [
            "memdev mem1 at hb0/rp0/sw0/dp1: no memdev with serial 0xa1",
            "endpoint of mem1 at hb0/rp0/sw0/dp1: there is no memdev"
        ]
    );
}

#[test]
fn a_memdev_with_another_serial_is_missing_and_extra() {
    let faults = altered(|sysfs| sysfs.write(&format!("{MEM1}/serial"), "0xbad"));
    assert_eq!(
        faults,
        [
            "memdev mem1 at hb0/rp0/sw0/dp1: no memdev with serial 0xa1; mem1 is there with serial 0xbad",
            "endpoint of mem1 at hb0/rp0/sw0/dp1: there is no memdev",
            "memdev mem1 at pci0000:0c/0000:0c:00.0/0000:0d:00.0/0000:0e:01.0/0000:0f:00.0: with serial 0xbad \
             was not expected",
            "endpoint endpoint11: below port2 was not expected",
        ]
    );
}

#[test]
fn swapped_serials_are_wrong_places() {
    let faults = altered(|sysfs| {
        sysfs.write(&format!("{MEM0}/serial"), "0xa1");
        sysfs.write(&format!("{MEM1}/serial"), "0xa0");
    });
    assert!(
        faults[0].starts_with("memdev mem0 at hb0/rp0/sw0/dp0: place: wanted pci0000:0c/*:00.0"),
        "{faults:?}"
    );
    assert!(faults[1].starts_with("endpoint of mem0 at hb0/rp0/sw0/dp0: parent dport: wanted"), "{faults:?}");
    assert_eq!(faults.len(), 4);
}

#[test]
fn every_attribute_of_a_memdev_counts() {
    for (attribute, text, fault) in [
        ("ram/size", "0x1000", "ram: wanted 0, got 4096"),
        ("pmem/size", "0x20000000", "pmem: wanted 256M, got 512M"),
        ("pmem/size", "many", "pmem: wanted 256M, got nothing"),
        ("label_storage_size", "0", "label storage: wanted 1M, got 0"),
        ("numa_node", "-1", "NUMA node: wanted 1, got -1"),
    ] {
        let faults = altered(|sysfs| sysfs.write(&format!("{MEM1}/{attribute}"), text));
        assert_eq!(faults, [format!("memdev mem1 at hb0/rp0/sw0/dp1: {fault}")]);
    }
}

#[test]
fn every_driver_counts() {
    let port2 = format!("{ROOT}/port1/port2");
    let cases = [
        ("devices/platform/ACPI0017:00".to_owned(), "CXL root: root0's host is not bound to cxl_acpi"),
        (format!("{ROOT}/port1"), "port hb0 at hb0: port1 is not bound to cxl_port"),
        (port2.clone(), "port sw0 at hb0/rp0/sw0: port2 is not bound to cxl_port"),
        (
            format!("{port2}/endpoint11"),
            "endpoint of mem1 at hb0/rp0/sw0/dp1: endpoint11 is not bound to cxl_port",
        ),
        (MEM1.to_owned(), "memdev mem1 at hb0/rp0/sw0/dp1: mem1 is not bound to cxl_mem"),
        (format!("{MEM1}/pmem1"), "memdev mem1 at hb0/rp0/sw0/dp1: its nvdimm is not bound to cxl_nvdimm"),
        (format!("{MEM1}/.."), "memdev mem1 at hb0/rp0/sw0/dp1: its PCI device is not bound to cxl_pci"),
    ];
    for (device, fault) in cases {
        assert_eq!(altered(|sysfs| sysfs.remove(&format!("{device}/driver"))), [fault]);
    }
    let other = altered(|sysfs| sysfs.driver(MEM1, "vfio"));
    assert_eq!(other, ["memdev mem1 at hb0/rp0/sw0/dp1: mem1 is bound to vfio, wanted cxl_mem"]);
    let volatile = altered(|sysfs| sysfs.driver(&format!("{MEM0}/pmem0"), "cxl_nvdimm"));
    assert_eq!(volatile, ["memdev mem0 at hb0/rp0/sw0/dp0: it has an nvdimm, and no persistent memory"]);
}

#[test]
fn every_attribute_of_a_window_counts() {
    for (attribute, text, fault) in [
        ("size", "0x200000000", "size: wanted 4G, got 8G"),
        ("interleave_ways", "1", "ways: wanted 2, got 1"),
        ("interleave_granularity", "256", "granularity: wanted 8192, got 256"),
        ("target_list", "20,12", "targets: wanted 12,20, got 20,12"),
        ("target_list", "12", "targets: wanted 12,20, got 12"),
    ] {
        let faults = altered(|sysfs| sysfs.write(&format!("{ROOT}/decoder0.0/{attribute}"), text));
        assert_eq!(faults, [format!("window 0 (4G) decoder0.0: {fault}")]);
    }
}

#[test]
fn windows_are_in_the_order_of_their_addresses() {
    let faults = altered(|sysfs| sysfs.write(&format!("{ROOT}/decoder0.1/start"), "0x9000000000"));
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn a_missing_window_spoils_no_other() {
    let faults = altered(|sysfs| sysfs.remove("bus/cxl/devices/decoder0.1"));
    assert_eq!(faults, ["window 1 (1G): no root decoder is like it"]);
    let extra = ExpectWindow { size: 3 << 30, granularity: 256, targets: vec![12] };
    let faults = altered(|sysfs| sysfs.window(3, &extra));
    assert_eq!(faults, ["window decoder0.3: of 3G was not expected"]);
}

#[test]
fn ports_hang_together_as_they_must() {
    let port1 = format!("{ROOT}/port1");
    for (link, target, fault) in [
        ("port2/parent_dport", "devices/pci0000:0c/0000:0c:01.0", "parent dport: wanted pci0000:0c/*:00.0"),
        (
            "port2/dport1",
            "devices/pci0000:0c/0000:0c:01.0",
            "dport1 (dp1): wanted pci0000:0c/*:00.0/*:00.0/*:01.0",
        ),
        (
            "port2/dport7",
            "devices/pci0000:0c/0000:0c:01.0",
            "dport7 at pci0000:0c/0000:0c:01.0 was not expected",
        ),
    ] {
        let faults = altered(|sysfs| sysfs.link(&format!("{port1}/{link}"), target));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(&format!("port sw0 at hb0/rp0/sw0: {fault}")), "{faults:?}");
    }
    let faults = altered(|sysfs| sysfs.remove(&format!("{port1}/port2/dport1")));
    assert_eq!(faults, ["port sw0 at hb0/rp0/sw0: no dport1 (dp1)"]);
    let faults = altered(|sysfs| sysfs.remove(&format!("{port1}/port2/decoder2.0")));
    assert_eq!(faults, ["port sw0 at hb0/rp0/sw0: port2 has no decoder"]);
    let faults = altered(|sysfs| sysfs.remove(&format!("{ROOT}/dport20")));
    assert_eq!(faults, ["port hb1 at hb1: root0 has no dport20"]);
    let faults = altered(|sysfs| sysfs.link(&format!("{ROOT}/dport20"), "devices/pci0000:0c"));
    assert_eq!(faults, ["port hb1 at hb1: root0's dport20: wanted pci0000:14, got pci0000:0c"]);
}

#[test]
fn extra_objects_are_faults() {
    let faults = altered(|sysfs| {
        let path = format!("{ROOT}/port9");
        sysfs.device(&path);
        sysfs.link(&format!("{path}/uport"), "devices/pci0000:0c/0000:0c:02.0");
    });
    assert_eq!(faults, ["port port9 at pci0000:0c/0000:0c:02.0: was not expected"]);
    let faults = altered(|sysfs| {
        let path = "devices/pci0000:0c/0000:0c:02.0/0000:0d:00.0/mem9";
        sysfs.device(path);
        sysfs.write(&format!("{path}/serial"), "0x99");
    });
    assert_eq!(
        faults,
        ["memdev mem9 at pci0000:0c/0000:0c:02.0/0000:0d:00.0: with serial 0x99 was not expected"]
    );
    let faults = altered(|sysfs| sysfs.device(&format!("{ROOT}/root1")));
    assert_eq!(faults, ["CXL root: root1 was not expected"]);
}

#[test]
fn a_missing_endpoint_is_named() {
    let faults = altered(|sysfs| sysfs.remove("bus/cxl/devices/endpoint12"));
    assert_eq!(faults, ["endpoint of mem2 at hb0/rp1: no endpoint has mem2 as uport"]);
}

#[test]
fn the_kernels_text_stays_one_line_and_no_directive() {
    let faults =
        altered(|sysfs| sysfs.write(&format!("{ROOT}/decoder0.0/target_list"), "1\n2 # SKIP \x1b[2J"));
    assert_eq!(faults, ["window 0 (4G) decoder0.0: targets: wanted 12,20, got 1?2 ? SKIP ?[2J"]);
}

#[test]
fn waiting_ends_as_soon_as_it_fits_and_when_longest_ends() {
    let expect = expected();
    let sysfs = Sysfs::of(&expect, Dports::All);
    assert!(wait(&expect, &sysfs.0, Duration::from_secs(600)).1);
    sysfs.remove("bus/cxl/devices/mem1");
    assert!(!wait(&expect, &sysfs.0, Duration::from_millis(1)).1);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(50));
            sysfs.link("bus/cxl/devices/mem1", MEM1);
        });
        assert!(wait(&expect, &sysfs.0, Duration::from_secs(60)).1);
    });
}

/// Paths of all numbers and list elements of a value.
fn leaves(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Number(_) => found.push(path.to_owned()),
        serde_json::Value::Array(list) => {
            for (i, item) in list.iter().enumerate() {
                found.push(format!("{path}/{i}"));
                leaves(item, &format!("{path}/{i}"), found);
            }
        }
        serde_json::Value::Object(map) => {
            map.iter().for_each(|(key, item)| leaves(item, &format!("{path}/{key}"), found));
        }
        _ => {}
    }
}

#[test]
fn a_model_with_any_one_field_altered_is_caught() {
    let expect = expected();
    let sysfs = Sysfs::of(&expect, Dports::All);
    let model = serde_json::to_value(&expect).expect("JSON");
    let mut paths = Vec::new();
    leaves(&model, "", &mut paths);
    assert!(paths.len() > 80, "{}", paths.len());
    for path in paths {
        let mut altered = model.clone();
        let at = altered.pointer_mut(&path).expect("it is there");
        if let Some(number) = at.as_u64() {
            *at = (number + 1).into();
        } else {
            // Something of a list: it is left out.
            let (list, index) = path.rsplit_once('/').expect("a list");
            let list = altered.pointer_mut(list).and_then(serde_json::Value::as_array_mut).expect("a list");
            list.remove(index.parse().expect("an index"));
        }
        let altered: Expect = serde_json::from_value(altered).expect("still a model");
        let (text, same) = run(&altered, &sysfs.0);
        assert!(!same, "{path} altered passes:\n{text}");
    }
}

#[test]
fn a_difference_is_one_of_trees() {
    let expect = expected();
    let sysfs = Sysfs::of(&expect, Dports::Used);
    assert!(!run(&expect, &sysfs.0).0.contains("tree"));
    sysfs.write(&format!("{MEM1}/serial"), "0xbad");
    let (text, _) = run(&expect, &sysfs.0);
    let (_, diff) = text.split_once("# tree ").expect("a tree");
    let wanted = "\
of /sys/bus/cxl: - is missing, + was not expected
#   root
#     window 4G: 2 ways by 8192 to 12,20
#     window 1G: 1 ways by 256 to 12
#     window 2G: 1 ways by 256 to 20
#     port pci12
#       dport 0 at pci12/0
#         port pci12/0/0
#           dport 0 at pci12/0/0/0
#             endpoint of memdev 0xa0: ram 256M, pmem 0, lsa 0, node 1
#           dport 1 at pci12/0/0/1
# -           endpoint of memdev 0xa1: ram 0, pmem 256M, lsa 1M, node 1
# +           endpoint of memdev 0xbad: ram 0, pmem 256M, lsa 1M, node 1
#       dport 1 at pci12/1
#         endpoint of memdev 0xa2: ram 256M, pmem 512M, lsa 1M, node 1
#     port pci20
";
    assert_eq!(diff, wanted);
}
