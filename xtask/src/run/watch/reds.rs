//! What is red, and since which round.

use std::collections::{BTreeMap, BTreeSet};

use event::{CaseReport, CellId};
use kernlog::Verdict;
use report::{CellSummary, Summary};

/// What can be red. In this order they are listed, and the first is the one whose log is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// There was no run: the command, a file of the project or the machine is at fault.
    Run,
    /// A kernel that has no build.
    Kernel(String),
    /// A case of a cell; without one, what is no case's: a splat between the cases, a cell that broke.
    Cell(CellId, Option<String>),
}

/// How something is red.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Red {
    /// The verdict or the outcome, in one word.
    pub(super) word: String,
    pub(super) reason: String,
    /// When it became red.
    pub(super) since: Since,
    /// The run in which it was red last; none where there was no run.
    pub(super) run: Option<String>,
}

/// A round, and the time at which it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Since {
    pub(super) round: u32,
    pub(super) clock: String,
}

/// Cells, each with its cases that are wanted; all of them where none is named.
pub(super) type Cells = Vec<(CellId, BTreeSet<String>)>;

/// All that is red, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Reds(BTreeMap<Place, Red>);

impl Reds {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Place, &Red)> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That a round has come to nothing.
    pub(super) fn no_run(&mut self, word: &str, reason: &str, since: &Since) {
        self.put(Place::Run, word, reason, since, None);
    }

    /// That there is a run.
    pub(super) fn has_run(&mut self) {
        self.0.remove(&Place::Run);
    }

    /// A case was judged.
    pub(super) fn case(&mut self, cell: &CellId, report: &CaseReport, since: &Since, run: &str) {
        let place = Place::Cell(cell.clone(), Some(report.name.clone()));
        if report.outcome.is_red() {
            self.put(place, report.outcome.word(), &report.reason, since, Some(run));
        } else {
            self.0.remove(&place);
        }
    }

    /// A cell was judged. `whole` is whether all of its cases were to run: then nothing else of it is red.
    pub(super) fn cell(&mut self, cell: &CellSummary, whole: bool, since: &Since, run: &str) {
        let id = &cell.cell;
        let kernel = Place::Kernel(id.kernel.clone());
        if cell.verdict == Some(Verdict::Unbuilt) {
            // Nothing is known of its cases: those that were red stay so, since the same round.
            return self.put(kernel, Verdict::Unbuilt.word(), &cell.reason, since, Some(run));
        }
        self.0.remove(&kernel);
        let found = found(cell);
        let ran: BTreeSet<&str> = cell.cases.iter().map(|case| case.name.as_str()).collect();
        self.0.retain(|place, _| match place {
            Place::Cell(other, case) if other == id => {
                let is_known = match case {
                    Some(case) => (whole && !ran.is_empty()) || ran.contains(case.as_str()),
                    None => true,
                };
                !is_known || found.iter().any(|(red, _, _)| red == case)
            }
            _ => true,
        });
        for (case, word, reason) in found {
            self.put(Place::Cell(id.clone(), case), word, &reason, since, Some(run));
        }
    }

    /// A whole round has ended: of what it did not have, nothing is red.
    pub(super) fn settle(&mut self, run: &Summary) {
        self.0.retain(|place, _| match place {
            Place::Run => false,
            Place::Kernel(name) => run.cells.iter().any(|cell| cell.cell.kernel == *name),
            Place::Cell(id, _) => run.cells.iter().any(|cell| cell.cell == *id),
        });
    }

    /// The cells and cases that are red.
    pub(super) fn cells(&self) -> Cells {
        let mut cells: BTreeMap<&CellId, Vec<Option<&String>>> = BTreeMap::new();
        for place in self.0.keys() {
            if let Place::Cell(id, case) = place {
                cells.entry(id).or_default().push(case.as_ref());
            }
        }
        let of = |cases: Vec<Option<&String>>| {
            let named: Option<BTreeSet<String>> = cases.into_iter().map(Option::<&String>::cloned).collect();
            // What is no case's may be any one's.
            named.unwrap_or_default()
        };
        cells.into_iter().map(|(id, cases)| (id.clone(), of(cases))).collect()
    }

    /// What is red stays so since the round in which it became so.
    fn put(&mut self, place: Place, word: &str, reason: &str, since: &Since, run: Option<&str>) {
        let since = self.0.get(&place).map_or(since, |known| &known.since).clone();
        let (word, reason, run) = (word.to_owned(), reason.to_owned(), run.map(str::to_owned));
        self.0.insert(place, Red { word, reason, since, run });
    }
}

/// What is red in a cell that was judged: the case, where it is one's, a word and the reason.
fn found(cell: &CellSummary) -> Vec<(Option<String>, &'static str, String)> {
    // What passed when it was tried again may be red among its cases, and is so no longer.
    if matches!(cell.verdict, Some(Verdict::Pass | Verdict::Skip)) {
        return Vec::new();
    }
    let cases = cell.cases.iter().filter(|case| case.outcome.is_red());
    let mut found: Vec<_> =
        cases.map(|case| (Some(case.name.clone()), case.outcome.word(), case.reason.clone())).collect();
    for splat in cell.red_splats() {
        if !found.iter().any(|(case, _, _)| *case == splat.case) {
            found.push((splat.case.clone(), splat.kind.word(), splat.title.clone()));
        }
    }
    if cell.red_by_itself() {
        found.push((None, cell.word(), cell.reason.clone()));
    }
    found
}
