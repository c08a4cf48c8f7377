//! A memory device: its fields, and what each becomes.

use serde::{Deserialize, Serialize};

use super::{Part, Property, QemuOptions, Value};
use crate::bytes::Bytes;
use crate::version::QemuVersion;

/// A CXL memory device (type 3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawDevice {
    /// Its id, unique in the file.
    pub id: String,
    /// Volatile memory, in multiples of 256M.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volatile: Option<Bytes>,
    /// Persistent memory, in multiples of 256M.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent: Option<Bytes>,
    /// Label storage area, which persistent memory needs; 1M is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lsa: Option<Bytes>,
    /// PCI serial number; made from the id where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<u64>,
    /// A file with the device's CDAT (coherent device attribute table), relative to this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdat: Option<String>,
    /// Whether it is there when the guest starts; true where absent. If not, a case adds it: `host device-add ID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    /// Properties of QEMU's `cxl-type3` that have no field here, with their values.
    #[serde(default, skip_serializing_if = "QemuOptions::is_empty")]
    pub qemu: QemuOptions,
}

impl Part for RawDevice {
    const PROPERTIES: &'static [Property<Self>] = &[
        // QEMU before 8.1 knows one memory, `memdev`, which is persistent; later that name is deprecated.
        Property::<Self>::new("volatile", "volatile-memdev", |device| memory("ram", device.volatile))
            .since(QemuVersion::new(8, 1, 0), "the volatile memory"),
        Property::<Self>::new("persistent", "persistent-memdev", |device| memory("pmem", device.persistent))
            .since(QemuVersion::new(8, 1, 0), "the persistent memory")
            .formerly("memdev"),
        Property::<Self>::new("lsa", "lsa", |device| memory("lsa", device.lsa))
            .label(|device| device.lsa.map(|size| format!("{size} lsa"))),
        Property::<Self>::new("serial", "sn", |device| {
            Some(Value::Text(format!("{:#x}", device.serial_or_default())))
        }),
        Property::<Self>::new("cdat", "cdat", |device| {
            device.cdat.clone().map(|file| Value::File(file.into()))
        })
        .label(|device| device.cdat.as_ref().map(|_| "CDAT".to_owned())),
    ];
    const ASSIGNED: &'static [&'static str] = &["driver", "id", "bus", "addr", "multifunction"];

    fn qemu(&self) -> &QemuOptions {
        &self.qemu
    }
}

fn memory(kind: &'static str, size: Option<Bytes>) -> Option<Value> {
    size.map(|size| Value::Memory { kind, size })
}

impl RawDevice {
    /// Whether it is there when the guest starts.
    pub fn present(&self) -> bool {
        self.present.unwrap_or(true)
    }

    /// The serial number of the file, or one that depends on the id alone: FNV-1a, so that it survives every edit
    /// elsewhere in the file and is the same on every machine.
    pub fn serial_or_default(&self) -> u64 {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        self.serial.unwrap_or_else(|| match self.id.bytes().fold(0xcbf2_9ce4_8422_2325, hash) {
            // Both stand for none (the rule `serial-none`).
            0 | u64::MAX => 1,
            serial => serial,
        })
    }
}
