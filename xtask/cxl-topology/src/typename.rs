//! Types of the QEMU devices that a topology is made of, as `-device` takes them.

/// A host bridge.
pub const HOST_BRIDGE: &str = "pxb-cxl";
/// A root port.
pub const ROOT_PORT: &str = "cxl-rp";
/// A switch's upstream port.
pub const UPSTREAM_PORT: &str = "cxl-upstream";
/// A switch's downstream port.
pub const DOWNSTREAM_PORT: &str = "cxl-downstream";
/// A memory device.
pub const TYPE3: &str = "cxl-type3";
/// A switch's mailbox.
pub const MAILBOX_CCI: &str = "cxl-switch-mailbox-cci";
/// All of them.
pub const ALL: [&str; 6] = [HOST_BRIDGE, ROOT_PORT, UPSTREAM_PORT, DOWNSTREAM_PORT, TYPE3, MAILBOX_CCI];
