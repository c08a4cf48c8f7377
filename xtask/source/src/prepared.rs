//! A kernel's tree, ready to be built.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use spec::KernelVersion;

use super::Applied;

/// A kernel's tree, ready to be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// Id of the git tree: the content address of the kernel with its series.
    pub tree: String,
    /// Id of the git tree without the series.
    pub base: String,
    /// Version, from its Makefile.
    pub version: KernelVersion,
    /// What the base exactly is: package and version, commit and subject.
    pub described: String,
    /// Sources that were not available before one was, and the reasons; and what else the user should know.
    pub tried: Vec<String>,
    /// The series, in order.
    pub applied: Vec<Applied>,
    /// The cache had all of it.
    pub cached: bool,
    /// Object folders of the user's repositories that hold the tree's files.
    pub alternates: Vec<PathBuf>,
}
