//! Where rules leave what they find, and what several of them go by.

use super::finding::{Finding, Rule};
use crate::bytes::Bytes;

/// Sizes of windows and memories are multiples of this: the unit of CXL's capacity fields.
pub(crate) const CAPACITY_UNIT: Bytes = Bytes::mib(256);

/// First root bus of a host bridge. The ones before are for what hangs below `pcie.0`.
pub(crate) const FIRST_BUS: u32 = 12;

/// Where rules leave what they find.
#[derive(Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn add(
        &mut self,
        rule: &'static Rule,
        field: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.0.push(Finding::new(rule, field, message, hint));
    }
}

/// Rounds up to the next multiple, for hints; never 0.
pub(super) fn round_up(size: Bytes, unit: Bytes) -> Bytes {
    Bytes(size.0.max(1).checked_next_multiple_of(unit.0).unwrap_or(unit.0))
}
