//! A file that extends another: the other's content with changes, and where each part of the result was written.
//!
//! What the file sets itself takes the place of what the other sets; `host-bridges` come on top; `changes:` alters a
//! host bridge, switch or device by its id, or a port by its name (`hb0.rp1`, `sw0.dp2`).

use std::path::Path;

use serde_yaml::{Mapping, Value};

use specfile::{SpecError, Step, check_name, parse_yaml, read};

use super::{Location, Origins, RawTopology};

/// Longest chain of files.
const DEPTH: usize = 8;

const EXTENDS: &str = "extends";
const CHANGES: &str = "changes";
const BRIDGES: &str = "host-bridges";
/// A port leads to one of them.
const LEADS: [&str; 3] = ["device", "switch", "empty"];

/// Reads `DIR/NAME.yaml`, and what it extends.
///
/// # Errors
/// A file cannot be read, is no topology, or changes what is not there.
pub fn load(dir: &Path, name: &str) -> Result<(RawTopology, Origins), SpecError> {
    let file = dir.join(format!("{name}.yaml"));
    let text = read(&file)?;
    // Most files extend nothing: they are parsed from their text, so that every complaint has its line.
    if parse_yaml::<Value>(&text, &file)?.get(EXTENDS).is_none() {
        return parse(&file, &text);
    }
    let mut origins = Origins::default();
    let merged = merged(dir, name, &mut Vec::new(), &mut origins)?;
    let text = serde_yaml::to_string(&merged)
        .map_err(|error| SpecError::invalid(&file, EXTENDS, error.to_string()))?;
    let raw = parse_yaml(&text, &file).map_err(|error| placed(error, &origins))?;
    Ok((raw, origins))
}

/// Parses the text of a file that extends no other.
///
/// # Errors
/// It is no topology.
pub fn parse(file: &Path, text: &str) -> Result<(RawTopology, Origins), SpecError> {
    let raw = parse_yaml(text, file)?;
    let parts = vec![(Vec::new(), 0, Vec::new())];
    Ok((raw, Origins { files: vec![(file.to_owned(), text.to_owned())], parts }))
}

/// The line of a complaint about the merged text is nobody's; its field leads to where the part was written.
fn placed(error: SpecError, origins: &Origins) -> SpecError {
    let SpecError::Parse { file, message, hint } = error else { return error };
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let field = message.split_once(": ").map_or("", |(field, _)| field);
    // An unknown field is missed in the map around it; where it was written is known all the same.
    let unknown = message.split_once("unknown field `").and_then(|(_, rest)| rest.split('`').next());
    let field = match (unknown, message.starts_with("unknown")) {
        (Some(key), true) => key.to_owned(),
        (Some(key), false) => format!("{field}.{key}"),
        (None, _) => field.to_owned(),
    };
    match origins.location(&field) {
        Some(Location { file, line, column }) => {
            SpecError::Parse { file, message: format!("{message} at line {line} column {column}"), hint }
        }
        None => SpecError::Parse { file, message: message.to_owned(), hint },
    }
}

fn merged(
    dir: &Path,
    name: &str,
    above: &mut Vec<String>,
    origins: &mut Origins,
) -> Result<Mapping, SpecError> {
    let file = dir.join(format!("{name}.yaml"));
    above.push(name.to_owned());
    let text = read(&file)?;
    let mut own: Mapping = parse_yaml(&text, &file)?;
    let base = own.remove(EXTENDS);
    let changes = own.remove(CHANGES);
    let mut whole = match &base {
        None => Mapping::new(),
        Some(base) => merged(dir, &base_name(dir, &file, base, above)?, above, origins)?,
    };
    let index = origins.files.len();
    origins.files.push((file.clone(), text));
    if base.is_none() {
        origins.parts.push((Vec::new(), index, Vec::new()));
    }
    for (key, value) in own {
        lay_over(&mut whole, key, value, index, origins);
    }
    if let Some(changes) = changes {
        let not_a_map = || SpecError::invalid(&file, CHANGES, "it has to be a map from ids to changes");
        for (id, change) in changes.as_mapping().ok_or_else(not_a_map)? {
            let id = id.as_str().ok_or_else(not_a_map)?;
            apply(&mut whole, id, change, index, origins).map_err(|(message, hint)| {
                SpecError::invalid(&file, format!("{CHANGES}.{id}"), message).with_hint(hint)
            })?;
        }
    }
    Ok(whole)
}

/// The name after `extends:`, which must lead to another file of this folder.
fn base_name(dir: &Path, file: &Path, base: &Value, above: &[String]) -> Result<String, SpecError> {
    let wrong = |message: String| SpecError::invalid(file, EXTENDS, message);
    let name = base.as_str().ok_or_else(|| wrong("it has to be the name of a topology".to_owned()))?;
    check_name(name).map_err(wrong)?;
    if above.iter().any(|one| one == name) {
        return Err(wrong(format!("{name} extends itself, by way of {}", above.join(", "))));
    }
    if above.len() >= DEPTH {
        return Err(wrong(format!("a chain of more than {DEPTH} files")));
    }
    if dir.join(format!("{name}.yaml")).is_file() {
        return Ok(name.to_owned());
    }
    let known = specfile::entries(dir)?;
    let known = known.iter().filter_map(|file| file.strip_suffix(".yaml"));
    Err(wrong(format!("there is no topology {name:?}")).with_near(name, known))
}

