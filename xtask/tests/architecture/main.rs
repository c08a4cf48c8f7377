//! Checks the code against ARCHITECTURE.md: which crate depends on which, which room of the engine imports which, and that
//! files do not import each other in circles.

mod circles;
mod imports;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use circles::circles;
use sources::Module;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// Folder of a crate of the workspace.
fn folder(name: &str) -> PathBuf {
    if name == "xtask" { root().join("xtask") } else { root().join("xtask").join(name) }
}

/// Rows of the table below this heading: name to the names that it may use.
fn table(heading: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let section = text.split("\n## ").find_map(|section| section.strip_prefix(heading));
    let section = section.unwrap_or_else(|| panic!("ARCHITECTURE.md has no section {heading}"));
    let row = Regex::new(r"^\| `([\w-]+)` \| .* \|(.*)\|$").expect("a regex");
    let name = Regex::new(r"`([\w-]+)`").expect("a regex");
    let rows: BTreeMap<_, _> = section
        .lines()
        .filter_map(|line| row.captures(line))
        .map(|row| {
            (row[1].to_owned(), name.captures_iter(&row[2]).map(|found| found[1].to_owned()).collect())
        })
        .collect();
    assert!(!rows.is_empty(), "the section {heading} of ARCHITECTURE.md has no table");
    rows
}

/// The crates of the workspace.
fn members() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let member = Regex::new(r#"(?m)^    "(?:xtask/)?([\w-]+)",$"#).expect("a regex");
    member.captures_iter(&text).map(|found| found[1].to_owned()).collect()
}

/// The crates of ours on which one depends, but for its tests.
fn dependencies(name: &str, members: &BTreeSet<String>) -> BTreeSet<String> {
    let file = folder(name).join("Cargo.toml");
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let section = text.split("\n[").find_map(|section| section.strip_prefix("dependencies]\n"));
    let name_of = |line: &str| line.split(['.', ' ', '=']).next().map(str::to_owned);
    section.unwrap_or_default().lines().filter_map(name_of).filter(|name| members.contains(name)).collect()
}

#[test]
fn crates_depend_on_each_other_as_the_table_says() {
    let (table, members) = (table("Crates"), members());
    let named: BTreeSet<_> = table.keys().cloned().collect();
    assert_eq!(named, members, "the crates of ARCHITECTURE.md are not those of Cargo.toml");
    for (name, allowed) in table {
        assert_eq!(
            allowed,
            dependencies(&name, &members),
            "the dependencies of {name}: left ARCHITECTURE.md, right Cargo.toml"
        );
    }
}

#[test]
fn rooms_of_the_engine_import_only_what_the_table_allows() {
    let allowed = table("Rooms of the engine");
    let modules = sources::modules(&folder("engine"));
    let rooms: BTreeSet<_> = modules.iter().filter_map(|module| module.path.first().cloned()).collect();
    assert_eq!(
        rooms,
        allowed.keys().cloned().collect(),
        "the rooms of ARCHITECTURE.md are not those of the engine"
    );
    let mut wrong = Vec::new();
    for module in modules.iter().filter(|module| !module.path.is_empty()) {
        let room = &module.path[0];
        for import in imports::of(module) {
            let allowed = |other: &String| other == room || allowed[room].contains(other);
            if import.first().is_some_and(|other| rooms.contains(other) && !allowed(other)) {
                wrong.push(format!("{}: {room} imports {}", module.file.display(), import.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md does not allow these imports:\n{}", wrong.join("\n"));
}

/// The circles that ARCHITECTURE.md names: sets of files as `crate: a, b`.
fn named_circles() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let named = Regex::new(r"(?m)^- circle `([^`]+)`: \S").expect("a regex");
    named.captures_iter(&text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let found: BTreeSet<_> = members()
        .iter()
        .flat_map(|name| {
            let modules = sources::modules(&folder(name));
            let line = move |circle: Vec<&Module>| {
                let name_of = |module: &&Module| match module.path.as_slice() {
                    [] => "(root)".to_owned(),
                    path => path.join("::"),
                };
                let files: Vec<_> = circle.iter().map(name_of).collect();
                format!("{name}: {}", files.join(", "))
            };
            circles(&modules).into_iter().map(line).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(
        found,
        named_circles(),
        "circles of imports: left the code's, right those that ARCHITECTURE.md names with a reason"
    );
}
