//! Fixed memory windows.

use specfile::did_you_mean;

use super::findings::{CAPACITY_UNIT, Findings, round_up};
use super::table::{
    ADDRESS_SPACE as ROOM, DECODER_COUNT, UNMAPPED, WINDOW_CAPACITY, WINDOW_GRANULARITY, WINDOW_SIZE,
    WINDOW_TARGET, WINDOW_TARGET_TWICE, WINDOW_WAYS,
};
use crate::bytes::Bytes;
use crate::raw::{Located, RawTopology, RawWindow};

/// CXL 3.0, CFMWS: encoded interleave ways. QEMU: "Interleave ways: 5 not supported".
const WAYS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];

/// QEMU: "Interleave granularity: 300 invalid".
const GRANULARITIES: [u64; 7] = [256, 512, 1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10];

/// Address bits that QEMU's CPUs can be given; the windows lie below.
const ADDRESS_SPACE: Bytes = Bytes(1 << 45);

pub(super) fn check(raw: &RawTopology, findings: &mut Findings) {
    for (i, window) in raw.windows.iter().enumerate() {
        let field = format!("windows[{i}]");
        window_size(&field, window, findings);
        ways(&field, window, findings);
        granularity(&field, window, findings);
        targets_known(&field, window, raw, findings);
        targets_differ(&field, window, findings);
    }
    address_space(raw, findings);
    per_bridge(raw, findings);
}

/// QEMU: "Size of a CXL fixed memory window must be a multiple of 256MiB"; it takes 0, which Linux does not.
fn window_size(field: &str, window: &RawWindow, findings: &mut Findings) {
    let size = window.size;
    if size.0 == 0 || !size.is_multiple_of(CAPACITY_UNIT) {
        findings.add(
            &WINDOW_SIZE,
            format!("{field}.size"),
            format!("{size} is not a multiple of {CAPACITY_UNIT}"),
            format!("use {}", round_up(size, CAPACITY_UNIT)),
        );
    }
}

fn ways(field: &str, window: &RawWindow, findings: &mut Findings) {
    let ways = window.targets.len();
    if !WAYS.contains(&ways) {
        findings.add(
            &WINDOW_WAYS,
            format!("{field}.targets"),
            format!("{ways} targets"),
            "1, 2, 3, 4, 6, 8, 12 or 16 are possible",
        );
    }
}

fn granularity(field: &str, window: &RawWindow, findings: &mut Findings) {
    let Some(granularity) = window.granularity else { return };
    if !GRANULARITIES.contains(&granularity.0) {
        findings.add(
            &WINDOW_GRANULARITY,
            format!("{field}.granularity"),
            format!("{granularity} is no interleave granularity"),
            "256, 512, 1k, 2k, 4k, 8k or 16k",
        );
    }
}

/// QEMU: "Could not resolve CXLFM target".
fn targets_known(field: &str, window: &RawWindow, raw: &RawTopology, findings: &mut Findings) {
    let bridges = || raw.host_bridges.iter().map(|bridge| bridge.id.as_str());
    for (i, target) in window.targets.iter().enumerate() {
        if bridges().any(|id| id == target) {
            continue;
        }
        let other = if raw.devices().iter().any(|at| at.part.id == *target) {
            Some("a device")
        } else {
            raw.switches().iter().any(|at| at.part.id == *target).then_some("a switch")
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
        findings.add(&WINDOW_TARGET, format!("{field}.targets[{i}]"), message, hint);
    }
}

/// QEMU takes a target twice; Linux then finds no region that fits.
fn targets_differ(field: &str, window: &RawWindow, findings: &mut Findings) {
    for (i, target) in window.targets.iter().enumerate() {
        if window.targets[..i].contains(target) {
            findings.add(
                &WINDOW_TARGET_TWICE,
                format!("{field}.targets[{i}]"),
                format!("{target} is a target twice"),
                "every host bridge at most once a window",
            );
        }
    }
}

fn address_space(raw: &RawTopology, findings: &mut Findings) {
    let sum = Bytes(raw.windows.iter().fold(0, |sum: u64, window| sum.saturating_add(window.size.0)));
    if sum > ADDRESS_SPACE {
        findings.add(
            &ROOM,
            "windows",
            format!("{sum} of windows in all"),
            format!("they must leave room in 46 bits of address: at most {ADDRESS_SPACE}"),
        );
    }
}

/// Decoders of a component (QEMU's `CXL_HDM_DECODER_COUNT`).
const DECODERS: usize = 4;

/// What the windows of each host bridge, taken together, can map.
fn per_bridge(raw: &RawTopology, findings: &mut Findings) {
    let sum = |sizes: &mut dyn Iterator<Item = u64>| Bytes(sizes.fold(0, u64::saturating_add));
    for bridge in raw.bridges() {
        let (field, id) = (&bridge.field, &bridge.part.id);
        let windows: Vec<_> = raw.windows.iter().filter(|window| window.targets.contains(id)).collect();
        let below: Vec<_> = bridge.ports().iter().filter_map(Located::device).collect();
        let memory = sum(&mut below
            .iter()
            .flat_map(|at| [at.part.volatile, at.part.persistent])
            .flatten()
            .map(|size| size.0));
        let room = sum(&mut windows.iter().map(|window| window.size.0));
        if windows.len() > DECODERS {
            let message = format!("{} windows on {id}, which has {DECODERS} decoders", windows.len());
            findings.add(&DECODER_COUNT, field, message, "no more than 4 regions can be there at a time");
        }
        if windows.is_empty() && !below.is_empty() {
            let message = format!("{id} has devices and is no window's target");
            findings.add(&UNMAPPED, field, message, format!("`windows: [{{ size: 4G, targets: [{id}] }}]`"));
        } else if memory > room {
            let message = format!("{memory} of memory below {id}, and {room} of windows");
            findings.add(&WINDOW_CAPACITY, field, message, "make a window larger, or a device smaller");
        }
    }
}
