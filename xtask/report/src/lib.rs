//! Readers of the event stream: the terminal, the results folder, and every format that a run can be put into.

mod board;
mod command;
pub mod console;
mod diff;
pub mod folder;
pub mod formats;
mod history;
mod layout;
pub mod lines;
mod merge;
mod picture;
mod resume;
mod store;
mod stored;
mod summary;
mod terminal;
pub mod text;

pub use command::command_line;
pub use diff::{Change, Diff, Slower, SplatChange};
pub use folder::{Folder, FolderError, Folders, Lock, LockOwner};
pub use formats::{HtmlError, JsonLines, complaints, html};
pub use history::{History, Moment};
pub use layout::{COVERAGE, COVERAGE_JSON, COVERAGE_LINES};
pub use lines::Verbosity;
pub use merge::{MergeError, copy_folder, merge, missing_shards};
pub use picture::Picture;
pub use resume::{ResumeError, Resumed};
pub use store::{Store, StoreError};
pub use stored::{Progress, Stored, StoredError};
pub use summary::{CellSummary, Seconds, SplatSummary, StageSummary, Summary};
pub use terminal::{Terminal, stdout_width};

#[cfg(test)]
mod testing;
