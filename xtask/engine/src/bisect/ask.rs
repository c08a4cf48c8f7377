//! What a bisection is asked for, and the line of steps that follows from it.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use cxl_topology::{Topology, raw as files};
use host::digest;
use source::{SourceError, Sources};
use spec::{CellFilter, Project, Series, Source};

use super::history::{Ends, History, HistoryError, Step};
use super::{Answer, BisectError, Found, Rule, TargetFailure};
use crate::run::accel::AccelRequest;
use crate::run::{Plan, Request, RunError};

/// Along what it is searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "axis", rename_all = "kebab-case")]
pub enum Axis {
    /// Which patch of a series.
    Series {
        /// The series.
        name: String,
        /// How many of its patches are good; as few as promise the case where none is given.
        good: Option<usize>,
    },
    /// Which commit of a range.
    Git {
        /// The repository.
        dir: PathBuf,
        /// A good commit.
        good: String,
        /// A bad one, that comes after it, or before it where what mended something is searched.
        bad: String,
        /// Only commits that touch these.
        paths: Vec<String>,
        /// Whether what is searched is the commit from which on the failure is gone.
        #[serde(default)]
        fixed: bool,
    },
    /// The smallest topology.
    Topology {
        /// The topology to begin with.
        name: String,
    },
}

/// What a bisection is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ask {
    /// Along what.
    pub axis: Axis,
    /// What is run at each step.
    pub request: Asked,
    /// How sure one wants to be.
    pub rule: Rule,
    /// The case of the failure is run with the others of its cell, not alone.
    pub together: bool,
    /// The QEMU; none for that on the PATH.
    pub qemu: Option<PathBuf>,
    /// The accelerator.
    pub accel: AccelRequest,
}

/// The part of a request that a bisection keeps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Asked {
    /// Name of an entry of `patchbench.yaml`.
    pub kernel: Option<String>,
    /// `plain`, `debug`, or another of the project.
    pub flavour: Option<String>,
    /// Topologies.
    pub topologies: Vec<String>,
    /// Suites.
    pub suites: Vec<String>,
    /// Cases.
    pub cases: Vec<String>,
    /// Only cells of which this holds.
    pub cells: Option<CellFilter>,
}

impl Asked {
    /// The request, for the cell and case of the target failure alone, where it is known.
    pub fn request(&self, project: &Project, target: Option<&TargetFailure>, together: bool) -> Request {
        let request = Request {
            kernel: self.kernel.clone(),
            flavour: self.flavour.clone(),
            topologies: self.topologies.clone(),
            suites: self.suites.clone(),
            cases: self.cases.clone(),
            cells: self.cells.clone(),
            ..Request::default()
        };
        let Some(target) = target else { return request };
        let kernel = self.kernel.as_ref().unwrap_or(&project.defaults.kernel).clone();
        let (cell, mut cases) = target.only(&kernel, &request.flavour(project));
        if together {
            cases.clear();
        }
        let (topologies, suites) = (vec![cell.topology.clone()], vec![cell.suite.clone()]);
        Request { topologies, suites, only: Some(vec![(cell, cases)]), ..request }
    }
}

