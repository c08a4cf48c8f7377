//! Readers of the event stream: the terminal, the results folder, JUnit, KTAP and JSON lines.

mod board;
pub mod console;
mod diff;
mod github;
mod history;
mod html;
mod json;
mod junit;
mod ktap;
mod lava;
pub mod lines;
mod merge;
mod results;
mod resume;
mod store;
mod stored;
mod summary;
mod terminal;
pub mod text;

pub use diff::{Change, Diff, Slower, SplatChange};
pub use github::Github;
pub use history::{History, Moment};
pub use html::{HtmlError, Picture, complaints, html};
pub use json::JsonLines;
pub use junit::junit;
pub use ktap::ktap;
pub use lava::Lava;
pub use lines::Verbosity;
pub use merge::{MergeError, merge, missing_shards};
pub use results::{Entry, Results, ResultsError};
pub use resume::{ResumeError, Resumed};
pub use store::{FORMAT, Store, StoreError};
pub use stored::{State, Stored, StoredError};
pub use summary::{CellSummary, Seconds, SplatSummary, StageSummary, Summary};
pub use terminal::Terminal;

#[cfg(test)]
mod testing;
