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
    /// The event.
    pub event: Event,
}

/// Names one cell: the unit that gets one verdict.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub struct CellId {
    /// Name of an entry of `patchbench.yaml`.
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
    /// The source is fetched, and the series are applied.
    Source,
    /// The kconfig fragments are merged and verified.
    Configure,
    /// `make`.
    Build,
    /// The tools of ndctl are fetched and built.
    Ndctl,
    /// The guest's image is packed.
    Image,
    /// It is probed which accelerator runs a guest.
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
    /// It failed. The error ends the cells that need it.
    Failed,
}

/// What can happen in a run.
///
/// `kernel` is the name of an entry of `patchbench.yaml`, `case` a name within the cell's suite, `boot` the number of a boot
/// within its cell, from 0; `seconds` are wall time; `note` and `text` are one line, but for the output of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "fields of the same name are the same, and described once")]
pub enum Event {
    /// The first event of a run.
    RunStarted {
        /// Name of the run's folder.
        id: String,
        /// UTC, RFC 3339.
        time: String,
        /// The command line, ready to paste.
        command: String,
        /// Version of the tool.
        version: String,
        /// The plan, in order.
        cells: Vec<CellId>,
    },
    /// Cells that could be planned only when kernel and userland were there.
    CellsFound { cells: Vec<CellId> },
    /// How many seconds cells may be expected to take on this machine.
    CellsExpected { cells: Vec<(CellId, f64)> },
    /// A stage of preparing a kernel starts.
    StageStarted { kernel: String, flavour: String, stage: Stage },
    /// A stage goes on: for builds, the objects that were made so far, and how many are expected.
    StageProgress {
        kernel: String,
        stage: Stage,
        done: u64,
        /// 0 if unknown.
        total: u64,
        note: String,
    },
    /// A stage ended.
    StageFinished {
        kernel: String,
        flavour: String,
        stage: Stage,
        end: StageEnd,
        seconds: f64,
        /// Which source, how many objects.
        note: String,
    },
    /// Something that the user should see, unless what is red is all that is wanted: a fallback that was taken, a guest that does not settle.
    Notice { text: String },
    /// Something that is in order, and shown to who asks for it: an option that this kernel does not have.
    Remark { text: String },
    /// A cell starts.
    CellStarted { cell: CellId },
    /// A guest of the cell is started.
    BootStarted {
        cell: CellId,
        boot: u32,
        /// `kvm` or `tcg`.
        accel: String,
        /// The cases that it is to run.
        cases: Vec<String>,
    },
    /// The agent in the guest has reported that it runs.
    GuestUp {
        cell: CellId,
        boot: u32,
        /// From QEMU's start.
        seconds: f64,
        /// `uname -r`.
        release: String,
    },
    /// A case starts in the guest.
    CaseStarted { cell: CellId, case: String },
    /// A case printed something. Control characters are still in it.
    CaseOutput {
        cell: CellId,
        case: String,
        /// Bytes as lossy UTF-8.
        text: String,
    },
    /// A guest is gone.
    BootFinished {
        cell: CellId,
        boot: u32,
        /// From QEMU's start to its end.
        seconds: f64,
    },
    /// A case was judged.
    CaseFinished { cell: CellId, report: CaseReport },
    /// A splat was found.
    SplatFound {
        cell: CellId,
        splat: Splat,
        /// Whether it is listed in the suite's `expect.yaml`.
        expected: bool,
    },
    /// A case turned out to depend on its order, or to fail sometimes.
    CaseUnstable { cell: CellId, unstable: Unstable },
    /// A cell was judged.
    CellFinished {
        cell: CellId,
        verdict: Verdict,
        /// The reason of the verdict, where no case has it: the capability that is missing, the error.
        reason: String,
        seconds: f64,
    },
    /// The last event of a run.
    RunFinished {
        /// The worst of the cells.
        verdict: Verdict,
        seconds: f64,
        /// By the user.
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
