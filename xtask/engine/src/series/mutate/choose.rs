//! Which mutants a series has.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coverage::{Coverage, CoveredLine, Place, State};
use mutants::Mutant;
use serde::{Deserialize, Serialize};

use super::patch;

/// Digits of a mutant's name.
const NAME: usize = 8;

/// A mutant that may be tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Candidate {
    /// Names it: a hash of the line, of what is done to it and of how many like it come before. It stays as long as the line does.
    pub id: String,
    /// Number of the patch that wrote the line, from 1.
    pub patch: usize,
    /// The file.
    pub file: String,
    /// The line in the tree that was built, from 1.
    pub line: u32,
    /// What is done.
    pub operator: String,
    /// Whether it concerns a lock, a reference or something of a device's.
    pub of_lifetime: bool,
    /// The change, as a patch to the tree that was built.
    pub diff: String,
    /// Where the line ran, as in [`CoveredLine::cases`]; none where it did not.
    pub cases: Vec<String>,
}

impl Candidate {
    /// Where its line ran: in cases, or, where no case runs it by itself, while guests booted.
    pub fn places(&self) -> BTreeSet<Place> {
        let all: BTreeSet<Place> = self.cases.iter().filter_map(|name| name.parse().ok()).collect();
        let by_case: BTreeSet<Place> = all.iter().filter(|place| place.case.is_some()).cloned().collect();
        if by_case.is_empty() { all } else { by_case }
    }
}

/// The mutants of all lines of a series that have code, by place. `source` has the files of the tree that was built.
pub fn candidates(coverage: &Coverage, source: &BTreeMap<String, String>) -> Vec<Candidate> {
    let mut lines: BTreeMap<&str, HashMap<u32, (usize, &CoveredLine)>> = BTreeMap::new();
    for patch in &coverage.patches {
        for line in patch.lines.iter().filter(|line| line.state != State::NoCode) {
            lines.entry(&line.file).or_default().insert(line.line, (patch.n, line));
        }
    }
    let mut found = Vec::new();
    for (file, lines) in lines {
        let Some(text) = source.get(file) else { continue };
        let mut seen: HashMap<String, usize> = HashMap::new();
        for mutant in mutants::of_source(text, |line| lines.contains_key(&line)) {
            let (patch, line) = lines[&mutant.line];
            let key = format!("{file}\n{}\n{}\n{}", line.text.trim(), mutant.operator, change(text, &mutant));
            let number = seen.entry(key.clone()).or_default();
            let id = host::sha256(format!("{key}\n{number}"))[..NAME].to_owned();
            *number += 1;
            found.push(Candidate {
                id,
                patch,
                file: file.to_owned(),
                line: mutant.line,
                operator: mutant.operator.word().to_owned(),
                of_lifetime: mutant.of_lifetime,
                diff: patch::diff(file, text, &mutant),
                cases: line.cases.clone(),
            });
        }
    }
    found
}

/// What is replaced, and by what.
fn change(text: &str, mutant: &Mutant) -> String {
    format!("{}\n{}", &text[mutant.from..mutant.to], mutant.text)
}

/// The files that have a line with code.
pub fn files(coverage: &Coverage) -> BTreeSet<&str> {
    coverage.lines().filter(|line| line.state != State::NoCode).map(|line| line.file.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use coverage::{CoveredPatch, Totals};

    use super::*;

    const SOURCE: &str =
        "int f(int a)\n{\n\tif (a)\n\t\treturn -EIO;\n\tif (a)\n\t\treturn -EIO;\n\treturn 0;\n}\n";

    fn coverage(first: u32) -> Coverage {
        let line = |line: u32, state, cases: &[&str]| CoveredLine {
            file: "f.c".to_owned(),
            line,
            text: SOURCE.lines().nth((line - first) as usize + 2).unwrap_or_default().to_owned(),
            state,
            reason: String::new(),
            count: 0,
            cases: cases.iter().map(|&case| case.to_owned()).collect(),
        };
        let lines = vec![
            line(first, State::Ran, &["direct attach/one"]),
            line(first + 1, State::NotRun, &[]),
            line(first + 2, State::Ran, &["direct attach/one", "switch attach/two"]),
            line(first + 4, State::NoCode, &[]),
        ];
        let patch = CoveredPatch { n: 2, subject: "f".to_owned(), coverable: 3, covered: 2, lines };
        let (totals, only, smallest) = (Totals::default(), Vec::new(), Vec::new());
        Coverage { series: "s".to_owned(), patches: vec![patch], totals, only, smallest }
    }

    fn shown(coverage: &Coverage, source: &str) -> Vec<String> {
        let all = candidates(coverage, &BTreeMap::from([("f.c".to_owned(), source.to_owned())]));
        all.iter()
            .map(|one| format!("{} {} {} {}", one.line, one.operator, one.patch, one.cases.len()))
            .collect()
    }

    #[test]
    fn lines_with_code_have_mutants_and_others_have_none() {
        assert_eq!(
            shown(&coverage(3), SOURCE),
            [
                "3 negate 2 1",
                "3 always 2 1",
                "3 never 2 1",
                "4 succeed 2 0",
                "5 negate 2 2",
                "5 always 2 2",
                "5 never 2 2"
            ]
        );
    }

    #[test]
    fn a_name_stays_when_other_lines_come_and_goes_with_its_line() {
        let names = |coverage: &Coverage, source: &str| -> Vec<String> {
            let all = candidates(coverage, &BTreeMap::from([("f.c".to_owned(), source.to_owned())]));
            all.into_iter().map(|one| one.id).collect()
        };
        let before = names(&coverage(3), SOURCE);
        assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), before.len(), "two equal lines are two");
        assert_eq!(names(&coverage(4), &format!("int g;\n{SOURCE}")), before);
        let mut other = coverage(3);
        other.patches[0].lines[0].text = "\tif (b)".to_owned();
        let after = names(&other, &SOURCE.replacen("if (a)", "if (b)", 1));
        assert!(after[..3].iter().all(|name| !before.contains(name)));
        assert_eq!(after[3], before[3]);
    }
}
