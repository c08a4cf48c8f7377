//! How one version of a series differs from another: `git range-diff` on commits that are made for it.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use host::{Process, users_git};
use source::{Prepared, Sources};
use spec::{Patch, SeriesRange};

use super::mail::Message;

/// A version of a series.
#[derive(Debug, Clone)]
pub struct Side {
    /// What to call it: `v2`.
    pub name: String,
    /// Id of the tree that it stands on.
    base: String,
    /// Its patches, each with the id of the tree after it.
    patches: Vec<(String, Message)>,
    /// Object folders that have the trees, beside the cache's own.
    objects: Vec<PathBuf>,
}

impl Side {
    /// The series that comes last on a kernel.
    ///
    /// # Errors
    /// A patch cannot be read.
    pub fn on_kernel(name: &str, prepared: &Prepared) -> Result<Self> {
        let applied = &prepared.applied;
        let own = applied.last().map(|applied| applied.patches.as_slice()).unwrap_or_default();
        let before = applied.iter().rev().skip(1).find_map(|applied| applied.patches.last());
        let patches = own.iter().map(|patch| Ok((patch.tree.clone(), read(&patch.file)?)));
        Ok(Self {
            name: name.to_owned(),
            base: before.map_or(&prepared.base, |patch| &patch.tree).clone(),
            patches: patches.collect::<Result<_>>()?,
            objects: prepared.alternates.clone(),
        })
    }

    /// Commits as they lie in the user's repository, with the patches that were made of them.
    ///
    /// # Errors
    /// git cannot be run, or a patch cannot be read.
    pub fn commits(name: &str, range: &SeriesRange, patches: &[Patch]) -> Result<Self> {
        let git = |args: &[&str]| args.iter().fold(users_git(&range.dir), Process::arg);
        let tree = |commit: &str| git(&["rev-parse", "--verify", &format!("{commit}^{{tree}}")]).read();
        let with_tree = |patch: &Patch| -> Result<(String, Message)> {
            let mail = read(&patch.file)?;
            let commit = mail.commit.as_deref().context("finding the commit of a patch")?;
            Ok((tree(commit)?, mail))
        };
        let objects = git(&["rev-parse", "--git-path", "objects"]).read()?;
        Ok(Self {
            name: name.to_owned(),
            base: tree(&range.base)?,
            patches: patches.iter().map(with_tree).collect::<Result<_>>()?,
            objects: vec![range.dir.join(objects)],
        })
    }
}

/// What `git range-diff` prints of two versions, in a repository that is gone afterwards. What they stand on may differ.
///
/// # Errors
/// git cannot be run.
pub fn range_diff(sources: &Sources, old: &Side, new: &Side, options: &[String]) -> Result<String> {
    let folder = host::TempFolder::new().context("making a folder")?;
    let objects = [old.objects.as_slice(), &new.objects].concat();
    let git = |args: &[&str]| sources.git_beside(folder.path(), &objects, args);
    git(&["init", "--quiet", "--bare"]).arg(folder.path()).run()?;
    let mut ranges = Vec::new();
    for side in [old, new] {
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
        let base = commit(&side.base, None, &root)?;
        let mut tip = base.clone();
        for (tree, message) in &side.patches {
            tip = commit(tree, Some(&tip), message)?;
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
