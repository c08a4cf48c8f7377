//! Results of `meson test`, in the four forms in which it leaves them.
//!
//! Its exit codes are those of meson's own protocol: 77 is a skip, 99 a hard error (mesonbuild/mtest.py,
//! `GNU_SKIP_RETURNCODE`, `GNU_ERROR_RETURNCODE`); its own word for a result goes before the exit code. Tried with
//! 0.61, 1.0, 1.3, 1.7 and 1.12. Where a form hides something it is looked for: closing counts have to agree with the
//! results, every test of `N/M` has to have one, and a TAP test's missing points, which JUnit leaves out, are not-run.

mod json;
mod junit;
mod outcome;
mod results;
mod text;

pub(crate) use json::json;
pub(crate) use junit::junit;
pub(crate) use results::Results;
pub(crate) use text::{SIGNS, Text};

#[cfg(test)]
mod tests;
