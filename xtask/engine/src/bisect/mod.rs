//! What turned a cell from green to red: a pure search over good, bad and skip, then its drivers.
//!
//! Pure are `line` (where to look next), `confidence` (how often) and `search` (both, with the ends): they know neither kernels
//! nor guests. `ask` has what a step is, `trial` makes and runs it, `drive` goes from one to the next, `state` is what was
//! observed, `store` keeps it, `target` recognises the failure, and `answer` reports it.

mod answer;
mod ask;
mod confidence;
mod drive;
mod error;
mod history;
mod line;
mod mail;
mod search;
mod sides;
mod state;
mod store;
mod target;
mod trial;

pub use answer::{BisectReport, report_on};
pub use ask::{Ask, Asked, Axis, fitting};
pub use confidence::Rate;
pub use drive::Drive;
pub use error::BisectError;
pub use history::{History, HistoryError, Message, Step, trailers};
pub use line::{Answer, suspects};
pub use mail::draft;
pub use search::{
    Action, BadEndpoint, Found, Observations, Purpose, Record, Rule, Search, StepResult, is_skipped, measure,
};
pub use state::{End, FORMAT, Level, State};
pub use store::Bisections;
pub use target::{TargetFailure, failures};
pub use trial::{Made, Oracle, Ran, Trial};