impl Ask {
    /// The steps from good to bad, and what the reader should know of them. For a topology the one to begin with.
    ///
    /// # Errors
    /// The ends cannot be found.
    pub fn steps(
        &self,
        project: &Project,
        sources: &Sources,
        target: Option<&TargetFailure>,
    ) -> Result<(Vec<Step>, Vec<String>), BisectError> {
        match &self.axis {
            Axis::Git { dir, good, bad, paths, fixed } => {
                Ok(line(&History::new(dir), good, bad, paths, *fixed)?)
            }
            Axis::Series { name, good } => {
                let series = Series::load(&project.patches_dir(), name)?;
                let longest = series.longest();
                let first = match good {
                    Some(good) => *good,
                    None => self.first_to_run(project, sources, &series, target)?,
                };
                if first >= longest {
                    let why =
                        format!("series {name} has {longest} patches: at least the last one has to be bad");
                    return Err(BisectError::Ends(why));
                }
                let step = |number: usize| Step {
                    id: number.to_string(),
                    title: match number {
                        0 => format!("(the kernel without {name})"),
                        _ => series.patches.get(number - 1).map_or_else(String::new, |p| p.subject.clone()),
                    },
                    ..Step::default()
                };
                Ok(((first..=longest).map(step).collect(), Vec::new()))
            }
            Axis::Topology { name } => {
                Topology::load(&project.topologies_dir(), name).map_err(RunError::from)?;
                let (raw, _) = files::load(&project.topologies_dir(), name)?;
                Ok((vec![of_topology(&raw)], Vec::new()))
            }
        }
    }

    /// The shortest prefix of a series on which its cases can run: where the series promises them, or else where all series
    /// that build on it apply.
    fn first_to_run(
        &self,
        project: &Project,
        sources: &Sources,
        series: &Series,
        target: Option<&TargetFailure>,
    ) -> Result<usize, BisectError> {
        let step = |number: usize| Step { id: number.to_string(), ..Step::default() };
        let longest = series.longest();
        let whole = self.plan(project, &step(longest), target)?;
        let cases = whole.cells.iter().flat_map(|cell| {
            let cases = cell.boots.iter().flat_map(|boot| &boot.cases);
            cases.map(|case| (cell.suite.name.clone(), case.name.clone()))
        });
        let promised: Option<Vec<_>> = cases.map(|(suite, case)| series.promised_at(&suite, &case)).collect();
        if let Some(first) = promised.and_then(|promised| promised.into_iter().max()) {
            return Ok(first);
        }
        for number in 0..longest {
            let plan = self.plan(project, &step(number), target)?;
            let all = plan.series.len();
            if fitting(sources, plan, Some(&series.name))?.is_ok_and(|(plan, _)| plan.series.len() == all) {
                return Ok(number);
            }
        }
        Ok(longest)
    }

    /// What is to be run at a step.
    ///
    /// # Errors
    /// A file is missing or wrong, or a name unknown.
    pub fn plan(
        &self,
        project: &Project,
        step: &Step,
        target: Option<&TargetFailure>,
    ) -> Result<Plan, BisectError> {
        let mut request = self.request.request(project, target, self.together);
        match &self.axis {
            Axis::Git { dir, .. } => {
                let location = dir.display().to_string();
                let source = Source::Git { location, reference: step.id.clone(), dirty: false };
                Ok(Plan::new(project, &request)?.from_source(source))
            }
            Axis::Series { name, .. } => {
                let mut plan = Plan::new(project, &request)?;
                let count: usize = step.id.parse().unwrap_or_default();
                let at = plan.series.iter().position(|series| series.name == *name).ok_or_else(|| {
                    BisectError::Ends(format!("kernel {} has no series {name} on top", plan.kernel.name))
                })?;
                if count < plan.series[at].longest() {
                    plan.series[at] = plan.series[at].clone().up_to(count);
                }
                Ok(plan)
            }
            Axis::Topology { name } => {
                let Some(raw) = step.topology.as_deref().and_then(|yaml| serde_yaml::from_str(yaml).ok())
                else {
                    return Err(BisectError::Ends(format!("topology {} cannot be read back", step.id)));
                };
                let topology = Topology::from_raw(name, &raw).map_err(|findings| {
                    let found = findings.first().map(ToString::to_string).unwrap_or_default();
                    BisectError::Ends(format!("topology {name} is not legal: {found}"))
                })?;
                request.in_memory = vec![Arc::new(topology)];
                request.topologies = vec![name.clone()];
                Ok(Plan::new(project, &request)?)
            }
        }
    }

    /// Whether what mended the failure is searched, from the newest commit to the oldest.
    pub fn is_for_fix(&self) -> bool {
        matches!(self.axis, Axis::Git { fixed: true, .. })
    }

