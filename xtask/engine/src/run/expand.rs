//! What can be planned only when kernel and userland are there.

use std::collections::BTreeMap;
use std::path::Path;

use fs_err as fs;
use walkdir::WalkDir;

use event::CellId;
use host::elf;
use spec::{CaseFile, Suite, SuiteVariant, Variants, fits};

use super::cells::{Cell, boots};
use super::selection::Selection;
use super::{Plan, PreparedKernel, RunError};

/// The plan's cells with all of their cases, and those of the variants that were open.
///
/// # Errors
/// The tests of the userland or a module cannot be read.
pub(super) fn cells(plan: &Plan, ready: &PreparedKernel) -> Result<Vec<Cell>, RunError> {
    let mut cells = Vec::new();
    for cell in &plan.cells {
        let found = found(cell, ready)?;
        let known = cell.boots.iter().flat_map(|boot| boot.cases.iter().cloned());
        let cases: Vec<_> = known.chain(found).collect();
        if cases.is_empty() {
            continue;
        }
        for cell in variants(&Cell { boots: boots(&cases), ..cell.clone() }, ready)? {
            let Selection::Selected(cell) = plan.selection.select(cell) else { continue };
            if plan.selection.is_done(&cell) {
                continue;
            }
            // Asked for twice, by its name and as one of all.
            if cells.iter().all(|known: &Cell| known.id != cell.id) {
                cells.push(*cell);
            }
        }
    }
    for cell in &mut cells {
        cell.boots = plan.order.of(cell).boots(cell);
    }
    Ok(cells)
}

/// The wanted ones of the cases that a suite finds in the userland.
fn found(cell: &Cell, ready: &PreparedKernel) -> Result<Vec<CaseFile>, RunError> {
    let Some(found) = &cell.suite.found else { return Ok(Vec::new()) };
    let names = found_names(&cell.suite, ready)?;
    let ours = names.iter().filter(|name| cell.wanted.case(&cell.suite.name, name));
    Ok(ours.map(|name| CaseFile::found(name, found, &cell.suite.shared)).collect())
}

/// Names of all cases that a suite finds in the userland.
pub(super) fn found_names(suite: &Suite, ready: &PreparedKernel) -> Result<Vec<String>, RunError> {
    let (Some(found), Some(ndctl)) = (&suite.found, &ready.ndctl) else { return Ok(Vec::new()) };
    Ok(ndctl.scripts(|file| fits(&found.scripts, file))?)
}

/// A cell for each variant that is wanted of an open one; one that was asked for by name is there in any case, and says
/// what the kernel lacks for it.
fn variants(cell: &Cell, ready: &PreparedKernel) -> Result<Vec<Cell>, RunError> {
    let Variants::ParametersOf(module) = &cell.suite.variants else { return Ok(vec![cell.clone()]) };
    let Ok(root) = ready.built.module_root(cell.suite.modules) else { return Ok(vec![cell.clone()]) };
    let switches = switches(&parameters(root, module)?);
    if !cell.open {
        let known = |name: &&str| switches.iter().any(|switch| switch == name);
        let missing =
            cell.variant.name.split('+').find(|name| *name != SuiteVariant::DEFAULT && !known(name));
        let lacks = missing.map(|name| format!("{module} of this kernel has no parameter {name}"));
        return Ok(vec![Cell { lacks, ..cell.clone() }]);
    }
    let names = names(&switches).into_iter().filter(|name| cell.wanted.variant(name));
    let of = |name: String| Cell {
        id: CellId { variant: name.clone(), ..cell.id.clone() },
        variant: SuiteVariant::of_parameters(module, &name),
        open: false,
        ..cell.clone()
    };
    Ok(names.map(of).collect())
}

/// None, each alone, each two.
fn names(switches: &[String]) -> Vec<String> {
    let mut names = vec![SuiteVariant::DEFAULT.to_owned()];
    names.extend(switches.iter().cloned());
    for (at, one) in switches.iter().enumerate() {
        names.extend(switches[at + 1..].iter().map(|other| format!("{one}+{other}")));
    }
    names
}

/// Parameters that `=1` turns on.
fn switches(parameters: &BTreeMap<String, String>) -> Vec<String> {
    let is_switch = |kind: &str| kind == "bool" || kind == "int";
    parameters.iter().filter(|(_, kind)| is_switch(kind)).map(|(name, _)| name.clone()).collect()
}

/// The parameters of a module below a root, with their types.
fn parameters(root: &Path, module: &str) -> Result<BTreeMap<String, String>, RunError> {
    let named = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
        stem == module && path.extension().is_some_and(|extension| extension == "ko")
    };
    let files = WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    let Some(entry) = files.into_iter().find(|entry| named(entry.path())) else { return Ok(BTreeMap::new()) };
    Ok(elf::module_parameters(&fs::read(entry.path())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_alone_and_in_pairs() {
        let all = [("b", "bool"), ("a", "int"), ("table", "array of charp"), ("c", "bool")];
        let all = all.map(|(name, kind)| (name.to_owned(), kind.to_owned())).into();
        assert_eq!(names(&switches(&all)), ["default", "a", "b", "c", "a+b", "a+c", "b+c"]);
        assert_eq!(names(&[]), ["default"]);
    }
}
