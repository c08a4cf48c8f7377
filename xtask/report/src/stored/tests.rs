use event::{Event, Sink};

use super::*;
use crate::Store;
use crate::testing::events;

fn store(results: &Path, events: &[Event]) -> Store {
    let store = Store::create(results, serde_json::json!({ "kernel": "lts" })).expect("a store");
    for event in events {
        store.emit(event);
    }
    store
}

#[test]
fn what_was_written_is_read() {
    let results = tempfile::tempdir().expect("a folder");
    let store = store(results.path(), &events());
    let read = Stored::load(store.dir()).expect("a run");
    let mut summary = Summary::default();
    for event in &events() {
        summary.take(event);
    }
    // What is known only while a cell runs is not kept.
    assert_eq!(
        serde_json::to_value(&read.summary).expect("JSON"),
        serde_json::to_value(&summary).expect("JSON")
    );
    assert_eq!(read.resolved["kernel"], "lts");
    assert_eq!(read.progress(), Progress::Complete);
    let back: Vec<Event> = read.events().expect("events").into_iter().map(|stamped| stamped.event).collect();
    assert_eq!(back, events());
}

#[test]
fn a_run_goes_on_as_long_as_its_process_does() {
    let results = tempfile::tempdir().expect("a folder");
    let events = events();
    let store = store(results.path(), &events[..events.len() - 1]);
    let dir = store.dir().to_owned();
    assert_eq!(Stored::load(&dir).expect("a run").word(), "running");
    drop(store);
    // A process that another test starts may hold a copy of the lock until it is another program.
    while Stored::load(&dir).expect("a run").word() == "running" {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert_eq!(Stored::load(&dir).expect("a run").word(), "incomplete");
    // Half a line, as a kill may leave it.
    let path = dir.join("events.jsonl");
    let whole = fs::read(&path).expect("events");
    fs::write(&path, &whole[..whole.len() - 5]).expect("written");
    let stored = Stored::load(&dir).expect("a run");
    assert_eq!(stored.events().expect("events").len(), events.len() - 2);
}

#[test]
fn other_formats_and_other_folders_are_refused_clearly() {
    let results = tempfile::tempdir().expect("a folder");
    let error = |text: Option<&str>| {
        let path = results.path().join("run.json");
        let _ = fs::remove_file(&path);
        if let Some(text) = text {
            fs::write(path, text).expect("written");
        }
        let error = Stored::load(results.path()).expect_err("it is none");
        fault::shown(&error).replace(&results.path().display().to_string(), "RUN")
    };
    insta::assert_snapshot!(error(None), @r"
    RUN is no run: it has no run.json
    hint: `cargo xtask results list` has the runs that are there
    ");
    insta::assert_snapshot!(error(Some("{")), @r"
    RUN/run.json: EOF while parsing an object at line 1 column 1
    hint: the file is damaged: `cargo xtask results rm RUN` removes the run
    ");
    insta::assert_snapshot!(error(Some("{}")), @r"
    RUN/run.json: missing field `format` at line 1 column 2
    hint: the file is damaged: `cargo xtask results rm RUN` removes the run
    ");
    insta::assert_snapshot!(error(Some(r#"{"format": 1}"#)), @r"
    RUN/run.json: missing field `id` at line 1 column 13
    hint: the file is damaged: `cargo xtask results rm RUN` removes the run
    ");
    insta::assert_snapshot!(error(Some(r#"{"format": 99, "new": true}"#)), @r"
    RUN/run.json has format 99, and this version of the tool reads 1
    hint: read it with the tool that wrote it, or a newer one
    ");
    insta::assert_snapshot!(error(Some(r#"{"format": 0}"#)), @r"
    RUN/run.json has format 0, and this version of the tool reads 1
    hint: run it again
    ");
}

/// The schema of `run.json`: what the reader needs, and all that the writer writes.
fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(RunFile).to_value();
    schema["title"] = serde_json::json!("run.json of cxl-patchbench");
    schema["description"] = serde_json::json!("A run. A reader passes over fields that it does not know.");
    schema["properties"]["format"] = serde_json::json!({
        "description": "Version of all this; raised when a reader of the old one would be misled.",
        "const": VERSION
    });
    if let Some(required) = schema["required"].as_array_mut() {
        required.insert(0, "format".into());
    }
    schema
}

#[test]
fn the_schema_is_fresh() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/schema.json");
    let generated = serde_json::to_string_pretty(&schema()).expect("JSON") + "\n";
    if std::env::var_os("PATCHBENCH_UPDATE").is_some() {
        fs::write(&file, &generated).expect("written");
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == generated,
        "{} is not what the types say: PATCHBENCH_UPDATE=1 cargo test schema",
        file.display()
    );
}

#[test]
fn a_run_is_as_the_schema_says() {
    use testing::holds;
    let results = tempfile::tempdir().expect("a folder");
    let store = store(results.path(), &events());
    let text = fs::read_to_string(store.dir().join("run.json")).expect("run.json");
    let run: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    // Every field that is written is one of the schema's.
    let mut strict = schema();
    forbid_others(&mut strict);
    holds(&run, &strict, &strict, "").expect("it is");
    for (path, wrong) in [
        ("/format", serde_json::json!(99)),
        ("/cells/0/verdict", "good".into()),
        ("/totals/pass", "1".into()),
    ] {
        let mut other = run.clone();
        *other.pointer_mut(path).expect("it is there") = wrong;
        assert!(holds(&other, &strict, &strict, "").is_err(), "{path}");
    }
}

fn forbid_others(schema: &mut serde_json::Value) {
    match schema {
        serde_json::Value::Object(map) => {
            if map.contains_key("properties") && !map.contains_key("oneOf") {
                map.entry("additionalProperties").or_insert(false.into());
            }
            map.values_mut().for_each(forbid_others);
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(forbid_others),
        _ => {}
    }
}
