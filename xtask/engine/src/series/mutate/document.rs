//! What came of the mutants.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Candidate, SabotageMutants};

/// The mutants of a series, with what came of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mutation {
    /// Name of the series.
    pub series: String,
    /// The mutants, by place.
    pub mutants: Vec<TriedMutant>,
    /// How many came out how.
    pub totals: MutantTotals,
    /// Those that were killed, in percent of those that could be: all that were killed, survived or are explained. Rounded down, 100
    /// where there are none.
    pub score: usize,
    /// The sabotages of the series, each with the mutants on its lines.
    pub sabotages: Vec<SabotageMutants>,
}

/// A mutant with what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriedMutant {
    /// Its name.
    pub id: String,
    /// Number of the patch that wrote the line, from 1.
    pub patch: usize,
    /// The file, from the top of the tree.
    pub file: String,
    /// The line in the tree that was built, from 1.
    pub line: u32,
    /// What was done, as `negate` or `drop`.
    pub operator: String,
    /// The change as a diff.
    pub diff: String,
    /// What came of it.
    pub outcome: Outcome,
    /// By what it was killed: a case with its outcome, or a kernel report; of the others why they are what they are.
    pub by: String,
    /// The cases that ran, as `TOPOLOGY SUITE/CASE`: of a survivor those that did not notice.
    pub cases: Vec<String>,
    /// The flavour of the kernel that it was tried on last; empty where it was not tried.
    pub flavour: String,
    /// Seconds of wall time.
    pub seconds: f64,
}

impl TriedMutant {
    /// One that is judged without a trial.
    pub fn untried(candidate: &Candidate, outcome: Outcome, by: String) -> Self {
        Self {
            id: candidate.id.clone(),
            patch: candidate.patch,
            file: candidate.file.clone(),
            line: candidate.line,
            operator: candidate.operator.clone(),
            diff: candidate.diff.clone(),
            outcome,
            by,
            cases: Vec::new(),
            flavour: String::new(),
            seconds: 0.0,
        }
    }
}

/// What came of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Something was red.
    Killed,
    /// All cases that run the line passed.
    Survived,
    /// `series.yaml` says why it survives, and why that is right. It was tried only where it was asked for by its name.
    Explained,
    /// Its objects are those of the series itself.
    Equivalent,
    /// It does not compile.
    NotBuilt,
    /// No case runs its line.
    Unreached,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::Survived => "survived",
            Self::Explained => "explained",
            Self::Equivalent => "equivalent",
            Self::NotBuilt => "not built",
            Self::Unreached => "unreached",
        })
    }
}

/// How many mutants came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MutantTotals {
    /// Something was red.
    pub killed: usize,
    /// Nothing was.
    pub survived: usize,
    /// `series.yaml` says why nothing is.
    pub explained: usize,
    /// Equal objects.
    pub equivalent: usize,
    /// They do not compile.
    pub not_built: usize,
    /// No case runs them.
    pub unreached: usize,
}

impl MutantTotals {
    /// Of these mutants.
    pub fn of<'a>(mutants: impl IntoIterator<Item = &'a TriedMutant>) -> Self {
        let mut totals = Self::default();
        for mutant in mutants {
            *match mutant.outcome {
                Outcome::Killed => &mut totals.killed,
                Outcome::Survived => &mut totals.survived,
                Outcome::Explained => &mut totals.explained,
                Outcome::Equivalent => &mut totals.equivalent,
                Outcome::NotBuilt => &mut totals.not_built,
                Outcome::Unreached => &mut totals.unreached,
            } += 1;
        }
        totals
    }

    /// See [`Mutation::score`].
    pub fn score(self) -> usize {
        (self.killed * 100).checked_div(self.killed + self.survived + self.explained).unwrap_or(100)
    }
}

impl Mutation {
    /// Of a series.
    pub fn new(series: &str, mut mutants: Vec<TriedMutant>, sabotages: Vec<SabotageMutants>) -> Self {
        mutants.sort_by(|a, b| {
            (&a.file, a.line, &a.operator, &a.id).cmp(&(&b.file, b.line, &b.operator, &b.id))
        });
        let totals = MutantTotals::of(&mutants);
        Self { series: series.to_owned(), mutants, totals, score: totals.score(), sabotages }
    }

    /// Those of which no case notices anything, and nobody has said why.
    pub fn survivors(&self) -> impl Iterator<Item = &TriedMutant> {
        self.mutants.iter().filter(|mutant| mutant.outcome == Outcome::Survived)
    }
}

impl fmt::Display for TriedMutant {
    /// In one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format!("{}:{}", self.file, self.line);
        write!(f, "{:10} {}  {place:36} {:10} {:5.1} s", self.outcome, self.id, self.operator, self.seconds)?;
        if self.by.is_empty() { Ok(()) } else { write!(f, "  {}", self.by) }
    }
}

