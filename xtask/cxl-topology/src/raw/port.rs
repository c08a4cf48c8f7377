//! A port and what it leads to: `empty`, `device: {…}` or `switch: {…}`, the latter with options of the port beside.
//! Their fields, and what each becomes.
//!
//! Ports and switches are in one file since each holds the other.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Part, Property, QemuOptions, RawDevice, Value, is_false};
use crate::version::QemuVersion;

/// A root port or a downstream port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawPort {
    /// Highest speed of its link; the emulator's default where it is absent.
    pub speed: Option<Speed>,
    /// Most lanes of its link; the emulator's default where it is absent.
    pub width: Option<u32>,
    /// Whether devices can be added and removed while the guest runs.
    pub hotplug: Option<bool>,
    /// Properties of QEMU's `cxl-rp` or `cxl-downstream` that have no field here, with their values.
    pub qemu: QemuOptions,
    /// What it leads to.
    pub below: RawBelow,
}

impl Part for RawPort {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("speed", "x-speed", |port| {
            port.speed.map(|speed| Value::Text(speed.qemu().to_owned()))
        })
        .since(QemuVersion::new(10, 0, 0), "the link")
        .label(|port| port.speed.map(|speed| speed.to_string())),
        Property::<Self>::new("width", "x-width", |port| {
            port.width.map(|width| Value::Text(width.to_string()))
        })
        .since(QemuVersion::new(10, 0, 0), "the link")
        .label(|port| port.width.map(|width| format!("x{width}"))),
        // On is QEMU's default, and no property of some releases' downstream ports.
        Property::<Self>::new("hotplug", "hotplug", |port| {
            (!port.hotplug()).then(|| Value::Text("off".to_owned()))
        })
        .label(|port| (!port.hotplug()).then(|| "no hotplug".to_owned())),
    ];
    const ASSIGNED: &'static [&'static str] =
        &["driver", "id", "bus", "addr", "multifunction", "port", "chassis", "slot"];

    fn qemu(&self) -> &QemuOptions {
        &self.qemu
    }
}

impl RawPort {
    /// Whether devices can be added and removed while the guest runs.
    pub fn hotplug(&self) -> bool {
        self.hotplug.unwrap_or(true)
    }
}

/// What a port leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RawBelow {
    /// An empty slot, into which a device can be added while the guest runs.
    #[default]
    Empty,
    /// A memory device.
    Device(RawDevice),
    /// A switch.
    Switch(RawSwitch),
}

/// A PCIe link speed in GT/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speed {
    /// 2.5 GT/s.
    Gen1,
    /// 5 GT/s.
    Gen2,
    /// 8 GT/s.
    Gen3,
    /// 16 GT/s.
    Gen4,
    /// 32 GT/s.
    Gen5,
    /// 64 GT/s.
    Gen6,
}

impl Speed {
    /// All of them, with the number of GT/s and the word by which QEMU calls it.
    const ALL: [(Self, f64, &'static str); 6] = [
        (Self::Gen1, 2.5, "2_5"),
        (Self::Gen2, 5.0, "5"),
        (Self::Gen3, 8.0, "8"),
        (Self::Gen4, 16.0, "16"),
        (Self::Gen5, 32.0, "32"),
        (Self::Gen6, 64.0, "64"),
    ];

    /// QEMU's word for it, as `x-speed` takes it.
    pub fn qemu(self) -> &'static str {
        Self::ALL.iter().find(|(speed, ..)| *speed == self).map_or("", |(_, _, word)| word)
    }

    fn of(number: f64) -> Option<Self> {
        // All of them are exact in binary.
        Self::ALL.iter().find(|(_, known, _)| (known - number).abs() < f64::EPSILON).map(|(speed, ..)| *speed)
    }
}

/// `32 GT/s`.
impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} GT/s", self.qemu().replace('_', ".")))
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Self::of(number).ok_or_else(|| {
            de::Error::custom(format!("{number} is no link speed: 2.5, 5, 8, 16, 32 or 64 GT/s are"))
        })
    }
}

