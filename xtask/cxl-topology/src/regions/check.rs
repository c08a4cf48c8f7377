//! Whether one region is legal, as Linux would find out.

use wire::PciPath;

use super::{Decoder, GRANULARITIES, Refusal, Region, UNIT, WAYS};
use crate::bytes::Bytes;
use crate::model::{Topology, Window};
use crate::walk::Placed;

/// Entries of the target list of a host bridge's or switch's decoder.
const TARGETS: usize = 8;

/// Address bits that a decoder of QEMU's can interleave by: 8 to 14 (`A11to8` and `A14to12` of its capability).
const INTERLEAVE_BITS: u64 = 0x7f00;

/// What the decoders between root and endpoints hold for a region, the host bridges' first.
///
/// # Errors
/// Everything for which it is refused.
pub fn check(topology: &Topology, region: &Region) -> Result<Vec<Decoder>, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut refuse = |why: String, who| refusals.push(Refusal { why, who });
    let Some(window) = topology.windows.get(region.window) else {
        let why =
            format!("there is no window {}: the topology has {}", region.window, topology.windows.len());
        return Err(vec![Refusal { why, who: "topology" }]);
    };
    form(region, window, &mut refuse);
    let found: Vec<_> = region.devices.iter().map(|id| topology.device(id)).collect();
    for (position, (id, placed)) in region.devices.iter().zip(&found).enumerate() {
        match placed {
            None => refuse(format!("there is no device {id}"), "topology"),
            Some(placed) => member(region, window, position, placed, &mut refuse),
        }
    }
    let placed: Option<Vec<_>> = found.into_iter().collect();
    let Some(placed) = placed.filter(|_| refusals.is_empty()) else { return Err(refusals) };
    decoders(region, window, &placed).map_err(|refusal| vec![refusal])
}