impl fmt::Display for Mutation {
    /// The survivors as diffs with the cases that ran the line, then the score of each patch, then the sabotages of which no mutant is
    /// like.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mutant in self.survivors() {
            writeln!(f, "no case notices {} ({}, patch {}):", mutant.id, mutant.operator, mutant.patch)?;
            writeln!(f, "{}", mutant.diff.trim_end())?;
            writeln!(f, "passed: {}\n", mutant.cases.join(", "))?;
        }
        let heads = ["killed", "survived", "explained", "equal", "unbuilt", "unreached", "score"];
        write!(f, "{:>5}", "patch")?;
        for head in heads {
            write!(f, "  {head:>9}")?;
        }
        writeln!(f)?;
        let patches: std::collections::BTreeSet<usize> = self.mutants.iter().map(|one| one.patch).collect();
        let row = |f: &mut fmt::Formatter<'_>, name: String, totals: MutantTotals| {
            let MutantTotals { killed, survived, explained, equivalent, not_built, unreached } = totals;
            write!(f, "{name:>5}")?;
            for number in [killed, survived, explained, equivalent, not_built, unreached] {
                write!(f, "  {number:>9}")?;
            }
            write!(f, "  {:>7} %", totals.score())
        };
        for patch in patches {
            let totals = MutantTotals::of(self.mutants.iter().filter(|one| one.patch == patch));
            row(f, patch.to_string(), totals)?;
            writeln!(f)?;
        }
        row(f, "all".to_owned(), self.totals)?;
        for sabotage in self.sabotages.iter().filter(|one| one.mutants.is_empty()) {
            write!(f, "\n{sabotage}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(line: u32, patch: usize, outcome: Outcome, by: &str) -> TriedMutant {
        TriedMutant {
            id: format!("{line:08x}"),
            patch,
            file: "drivers/cxl/mem.c".to_owned(),
            line,
            operator: "negate".to_owned(),
            diff:
                "--- a/drivers/cxl/mem.c\n+++ b/drivers/cxl/mem.c\n@@ -1,1 +1,1 @@\n-\tif (a)\n+\tif (!a)\n"
                    .to_owned(),
            outcome,
            by: by.to_owned(),
            cases: vec!["direct attach/one".to_owned(), "switch attach/one".to_owned()],
            flavour: "plain".to_owned(),
            seconds: 4.25,
        }
    }

    #[test]
    fn survivors_come_first_and_the_score_is_by_patch() {
        let all = vec![
            mutant(9, 2, Outcome::Killed, "attach/one (fail)"),
            mutant(3, 1, Outcome::Survived, ""),
            mutant(4, 1, Outcome::Equivalent, "its objects are those of the series"),
            mutant(5, 1, Outcome::Explained, "nobody looks"),
            mutant(6, 2, Outcome::NotBuilt, "'x' undeclared"),
            mutant(7, 2, Outcome::Unreached, "no case runs its line"),
        ];
        let sabotage = |name: &str, mutants: &[&str], why: &str| SabotageMutants {
            name: name.to_owned(),
            mutants: mutants.iter().map(|&one| one.to_owned()).collect(),
            why: why.to_owned(),
        };
        let sabotages = vec![
            sabotage("no-check", &["00000009"], ""),
            sabotage("synchronous", &[], "`.probe_type = 1,` has no code"),
        ];
        let mutation = Mutation::new("s", all, sabotages);
        assert_eq!((mutation.score, mutation.survivors().count()), (33, 1));
        insta::assert_snapshot!(mutation, @"
        no case notices 00000003 (negate, patch 1):
        --- a/drivers/cxl/mem.c
        +++ b/drivers/cxl/mem.c
        @@ -1,1 +1,1 @@
        -	if (a)
        +	if (!a)
        passed: direct attach/one, switch attach/one

        patch     killed   survived  explained      equal    unbuilt  unreached      score
            1          0          1          1          1          0          0        0 %
            2          1          0          0          0          1          1      100 %
          all          1          1          1          1          1          1       33 %
        sabotage synchronous: no mutant: `.probe_type = 1,` has no code
        ");
        insta::assert_snapshot!(mutation.mutants[5], @"killed     00000009  drivers/cxl/mem.c:9                  negate       4.2 s  attach/one (fail)");
    }

    #[test]
    fn nothing_to_kill_is_no_failure() {
        assert_eq!(MutantTotals::default().score(), 100);
    }

    #[test]
    fn the_schema_is_that_of_the_document() {
        let schema = serde_json::to_value(schemars::schema_for!(Mutation)).expect("JSON");
        let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/series/mutate/schema.json");
        if std::env::var_os("PATCHBENCH_UPDATE").is_some() {
            fs_err::write(&file, &text).expect("written");
        }
        let kept = fs_err::read_to_string(&file).unwrap_or_default();
        assert!(kept == text, "{} is stale: PATCHBENCH_UPDATE=1 writes it anew", file.display());
    }
}
