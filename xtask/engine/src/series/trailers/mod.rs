//! What reviewers said in a thread, onto the patches.

mod collect;
mod insert;
mod tag;
#[cfg(test)]
mod tests;

pub use collect::{Collected, Given, Refused, Thread, Why, collect};
pub use insert::{block, insert};
pub use tag::{Tag, What, rank, read};
