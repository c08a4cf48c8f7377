//! KTAP version 1 and TAP 13 and 14, from any log.
//!
//! The grammar is that of Documentation/dev-tools/ktap.rst; the judgement is that of the kernel's kunit.py
//! (tools/testing/kunit/kunit_parser.py), except where this is stricter:
//!
//! - A parent with `ok` over a failed, crashed or missing subtest has failed.
//! - kselftest's nesting (`# ok 1 …` after `# TAP version 13`) counts as subtests; kunit.py skips it.
//! - `Bail out!` fails the whole, and what was still planned is not-run.
//! - A test that announces subtests (`# Subtest:`) and runs none is not-run, in the whole's outcome too.
//! - More results than planned, two plans that differ, and a `# Totals:` line that counts failures which no
//!   result line shows, each fail the whole.
//! - `# TIMEOUT` and `# ERROR` are red even after `ok`; `not ok … # TODO` stays a failure, as with kunit.py.
//!
//! A result that the plan promises and that never came is *not-run*, or *crash* once the kernel panicked.
//! Output without a version line is read from its plan or its first result on; [`Ktap::headed`] is false then.
//! A name with a bare `#` in it is taken, where kunit.py would not see the line at all.

mod line;
mod parse;
mod tree;

pub use parse::parse;
pub(crate) use parse::{Parser, SIGNS};
pub use tree::{Complaint, Ktap, Test};

#[cfg(test)]
mod tests;
