//! Any log, judged by itself: KTAP, meson's results or a kernel's console.
//!
//! Reads forward once and keeps what is capped, so that memory does not grow with the log. The other modules do the
//! work; this one chooses among them. Splats are looked for whatever the kind: a kernel that reports beside passing
//! tests is red.

mod detect;
mod lines;
mod report;
mod stream;

pub use detect::Kind;
pub use report::LogReport;
pub use stream::judge;

#[cfg(test)]
mod tests;
