//! Which regions a guest is asked to create: some that are legal, and some that it has to refuse.

use std::collections::BTreeSet;

use wire::{ExpectDecoder, ExpectRegion};

use super::{GRANULARITIES, Region, UNIT, check, legal};
use crate::bytes::Bytes;
use crate::model::Topology;

/// Each costs a guest about a second.
const LEGAL: usize = 12;
const ILLEGAL: usize = 10;
/// Of large topologies only so many are looked at.
const SEEN: usize = 4000;

/// Regions of every sort: each window, memory and number of ways, other orders and granularities, and each reason
/// to refuse one that applies to the topology.
pub fn sample(topology: &Topology) -> Vec<ExpectRegion> {
    let (all, _) = legal(topology, SEEN);
    let mut sorts = BTreeSet::new();
    let mut chosen = Vec::new();
    // Two of each sort, so that orders differ, then other granularities.
    for round in 0..2 {
        let mut seen = BTreeSet::new();
        for listed in &all {
            let region = &listed.region;
            let sort = (region.window, region.kind, region.devices.len());
            let first = seen.insert(sort);
            if (round == 0 && first) || (round == 1 && !first && sorts.insert(sort)) {
                let small = Bytes(UNIT.0 * region.devices.len() as u64);
                chosen.push(Region { size: small, ..region.clone() });
                let other = listed.granularities.last().filter(|last| **last != region.granularity);
                if let (0, Some(granularity), true) = (round, other, region.devices.len() > 1) {
                    chosen.push(Region { granularity: *granularity, size: small, ..region.clone() });
                }
            }
        }
    }
    chosen.truncate(LEGAL);
    let bad: Vec<_> = chosen.iter().flat_map(|region| altered(topology, region)).collect();
    let mut reasons = BTreeSet::new();
    let mut refused: Vec<_> = Vec::new();
    for region in bad {
        let Err(refusals) = check(topology, &region) else { continue };
        let Some(refusal) = refusals.into_iter().next() else { continue };
        if reasons.insert((refusal.who, region.devices.len())) {
            refused.push(expected(topology, &region, Some(refusal.to_string())));
        }
    }
    refused.truncate(ILLEGAL);
    let legal = chosen.iter().map(|region| expected(topology, region, None));
    legal.chain(refused).filter(|region| region.serials.len() == region.ways as usize).collect()
}

/// A legal region with one thing altered, in every way that may be wrong.
fn altered(topology: &Topology, region: &Region) -> Vec<Region> {
    let mut all = Vec::new();
    let mut with = |edit: &dyn Fn(&mut Region)| {
        let mut region = region.clone();
        edit(&mut region);
        all.push(region);
    };
    with(&|region| region.devices.reverse());
    with(&|region| region.size.0 += UNIT.0 / 2);
    with(&|region| region.size.0 += topology.windows[region.window].size.0);
    for granularity in GRANULARITIES {
        with(&|region| region.granularity = Bytes(granularity));
    }
    for placed in topology.devices() {
        with(&|region| {
            region.devices.push(placed.device.id.clone());
            region.size.0 = UNIT.0 * region.devices.len() as u64;
        });
        with(&|region| {
            if let Some(last) = region.devices.last_mut() {
                last.clone_from(&placed.device.id);
            }
        });
    }
    for position in 1..region.devices.len() {
        with(&|region| region.devices.swap(0, position));
    }
    all
}

fn expected(topology: &Topology, region: &Region, refused: Option<String>) -> ExpectRegion {
    let serial = |id: &String| topology.device(id).map(|placed| placed.device.serial);
    let decoders = check(topology, region).unwrap_or_default();
    let decoder = |decoder: super::Decoder| ExpectDecoder {
        id: decoder.id,
        at: decoder.at,
        ways: u32::try_from(decoder.ways).unwrap_or(u32::MAX),
        granularity: decoder.granularity.0,
        targets: decoder.targets,
    };
    ExpectRegion {
        name: format!(
            "window {} {} {} by {} of {}",
            region.window,
            region.size,
            region.kind,
            region.granularity,
            region.devices.join(" ")
        ),
        refused,
        window: u32::try_from(region.window).unwrap_or(u32::MAX),
        kind: region.kind.to_string(),
        ways: u32::try_from(region.devices.len()).unwrap_or(u32::MAX),
        granularity: region.granularity.0,
        size: region.size.0,
        serials: region.devices.iter().filter_map(serial).collect(),
        decoders: decoders.into_iter().map(decoder).collect(),
    }
}
