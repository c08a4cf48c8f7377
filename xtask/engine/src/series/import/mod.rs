//! A posted series becomes a folder of `patches/`.

mod error;
mod order;
mod place;
mod sources;
#[cfg(test)]
mod tests;
mod yaml;

pub use error::ImportError;
pub use order::{Posting, Want, order};
pub use place::{Placed, place};
pub use sources::read;
pub use yaml::Facts;
pub(crate) use yaml::set;
