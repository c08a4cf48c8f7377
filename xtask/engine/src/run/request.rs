//! What one run is asked to do, resolved from the command line and `patchbench.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use cxl_topology::Topology;
use event::CellId;
use spec::{CellFilter, Kernel, Project, SeriesRange, Source};
use specfile::{SpecError, did_you_mean};

use super::{Order, RunError, Shard, wanted};

/// What one run is asked to do. Empty lists mean the project's defaults.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    /// Entry of `patchbench.yaml`; the default one unless named.
    pub kernel: Option<String>,
    /// The user's own tree in place of the kernel's source.
    pub linux: Option<PathBuf>,
    /// Flavour; the default one unless named.
    pub flavour: Option<String>,
    /// Topologies by name.
    pub topologies: Vec<String>,
    /// Suites by name.
    pub suites: Vec<String>,
    /// Cases by name, `SUITE/CASE` or `CASE`, with `*` as in a shell.
    pub cases: Vec<String>,
    /// Other series than the kernel's own; none for those.
    pub series: Option<Vec<String>>,
    /// Series that do not fit the user's own tree, with the reason as a clause without a subject. What needs them is not run.
    #[serde(default)]
    pub left_out: BTreeMap<String, String>,
    /// The user's own tree of ndctl in place of the project's sources.
    pub ndctl: Option<PathBuf>,
    /// In which order cases run, and how often.
    pub order: Order,
    /// Commits that stand in the place of a series; the project that the request is put to has them.
    pub git: Option<SeriesRange>,
    /// Only the first patches of a series: `[SERIES:]N`.
    pub up_to: Option<String>,
    /// Boot topologies even where their rules are broken.
    pub skip_lint: bool,
    /// A matrix of `patchbench.yaml`, in place of kernel, flavour, topologies and suites.
    pub matrix: Option<String>,
    /// Patterns for the variants; all variants where there is none.
    pub variants: Vec<String>,
    /// Only cells of which this holds.
    pub cells: Option<CellFilter>,
    /// Only these cells, each with its cases that are wanted; all of its cases where none is named.
    pub only: Option<Vec<(CellId, BTreeSet<String>)>>,
    /// Only a part of the cells.
    pub shard: Option<Shard>,
    /// Cells that are not run again, since they are done.
    #[serde(skip)]
    pub done: BTreeSet<CellId>,
    /// Topologies that are no files: found before those by their names.
    #[serde(skip)]
    pub in_memory: Vec<Arc<Topology>>,
}

impl Request {
    /// The kernel that is meant. With `linux`, the named entry (or the default one) lends its fragments, and not its series:
    /// [`super::own_tree`] finds those that fit.
    ///
    /// # Errors
    /// There is no such kernel.
    pub fn kernel(&self, project: &Project) -> Result<Kernel, SpecError> {
        let named = self.kernel.as_deref().unwrap_or(&project.defaults.kernel);
        let mut kernel = project.kernel(named)?.clone();
        if let Some(dir) = &self.linux {
            "linux".clone_into(&mut kernel.name);
            kernel.series.clear();
            kernel.sources = vec![own_tree(dir)];
        }
        if let Some(series) = &self.series {
            kernel.series.clone_from(series);
        }
        Ok(kernel)
    }

    /// Where ndctl's tools and tests may come from, the user's own tree before all.
    pub fn ndctl_sources(&self, project: &Project) -> Vec<Source> {
        self.ndctl.as_deref().map_or_else(|| project.ndctl.clone(), |dir| vec![own_tree(dir)])
    }

    /// Flavour of this run.
    pub fn flavour(&self, project: &Project) -> String {
        self.flavour.clone().unwrap_or_else(|| project.defaults.flavour.clone())
    }

    /// The error that nothing is left to run.
    pub(super) fn empty(&self, left_out: &[(CellId, String)]) -> RunError {
        let mut left_out: Vec<_> =
            left_out.iter().map(|(cell, why)| format!("{}: {why}", cell.suite)).collect();
        left_out.dedup();
        let mut options: Vec<_> = self.cases.iter().map(|case| format!("--case {case}")).collect();
        options.extend(self.cells.iter().map(|cells| format!("--cell '{cells}'")));
        RunError::Empty { options, left_out }
    }

    /// Whether a case was asked for.
    pub fn wants(&self, suite: &str, case: &str) -> bool {
        wanted::wanted(&self.cases, suite, case)
    }
}

/// A work tree as it stands: through git with its uncommitted changes where it is a git tree.
pub(super) fn own_tree(dir: &std::path::Path) -> Source {
    if dir.join(".git").exists() {
        Source::Git { location: dir.display().to_string(), reference: "HEAD".to_owned(), dirty: true }
    } else {
        Source::Dir { path: dir.to_owned() }
    }
}

/// An error for a name that is not among the known ones.
pub(super) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> RunError {
    let hint = match did_you_mean(name, known.clone()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
    };
    RunError::Unknown { what: what.to_owned(), name: name.to_owned(), hint }
}
