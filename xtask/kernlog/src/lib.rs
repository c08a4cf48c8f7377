//! Judges logs of Linux kernel test runs.
//!
//! Reads what a kernel, its tests and its test runners print, and returns plain values: cases with their outcomes, kernel reports
//! ("splats") with a title that stays the same from run to run, and a verdict. It reads forward once, any stream, with memory that
//! does not grow with the log, never fails on what a log contains, and never takes a log that it could not judge for a green one.
//!
//! | input | read by |
//! |---|---|
//! | any of those below, told apart by its content | [`judge`] |
//! | a console log, dmesg, syslog or journal, with any prefix, torn or mixed | [`kernel_log`] |
//! | KTAP and TAP, as KUnit, kselftest and the kernel's tools print it | [`ktap`] |
//! | `meson test`: testlog.txt, testlog.json, testlog.junit.xml, its terminal output | [`judge`] |
//! | LAVA and TuxRun: log.yaml, results in YAML or JSON | [`judge`] |
//!
//! # Judging a log
//!
//! ```
//! use kernlog::{CaseOutcome, Kind, Verdict, judge};
//!
//! let log = "\
//! [    1.000000] KTAP version 1
//! [    1.000001] 1..2
//! [    1.000002] ok 1 attach
//! [    1.000003] not ok 2 detach # busy
//! ";
//! let report = judge(log.as_bytes(), None)?;
//! assert_eq!((report.kind, report.verdict), (Kind::Ktap, Verdict::Fail));
//! assert_eq!(report.cases[1].outcome, CaseOutcome::Fail);
//! assert_eq!(report.cases[1].reason, "busy");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Finding kernel reports
//!
//! ```
//! use kernlog::SplatKind;
//! use kernlog::kernel_log::scan_log;
//!
//! let log = b"\
//! [    5.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010
//! [    5.000001] Oops: 0000 [#1] SMP NOPTI
//! [    5.000002] RIP: 0010:cxl_sample+0x12/0x340 [cxl_core]
//! [    5.000003] ---[ end trace 0000000000000000 ]---
//! ";
//! let scan = scan_log(log, None);
//! let splat = &scan.splats[0];
//! assert_eq!((splat.kind, splat.line), (SplatKind::Oops, 1));
//! assert_eq!(splat.title, "NULL pointer dereference in cxl_sample");
//! assert_eq!(splat.module.as_deref(), Some("cxl_core"));
//! ```
//!
//! # Parsing KTAP
//!
//! ```
//! use kernlog::CaseOutcome;
//! use kernlog::ktap::parse;
//!
//! let ktap = parse("KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 one\n  not ok 2 two\nok 1 suite\n");
//! // kunit.py takes the suite at its word; this does not.
//! assert_eq!(ktap.tests[0].outcome, CaseOutcome::Fail);
//! let leaves = ktap.leaves();
//! assert_eq!(leaves[1].name, "suite/two");
//! assert_eq!(ktap.totals().fail, 1);
//! ```
//!
//! # Limits
//!
//! Kept of a log: 100 000 cases, 1000 splats with 60 lines each, 4096 bytes of a line of results. What goes beyond is counted or makes
//! the log red. Splats are found anywhere in a line of any length. The reports that are known are those of Linux 4.4 to 7.3; words that
//! no rule knows count when registers or a trace follow them.

pub mod kernel_log;
pub mod ktap;

mod case;
mod lava;
mod learned;
mod log;
mod meson;
mod outcome;
mod prefix;

pub use case::Case;
pub use log::{Kind, LogReport, judge};
pub use outcome::{CaseOutcome, Splat, SplatKind, Subtest, Totals, Verdict};
