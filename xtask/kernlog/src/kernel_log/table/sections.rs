//! The order of the table.

use super::row::Row;
use super::{faults, hidden, locks, memory, notes, other, panics, sanitizers, stalls, unsure, warnings};

/// The files of the table: the commonest first, since it is walked through from its start for each line that may be a heading,
/// and last what drivers and programs print, too.
const SECTIONS: [&[Row]; 11] = [
    warnings::ROWS,
    sanitizers::ROWS,
    faults::ROWS,
    panics::ROWS,
    stalls::ROWS,
    locks::ROWS,
    memory::ROWS,
    other::ROWS,
    notes::ROWS,
    hidden::ROWS,
    unsure::ROWS,
];

/// All rows. The first that matches a line is what the line is.
pub(in crate::kernel_log) fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    SECTIONS.into_iter().flatten()
}
