//! What turned a cell from green to red: a pure search over good, bad and skip, then its drivers.
//!
//! Pure are `line` (where to look next), `confidence` (how often) and `course` (both, with the ends): they know neither kernels
//! nor guests. `ask` says what a step is, `trial` makes and runs it, `drive` goes from one to the next, `state` is what was
//! seen, `store` keeps it, and `answer` tells it.
//! `made_up` has histories of which the answer is known.

mod answer;
mod ask;
mod confidence;
mod course;
mod drive;
mod error;
mod history;
mod line;
pub mod made_up;
mod mail;
mod sides;
mod sought;
mod state;
mod store;
mod trial;

pub use answer::{Told, tell};
pub use ask::{Ask, Asked, Axis, fitting};
pub use confidence::Rate;
pub use course::{Action, Course, Found, Purpose, Record, Rule, Seen, Seens, Unfit, is_skipped, measure};
pub use drive::Drive;
pub use error::BisectError;
pub use history::{History, HistoryError, Message, Step, trailers};
pub use line::{Answer, suspects};
pub use mail::draft;
pub use sought::{Sought, failures};
pub use state::{End, FORMAT, Level, State};
pub use store::Bisections;
pub use trial::{Made, Oracle, Ran, Trial};
