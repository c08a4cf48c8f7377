//! What the found QEMU's machine protocol takes, from its own `query-qmp-schema`: commands and their fields differ
//! between releases, and a version number is less precise than the schema.

use serde_json::{Map, Value};

/// Words with a field each: `dpa=0x40`.
pub type Fields<'a> = [(&'a str, &'a str)];

/// The schema of one QEMU.
#[derive(Debug)]
pub struct Schema(Vec<Value>);

/// What a field takes.
enum Takes {
    Number,
    Flag,
    Text,
    /// One of these.
    OneOf(Vec<String>),
}

impl Schema {
    /// From the answer to `query-qmp-schema`.
    pub fn new(answer: Value) -> Self {
        match answer {
            Value::Array(entries) => Self(entries),
            _ => Self(Vec::new()),
        }
    }

    /// Whether there is such a command.
    pub fn knows(&self, command: &str) -> bool {
        self.command(command).is_some()
    }

    fn command(&self, command: &str) -> Option<&Value> {
        self.0.iter().find(|entry| entry["meta-type"] == "command" && entry["name"] == command)
    }

    fn entry(&self, name: &Value) -> Option<&Value> {
        self.0.iter().find(|entry| entry["name"] == *name)
    }

    /// The arguments of a command: `fixed`, then the fields as words. A number that this QEMU demands and nobody gave
    /// is 0, so that a case need not know what later releases made mandatory (11.1: `sub-type` of the media events).
    ///
    /// # Errors
    /// The command, a field or a value that this QEMU does not know.
    pub fn arguments(&self, command: &str, fixed: Value, fields: &Fields<'_>) -> Result<Value, String> {
        let entry = self.command(command).ok_or_else(|| format!("this QEMU has no {command}"))?;
        let members = self.entry(&entry["arg-type"]).and_then(|entry| entry["members"].as_array());
        let members = members.map(Vec::as_slice).unwrap_or_default();
        let mut arguments = match fixed {
            Value::Object(fixed) => fixed,
            _ => Map::new(),
        };
        for (name, text) in fields {
            let Some(member) = members.iter().find(|member| member["name"] == *name) else {
                let known: Vec<_> = members.iter().filter_map(|member| member["name"].as_str()).collect();
                return Err(format!("{command} of this QEMU has no {name}, but {}", known.join(", ")));
            };
            let value = self.takes(member).value(text).map_err(|why| format!("{command}: {name}: {why}"))?;
            arguments.insert((*name).to_owned(), value);
        }
        for member in members.iter().filter(|member| member.get("default").is_none()) {
            let Some(name) = member["name"].as_str() else { continue };
            if !arguments.contains_key(name) {
                let value = match self.takes(member) {
                    Takes::Number => Value::from(0),
                    Takes::Flag => Value::from(false),
                    Takes::Text | Takes::OneOf(_) => {
                        return Err(format!("{command} of this QEMU demands a {name}"));
                    }
                };
                arguments.insert(name.to_owned(), value);
            }
        }
        Ok(Value::Object(arguments))
    }

    fn takes(&self, member: &Value) -> Takes {
        let Some(entry) = self.entry(&member["type"]) else { return Takes::Text };
        match (entry["meta-type"].as_str(), entry["json-type"].as_str()) {
            (Some("enum"), _) => {
                let values = entry["values"].as_array().map(Vec::as_slice).unwrap_or_default();
                Takes::OneOf(values.iter().filter_map(|value| Some(value.as_str()?.to_owned())).collect())
            }
            (_, Some("int" | "number")) => Takes::Number,
            (_, Some("boolean")) => Takes::Flag,
            _ => Takes::Text,
        }
    }
}

impl Takes {
    fn value(&self, text: &str) -> Result<Value, String> {
        match self {
            Self::Number => super::words::number(text).map(Value::from),
            Self::Flag => text.parse::<bool>().map(Value::from).map_err(|_| format!("{text:?} is no bool")),
            Self::OneOf(known) if !known.iter().any(|one| one == text) => {
                Err(format!("{text:?} is none of {}", known.join(", ")))
            }
            Self::Text | Self::OneOf(_) => Ok(Value::from(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As QEMU 10.0.2 describes one event, cut to a few fields; with one more, as 11.1 demands it.
    fn schema(more: bool) -> Schema {
        let mut members = vec![
            json!({"name": "path", "type": "str"}),
            json!({"name": "log", "type": "7"}),
            json!({"name": "dpa", "type": "int"}),
            json!({"name": "channel", "type": "int", "default": null}),
        ];
        if more {
            members.push(json!({"name": "sub-type", "type": "int"}));
        }
        Schema::new(json!([
            {"meta-type": "command", "name": "cxl-inject-event", "arg-type": "5", "ret-type": "0"},
            {"meta-type": "object", "name": "5", "members": members},
            {"meta-type": "enum", "name": "7", "values": ["informational", "fatal"]},
            {"meta-type": "builtin", "name": "int", "json-type": "int"},
            {"meta-type": "builtin", "name": "str", "json-type": "string"},
        ]))
    }

    fn arguments(more: bool, fields: &Fields<'_>) -> Result<Value, String> {
        schema(more).arguments("cxl-inject-event", json!({"path": "mem0"}), fields)
    }

    #[test]
    fn what_is_demanded_and_not_given_is_0() {
        let log = ("log", "fatal");
        let got = arguments(false, &[log, ("dpa", "0x40")]);
        assert_eq!(got, Ok(json!({"path": "mem0", "log": "fatal", "dpa": 64})));
        let got = arguments(true, &[log]);
        assert_eq!(got, Ok(json!({"path": "mem0", "log": "fatal", "dpa": 0, "sub-type": 0})));
        let got = arguments(false, &[]);
        assert_eq!(got, Err("cxl-inject-event of this QEMU demands a log".into()));
    }

    #[test]
    fn what_this_qemu_does_not_know_is_named() {
        let got = arguments(false, &[("sub-type", "1")]).unwrap_err();
        assert_eq!(got, "cxl-inject-event of this QEMU has no sub-type, but path, log, dpa, channel");
        let got = arguments(false, &[("log", "loud")]).unwrap_err();
        assert_eq!(got, r#"cxl-inject-event: log: "loud" is none of informational, fatal"#);
        let got = arguments(false, &[("dpa", "x")]).unwrap_err();
        assert!(got.starts_with(r#"cxl-inject-event: dpa: "x" is not a number"#), "{got}");
        let got = Schema::new(json!([])).arguments("cxl-x", json!({}), &[]).unwrap_err();
        assert_eq!(got, "this QEMU has no cxl-x");
    }
}