/// The checks that need no look at the devices.
fn form(region: &Region, window: &Window, refuse: &mut impl FnMut(String, &'static str)) {
    let (ways, targets) = (region.devices.len(), window.targets.len());
    let Region { granularity, size, .. } = region;
    if !WAYS.contains(&ways) {
        refuse(format!("{ways} ways: 1, 2, 3, 4, 6, 8, 12 or 16 are possible"), "ways_to_eiw()");
    } else if !ways.is_multiple_of(targets) || !(ways / targets).is_power_of_two() {
        let why = format!(
            "{ways} ways in a window of {targets}: the ways are {targets} times a power of two, since decoders below the \
             root divide by powers of two only"
        );
        refuse(why, "interleave_ways_store()");
    }
    if !GRANULARITIES.contains(&granularity.0) {
        let why = format!("a granularity of {granularity}: 256, 512, 1k, 2k, 4k, 8k or 16k are possible");
        refuse(why, "granularity_to_eig()");
    } else if targets > 1 && *granularity != window.granularity {
        let why = format!(
            "a granularity of {granularity} in a window that deals {} to {targets} host bridges: it has to be the same",
            window.granularity
        );
        refuse(why, "interleave_granularity_store()");
    } else if WAYS.contains(&ways) && !bits_suffice(ways, granularity.0) {
        let why = format!(
            "{ways} ways by {granularity} at an endpoint: the address bits that distinguish them lie beyond bit 14"
        );
        refuse(why, "check_interleave_cap()");
    }
    if size.0 == 0 || ways == 0 || !size.0.is_multiple_of(UNIT.0.saturating_mul(ways as u64)) {
        refuse(format!("{size} for {ways} ways: each device gives a multiple of {UNIT}"), "alloc_hpa()");
    }
    if *size > window.size {
        refuse(format!("{size} in a window of {}", window.size), "alloc_free_mem_region()");
    }
}

/// Whether the bits by which this many ways of this granularity are distinguished are among those that decoders have.
fn bits_suffice(ways: usize, granularity: u64) -> bool {
    // Of 3, 6 and 12 ways a third is found by division, the rest by bits.
    let powers = if ways.is_multiple_of(3) { ways / 3 } else { ways } as u64;
    (granularity * (powers - 1)) & !INTERLEAVE_BITS == 0
}

/// What must be true of each device at its position.
fn member(
    region: &Region,
    window: &Window,
    position: usize,
    placed: &Placed<'_>,
    refuse: &mut impl FnMut(String, &'static str),
) {
    let (id, kind) = (&placed.device.id, region.kind);
    if region.devices[..position].contains(id) {
        refuse(format!("{id} stands in it twice"), "cxl_region_validate_position()");
    }
    if !placed.device.present {
        refuse(format!("{id} is not there at the start"), "topology");
    }
    let turn = position % window.targets.len().max(1);
    let bridge = &placed.host_bridge.id;
    match window.targets.get(turn) {
        Some(target) if target == bridge => {}
        _ if !window.targets.contains(bridge) => {
            let why = format!("{id} hangs below {bridge}, which window {} does not reach", region.window);
            refuse(why, "cxl_region_attach()");
        }
        target => {
            let target = target.map_or("none", String::as_str);
            let why = format!(
                "{id} at position {position} hangs below {bridge}, and it is the turn of {target} in window {}",
                region.window
            );
            refuse(why, "cxl_region_attach_position()");
        }
    }
    let share = Bytes(region.size.0 / region.devices.len().max(1) as u64);
    match kind.of(placed.device) {
        None => refuse(format!("{id} has no {kind}"), "cxl_dpa_alloc()"),
        Some(there) if there < share => {
            refuse(format!("{share} of the {there} {kind} of {id}"), "cxl_dpa_alloc()");
        }
        Some(_) => {}
    }
    if placed.switches.len() > 1 {
        let why = format!("{id} hangs below more than one switch, through which nothing is routed");
        refuse(why, "cxl_cfmws_find_device() of QEMU");
    }
}

/// A host bridge or a switch in the way of a region's devices.
struct Way<'a> {
    id: &'a str,
    at: PciPath,
    /// Of each position that passes through: the port that it takes.
    taken: Vec<(usize, u32)>,
}

/// Goes down from the root as `cxl_port_setup_targets()` does, the host bridges first.
fn decoders(region: &Region, window: &Window, placed: &[Placed<'_>]) -> Result<Vec<Decoder>, Refusal> {
    let root = window.targets.len();
    // For address bits the root's ways count as a power of two.
    let root_power = if root.is_power_of_two() { root } else { root / 3 };
    let mut found: Vec<Decoder> = Vec::new();
    for depth in 0..2 {
        for way in ways_at(placed, depth) {
            let mut targets: Vec<u32> = Vec::new();
            for (_, port) in &way.taken {
                if !targets.contains(port) {
                    targets.push(*port);
                }
            }
            let above = found.iter().find(|decoder| depth > 0 && is_above(&decoder.at, &way.at));
            let (above_ways, above_granularity) =
                above.map_or((root_power, region.granularity), |above| (above.ways, above.granularity));
            let granularity = Bytes(above_granularity.0 * above_ways as u64);
            let distance = root * above.map_or(1, |above| above.ways) * targets.len();
            let decoder = Decoder {
                id: way.id.to_owned(),
                at: way.at.clone(),
                ways: targets.len(),
                granularity,
                targets,
            };
            decoder_holds(&decoder)?;
            in_turn(&way, distance)?;
            found.push(decoder);
        }
    }
    Ok(found)
}

/// What a decoder can hold.
fn decoder_holds(decoder: &Decoder) -> Result<(), Refusal> {
    let Decoder { id, ways, granularity, .. } = decoder;
    let refuse = |why, who| Err(Refusal { why, who });
    if !ways.is_power_of_two() {
        let why = format!("{id} would divide among {ways} ports: HDM decoders divide by powers of two");
        return refuse(why, "cxl_port_setup_targets()");
    }
    if *ways > TARGETS {
        let why = format!("{id} would divide among {ways} ports: a target list has {TARGETS} entries");
        return refuse(why, "cxl_port_attach_region()");
    }
    if !GRANULARITIES.contains(&granularity.0) {
        let why = format!("{id} would divide by {granularity}: 16k is the largest granularity");
        return refuse(why, "cxl_port_setup_targets()");
    }
    if !bits_suffice(*ways, granularity.0) {
        let why =
            format!("{id} would divide {ways} ways by {granularity}: the address bits lie beyond bit 14");
        return refuse(why, "check_interleave_cap()");
    }
    Ok(())
}

/// A port that is taken again must be taken at regular distances (`check_last_peer()`).
fn in_turn(way: &Way<'_>, distance: usize) -> Result<(), Refusal> {
    for (n, (position, port)) in way.taken.iter().enumerate() {
        let again = way.taken[..n].iter().any(|(_, other)| other == port);
        let peer = position.checked_sub(distance);
        let same = peer.is_some_and(|peer| way.taken.contains(&(peer, *port)));
        if again && !same {
            let why = format!(
                "position {position} takes a port of {} that it shares with another, but not with the one {distance} before: \
                 the ports have to be taken in turn",
                way.id
            );
            return Err(Refusal { why, who: "check_last_peer()" });
        }
    }
    Ok(())
}

/// The host bridges (depth 0) or switches (depth 1) through which the devices are reached, in the order of their
/// first position.
fn ways_at<'a>(placed: &'a [Placed<'a>], depth: usize) -> Vec<Way<'a>> {
    let mut ways: Vec<Way<'a>> = Vec::new();
    for (position, placed) in placed.iter().enumerate() {
        let id = match depth {
            0 => Some(&placed.host_bridge.id),
            depth => placed.switches.get(depth - 1).map(|switch| &switch.id),
        };
        let (Some(id), Some(port)) = (id, placed.ports.get(depth)) else { continue };
        let at =
            PciPath { host_bridge: placed.at.host_bridge, devices: placed.at.devices[..2 * depth].to_vec() };
        let taken = (position, u32::from(port.slot.number));
        match ways.iter_mut().find(|way| way.at == at) {
            Some(way) => way.taken.push(taken),
            None => ways.push(Way { id, at, taken: vec![taken] }),
        }
    }
    ways
}

fn is_above(above: &PciPath, below: &PciPath) -> bool {
    above.host_bridge == below.host_bridge && below.devices.starts_with(&above.devices)
}
