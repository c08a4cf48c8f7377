//! Which lines of a patch series ran, in which cases, on which topologies.
//!
//! The kernel counts ([gcov](https://www.kernel.org/doc/html/latest/dev-tools/gcov.html)), the guest sends what it has counted after each
//! case, and gcov reads it. Here the counts meet the patches that wrote the lines ([`SeriesLines`]), and become a [`Coverage`]: the
//! document that `series coverage` prints, and from which its table, its annotated patches and lcov's file are made.
//!
//! A line of which nothing is known is never one that did not run: a guest that crashed has lost its counters ([`State::Unknown`]), and
//! data that is of another build is an error.

mod annotated;
mod document;
mod error;
mod gcov;
mod groups;
mod lcov;
mod lines;
mod measured;
mod objects;
mod text;

pub use annotated::annotated;
pub use document::{Coverage, CoveredLine, CoveredPatch, State, Totals};
pub use error::CoverageError;
pub use groups::Only;
pub use lcov::lcov;
pub use lines::{SeriesLine, SeriesLines, SeriesPatch};
pub use measured::{Counts, Measured, Place};
pub use objects::Objects;
