//! Fixed memory windows.

use super::{Bytes, CAPACITY_UNIT, Faults, RawTopology, devices, round_up, switches};
use crate::spec::load::did_you_mean;
use crate::spec::topology::RawWindow;

/// CXL 3.0, CFMWS: encoded interleave ways. QEMU: "Interleave ways: 5 not supported".
const WAYS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];

/// QEMU: "Interleave granularity: 300 invalid".
const GRANULARITIES: [u64; 7] = [256, 512, 1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10];

/// Address bits that QEMU's CPUs can be given; the windows lie below.
const ADDRESS_SPACE: Bytes = Bytes(1 << 45);

pub(super) fn check(raw: &RawTopology, faults: &mut Faults) {
    for (i, window) in raw.windows.iter().enumerate() {
        let field = format!("windows[{i}]");
        window_size(&field, window, faults);
        ways(&field, window, faults);
        granularity(&field, window, faults);
        targets_known(&field, window, raw, faults);
        targets_differ(&field, window, faults);
    }
    address_space(raw, faults);
}

/// QEMU: "Size of a CXL fixed memory window must be a multiple of 256MiB"; it takes 0, which Linux does not.
fn window_size(field: &str, window: &RawWindow, faults: &mut Faults) {
    let size = window.size;
    if size.0 == 0 || !size.is_multiple_of(CAPACITY_UNIT) {
        faults.add(
            format!("{field}.size"),
            format!("{size} is not a multiple of {CAPACITY_UNIT}"),
            format!("{}, say", round_up(size, CAPACITY_UNIT)),
        );
    }
}

fn ways(field: &str, window: &RawWindow, faults: &mut Faults) {
    let ways = window.targets.len();
    if !WAYS.contains(&ways) {
        faults.add(
            format!("{field}.targets"),
            format!("{ways} targets"),
            "1, 2, 3, 4, 6, 8, 12 or 16 are possible",
        );
    }
}

fn granularity(field: &str, window: &RawWindow, faults: &mut Faults) {
    let Some(granularity) = window.granularity else { return };
    if !GRANULARITIES.contains(&granularity.0) {
        faults.add(
            format!("{field}.granularity"),
            format!("{granularity} is no interleave granularity"),
            "256, 512, 1k, 2k, 4k, 8k or 16k",
        );
    }
}

/// QEMU: "Could not resolve CXLFM target".
fn targets_known(field: &str, window: &RawWindow, raw: &RawTopology, faults: &mut Faults) {
    let bridges = || raw.host_bridges.iter().map(|bridge| bridge.id.as_str());
    for (i, target) in window.targets.iter().enumerate() {
        if bridges().any(|id| id == target) {
            continue;
        }
        let other = if devices(raw).iter().any(|at| at.part.id == *target) {
            Some("a device")
        } else {
            switches(raw).iter().any(|at| at.part.id == *target).then_some("a switch")
        };
        let known = bridges().collect::<Vec<_>>().join(", ");
        let (message, hint) = match (other, did_you_mean(target, bridges())) {
            (Some(what), _) => {
                (format!("{target} is {what}"), format!("a window's targets are host bridges: {known}"))
            }
            (None, Some(near)) => {
                (format!("there is no host bridge {target:?}"), format!("did you mean {near}?"))
            }
            (None, None) => {
                (format!("there is no host bridge {target:?}"), format!("the host bridges are: {known}"))
            }
        };
        faults.add(format!("{field}.targets[{i}]"), message, hint);
    }
}

/// QEMU takes a target twice; Linux then finds no region that fits.
fn targets_differ(field: &str, window: &RawWindow, faults: &mut Faults) {
    for (i, target) in window.targets.iter().enumerate() {
        if window.targets[..i].contains(target) {
            faults.add(
                format!("{field}.targets[{i}]"),
                format!("{target} is a target twice"),
                "every host bridge at most once a window",
            );
        }
    }
}

fn address_space(raw: &RawTopology, faults: &mut Faults) {
    let sum = Bytes(raw.windows.iter().fold(0, |sum: u64, window| sum.saturating_add(window.size.0)));
    if sum > ADDRESS_SPACE {
        faults.add(
            "windows",
            format!("{sum} of windows in all"),
            format!("they must leave room in 46 bits of address: at most {ADDRESS_SPACE}"),
        );
    }
}
