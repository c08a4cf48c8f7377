//! Names as they are shown.

use event::CellId;

use crate::text::one_line;

/// A cell's name as it is shown.
pub(super) fn of(cell: &CellId) -> String {
    one_line(&cell.to_string())
}
