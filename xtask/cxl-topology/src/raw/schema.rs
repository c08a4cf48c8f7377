//! `topologies/schema.json`: generated here, checked in, and compared with every shipped file, so that editors can
//! complete and check what is written.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use testing::holds;

use super::port::Fields;
use super::*;

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of bytes: 256M, 4G, 4k (powers of 1024), or a plain integer.",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]+[kKMGT]?$" }
            ]
        })
    }
}

impl JsonSchema for QemuOptions {
    fn schema_name() -> Cow<'static, str> {
        "QemuOptions".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "QEMU's properties by name. True and false are QEMU's on and off.",
            "type": "object",
            "additionalProperties": { "type": ["string", "number", "boolean"] }
        })
    }
}

impl JsonSchema for RawPort {
    fn schema_name() -> Cow<'static, str> {
        "Port".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let fields = generator.subschema_for::<Fields>();
        json_schema!({
            "description": "What a port leads to: `empty`, `device: {…}` or `switch: {…}`, with options of the port.",
            "anyOf": [{ "type": "string", "enum": ["empty"] }, fields]
        })
    }
}

/// The schema of a file, with what is merged before it becomes a [`RawTopology`].
fn generated() -> String {
    let mut schema = schemars::schema_for!(RawTopology).to_value();
    schema["title"] = json!("A CXL topology");
    schema["properties"]["extends"] = json!({
        "description": "Name of another topology of this folder: its content, altered by what stands here.",
        "type": "string"
    });
    schema["properties"]["changes"] = json!({
        "description": "Of a file that extends another: by id of a host bridge, switch or device, or name of a port \
                        (hb0.rp1), the fields that differ; null takes one away.",
        "type": "object",
        "additionalProperties": { "anyOf": [{ "type": "object" }, { "type": "string", "enum": ["empty"] }] }
    });
    // What a file that extends another does not set it has from there.
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
        schema.insert("anyOf".to_owned(), json!([{ "required": ["summary"] }, { "required": ["extends"] }]));
    }
    serde_json::to_string_pretty(&schema).expect("JSON") + "\n"
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies")
}

#[test]
fn the_schema_is_fresh() {
    let file = folder().join("schema.json");
    if std::env::var_os("PATCHBENCH_UPDATE").is_some() {
        fs::write(&file, generated()).expect("written");
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == generated(),
        "{} is not what the types are: PATCHBENCH_UPDATE=1 cargo test -p cxl-topology schema",
        file.display()
    );
}

fn check(text: &str) -> Result<(), String> {
    let schema: Value = serde_json::from_str(&generated()).expect("JSON");
    holds(&serde_yaml::from_str(text).expect("YAML"), &schema, &schema, "")
}

#[test]
fn every_shipped_file_is_as_the_schema_says() {
    for entry in fs::read_dir(folder()).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = fs::read_to_string(&path).expect("text");
            check(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
            assert!(text.starts_with("# yaml-language-server: $schema=schema.json\n"), "{}", path.display());
        }
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let port = |port: &str| format!("{{summary: s, host-bridges: [{{id: hb0, root-ports: [{port}]}}]}}");
    for (text, good) in [
        (port("empty"), true),
        (port("{empty: true, speed: 2.5, width: 4, hotplug: false}"), true),
        (port("device: {id: mem0, volatile: 256M, cdat: x.bin, present: false}"), true),
        (port("void"), false),
        (port("device: {id: mem0, size: 256M}"), false),
        (port("device: {id: mem0, volatile: 256MB}"), false),
        (port("device: {volatile: 256M}"), false),
        (port("device: {id: mem0, volatile: 256M, qemu: {x-speed: 2_5, x-width: 8, a: true}}"), true),
        (port("device: {id: mem0, volatile: 256M, qemu: {x-speed: [1]}}"), false),
        (port("{empty: true, qemu: [x-speed]}"), false),
        ("{windows: []}".to_owned(), false),
        ("{extends: base, changes: {mem0: {lsa: null}, hb0.rp1: empty}}".to_owned(), true),
        ("{extends: base, changes: {mem0: 1}}".to_owned(), false),
        ("{summary: s, nodes: two}".to_owned(), false),
    ] {
        assert_eq!(check(&text).is_ok(), good, "{text}: {:?}", check(&text));
    }
}

/// A field without a row in its part's table would be read, and nothing would come of it.
#[test]
fn every_field_has_a_row_or_is_the_structure() {
    fn check<P: Part, F: JsonSchema>(structure: &[&str]) {
        let schema = schemars::schema_for!(F).to_value();
        let fields = schema["properties"].as_object().expect("fields").keys().map(String::as_str);
        let fields: BTreeSet<_> = fields.filter(|field| !structure.contains(field)).collect();
        let rows: BTreeSet<_> = P::PROPERTIES.iter().map(|property| property.field).collect();
        assert_eq!(fields, rows);
    }
    check::<RawHostBridge, RawHostBridge>(&["id", "qemu", "root-ports"]);
    check::<RawPort, Fields>(&["qemu", "device", "switch", "empty"]);
    check::<RawSwitch, RawSwitch>(&["id", "qemu", "downstream"]);
    check::<RawDevice, RawDevice>(&["id", "qemu", "present"]);
}
