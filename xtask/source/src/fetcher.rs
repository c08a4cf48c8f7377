//! Where trees are fetched to, and what a fetched one is.

use std::fmt;
use std::path::{Path, PathBuf};

use host::{Cache, Process};

use super::SourceError;
use super::git::Git;

/// The tree of a source.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    /// Id of the tree.
    pub(super) tree: String,
    /// What exactly it is: package and version, commit and subject.
    pub(super) described: String,
    /// Object folders of the user's repositories that the tree is in.
    pub(super) alternates: Vec<PathBuf>,
    /// Nothing had to be fetched or imported.
    pub(super) cached: bool,
    /// Something that the user should know: an old copy was taken because the network was away.
    pub(super) note: Option<String>,
}

impl Fetched {
    pub(super) fn new(tree: String, described: String) -> Self {
        Self { tree, described, alternates: Vec::new(), cached: true, note: None }
    }
}

/// Where things are fetched to, and how to say so.
pub(super) struct Fetcher<'a> {
    pub(super) cache: &'a Cache,
    pub(super) git: &'a Git,
    pub(super) etc: &'a Path,
    pub(super) report: &'a (dyn Fn(&str) + Send + Sync),
    /// Nothing is fetched, read or imported: what the cache does not have is not available.
    pub(super) offline: bool,
}

impl Fetcher<'_> {
    /// Refuses what would take its time, where that was asked for.
    pub(super) fn may_fetch(&self, what: impl fmt::Display) -> Result<(), SourceError> {
        if self.offline { Err(SourceError::NotCached { what: what.to_string() }) } else { Ok(()) }
    }
}

/// Tree, and "commit (subject)", of what a `git log` that knows its repository finds under a name.
pub(super) fn describe(log: Process, name: &str) -> Result<(String, String), SourceError> {
    let text = log
        .arg("-1")
        .arg("--no-show-signature")
        .arg("--no-color")
        .arg("--format=%T%n%h%n%s")
        .arg("--abbrev=12")
        .arg("--end-of-options")
        .arg(name)
        .arg("--")
        .read()?;
    let mut lines = text.lines();
    match (lines.next(), lines.next(), lines.next()) {
        (Some(tree), Some(commit), subject) => {
            let subject: String = subject.unwrap_or("").chars().filter(|c| !c.is_control()).collect();
            Ok((tree.to_owned(), format!("{commit} (\"{subject}\")")))
        }
        _ => Err(SourceError::Other(format!("git log shows no commit for {name}"))),
    }
}
