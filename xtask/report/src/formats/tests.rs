use std::collections::BTreeSet;
use std::path::Path;

use event::Event;

use super::*;
use crate::testing::{case, cell, events};
use crate::{Store, Stored};

/// A run that a kill has ended within its second cell, after one case of it.
fn killed(results: &Path) -> Stored {
    let events = events();
    let last = events.iter().position(|event| matches!(event, Event::CellFinished { .. })).expect("a cell");
    let store = Store::create(results, serde_json::Value::Null).expect("a store");
    for event in &events[..=last] {
        store.emit(event);
    }
    let cell = cell("switch", "cut");
    store.emit(&Event::CellStarted { cell: cell.clone() });
    store.emit(&Event::CaseFinished {
        cell,
        report: case("seen-before-the-kill", kernlog::CaseOutcome::Fail, "why"),
    });
    Stored::load(store.dir()).expect("a run")
}

#[test]
fn names_and_files_are_given_once_and_described_in_one_line() {
    let names: BTreeSet<_> = FORMATS.iter().map(|format| format.name).collect();
    let files: Vec<_> = FORMATS.iter().filter_map(|format| format.kept.file()).collect();
    assert_eq!(names.len(), FORMATS.len());
    assert_eq!(files.iter().collect::<BTreeSet<_>>().len(), files.len());
    for known in FORMATS {
        let Format { name, about, .. } = known;
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{name}");
        assert!(!about.is_empty() && !about.contains('\n') && !about.ends_with('.'), "{name}: {about}");
        assert!(format(name).is_some_and(|found| std::ptr::eq(found, *known)), "{name}");
    }
    assert!(format("none").is_none() && live("none", &Live::default()).is_none());
}

#[test]
fn every_format_shows_a_killed_run_up_to_its_end() {
    let results = tempfile::tempdir().expect("a folder");
    let run = killed(results.path()).up_to_date().expect("its events");
    for format in FORMATS {
        let bytes = (format.write)(&run, &Alone).unwrap_or_else(|error| panic!("{}: {error}", format.name));
        let text = String::from_utf8(bytes).expect("text");
        assert!(text.contains("seen-before-the-kill"), "{}: {text}", format.name);
        // What a terminal acts upon; HTML's own lines may begin with tabs.
        let acts = text.chars().find(|c| c.is_control() && !"\n\t".contains(*c));
        assert_eq!(acts, None, "{}", format.name);
        assert!(text.ends_with('\n') || format.name == "html", "{}: the last line has no end", format.name);
    }
}

#[test]
fn what_is_kept_of_a_run_is_what_it_is_exported_as() {
    let results = tempfile::tempdir().expect("a folder");
    let store = Store::create(results.path(), serde_json::Value::Null).expect("a store");
    for event in &events() {
        store.emit(event);
    }
    let run = Stored::load(store.dir()).expect("a run");
    for format in FORMATS {
        let (Kept::EachEvent(file) | Kept::EachCell(file) | Kept::AtEnd(file)) = format.kept else {
            continue;
        };
        let kept = std::fs::read(store.dir().join(file)).expect("it is kept");
        let exported = (format.write)(&run, &Alone).expect("it is written");
        assert!(kept == exported, "{file} is not what is exported as {}", format.name);
    }
}

#[test]
fn the_text_of_a_killed_run_names_what_is_not_finished() {
    let results = tempfile::tempdir().expect("a folder");
    let run = killed(results.path()).up_to_date().expect("its events");
    let text = String::from_utf8((text::FORMAT.write)(&run, &Alone).expect("text")).expect("text");
    let (_, end) = text.split_once("lts/switch/cut").expect("the cell that was cut short");
    insta::assert_snapshot!(end.rsplit_once(';').expect("the times").0, @r"
      fail    seen-before-the-kill, 1.2 s: why
    incomplete, not finished: lts/../../<b>/a # SKIP, lts/switch/cut
    unfinished: 1 pass, 2 fail, 1 crash, 1 timeout, 1 not-run, 1 xfail, 1 skip, 1 splat in 3 cells
    ");
}

#[test]
fn the_readme_of_the_results_names_every_file_that_is_kept() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/README.md");
    let text = std::fs::read_to_string(readme).expect("results/README.md");
    for format in FORMATS {
        let when = match format.kept {
            Kept::No => continue,
            Kept::EachEvent(_) | Kept::EachCell(_) => "always",
            Kept::AtEnd(_) => "at the end",
            Kept::OnRequest(_) => "by `results ",
        };
        let row = format!("| `{}` | {when}", format.kept.file().unwrap_or_default());
        assert!(text.lines().any(|line| line.starts_with(&row)), "no row begins with {row}");
    }
}
