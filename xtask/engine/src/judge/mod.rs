//! From a transcript to a verdict: what the log says, beside what was expected.

mod case;
mod expectations;
mod verdict;

pub use expectations::{ExpectError, ExpectFile, Expectations, Here};
pub use verdict::{Judged, judge};
