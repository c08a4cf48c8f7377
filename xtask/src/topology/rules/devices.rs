//! Memory devices.

use std::collections::BTreeMap;

use super::{At, Bytes, CAPACITY_UNIT, Faults, RawDevice, RawTopology, devices, round_up};

/// Page size: what a label storage area is mapped in.
const LSA_UNIT: Bytes = Bytes(4096);

pub(super) fn check(raw: &RawTopology, faults: &mut Faults) {
    for at in devices(raw) {
        some_memory(&at, faults);
        memory_sizes(&at, faults);
        lsa_with_persistent(&at, faults);
        lsa_size(&at, faults);
        serial_is_one(&at, faults);
        window_for_persistent(&at, raw, faults);
    }
    serials_unique(raw, faults);
}

/// QEMU: "at least one memdev property must be set".
fn some_memory(at: &At<'_, RawDevice>, faults: &mut Faults) {
    if at.part.volatile.is_none() && at.part.persistent.is_none() {
        faults.add(
            &at.field,
            format!("{} has no memory", at.part.id),
            "give it `volatile: 256M` or `persistent: 256M` with `lsa: 1M`, or both",
        );
    }
}

/// QEMU starts with other sizes, but then IDENTIFY fails in the guest.
fn memory_sizes(at: &At<'_, RawDevice>, faults: &mut Faults) {
    for (name, size) in [("volatile", at.part.volatile), ("persistent", at.part.persistent)] {
        let Some(size) = size else { continue };
        if size.0 == 0 || !size.is_multiple_of(CAPACITY_UNIT) {
            faults.add(
                format!("{}.{name}", at.field),
                format!("{size} is not a multiple of {CAPACITY_UNIT}"),
                format!(
                    "CXL counts capacity in units of {CAPACITY_UNIT}: {}, say",
                    round_up(size, CAPACITY_UNIT)
                ),
            );
        }
    }
}

/// QEMU: "lsa property must be set for persistent devices".
fn lsa_with_persistent(at: &At<'_, RawDevice>, faults: &mut Faults) {
    if at.part.persistent.is_some() && at.part.lsa.is_none() {
        faults.add(
            format!("{}.lsa", at.field),
            format!("{} has persistent memory but no label storage area", at.part.id),
            "add `lsa: 1M`",
        );
    }
}

fn lsa_size(at: &At<'_, RawDevice>, faults: &mut Faults) {
    let Some(size) = at.part.lsa else { return };
    if size.0 == 0 || !size.is_multiple_of(LSA_UNIT) || size > Bytes::mib(1024) {
        faults.add(
            format!("{}.lsa", at.field),
            format!("{size} is no size for a label storage area"),
            format!("a multiple of {LSA_UNIT} up to 1G; 1M is usual"),
        );
    }
}

/// All ones is QEMU's "no serial number"; Linux shows 0 for none.
fn serial_is_one(at: &At<'_, RawDevice>, faults: &mut Faults) {
    if matches!(at.part.serial, Some(0 | u64::MAX)) {
        faults.add(
            format!("{}.serial", at.field),
            "0 and all ones stand for no serial number",
            "choose another, or leave it out: one is made from the id",
        );
    }
}

/// Linux's `cxl_mem` does not bind to a device with persistent memory where no window makes an nvdimm bridge
/// ("PMEM disabled by platform", `cxl_mem_probe()` in 6.12 and 7.3).
fn window_for_persistent(at: &At<'_, RawDevice>, raw: &RawTopology, faults: &mut Faults) {
    if at.part.persistent.is_some() && raw.windows.is_empty() {
        faults.add(
            format!("{}.persistent", at.field),
            format!("{} has persistent memory and there is no window", at.part.id),
            "Linux binds no driver to it then: add `windows: [{ size: 4G, targets: [HOST-BRIDGE] }]`",
        );
    }
}

/// QEMU takes two devices with one serial number; tools then cannot tell them apart.
fn serials_unique(raw: &RawTopology, faults: &mut Faults) {
    let mut first = BTreeMap::new();
    for at in devices(raw) {
        let serial = serial_of(at.part);
        if let Some(other) = first.get(&serial) {
            // Equal ids have a rule of their own.
            if *other != at.part.id {
                faults.add(
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

/// The user's serial number, or one that depends on the id alone: FNV-1a, so that it survives every edit elsewhere
/// in the file and is the same on every machine.
pub(in crate::topology) fn serial_of(device: &RawDevice) -> u64 {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    device.serial.unwrap_or_else(|| match device.id.bytes().fold(0xcbf2_9ce4_8422_2325, hash) {
        0 | u64::MAX => 1,
        serial => serial,
    })
}
