//! JSON checked against a JSON schema.

use serde_json::{Value, json};

/// Whether a value is as the schema says; the path of what is not. Knows the keywords that the generator writes, and
/// refuses others, so that none is passed over in silence.
pub fn holds(value: &Value, schema: &Value, root: &Value, path: &str) -> Result<(), String> {
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
