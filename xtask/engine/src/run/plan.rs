//! What is to be run: a kernel, its cells, their boots. Pure.

use std::sync::Arc;
use std::time::Duration;

use cxl_topology::Topology;
use event::CellId;
use spec::{CaseFile, Kernel, Series, Source, Userland};

use super::Order;
use super::cells::{Cell, boots};
use super::selection::CellSelection;

/// One kernel in one flavour, and every cell that runs on it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The kernel.
    pub kernel: Kernel,
    /// Sources that name the folder in which it is built: those of its entry, also where it is made from another.
    pub slot: Vec<Source>,
    /// Its series, in order.
    pub series: Vec<Series>,
    /// `plain` or another set of fragments.
    pub flavour: String,
    /// Where ndctl's tools and tests may come from.
    pub ndctl: Vec<Source>,
    /// In which order the cases of a cell run, and how often.
    pub order: Order,
    /// What runs on it.
    pub cells: Vec<Cell>,
    /// Cells that a matrix leaves out, and why.
    pub left_out: Vec<(CellId, String)>,
    /// Which of the cells that are found later are wanted.
    pub(super) selection: Arc<CellSelection>,
}

impl Plan {
    /// Whether a guest of the plan has this userland.
    pub fn wants(&self, userland: Userland) -> bool {
        self.cells.iter().flat_map(|cell| &cell.boots).any(|boot| boot.userland == userland)
    }

    /// Topologies of the cells, each once.
    pub fn topologies(&self) -> Vec<&Topology> {
        let mut found: Vec<&Topology> = Vec::new();
        for cell in &self.cells {
            if found.iter().all(|known| known.name != cell.topology.name) {
                found.push(&cell.topology);
            }
        }
        found
    }

    /// The cells whose variants are known.
    pub fn closed_cells(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| !cell.open)
    }

    /// The same made from another source: a commit of a history, each built where the last one was.
    #[must_use]
    pub fn from_source(mut self, source: Source) -> Self {
        self.kernel.sources = vec![source];
        self
    }

    /// The same with one more series on top of the others.
    #[must_use]
    pub fn with_on_top(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// The same without some cases, by suite and name.
    #[must_use]
    pub fn without(self, out: impl Fn(&str, &str) -> bool) -> Self {
        self.regrouped(|suite, case| (!out(suite, &case.name)).then_some(case))
    }

    /// The same with a guest of its own for each of some cases, by suite and name.
    #[must_use]
    pub fn with_isolated(self, alone: impl Fn(&str, &str) -> bool) -> Self {
        self.regrouped(|suite, case| {
            let isolate = case.isolate || alone(suite, &case.name);
            Some(CaseFile { isolate, ..case })
        })
    }

    /// The same with some cases alone, by cell, each with the longest time that is given for it. Cells of which none is left, and those
    /// whose cases are known only later, are left out.
    #[must_use]
    pub fn limited(mut self, longest: impl Fn(&CellId, &CaseFile) -> Option<Duration>) -> Self {
        for cell in &mut self.cells {
            let cases = cell.boots.iter().flat_map(|boot| boot.cases.iter().cloned());
            let limited = |case: CaseFile| Some(CaseFile { timeout: longest(&cell.id, &case)?, ..case });
            let kept: Vec<_> = cases.filter_map(limited).collect();
            cell.boots = boots(&kept);
        }
        self.cells.retain(|cell| !cell.open && !cell.boots.is_empty());
        self
    }

    fn regrouped(mut self, keep: impl Fn(&str, CaseFile) -> Option<CaseFile>) -> Self {
        for cell in &mut self.cells {
            let cases = cell.boots.iter().flat_map(|boot| boot.cases.iter().cloned());
            let kept: Vec<_> = cases.filter_map(|case| keep(&cell.suite.name, case)).collect();
            let open: Vec<_> = cell.boots.iter().filter(|boot| boot.cases.is_empty()).cloned().collect();
            cell.boots = [boots(&kept), open].concat();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spec::{KernelMessages, Needs};

    fn case(name: &str, deny: &[&str], cmdline: &[&str], isolate: bool) -> CaseFile {
        let owned = |words: &[&str]| words.iter().map(|&w| w.to_owned()).collect();
        CaseFile {
            name: name.to_owned(),
            script: format!("{name}.sh"),
            summary: String::new(),
            needs: Needs::default(),
            timeout: Duration::from_secs(1),
            userland: Userland::Busybox,
            deny: owned(deny),
            cmdline: owned(cmdline),
            isolate,
            kmsg: KernelMessages::default(),
        }
    }

    #[test]
    fn cases_share_a_guest_only_under_equal_conditions() {
        let cases = [
            case("a", &[], &[], false),
            case("b", &["cxl_acpi"], &[], false),
            case("c", &[], &[], false),
            case("d", &[], &[], true),
            case("e", &[], &["x=1"], false),
            case("f", &["cxl_acpi"], &[], false),
            case("g", &[], &[], false),
        ];
        let names: Vec<Vec<_>> =
            boots(&cases).iter().map(|boot| boot.cases.iter().map(|c| c.name.clone()).collect()).collect();
        insta::assert_debug_snapshot!(names.iter().map(|n| n.join(" ")).collect::<Vec<_>>(), @r#"
        [
            "a c g",
            "b f",
            "d",
            "e",
        ]
        "#);
    }
}
