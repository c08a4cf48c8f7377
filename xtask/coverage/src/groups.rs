//! What the cases have to do with each other: which lines only some topologies run, and how few cases run all.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Measured, Place, SeriesLines};

/// Lines that ran on some topologies and not on others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// Where they ran.
    pub topologies: Vec<String>,
    /// The lines, as `FILE:LINE`.
    pub lines: Vec<String>,
}

/// Lines that ran on some of the topologies and not on others; those on the fewest first.
pub(crate) fn only(lines: &SeriesLines, measured: &Measured) -> Vec<Only> {
    let mut of_line: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for (place, counts) in &measured.counts {
        for line in counts.keys() {
            of_line.entry(*line).or_default().insert(&place.topology);
        }
    }
    let places = measured.counts.keys().chain(&measured.lost);
    let all: BTreeSet<&str> = places.map(|place| place.topology.as_str()).collect();
    let mut groups: BTreeMap<BTreeSet<&str>, Vec<String>> = BTreeMap::new();
    for (at, topologies) in of_line.into_iter().filter(|(_, topologies)| topologies.len() < all.len()) {
        let Some(line) = lines.lines.get(at) else { continue };
        groups.entry(topologies).or_default().push(format!("{}:{}", line.file, line.line));
    }
    let mut only: Vec<Only> = groups
        .into_iter()
        .map(|(topologies, lines)| Only {
            topologies: topologies.into_iter().map(str::to_owned).collect(),
            lines,
        })
        .collect();
    only.sort_by_key(|one| one.topologies.len());
    only
}

/// Cases that together run every line that ran: at each step the one that adds the most, and at last those left out whose lines others
/// run as well. A case brings the boot of its guest along.
pub(crate) fn smallest(measured: &Measured) -> Vec<Place> {
    let of: BTreeMap<&Place, BTreeSet<usize>> = measured
        .counts
        .keys()
        .filter(|place| place.case.is_some())
        .map(|place| {
            let beside = measured
                .counts
                .iter()
                .filter(|(other, _)| *other == place || (other.case.is_none() && other.is_beside(place)));
            (place, beside.flat_map(|(_, counts)| counts.keys().copied()).collect())
        })
        .collect();
    let mut left: BTreeSet<usize> = of.values().flatten().copied().collect();
    let mut chosen: Vec<&Place> = Vec::new();
    while !left.is_empty() {
        let adds = |lines: &BTreeSet<usize>| lines.intersection(&left).count();
        // Of equals the first by name, so that the answer does not change from run to run.
        let best = of.iter().rev().max_by_key(|(_, lines)| adds(lines));
        let Some((place, lines)) = best else { break };
        chosen.push(place);
        left.retain(|line| !lines.contains(line));
    }
    let is_needed = |chosen: &[&Place], at: usize| {
        let others: BTreeSet<usize> = chosen
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .flat_map(|(_, place)| of[*place].iter().copied())
            .collect();
        !of[chosen[at]].is_subset(&others)
    };
    for at in (0..chosen.len()).rev() {
        if !is_needed(&chosen, at) {
            chosen.remove(at);
        }
    }
    chosen.into_iter().cloned().collect()
}
