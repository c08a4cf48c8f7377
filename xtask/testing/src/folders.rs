//! Folders of the tests with real kernels.

use std::fs;
use std::path::{Path, PathBuf};

/// The cache that a developer's kernels are in: `PATCHBENCH_CACHE`, or where the tool has it by itself.
///
/// # Panics
/// None of `PATCHBENCH_CACHE`, `XDG_CACHE_HOME` and `HOME` is set.
pub fn shared_cache() -> PathBuf {
    let var = |name| std::env::var_os(name).map(PathBuf::from);
    let home = || var("HOME").expect("HOME is set").join(".cache");
    let shared = || var("XDG_CACHE_HOME").unwrap_or_else(home).join("cxl-patchbench");
    var("PATCHBENCH_CACHE").unwrap_or_else(shared)
}

/// Copies a folder with all below it.
///
/// # Panics
/// Something there cannot be copied.
pub fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap_or_else(|error| panic!("{error}"));
        let target = to.join(entry.path().strip_prefix(from).expect("walked from there"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).expect("a folder");
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
