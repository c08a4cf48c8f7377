//! A file under `topologies/`, as it stands there: serde only, nothing checked beyond its form.
//!
//! [`crate::topology`] makes a checked [`crate::topology::Topology`] of it.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::bytes::Bytes;

/// A whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawTopology {
    /// One line for `topology list`.
    pub summary: String,
    /// The guest's ordinary memory.
    pub memory: Option<Bytes>,
    /// The guest's CPUs.
    pub cpus: Option<u32>,
    /// NUMA nodes over which CPUs and ordinary memory are spread.
    pub nodes: Option<u32>,
    /// CXL host bridges.
    #[serde(default)]
    pub host_bridges: Vec<RawHostBridge>,
    /// CXL fixed memory windows.
    #[serde(default)]
    pub windows: Vec<RawWindow>,
}

/// A CXL host bridge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawHostBridge {
    /// Its id.
    pub id: String,
    /// NUMA node that its devices belong to.
    pub node: Option<u32>,
    /// One entry a root port.
    pub root_ports: Vec<RawSlot>,
}

/// What a root port or a downstream port leads to: `empty`, `device: {…}` or `switch: {…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawSlot {
    /// Nothing.
    Empty,
    /// A memory device.
    Device(RawDevice),
    /// A switch.
    Switch(RawSwitch),
}

/// A CXL switch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawSwitch {
    /// Its id.
    pub id: String,
    /// One entry a downstream port.
    pub downstream: Vec<RawSlot>,
}

/// A CXL memory device (type 3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawDevice {
    /// Its id.
    pub id: String,
    /// Volatile memory.
    pub volatile: Option<Bytes>,
    /// Persistent memory.
    pub persistent: Option<Bytes>,
    /// Label storage area.
    pub lsa: Option<Bytes>,
    /// PCI serial number; made from the id where it is absent.
    pub serial: Option<u64>,
}

/// A fixed memory window: a range of host physical addresses that is interleaved over host bridges.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawWindow {
    /// Its size.
    pub size: Bytes,
    /// Ids of the host bridges, in interleave order.
    pub targets: Vec<String>,
    /// Bytes that go to one target before the next has its turn.
    pub granularity: Option<Bytes>,
}

impl<'de> Deserialize<'de> for RawSlot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SlotReader)
    }
}

/// Written by hand: an untagged enum says only that no variant fits, and YAML's own tags (`!device`) are ugly.
struct SlotReader;

impl<'de> Visitor<'de> for SlotReader {
    type Value = RawSlot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`empty`, `device: {…}` or `switch: {…}`")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<RawSlot, E> {
        match word {
            "empty" => Ok(RawSlot::Empty),
            _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawSlot, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        struct Fields {
            device: Option<RawDevice>,
            switch: Option<RawSwitch>,
        }
        let fields = Fields::deserialize(MapAccessDeserializer::new(map))?;
        match (fields.device, fields.switch) {
            (Some(device), None) => Ok(RawSlot::Device(device)),
            (None, Some(switch)) => Ok(RawSlot::Switch(switch)),
            _ => Err(de::Error::custom("a port leads to either a device or a switch")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RawTopology, serde_yaml::Error> {
        serde_yaml::from_str(text)
    }

    #[test]
    fn a_port_is_empty_a_device_or_a_switch() {
        let raw: Vec<RawSlot> = serde_yaml::from_str(
            "[empty, device: {id: a, volatile: 1G}, switch: {id: b, downstream: [empty]}]",
        )
        .expect("three ports");
        insta::assert_debug_snapshot!(raw, @r#"
        [
            Empty,
            Device(
                RawDevice {
                    id: "a",
                    volatile: Some(
                        Bytes(
                            1073741824,
                        ),
                    ),
                    persistent: None,
                    lsa: None,
                    serial: None,
                },
            ),
            Switch(
                RawSwitch {
                    id: "b",
                    downstream: [
                        Empty,
                    ],
                },
            ),
        ]
        "#);
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let port = |text: &str| {
            let text = format!("summary: s\nhost-bridges:\n- id: hb0\n  root-ports:\n  - {text}\n");
            read(&text).expect_err("a mistake").to_string()
        };
        insta::assert_snapshot!(port("void"), @r#"host-bridges[0].root-ports[0]: invalid value: string "void", expected `empty`, `device: {…}` or `switch: {…}` at line 5 column 5"#);
        insta::assert_snapshot!(port("device: {id: a, size: 1G}"), @"host-bridges[0].root-ports[0].device: unknown field `size`, expected one of `id`, `volatile`, `persistent`, `lsa`, `serial` at line 5 column 21");
        insta::assert_snapshot!(port("device: {id: a, volatile: 1GB}"), @r#"host-bridges[0].root-ports[0].device.volatile: "1GB" is not a size: wanted a number with k, M, G or T (powers of 1024), like 256M at line 5 column 31"#);
        insta::assert_snapshot!(port("device: {id: a}\n    switch: {id: b, downstream: []}"), @"host-bridges[0].root-ports[0]: a port leads to either a device or a switch at line 5 column 5");
        insta::assert_snapshot!(port("{}"), @"host-bridges[0].root-ports[0]: a port leads to either a device or a switch at line 5 column 5");
        insta::assert_snapshot!(port("devise: {id: a}"), @"host-bridges[0].root-ports[0]: unknown field `devise`, expected `device` or `switch` at line 5 column 5");
        insta::assert_snapshot!(read("summary: s\nwindows: [{size: 4G}]").expect_err("no targets"), @"windows[0]: missing field `targets` at line 2 column 11");
    }
}
