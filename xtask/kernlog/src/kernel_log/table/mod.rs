//! The table of kernel reports: every heading that opens, continues or ends one, with an example of each.
//!
//! To add a report, add a row to the file of its class. What always has a trace goes into `hidden.rs` and needs no needle, what
//! is only to be told goes into `notes.rs`. Nothing else has to be touched: the prefilter is made of
//! the rows' needles, and the tests go over every row. They fail when
//! - a line that the pattern can match contains none of the needles (the report would never be looked at),
//! - an earlier row takes the example (the row could never fire),
//! - the example is not read as declared, or a log with it and a trace has no splat of the kind.
//!
//! The first row that matches wins; the order of the files is that of `sections.rs`, with the words
//! that drivers and programs print, too, last. An example is made up in the kernel's format: `cxl_sample` and the like for
//! functions, no text of a real log. Name the kernel's file and function where the format comes from.

mod faults;
mod hidden;
mod locks;
mod memory;
mod notes;
mod other;
mod panics;
mod row;
mod sanitizers;
mod sections;
mod stalls;
mod unsure;
mod warnings;

pub(super) use row::{OWN_WORDS, Role, Row, TORN, Trust};
pub(super) use sections::rows;

#[cfg(test)]
mod tests;
