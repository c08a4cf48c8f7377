//! Outcomes, splats and verdicts: the words in which a run is judged.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Outcome of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CaseOutcome {
    /// Did what it promises: `ok`.
    Pass,
    /// Did not: `not ok`.
    Fail,
    /// Failed as it is expected to: KTAP's `# XFAIL`, meson's EXPECTEDFAIL, or the caller's own list.
    Xfail,
    /// Passed although it is expected to fail.
    Xpass,
    /// Cannot be judged here, for a reason that it gives.
    Skip,
    /// Was planned and not reached.
    NotRun,
    /// The kernel or the guest died during it.
    Crash,
    /// Was still running at its deadline.
    Timeout,
}

impl CaseOutcome {
    /// Whether this outcome makes a verdict red.
    pub fn is_red(self) -> bool {
        matches!(self, Self::Fail | Self::Xpass | Self::NotRun | Self::Crash | Self::Timeout)
    }

    /// The word for it, as in every report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Xfail => "xfail",
            Self::Xpass => "xpass",
            Self::Skip => "skip",
            Self::NotRun => "not-run",
            Self::Crash => "crash",
            Self::Timeout => "timeout",
        }
    }
}

impl fmt::Display for CaseOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One KTAP result line of a case; nested ones have their path joined with `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Subtest {
    /// Path of names, from the outermost.
    pub name: String,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// Why, in one line; empty where the log gives no reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What sort of report the kernel printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the kernel's own")]
pub enum SplatKind {
    Bug,
    Oops,
    Panic,
    Warning,
    Kasan,
    Kfence,
    Kcsan,
    Kmsan,
    Ubsan,
    Lockdep,
    RcuStall,
    SoftLockup,
    HardLockup,
    HungTask,
    WorkqueueStall,
    AtomicSleep,
    ListCorruption,
    SlabCorruption,
    Refcount,
    Leak,
    Oom,
    DebugObjects,
    Boot,
    Other,
}

impl SplatKind {
    /// The word for it, as in every report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::Oops => "oops",
            Self::Panic => "panic",
            Self::Warning => "warning",
            Self::Kasan => "kasan",
            Self::Kfence => "kfence",
            Self::Kcsan => "kcsan",
            Self::Kmsan => "kmsan",
            Self::Ubsan => "ubsan",
            Self::Lockdep => "lockdep",
            Self::RcuStall => "rcu-stall",
            Self::SoftLockup => "soft-lockup",
            Self::HardLockup => "hard-lockup",
            Self::HungTask => "hung-task",
            Self::WorkqueueStall => "workqueue-stall",
            Self::AtomicSleep => "atomic-sleep",
            Self::ListCorruption => "list-corruption",
            Self::SlabCorruption => "slab-corruption",
            Self::Refcount => "refcount",
            Self::Leak => "leak",
            Self::Oom => "oom",
            Self::DebugObjects => "debug-objects",
            Self::Boot => "boot",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for SplatKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A kernel report found in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Splat {
    /// What sort of report it is.
    pub kind: SplatKind,
    /// One line: what, and in which function.
    pub title: String,
    /// Equal for two splats of the same cause; stable over builds, addresses and CPUs.
    pub fingerprint: String,
    /// Line of the log on which it starts, from 1.
    pub line: u64,
    /// The first function that is to blame, where a trace names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Module of that function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// File and line of that function's frame, where the build that printed it was at hand and has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The case during which it came; none before the first and between cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The report's own lines, as far as they belong together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excerpt: Vec<String>,
}

/// How many cases ended in which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are those of the outcomes")]
pub struct Totals {
    pub pass: u64,
    pub fail: u64,
    pub skip: u64,
    pub xfail: u64,
    pub xpass: u64,
    pub crash: u64,
    pub not_run: u64,
    pub timeout: u64,
}

impl Totals {
    /// Counts one more.
    pub fn add(&mut self, outcome: CaseOutcome) {
        *match outcome {
            CaseOutcome::Pass => &mut self.pass,
            CaseOutcome::Fail => &mut self.fail,
            CaseOutcome::Skip => &mut self.skip,
            CaseOutcome::Xfail => &mut self.xfail,
            CaseOutcome::Xpass => &mut self.xpass,
            CaseOutcome::Crash => &mut self.crash,
            CaseOutcome::NotRun => &mut self.not_run,
            CaseOutcome::Timeout => &mut self.timeout,
        } += 1;
    }

    /// Counts with their words, in a fixed order, the empty ones left out.
    pub fn words(&self) -> Vec<(CaseOutcome, u64)> {
        [
            (CaseOutcome::Pass, self.pass),
            (CaseOutcome::Fail, self.fail),
            (CaseOutcome::Crash, self.crash),
            (CaseOutcome::Timeout, self.timeout),
            (CaseOutcome::Xpass, self.xpass),
            (CaseOutcome::NotRun, self.not_run),
            (CaseOutcome::Xfail, self.xfail),
            (CaseOutcome::Skip, self.skip),
        ]
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .collect()
    }
}

/// Verdict of a cell or a run: the worst of its outcomes and splats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that ran passed, and something ran.
    Pass,
    /// Nothing failed, and no case passed either: skipped as a whole, or empty.
    Skip,
    /// A red outcome or an unexpected splat.
    Fail,
    /// The kernel could not be made: a series did not apply or a build failed.
    Unbuilt,
    /// The machinery failed, which is no judgement of the kernel.
    Infrastructure,
}

impl Verdict {
    /// The word for it, as in every report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Fail => "fail",
            Self::Unbuilt => "unbuilt",
            Self::Infrastructure => "infrastructure error",
        }
    }
}

impl Verdict {
    /// The worse of two verdicts, of cells or of a cell's boots. A skip beside a pass is no failure: something was run.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        match (self, other) {
            (Self::Skip, Self::Pass) | (Self::Pass, Self::Skip) => Self::Pass,
            _ => self.max(other),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_said_in_words_without_the_empty_ones() {
        let mut totals = Totals::default();
        assert_eq!(totals.words(), []);
        for outcome in [CaseOutcome::Skip, CaseOutcome::Fail, CaseOutcome::Skip] {
            totals.add(outcome);
        }
        assert_eq!(totals.words(), [(CaseOutcome::Fail, 1), (CaseOutcome::Skip, 2)]);
    }

    #[test]
    fn words_are_those_of_the_json_and_fill_a_column() {
        use CaseOutcome::{Crash, Fail, NotRun, Pass, Skip, Timeout, Xfail, Xpass};
        let json = |value: serde_json::Result<String>| value.expect("JSON").trim_matches('"').to_owned();
        for outcome in [Pass, Fail, Xfail, Xpass, Skip, NotRun, Crash, Timeout] {
            assert_eq!(json(serde_json::to_string(&outcome)), outcome.word());
            assert_eq!(format!("{outcome:9}|"), format!("{:9}|", outcome.word()));
            assert_eq!(outcome.is_red(), ![Pass, Xfail, Skip].contains(&outcome), "{outcome}");
        }
        for kind in [SplatKind::Bug, SplatKind::RcuStall, SplatKind::DebugObjects, SplatKind::Kasan] {
            assert_eq!(json(serde_json::to_string(&kind)), kind.word());
            assert_eq!(format!("{kind:15}|"), format!("{:15}|", kind.word()));
        }
        for verdict in [Verdict::Pass, Verdict::Skip, Verdict::Fail, Verdict::Unbuilt] {
            assert_eq!(json(serde_json::to_string(&verdict)), verdict.word());
        }
        assert_eq!(format!("{:>22}", Verdict::Infrastructure), "  infrastructure error");
    }

    #[test]
    fn the_worse_of_two_verdicts_counts_but_for_a_skip_beside_a_pass() {
        let all = [Verdict::Pass, Verdict::Skip, Verdict::Fail, Verdict::Unbuilt, Verdict::Infrastructure];
        for (at, better) in all.into_iter().enumerate() {
            for worse in &all[at..] {
                let both = [better.beside(*worse), worse.beside(better)];
                let wanted = if (better, *worse) == (Verdict::Pass, Verdict::Skip) { better } else { *worse };
                assert_eq!(both, [wanted, wanted], "{better} {worse}");
            }
        }
    }
}
