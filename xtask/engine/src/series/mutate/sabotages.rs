//! Which mutants lie where the sabotages of a series do: what a person found worth undoing, a machine should have thought of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use coverage::{Coverage, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Candidate;
use crate::series::mail::hunk;

/// A sabotage with the mutants on its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SabotageMutants {
    /// Name of the sabotage.
    pub name: String,
    /// The mutants on a line that it changes, or, where it only adds some, on the lines around these.
    pub mutants: Vec<String>,
    /// Why there is none; empty where there is one.
    pub why: String,
}

impl SabotageMutants {
    /// Of the sabotage with this name and patch, on top of the tree whose files are `source`.
    pub fn of(
        (name, patch): (&str, &str),
        coverage: &Coverage,
        source: &BTreeMap<String, String>,
        candidates: &[Candidate],
    ) -> Self {
        let touched = touched(patch, source);
        let on = |file: &str, line: u32| touched.get(file).is_some_and(|lines| lines.contains(&line));
        let mutants: Vec<String> =
            candidates.iter().filter(|one| on(&one.file, one.line)).map(|one| one.id.clone()).collect();
        let why = if mutants.is_empty() {
            let own: Vec<_> = coverage.lines().filter(|line| on(&line.file, line.line)).collect();
            let shown = |text: &str| format!("`{}`", text.trim());
            match own.iter().find(|line| line.state != State::NoCode).or(own.first()) {
                Some(line) if line.state == State::NoCode => format!("{} has no code", shown(&line.text)),
                Some(line) => format!("no operator changes {}", shown(&line.text)),
                None => "the series did not write the lines that it changes".to_owned(),
            }
        } else {
            String::new()
        };
        Self { name: name.to_owned(), mutants, why }
    }
}

impl fmt::Display for SabotageMutants {
    /// In one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sabotage {}: ", self.name)?;
        if self.mutants.is_empty() {
            write!(f, "no mutant: {}", self.why)
        } else {
            write!(f, "{}", self.mutants.join(", "))
        }
    }
}

/// The lines that a patch changes, by file, in the numbers of the tree that it applies to: those that it removes, and of those that it
/// adds in the place of none the lines before and behind.
fn touched(patch: &str, source: &BTreeMap<String, String>) -> BTreeMap<String, BTreeSet<u32>> {
    let mut found: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut file = None;
    let mut lines = patch.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("+++ b/") {
            file = Some(name.to_owned());
        }
        let Some((file, (Some(start), wanted))) = file.as_ref().zip(hunk(line.as_bytes())) else { continue };
        let (mut old, mut new) = wanted;
        let mut body = Vec::new();
        while old > 0 || new > 0 {
            let Some(line) = lines.next() else { break };
            // That the line above has no line end is no line.
            if line.starts_with('\\') {
                continue;
            }
            let (removed, added) = (line.starts_with('-'), line.starts_with('+'));
            // What is neither is context; an empty line is one that lost its blank.
            old -= u32::from(!added && old > 0);
            new -= u32::from(!removed && new > 0);
            body.push(line);
        }
        if let Some(text) = source.get(file) {
            found.entry(file.clone()).or_default().extend(changed(&body, start, text));
        }
    }
    found
}

/// The lines of a file that a hunk changes. As git does it, the hunk is looked for where it says, and then ever farther from there.
fn changed(body: &[&str], start: usize, text: &str) -> BTreeSet<u32> {
    let (file, old): (Vec<&str>, Vec<&str>) = (
        text.lines().collect(),
        body.iter().filter(|line| !line.starts_with('+')).map(|line| line.get(1..).unwrap_or("")).collect(),
    );
    let fits = |at: &usize| file.get(*at..at + old.len()).is_some_and(|there| there == old);
    let wanted = start.saturating_sub(1);
    let Some(at) = (0..file.len()).filter(fits).min_by_key(|at| at.abs_diff(wanted)) else {
        return BTreeSet::new();
    };
    let mut touched = BTreeSet::new();
    let mut number = at;
    let mut after_removed = false;
    for line in body {
        match line.as_bytes().first() {
            Some(b'-') => {
                touched.insert(number + 1);
                number += 1;
            }
            Some(b'+') if !after_removed => touched.extend([number, number + 1]),
            Some(b'+') => {}
            _ => number += 1,
        }
        after_removed = line.starts_with('-') || after_removed && line.starts_with('+');
    }
    touched.into_iter().filter_map(|line| u32::try_from(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use coverage::{CoveredLine, CoveredPatch, Totals};

    use super::*;

    const SOURCE: &str = "int x;\nint f(int a)\n{\n\tif (a)\n\t\treturn -EIO;\n\tg();\n\treturn 0;\n}\n";

    fn of(hunk: &str) -> String {
        let line = |line: u32, state| CoveredLine {
            file: "f.c".to_owned(),
            line,
            text: SOURCE.lines().nth(line as usize - 1).unwrap_or_default().to_owned(),
            state,
            reason: String::new(),
            count: 0,
            cases: Vec::new(),
        };
        let lines =
            vec![line(3, State::NoCode), line(4, State::Ran), line(5, State::Ran), line(7, State::Ran)];
        let patch = CoveredPatch { n: 1, subject: "f".to_owned(), coverable: 3, covered: 3, lines };
        let (totals, only, smallest) = (Totals::default(), Vec::new(), Vec::new());
        let coverage = Coverage { series: "s".to_owned(), patches: vec![patch], totals, only, smallest };
        let candidate = Candidate {
            id: "3f9a1c02".to_owned(),
            patch: 1,
            file: "f.c".to_owned(),
            line: 4,
            operator: "negate".to_owned(),
            of_lifetime: false,
            diff: String::new(),
            cases: Vec::new(),
        };
        let source = BTreeMap::from([("f.c".to_owned(), SOURCE.to_owned())]);
        let patch = format!("Subject: x\n\nWhy.\n---\n--- a/f.c\n+++ b/f.c\n{hunk}-- \n2.43.0\n\n");
        SabotageMutants::of(("x", &patch), &coverage, &source, &[candidate]).to_string()
    }

    #[test]
    fn a_sabotage_is_told_its_mutants_or_why_there_is_none() {
        // Elsewhere than the hunk says.
        assert_eq!(
            of("@@ -40,2 +40,2 @@ f\n-\tif (a)\n+\tif (!a)\n \t\treturn -EIO;\n"),
            "sabotage x: 3f9a1c02"
        );
        assert_eq!(of("@@ -3,2 +3,3 @@\n {\n+\th();\n \tif (a)\n"), "sabotage x: 3f9a1c02");
        assert_eq!(
            of("@@ -5,2 +5,1 @@\n \t\treturn -EIO;\n-\tg();\n"),
            "sabotage x: no mutant: the series did not write the lines that it changes"
        );
        assert_eq!(
            of("@@ -7,1 +7,1 @@\n-\treturn 0;\n+\treturn 1;\n"),
            "sabotage x: no mutant: no operator changes `return 0;`"
        );
        assert_eq!(
            of("@@ -2,2 +2,2 @@\n int f(int a)\n-{\n+{ g();\n"),
            "sabotage x: no mutant: `{` has no code"
        );
    }
}
