//! `topologies/schema.json`: generated here, checked in, and held against every shipped file, so that editors can
//! complete and check what is written.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

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
    // What a file that extends another does not say it has from there.
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
        schema.insert("anyOf".to_owned(), json!([{ "required": ["summary"] }, { "required": ["extends"] }]));
    }
    serde_json::to_string_pretty(&schema).expect("JSON") + "\n"
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies")
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
        "{} is not what the types say: PATCHBENCH_UPDATE=1 cargo test schema",
        file.display()
    );
}

/// Whether a value is as the schema says; the path of what is not. Knows the keywords that the generator writes, and
/// refuses others, so that none is passed over in silence.
pub(crate) fn holds(value: &Value, schema: &Value, root: &Value, path: &str) -> Result<(), String> {
    let Value::Object(keywords) = schema else { return Ok(()) };
    for (keyword, what) in keywords {
        let right = match keyword.as_str() {
            "$ref" => {
                let pointer = what.as_str().and_then(|target| target.strip_prefix('#')).expect("a local one");
                holds(value, root.pointer(pointer).expect("it is there"), root, path)?;
                true
            }
            "type" => match what {
                Value::Array(types) => types.iter().any(|one| is_a(value, one)),
                one => is_a(value, one),
            },
            "enum" => what.as_array().expect("a list").contains(value),
            "const" => value == what,
            "anyOf" | "oneOf" => {
                what.as_array().expect("a list").iter().any(|one| holds(value, one, root, path).is_ok())
            }
            "minimum" => value.as_f64().is_none_or(|number| number >= what.as_f64().expect("a number")),
            "pattern" => {
                let pattern = regex::Regex::new(what.as_str().expect("text")).expect("a regex");
                value.as_str().is_none_or(|text| pattern.is_match(text))
            }
            "required" => value.as_object().is_none_or(|map| {
                what.as_array()
                    .expect("a list")
                    .iter()
                    .all(|key| map.contains_key(key.as_str().expect("text")))
            }),
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    holds(item, what, root, &format!("{path}[{i}]"))?;
                }
                true
            }
            "properties" | "additionalProperties" => {
                let properties = keywords.get("properties");
                for (key, item) in value.as_object().into_iter().flatten() {
                    let path = format!("{path}.{key}");
                    match properties.and_then(|known| known.get(key)) {
                        Some(schema) if keyword == "properties" => holds(item, schema, root, &path)?,
                        None if *what == json!(false) => return Err(format!("{path} is not known")),
                        None if keyword == "additionalProperties" => holds(item, what, root, &path)?,
                        Some(_) | None => {}
                    }
                }
                true
            }
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            _ => panic!("the test does not know the keyword {keyword}"),
        };
        if !right {
            return Err(format!("{path}: {keyword} {what}"));
        }
    }
    Ok(())
}

fn is_a(value: &Value, kind: &Value) -> bool {
    match kind.as_str().expect("a type's name") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the test does not know the type {other}"),
    }
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
        ("{windows: []}".to_owned(), false),
        ("{extends: base, changes: {mem0: {lsa: null}, hb0.rp1: empty}}".to_owned(), true),
        ("{extends: base, changes: {mem0: 1}}".to_owned(), false),
        ("{summary: s, nodes: two}".to_owned(), false),
    ] {
        assert_eq!(check(&text).is_ok(), good, "{text}: {:?}", check(&text));
    }
}
