//! Memory devices.

use std::collections::BTreeMap;

use super::findings::{CAPACITY_UNIT, Findings, round_up};
use super::table::{
    DEVICE_MEMORY, DEVICE_SIZE, LSA_NEEDED, LSA_SIZE, PERSISTENT_WINDOW, SERIAL_NONE, SERIAL_UNIQUE,
};
use crate::bytes::Bytes;
use crate::raw::{Located, RawDevice, RawTopology};

/// Page size: what a label storage area is mapped in.
const LSA_UNIT: Bytes = Bytes(4096);

pub(super) fn check(raw: &RawTopology, findings: &mut Findings) {
    for at in raw.devices() {
        some_memory(&at, findings);
        memory_sizes(&at, findings);
        lsa_with_persistent(&at, findings);
        lsa_size(&at, findings);
        serial_is_one(&at, findings);
        window_for_persistent(&at, raw, findings);
    }
    serials_unique(raw, findings);
}

/// QEMU: "at least one memdev property must be set".
fn some_memory(at: &Located<'_, RawDevice>, findings: &mut Findings) {
    if at.part.volatile.is_none() && at.part.persistent.is_none() {
        findings.add(
            &DEVICE_MEMORY,
            &at.field,
            format!("{} has no memory", at.part.id),
            "give it `volatile: 256M` or `persistent: 256M` with `lsa: 1M`, or both",
        );
    }
}

/// QEMU starts with other sizes, but then IDENTIFY fails in the guest.
fn memory_sizes(at: &Located<'_, RawDevice>, findings: &mut Findings) {
    for (name, size) in [("volatile", at.part.volatile), ("persistent", at.part.persistent)] {
        let Some(size) = size else { continue };
        if size.0 == 0 || !size.is_multiple_of(CAPACITY_UNIT) {
            findings.add(
                &DEVICE_SIZE,
                format!("{}.{name}", at.field),
                format!("{size} is not a multiple of {CAPACITY_UNIT}"),
                format!(
                    "CXL counts capacity in units of {CAPACITY_UNIT}: use {}",
                    round_up(size, CAPACITY_UNIT)
                ),
            );
        }
    }
}

/// QEMU: "lsa property must be set for persistent devices".
fn lsa_with_persistent(at: &Located<'_, RawDevice>, findings: &mut Findings) {
    if at.part.persistent.is_some() && at.part.lsa.is_none() {
        findings.add(
            &LSA_NEEDED,
            format!("{}.lsa", at.field),
            format!("{} has persistent memory but no label storage area", at.part.id),
            "add `lsa: 1M`",
        );
    }
}

fn lsa_size(at: &Located<'_, RawDevice>, findings: &mut Findings) {
    let Some(size) = at.part.lsa else { return };
    if size.0 == 0 || !size.is_multiple_of(LSA_UNIT) || size > Bytes::mib(1024) {
        findings.add(
            &LSA_SIZE,
            format!("{}.lsa", at.field),
            format!("{size} is no size for a label storage area"),
            format!("a multiple of {LSA_UNIT} up to 1G; 1M is usual"),
        );
    }
}

/// All ones is QEMU's "no serial number"; Linux shows 0 for none.
fn serial_is_one(at: &Located<'_, RawDevice>, findings: &mut Findings) {
    if matches!(at.part.serial, Some(0 | u64::MAX)) {
        findings.add(
            &SERIAL_NONE,
            format!("{}.serial", at.field),
            "0 and all ones stand for no serial number",
            "choose another, or leave it out: one is made from the id",
        );
    }
}

/// Linux's `cxl_mem` does not bind to a device with persistent memory where no window makes an nvdimm bridge
/// ("PMEM disabled by platform", `cxl_mem_probe()` in 6.12 and 7.3).
fn window_for_persistent(at: &Located<'_, RawDevice>, raw: &RawTopology, findings: &mut Findings) {
    if at.part.persistent.is_some() && raw.windows.is_empty() {
        findings.add(
            &PERSISTENT_WINDOW,
            format!("{}.persistent", at.field),
            format!("{} has persistent memory and there is no window", at.part.id),
            "Linux binds no driver to it then: add `windows: [{ size: 4G, targets: [HOST-BRIDGE] }]`",
        );
    }
}

/// QEMU takes two devices with one serial number; tools then cannot distinguish them.
fn serials_unique(raw: &RawTopology, findings: &mut Findings) {
    let mut first = BTreeMap::new();
    for at in raw.devices() {
        let serial = at.part.serial_or_default();
        if let Some(other) = first.get(&serial) {
            // Equal ids have a rule of their own.
            if *other != at.part.id {
                findings.add(
                    &SERIAL_UNIQUE,
                    format!("{}.serial", at.field),
                    format!("{} has the serial number {serial:#x} of {other}", at.part.id),
                    "serial numbers are unique: choose another, or leave it out",
                );
            }
        } else {
            first.insert(serial, at.part.id.clone());
        }
    }
}
