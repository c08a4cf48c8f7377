//! Which files count: those that git tracks, or would track, below what is watched.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use walkdir::WalkDir;

use host::{Process, ProcessError, users_git};

/// Files that editors make beside the one that is edited, and that stay while it is open.
///
/// Those that are gone again (4913 of vim, .goutputstream-* of gedit, what `sed -i` writes) are told by that: what is not there
/// and was never tracked does not count.
pub(super) fn is_of_an_editor(name: &str) -> bool {
    // vim: .NAME.swp, .swo, and on through the alphabet.
    let is_swap = name.starts_with('.')
        && name
            .rsplit_once(".sw")
            .is_some_and(|(_, last)| last.len() == 1 && last.as_bytes()[0].is_ascii_lowercase());
    // vim and others: NAME~; emacs: .#NAME, #NAME#, and its own numbered backups.
    let is_backup = name.ends_with('~');
    let is_emacs = name.starts_with(".#") || (name.len() > 1 && name.starts_with('#') && name.ends_with('#'));
    let is_kate = name.starts_with('.') && name.ends_with(".kate-swp");
    // What vim tries a folder with; gedit, IntelliJ, NFS.
    let is_other = name == "4913"
        || name.starts_with(".goutputstream-")
        || name.ends_with("___jb_tmp___")
        || name.ends_with("___jb_old___")
        || name.starts_with(".nfs");
    is_swap || is_backup || is_emacs || is_kate || is_other
}

/// Whether a path is of git's own, or of an editor.
fn is_beside(path: &Path) -> bool {
    path.iter().any(|part| part == ".git")
        || path.file_name().is_some_and(|name| is_of_an_editor(&name.to_string_lossy()))
}

/// What kbuild makes between the sources, for a tree that has no git to tell.
fn is_product(path: &Path) -> bool {
    const ENDINGS: [&str; 8] = ["o", "ko", "a", "cmd", "d", "mod", "order", "symvers"];
    path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}

/// One folder that is watched, with all that is below it.
#[derive(Debug)]
pub(super) struct Root {
    /// Without symbolic links, as the paths of events are.
    pub(super) dir: PathBuf,
    /// What is shown before a file's path in it.
    prefix: String,
    /// Only these files right in it; all below it where none is named.
    pub(super) only: &'static [&'static str],
    /// Files that count and are there, as they were when they were last looked at.
    there: BTreeMap<PathBuf, Stamp>,
    /// What git knows; nothing where there is no git, and all files count.
    git: Option<Git>,
}

/// When the inode of a file last changed, which a renamed file has as well: seconds and nanoseconds. None where it is gone.
type Stamp = Option<(i64, i64)>;

fn stamp(path: &Path) -> Stamp {
    path.symlink_metadata().ok().map(|file| (file.ctime(), file.ctime_nsec()))
}

fn stamped(paths: impl IntoIterator<Item = PathBuf>) -> BTreeMap<PathBuf, Stamp> {
    paths.into_iter().map(|path| (path.clone(), stamp(&path))).collect()
}

/// A folder in a git tree.
#[derive(Debug)]
struct Git {
    /// Where git keeps what it is at.
    state: PathBuf,
    /// What git ignores, as far as it was asked.
    ignored: HashSet<PathBuf>,
}

impl Git {
    fn of(dir: &Path) -> Option<Self> {
        let state = users_git(dir).arg("rev-parse").arg("--absolute-git-dir").read().ok()?;
        Some(Self { state: state.into(), ignored: HashSet::new() })
    }
}

