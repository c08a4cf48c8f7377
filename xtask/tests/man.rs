//! Manual pages, read by mandoc where that is installed.

use std::fs;
use std::path::Path;

use clap::Command;

use host::Process;

fn pages(dir: &Path) {
    let args = ["man".into(), dir.as_os_str().to_owned()];
    let output = Process::new(env!("CARGO_BIN_EXE_xtask"), args).output().expect("it runs");
    assert!(output.status.success());
}

/// The pages that there have to be: of each command that is not hidden.
fn wanted(command: &Command, name: &str, found: &mut Vec<String>) {
    found.push(format!("{name}.1"));
    for below in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        wanted(below, &format!("{name}-{}", below.get_name()), found);
    }
}

#[test]
fn each_subcommand_has_a_page_with_its_sections() {
    let dir = tempfile::tempdir().expect("a folder");
    pages(dir.path());
    let mut names = Vec::new();
    wanted(&xtask::tree(), "xtask", &mut names);
    let count = fs::read_dir(dir.path()).expect("the folder").count();
    assert_eq!(count, names.len());
    for name in names {
        let page =
            fs::read_to_string(dir.path().join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "\"EXIT STATUS\""] {
            assert_eq!(page.matches(&format!("\n.SH {section}\n")).count(), 1, "{name}: {section}");
        }
        assert!(name == "xtask.1" || page.contains("\n.SH \"SEE ALSO\"\n"), "{name}");
        assert!(!page.contains("\\-\\-on\\fR"), "{name} has what is hidden");
    }
}

#[test]
fn the_exit_codes_of_a_page_are_those_of_its_subcommand() {
    let dir = tempfile::tempdir().expect("a folder");
    pages(dir.path());
    let page = fs::read_to_string(dir.path().join("xtask-bisect-run.1")).expect("a page");
    let (_, status) = page.split_once("EXIT STATUS").expect("the section");
    for (code, is_there) in [("125", true), ("128", true), ("3", false)] {
        assert_eq!(status.contains(&format!("\\fB{code}\\fR")), is_there, "{code}");
    }
}

#[test]
fn mandoc_has_no_complaint() {
    if which::which("mandoc").is_err() {
        println!("skipped: mandoc is not installed");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    pages(dir.path());
    let mut files: Vec<_> =
        fs::read_dir(dir.path()).expect("the folder").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let lint = ["-T", "lint", "-W", "warning"].map(Into::into);
    let arguments = lint.into_iter().chain(files.into_iter().map(std::path::PathBuf::into_os_string));
    let output = Process::new("mandoc", arguments).output().expect("it runs");
    let complaints = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
}
