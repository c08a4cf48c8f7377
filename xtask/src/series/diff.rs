//! How one version of a series differs from another: `git range-diff` on commits that are made for it.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::mail::Message;
use crate::source::{Prepared, Sources};

/// A version of a series on its kernel.
#[derive(Debug, Clone)]
pub struct Side {
    /// What to call it: `v2`.
    pub name: String,
    /// The kernel with the series on it, which comes last.
    pub prepared: Prepared,
}

/// What `git range-diff` prints of two versions, in a repository that is gone afterwards. The kernels may differ.
///
/// # Errors
/// git cannot be run, or a patch cannot be read.
pub fn range_diff(sources: &Sources, old: &Side, new: &Side, options: &[String]) -> Result<String> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let objects = [&old.prepared, &new.prepared];
    let git = |args: &[&str]| sources.git_beside(folder.path(), &objects, args);
    git(&["init", "--quiet", "--bare"]).arg(folder.path()).run()?;
    let mut ranges = Vec::new();
    for side in [old, new] {
        let applied = &side.prepared.applied;
        let own = applied.last().map(|applied| applied.patches.as_slice()).unwrap_or_default();
        let before = applied.iter().rev().skip(1).find_map(|applied| applied.patches.last());
        let base = before.map_or(&side.prepared.base, |patch| &patch.tree);
        let commit = |tree: &str, parent: Option<&str>, message: &Message| -> Result<String> {
            let author = message.author();
            let name = author.as_ref().map_or("nobody", |author| author.name.as_str());
            let address = author.as_ref().map_or("", |author| author.address.as_str());
            let args: Vec<&str> =
                ["commit-tree", tree].into_iter().chain(parent.into_iter().flat_map(|p| ["-p", p])).collect();
            let text = format!("{}\n\n{}", message.subject().title, message.message);
            let process =
                git(&args).stdin(text).env("GIT_AUTHOR_NAME", name).env("GIT_AUTHOR_EMAIL", address);
            let process =
                process.env("GIT_COMMITTER_NAME", "cxl-patchbench").env("GIT_COMMITTER_EMAIL", "<>");
            Ok(process.env("GIT_AUTHOR_DATE", "@0 +0000").env("GIT_COMMITTER_DATE", "@0 +0000").read()?)
        };
        let root = Message::parse(b"From: cxl-patchbench <root@localhost>\nSubject: the kernel\n\n")?;
        let base = commit(base, None, &root)?;
        let mut tip = base.clone();
        for patch in own {
            tip = commit(&patch.tree, Some(&tip), &read(&patch.file)?)?;
        }
        ranges.push(format!("{base}..{tip}"));
    }
    let mut args = vec!["range-diff", "--no-color"];
    args.extend(options.iter().map(String::as_str));
    args.extend(ranges.iter().map(String::as_str));
    Ok(git(&args).read()?)
}

fn read(file: &Path) -> Result<Message> {
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    Message::parse(&bytes).with_context(|| format!("reading {}", file.display()))
}
