//! What can be planned only when kernel and userland are there.

use super::plan::{Cell, boots};
use super::request::{matches, wanted};
use super::{Plan, Ready, RunError};
use crate::spec::CaseFile;

/// The plan's cells with all of their cases.
///
/// # Errors
/// The tests of the userland cannot be read, or no case is left.
pub(super) fn cells(plan: &Plan, ready: &Ready) -> Result<Vec<Cell>, RunError> {
    let mut cells = Vec::new();
    for cell in &plan.cells {
        let found = found(cell, ready)?;
        let known = cell.boots.iter().flat_map(|boot| boot.cases.iter().cloned());
        let cases: Vec<_> = known.chain(found).collect();
        if !cases.is_empty() {
            cells.push(Cell { boots: boots(&cases), ..cell.clone() });
        }
    }
    match plan.cells.first() {
        Some(cell) if cells.is_empty() => Err(RunError::Empty { cases: cell.wanted.clone() }),
        _ => Ok(cells),
    }
}

/// The wanted ones of the cases that a suite finds in the userland.
fn found(cell: &Cell, ready: &Ready) -> Result<Vec<CaseFile>, RunError> {
    let (Some(found), Some(ndctl)) = (&cell.suite.found, &ready.ndctl) else { return Ok(Vec::new()) };
    let names = ndctl.scripts(|file| matches(&found.scripts, file))?;
    let ours = names.iter().filter(|name| wanted(&cell.wanted, &cell.suite.name, name));
    Ok(ours.map(|name| CaseFile::found(name, found, cell.suite.shared)).collect())
}
