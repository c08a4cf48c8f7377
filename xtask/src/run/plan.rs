//! From a request to cells and their boots. Pure but for reading the spec files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::promises::{Bringer, Promises, UpTo};
use super::request::{Request, Wanted, unknown};
use super::{Order, RunError};
use crate::event::CellId;
use crate::judge::ExpectFile;
use crate::spec::{
    CaseFile, Kernel, PLAIN, Project, Selector, Series, Source, Suite, SuiteVariant, Topologies, Userland,
    Variants,
};
use crate::topology::Topology;

/// The topology without CXL on which mock suites run.
const NONE: &str = "none";

/// One kernel in one flavour, and every cell that runs on it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The kernel.
    pub kernel: Kernel,
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
}

/// The unit that gets one verdict.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Its name.
    pub id: CellId,
    /// Where it runs.
    pub topology: Arc<Topology>,
    /// What it runs.
    pub suite: Arc<Suite>,
    /// With which parameters.
    pub variant: SuiteVariant,
    /// One guest each.
    pub boots: Vec<Boot>,
    /// Cases that wait for a patch that is not applied, with the patch.
    pub withheld: BTreeMap<String, String>,
    /// Which of the cases that are found later are wanted.
    pub wanted: Wanted,
    /// Its variants are known only when the kernel is built.
    pub open: bool,
    /// What the kernel lacks for it.
    pub lacks: Option<String>,
    /// Cases for which a series in `patches/` brings what the kernel may lack, with the series.
    pub brought_by: BTreeMap<String, Bringer>,
}

/// Cases that share one guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// What the guest has besides the modules.
    pub userland: Userland,
    /// Modules that are not autoloaded.
    pub withhold: Vec<String>,
    /// Additions to the kernel command line.
    pub cmdline: Vec<String>,
    /// In the order in which they run.
    pub cases: Vec<CaseFile>,
}

impl Plan {
    /// The kernel of a request, and no cells.
    ///
    /// # Errors
    /// A file is missing or wrong, or a name unknown.
    pub fn kernel_only(project: &Project, request: &Request) -> Result<Self, RunError> {
        let kernel = request.kernel(project)?;
        let series = promises(project, request, &kernel)?.applied();
        let (flavour, ndctl) = (request.flavour(project), request.ndctl_sources(project));
        Ok(Self { kernel, series, flavour, ndctl, order: request.order, cells: Vec::new() })
    }

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

    fn regrouped(mut self, keep: impl Fn(&str, CaseFile) -> Option<CaseFile>) -> Self {
        for cell in &mut self.cells {
            let cases = cell.boots.iter().flat_map(|boot| boot.cases.iter().cloned());
            let kept: Vec<_> = cases.filter_map(|case| keep(&cell.suite.name, case)).collect();
            let open: Vec<_> = cell.boots.iter().filter(|boot| boot.cases.is_empty()).cloned().collect();
            cell.boots = [boots(&kept), open].concat();
        }
        self
    }

    /// Reads what the request names.
    ///
    /// # Errors
    /// As [`Plan::kernel_only`], or nothing is left to run.
    pub fn new(project: &Project, request: &Request) -> Result<Self, RunError> {
        let kernel = request.kernel(project)?;
        let promises = promises(project, request, &kernel)?;
        let known = known_series(project)?;
        let flavour = request.flavour(project);
        let wanted = if request.suites.is_empty() { &project.defaults.suites } else { &request.suites };
        let mut topologies = BTreeMap::new();
        let mut cells = Vec::new();
        for (suite, variant, of_suite) in load_suites(project, wanted)? {
            let wanted = Wanted { cases: request.cases.clone(), of_suite, variant };
            let withheld = by_case(&suite, |case| promises.missing(&suite.name, case));
            let brought_by = by_case(&suite, |case| Bringer::of(&known, &suite.name, case));
            for name in placed(&suite, project, request) {
                let topology = match topologies.get(&name) {
                    Some(known) => Arc::clone(known),
                    None => load_topology(project, &name, request, &flavour)?,
                };
                topologies.insert(name, Arc::clone(&topology));
                for cell in cells_of(&kernel.name, &flavour, &topology, &suite, &wanted)? {
                    let (withheld, brought_by) = (withheld.clone(), brought_by.clone());
                    cells.push(Cell { withheld, brought_by, ..cell });
                }
            }
        }
        if cells.is_empty() {
            return Err(RunError::Empty { cases: request.cases.clone() });
        }
        let (ndctl, order) = (request.ndctl_sources(project), request.order);
        Ok(Self { kernel, series: promises.applied(), flavour, ndctl, order, cells })
    }
}

/// The kernel's series with those that they require, cut as the request wants it.
fn promises(project: &Project, request: &Request, kernel: &Kernel) -> Result<Promises, RunError> {
    let mut promises = Promises::whole(Series::load_all(&project.patches_dir(), &kernel.series)?);
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
            // What is wrong with what it expects is said before anything is built.
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
    let mut topology = match request.drawn.iter().find(|drawn| drawn.name == name) {
        Some(drawn) => Topology::clone(drawn),
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
    wanted: &Wanted,
) -> Result<Vec<Cell>, RunError> {
    let cases: Vec<_> =
        suite.cases.iter().filter(|case| wanted.case(&suite.name, &case.name)).cloned().collect();
    let mut boots = boots(&cases);
    if suite.found.is_some() {
        // Its cases come when the userland is there.
        let userland = suite.shared.userland;
        boots.push(Boot { userland, withhold: Vec::new(), cmdline: Vec::new(), cases: Vec::new() });
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
        withheld: BTreeMap::new(),
        brought_by: BTreeMap::new(),
    };
    Ok(variants.into_iter().map(cell).collect())
}

/// The variants of a suite that are wanted, and whether they are known only later: then one stands for all.
fn variants(suite: &Suite, wanted: &Wanted) -> Result<(Vec<SuiteVariant>, bool), RunError> {
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

/// Groups cases by what their guest must be booted with; an isolated case has a guest of its own.
pub(super) fn boots(cases: &[CaseFile]) -> Vec<Boot> {
    let mut boots: Vec<Boot> = Vec::new();
    for case in cases {
        let shared = boots.iter_mut().find(|boot| {
            !case.isolate
                && boot.cases.iter().all(|other| !other.isolate)
                && boot.userland == case.userland
                && boot.withhold == case.withhold
                && boot.cmdline == case.cmdline
        });
        match shared {
            Some(boot) => boot.cases.push(case.clone()),
            None => boots.push(Boot {
                userland: case.userland,
                withhold: case.withhold.clone(),
                cmdline: case.cmdline.clone(),
                cases: vec![case.clone()],
            }),
        }
    }
    boots
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::spec::Needs;

    fn case(name: &str, withhold: &[&str], cmdline: &[&str], isolate: bool) -> CaseFile {
        let owned = |words: &[&str]| words.iter().map(|&w| w.to_owned()).collect();
        CaseFile {
            name: name.to_owned(),
            script: format!("{name}.sh"),
            summary: String::new(),
            needs: Needs::default(),
            timeout: Duration::from_secs(1),
            userland: Userland::Busybox,
            withhold: owned(withhold),
            cmdline: owned(cmdline),
            isolate,
        }
    }

    #[test]
    fn parts_of_a_suite_are_one() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
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
