//! A series patch by patch: what each one does to the build, to the compiler's words, and to the chosen cells.

use std::fmt;

use serde::Serialize;

use kernlog::Verdict;

/// What came of one check of one patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Not so: why, in one or more lines.
    Failed(String),
    /// There was nothing to check, or no way to.
    Skipped(String),
}

impl Outcome {
    /// Whether it is not as it should be.
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed(_) => "FAIL",
            Self::Skipped(_) => "-",
        }
    }
}

/// The checks, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// It applies to what is there before it.
    Applies,
    /// The kernel and its modules compile.
    Builds,
    /// `tools/testing/cxl` compiles.
    Mock,
    /// The compiler, kernel-doc and sparse say nothing new at `W=1` of the files that it touches.
    Warnings,
    /// The chosen cells are green.
    Boots,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Applies, Self::Builds, Self::Mock, Self::Warnings, Self::Boots];

    fn heading(self) -> &'static str {
        match self {
            Self::Applies => "applies",
            Self::Builds => "builds",
            Self::Mock => "cxl_test",
            Self::Warnings => "W=1",
            Self::Boots => "boots",
        }
    }
}

/// A patch, or the tree before the first one, with what came of each check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Number of the patch; that of the last one before them for the tree that all are compared with.
    pub number: usize,
    /// Its subject; empty for the tree before.
    pub subject: String,
    /// Outcomes of the checks that were made.
    pub checks: Vec<(Check, Outcome)>,
    /// Seconds that it took.
    pub seconds: f64,
}

impl Row {
    /// A row without checks.
    pub fn new(number: usize, subject: &str) -> Self {
        Self { number, subject: subject.to_owned(), checks: Vec::new(), seconds: 0.0 }
    }

    /// Notes a check and hands back whether it was passed.
    pub fn note(&mut self, check: Check, outcome: Outcome) -> bool {
        let passed = !outcome.is_failed();
        self.checks.push((check, outcome));
        passed
    }

    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = (Check, &str)> {
        self.checks.iter().filter_map(|(check, outcome)| match outcome {
            Outcome::Failed(why) => Some((*check, why.as_str())),
            _ => None,
        })
    }

    /// What is to be said of the patch to b4, one entry a check (b4 0.16, `review-perpatch-check-cmd`).
    pub fn for_b4(&self) -> Vec<Answer> {
        let answer = |(check, outcome): &(Check, Outcome)| {
            let what = check.heading();
            let (status, summary, details) = match outcome {
                Outcome::Ok => ("pass", what.to_owned(), String::new()),
                Outcome::Skipped(why) => ("warn", format!("{what}: not checked"), why.clone()),
                Outcome::Failed(why) => {
                    let status = if *check == Check::Warnings { "warn" } else { "fail" };
                    let first = why.lines().next().unwrap_or_default();
                    (status, format!("{what}: {first}"), why.clone())
                }
            };
            Answer { tool: "cxl-patchbench", status, summary, details }
        };
        self.checks.iter().map(answer).collect()
    }

    fn word(&self, check: Check) -> &'static str {
        self.checks.iter().find(|(known, _)| *known == check).map_or("", |(_, outcome)| outcome.word())
    }
}

/// An entry of what b4 reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    tool: &'static str,
    /// `pass`, `warn` or `fail`.
    status: &'static str,
    summary: String,
    details: String,
}

/// Widest subject that is shown.
const SUBJECT: usize = 56;

/// The line above the rows.
pub fn heading() -> String {
    let checks: String = Check::ALL.iter().map(|check| format!("  {:8}", check.heading())).collect();
    format!("{:>3}  {:SUBJECT$}{checks}  seconds", "", "patch")
}

impl fmt::Display for Row {
    /// The row, and below it what is to be said of it, indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject: String = match self.subject.as_str() {
            "" => "(before)".to_owned(),
            subject if subject.chars().count() > SUBJECT => {
                subject.chars().take(SUBJECT - 1).chain(['…']).collect()
            }
            subject => subject.to_owned(),
        };
        write!(f, "{:>3}  {subject:SUBJECT$}", self.number)?;
        for check in Check::ALL {
            write!(f, "  {:8}", self.word(check))?;
        }
        write!(f, "  {:7.1}", self.seconds)?;
        for (check, outcome) in &self.checks {
            let why = match outcome {
                Outcome::Ok => continue,
                Outcome::Failed(why) | Outcome::Skipped(why) => why,
            };
            for (at, line) in why.lines().enumerate() {
                let lead = if at == 0 { check.heading() } else { "" };
                write!(f, "\n     {lead:8}  {line}")?;
            }
        }
        Ok(())
    }
}

/// What a verdict says of a patch.
pub fn of_verdict(verdict: Verdict, results: &str) -> Outcome {
    match verdict {
        Verdict::Pass => Outcome::Ok,
        Verdict::Skip => Outcome::Skipped(format!("every case was skipped; {results}")),
        other => Outcome::Failed(format!("{other}; {results}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_its_first_errors() {
        let mut before = Row::new(0, "");
        before.note(Check::Builds, Outcome::Ok);
        before.note(Check::Mock, Outcome::Ok);
        let mut first =
            Row::new(1, "cxl/mem: Attach memdevs synchronously, and say in many words why that is so");
        first.seconds = 12.34;
        assert!(first.note(Check::Applies, Outcome::Ok));
        assert!(first.note(Check::Builds, Outcome::Ok));
        let why = "tools/testing/cxl/test/mem.c:7:1: error: 'x' undeclared\n    7 | x";
        assert!(!first.note(Check::Mock, Outcome::Failed(why.to_owned())));
        assert!(first.note(Check::Warnings, Outcome::Skipped("drivers/x.c is not compiled".to_owned())));
        let shown = [heading(), before.to_string(), first.to_string()].map(|text| text.trim_end().to_owned());
        let answers = serde_json::to_string(&first.for_b4()[1..]).expect("JSON");
        insta::assert_snapshot!(answers, @r#"[{"tool":"cxl-patchbench","status":"pass","summary":"builds","details":""},{"tool":"cxl-patchbench","status":"fail","summary":"cxl_test: tools/testing/cxl/test/mem.c:7:1: error: 'x' undeclared","details":"tools/testing/cxl/test/mem.c:7:1: error: 'x' undeclared\n    7 | x"},{"tool":"cxl-patchbench","status":"warn","summary":"W=1: not checked","details":"drivers/x.c is not compiled"}]"#);
        insta::assert_snapshot!(shown.join("\n"), @r"
             patch                                                     applies   builds    cxl_test  W=1       boots     seconds
          0  (before)                                                            ok        ok                                0.0
          1  cxl/mem: Attach memdevs synchronously, and say in many …  ok        ok        FAIL      -                      12.3
             cxl_test  tools/testing/cxl/test/mem.c:7:1: error: 'x' undeclared
                           7 | x
             W=1       drivers/x.c is not compiled
        ");
    }
}
