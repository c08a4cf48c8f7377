//! `docs/reference/`: made of the command line's own tree and of the two schemas, and compared with what is checked in.

mod cli;
mod markdown;
mod schema;

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the checkout.
fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn is_fresh(name: &str, made: &str) {
    let file = checkout("docs/reference").join(name);
    if std::env::var_os("PATCHBENCH_UPDATE").is_some() {
        fs::create_dir_all(checkout("docs/reference")).expect("the folder");
        fs::write(&file, made).expect("written");
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == made,
        "docs/reference/{name} is old: PATCHBENCH_UPDATE=1 cargo test -p xtask --test reference"
    );
}

fn read(path: &str) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(checkout(path)).expect("a schema")).expect("JSON")
}

#[test]
fn the_command_line_is_as_its_reference_says() {
    is_fresh("cli.md", &cli::page());
}

#[test]
fn topologies_are_as_their_reference_says() {
    let names = &[
        ("RawHostBridge", "Host bridge"),
        ("RawDevice", "Device"),
        ("RawSwitch", "Switch"),
        ("RawWindow", "Window"),
        ("Fields", "Port with options"),
        ("QemuOptions", "QEMU options"),
        ("Bytes", "Size"),
    ];
    let page = schema::Page {
        title: "Topology files",
        about: "A topology is a file `topologies/NAME.yaml`. Editors check it by `topologies/schema.json`, of which this page is made; \
                what a schema cannot say, `cargo xtask topology lint` checks by the rules of [topology-rules.md](../topology-rules.md).",
        top: "The file",
        names,
        update: "cxl-topology",
    };
    is_fresh("topology.md", &page.of(&read("topologies/schema.json")));
}

#[test]
fn results_are_as_their_reference_says() {
    let page = schema::Page {
        title: "run.json",
        about: "`results/RUN/run.json` is a run as one object, which `cargo xtask results show RUN --format json` prints as well. \
                `results/schema.json`, of which this page is made, describes it to programs; [results/README.md](../../results/README.md) \
                says what else a run's folder has.",
        top: "The run",
        names: &[("Seconds", "Seconds by stage"), ("CellId", "Name of a cell")],
        update: "report",
    };
    is_fresh("results.md", &page.of(&read("results/schema.json")));
}
