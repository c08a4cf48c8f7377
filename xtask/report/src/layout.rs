//! What lies where in a run's folder. `results/README.md` is the same for the reader.

use std::path::{Path, PathBuf};

use event::CellId;

/// Version of a run folder's layout and of `run.json`.
pub const VERSION: u32 = 1;

/// The run as one object.
pub(crate) const RUN: &str = "run.json";
/// Every event, one a line.
pub(crate) const EVENTS: &str = "events.jsonl";
/// What it takes to read the counters of its guests, by `series coverage`.
pub const COVERAGE: &str = "coverage";
/// In that folder, the lines of the series with their patches.
pub const COVERAGE_LINES: &str = "lines.json";
/// What the counters come to, beside the folder.
pub const COVERAGE_JSON: &str = "coverage.json";

/// The folder of a cell in the folder of its run.
pub(crate) fn cell_dir(run: &Path, cell: &CellId) -> PathBuf {
    run.join("cells").join(folder_name(&cell.slug()))
}

/// A name of one folder within another, whatever the text: what could lead elsewhere is replaced, and then a
/// hash keeps apart what was apart.
pub(crate) fn folder_name(text: &str) -> String {
    let safe: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.+=".contains(c) { c } else { '_' })
        .take(120)
        .collect();
    if safe == text && !safe.starts_with('.') && !safe.is_empty() {
        safe
    } else {
        format!("_{safe}-{}", &host::sha256(text)[..6])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_the_folder_and_none_fall_together() {
        assert_eq!(folder_name("lts.plain.direct.enumerate.default"), "lts.plain.direct.enumerate.default");
        for text in ["../../etc", "a/b", "..", "", ".hidden", "a\0b"] {
            let name = folder_name(text);
            assert!(!name.contains('/') && !name.starts_with('.') && !name.is_empty(), "{name}");
        }
        assert_ne!(folder_name("a/b"), folder_name("a_b"));
    }
}
