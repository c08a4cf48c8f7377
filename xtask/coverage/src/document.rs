//! The one document that everything else is made of.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::groups::{self, Only};
use crate::{Counts, Measured, Objects, Place, SeriesLines};

/// Which lines of a series ran, in which cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Name of the series.
    pub series: String,
    /// Its patches, in order.
    pub patches: Vec<CoveredPatch>,
    /// Of all patches together.
    pub totals: Totals,
    /// Lines that ran on some topologies and not on others, by these topologies.
    pub only: Vec<Only>,
    /// Few cases that together run every line that ran, as in `cases` of the lines.
    pub smallest: Vec<String>,
}

/// A patch with its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoveredPatch {
    /// Its number, from 1.
    pub n: usize,
    /// Its subject, without brackets.
    pub subject: String,
    /// How many of its lines have code.
    pub coverable: usize,
    /// How many of these ran.
    pub covered: usize,
    /// The lines that it added or changed last, in order.
    pub lines: Vec<CoveredLine>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoveredLine {
    /// The file, from the top of the tree.
    pub file: String,
    /// Its number in the tree that was built, from 1.
    pub line: u32,
    /// What stands there.
    pub text: String,
    /// What is known of it.
    pub state: State,
    /// Why, where it did not run.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
    /// How often it ran, in all cases together.
    pub count: u64,
    /// In which, as `TOPOLOGY SUITE/CASE`; as `TOPOLOGY SUITE (boot)` what ran before the first case of a guest.
    pub cases: Vec<String>,
}

/// What is known of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It ran.
    Ran,
    /// It has code, and did not run.
    NotRun,
    /// The compiler made no code of it: a declaration, a comment, a brace; or its file is not compiled.
    NoCode,
    /// It ran nowhere where that is known, and a guest that may have run it has lost its counters.
    Unknown,
}

/// Numbers of lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// With code.
    pub coverable: usize,
    /// That ran.
    pub covered: usize,
    /// Of which it is not known.
    pub unknown: usize,
}

impl Totals {
    /// Covered lines in percent of the coverable ones, rounded down; 100 where there are none.
    pub fn percent(self) -> usize {
        (self.covered * 100).checked_div(self.coverable).unwrap_or(100)
    }
}

impl Coverage {
    /// Joins what was counted with the lines of a series.
    pub fn new(lines: &SeriesLines, objects: &Objects, measured: &Measured) -> Self {
        let compiled = |file: &str| objects.compiles(file);
        Self::of(lines, &|line| objects.has_code(line), &compiled, measured)
    }

    /// As if each line had run in each of these places: for whoever knows which cases run them, and counts nothing.
    pub fn assumed(lines: &SeriesLines, places: &[Place]) -> Self {
        let all: Counts = (0..lines.lines.len()).map(|line| (line, 1)).collect();
        let mut measured = Measured::default();
        for place in places {
            measured.add(place.clone(), all.clone());
        }
        Self::of(lines, &|_| true, &|_| true, &measured)
    }

    /// The same from what is known of each line's code.
    pub(crate) fn of(
        lines: &SeriesLines,
        has_code: &dyn Fn(usize) -> bool,
        compiles: &dyn Fn(&str) -> bool,
        measured: &Measured,
    ) -> Self {
        let mut patches: Vec<CoveredPatch> = lines
            .patches
            .iter()
            .enumerate()
            .map(|(at, patch)| CoveredPatch {
                n: at + 1,
                subject: patch.subject.clone(),
                coverable: 0,
                covered: 0,
                lines: Vec::new(),
            })
            .collect();
        let mut totals = Totals::default();
        for (at, line) in lines.lines.iter().enumerate() {
            let places: Vec<(&Place, u64)> = measured
                .counts
                .iter()
                .filter_map(|(place, counts)| Some((place, *counts.get(&at)?)))
                .collect();
            let count = places.iter().fold(0u64, |sum, (_, count)| sum.saturating_add(*count));
            let (state, reason) = if count > 0 {
                (State::Ran, String::new())
            } else if !has_code(at) {
                let absent = format!("{} is not compiled in this configuration", line.file);
                (State::NoCode, if compiles(&line.file) { String::new() } else { absent })
            } else if measured.lost.is_empty() {
                (State::NotRun, "no case ran it".to_owned())
            } else {
                (State::Unknown, format!("no counters came of {}", listed(&measured.lost)))
            };
            let Some(patch) = patches.get_mut(line.patch) else { continue };
            if state != State::NoCode {
                patch.coverable += 1;
                totals.coverable += 1;
            }
            patch.covered += usize::from(state == State::Ran);
            totals.covered += usize::from(state == State::Ran);
            totals.unknown += usize::from(state == State::Unknown);
            patch.lines.push(CoveredLine {
                file: line.file.clone(),
                line: line.line,
                text: line.text.clone(),
                state,
                reason,
                count,
                cases: places.iter().map(|(place, _)| place.to_string()).collect(),
            });
        }
        let only = groups::only(lines, measured);
        let smallest = groups::smallest(measured).iter().map(ToString::to_string).collect();
        Self { series: lines.series.clone(), patches, totals, only, smallest }
    }

    /// All lines, patch by patch.
    pub fn lines(&self) -> impl Iterator<Item = &CoveredLine> {
        self.patches.iter().flat_map(|patch| &patch.lines)
    }
}

/// The first of some places, and how many more there are.
fn listed(places: &BTreeSet<Place>) -> String {
    let mut names = places.iter().map(ToString::to_string);
    let first = names.next().unwrap_or_default();
    match names.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
