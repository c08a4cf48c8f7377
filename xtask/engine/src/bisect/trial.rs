//! One step on real kernels and guests: made, then booted, then judged by the target failure.

use std::path::{Path, PathBuf};

use event::{Fan, Null, Sink};
use fault::{Fault, ToolError};
use host::{Cache, signals};
use report::Summary;
use source::Sources;
use spec::Project;

use super::ask::fitting;
use super::history::Step;
use super::{Ask, BisectError, StepResult, TargetFailure};
use crate::run::{self, Options, Plan, Policy, RunContext, RunError};

/// Who makes and judges steps.
pub trait Oracle {
    /// Makes a step.
    ///
    /// # Errors
    /// The machinery failed: which is no result of the step.
    fn make(&mut self, step: &Step, target: Option<&TargetFailure>) -> Result<Made, BisectError>;

    /// Runs a step that was made. Where there is no target failure yet, the first one is from now on.
    ///
    /// # Errors
    /// The machinery failed: which is no result of the step.
    fn run(&mut self, step: &Step, target: &mut Option<TargetFailure>) -> Result<Ran, BisectError>;
}

/// What came of making a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It is there; a hash of what its guests are given.
    Content(String),
    /// It cannot be made, and why in one line.
    Cannot(String),
}

/// What came of running a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// What it has shown.
    pub seen: StepResult,
    /// The same in one line.
    pub why: String,
    /// Folder of the run, below that of the bisection.
    pub run: Option<String>,
}

/// Real kernels and guests.
pub struct Trial<'a> {
    /// Top of the workspace that the agent is built from.
    pub workspace: &'a Path,
    /// The project.
    pub project: &'a Project,
    /// The cache.
    pub cache: &'a Cache,
    /// What is asked for.
    pub ask: &'a Ask,
    /// Folder of the bisection.
    pub folder: PathBuf,
    /// The command line.
    pub command: String,
    /// Where the events of each run are shown.
    pub shown: &'a (dyn Fn() -> Option<Box<dyn Sink>> + Sync),
    /// Prints what the reader should know of a step, in a line.
    pub progress: &'a dyn Fn(&str),
}

impl Trial<'_> {
    fn context<'b>(&'b self, sink: &'b dyn Sink) -> RunContext<'b> {
        RunContext { workspace: self.workspace, root: &self.project.root, cache: self.cache, sink }
    }

    /// What is to be run at a step, with the series that are left out; or why it cannot be made.
    fn plan(
        &self,
        step: &Step,
        target: Option<&TargetFailure>,
    ) -> Result<Result<(Plan, Vec<String>), String>, BisectError> {
        let plan = self.ask.plan(self.project, step, target)?;
        Ok(fitting(&Sources::new(self.cache), plan, self.ask.must_apply())?)
    }
}

impl Oracle for Trial<'_> {
    fn make(&mut self, step: &Step, target: Option<&TargetFailure>) -> Result<Made, BisectError> {
        let plan = match self.plan(step, target)? {
            Ok((plan, left_out)) => {
                for text in left_out {
                    (self.progress)(&format!("{}: {text}", step.short()));
                }
                plan
            }
            Err(why) => return Ok(Made::Cannot(why)),
        };
        let sink = Fan((self.shown)().into_iter().collect());
        let built = match run::build(&self.context(&sink), &plan) {
            Ok((_, built)) => built,
            Err(error) => return cannot(error, &step.shown()).map(Made::Cannot),
        };
        let modules = plan.cells.first().map(|cell| cell.suite.modules).unwrap_or_default();
        match built.content(modules) {
            // Another topology is another guest.
            Ok(content) if step.topology.is_some() => Ok(Made::Content(format!("{content} {}", step.id))),
            Ok(content) => Ok(Made::Content(content)),
            Err(error) if error.fault() != Fault::Kernel => Err(error.into()),
            Err(error) => Ok(Made::Cannot(fault::one_line(&error))),
        }
    }

    fn run(&mut self, step: &Step, target: &mut Option<TargetFailure>) -> Result<Ran, BisectError> {
        let plan = match self.plan(step, target.as_ref())? {
            Ok((plan, _)) => plan,
            Err(why) => return Ok(Ran { seen: StepResult::Neither, why, run: None }),
        };
        let options = Options {
            engine: None,
            qemu: run::find_qemu(self.ask.qemu.as_deref())?,
            accel: self.ask.accel,
            policy: Policy::default(),
        };
        let shown = (self.shown)().into_iter().collect();
        let kept = kept_run(self, &plan, &options, step, shown)?;
        let (summary, run) = match kept {
            Ok(kept) => kept,
            Err(why) => return Ok(Ran { seen: StepResult::Neither, why, run: None }),
        };
        if target.is_none() {
            *target = TargetFailure::first_of(&summary);
        }
        let (seen, why) = match target {
            Some(target) => target.classify(&summary),
            None => (StepResult::Green, "nothing is red".to_owned()),
        };
        Ok(Ran { seen, why, run: Some(run) })
    }
}

/// Runs a plan in a folder of its own below that of the bisection.
fn kept_run(
    trial: &Trial,
    plan: &Plan,
    options: &Options,
    step: &Step,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<Result<(Summary, String), String>, BisectError> {
    let resolved = serde_json::json!({ "step": step, "kernel": plan.kernel, "series": plan.series });
    let (folder, asked) = (trial.folder.join("runs"), (trial.command.as_str(), resolved));
    let kept = run::execute_below(&folder, &trial.context(&Null), plan, options, asked, sinks)?;
    if signals::requested() {
        return Err(BisectError::Interrupted);
    }
    match kept.finished {
        Ok(_) => Ok(Ok((kept.store.summary(), format!("runs/{}", kept.store.id())))),
        Err(error) => cannot(error, &step.shown()).map(Err),
    }
}

/// Why a step cannot be made, where that is its own fault.
fn cannot(error: RunError, step: &str) -> Result<String, BisectError> {
    if signals::requested() {
        return Err(BisectError::Interrupted);
    }
    let why = fault::one_line(&error);
    if error.fault() == Fault::Kernel {
        Ok(why)
    } else if error.fault() == Fault::Usage {
        Err(error.into())
    } else {
        Err(BisectError::Machinery { step: step.to_owned(), source: error.into() })
    }
}
