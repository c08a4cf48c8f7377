//! Which of the cells that could be are run, and what is particular to them. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use cxl_topology::Topology;
use cxl_topology::bytes::Bytes;
use event::CellId;
use spec::{CellFilter, Exclude, Field, Project, Setting, Settings};

use super::{Boot, Cell, Request, RunError};

/// Which of the cells that could be are run, and what is particular to them.
#[derive(Debug, Clone, Default)]
pub(super) struct CellSelection {
    /// Of these alone.
    filter: Option<CellFilter>,
    /// Not of these.
    exclude: Vec<Exclude>,
    /// What is particular to some.
    settings: Vec<Setting>,
    /// These alone, each with the cases that are wanted of it; all of its cases where none is named.
    only: Option<Vec<(CellId, BTreeSet<String>)>>,
    /// Those that are done.
    done: BTreeSet<CellId>,
}

/// What becomes of a cell.
pub(super) enum Selection {
    /// It is run, with what is particular to it.
    Selected(Box<Cell>),
    /// A matrix leaves it out, and says why.
    Excluded(CellId, String),
    /// Nobody asked for it.
    NotSelected,
}

impl CellSelection {
    /// That of a request, with what its matrix says.
    ///
    /// # Errors
    /// There is no such matrix.
    pub(super) fn new(project: &Project, request: &Request) -> Result<Self, RunError> {
        let matrix = request.matrix.as_deref().map(|name| project.matrix(Some(name))).transpose()?;
        Ok(Self {
            filter: request.cells.clone(),
            exclude: matrix.map(|matrix| matrix.exclude.clone()).unwrap_or_default(),
            settings: matrix.map(|matrix| matrix.settings.clone()).unwrap_or_default(),
            only: request.only.clone(),
            done: request.done.clone(),
        })
    }

    /// Whether a cell is done, and is not run again.
    pub(super) fn is_done(&self, cell: &Cell) -> bool {
        !cell.open && self.done.contains(&cell.id)
    }

    /// Decides on a cell. One whose variant is not known yet is taken as long as one of its variants might be wanted.
    pub(super) fn select(&self, mut cell: Cell) -> Selection {
        let name = |field| name(&cell, field);
        if self.filter.as_ref().is_some_and(|filter| filter.holds(name) == Some(false)) {
            return Selection::NotSelected;
        }
        if let Some(out) = self.exclude.iter().find(|out| out.cells.holds(name) == Some(true)) {
            return Selection::Excluded(cell.id, out.because.clone());
        }
        if let Some(only) = &self.only {
            let same = |id: &CellId| {
                let open = CellId { variant: cell.id.variant.clone(), ..id.clone() };
                *id == cell.id || cell.open && open == cell.id
            };
            let wanted: Vec<_> = only.iter().filter(|(id, _)| same(id)).map(|(_, cases)| cases).collect();
            if wanted.is_empty() {
                return Selection::NotSelected;
            }
            if !cell.open && wanted.iter().all(|cases| !cases.is_empty()) {
                cell.wanted.of_suite = wanted.iter().flat_map(|cases| (*cases).clone()).collect();
                let wanted = |case: &str| cell.wanted.of_suite.iter().any(|name| name == case);
                keep_cases(&mut cell.boots, wanted);
            }
        }
        cell.settings = Settings::of(&self.settings, |field| self::name(&cell, field));
        if let Some(memory) = cell.settings.memory {
            cell.topology = Arc::new(Topology { memory: Bytes(memory), ..Topology::clone(&cell.topology) });
        }
        Selection::Selected(Box::new(cell))
    }
}

/// Leaves out cases. A boot whose cases are found later stays as it is.
fn keep_cases(boots: &mut Vec<Boot>, wanted: impl Fn(&str) -> bool) {
    boots.retain_mut(|boot| {
        let found_later = boot.cases.is_empty();
        boot.cases.retain(|case| wanted(&case.name));
        found_later || !boot.cases.is_empty()
    });
}

/// The cell's name of this sort; none while the variant is open.
fn name(cell: &Cell, field: Field) -> Option<&str> {
    (field != Field::Variant || !cell.open).then(|| name_of(&cell.id, field))
}

/// The cell's name of this sort.
pub fn name_of(id: &CellId, field: Field) -> &str {
    match field {
        Field::Kernel => &id.kernel,
        Field::Flavour => &id.flavour,
        Field::Topology => &id.topology,
        Field::Suite => &id.suite,
        Field::Variant => &id.variant,
    }
}
