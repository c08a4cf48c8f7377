//! From a request to plans. Pure but for reading the spec files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cxl_topology::Topology;
use event::CellId;
use spec::{
    Axes, Kernel, PLAIN, Project, Selector, Series, Settings, Suite, SuiteVariant, Topologies, Variants,
};

use super::cells::boots;
use super::misspelt;
use super::promises::{Promises, UpTo};
use super::provider::Provider;
use super::request::{Request, unknown};
use super::selection::{CellSelection, Selection};
use super::wanted::WantedCases;
use super::{Boot, Cell, Plan, RunError};
use crate::judge::ExpectFile;

/// The topology without CXL on which mock suites run.
const NONE: &str = "none";

impl Plan {
    /// The kernel of a request, and no cells.
    ///
    /// # Errors
    /// A file is missing or wrong, or a name unknown.
    pub fn kernel_only(project: &Project, request: &Request) -> Result<Self, RunError> {
        let kernel = request.kernel(project)?;
        let series = promises(project, request, &kernel)?.applied();
        let (flavour, ndctl) = (request.flavour(project), request.ndctl_sources(project));
        let (cells, left_out, selection) = (Vec::new(), Vec::new(), Arc::default());
        let (slot, order) = (kernel.sources.clone(), request.order);
        Ok(Self { kernel, slot, series, flavour, ndctl, order, cells, left_out, selection })
    }

    /// The one kernel that the request names, with its cells.
    ///
    /// # Errors
    /// As [`Plan::kernel_only`], or nothing is left to run.
    pub fn new(project: &Project, request: &Request) -> Result<Self, RunError> {
        let plan = Self::read(project, request, &Arc::new(CellSelection::new(project, request)?))?;
        check_cases(project, std::slice::from_ref(request))?;
        if plan.cells.is_empty() { Err(request.empty(&plan.left_out)) } else { Ok(plan) }
    }

    /// Every kernel that the request names, by itself or by a matrix, each in each of its flavours. A shard may have
    /// nothing to run.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn all(project: &Project, request: &Request) -> Result<Vec<Self>, RunError> {
        let selection = Arc::new(CellSelection::new(project, request)?);
        let mut plans: Vec<Self> = Vec::new();
        let products = products(project, request)?;
        for request in &products {
            let plan = Self::read(project, request, &selection)?;
            let same = |known: &&mut Self| {
                (&known.kernel.name, &known.flavour) == (&plan.kernel.name, &plan.flavour)
            };
            match plans.iter_mut().find(same) {
                Some(known) => known.join(plan),
                None => plans.push(plan),
            }
        }
        check_cases(project, &products)?;
        if plans.iter().all(|plan| plan.cells.is_empty()) {
            let left_out: Vec<_> = plans.iter().flat_map(|plan| plan.left_out.clone()).collect();
            return Err(request.empty(&left_out));
        }
        if let Some(shard) = &request.shard {
            shard.keep(&mut plans.iter_mut().map(|plan| &mut plan.cells).collect::<Vec<_>>());
        }
        // Only now: which cells are done must not move others to another shard.
        for plan in &mut plans {
            plan.cells.retain(|cell| !selection.is_done(cell));
        }
        plans.retain(|plan| !plan.cells.is_empty());
        Ok(plans)
    }

    /// Takes the cells of another plan for the same kernel; one that is in both is there once.
    fn join(&mut self, other: Self) {
        let known: BTreeSet<_> = self.cells.iter().map(|cell| (cell.id.clone(), cell.open)).collect();
        self.cells
            .extend(other.cells.into_iter().filter(|cell| !known.contains(&(cell.id.clone(), cell.open))));
        for out in other.left_out {
            if !self.left_out.contains(&out) {
                self.left_out.push(out);
            }
        }
    }

    /// Reads what the request names of one kernel.
    fn read(project: &Project, request: &Request, selection: &Arc<CellSelection>) -> Result<Self, RunError> {
        let kernel = request.kernel(project)?;
        let promises = promises(project, request, &kernel)?;
        let known = known_series(project)?;
        let flavour = request.flavour(project);
        let mut topologies = BTreeMap::new();
        let (mut cells, mut left_out) = (Vec::new(), Vec::new());
        for (suite, variant, of_suite) in load_suites(project, wanted_suites(project, request))? {
            let variants = request.variants.clone();
            let wanted = WantedCases { cases: request.cases.clone(), of_suite, variant, variants };
            let missing_patches = by_case(&suite, |case| promises.missing(&suite.name, case));
            let provided_by = by_case(&suite, |case| Provider::of(&known, &suite.name, case));
            let unfit = by_case(&suite, |case| promises.left_out(&suite.name, case));
            for name in placed(&suite, project, request) {
                let topology = match topologies.get(&name) {
                    Some(known) => Arc::clone(known),
                    None => load_topology(project, &name, request, &flavour)?,
                };
                topologies.insert(name, Arc::clone(&topology));
                for cell in cells_of(&kernel.name, &flavour, &topology, &suite, &wanted)? {
                    if let Some(why) = no_case_fits(&cell, &unfit) {
                        left_out.push((cell.id, why));
                        continue;
                    }
                    let (missing_patches, provided_by) = (missing_patches.clone(), provided_by.clone());
                    match selection.select(Cell { missing_patches, provided_by, ..cell }) {
                        Selection::Selected(cell) => cells.push(*cell),
                        Selection::Excluded(id, because) => left_out.push((id, because)),
                        Selection::NotSelected => {}
                    }
                }
            }
        }
        let (ndctl, order, selection) =
            (request.ndctl_sources(project), request.order, Arc::clone(selection));
        let (slot, series) = (kernel.sources.clone(), promises.applied());
        Ok(Self { kernel, slot, series, flavour, ndctl, order, cells, left_out, selection })
    }
}

