//! A JSON schema as tables.

use serde_json::Value;

use super::markdown::{anchor, head, row};

/// How a page is called, and what its schema does not say.
pub struct Page {
    pub title: &'static str,
    pub about: &'static str,
    /// Heading of the outermost object.
    pub top: &'static str,
    /// Headings of types, where the type's own name does not say it.
    pub names: &'static [(&'static str, &'static str)],
    /// The crate whose test renews the schema.
    pub update: &'static str,
}

impl Page {
    pub fn of(&self, schema: &Value) -> String {
        let Self { title, about, update, .. } = self;
        let mut page = format!(
            "# {title}\n\n<!-- Made of a schema: PATCHBENCH_UPDATE=1 cargo test -p {update} schema, then \
             PATCHBENCH_UPDATE=1 cargo test -p xtask --test reference -->\n\n{about}\n"
        );
        page += &self.section(self.top, schema);
        for (name, of) in schema["$defs"].as_object().into_iter().flatten() {
            page += &self.section(&self.name(name), of);
        }
        page
    }

    fn name(&self, name: &str) -> String {
        if let Some((_, better)) = self.names.iter().find(|(known, _)| *known == name) {
            return (*better).to_owned();
        }
        let mut words = String::new();
        for (at, letter) in name.chars().enumerate() {
            match at {
                0 => words.push(letter),
                _ if letter.is_uppercase() => words.extend([' ', letter.to_ascii_lowercase()]),
                _ => words.push(letter),
            }
        }
        words
    }

    fn section(&self, name: &str, of: &Value) -> String {
        let about = of["description"].as_str().unwrap_or_default();
        let mut text = format!("\n## {name}\n\n{about}\n");
        if of["properties"].is_object() {
            text += &self.fields(name, of);
            text += &alternatives(of);
        } else if let Some(variants) = of["oneOf"].as_array() {
            text += &self.variants(name, variants);
        } else {
            text += &format!("\nIt is {}.\n", self.kind(of));
        }
        text
    }

    fn fields(&self, name: &str, of: &Value) -> String {
        let required: Vec<&str> =
            of["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut text = "\n".to_owned() + &head(&["field", "type", "default", "meaning"]);
        for (field, value) in of["properties"].as_object().into_iter().flatten() {
            let about = value["description"].as_str().unwrap_or_default();
            let default = match default(value, about) {
                _ if required.contains(&field.as_str()) => "required".to_owned(),
                Some(default) => default,
                None if value["type"] == "boolean" => "false".to_owned(),
                None if value["type"] == "array" => "empty".to_owned(),
                None => "none".to_owned(),
            };
            let field = format!("<a id=\"{}-{field}\"></a>`{field}`", anchor(name));
            text += &row(&[&field, &self.kind(value), &default, about]);
        }
        text
    }

    fn variants(&self, name: &str, variants: &[Value]) -> String {
        if variants.iter().any(|variant| variant["const"].is_null()) {
            return variants.iter().map(|variant| self.variant(name, variant)).collect();
        }
        let mut text = "\n".to_owned() + &head(&["value", "meaning"]);
        for variant in variants {
            let value = format!("`{}`", variant["const"].as_str().unwrap_or_default());
            text += &row(&[&value, variant["description"].as_str().unwrap_or_default()]);
        }
        text
    }

    fn variant(&self, name: &str, variant: &Value) -> String {
        let about = variant["description"].as_str().unwrap_or_default();
        let tag = variant["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .find_map(|(_, value)| value["const"].as_str());
        let name = format!("{name}-{}", tag.unwrap_or_default());
        format!("\n{about}\n{}", self.fields(&name, variant))
    }

    /// The type of a value, in words.
    fn kind(&self, of: &Value) -> String {
        if let Some(to) = of["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
            let name = self.name(to);
            return format!("[{}](#{})", name.to_lowercase(), anchor(&name));
        }
        if let Some(value) = of.get("const") {
            return format!("`{value}`").replace('"', "");
        }
        if let Some(values) = of["enum"].as_array() {
            let values: Vec<_> =
                values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`")).collect();
            return values.join(", ");
        }
        if let Some(kinds) = of["anyOf"].as_array() {
            let kinds: Vec<_> =
                kinds.iter().filter(|kind| kind["type"] != "null").map(|kind| self.kind(kind)).collect();
            return kinds.join(" or ");
        }
        let kinds: Vec<&str> = match &of["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => {
                kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect()
            }
            _ => return "anything".to_owned(),
        };
        let kinds: Vec<String> = kinds.into_iter().map(|kind| self.plain(kind, of)).collect();
        kinds.join(" or ")
    }

    fn plain(&self, kind: &str, of: &Value) -> String {
        match kind {
            "array" => format!("list of {}", self.kind(&of["items"])),
            "object" if of["additionalProperties"].is_object() => {
                format!("map from a name to {}", self.kind(&of["additionalProperties"]))
            }
            "object" => "map".to_owned(),
            "string" if of["pattern"].is_string() => {
                format!("string like `{}`", of["pattern"].as_str().unwrap_or_default())
            }
            kind => kind.to_owned(),
        }
    }
}

/// What holds where a field is absent: the schema's word, or that of the description.
fn default(value: &Value, about: &str) -> Option<String> {
    if let Some(default) = value.get("default").filter(|default| !default.is_null()) {
        return Some(format!("`{default}`"));
    }
    let absent = about.split(';').find_map(|part| {
        let (before, _) =
            part.split_once(" where it is absent").or_else(|| part.split_once(" where absent"))?;
        Some(before.trim().to_owned())
    });
    absent.filter(|words| words.len() < about.len())
}

/// Which fields an object has to have, where there is a choice.
fn alternatives(of: &Value) -> String {
    let sets: Vec<String> = of["anyOf"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|set| {
            set["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|name| format!("`{name}`"))
                .collect()
        })
        .collect();
    if sets.is_empty() { String::new() } else { format!("\nIt has to have {}.\n", sets.join(" or ")) }
}
