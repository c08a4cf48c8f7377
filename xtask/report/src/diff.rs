//! What differs between two runs: what is newly red, what is fixed, what takes longer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use event::CellId;
use kernlog::{CaseOutcome, SplatKind, Verdict};

use super::summary::{CellSummary, Summary};
use super::text::{duration, one_line};

/// A case of a run, all its rounds taken together: it is as bad as the worst of them.
#[derive(Debug, Clone, PartialEq)]
struct CaseResult<'a> {
    outcome: CaseOutcome,
    reason: &'a str,
    /// Of the rounds that passed.
    seconds: Vec<f64>,
    accel: Option<&'a str>,
}

/// What a case of one run is the same as in another.
type Key = (CellId, String);

/// A case, or a cell as a whole, that is another than it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// Its cell.
    pub cell: CellId,
    /// The case; none where it is the cell as a whole.
    pub case: Option<String>,
    /// What it was; none where it was not there.
    pub was: Option<String>,
    /// What it is; none where it is not there.
    pub is: Option<String>,
    /// The reason, in one line.
    pub reason: String,
}

/// A splat that only one of the runs has.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields of Splat")]
pub struct SplatChange {
    pub cell: CellId,
    pub kind: SplatKind,
    pub title: String,
    pub fingerprint: String,
    pub case: Option<String>,
}

/// A case that takes longer, by more than it varies.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Slower {
    /// Its cell.
    pub cell: CellId,
    /// The case.
    pub case: String,
    /// What it took, in seconds: the median.
    pub was: f64,
    /// What it takes, in seconds: the median.
    pub is: f64,
    /// How much longer would still be chance, in seconds.
    pub noise: f64,
}

/// What differs between two runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Diff {
    /// Name of the earlier run.
    pub from: String,
    /// Name of the later run.
    pub to: String,
    /// Red, and not so before.
    pub newly_failing: Vec<Change>,
    /// Red before, and not now.
    pub fixed: Vec<Change>,
    /// Red in both.
    pub still_failing: Vec<Change>,
    /// Skipped, and not so before.
    pub new_skips: Vec<Change>,
    /// Unexpected splats whose fingerprint the earlier run has not.
    pub new_splats: Vec<SplatChange>,
    /// Unexpected splats whose fingerprint the later run has not.
    pub gone_splats: Vec<SplatChange>,
    /// Slower by more than noise.
    pub slower: Vec<Slower>,
    /// Cells that only the earlier run has.
    pub missing: Vec<CellId>,
    /// Cells that only the later run has.
    pub added: Vec<CellId>,
}

impl Diff {
    /// Compares two runs. `history` are others, of which only the times count: they show how much a case varies.
    ///
    /// Runs of one kernel each are compared case by case even where it is not the same kernel.
    pub fn of(from: &Summary, to: &Summary, history: &[&Summary]) -> Self {
        let kernels =
            |run: &Summary| run.cells.iter().map(|cell| cell.cell.kernel.clone()).collect::<BTreeSet<_>>();
        let (old, new) = (kernels(from), kernels(to));
        let alias = match (old.first(), new.first()) {
            (Some(old_kernel), Some(new_kernel))
                if old.len() == 1 && new.len() == 1 && old_kernel != new_kernel =>
            {
                Some((old_kernel.clone(), new_kernel.clone()))
            }
            _ => None,
        };
        let rename = |cell: &CellId| match &alias {
            Some((old, new)) if cell.kernel == *old => CellId { kernel: new.clone(), ..cell.clone() },
            _ => cell.clone(),
        };
        let mut diff = Self { from: from.id.clone(), to: to.id.clone(), ..Self::default() };
        let (before, after) = (results(from, &rename), results(to, &CellId::clone));
        diff.cases(&before, &after);
        diff.cells(from, to, &rename);
        diff.splats(from, to);
        let past: Vec<_> = history.iter().map(|run| results(run, &rename)).collect();
        diff.times(&before, &after, &past);
        diff
    }

    /// Whether the later run is red in a way that the earlier is not.
    pub fn is_newly_red(&self) -> bool {
        !self.newly_failing.is_empty() || !self.new_splats.is_empty()
    }

