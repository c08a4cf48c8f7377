//! What a topology must obey, one small function a rule.
//!
//! Most of it is what QEMU accepts and then does not work: the facts were tried on QEMU 7.2.22, 10.0.2 and 11.1.3, or
//! read in its source (`hw/cxl/`, `hw/pci-bridge/`, `hw/mem/cxl_type3.c`) and in Linux 6.12 and 7.3 (`drivers/cxl/`).
//! `docs/topology-rules.md` has what each QEMU did with each rule broken.

mod cdat;
mod devices;
mod finding;
mod guest;
mod ids;
mod ports;
mod qemu;
mod table;
mod windows;

use crate::bytes::Bytes;
use crate::raw::{Located, RawBelow, RawDevice, RawHostBridge, RawPort, RawTopology};

pub(super) use cdat::check_files;
pub use finding::{Finding, Rule, Severity};
pub(super) use ports::buses_needed;
pub(super) use table::QEMU_FEATURE;
pub use table::{RULES, rule};

/// Sizes of windows and memories are multiples of this: the unit of CXL's capacity fields.
pub(super) const CAPACITY_UNIT: Bytes = Bytes::mib(256);

/// First root bus of a host bridge. The ones before are for what hangs below `pcie.0`.
pub(super) const FIRST_BUS: u32 = 12;

/// Where rules leave what they find.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        rule: &'static Rule,
        field: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.0.push(Finding::new(rule, field, message, hint));
    }
}

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

/// Rounds up to the next multiple, for hints; never 0.
fn round_up(size: Bytes, unit: Bytes) -> Bytes {
    Bytes(size.0.max(1).checked_next_multiple_of(unit.0).unwrap_or(unit.0))
}

#[cfg(test)]
mod tests;
