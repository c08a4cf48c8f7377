//! The order of the table.

use super::row::Row;
use super::{faults, locks, memory, other, panics, sanitizers, stalls, unsure, warnings};

/// The files of the table, from the most particular words to the least.
const SECTIONS: [&[Row]; 9] = [
    sanitizers::ROWS,
    faults::ROWS,
    panics::ROWS,
    stalls::ROWS,
    locks::ROWS,
    memory::ROWS,
    other::ROWS,
    warnings::ROWS,
    unsure::ROWS,
];

/// All rows. The first that matches a line is what the line is.
pub(in crate::kernel_log) fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    SECTIONS.into_iter().flatten()
}