/// The request for each kernel and flavour: those of the matrix where it names one.
fn products(project: &Project, request: &Request) -> Result<Vec<Request>, RunError> {
    let Some(name) = &request.matrix else { return Ok(vec![request.clone()]) };
    let mut requests = Vec::new();
    for axes in &project.matrix(Some(name))?.products {
        let (topologies, suites) = (topologies_of(project, axes)?, suites_of(project, axes)?);
        for kernel in &axes.kernels {
            requests.extend(axes.flavours.iter().map(|flavour| Request {
                kernel: Some(kernel.clone()),
                flavour: Some(flavour.clone()),
                topologies: topologies.clone(),
                suites: suites.clone(),
                variants: axes.variants.clone(),
                ..request.clone()
            }));
        }
    }
    Ok(requests)
}

/// All topologies are those with CXL: what needs none runs on `none` in any case.
fn topologies_of(project: &Project, axes: &Axes) -> Result<Vec<String>, RunError> {
    if let Some(names) = &axes.topologies {
        return Ok(names.clone());
    }
    let mut names = cxl_topology::names(&project.topologies_dir())?;
    names.retain(|name| name != NONE);
    Ok(names)
}

fn suites_of(project: &Project, axes: &Axes) -> Result<Vec<String>, RunError> {
    Ok(match &axes.suites {
        Some(names) => names.clone(),
        None => Suite::names(&project.scenarios_dir())?,
    })
}

/// The kernel's series with those that they require, cut as the request wants it.
fn promises(project: &Project, request: &Request, kernel: &Kernel) -> Result<Promises, RunError> {
    let mut promises = Promises::whole(Series::load_all(&project.patches_dir(), &kernel.series)?);
    for (name, why) in &request.left_out {
        promises.leave(Series::load(&project.patches_dir(), name)?, why);
    }
    if let Some(text) = &request.up_to {
        let up_to = UpTo::parse(text).ok_or_else(|| RunError::UpTo {
            why: format!("'{}' is no number of patches", text.escape_debug()),
        })?;
        promises.cut(&up_to)?;
    }
    Ok(promises)
}

