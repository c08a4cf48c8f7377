//! What a topology must obey, one small function a rule.
//!
//! Most of it is what QEMU accepts and then does not work: the facts were tried on QEMU 7.2.22, 10.0.2 and 11.1.3, or
//! read in its source (`hw/cxl/`, `hw/pci-bridge/`, `hw/mem/cxl_type3.c`) and in Linux 6.12 and 7.3 (`drivers/cxl/`).
//! `docs/topology-rules.md` has what each QEMU did with each rule broken.

mod cdat;
mod devices;
mod finding;
mod findings;
mod guest;
mod ids;
mod ports;
mod qemu;
mod table;
mod windows;

use self::findings::Findings;
use crate::raw::RawTopology;

pub(super) use cdat::check_files;
pub use finding::{Finding, Rule, Severity};
pub(super) use findings::FIRST_BUS;
pub(super) use ports::buses_needed;
pub(super) use table::QEMU_FEATURE;
pub use table::{RULES, rule};

/// All rules that this file breaks, in the order of the rules.
pub(super) fn check(raw: &RawTopology) -> Vec<Finding> {
    let mut findings = Findings::default();
    guest::check(raw, &mut findings);
    ids::check(raw, &mut findings);
    ports::check(raw, &mut findings);
    devices::check(raw, &mut findings);
    qemu::check(raw, &mut findings);
    windows::check(raw, &mut findings);
    findings.0
}

#[cfg(test)]
mod tests;
