//! A file under `topologies/`, as it stands there: serde only, nothing checked beyond its form.
//!
//! [`Topology`](crate::Topology) is made from it. `topologies/schema.json` is generated from these types and their doc
//! comments, which are therefore written for whoever fills in a file.

mod bridge;
mod device;
mod extends;
mod options;
mod origins;
mod port;
mod property;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
mod walk;
mod window;
mod write;

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

pub use bridge::RawHostBridge;
pub use device::RawDevice;
pub use extends::{load, parse};
pub use options::QemuOptions;
pub use origins::{Location, Origins};
pub use port::{RawBelow, RawPort, RawSwitch, Speed};
pub use property::{Part, Property, Value};
pub use walk::Located;
pub use window::RawWindow;

/// What a guest's CXL hardware is: host bridges, ports, switches, devices, windows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawTopology {
    /// What it is for, in one line.
    pub summary: String,
    /// The guest's ordinary memory, spread evenly over the NUMA nodes; 1G where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Bytes>,
    /// The guest's CPUs; 2 where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// NUMA nodes over which CPUs and ordinary memory are spread; 2 where it is absent, which cxl_test needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// NUMA distances, a row a node: 10 to itself, 11 to 254 to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distances: Option<Vec<Vec<u32>>>,
    /// CXL host bridges. Of a file that extends another, those that come on top.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_bridges: Vec<RawHostBridge>,
    /// CXL fixed memory windows. Of a file that extends another, in place of its windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<RawWindow>,
}

/// The values where the file sets none.
impl RawTopology {
    /// The guest's ordinary memory.
    pub fn memory_or_default(&self) -> Bytes {
        self.memory.unwrap_or(Bytes::mib(1024))
    }

    /// The guest's CPUs.
    pub fn cpus_or_default(&self) -> u32 {
        self.cpus.unwrap_or(2)
    }

    /// NUMA nodes: with one node, cxl_test crashes the kernel (`set_dev_node(i % 2)`), and with two of ordinary memory
    /// TCG is less likely to run from CXL memory.
    pub fn nodes_or_default(&self) -> u32 {
        self.nodes.unwrap_or(2)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if wants it")]
fn is_false(flag: &bool) -> bool {
    !flag
}
