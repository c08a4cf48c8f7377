//! The events themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

use kernlog::{Splat, Verdict};

use super::{CaseReport, Unstable};

/// An event with its time, as a line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// Seconds since the run's start.
    pub at: f64,
    /// What happened.
    pub event: Event,
}

/// Names one cell: the unit that gets one verdict.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub struct CellId {
    /// Entry of `patchbench.yaml`.
    pub kernel: String,
    /// `plain` or `debug`.
    pub flavour: String,
    /// Name of the topology.
    pub topology: String,
    /// Name of the suite.
    pub suite: String,
    /// Name of the suite's variant; `default` where it has none.
    pub variant: String,
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kernel, self.topology, self.suite)?;
        if self.flavour != "plain" {
            write!(f, "+{}", self.flavour)?;
        }
        if self.variant != "default" {
            write!(f, ":{}", self.variant)?;
        }
        Ok(())
    }
}

impl CellId {
    /// A folder name for the cell: unique within a run, without separators.
    pub fn slug(&self) -> String {
        format!("{}.{}.{}.{}.{}", self.kernel, self.flavour, self.topology, self.suite, self.variant)
    }
}

/// What a kernel goes through before its cells can boot.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Getting the source and applying the series.
    Source,
    /// Merging and verifying the kconfig fragments.
    Configure,
    /// make.
    Build,
    /// Getting and building ndctl's tools.
    Ndctl,
    /// Packing the guest's image.
    Image,
    /// Finding out which accelerator runs a guest.
    Probe,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Source => "source",
            Self::Configure => "configure",
            Self::Build => "build",
            Self::Ndctl => "ndctl",
            Self::Image => "image",
            Self::Probe => "probe",
        })
    }
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StageEnd {
    /// Work was done.
    Done,
    /// The cache had it.
    Cached,
    /// It failed; the error follows on its own way.
    Failed,
}

/// What can happen in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Event {
    /// First event.
    RunStarted {
        /// Name of the run's folder.
        id: String,
        /// UTC, RFC 3339.
        time: String,
        /// The command line, ready to paste.
        command: String,
        /// Version of the tool.
        version: String,
        /// The plan.
        cells: Vec<CellId>,
    },
    /// Cells that could be planned only when kernel and userland were there.
    CellsFound {
        /// Which.
        cells: Vec<CellId>,
    },
    /// How long cells may be expected to take on this machine.
    CellsExpected {
        /// Which, each with its seconds.
        cells: Vec<(CellId, f64)>,
    },
    /// A stage of preparing a kernel starts.
    StageStarted {
        /// Entry of `patchbench.yaml`.
        kernel: String,
        /// Flavour.
        flavour: String,
        /// Which.
        stage: Stage,
    },
    /// A stage goes on: for builds, objects made so far of those expected (0: unknown).
    StageProgress {
        /// Entry of `patchbench.yaml`.
        kernel: String,
        /// Which.
        stage: Stage,
        /// Done so far.
        done: u64,
        /// Expected in all, 0 if unknown.
        total: u64,
        /// What is being done.
        note: String,
    },
    /// A stage ended.
    StageFinished {
        /// Entry of `patchbench.yaml`.
        kernel: String,
        /// Flavour.
        flavour: String,
        /// Which.
        stage: Stage,
        /// How.
        end: StageEnd,
        /// Wall time in seconds.
        seconds: f64,
        /// One line for the reader: which source, how many objects.
        note: String,
    },
    /// Something that the user must hear: a fall-back taken, a guest that does not come to rest.
    Notice {
        /// One line.
        text: String,
    },
    /// Something that is as it should be and worth knowing for who asks: an option that this kernel has not.
    Remark {
        /// One line.
        text: String,
    },
    /// A cell starts.
    CellStarted {
        /// Which.
        cell: CellId,
    },
    /// A guest of the cell is started.
    BootStarted {
        /// Which cell.
        cell: CellId,
        /// Number of the boot within the cell, from 0.
        boot: u32,
        /// `kvm` or `tcg`.
        accel: String,
        /// The cases that it is to run.
        cases: Vec<String>,
    },
    /// The agent said hello.
    GuestUp {
        /// Which cell.
        cell: CellId,
        /// Number of the boot within the cell.
        boot: u32,
        /// Seconds from QEMU's start.
        seconds: f64,
        /// `uname -r`.
        release: String,
    },
    /// A case starts in the guest.
    CaseStarted {
        /// Which cell.
        cell: CellId,
        /// Which case.
        case: String,
    },
    /// A case printed something; control characters are still in it.
    CaseOutput {
        /// Which cell.
        cell: CellId,
        /// Which case.
        case: String,
        /// Bytes as lossy UTF-8.
        text: String,
    },
    /// A guest is gone.
    BootFinished {
        /// Which cell.
        cell: CellId,
        /// Number of the boot within the cell.
        boot: u32,
        /// From QEMU's start to its end, in seconds.
        seconds: f64,
    },
    /// A case was judged.
    CaseFinished {
        /// Which cell.
        cell: CellId,
        /// The judgement.
        report: CaseReport,
    },
    /// A splat was found.
    SplatFound {
        /// Which cell.
        cell: CellId,
        /// What.
        splat: Splat,
        /// Listed in `expect.yaml`.
        expected: bool,
    },
    /// A case turned out to depend on its order, or to fail sometimes.
    CaseUnstable {
        /// Which cell.
        cell: CellId,
        /// Which case, and how often it was red.
        unstable: Unstable,
    },
    /// A cell was judged.
    CellFinished {
        /// Which.
        cell: CellId,
        /// Its verdict.
        verdict: Verdict,
        /// Why, where no case says it: the capability that was lacking, the error.
        reason: String,
        /// Wall time in seconds.
        seconds: f64,
    },
    /// Last event.
    RunFinished {
        /// The worst verdict.
        verdict: Verdict,
        /// Wall time in seconds.
        seconds: f64,
        /// Interrupted by the user.
        interrupted: bool,
    },
}

impl Event {
    /// The cell that it is about, where it is about one.
    pub fn cell(&self) -> Option<&CellId> {
        match self {
            Self::CellStarted { cell }
            | Self::BootStarted { cell, .. }
            | Self::GuestUp { cell, .. }
            | Self::CaseStarted { cell, .. }
            | Self::CaseOutput { cell, .. }
            | Self::BootFinished { cell, .. }
            | Self::CaseFinished { cell, .. }
            | Self::SplatFound { cell, .. }
            | Self::CaseUnstable { cell, .. }
            | Self::CellFinished { cell, .. } => Some(cell),
            _ => None,
        }
    }

    /// The case that it is about, where it is about one.
    pub fn case(&self) -> Option<&str> {
        match self {
            Self::CaseStarted { case, .. } | Self::CaseOutput { case, .. } => Some(case),
            Self::CaseFinished { report, .. } => Some(&report.name),
            Self::SplatFound { splat, .. } => splat.case.as_deref(),
            Self::CaseUnstable { unstable, .. } => Some(&unstable.case),
            _ => None,
        }
    }
}