    /// The step that changed something, of the two with nothing left between them: it is the newer one.
    pub fn newer(&self, found: &Found) -> usize {
        if self.is_for_fix() { found.good } else { found.bad }
    }

    /// The newest one of so many steps, which in a merge that was entered is the merge.
    pub fn newest(&self, steps: usize) -> usize {
        if self.is_for_fix() { 0 } else { steps - 1 }
    }

    /// The word for what is known of a step: git's, and where a fix is searched those of `git bisect` for a property that was
    /// there and is not any more.
    pub fn word(&self, answer: Answer) -> &'static str {
        match (answer, self.is_for_fix()) {
            (Answer::Good, false) => "good",
            (Answer::Bad, false) => "bad",
            (Answer::Good, true) => "new",
            (Answer::Bad, true) => "old",
            (Answer::Skip, _) => "skip",
        }
    }

    /// The series of which every patch has to go on; the others go on where they apply.
    pub fn must_apply(&self) -> Option<&str> {
        match &self.axis {
            Axis::Series { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// The commits between a good one and a bad one, the good one first.
///
/// What mended something, read backwards, from green to red, looks like what broke it: it is the good one next to the first bad one.
///
/// # Errors
/// The ends do not fit.
pub(super) fn line(
    history: &History,
    good: &str,
    bad: &str,
    paths: &[String],
    fixed: bool,
) -> Result<(Vec<Step>, Vec<String>), HistoryError> {
    if !fixed {
        return history.line(good, bad, paths, Ends::GoodToBad);
    }
    let (mut steps, notes) = history.line(bad, good, paths, Ends::RedToGreen)?;
    steps.reverse();
    Ok((steps, notes))
}

/// A topology as a step.
pub fn of_topology(raw: &files::RawTopology) -> Step {
    let yaml = raw.to_yaml();
    let id = digest([yaml.as_bytes()])[..12].to_owned();
    let title =
        Topology::from_raw("t", raw).map_or_else(|_| raw.summary.clone(), |t| cxl_topology::one_liner(&t));
    Step { id, title, topology: Some(yaml), ..Step::default() }
}

/// Leaves out series that do not apply to a plan's kernel, with those that require them: on another commit they may have
/// nothing to do. Returns which and why, or why the plan cannot be made at all.
///
/// # Errors
/// The source is not available.
pub fn fitting(
    sources: &Sources,
    mut plan: Plan,
    must: Option<&str>,
) -> Result<Result<(Plan, Vec<String>), String>, SourceError> {
    let mut left_out = Vec::new();
    // A series of which no patch is meant is none, and what builds on it goes with it.
    let empty: Vec<_> = plan.series.iter().filter(|s| s.up_to == Some(0)).map(|s| s.name.clone()).collect();
    for name in empty {
        leave_out(&mut plan.series, &name);
    }
    loop {
        let Err(error) = sources.prepare(&plan.kernel, &plan.series) else {
            return Ok(Ok((plan, left_out)));
        };
        let name = match &error {
            SourceError::Conflict(conflict) => conflict.series.clone(),
            SourceError::NoPatches { series, .. } | SourceError::Requires { series, .. } => series.clone(),
            _ => return Err(error),
        };
        let why = fault::one_line(&error);
        if must == Some(name.as_str()) || plan.series.iter().all(|series| series.name != name) {
            return Ok(Err(why));
        }
        left_out.push(format!("left out: {why}"));
        leave_out(&mut plan.series, &name);
    }
}

/// A series, and all that require it.
fn leave_out(series: &mut Vec<Series>, name: &str) {
    series.retain(|one| one.name != name);
    let needs: Vec<_> = series
        .iter()
        .filter(|one| one.requires.iter().any(|r| r == name))
        .map(|one| one.name.clone())
        .collect();
    for other in needs {
        leave_out(series, &other);
    }
}
