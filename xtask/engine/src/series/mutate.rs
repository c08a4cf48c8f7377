//! Small wrong versions of a series, made by machine: would any case notice?
//!
//! Only lines that a case ran are tried, with only the cases that ran them: what nothing runs is coverage's word, not this one's. A
//! mutant is a patch on top of the series, made, built and booted as a sabotage is. Objects that come out equal are no mutant at all.

mod choose;
mod document;
mod order;
mod patch;
mod sabotages;
mod store;
mod trial;

pub use choose::{Candidate, candidates, files};
pub use document::{MutantTotals, Mutation, Outcome, TriedMutant};
pub use order::{Sample, chosen};
pub use sabotages::SabotageMutants;
pub use store::{MutationRuns, MutationState};
pub use trial::{Bench, MutateError};
