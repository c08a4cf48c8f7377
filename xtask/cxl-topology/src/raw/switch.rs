//! A switch: its fields, and what each becomes.

use serde::{Deserialize, Serialize};

use super::{Part, Property, QemuOptions, RawPort, Value, is_false};
use crate::version::QemuVersion;

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
