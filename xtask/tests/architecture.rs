//! Holds the code to the table in ARCHITECTURE.md: which room may import which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Files and folders that are compiled for tests only.
const TESTS: &[&str] = &["tests", "tests.rs", "testing.rs", "real.rs", "boot_tests.rs", "properties.rs"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// Rows of the table: room to the rooms that it may import.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let row = Regex::new(r"^\| `(\w+)` \| .* \|(.*)\|$").expect("a regex");
    let name = Regex::new(r"`(\w+)`").expect("a regex");
    text.lines()
        .filter_map(|line| row.captures(line))
        .map(|row| {
            let imports = name.captures_iter(&row[2]).map(|found| found[1].to_owned()).collect();
            (row[1].to_owned(), imports)
        })
        .collect()
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(dir)
        .into_iter()
        .map(|entry| entry.expect("a readable source folder").into_path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        // A room's tests may lean on any other room.
        .filter(|path| {
            !path.components().any(|part| TESTS.contains(&part.as_os_str().to_string_lossy().as_ref()))
        })
        .collect()
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let allowed = allowed();
    let import = Regex::new(r"crate::(\w+)").expect("a regex");
    let mut wrong = Vec::new();
    for (room, imports) in &allowed {
        let files = sources(&root().join("xtask/src").join(room));
        assert!(!files.is_empty(), "room {room} of ARCHITECTURE.md has no files");
        for file in files {
            let text = fs::read_to_string(&file).expect("a readable source");
            let code = |line: &&str| !line.trim_start().starts_with("//");
            for (number, line) in text.lines().enumerate().filter(|(_, line)| code(line)) {
                for found in import.captures_iter(line) {
                    let other = &found[1];
                    if other != room && allowed.contains_key(other) && !imports.contains(other) {
                        wrong.push(format!("{}:{}: {room} imports {other}", file.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md does not allow these imports:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    let allowed = allowed();
    for entry in fs::read_dir(root().join("xtask/src")).expect("the source folder") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_dir() {
            let room = entry.file_name().to_string_lossy().into_owned();
            assert!(allowed.contains_key(&room), "room {room} is not in ARCHITECTURE.md");
        }
    }
}