impl Serialize for Speed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = Self::ALL.iter().find(|(speed, ..)| speed == self).map_or(0.0, |(_, number, _)| *number);
        // All but the lowest are written without a fraction.
        if number.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "2 to 64")]
            return serializer.serialize_u64(number as u64);
        }
        serializer.serialize_f64(number)
    }
}

// What the port leads to is the last of it, since it may be long.
/// The map form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Fields {
    /// Highest speed of the port's link in GT/s: 2.5, 5, 8, 16, 32 or 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    speed: Option<Speed>,
    /// Most lanes of the port's link: 1, 2, 4, 8, 12, 16 or 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    /// Whether devices can be added and removed while the guest runs; they can where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    hotplug: Option<bool>,
    /// Properties of QEMU's `cxl-rp` or `cxl-downstream` that have no field here, with their values.
    #[serde(default, skip_serializing_if = "QemuOptions::is_empty")]
    qemu: QemuOptions,
    /// A memory device behind the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<RawDevice>,
    /// A switch behind the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    switch: Option<RawSwitch>,
    /// Nothing behind the port; `- empty` is short for it where there are no options.
    #[serde(default, skip_serializing_if = "is_false")]
    empty: bool,
}

impl Serialize for RawPort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == Self::default() {
            return serializer.serialize_str("empty");
        }
        let Self { speed, width, hotplug, qemu, below } = self.clone();
        let (device, switch, empty) = match below {
            RawBelow::Empty => (None, None, true),
            RawBelow::Device(device) => (Some(device), None, false),
            RawBelow::Switch(switch) => (None, Some(switch), false),
        };
        Fields { speed, width, hotplug, qemu, device, switch, empty }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PortReader)
    }
}

/// Written by hand: the error of an untagged enum is only that no variant fits, and YAML's own tags (`!device`) are ugly.
struct PortReader;

impl<'de> Visitor<'de> for PortReader {
    type Value = RawPort;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`empty`, `device: {…}` or `switch: {…}`")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<RawPort, E> {
        match word {
            "empty" => Ok(RawPort::default()),
            _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawPort, A::Error> {
        let Fields { speed, width, hotplug, qemu, device, switch, empty } =
            Fields::deserialize(MapAccessDeserializer::new(map))?;
        let below = match (device, switch, empty) {
            (Some(device), None, false) => RawBelow::Device(device),
            (None, Some(switch), false) => RawBelow::Switch(switch),
            (None, None, true) => RawBelow::Empty,
            _ => {
                let one = "a port leads to either a device or a switch, or has `empty: true`";
                return Err(de::Error::custom(one));
            }
        };
        Ok(RawPort { speed, width, hotplug, qemu, below })
    }
}

/// A CXL switch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawSwitch {
    /// Its id, unique in the file.
    pub id: String,
    /// Whether it has a mailbox CCI, the function through which a fabric manager talks to it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mailbox_cci: bool,
    /// Properties of QEMU's `cxl-upstream` that have no field here, with their values.
    #[serde(default, skip_serializing_if = "QemuOptions::is_empty")]
    pub qemu: QemuOptions,
    /// Its downstream ports, named dp0, dp1, … in this order.
    pub downstream: Vec<RawPort>,
}

impl Part for RawSwitch {
    const PROPERTIES: &'static [Property<Self>] = &[
        // The mailbox is function 1 of the upstream port's device, and a QEMU device of its own.
        Property::<Self>::new("mailbox-cci", "multifunction", |switch| {
            switch.mailbox_cci.then(|| Value::Text("on".to_owned()))
        })
        .with_device("cxl-switch-mailbox-cci")
        .since(QemuVersion::new(9, 0, 0), "the mailbox CCI")
        .label(|switch| switch.mailbox_cci.then(|| "mailbox CCI".to_owned())),
    ];
    const ASSIGNED: &'static [&'static str] = &["driver", "id", "bus", "addr", "port"];

    fn qemu(&self) -> &QemuOptions {
        &self.qemu
    }
}
