//! From a transcript to a verdict: what the log says, beside what was expected.

mod case;
mod expectations;
mod hidden;
mod kmsg;
mod messages;
#[cfg(test)]
mod testing;
mod verdict;

pub use expectations::{ExpectError, ExpectFile, Expectations, Here};
pub use messages::Asserted;
pub use verdict::{Judged, judge, warm_up};
