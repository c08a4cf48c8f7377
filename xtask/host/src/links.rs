//! Links that a box left where the tool, which is in none, reads.

use std::path::{Path, PathBuf};

/// The first symbolic link among these files of a folder, and among the folders on the way to them.
pub fn link_among<P: AsRef<Path>>(root: &Path, files: impl IntoIterator<Item = P>) -> Option<PathBuf> {
    files.into_iter().find_map(|file| {
        let mut place = root.to_owned();
        file.as_ref().iter().find_map(|part| {
            place.push(part);
            place.is_symlink().then(|| place.clone())
        })
    })
}
