//! What was parsed, and what it comes to.

use crate::{Case, CaseOutcome, Subtest, Totals};

/// A whole of KTAP output: one document, or several one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ktap {
    /// Whether a version line was there. kunit.py sees no results without one.
    pub headed: bool,
    /// Whether there was anything of KTAP at all.
    pub found: bool,
    /// Tests of the outermost level, in order, the missing ones included.
    pub tests: Vec<Test>,
    /// What is wrong with the output itself.
    pub complaints: Vec<Complaint>,
    /// The reason behind `Bail out!`; empty if it gave none.
    pub bailed: Option<String>,
    /// The reason behind `1..0 # SKIP`.
    pub skipped: Option<String>,
}

/// A flaw of the output itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Line of the log, from 1.
    pub line: u64,
    /// What is wrong, in one line.
    pub text: String,
    /// Whether it makes the whole fail.
    pub red: bool,
}

/// One test, which may have subtests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Its name, as printed; empty where the result has none.
    pub name: String,
    /// What it comes to, its subtests counted in.
    pub outcome: CaseOutcome,
    /// Why, in one line; empty where the log gives no reason.
    pub reason: String,
    /// Lines before its result that are nothing else, the last ones.
    pub remarks: Vec<String>,
    /// Its subtests.
    pub subtests: Vec<Test>,
    /// Line of the log, from 1.
    pub line: u64,
    /// Whether the log began within the level of this test: nobody knows what of its subtests is missing.
    pub(super) partial: bool,
}

impl Test {
    /// A test with its subtests counted in. `announced`: a header promised some.
    pub(super) fn settle(mut self, announced: bool, all_skipped: Option<String>) -> Self {
        let red = first_red(&self.subtests);
        if self.subtests.iter().any(|t| t.outcome == CaseOutcome::Crash) {
            self.outcome = CaseOutcome::Crash;
        } else if let (Some(red), false) = (&red, self.outcome.is_red()) {
            self.outcome = CaseOutcome::Fail;
            self.reason = format!("says ok, but {red}");
        } else if announced && self.subtests.is_empty() && self.outcome == CaseOutcome::Pass {
            (self.outcome, self.reason) = match all_skipped {
                Some(reason) => (CaseOutcome::Skip, reason),
                None => (CaseOutcome::NotRun, "announces subtests and ran none".to_owned()),
            };
        }
        self
    }

    fn leaves<'t>(&'t self, path: &str, into: &mut Vec<(String, &'t Self)>) {
        let name = if self.name.is_empty() { format!("line {}", self.line) } else { self.name.clone() };
        let name = if path.is_empty() { name } else { format!("{path}/{name}") };
        let before = into.len();
        for test in &self.subtests {
            test.leaves(&name, into);
        }
        // A parent counts by itself only when nothing below it shows why it is red, or not all may be there that is below it.
        if self.subtests.is_empty()
            || self.partial
            || (self.outcome.is_red() && !into[before..].iter().any(|(_, t)| t.outcome.is_red()))
        {
            into.push((name, self));
        }
    }
}

fn first_red(tests: &[Test]) -> Option<String> {
    tests.iter().find(|t| t.outcome.is_red()).map(|t| format!("{} of its subtests is {}", t.name, t.outcome))
}

impl Ktap {
    /// The tests that have no subtests, each with the path of its name, and the parents that are red for
    /// no reason of their subtests.
    pub fn leaves(&self) -> Vec<Subtest> {
        let subtest = |(name, test): (String, &Test)| {
            let (outcome, reason) = (test.outcome, test.reason.clone());
            Subtest { name, outcome, reason }
        };
        self.named().into_iter().map(subtest).collect()
    }

    /// As [`Ktap::leaves`], each with the lines before its result.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let case = |(name, test): (String, &Test)| {
            let remark = |text: &String| text.strip_prefix("# ").unwrap_or(text).to_owned();
            let (outcome, reason) = (test.outcome, test.reason.clone());
            let diagnostics = test.remarks.iter().map(remark).collect();
            Case { name, outcome, reason, seconds: None, diagnostics }
        };
        self.named().into_iter().map(case).collect()
    }

    /// Flaws of the output that make nothing fail, in words.
    pub(crate) fn notes(&self) -> Vec<String> {
        let flaws = self.complaints.iter().filter(|flaw| !flaw.red);
        flaws.map(|flaw| format!("line {}: {}", flaw.line, flaw.text)).collect()
    }

    fn named(&self) -> Vec<(String, &Test)> {
        let mut all = Vec::new();
        for test in &self.tests {
            test.leaves("", &mut all);
        }
        all
    }

    /// How many of the leaves ended how.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for leaf in self.leaves() {
            totals.add(leaf.outcome);
        }
        totals
    }

    /// What the whole comes to, and why where it is not a plain pass.
    pub fn outcome(&self) -> (CaseOutcome, String) {
        let leaves = self.leaves();
        let has = |outcome| leaves.iter().any(|t| t.outcome == outcome);
        let red = red_leaves(&leaves);
        if has(CaseOutcome::Crash) {
            return (CaseOutcome::Crash, red);
        }
        if let Some(why) = &self.bailed {
            let why = if why.is_empty() { "without a word" } else { why };
            return (CaseOutcome::Fail, format!("bailed out: {why}"));
        }
        if !red.is_empty() {
            return (CaseOutcome::Fail, red);
        }
        if let Some(complaint) = self.complaints.iter().find(|c| c.red) {
            return (CaseOutcome::Fail, format!("line {}: {}", complaint.line, complaint.text));
        }
        if has(CaseOutcome::Pass) || has(CaseOutcome::Xfail) {
            return (CaseOutcome::Pass, String::new());
        }
        if let Some(skip) = leaves.iter().find(|t| t.outcome == CaseOutcome::Skip) {
            return (CaseOutcome::Skip, skip.reason.clone());
        }
        match &self.skipped {
            Some(reason) => (CaseOutcome::Skip, reason.clone()),
            None if self.found => (CaseOutcome::NotRun, "0 tests were run".to_owned()),
            None => (CaseOutcome::NotRun, "no KTAP output".to_owned()),
        }
    }
}

/// "a: why; b" for the first few, and how many more there are.
fn red_leaves(leaves: &[Subtest]) -> String {
    const SHOWN: usize = 5;
    let red: Vec<&Subtest> = leaves.iter().filter(|t| t.outcome.is_red()).collect();
    let mut parts: Vec<String> = red
        .iter()
        .take(SHOWN)
        .map(|t| {
            let what = if t.outcome == CaseOutcome::Fail { "not ok" } else { t.outcome.word() };
            let why = if t.reason.is_empty() { String::new() } else { format!(" ({})", t.reason) };
            format!("{what}: {}{why}", t.name)
        })
        .collect();
    if red.len() > SHOWN {
        parts.push(format!("and {} more", red.len() - SHOWN));
    }
    parts.join("; ")
}
