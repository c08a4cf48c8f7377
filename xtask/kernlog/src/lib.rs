//! What a kernel's test run printed, read into outcomes and splats: KTAP, meson's results, the kernel's own log.

pub mod kernel_log;
pub mod ktap;
pub mod log;
mod meson;
mod outcome;
pub mod prefix;

pub use outcome::{CaseOutcome, Splat, SplatKind, Subtest, Totals, Verdict};
