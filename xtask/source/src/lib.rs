//! Kernel trees: from apt, git, folders and tarballs into one git repository of the cache, a series on top, and
//! work copies that change only where the tree does.
//!
//! Every source becomes a git *tree*, whose id is the content address of all that is built from it. Limits:
//! submodules are left out of work copies, and a partial clone of the user's has to have the objects of the
//! wanted tree.

mod apply;
mod archive;
mod checkout;
mod displaced;
mod error;
mod fetch;
mod fetcher;
mod fit;
mod git;
mod layers;
mod local;
mod own_tree;
mod prepare;
mod prepared;
mod stream;
mod tar;
mod written;

pub use apply::{Applied, AppliedPatch, AppliedState};
pub use displaced::Displaced;
pub use error::{Conflict, Place, SourceError};
pub use fit::Fit;
pub use layers::{Layer, Layers};
pub use own_tree::{Base, Branch, OwnTree, OwnTreeError};
pub use prepare::{Plain, Sources};
pub use prepared::Prepared;
pub use spec::{KernelRange, KernelVersion};
pub use written::WrittenLine;

#[cfg(test)]
mod tests;
