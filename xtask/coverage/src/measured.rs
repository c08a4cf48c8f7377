//! What was counted where.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// How a place ends that is no case.
const BOOT: &str = " (boot)";

/// How often lines ran, by their index in [`crate::SeriesLines::lines`]; a line that did not is not in it.
pub type Counts = BTreeMap<usize, u64>;

/// Where something was counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Name of the topology.
    pub topology: String,
    /// Name of the suite, with its variant where that is not the default: `mock:hmem`.
    pub suite: String,
    /// Name of the case; none for what ran before the first case, while the guest booted.
    pub case: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.case {
            Some(case) => write!(f, "{} {}/{case}", self.topology, self.suite),
            None => write!(f, "{} {}{BOOT}", self.topology, self.suite),
        }
    }
}

impl FromStr for Place {
    type Err = ();

    /// As it is shown.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (topology, rest) = text.split_once(' ').ok_or(())?;
        let (suite, case) = match rest.strip_suffix(BOOT) {
            Some(suite) => (suite, None),
            None => rest.split_once('/').map(|(suite, case)| (suite, Some(case.to_owned()))).ok_or(())?,
        };
        Ok(Self { topology: topology.to_owned(), suite: suite.to_owned(), case })
    }
}

impl Place {
    /// In a cell, by the names of its parts; `case` as in the field.
    pub fn of(topology: &str, suite: &str, variant: &str, case: Option<&str>) -> Self {
        let suite = if variant == "default" { suite.to_owned() } else { format!("{suite}:{variant}") };
        Self { topology: topology.to_owned(), suite, case: case.map(str::to_owned) }
    }

    /// Whether the two are of one cell.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.topology == other.topology && self.suite == other.suite
    }
}

/// All that a run has counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// By place; of several guests of one place the sum.
    pub counts: BTreeMap<Place, Counts>,
    /// Cases that ran and of which no counters came: their guests crashed.
    pub lost: BTreeSet<Place>,
}

impl Measured {
    /// Adds what was counted somewhere.
    pub fn add(&mut self, place: Place, counts: Counts) {
        let known = self.counts.entry(place).or_default();
        for (line, count) in counts {
            let sum = known.entry(line).or_default();
            *sum = sum.saturating_add(count);
        }
    }
}
