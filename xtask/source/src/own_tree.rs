//! A kernel tree of the user's own: whether it is one, and what is on it. Only looks at it.

mod branch;
mod error;

use std::fmt;
use std::path::{Path, PathBuf};

use fs_err as fs;

use spec::KernelVersion;

pub use branch::{Base, Branch};
pub use error::OwnTreeError;

/// A kernel tree of the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTree {
    /// Its top folder, absolute.
    pub path: PathBuf,
    /// What its Makefile says.
    pub version: KernelVersion,
    /// What git knows of it; none where it is no git tree.
    pub branch: Option<Branch>,
}

impl OwnTree {
    /// Looks at the tree in a folder.
    ///
    /// # Errors
    /// It is no kernel tree that can be taken as it stands.
    pub fn find(dir: &Path) -> Result<Self, OwnTreeError> {
        let path = std::path::absolute(dir)?;
        let is_git = path.join(".git").exists();
        let version = match version(&path) {
            Ok(version) => version,
            Err(why) => return Err(no_kernel(dir, &path, why, is_git)),
        };
        if !is_git && was_built_in_place(&path) {
            return Err(OwnTreeError::BuiltInPlace { path });
        }
        let branch = if is_git { Some(Branch::of(&path)?) } else { None };
        Ok(Self { path, version, branch })
    }
}

impl fmt::Display for OwnTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.branch {
            Some(branch) => branch.describe(&self.version, f),
            None => {
                write!(f, "{}: {}, not a git tree, taken as it stands", self.path.display(), self.version)
            }
        }
    }
}

/// The version of the kernel whose top folder this is, or what it lacks for that.
fn version(path: &Path) -> Result<KernelVersion, String> {
    let makefile = fs::read_to_string(path.join("Makefile")).map_err(|_| "it has no Makefile".to_owned())?;
    KernelVersion::from_makefile(&makefile).map_err(|error| error.to_string())
}

/// What a folder is that is no kernel tree.
fn no_kernel(given: &Path, path: &Path, why: String, is_git: bool) -> OwnTreeError {
    let path = path.to_owned();
    if !path.exists() {
        let is_tilde = given.to_string_lossy().starts_with('~');
        let given = given.to_owned();
        return if is_tilde { OwnTreeError::Tilde { given } } else { OwnTreeError::Missing { path } };
    }
    if path.is_file() {
        return OwnTreeError::File { path };
    }
    if let Some(top) = path.ancestors().skip(1).find(|above| version(above).is_ok()) {
        return OwnTreeError::Subdirectory { top: top.to_owned(), path };
    }
    let is_bare = ["HEAD", "objects", "refs"].iter().all(|name| path.join(name).exists());
    if is_bare && !is_git {
        OwnTreeError::Bare { path }
    } else {
        OwnTreeError::NotAKernel { path, why, is_git }
    }
}

/// Whether make has left its products between the sources, and no `.gitignore` tells them apart.
fn was_built_in_place(path: &Path) -> bool {
    let products = [".config", "vmlinux", "include/generated", "include/config"];
    !tells_products_apart(path) && products.iter().any(|name| path.join(name).exists())
}

/// Whether a folder has a `.gitignore` by which products and sources can be told apart. That of Debian's linux-source packages
/// excludes all that there is at the top.
pub(super) fn tells_products_apart(path: &Path) -> bool {
    let text = fs::read_to_string(path.join(".gitignore"));
    text.is_ok_and(|text| !text.lines().any(|line| matches!(line.trim_end(), "/*" | "*")))
}
