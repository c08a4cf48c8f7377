//! Any log, judged by itself: KTAP, meson's results or a kernel's console, its own or another's.
//!
//! Reads forward once and keeps what is capped ([`MOST_CASES`], [`LONGEST_LINE`], `kernel_log`'s limits), so that
//! memory does not grow with the log. The rooms that judge a run do the work; this one chooses among them. Splats
//! are looked for whatever the kind: a kernel that reports beside passing tests is red.

mod detect;
mod lines;
mod report;
mod stream;

pub use detect::Kind;
pub use report::{Case, LogReport};
pub use stream::judge;

/// Cases that are kept; a log with more is red, for what is not kept cannot be told.
pub const MOST_CASES: usize = 100_000;
/// Bytes of a text line that are looked at for results; splats are found anywhere in it.
pub const LONGEST_LINE: usize = 4096;

#[cfg(test)]
mod tests;
