//! The files of a crate as modules, without what is compiled for tests only.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// Files and folders that are compiled for tests only.
const TESTS: &[&str] = &["tests", "testing", "real", "boot_tests", "properties", "schema_tests"];

static UNIT_TESTS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"#\[cfg\(test\)\]\n(pub(\([^)]*\))? )?mod tests \{").expect("a regex"));
static TEST_IMPORT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"#\[cfg\(test\)\]\n(pub(\([^)]*\))? )?use [^;]+;").expect("a regex"));

/// A file that is a module.
#[derive(Debug)]
pub struct Module {
    /// Its path from the crate's root; empty for `lib.rs` and `main.rs`.
    pub path: Vec<String>,
    /// The file.
    pub file: PathBuf,
    /// Its code, without comments and unit tests.
    pub code: String,
}

/// All modules of a crate, by their paths.
pub fn modules(folder: &Path) -> Vec<Module> {
    let src = folder.join("src");
    let mut found: Vec<_> = walkdir::WalkDir::new(&src)
        .into_iter()
        .map(|entry| entry.expect("a readable source folder").into_path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .filter_map(|file| Some(Module { path: module_path(&src, &file)?, code: code(&file), file }))
        .collect();
    assert!(!found.is_empty(), "{} has no sources", src.display());
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// `run/cell/retries.rs` as `run`, `cell`, `retries`; nothing for tests.
fn module_path(src: &Path, file: &Path) -> Option<Vec<String>> {
    let inside = file.strip_prefix(src).expect("it was found there").with_extension("");
    let mut path: Vec<_> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let is_root = path.len() == 1 && ["lib", "main"].contains(&path[0].as_str());
    if is_root || path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    let is_test = |part: &String| TESTS.contains(&part.as_str()) || part.ends_with("_tests");
    (!path.iter().any(is_test)).then_some(path)
}

fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a readable source");
    let text = UNIT_TESTS.splitn(&text, 2).next().unwrap_or_default();
    let text = TEST_IMPORT.replace_all(text, "");
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect()
}
