//! From a source tree and kconfig fragments to a kernel with its modules, kept in the cache by content.
//!
//! The source is a private work copy that the caller has checked out and locked; nothing here writes to a
//! user's tree, and nothing here boots or judges what it builds.

mod build_ids;
mod builder;
mod commands;
mod config;
mod entry;
mod error;
mod fastpath;
mod fragment;
mod gcov;
mod headline;
mod install;
mod kconfig;
mod links;
mod make;
mod slot;
mod symbols;
mod toolchain;
mod warnings;

#[cfg(test)]
mod real;
#[cfg(test)]
mod tests;

pub use builder::{Builder, Outlook, Tree};
pub use entry::{Built, Mock};
pub use error::{BuildError, LostOption};
pub use fragment::{Fragment, FragmentError, Merged, Release, Setting, Value, merge};
pub use gcov::counts_lines;
pub use symbols::{Resolved, SymbolError, Symbols};
pub use toolchain::Toolchain;
pub use warnings::{Compared, Known, Warning, Warnings, is_source};
