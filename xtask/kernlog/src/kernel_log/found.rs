//! What a scan finds.

use std::ops::RangeInclusive;

use super::remarks::Remark;
use crate::Splat;

/// Where a case begins and ends in the log, by its markers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseLines {
    /// The case.
    pub case: String,
    /// Line of the marker of its begin, from 1.
    pub begin: u64,
    /// Line of the marker of its end.
    pub end: Option<u64>,
}

/// A line in the likeness of a marker that the agent did not write there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgedMarker {
    /// Its line, from 1.
    pub line: u64,
    /// The case during which it came.
    pub case: Option<String>,
    /// Whether it repeats a genuine one: a program may have printed the log once more.
    pub again: bool,
    /// Its text.
    pub text: String,
}

/// What is in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogScan {
    /// The reports, in the order of their first lines.
    pub splats: Vec<Splat>,
    /// Reports beyond the first 1000, which are only counted.
    pub dropped: u64,
    /// Line of the `Kernel panic`, if the kernel died.
    pub panicked: Option<u64>,
    /// The case whose begin was marked last and whose end was not.
    pub open_case: Option<String>,
    /// The cases in the order in which they began, the first 10,000.
    pub cases: Vec<CaseLines>,
    /// Lines of reports, from the first to the last that is surely one's, in the order in which they ended; the first 10,000. Others'
    /// lines may stand between them.
    pub reports: Vec<RangeInclusive<u64>>,
    /// Markers that are not the agent's, the first 100, where it is known how to tell them.
    pub forged: Vec<ForgedMarker>,
    /// Lines of the log.
    pub lines: u64,
    /// Whether a kernel started: its banner or a line with a time was seen.
    pub kernel: bool,
    /// A boot that broke off before user space without a word. A run knows better how its guest ended.
    pub unfinished: Option<Splat>,
    /// What looks like a report and is none, by some rule.
    pub notes: Vec<Remark>,
    /// What the log says that it lost, and checkers that went off: what is not there cannot be judged.
    pub incomplete: Vec<Remark>,
    /// Where no kernel's line was seen: the line that came nearest to one.
    pub nearest: Option<Remark>,
}
