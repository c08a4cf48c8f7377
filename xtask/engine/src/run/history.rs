//! How long cells took on this machine: for what is started first, for what is expected, and for deadlines. Kept in the
//! cache; a guess where nothing was recorded.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use event::CellId;
use host::{Cache, write_stamp};
use kernlog::Verdict;
use vm::Accel;

use super::Cell;

/// Seconds that a boot is guessed to take beside its cases.
const BOOT: f64 = 8.0;
/// Seconds that a case is guessed to take.
const CASE: f64 = 2.0;

/// How long the cells of an accelerator took.
pub(super) struct History {
    folder: PathBuf,
}

/// How long one cell took, when it last ran.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Times {
    /// A boot, without its cases, in seconds.
    boot: Option<f64>,
    /// Its cases, in seconds.
    cases: BTreeMap<String, f64>,
    /// Whether it was red.
    #[serde(default)]
    red: bool,
}

impl History {
    pub(super) fn new(cache: &Cache, accel: Accel) -> Self {
        Self { folder: cache.path().join("history").join(accel.to_string()) }
    }

    fn file(&self, cell: &CellId) -> PathBuf {
        self.folder.join(format!("{}.json", cell.slug()))
    }

    /// What is recorded of a cell.
    pub(super) fn of(&self, cell: &CellId) -> Times {
        let text = fs::read(self.file(cell)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Records what ran of a cell, beside what is known of its other cases.
    pub(super) fn record(&self, cell: &CellId, ran: &Times) {
        let mut times = self.of(cell);
        times.boot = ran.boot.or(times.boot);
        times.red = ran.red;
        times.cases.extend(ran.cases.clone());
        // A cache that cannot be written only makes the next guess a worse one.
        if let Ok(text) = serde_json::to_vec(&times) {
            let _ = write_stamp(&self.file(cell), text);
        }
    }
}

impl Times {
    /// Takes one boot of this many seconds and its cases, each with its own.
    pub(super) fn add(&mut self, seconds: f64, cases: impl Iterator<Item = (String, f64)>) {
        let mut rest = seconds;
        for (name, seconds) in cases {
            rest -= seconds;
            self.cases.insert(name, seconds);
        }
        self.boot = Some(self.boot.unwrap_or(0.0).max(rest.max(0.0)));
    }

    /// Remembers whether the cell is red.
    pub(super) fn judge(&mut self, verdict: Verdict) {
        self.red = verdict > Verdict::Skip;
    }

    /// Whether the cell was red when it last ran.
    pub(super) fn was_red(&self) -> bool {
        self.red
    }

    /// Seconds that a boot may be expected to take beside its cases; none where nothing was recorded.
    pub(super) fn boot(&self) -> Option<f64> {
        self.boot
    }

    /// Seconds of one case; none where it was not recorded.
    pub(super) fn case(&self, name: &str) -> Option<f64> {
        self.cases.get(name).copied()
    }

    /// Seconds that the cell is expected to take.
    pub(super) fn expected(&self, cell: &Cell) -> f64 {
        let boot = |cases: f64| self.boot.unwrap_or(BOOT) + cases;
        let of = |case: &str| self.case(case).unwrap_or(CASE);
        cell.boots.iter().map(|b| boot(b.cases.iter().map(|case| of(&case.name)).sum())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_is_remembered_beside_what_did_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let history = History::new(&Cache::new(dir.path()).expect("a cache"), Accel::Tcg);
        let id = |suite: &str| CellId {
            kernel: "lts".into(),
            flavour: "plain".into(),
            topology: "direct".into(),
            suite: suite.into(),
            variant: "default".into(),
        };
        let ran = |seconds, cases: &[(&str, f64)]| {
            let mut times = Times::default();
            times.add(seconds, cases.iter().map(|(name, seconds)| ((*name).to_owned(), *seconds)));
            times
        };
        history.record(&id("attach"), &ran(10.0, &[("a", 1.0), ("b", 3.0)]));
        history.record(&id("attach"), &ran(7.0, &[("b", 2.0)]));
        let times = history.of(&id("attach"));
        assert_eq!((times.boot(), times.case("a"), times.case("b")), (Some(5.0), Some(1.0), Some(2.0)));
        assert_eq!(history.of(&id("other")), Times::default());

        let mut red = ran(1.0, &[]);
        red.judge(Verdict::Fail);
        history.record(&id("attach"), &red);
        assert!(history.of(&id("attach")).was_red() && history.of(&id("attach")).case("a").is_some());
        red.judge(Verdict::Skip);
        history.record(&id("attach"), &red);
        assert!(!history.of(&id("attach")).was_red());
    }
}
