//! In which order cases run, how often, and who shares a guest with whom. Pure.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use spec::CaseFile;

use super::cells::{Boot, Cell, boots};

/// In which order cases run, how often, and who shares a guest with whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Order {
    /// How often every case runs.
    pub repeat: u32,
    /// Seed by which the cases of a cell are shuffled, each round anew; none for the order of their names.
    pub seed: Option<u64>,
    /// Every case has a guest of its own.
    pub isolate: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { repeat: 1, seed: None, isolate: false }
    }
}

impl Order {
    /// Whether a run may show that a case depends on its order, or fails sometimes.
    pub(super) fn looks_for_flakes(self) -> bool {
        self.repeat > 1 || self.seed.is_some()
    }

    /// The order of one cell, with what is particular to it.
    pub(super) fn of(self, cell: &Cell) -> Self {
        Self {
            repeat: cell.settings.repeat.unwrap_or(self.repeat),
            isolate: cell.settings.isolate.unwrap_or(self.isolate),
            ..self
        }
    }

    /// The cell's guests: all rounds, one after the other.
    pub(super) fn boots(self, cell: &Cell) -> Vec<Boot> {
        let isolated = |case: &CaseFile| CaseFile { isolate: case.isolate || self.isolate, ..case.clone() };
        let cases: Vec<_> = cell.boots.iter().flat_map(|boot| boot.cases.iter().map(isolated)).collect();
        let mut all = Vec::new();
        for round in 0..self.repeat {
            let mut cases = cases.clone();
            if let Some(seed) = self.seed {
                shuffle(&mut cases, &format!("{seed} {} {round}", cell.id.slug()));
            }
            all.extend(boots(&cases));
        }
        all
    }
}

/// Fisher and Yates' shuffle; the same text gives the same order on every machine.
fn shuffle<T>(items: &mut [T], text: &str) {
    for last in (1..items.len()).rev() {
        let digest = Sha256::digest(format!("{text} {last}"));
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // The remainder is below the slice's length.
        items.swap(last, usize::try_from(number % (last as u64 + 1)).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_seed_is_an_order() {
        let order = |text: &str| {
            let mut items: Vec<u32> = (0..8).collect();
            shuffle(&mut items, text);
            items
        };
        assert_eq!(order("7 a 0"), order("7 a 0"));
        assert_ne!(order("7 a 0"), order("7 a 1"));
        assert_ne!(order("7 a 0"), order("8 a 0"));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_doubled(count in 0usize..40, text in "[a-z]{0,6}") {
            let mut items: Vec<usize> = (0..count).collect();
            shuffle(&mut items, &text);
            items.sort_unstable();
            prop_assert_eq!(items, (0..count).collect::<Vec<_>>());
        }
    }
}
