//! What LAVA and TuxRun leave of a job: `log.yaml`, whose lines are a board's console and the results, and the results alone.
//!
//! Each line of the log is one mapping in YAML's flow style, which the dispatcher writes (lava_common/log.py, `YAMLLogger`):
//! `- {"dt": "…", "lvl": "target", "msg": "…"}`. What the target said is judged as any console; `results` are cases.

mod flow;
mod result;
mod results;

use flow::Value;
use result::case;

use crate::Case;

pub(crate) use results::results;

/// What a line of the log holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Entry {
    /// The target's output, in one line.
    Console(String),
    Result(Case),
    /// What LAVA itself says.
    Other,
}

/// Reads a line of the log; none where it is none of LAVA's.
pub(crate) fn entry(line: &str) -> Option<Entry> {
    let entry = flow::mapping(line.trim().strip_prefix("- ")?)?;
    let message = entry.get("msg")?;
    Some(match (entry.get("lvl")?.text(), message) {
        ("target" | "feedback", Value::Text(text)) => Entry::Console(text.replace(['\n', '\r'], " ")),
        ("target" | "feedback", Value::List(texts)) => {
            Entry::Console(texts.iter().map(Value::text).collect::<Vec<_>>().join(" "))
        }
        ("results", Value::Map(result)) => {
            let field = |name: &str| result.get(name).map_or("", Value::text);
            let reason = ["error_msg", "reason"].map(field).into_iter().find(|text| !text.is_empty());
            Entry::Result(case(
                field("definition"),
                field("case"),
                field("result"),
                reason.unwrap_or_default(),
            ))
        }
        _ => Entry::Other,
    })
}

/// What a file of LAVA's is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Log,
    Results,
}

/// Whether a file is LAVA's or TuxRun's.
pub(crate) fn shape(head: &[u8]) -> Option<Shape> {
    let text = String::from_utf8_lossy(&head[..head.len().min(8192)]);
    let text = text.trim_start_matches("---\n");
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if entry(lines.next()?).is_some() {
        return Some(Shape::Log);
    }
    results::begins(text).then_some(Shape::Results)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_log() {
        let lines = [
            r#"- {"dt": "2026-11-24T10:00:00.100000", "lvl": "target", "msg": "[    0.000000] a \"quoted\" \x1b[0mline\t\u00e9"}"#,
            r"- {'dt': '2026-11-24T10:00:00.100000', 'lvl': 'target', 'msg': 'it''s one'}",
            r"- {dt: 2026-11-24T10:00:00, lvl: target, msg: plain words}",
            r#"- {"dt": "x", "lvl": "target", "msg": ["two", "parts"]}"#,
            r#"- {"dt": "x", "lvl": "results", "msg": {"case": "a", "definition": "cxl", "result": "fail"}}"#,
            r#"- {"dt": "x", "lvl": "results", "msg": {"case": "a", "result": "odd", "extra": {"b": [1, {"c": 2}]}}}"#,
            r#"- {"dt": "x", "lvl": "results", "msg": {"case": "a", "result": "fail", "error_msg": "", "reason": "why"}}"#,
            r#"- {"dt": "x", "lvl": "info", "msg": "start: 1 deploy"}"#,
            r#"- {"dt": "x", "lvl": "target", "msg": "torn"#,
            "- a list",
            "- {}",
        ];
        let read = lines.map(|line| match entry(line) {
            Some(Entry::Result(case)) => format!("{} {} {}", case.outcome, case.name, case.reason),
            other => format!("{other:?}"),
        });
        insta::assert_snapshot!(read.join("\n"), @r#"
        Some(Console("[    0.000000] a \"quoted\" \u{1b}[0mline\té"))
        Some(Console("it's one"))
        Some(Console("plain words"))
        Some(Console("two parts"))
        fail cxl/a 
        fail a its result is none that is known
        fail a why
        Some(Other)
        None
        None
        None
        "#);
    }

    #[test]
    fn a_file_is_known_by_its_first_line_that_says_something() {
        let line = r#"- {"dt": "x", "lvl": "target", "msg": "a"}"#;
        for head in ["", "---\n", "# made by a robot\n", "\n", "---\n\n# a\n  \n"] {
            assert_eq!(shape(format!("{head}{line}\n").as_bytes()), Some(Shape::Log), "{head:?}");
        }
        assert_eq!(shape(b"a line\n"), None);
        assert_eq!(shape(b""), None);
    }
}
