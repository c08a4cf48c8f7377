//! What a log of meson's comes to.

use crate::Case;

/// The tests of a log of meson's.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Results {
    /// Its tests, in order.
    pub cases: Vec<Case>,
    /// Remarks that make nothing red, one line each.
    pub notes: Vec<String>,
}
