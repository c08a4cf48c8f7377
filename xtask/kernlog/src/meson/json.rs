//! `testlog.json`: one object a line.

use std::io::{self, BufRead, Read};

use serde::Deserialize;

use super::outcome;
use super::results::Results;
use crate::case::MOST_CASES;
use crate::{Case, CaseOutcome};

/// A line holds a test's whole output; a longer one is not read.
const LONGEST: u64 = 256 << 20;

#[derive(Deserialize)]
struct Line {
    name: String,
    result: String,
    #[serde(default)]
    duration: Option<f64>,
    #[serde(default)]
    returncode: Option<i64>,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

/// Reads the lines of a `testlog.json`. A line that is no result is a flaw, and red.
///
/// # Errors
/// It could not be read to its end.
pub(crate) fn json(log: &mut impl BufRead) -> io::Result<Results> {
    let mut results = Results::default();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if log.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        if results.cases.len() == MOST_CASES {
            let reason = format!("more than {MOST_CASES} results: line {number} and on are not judged");
            results.cases.push(Case::flaw("testlog", reason));
            break;
        }
        let text = String::from_utf8_lossy(&line);
        results.cases.push(match serde_json::from_str::<Line>(&text) {
            Ok(read) => case(read),
            Err(error) => Case::flaw("testlog", format!("line {number} is no result of meson's: {error}")),
        });
    }
    Ok(results)
}

fn case(line: Line) -> Case {
    let detail = line.returncode.map(outcome::ended).unwrap_or_default();
    let Some(outcome) = outcome::of_word(&line.result) else {
        return Case::flaw(&line.name, format!("result {:?} is none that is known", line.result));
    };
    let mut output = outcome::tail(&line.stdout);
    output.extend(outcome::tail(&line.stderr));
    let reason = outcome::reason(outcome, &line.result, &detail, &output);
    if outcome == CaseOutcome::Pass {
        output.clear();
    }
    Case { name: line.name, outcome, reason, seconds: line.duration, diagnostics: output }
}
