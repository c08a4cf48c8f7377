//! What can happen in a run, as plain data, and the sink that every crate writes to.
//!
//! The event stream is the only source of every report: the terminal and all formats are its readers.

mod outcome;
mod sink;
mod transcript;
mod types;

pub use outcome::{CaseReport, Dependence, Unstable};
pub use sink::{Collect, Fan, Null, Sink};
pub use transcript::{CaseRun, HealthReading, Transcript, VmEnd};
pub use types::{CellId, Event, Stage, StageEnd, Stamped};
