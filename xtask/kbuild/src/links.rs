//! What a build leaves is read by the tool, which is in no box: a symbolic link would lead it to wherever the build has no business.
//! kbuild makes a few, none of them where the tool reads.

use std::path::Path;

use host::link_among;
use walkdir::WalkDir;

use super::BuildError;

/// In `lib/modules/RELEASE`: links to the objects and, in kernels before 6.6, to the sources (scripts/Makefile.modinst). Nothing follows them.
pub(super) const OF_KBUILD: [&str; 2] = ["build", "source"];
/// So deep they lie.
const OF_KBUILD_DEPTH: usize = 4;

/// Refuses links among these files of a folder, and among the folders on the way to them.
///
/// # Errors
/// [`BuildError::Link`].
pub(super) fn refuse<P: AsRef<Path>>(
    root: &Path,
    files: impl IntoIterator<Item = P>,
) -> Result<(), BuildError> {
    link_among(root, files).map_or(Ok(()), |link| Err(BuildError::Link(link)))
}

/// Refuses links anywhere below a folder of installed modules.
///
/// # Errors
/// [`BuildError::Link`].
pub(super) fn refuse_below(root: &Path) -> Result<(), BuildError> {
    let is_kbuilds = |entry: &walkdir::DirEntry| {
        entry.depth() == OF_KBUILD_DEPTH && OF_KBUILD.iter().any(|name| entry.file_name() == *name)
    };
    let mut entries = WalkDir::new(root).into_iter().filter_map(Result::ok);
    let link = entries.find(|entry| entry.path_is_symlink() && !is_kbuilds(entry));
    link.map_or(Ok(()), |link| Err(BuildError::Link(link.into_path())))
}
