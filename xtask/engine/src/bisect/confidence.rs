//! How often a step has to pass before it counts as good. Pure.
//!
//! A failure that is seen makes a step bad for certain; that none is seen may be luck. How likely such luck is follows from how
//! often the bad end failed, and since that was measured in a few runs, the uncertainty of the measurement counts too: with
//! `red` failures in `runs`, every rate that could have led to them is weighed (Laplace's rule of succession), and the chance
//! that a bad step passes `m` times in a row is the product of (runs - red + 1 + j) / (runs + 2 + j) for j from 0 to m - 1.
//!
//! The confidence is that of the whole search, and the last step of it carries it alone. If any step was taken for good that is
//! bad, then so is the last good one, the culprit's parent: everything between it and the wrong answer is bad. So the parent is
//! run again at the end, as often as makes a wrong answer unlikely, whatever luck there was on the way. A step on the way needs
//! fewer passes: its error is found at the end and costs time alone.

use serde::{Deserialize, Serialize};

/// How often the failure showed at the bad end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rate {
    /// Runs with it.
    pub red: u32,
    /// Runs in all; at least one.
    pub runs: u32,
}

/// More passes than this nobody waits for.
const MOST: u32 = 1000;

impl Rate {
    /// Whether it showed every time.
    pub fn is_sure(self) -> bool {
        self.red == self.runs
    }

    /// How likely it is that a bad step passes so many times in a row.
    pub fn luck(self, passes: u32) -> f64 {
        let green = f64::from(self.runs - self.red);
        (0..passes).map(f64::from).map(|j| (green + 1.0 + j) / (f64::from(self.runs) + 2.0 + j)).product()
    }

    /// The fewest passes in a row of which a bad step is capable with no more than this likelihood.
    fn passes(self, error: f64) -> u32 {
        (1..MOST).find(|passes| self.luck(*passes) <= error).unwrap_or(MOST)
    }

    /// Passes after which a step on the way counts as good: one where the failure has always shown.
    pub fn on_the_way(self, confidence: f64) -> u32 {
        if self.is_sure() { 1 } else { self.passes(1.0 - confidence) }
    }

    /// Passes of the culprit's parent at the end. Whenever it fails there, the search goes on with another one: the errors of
    /// all of them, each (1 - confidence) / (n (n + 1)) for the n-th, sum up to no more than 1 - confidence.
    pub fn at_the_end(self, confidence: f64, attempt: u32) -> u32 {
        let attempt = f64::from(attempt.max(1));
        self.passes((1.0 - confidence) / (attempt * (attempt + 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarer_the_failure_the_more_passes_it_takes() {
        let passes = |red, runs| {
            let rate = Rate { red, runs };
            (rate.on_the_way(0.95), rate.at_the_end(0.95, 1), rate.at_the_end(0.95, 2))
        };
        assert_eq!(passes(3, 3), (1, 4, 5));
        assert_eq!(passes(9, 12), (3, 4, 5));
        assert_eq!(passes(6, 12), (6, 7, 10));
        assert_eq!(passes(1, 12), (44, 67, 125));
    }

    #[test]
    fn luck_is_what_the_rule_says() {
        // Three of three: the next run is red with 4/5.
        assert!((Rate { red: 3, runs: 3 }.luck(1) - 0.2).abs() < 1e-12);
        assert!((Rate { red: 6, runs: 12 }.luck(1) - 0.5).abs() < 1e-12);
        assert!((Rate { red: 6, runs: 12 }.luck(0) - 1.0).abs() < 1e-12);
    }
}
