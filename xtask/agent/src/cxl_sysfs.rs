//! Reads `/sys/bus/cxl` into plain values: roots, windows, ports, endpoints, memdevs.
//!
//! Nothing is judged here. What cannot be read is `None`, so that the comparison prints "nothing" where it wanted
//! something; a device that vanishes while it is read does not matter otherwise.

use std::fs;
use std::path::{Component, Path, PathBuf};

use wire::PciPath;

/// All of it.
#[derive(Debug, Default)]
pub struct Tree {
    /// `rootN`.
    pub roots: Vec<Root>,
    /// Decoders of the roots, by start address.
    pub windows: Vec<Window>,
    /// `portN`: neither roots nor endpoints.
    pub ports: Vec<Port>,
    /// `endpointN`.
    pub endpoints: Vec<Port>,
    /// `memN`.
    pub memdevs: Vec<Memdev>,
}

/// `rootN`.
#[derive(Debug)]
pub struct Root {
    /// `root0`.
    pub name: String,
    /// Driver of the platform device that it hangs on.
    pub host_driver: Option<String>,
    /// Its `dportN`: the host bridges.
    pub dports: Vec<Dport>,
}

/// A root decoder.
#[derive(Debug)]
pub struct Window {
    /// `decoder0.0`.
    pub name: String,
    /// Host physical address.
    pub start: Option<u64>,
    /// Bytes.
    pub size: Option<u64>,
    /// Interleave granularity in bytes.
    pub granularity: Option<u64>,
    /// Interleave ways.
    pub ways: Option<u64>,
    /// `target_list` as it stands there.
    pub targets: Option<String>,
}

/// `portN` or `endpointN`.
#[derive(Debug)]
pub struct Port {
    /// `port1`.
    pub name: String,
    /// Name of the port above.
    pub parent: String,
    /// Its driver.
    pub driver: Option<String>,
    /// The device that is the port: PCI bridge or host bridge; of an endpoint, the memdev.
    pub uport: Option<PathBuf>,
    /// Where `uport` is.
    pub at: Place,
    /// Where the downstream port above is.
    pub parent_dport: Place,
    /// Its `dportN`.
    pub dports: Vec<Dport>,
    /// How many decoders it has.
    pub decoders: usize,
}

/// A `dportN` link.
#[derive(Debug)]
pub struct Dport {
    /// N.
    pub number: u32,
    /// Where it leads.
    pub at: Place,
}

/// `memN`.
#[derive(Debug)]
pub struct Memdev {
    /// `mem0`.
    pub name: String,
    /// Its own folder, to which an endpoint's `uport` leads.
    pub path: PathBuf,
    /// Where the PCI device is.
    pub at: Place,
    /// Driver of the PCI device.
    pub pci_driver: Option<String>,
    /// Its driver.
    pub driver: Option<String>,
    /// PCI serial number.
    pub serial: Option<u64>,
    /// Volatile bytes.
    pub ram: Option<u64>,
    /// Persistent bytes.
    pub pmem: Option<u64>,
    /// Bytes of label storage.
    pub lsa: Option<u64>,
    /// NUMA node.
    pub node: Option<i64>,
    /// Driver of the `pmemN` below it.
    pub nvdimm_driver: Option<String>,
}

/// A place in the PCI tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Comparable; `None` off the PCI tree, and for other functions than 0 and other segments than 0.
    pub at: Option<PciPath>,
    /// For the reader.
    pub shown: String,
}

/// Reads below `sysfs`, which is `/sys` but in tests.
pub fn read(sysfs: &Path) -> Tree {
    let mut tree = Tree::default();
    for (name, path) in devices(&sysfs.join("bus/cxl/devices")) {
        if numbered(&name, "root").is_some() {
            tree.roots.push(root(name, &path));
        } else if numbered(&name, "port").is_some() {
            tree.ports.push(port(name, &path));
        } else if numbered(&name, "endpoint").is_some() {
            tree.endpoints.push(port(name, &path));
        } else if numbered(&name, "mem").is_some() {
            tree.memdevs.push(memdev(name, path));
        } else if name.starts_with("decoder") && numbered(&file_name(path.parent()), "root").is_some() {
            tree.windows.push(window(name, &path));
        }
    }
    tree.windows.sort_by_key(|window| window.start);
    tree
}

/// Names and real paths of the entries of a folder, in the order of their numbers.
fn devices(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut all: Vec<_> = entries(folder)
        .into_iter()
        .filter_map(|name| Some((fs::canonicalize(folder.join(&name)).ok()?, name)))
        .map(|(path, name)| (name, path))
        .collect();
    // port10 after port9.
    all.sort_by_key(|(name, _)| (name.len(), name.clone()));
    all
}

/// Names of what is in a folder.
pub fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn root(name: String, path: &Path) -> Root {
    Root { name, host_driver: path.parent().and_then(driver), dports: dports(path) }
}

fn window(name: String, path: &Path) -> Window {
    Window {
        name,
        start: number(&path.join("start")),
        size: number(&path.join("size")),
        granularity: number(&path.join("interleave_granularity")),
        ways: number(&path.join("interleave_ways")),
        targets: text(&path.join("target_list")),
    }
}

