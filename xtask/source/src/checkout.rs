//! A work copy of a tree, in which only files that differ are written.

use std::path::{Path, PathBuf};

use fs_err as fs;

use host::{Cache, digest, write_stamp};

use super::SourceError;
use super::git::{Git, lock_of};

/// A tree of the repository, and where else its objects may lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tree<'a> {
    pub(super) id: &'a str,
    pub(super) alternates: &'a [PathBuf],
}

/// Makes `work` the tree. Files that are right keep their times; one that was tampered with, or is
/// missing, is written; what git does not know (objects of a build) stays.
///
/// `index` remembers what is in `work`; both belong to us alone. A killed checkout is finished first: else a
/// file that only its tree has would stay for ever.
pub(super) fn checkout(
    cache: &Cache,
    git: &Git,
    tree: Tree,
    work: &Path,
    index: &Path,
) -> Result<(), SourceError> {
    let _lock = cache.lock(&format!("work-{}", &digest([index.as_os_str().as_encoded_bytes()])[..16]))?;
    let begun = begun(index);
    let stale = lock_of(index);
    if stale.exists() {
        fs::remove_file(&stale)?;
    }
    if !work.is_dir() && index.exists() {
        fs::remove_file(index)?;
    }
    fs::create_dir_all(work)?;
    if let Some(parent) = index.parent() {
        fs::create_dir_all(parent)?;
    }
    let go_to = |id: &str| -> Result<(), SourceError> {
        let process = git.with(tree.alternates, ["-c", "checkout.workers=0", "read-tree", "--reset", "-u"]);
        let process = process.arg(id).dir(work).env("GIT_WORK_TREE", work).env("GIT_INDEX_FILE", index);
        process.log(git.log()).run()?;
        Ok(())
    };
    if let Some(unfinished) = fs::read_to_string(&begun).ok().filter(|id| *id != tree.id) {
        // If its objects are gone, there is nothing to finish it with, and the wanted tree is all that counts.
        match go_to(&unfinished) {
            Err(error) if error.is_interrupt() => return Err(error),
            _ => {}
        }
    }
    write_stamp(&begun, tree.id)?;
    go_to(tree.id)?;
    Ok(fs::remove_file(&begun)?)
}

/// Files of a work copy that somebody has edited or removed since it was made. After a killed checkout there is nothing to
/// compare with: none.
pub(super) fn edited(git: &Git, work: &Path, index: &Path) -> Result<Vec<String>, SourceError> {
    if !work.is_dir() || !index.is_file() || begun(index).exists() {
        return Ok(Vec::new());
    }
    let process = git.with(&[], ["update-index", "--refresh"]);
    let process = process.dir(work).env("GIT_WORK_TREE", work).env("GIT_INDEX_FILE", index);
    // Fails where a file differs, and names it.
    let output = process.output()?.text();
    Ok(output.lines().filter_map(|line| line.strip_suffix(": needs update")).map(str::to_owned).collect())
}

/// Names the tree that a checkout is on its way to.
pub(super) fn begun(index: &Path) -> PathBuf {
    let mut name = index.as_os_str().to_owned();
    name.push(".begun");
    name.into()
}
