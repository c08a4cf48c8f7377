//! A part of a plan's cells, for one machine of several. Pure.
//!
//! Without recorded times a cell's shard follows from its name alone: whatever else comes or goes, it stays where it is.
//! With times the cells are dealt out by length, the longest first, each to the shard that its name prefers among those
//! that are not full: no shard is a tenth longer than its part, but by one cell, and few cells move when others are added.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use event::CellId;

use super::cells::Cell;

/// How much fuller than its part a shard may be.
const SLACK: f64 = 1.1;

/// One of several parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shard {
    /// Which, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
    /// Seconds of each cell that was recorded. All shards have to be given the same.
    pub times: Option<Vec<(CellId, f64)>>,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{}' is not like 2/4: the second of four", text.escape_debug());
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let parse = |text: &str| text.parse::<u32>().map_err(|_| wrong());
        let (number, of) = (parse(number)?, parse(of)?);
        if of == 0 || of > 1000 || number == 0 || number > of {
            return Err(wrong());
        }
        Ok(Self { number, of, times: None })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Shard {
    /// Leaves each plan the cells of this shard. Cells whose variants are found later go as one.
    pub(super) fn keep(&self, plans: &mut [&mut Vec<Cell>]) {
        let cells = || plans.iter().flat_map(|cells| cells.iter()).map(|cell| (&cell.id, cell.open));
        let weighted: Vec<_> = cells().map(|(id, open)| (name(id, open), self.weight(id, open))).collect();
        let mine: BTreeSet<String> = assign(&weighted, self.of, self.times.is_some())
            .into_iter()
            .filter(|(_, shard)| *shard == self.number - 1)
            .map(|(name, _)| name)
            .collect();
        for cells in plans {
            cells.retain(|cell| mine.contains(&name(&cell.id, cell.open)));
        }
    }

    /// Recorded seconds of a cell, of all its variants where they are open; the middle of all where it was not recorded.
    fn weight(&self, id: &CellId, open: bool) -> f64 {
        let Some(times) = &self.times else { return 1.0 };
        let same = |known: &CellId| {
            known == id || open && CellId { variant: id.variant.clone(), ..known.clone() } == *id
        };
        let sum: f64 = times.iter().filter(|(known, _)| same(known)).map(|(_, seconds)| seconds).sum();
        if sum > 0.0 {
            return sum;
        }
        let mut all: Vec<f64> = times.iter().map(|(_, seconds)| *seconds).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(1.0)
    }
}

fn name(id: &CellId, open: bool) -> String {
    if open { CellId { variant: "*".to_owned(), ..id.clone() }.slug() } else { id.slug() }
}

/// The shard of each cell, from 0.
fn assign(cells: &[(String, f64)], of: u32, by_time: bool) -> BTreeMap<String, u32> {
    let total: f64 = cells.iter().map(|(_, seconds)| seconds).sum();
    let full = total / f64::from(of) * SLACK;
    let mut order: Vec<&(String, f64)> = cells.iter().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut load = vec![0.0; of as usize];
    let mut found = BTreeMap::new();
    for (name, seconds) in order {
        let mut liked: Vec<u32> = (0..of).collect();
        liked.sort_by_key(|shard| std::cmp::Reverse(liking(name, *shard)));
        let fits = |shard: &&u32| !by_time || load[**shard as usize] + seconds <= full;
        let least = || (0..of).min_by(|a, b| load[*a as usize].total_cmp(&load[*b as usize]));
        let shard = liked.iter().find(fits).copied().or_else(least).unwrap_or(0);
        load[shard as usize] += seconds;
        found.insert(name.clone(), shard);
    }
    found
}

/// How much a cell likes a shard: rendezvous hashing.
fn liking(name: &str, shard: u32) -> u64 {
    let digest = Sha256::digest(format!("{name}\0{shard}"));
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(count: usize, seconds: impl Fn(usize) -> f64) -> Vec<(String, f64)> {
        (0..count).map(|at| (format!("lts.plain.t{at}.attach.default"), seconds(at))).collect()
    }

    #[test]
    fn shards_are_read() {
        let parse = |text: &str| text.parse::<Shard>().map(|shard| shard.to_string());
        assert_eq!(parse("2/4").as_deref(), Ok("2/4"));
        for wrong in ["", "2", "0/4", "5/4", "1/0", "a/b", "1/4/2", "-1/4", "1/100000"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn times_balance() {
        let cells = cells(40, |at| 5.0 + (at * 37 % 100) as f64);
        let total: f64 = cells.iter().map(|cell| cell.1).sum();
        let found = assign(&cells, 4, true);
        for shard in 0..4 {
            let load: f64 = cells.iter().filter(|(name, _)| found[name] == shard).map(|cell| cell.1).sum();
            assert!(
                load <= total / 4.0 * SLACK + 1e-9 && load > total / 4.0 * 0.6,
                "{shard}: {load} of {total}"
            );
        }
    }

    #[test]
    fn a_new_cell_moves_few_others() {
        let moved = |by_time| {
            let (few, more) = (cells(60, |_| 10.0), cells(61, |_| 10.0));
            let (before, after) = (assign(&few, 4, by_time), assign(&more, 4, by_time));
            before.iter().filter(|(name, shard)| after[*name] != **shard).count()
        };
        assert_eq!(moved(false), 0);
        assert!(moved(true) <= 6, "{}", moved(true));
    }

    proptest! {
        #[test]
        fn every_cell_is_in_exactly_one_shard(
            seconds in proptest::collection::vec(0.0..1000.0f64, 0..30), of in 1u32..9, by_time: bool,
        ) {
            let cells = cells(seconds.len(), |at| seconds[at]);
            let found = assign(&cells, of, by_time);
            prop_assert_eq!(found.len(), cells.len());
            prop_assert!(found.values().all(|shard| *shard < of));
        }
    }
}