impl Root {
    /// A tree of sources, by itself.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn tree(dir: &Path) -> Result<Self> {
        let dir = fs_err::canonicalize(dir)?;
        let git = if dir.join(".git").exists() { Git::of(&dir) } else { None };
        let there = stamped(if git.is_some() { of_git(&dir)? } else { below(&dir) });
        Ok(Self { dir, prefix: String::new(), only: &[], there, git })
    }

    /// A folder of the project, which need not be in git.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn of_project(dir: &Path) -> Result<Self> {
        let prefix = dir.file_name().map(|name| format!("{}/", name.to_string_lossy())).unwrap_or_default();
        let dir = fs_err::canonicalize(dir)?;
        // Where all of it is ignored, it is meant nevertheless.
        let git = if ignored(&dir, std::slice::from_ref(&dir))?.is_empty() { Git::of(&dir) } else { None };
        let there = stamped(if git.is_some() { of_git(&dir)? } else { below(&dir) });
        Ok(Self { dir, prefix, only: &[], there, git })
    }

    /// Some files of a folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn files(dir: &Path, only: &'static [&'static str]) -> Result<Self> {
        let dir = fs_err::canonicalize(dir)?;
        let there = stamped(only.iter().map(|name| dir.join(name)).filter(|path| path.exists()));
        Ok(Self { dir, prefix: String::new(), only, there, git: None })
    }

    /// What git does with it just now, where it does something that ends by itself or by hand.
    pub(super) fn git_is_at(&self) -> Option<&'static str> {
        let is_there = |name: &str| self.git.as_ref().is_some_and(|git| git.state.join(name).exists());
        if is_there("rebase-merge") || is_there("rebase-apply") {
            Some("the rebase")
        } else {
            is_there("index.lock").then_some("git's work")
        }
    }

    /// Of these paths, all below this folder, those that count, as they are shown. What is gone counts if it did so before.
    ///
    /// # Errors
    /// git cannot be asked.
    pub(super) fn counted(&mut self, paths: BTreeSet<PathBuf>) -> Result<BTreeSet<String>, ProcessError> {
        let paths = paths.into_iter().filter(|path| self.may_count(path));
        let (there, gone): (Vec<_>, Vec<_>) = paths.partition(|path| path.symlink_metadata().is_ok());
        let mut there: Vec<_> = there.into_iter().flat_map(|path| self.new_below(path)).collect();
        match &mut self.git {
            Some(git) => {
                if there.iter().any(|path| path.ends_with(".gitignore")) {
                    git.ignored.clear();
                }
                there.retain(|path| !git.ignored.contains(path));
                git.ignored.extend(ignored(&self.dir, &there)?);
                there.retain(|path| !git.ignored.contains(path));
            }
            None => there.retain(|path| !is_product(path)),
        }
        let gone: Vec<_> = gone.into_iter().filter(|path| forget(&mut self.there, path)).collect();
        self.there.extend(stamped(there.iter().cloned()));
        let shown = |path: &PathBuf| {
            format!("{}{}", self.prefix, path.strip_prefix(&self.dir).unwrap_or(path).display())
        };
        Ok(there.iter().chain(&gone).map(shown).collect())
    }

    /// What has come, has gone or was written since it was last looked at, as the files themselves say: where events were lost.
    ///
    /// # Errors
    /// git cannot be asked.
    pub(super) fn differing(&self) -> Result<BTreeSet<PathBuf>, ProcessError> {
        let now = match (&self.git, self.only) {
            (_, [_, ..]) => {
                self.only.iter().map(|name| self.dir.join(name)).filter(|path| path.exists()).collect()
            }
            (Some(_), []) => of_git(&self.dir)?,
            (None, []) => below(&self.dir),
        };
        let gone = self.there.keys().filter(|path| !now.contains(*path)).cloned();
        // The index may have one that is gone.
        let is_other = |path: &&PathBuf| self.there.get(*path).copied().flatten() != stamp(path);
        Ok(gone.chain(now.iter().filter(is_other).cloned()).collect())
    }

    /// The file itself; of a folder that has come, the files that have come with it: nobody watched it when they were written.
    fn new_below(&self, path: PathBuf) -> Vec<PathBuf> {
        if path.is_symlink() || !path.is_dir() {
            return vec![path];
        }
        below(&path)
            .into_iter()
            .filter(|path| self.may_count(path) && !self.there.contains_key(path))
            .collect()
    }

    fn may_count(&self, path: &Path) -> bool {
        let Ok(inside) = path.strip_prefix(&self.dir) else { return false };
        let is_meant = self.only.is_empty() || self.only.iter().any(|name| inside == Path::new(name));
        is_meant && !is_beside(inside)
    }
}

/// Sorts paths by the folder in which they lie, the innermost of these.
pub(super) fn sorted(
    roots: &[Root],
    paths: impl IntoIterator<Item = PathBuf>,
) -> BTreeMap<usize, BTreeSet<PathBuf>> {
    let mut sorted: BTreeMap<usize, BTreeSet<PathBuf>> = BTreeMap::new();
    for path in paths {
        let holding = roots.iter().enumerate().filter(|(_, root)| path.starts_with(&root.dir));
        if let Some((index, _)) = holding.max_by_key(|(_, root)| root.dir.iter().count()) {
            sorted.entry(index).or_default().insert(path);
        }
    }
    sorted
}

fn below(dir: &Path) -> BTreeSet<PathBuf> {
    let entries = WalkDir::new(dir).into_iter().filter_map(Result::ok);
    entries.filter(|entry| !entry.file_type().is_dir()).map(walkdir::DirEntry::into_path).collect()
}

/// What git tracks below a folder, or would track.
fn of_git(dir: &Path) -> Result<BTreeSet<PathBuf>, ProcessError> {
    let which = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = which.iter().fold(users_git(dir), Process::arg).run()?;
    Ok(named(&listed.stdout).map(|path| dir.join(path)).collect())
}

/// Paths as git writes them with `-z`.
fn named(bytes: &[u8]) -> impl Iterator<Item = PathBuf> {
    let names = bytes.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| PathBuf::from(OsStr::from_bytes(name)))
}

/// Takes out a file that is gone, or all below a folder that is. Returns whether there was one.
fn forget(there: &mut BTreeMap<PathBuf, Stamp>, gone: &Path) -> bool {
    let below =
        there.range(gone.to_owned()..).map(|(path, _)| path).take_while(|path| path.starts_with(gone));
    let below: Vec<_> = below.cloned().collect();
    for path in &below {
        there.remove(path);
    }
    !below.is_empty()
}

/// Those of these files that git ignores.
fn ignored(dir: &Path, files: &[PathBuf]) -> Result<HashSet<PathBuf>, ProcessError> {
    if files.is_empty() {
        return Ok(HashSet::new());
    }
    let names: Vec<u8> =
        files.iter().flat_map(|path| [path.as_os_str().as_bytes(), b"\0"].concat()).collect();
    // It exits with 1 where it ignores none, and with 128 where there is no git.
    let output = users_git(dir).arg("check-ignore").arg("-z").arg("--stdin").stdin(names).output()?;
    Ok(named(&output.stdout).collect())
}

#[cfg(test)]
mod tests;
