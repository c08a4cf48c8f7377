//! What the host expects of `/sys/bus/cxl`, derived from a topology.

use serde::{Deserialize, Serialize};

/// What `/sys/bus/cxl` must show, derived from a topology by the host and compared by the agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Root decoders, one a fixed memory window, in the order of their host physical addresses.
    pub windows: Vec<ExpectWindow>,
    /// Ports: host bridges and switches.
    pub ports: Vec<ExpectPort>,
    /// Memory devices.
    pub memdevs: Vec<ExpectMemdev>,
    /// Regions to be created, and others to be refused; a sample.
    pub regions: Vec<ExpectRegion>,
}

/// A root decoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectWindow {
    /// Bytes.
    pub size: u64,
    /// Interleave granularity in bytes, as `interleave_granularity` shows it: 256 for a window of one target,
    /// whatever the firmware's table has (Linux, `drivers/cxl/acpi.c`, `__cxl_parse_cfmws()`).
    pub granularity: u64,
    /// ACPI `_UID` of the target host bridges, in interleave order; their number is the ways.
    pub targets: Vec<u32>,
}

/// A port that is neither root nor endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectPort {
    /// Id in the topology file.
    pub id: String,
    /// Where it hangs, for the reader: `hb0` or `hb0/rp0/sw0`.
    pub place: String,
    /// The PCI device that is its `uport`.
    pub at: PciPath,
    /// Its downstream ports, sorted by device number.
    pub dports: Vec<ExpectDport>,
}

/// A downstream port of an [`ExpectPort`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectDport {
    /// Name in the topology, for the reader: `rp0`, `dp1`.
    pub name: String,
    /// PCI device number on the bus below the port.
    pub device: u8,
    /// PCIe port number, which is the N of sysfs' `dportN`.
    pub number: u32,
    /// Whether a memory device lies below, so that the dport must be there. Without one it may be: Linux 6.12
    /// adds all dports when the port is probed, 7.3 adds a dport when an endpoint attaches through it.
    pub required: bool,
}

/// A memory device and its endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectMemdev {
    /// Id in the topology file.
    pub id: String,
    /// Where it hangs, for the reader: `hb0/rp0` or `hb0/rp0/sw0/dp1`.
    pub place: String,
    /// The PCI device itself.
    pub at: PciPath,
    /// PCI serial number.
    pub serial: u64,
    /// Volatile bytes.
    pub ram: u64,
    /// Persistent bytes.
    pub pmem: u64,
    /// Bytes of the label storage area, as `label_storage_size` shows it; 0 for none.
    pub lsa: u64,
    /// NUMA node, as the memdev's `numa_node` shows it; -1 where the topology gives none.
    pub node: i32,
}

/// A region, and what decoders must show once it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectRegion {
    /// For the reader.
    pub name: String,
    /// Why it must be refused; none: it must not.
    pub refused: Option<String>,
    /// Index of the window: N of `decoder0.N`.
    pub window: u32,
    /// `ram` or `pmem`.
    pub kind: String,
    /// Interleave ways.
    pub ways: u32,
    /// Interleave granularity in bytes.
    pub granularity: u64,
    /// Bytes.
    pub size: u64,
    /// Serial numbers of the devices, in interleave order.
    pub serials: Vec<u64>,
    /// Decoders between root and endpoints.
    pub decoders: Vec<ExpectDecoder>,
}

/// What a decoder of a port shows for a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectDecoder {
    /// Id of the host bridge or switch.
    pub id: String,
    /// The PCI device that is the port's `uport`.
    pub at: PciPath,
    /// `interleave_ways`.
    pub ways: u32,
    /// `interleave_granularity`.
    pub granularity: u64,
    /// `target_list`: numbers of dports.
    pub targets: Vec<u32>,
}

/// A place in the PCI tree that does not depend on bus numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PciPath {
    /// ACPI `_UID` of the host bridge; QEMU makes it the bus number of the `pxb-cxl`.
    pub host_bridge: u32,
    /// PCI device number at each level below, function 0 throughout; empty for the host bridge itself.
    pub devices: Vec<u8>,
}