/// Every series in `patches/`.
fn known_series(project: &Project) -> Result<Vec<Series>, RunError> {
    let dir = project.patches_dir();
    let names = if dir.is_dir() { Series::names(&dir)? } else { Vec::new() };
    Ok(Series::load_all(&dir, &names)?)
}

/// What is to be said of some of a suite's cases, by name.
fn by_case<T>(suite: &Suite, of: impl Fn(&str) -> Option<T>) -> BTreeMap<String, T> {
    suite.cases.iter().filter_map(|case| Some((case.name.clone(), of(&case.name)?))).collect()
}

/// Why a cell is left out as a whole: each of its cases needs a series that does not fit the user's own tree.
fn no_case_fits(cell: &Cell, unfit: &BTreeMap<String, String>) -> Option<String> {
    let cases = || cell.boots.iter().flat_map(|boot| &boot.cases);
    // Cases that are found later may need nothing.
    let some = cell.boots.iter().all(|boot| !boot.cases.is_empty());
    let reasons: Option<BTreeSet<&str>> =
        cases().map(|case| unfit.get(&case.name).map(String::as_str)).collect();
    let reasons = reasons.filter(|reasons| some && !reasons.is_empty())?;
    Some(reasons.into_iter().collect::<Vec<_>>().join("; "))
}

/// The suites that a request names, as they are written.
fn wanted_suites<'a>(project: &'a Project, request: &'a Request) -> &'a [String] {
    if request.suites.is_empty() { &project.defaults.suites } else { &request.suites }
}

/// Refuses a case that is asked for by name and is none: of the suite that it is asked of, or of all that are wanted.
fn check_cases(project: &Project, requests: &[Request]) -> Result<(), RunError> {
    let scenarios = project.scenarios_dir();
    let mut suites = BTreeMap::new();
    for request in requests {
        for (suite, _, of_suite) in load_suites(project, wanted_suites(project, request))? {
            misspelt::check(&of_suite, &[&suite], &scenarios)?;
            suites.insert(suite.name.clone(), suite);
        }
    }
    // Of each the same.
    let cases = requests.first().map_or(&[][..], |request| &request.cases);
    misspelt::check(cases, &suites.values().map(AsRef::as_ref).collect::<Vec<_>>(), &scenarios)
}

/// A suite with the pattern for its variants, and those for its cases.
type Part = (Arc<Suite>, Option<String>, Vec<String>);

/// The suites that are wanted. What is wanted of the same variants of one suite is one part of it.
fn load_suites(project: &Project, wanted: &[String]) -> Result<Vec<Part>, RunError> {
    let known = Suite::names(&project.scenarios_dir())?;
    let names = || known.iter().map(String::as_str);
    let mut parts: Vec<Part> = Vec::new();
    for text in wanted {
        let Selector { suite, variant, case } = text.parse().map_err(|_| unknown("suite", text, names()))?;
        if !known.contains(&suite) {
            return Err(unknown("suite", &suite, names()));
        }
        let same = |part: &&mut Part| part.0.name == suite && part.1 == variant;
        if let Some((_, _, cases)) = parts.iter_mut().find(same) {
            // All of it and some of it is all of it.
            if case.is_none() || cases.is_empty() {
                cases.clear();
            } else {
                cases.extend(case);
            }
        } else {
            let loaded = Suite::load(&project.scenarios_dir(), &suite)?;
            // What is wrong with what it expects is reported before anything is built.
            ExpectFile::of(&loaded)?;
            parts.push((Arc::new(loaded), variant, case.into_iter().collect()));
        }
    }
    Ok(parts)
}

/// How much more memory a kernel with KASAN and its like gets: shadow, quarantine and records take half of it.
const INSTRUMENTED: u64 = 2;

fn load_topology(
    project: &Project,
    name: &str,
    request: &Request,
    flavour: &str,
) -> Result<Arc<Topology>, RunError> {
    let load = if request.skip_lint { Topology::load_unchecked } else { Topology::load };
    let mut topology = match request.in_memory.iter().find(|one| one.name == name) {
        Some(topology) => Topology::clone(topology),
        None => load(&project.topologies_dir(), name)?,
    };
    if flavour != PLAIN {
        topology.memory.0 *= INSTRUMENTED;
    }
    Ok(Arc::new(topology))
}

