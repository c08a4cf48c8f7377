//! A file under `topologies/`, as it stands there: serde only, nothing checked beyond its form.
//!
//! [`crate`] makes a checked [`crate::Topology`] of it. `topologies/schema.json` is generated from
//! these types and their doc comments, which are therefore written for whoever fills in a file.

mod extends;
mod port;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
mod write;

use serde::Deserialize;

use super::bytes::Bytes;

pub use extends::{Origins, Place, load};
pub use port::{RawBelow, RawPort, Speed};

/// What a guest's CXL hardware is: host bridges, ports, switches, devices, windows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawTopology {
    /// What it is for, in one line.
    pub summary: String,
    /// The guest's ordinary memory, spread evenly over the NUMA nodes; 1G where it is absent.
    pub memory: Option<Bytes>,
    /// The guest's CPUs; 2 where it is absent.
    pub cpus: Option<u32>,
    /// NUMA nodes over which CPUs and ordinary memory are spread; 2 where it is absent, which cxl_test needs.
    pub nodes: Option<u32>,
    /// NUMA distances, a row a node: 10 to itself, 11 to 254 to others.
    pub distances: Option<Vec<Vec<u32>>>,
    /// CXL host bridges. Of a file that extends another, those that come on top.
    #[serde(default)]
    pub host_bridges: Vec<RawHostBridge>,
    /// CXL fixed memory windows. Of a file that extends another, in place of its windows.
    #[serde(default)]
    pub windows: Vec<RawWindow>,
}

/// A CXL host bridge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawHostBridge {
    /// Its id, unique in the file.
    pub id: String,
    /// NUMA node that its devices belong to.
    pub node: Option<u32>,
    /// Whether it has HDM decoders even with a single root port. Without them it passes all of a window through.
    #[serde(default)]
    pub hdm_for_passthrough: bool,
    /// Its root ports, named rp0, rp1, … in this order.
    pub root_ports: Vec<RawPort>,
}

/// A CXL switch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawSwitch {
    /// Its id, unique in the file.
    pub id: String,
    /// Whether it has a mailbox CCI, the function through which a fabric manager talks to it.
    #[serde(default)]
    pub mailbox_cci: bool,
    /// Its downstream ports, named dp0, dp1, … in this order.
    pub downstream: Vec<RawPort>,
}

/// A CXL memory device (type 3).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawDevice {
    /// Its id, unique in the file.
    pub id: String,
    /// Volatile memory, in multiples of 256M.
    pub volatile: Option<Bytes>,
    /// Persistent memory, in multiples of 256M.
    pub persistent: Option<Bytes>,
    /// Label storage area, which persistent memory needs; 1M is usual.
    pub lsa: Option<Bytes>,
    /// PCI serial number; made from the id where it is absent.
    pub serial: Option<u64>,
    /// A file with the device's CDAT (coherent device attribute table), relative to this file.
    pub cdat: Option<String>,
    /// Whether it is there when the guest starts. If not, a case adds it: `host device-add ID`.
    #[serde(default = "yes")]
    pub present: bool,
}

fn yes() -> bool {
    true
}

impl Default for RawDevice {
    fn default() -> Self {
        Self {
            id: String::new(),
            volatile: None,
            persistent: None,
            lsa: None,
            serial: None,
            cdat: None,
            present: true,
        }
    }
}

/// A fixed memory window: a range of host physical addresses that is interleaved over host bridges.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawWindow {
    /// Its size, in multiples of 256M.
    pub size: Bytes,
    /// Ids of the host bridges, in interleave order: 1, 2, 3, 4, 6, 8, 12 or 16 of them.
    pub targets: Vec<String>,
    /// Bytes that go to one target before the next has its turn: 256, 512, 1k, 2k, 4k, 8k or 16k.
    pub granularity: Option<Bytes>,
}
