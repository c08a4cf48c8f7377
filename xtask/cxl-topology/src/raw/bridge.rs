//! A host bridge: its fields, and what each becomes.

use serde::{Deserialize, Serialize};

use super::{Part, Property, QemuOptions, RawPort, Value, is_false};
use crate::version::QemuVersion;

/// A CXL host bridge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawHostBridge {
    /// Its id, unique in the file.
    pub id: String,
    /// NUMA node that its devices belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<u32>,
    /// Whether it has HDM decoders even with a single root port. Without them it passes all of a window through.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hdm_for_passthrough: bool,
    /// Properties of QEMU's `pxb-cxl` that have no field here, with their values.
    #[serde(default, skip_serializing_if = "QemuOptions::is_empty")]
    pub qemu: QemuOptions,
    /// Its root ports, named rp0, rp1, … in this order.
    pub root_ports: Vec<RawPort>,
}

impl Part for RawHostBridge {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("node", "numa_node", |bridge| {
            bridge.node.map(|node| Value::Text(node.to_string()))
        })
        .label(|bridge| bridge.node.map(|node| format!("node {node}"))),
        Property::<Self>::new("hdm-for-passthrough", "hdm_for_passthrough", |bridge| {
            bridge.hdm_for_passthrough.then(|| Value::Text("on".to_owned()))
        })
        .since(QemuVersion::new(8, 1, 0), "hdm-for-passthrough")
        .label(|bridge| bridge.hdm_for_passthrough.then(|| "decoders".to_owned())),
    ];
    const ASSIGNED: &'static [&'static str] = &["driver", "id", "bus", "bus_nr"];

    fn qemu(&self) -> &QemuOptions {
        &self.qemu
    }
}