/// A field of the file itself: in place of the other's, but host bridges come on top.
fn lay_over(whole: &mut Mapping, key: Value, value: Value, file: usize, origins: &mut Origins) {
    let name = key.as_str().unwrap_or_default().to_owned();
    let there = whole.get_mut(&key).and_then(Value::as_sequence_mut).filter(|_| name == BRIDGES);
    if let (Some(there), Value::Sequence(more)) = (there, &value) {
        for (i, bridge) in more.iter().enumerate() {
            let at = |index| vec![Step::Key(name.clone()), Step::Index(index)];
            origins.parts.push((at(there.len()), file, at(i)));
            there.push(bridge.clone());
        }
        return;
    }
    let at = vec![Step::Key(name)];
    origins.parts.push((at.clone(), file, at));
    whole.insert(key, value);
}

/// Alters the part with this id, or the port with this name.
fn apply(
    whole: &mut Mapping,
    id: &str,
    change: &Value,
    file: usize,
    origins: &mut Origins,
) -> Result<(), (String, String)> {
    let parts = parts(whole);
    let Some((_, path, is_port)) = parts.iter().find(|(name, ..)| name == id) else {
        let known: Vec<_> = parts.iter().map(|(name, ..)| name.as_str()).collect();
        let hint = match specfile::did_you_mean(id, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.join(", ")),
        };
        return Err((format!("there is no {id} in what is extended"), hint));
    };
    let here = vec![Step::Key(CHANGES.to_owned()), Step::Key(id.to_owned())];
    let Some(part) = reach(whole, path) else {
        return Err((format!("{id} cannot be reached"), String::new()));
    };
    let Value::Mapping(fields) = change else {
        if !is_port {
            return Err((format!("the change of {id} has to be a map"), format!("{id}: {{ FIELD: VALUE }}")));
        }
        origins.parts.push((path.clone(), file, here));
        *part = change.clone();
        return Ok(());
    };
    let mut map = match (&*part, is_port) {
        (Value::Mapping(map), _) => map.clone(),
        _ => Mapping::from_iter([("empty".into(), true.into())]),
    };
    if *is_port && LEADS.iter().any(|lead| fields.contains_key(*lead)) {
        for lead in LEADS {
            map.remove(lead);
        }
    }
    for (key, value) in fields {
        let name = Step::Key(key.as_str().unwrap_or_default().to_owned());
        let then = |steps: &[Step]| steps.iter().cloned().chain([name.clone()]).collect::<Vec<_>>();
        origins.parts.push((then(path), file, then(&here)));
        if value.is_null() {
            map.remove(key);
        } else {
            map.insert(key.clone(), value.clone());
        }
    }
    *part = Value::Mapping(map);
    Ok(())
}

/// What lies at the end of these steps.
fn reach<'a>(whole: &'a mut Mapping, path: &[Step]) -> Option<&'a mut Value> {
    let (first, rest) = path.split_first()?;
    let Step::Key(key) = first else { return None };
    let mut part = whole.get_mut(key.as_str())?;
    for step in rest {
        part = match step {
            Step::Key(key) => part.get_mut(key.as_str())?,
            Step::Index(index) => part.get_mut(*index)?,
        };
    }
    Some(part)
}

/// Everything that has an id or a port's name, where it is, and whether it is a port.
fn parts(whole: &Mapping) -> Vec<(String, Vec<Step>, bool)> {
    fn ports(
        above: &str,
        kind: &str,
        list: &Value,
        path: &[Step],
        found: &mut Vec<(String, Vec<Step>, bool)>,
    ) {
        for (i, port) in list.as_sequence().into_iter().flatten().enumerate() {
            let at: Vec<_> = path.iter().cloned().chain([Step::Index(i)]).collect();
            found.push((format!("{above}.{kind}{i}"), at.clone(), true));
            for (what, inner) in [("device", ""), ("switch", "downstream")] {
                let Some(thing) = port.get(what) else { continue };
                let at: Vec<_> = at.iter().cloned().chain([Step::Key(what.to_owned())]).collect();
                let id = thing.get("id").and_then(Value::as_str).unwrap_or_default();
                found.push((id.to_owned(), at.clone(), false));
                if let Some(list) = thing.get(inner) {
                    let at: Vec<_> = at.iter().cloned().chain([Step::Key(inner.to_owned())]).collect();
                    ports(id, "dp", list, &at, found);
                }
            }
        }
    }
    let mut found = Vec::new();
    let bridges = whole.get(BRIDGES).and_then(Value::as_sequence).into_iter().flatten();
    for (i, bridge) in bridges.enumerate() {
        let at = vec![Step::Key(BRIDGES.to_owned()), Step::Index(i)];
        let id = bridge.get("id").and_then(Value::as_str).unwrap_or_default();
        found.push((id.to_owned(), at.clone(), false));
        if let Some(list) = bridge.get("root-ports") {
            let at: Vec<_> = at.iter().cloned().chain([Step::Key("root-ports".to_owned())]).collect();
            ports(id, "rp", list, &at, &mut found);
        }
    }
    found
}
