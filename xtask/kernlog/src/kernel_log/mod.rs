//! Kernel reports ("splats") in a console log.
//!
//! One forward pass, linear in the log, with memory that does not grow with it: a set of literals finds the
//! few lines that matter, only the lines of an open report are looked at one by one, and what is kept is
//! capped (1000 reports, 60 lines of each). The log may have any printk prefix, be torn, or have the lines of
//! several CPUs mixed; with `CONFIG_PRINTK_CALLER` they are separated.
//!
//! Several headings of one event are one splat: what leads up to it (`cut here`, `refcount_t: …`), the die
//! line, and the panic that follows. The function to blame is the first that is not a helper
//! (see `helpers/classes.rs`). Headings that only look like the kernel's (`BUG: …` or `WARNING: …` of a driver's own
//! wording, or without a time in a log that has times) count only when registers or a trace follow. Some words are a report
//! only above a trace, and are looked for only there.
//!
//! The texts are those of Linux 4.4 to 7.3 on x86, arm64, arm and riscv; sources are named at the rules.

mod boot;
mod buckets;
mod event;
mod found;
mod heading;
mod helpers;
mod line;
mod lost;
mod markers;
mod prefilter;
mod remarks;
mod report_line;
mod sample;
mod scan;
mod table;

pub use found::{CaseLines, ForgedMarker, LogScan};
pub use helpers::{HelperClass, helper_class, helper_classes};
pub use remarks::Remark;
#[cfg(test)]
use scan::scan;
pub use scan::{Scanner, scan_log};

#[cfg(test)]
mod behind_tests;
#[cfg(test)]
mod blame_tests;
#[cfg(test)]
mod event_tests;
#[cfg(test)]
mod pieces_tests;
#[cfg(test)]
mod samples_tests;
#[cfg(test)]
mod shapes_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod torn_tests;
