//! Objects that were made from a file which is gone. kbuild does not see that they are stale. Of headers it goes by make's `$?`
//! (`newer-prereqs` in `scripts/Kbuild.include`), in which a prerequisite that is not there does not stand; of sources by pattern
//! rules, of which none applies then, so that an object which lies there is taken for a file that nobody makes. A build from nothing
//! fails for each of them, and so must one that goes on.

use std::path::{Path, PathBuf};

use fs_err as fs;
use walkdir::WalkDir;

use super::memory::Below;
use super::recorded::Recorded;
use crate::BuildError;
use crate::make::MOCK;
use crate::slot::remove;

/// Removes the objects that were made from those of the changed files that are gone, so that make makes them anew, or says why it
/// cannot.
///
/// # Errors
/// An object cannot be removed.
pub(crate) fn drop_orphans(src: &Path, obj: &Path, changed: &[String]) -> Result<(), BuildError> {
    let gone: Vec<&str> =
        changed.iter().map(String::as_str).filter(|file| !src.join(file).exists()).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let (below, mock) = (Below::new(src, obj), src.join(MOCK));
    let paths: Vec<PathBuf> = gone.iter().map(|file| src.join(file)).collect();
    // Objects of the mock modules lie beside their sources.
    let roots = [obj.to_owned(), mock.clone(), src.join("drivers")];
    for entry in roots.iter().flat_map(WalkDir::new).filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy();
        let Some(name) = name.strip_prefix('.').and_then(|name| name.strip_suffix(".cmd")) else { continue };
        let target = entry.path().with_file_name(name);
        // Records of programs of the build have other forms, in which files are found all the same.
        let is_orphan = if let Some(recorded) = Recorded::load(&target, &[obj, &mock]) {
            recorded.inputs.iter().any(|input| paths.contains(input))
        } else {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let mut is_named = false;
            below.files(&text, |file| is_named |= gone.contains(&file.as_str()));
            is_named
        };
        if is_orphan {
            remove(&target)?;
        }
    }
    Ok(())
}