    fn cases(&mut self, before: &BTreeMap<Key, CaseResult>, after: &BTreeMap<Key, CaseResult>) {
        for ((cell, case), is) in after {
            let was = before.get(&(cell.clone(), case.clone()));
            let change = || Change {
                cell: cell.clone(),
                case: Some(case.clone()),
                was: was.map(|was| was.outcome.word().to_owned()),
                is: Some(is.outcome.word().to_owned()),
                reason: is.reason.to_owned(),
            };
            let was_red = was.is_some_and(|was| was.outcome.is_red());
            match (is.outcome.is_red(), was_red) {
                (true, true) => self.still_failing.push(change()),
                (true, false) => self.newly_failing.push(change()),
                (false, true) => self.fixed.push(change()),
                (false, false) => {}
            }
            let skips = |outcome| outcome == CaseOutcome::Skip;
            if skips(is.outcome) && was.is_some_and(|was| !skips(was.outcome)) {
                self.new_skips.push(change());
            }
        }
    }

    /// Cells that are red as a whole, and those that only one run has.
    fn cells(&mut self, from: &Summary, to: &Summary, rename: &dyn Fn(&CellId) -> CellId) {
        let before: BTreeMap<CellId, &CellSummary> =
            from.cells.iter().map(|cell| (rename(&cell.cell), cell)).collect();
        let after: BTreeSet<&CellId> = to.cells.iter().map(|cell| &cell.cell).collect();
        self.missing = before.keys().filter(|cell| !after.contains(cell)).cloned().collect();
        let word = |cell: &CellSummary| cell.verdict.map_or("not finished", Verdict::word).to_owned();
        for cell in &to.cells {
            let was = before.get(&cell.cell);
            if was.is_none() {
                self.added.push(cell.cell.clone());
            }
            let was_red = was.is_some_and(|was| was.red_by_itself());
            let list = match (cell.red_by_itself(), was_red) {
                (true, true) => &mut self.still_failing,
                (true, false) => &mut self.newly_failing,
                (false, true) => &mut self.fixed,
                (false, false) => continue,
            };
            list.push(Change {
                cell: cell.cell.clone(),
                case: None,
                was: was.map(|was| word(was)),
                is: Some(word(cell)),
                reason: cell.reason.clone(),
            });
        }
    }

    fn splats(&mut self, from: &Summary, to: &Summary) {
        fn only(run: &Summary, other: &Summary) -> Vec<SplatChange> {
            let all = |run: &Summary| -> BTreeSet<String> {
                run.cells
                    .iter()
                    .flat_map(CellSummary::red_splats)
                    .map(|splat| splat.fingerprint.clone())
                    .collect()
            };
            let mut known = all(other);
            let mut only = Vec::new();
            for cell in &run.cells {
                for splat in cell.red_splats() {
                    if known.insert(splat.fingerprint.clone()) {
                        only.push(SplatChange {
                            cell: cell.cell.clone(),
                            kind: splat.kind,
                            title: splat.title.clone(),
                            fingerprint: splat.fingerprint.clone(),
                            case: splat.case.clone(),
                        });
                    }
                }
            }
            only
        }
        self.new_splats = only(to, from);
        self.gone_splats = only(from, to);
    }

    fn times(
        &mut self,
        before: &BTreeMap<Key, CaseResult>,
        after: &BTreeMap<Key, CaseResult>,
        past: &[BTreeMap<Key, CaseResult>],
    ) {
        for (key, is) in after {
            let Some(was) = before.get(key) else { continue };
            if was.accel != is.accel || is.seconds.is_empty() || was.seconds.is_empty() {
                continue;
            }
            let past = past.iter().filter_map(|run| run.get(key)).filter(|run| run.accel == is.accel);
            let samples: Vec<f64> =
                was.seconds.iter().copied().chain(past.flat_map(|run| run.seconds.clone())).collect();
            let (was, is, noise) = (median(&was.seconds), median(&is.seconds), noise(&samples));
            if is > was + noise && is > median(&samples) + noise {
                let (cell, case) = key.clone();
                self.slower.push(Slower { cell, case, was, is, noise });
            }
        }
        self.slower.sort_by(|a, b| (b.is - b.was).total_cmp(&(a.is - a.was)));
    }

    /// The same without the reasons of the later run's cases, for who has just seen them.
    #[must_use]
    pub fn without_reasons(mut self) -> Self {
        let lists = [&mut self.newly_failing, &mut self.still_failing, &mut self.new_skips];
        lists.into_iter().flatten().for_each(|change| change.reason.clear());
        self
    }