/// The topologies on which a suite runs: those asked for that it allows. A suite that runs on `none` alone runs
/// there whatever was asked, since nothing about it depends on the answer.
fn placed(suite: &Suite, project: &Project, request: &Request) -> Vec<String> {
    let asked =
        if request.topologies.is_empty() { &project.defaults.topologies } else { &request.topologies };
    match &suite.topologies {
        Topologies::Any => asked.clone(),
        Topologies::Only(only) if only.iter().all(|name| name == NONE) => only.clone(),
        Topologies::Only(only) => asked.iter().filter(|name| only.contains(name)).cloned().collect(),
    }
}

fn cells_of(
    kernel: &str,
    flavour: &str,
    topology: &Arc<Topology>,
    suite: &Arc<Suite>,
    wanted: &WantedCases,
) -> Result<Vec<Cell>, RunError> {
    let cases: Vec<_> =
        suite.cases.iter().filter(|case| wanted.case(&suite.name, &case.name)).cloned().collect();
    let mut boots = boots(&cases);
    if suite.found.is_some() {
        // Its cases come when the userland is there.
        let userland = suite.shared.userland;
        boots.push(Boot { userland, deny: Vec::new(), cmdline: Vec::new(), cases: Vec::new() });
    }
    if boots.is_empty() {
        return Ok(Vec::new());
    }
    let (variants, open) = variants(suite, wanted)?;
    let cell = |variant: SuiteVariant| Cell {
        id: CellId {
            kernel: kernel.to_owned(),
            flavour: flavour.to_owned(),
            topology: topology.name.clone(),
            suite: suite.name.clone(),
            variant: variant.name.clone(),
        },
        topology: Arc::clone(topology),
        suite: Arc::clone(suite),
        variant,
        boots: boots.clone(),
        wanted: wanted.clone(),
        open,
        lacks: None,
        settings: Settings::default(),
        missing_patches: BTreeMap::new(),
        provided_by: BTreeMap::new(),
    };
    Ok(variants.into_iter().map(cell).collect())
}

/// The variants of a suite that are wanted, and whether they are known only later: then one stands for all.
fn variants(suite: &Suite, wanted: &WantedCases) -> Result<(Vec<SuiteVariant>, bool), RunError> {
    let default = || SuiteVariant { name: SuiteVariant::DEFAULT.to_owned(), ..SuiteVariant::default() };
    match &suite.variants {
        Variants::ParametersOf(module) => Ok(match wanted.named_variant() {
            Some(name) => (vec![SuiteVariant::of_parameters(module, name)], false),
            None => (vec![default()], true),
        }),
        Variants::Listed(listed) => {
            let all = if listed.is_empty() { vec![default()] } else { listed.clone() };
            let chosen: Vec<_> =
                all.iter().filter(|variant| wanted.variant(&variant.name)).cloned().collect();
            match (&wanted.variant, chosen.is_empty()) {
                (Some(name), true) => {
                    Err(unknown("variant", name, all.iter().map(|variant| variant.name.as_str())))
                }
                _ => Ok((chosen, false)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_suite_are_one() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace");
        let project = Project::load(root).expect("patchbench.yaml");
        let parts = |wanted: &[&str]| -> Vec<String> {
            let wanted: Vec<_> = wanted.iter().map(|&text| text.to_owned()).collect();
            let parts = load_suites(&project, &wanted).expect("suites");
            parts
                .iter()
                .map(|(suite, variant, cases)| format!("{} {variant:?} {cases:?}", suite.name))
                .collect()
        };
        insta::assert_debug_snapshot!(parts(&["mock:default/cycle", "enumerate", "mock:default/region", "mock/cycle", "mock"]), @r#"
        [
            "mock Some(\"default\") [\"cycle\", \"region\"]",
            "enumerate None []",
            "mock None []",
        ]
        "#);
        assert!(load_suites(&project, &["moc".to_owned()]).is_err());
    }
}
