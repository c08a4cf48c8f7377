//! What a scan finds.

use super::remarks::Remark;
use crate::Splat;

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
