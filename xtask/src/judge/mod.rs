//! From a transcript to a verdict: KTAP, meson's results, the kernel log, expectations.

mod case;
mod expectations;
pub mod kernel_log;
pub mod ktap;
pub mod log;
mod meson;
pub mod prefix;
mod verdict;

pub use expectations::{ExpectError, ExpectFile, Expectations, Here};
pub use verdict::{Judged, judge};