fn port(name: String, path: &Path) -> Port {
    let uport = fs::canonicalize(path.join("uport")).ok();
    Port {
        name,
        parent: file_name(path.parent()),
        driver: driver(path),
        at: place(uport.as_deref()),
        uport,
        parent_dport: place(fs::canonicalize(path.join("parent_dport")).ok().as_deref()),
        dports: dports(path),
        decoders: entries(path)
            .iter()
            .filter(|name| name.starts_with("decoder") && name.contains('.'))
            .count(),
    }
}

fn dports(port: &Path) -> Vec<Dport> {
    let dport = |name: String| {
        let number = numbered(&name, "dport")?;
        Some(Dport { number, at: place(fs::canonicalize(port.join(name)).ok().as_deref()) })
    };
    let mut all: Vec<_> = entries(port).into_iter().filter_map(dport).collect();
    all.sort_by_key(|dport| dport.number);
    all
}

fn memdev(name: String, path: PathBuf) -> Memdev {
    let nvdimm = entries(&path).into_iter().find(|name| numbered(name, "pmem").is_some());
    Memdev {
        name,
        at: place(path.parent()),
        pci_driver: path.parent().and_then(driver),
        driver: driver(&path),
        serial: number(&path.join("serial")),
        ram: number(&path.join("ram/size")),
        pmem: number(&path.join("pmem/size")),
        lsa: number(&path.join("label_storage_size")),
        node: text(&path.join("numa_node")).and_then(|node| node.parse().ok()),
        nvdimm_driver: nvdimm.and_then(|name| driver(&path.join(name))),
        path,
    }
}

/// The driver that a device is bound to.
fn driver(device: &Path) -> Option<String> {
    let target = fs::read_link(device.join("driver")).ok()?;
    Some(file_name(Some(&target)))
}

fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The number in a file.
pub fn number(path: &Path) -> Option<u64> {
    parse(&text(path)?)
}

/// Decimal, or hexadecimal with `0x`.
pub fn parse(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The N of `wordN`.
fn numbered(name: &str, word: &str) -> Option<u32> {
    let digits = name.strip_prefix(word)?;
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn file_name(path: Option<&Path>) -> String {
    path.and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default().to_owned()
}

/// Takes `…/pci0000:0c/0000:0c:01.0/0000:0d:00.0/…` to the device numbers below host bridge 12.
fn place(path: Option<&Path>) -> Place {
    let Some(path) = path else { return Place { at: None, shown: "nowhere".to_owned() } };
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let mut names = names.skip_while(|name| !name.starts_with("pci") || !name.contains(':'));
    let Some(bridge) = names.next() else { return Place { at: None, shown: path.display().to_string() } };
    let functions: Vec<&str> = names.take_while(|name| function(name).is_some()).collect();
    let shown = [&[bridge][..], &functions].concat().join("/");
    let devices = functions.iter().map(|name| match function(name) {
        Some((0, device, 0)) => Some(device),
        _ => None,
    });
    let at = devices
        .collect::<Option<Vec<u8>>>()
        .and_then(|devices| Some(PciPath { host_bridge: host_bridge(bridge)?, devices }));
    Place { at, shown }
}

/// `pci0000:0c` → 12, which QEMU makes the `_UID` too.
fn host_bridge(name: &str) -> Option<u32> {
    let bus = name.strip_prefix("pci0000:")?;
    u32::from_str_radix(bus, 16).ok()
}

/// `0000:0d:1f.3` → segment 0, device 31, function 3.
fn function(name: &str) -> Option<(u32, u8, u8)> {
    let (segment, rest) = name.split_once(':')?;
    let (bus, rest) = rest.split_once(':')?;
    let (device, function) = rest.split_once('.')?;
    u8::from_str_radix(bus, 16).ok()?;
    let segment = u32::from_str_radix(segment, 16).ok()?;
    Some((segment, u8::from_str_radix(device, 16).ok()?, function.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Option<(u32, Vec<u8>)> {
        place(Some(Path::new(path))).at.map(|at| (at.host_bridge, at.devices))
    }

    #[test]
    fn places_are_independent_of_bus_numbers() {
        let rp1 = "/sys/devices/pci0000:0c/0000:0c:01.0";
        assert_eq!(at("/sys/devices/pci0000:0c"), Some((12, vec![])));
        assert_eq!(at(rp1), Some((12, vec![1])));
        assert_eq!(at(&format!("{rp1}/0000:0d:00.0/0000:0e:1f.0/mem0")), Some((12, vec![1, 0, 31])));
        assert_eq!(at(&format!("{rp1}/0000:8d:00.0/mem0")), Some((12, vec![1, 0])));
    }

    #[test]
    fn other_functions_segments_and_trees_are_no_place() {
        assert_eq!(at("/sys/devices/pci0000:0c/0000:0c:01.1"), None);
        assert_eq!(at("/sys/devices/pci0001:0c/0001:0c:01.0"), None);
        assert_eq!(at("/sys/devices/platform/cxl_mem.0/mem0"), None);
        assert_eq!(place(Some(Path::new("/sys/devices/pci0001:0c/x"))).shown, "pci0001:0c");
    }

    #[test]
    fn a_name_is_a_word_and_a_number() {
        assert_eq!(numbered("port10", "port"), Some(10));
        assert_eq!(numbered("port", "port"), None);
        assert_eq!(numbered("port1x", "port"), None);
        assert_eq!(numbered("portal1", "port"), None);
    }

    #[test]
    fn nothing_there_reads_as_nothing() {
        let tree = read(Path::new("/nonexistent"));
        assert!(tree.roots.is_empty() && tree.ports.is_empty() && tree.memdevs.is_empty());
    }
}
