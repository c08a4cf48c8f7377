//! Results alone: LAVA's list of a job's results in YAML, TuxRun's `results.json` and the same in YAML.

use std::io::{self, BufRead, Read};

use serde_json::Value;

use super::flow;
use super::result::case;
use crate::Case;
use crate::case::{MOST_CASES, too_many};

/// No file of results is longer.
const LONGEST: u64 = 64 << 20;

/// Whether a text begins as such a file.
pub(super) fn begins(text: &str) -> bool {
    if text.starts_with('{') {
        return is_nested_json(text);
    }
    let field = |name: &str| text.lines().any(|line| line.trim_start_matches([' ', '-']).starts_with(name));
    if let Some(entry) = text.strip_prefix("- ") {
        let first = entry.lines().next().and_then(flow::mapping);
        if let Some(map) = first {
            return map.contains_key("result") && map.contains_key("suite");
        }
        return field("result: ") && (field("suite: ") || field("definition: "));
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let key = |line: &str| line.trim_end().ends_with(':') && !line.trim().contains(' ');
    let outer = lines.next().is_some_and(|line| !line.starts_with(' ') && key(line));
    outer && lines.next().is_some_and(|line| line.starts_with(' ') && key(line)) && field("result: ")
}

/// `{"suite": {"case": {"result": …`.
fn is_nested_json(text: &str) -> bool {
    let mut parts = text.split('"');
    let opens = |part: Option<&str>, mark: &str| {
        part.is_some_and(|part| part.split_whitespace().collect::<String>() == mark)
    };
    opens(parts.next(), "{")
        && parts.next().is_some()
        && opens(parts.next(), ":{")
        && text.contains("\"result\"")
}

/// Reads a file of results.
///
/// # Errors
/// It could not be read to its end.
pub(crate) fn results(log: &mut impl BufRead) -> io::Result<Vec<Case>> {
    let mut bytes = Vec::new();
    log.by_ref().take(LONGEST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut cases = if text.trim_start().starts_with('{') { json(&text) } else { yaml(&text) };
    if cases.len() > MOST_CASES {
        cases.truncate(MOST_CASES);
        cases.push(Case::flaw("results", too_many()));
    }
    if bytes.len() as u64 == LONGEST {
        cases.push(Case::flaw("results", "the file is too long: the rest is not judged".to_owned()));
    }
    Ok(cases)
}

fn json(text: &str) -> Vec<Case> {
    match serde_json::from_str(text) {
        Ok(value) => {
            let mut cases = Vec::new();
            walk("", "", &value, &mut cases);
            cases
        }
        Err(error) => vec![Case::flaw("results", format!("no JSON: {error}"))],
    }
}

/// Every mapping with a result is a case, named by the path to it.
fn walk(suite: &str, name: &str, value: &Value, cases: &mut Vec<Case>) {
    let Some(map) = value.as_object() else { return };
    if let Some(result) = map.get("result").and_then(Value::as_str) {
        let reason = map.get("error_msg").and_then(Value::as_str).unwrap_or_default();
        cases.push(case(suite, name, result, reason));
    }
    let path = [suite, name].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    for (key, inner) in map {
        walk(&path, key, inner, cases);
    }
}

/// A list of mappings, or mappings within each other, as far as their indentation shows it.
fn yaml(text: &str) -> Vec<Case> {
    let mut entries = Entries::default();
    for line in text.lines() {
        entries.take(line);
    }
    entries.close(0);
    entries.cases
}

#[derive(Default)]
struct Entries {
    /// Keys of the mappings that are open, each with its column.
    path: Vec<(usize, String)>,
    /// Fields of the mapping that is read, which stand in one column.
    fields: Vec<(String, String)>,
    column: usize,
    /// Whether they are entries of a list: what is deeper is of none.
    listed: bool,
    cases: Vec<Case>,
}

impl Entries {
    fn take(&mut self, line: &str) {
        let text = line.trim_start_matches([' ', '-']);
        let column = line.len() - text.len();
        if line.starts_with("- ") {
            self.close(0);
            (self.column, self.listed) = (column, true);
            if let Some(map) = flow::mapping(text) {
                self.fields = map.into_iter().map(|(key, value)| (key, value.text().to_owned())).collect();
                return self.close(0);
            }
        }
        if self.listed && column != self.column {
            return;
        }
        let Some((key, value)) = text.split_once(':') else { return };
        let (key, value) = (unquoted(key), unquoted(value));
        self.close(column);
        if value.is_empty() && !self.listed {
            self.path.push((column, key.to_owned()));
            self.column = usize::MAX;
        } else if self.column == usize::MAX || self.column == column || self.fields.is_empty() {
            self.column = column;
            self.fields.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Closes what is deeper than a column.
    fn close(&mut self, column: usize) {
        if column < self.column {
            self.flush();
        }
        while self.path.last().is_some_and(|(at, _)| *at >= column) {
            if self.column != usize::MAX && column <= self.column {
                self.flush();
            }
            self.path.pop();
        }
    }

    fn flush(&mut self) {
        let fields = std::mem::take(&mut self.fields);
        if !self.listed {
            self.column = usize::MAX;
        }
        let get = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| fields.iter().find(|(key, _)| key == name));
            found.map(|(_, value)| value.as_str())
        };
        let Some(result) = get(["result", "result"]) else { return };
        let keys: Vec<&str> = self.path.iter().map(|(_, key)| key.as_str()).collect();
        let (outer, inner) = keys.split_at(keys.len().saturating_sub(1));
        let outer = outer.join("/");
        let name = get(["name", "case"]).or(inner.first().copied()).unwrap_or_default();
        let suite = get(["suite", "definition"]).unwrap_or(&outer);
        self.cases.push(case(suite, name, result, get(["error_msg", "reason"]).unwrap_or_default()));
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let within = |mark| text.strip_prefix(mark).and_then(|text| text.strip_suffix(mark));
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let cases = results(&mut text.as_bytes()).expect("a slice is readable");
        let lines = cases.iter().map(|case| format!("{} {} {}\n", case.outcome, case.name, case.reason));
        format!("{}\n{}", begins(text), lines.collect::<String>())
    }

    #[test]
    fn of_lava_and_of_tuxrun() {
        let all = [
            "- id: '1'\n  job: '7'\n  metadata:\n    case: boot\n    result: pass\n  name: boot\n  result: pass\n  suite: lava\n- id: '2'\n  name: region\n  result: fail\n  suite: 0_cxl\n",
            "- {id: '1', name: region, result: skip, suite: 0_cxl}\n- {id: '2', name: labels, result: pass, suite: 0_cxl}\n",
            "{\"lava\": {\"boot\": {\"result\": \"pass\", \"duration\": \"3.1\"}}, \"cxl\": {\"region\": {\"result\": \"fail\", \"error_msg\": \"exit 1\"}}}",
            "lava:\n  boot:\n    duration: '3.1'\n    result: pass\ncxl:\n  region:\n    result: fail\n  labels:\n    result: unknown\n",
            "{\"lava\": {\"boot\": {\"result\": \"pa",
            "notes:\n  - nothing\n",
        ];
        insta::assert_snapshot!(all.map(shown).join("--\n"), @r"
        true
        pass lava/boot 
        fail 0_cxl/region 
        --
        true
        skip 0_cxl/region 
        pass 0_cxl/labels 
        --
        true
        pass lava/boot 
        fail cxl/region exit 1
        --
        true
        pass lava/boot 
        fail cxl/region 
        not-run cxl/labels its result is not known
        --
        true
        fail results no JSON: EOF while parsing a string at line 1 column 32
        --
        false
        ");
    }
}
