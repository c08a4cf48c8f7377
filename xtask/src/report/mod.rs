//! Readers of the event stream: the terminal, the results folder, JUnit, KTAP and JSON lines.

mod json;
mod junit;
mod ktap;
pub mod lines;
mod store;
mod summary;
mod terminal;
pub mod text;

pub use json::JsonLines;
pub use junit::junit;
pub use ktap::ktap;
pub use lines::Verbosity;
pub use store::{FORMAT, Store, StoreError};
pub use summary::{CellSummary, Seconds, SplatSummary, StageSummary, Summary};
pub use terminal::Terminal;

#[cfg(test)]
mod testing;