    /// For people, a list a heading; nothing where nothing differs.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let lists = [
            ("newly failing", &self.newly_failing),
            ("fixed", &self.fixed),
            ("still failing", &self.still_failing),
            ("new skips", &self.new_skips),
        ];
        for (heading, changes) in lists {
            list(&mut text, heading, changes.iter().map(Change::line));
        }
        list(&mut text, "new splats", self.new_splats.iter().map(SplatChange::line));
        list(&mut text, "splats that are gone", self.gone_splats.iter().map(SplatChange::line));
        list(&mut text, "slower", self.slower.iter().map(Slower::line));
        list(&mut text, "cells that are no longer there", self.missing.iter().map(ToString::to_string));
        list(&mut text, "cells that were not there", self.added.iter().map(ToString::to_string));
        text
    }

    /// The one line that closes a comparison.
    pub fn closing_line(&self) -> String {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let mut parts = Vec::new();
        if !self.newly_failing.is_empty() {
            parts.push(format!("{} newly failing", self.newly_failing.len()));
        }
        if !self.new_splats.is_empty() {
            parts.push(count(self.new_splats.len(), "new splat"));
        }
        if parts.is_empty() {
            parts.push("nothing is newly red".to_owned());
        }
        for (n, what) in [
            (self.fixed.len(), "fixed"),
            (self.still_failing.len(), "still failing"),
            (self.slower.len(), "slower"),
        ] {
            if n > 0 {
                parts.push(format!("{n} {what}"));
            }
        }
        format!("{}, against {}", parts.join(", "), one_line(&self.from))
    }
}

impl Change {
    fn line(&self) -> String {
        let case = self.case.as_deref().map(|case| format!(" {case}")).unwrap_or_default();
        let was = self.was.as_deref().map_or_else(|| "was not there".to_owned(), |was| format!("was {was}"));
        let is = self.is.as_deref().unwrap_or("not there");
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        if self.was == self.is {
            format!("{}{case}, {is}{reason}", self.cell)
        } else {
            format!("{}{case}, {was}, is {is}{reason}", self.cell)
        }
    }
}

impl SplatChange {
    fn line(&self) -> String {
        let case = self.case.as_deref().map(|case| format!(", during {case}")).unwrap_or_default();
        format!("{} {}{case}", self.cell, self.title)
    }
}

impl Slower {
    fn line(&self) -> String {
        let (was, is, noise) = (duration(self.was), duration(self.is), duration(self.noise));
        format!("{} {}, was {was}, is {is}; up to {noise} more would be noise", self.cell, self.case)
    }
}

fn list(text: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return;
    }
    text.push_str(&format!("{heading}: {}\n", lines.len()));
    for line in lines {
        text.push_str(&format!("  {}\n", one_line(&line)));
    }
}

/// Every case of a run.
fn results<'a>(run: &'a Summary, rename: &dyn Fn(&CellId) -> CellId) -> BTreeMap<Key, CaseResult<'a>> {
    let mut results: BTreeMap<Key, CaseResult> = BTreeMap::new();
    for cell in &run.cells {
        for case in &cell.cases {
            let entry =
                results.entry((rename(&cell.cell), case.name.clone())).or_insert_with(|| CaseResult {
                    outcome: case.outcome,
                    reason: &case.reason,
                    seconds: Vec::new(),
                    accel: cell.accel.as_deref(),
                });
            // A round that passed counts more than one that was skipped, and a red one more than both.
            let weight = |outcome: CaseOutcome| (outcome.is_red(), outcome != CaseOutcome::Skip);
            if weight(case.outcome) > weight(entry.outcome) {
                (entry.outcome, entry.reason) = (case.outcome, &case.reason);
            }
            if case.outcome == CaseOutcome::Pass {
                entry.seconds.push(case.seconds);
            }
        }
    }
    results
}

/// Of one or more.
fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// How much longer a case may take by chance, in seconds. Three deviations, estimated from the median of the absolute
/// ones, which a single outlier does not move. As few samples show little of how much they vary, it is half a second and half
/// of the time at least; from five samples on a quarter.
fn noise(samples: &[f64]) -> f64 {
    /// Median absolute deviation to standard deviation of a normal distribution.
    const TO_DEVIATION: f64 = 1.4826;
    let middle = median(samples);
    let deviations: Vec<f64> = samples.iter().map(|sample| (sample - middle).abs()).collect();
    let share = if samples.len() < 5 { 0.5 } else { 0.25 };
    (3.0 * TO_DEVIATION * median(&deviations)).max(share * middle).max(0.5)
}

#[cfg(test)]
mod tests;
