//! One cell's life: what can be decided without booting, then its boots, then its verdict.

mod retries;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use fs_err as fs;

use cxl_topology::qemu::Backing;
use event::{CaseReport, Dependence, Event, Unstable};
use host::signals;
use kbuild::{Mock, Symbols};
use kernlog::{CaseOutcome, Verdict};
use spec::{CaseFile, KernelVersion, ModuleSet};

use super::flakes::{self, Observation};
use super::guest::{self, BootRequest};
use super::history::Times;
use super::machine::Machine;
use super::{Boot, Cell, CellJob, Order, RunContext, RunError, expand};
use crate::judge::{self, Asserted, ExpectFile, Expectations, Here, Judged};

/// Runs every boot of a cell and judges it; no verdict where the user interrupted.
pub(super) fn run(
    context: &RunContext,
    machine: &Machine,
    job: &CellJob,
) -> Result<Option<Verdict>, RunError> {
    judge::warm_up();
    let begun = Instant::now();
    let cell = &job.cell;
    context.sink.emit(&Event::CellStarted { cell: cell.id.clone() });
    let cases = || cell.boots.iter().flat_map(|boot| &boot.cases);
    let (verdict, reason) = if let Some(reason) = unbuilt(job) {
        for case in cases() {
            not_judged(context, cell, case, CaseOutcome::NotRun, &reason);
        }
        (Verdict::Unbuilt, reason)
    } else if let Some(reason) = lacking(machine, job) {
        for case in cases() {
            not_judged(context, cell, case, CaseOutcome::Skip, &reason);
        }
        (Verdict::Skip, reason)
    } else {
        let (expectations, unknown_cases) = expectations(machine, job)?;
        let (times, next) = (RefCell::default(), std::cell::Cell::new(cell.boots.len()));
        let cell_run = CellRun { context, machine, job, cell, expectations, times, next };
        cell_run.note(unknown_cases);
        cell_run.boots(job.order.of(cell))?
    };
    if signals::requested() {
        // What was cut short is no verdict: the cell stays open, to be run again.
        return Ok(None);
    }
    let seconds = begun.elapsed().as_secs_f64();
    context.sink.emit(&Event::CellFinished { cell: cell.id.clone(), verdict, reason, seconds });
    Ok(Some(verdict))
}

/// Why there is no guest for the cell, where the kernel's own mock modules are at fault: they are there and do not compile.
fn unbuilt(job: &CellJob) -> Option<String> {
    let mock = job.cell.suite.modules == ModuleSet::Mock;
    match &job.kernel.built.mock {
        Mock::DoesNotCompile(_) if mock => job.kernel.built.mock.root().err().map(|error| error.to_string()),
        _ => None,
    }
}

/// What the found kernel or QEMU lacks for the cell as a whole: a reason to skip it, stated by what was probed.
fn lacking(machine: &Machine, job: &CellJob) -> Option<String> {
    let cell = &job.cell;
    if cell.lacks.is_some() {
        return cell.lacks.clone();
    }
    if let Err(lacking) =
        cxl_topology::qemu::machine_args(&cell.topology, machine.capabilities, &Backing::Ram)
    {
        return Some(lacking.reason());
    }
    let mut images = cell.boots.iter().map(|boot| job.kernel.image(cell.suite.modules, boot.userland));
    images.find_map(Result::err).map(str::to_owned)
}

/// Why a case cannot run on this kernel and topology, if so.
fn unmet(job: &CellJob, case: &CaseFile) -> Option<String> {
    let cell = &job.cell;
    if let Some(patch) = cell.missing_patches.get(&case.name) {
        return Some(patch.clone());
    }
    let names = job.kernel.modules(cell.suite.modules);
    if let Some(module) = case.needs.modules.iter().find(|module| !names.contains(*module)) {
        let version = &job.kernel.source.version;
        let from = cell.provided_by.get(&case.name).map(|provider| format!(", {}", provider.about(version)));
        return Some(format!("this kernel has no module {module}{}", from.unwrap_or_default()));
    }
    // The mock bus brings its own.
    if cell.suite.modules == ModuleSet::Mock {
        return None;
    }
    let there = cell.topology.devices().len();
    (there < case.needs.memdevs as usize)
        .then(|| format!("needs {} memdevs, topology {} has {there}", case.needs.memdevs, cell.topology.name))
}

fn not_judged(context: &RunContext, cell: &Cell, case: &CaseFile, outcome: CaseOutcome, reason: &str) {
    let report = CaseReport {
        name: case.name.clone(),
        outcome,
        reason: reason.to_owned(),
        seconds: 0.0,
        subtests: Vec::new(),
        diagnostics: Vec::new(),
    };
    context.sink.emit(&Event::CaseFinished { cell: cell.id.clone(), report });
}

/// A cell under way.
struct CellRun<'a> {
    context: &'a RunContext<'a>,
    machine: &'a Machine<'a>,
    job: &'a CellJob,
    cell: &'a Cell,
    expectations: Expectations,
    /// How long its boots and cases took.
    times: RefCell<Times>,
    /// Number of the next boot beyond those that are planned.
    next: std::cell::Cell<usize>,
}

impl CellRun<'_> {
    /// Runs every boot; the worst verdict, and the reason where no case has it.
    fn boots(&self, order: Order) -> Result<(Verdict, String), RunError> {
        copy(&self.job.kernel.built.config, &self.job.folder.join(".config"))?;
        let mut worst: Option<(Verdict, String)> = None;
        let (mut lacks, mut runs) = (BTreeSet::new(), Vec::new());
        let (mut reports, mut splats) = (Vec::new(), Vec::new());
        for (number, boot) in self.cell.boots.iter().enumerate() {
            if signals::requested() {
                break;
            }
            let cases = self.possible(boot, &mut lacks);
            if cases.is_empty() {
                continue;
            }
            let judged = self.boot(boot, number, &cases)?;
            runs.extend(observations(&judged));
            reports.extend(judged.cases.iter().cloned());
            splats.extend(judged.splats.iter().map(|(splat, _)| splat.clone()));
            let this =
                if order.looks_for_flakes() { self.report(judged) } else { self.retried(boot, judged)? };
            worst = match worst {
                Some(before) if before.0.beside(this.0) == before.0 => Some(before),
                _ => Some(this),
            };
        }
        if !signals::requested() {
            self.note(self.expectations.notes(&reports, &splats, self.cell.wanted.everything()));
            if order.looks_for_flakes() {
                self.flakes(&runs)?;
            }
        }
        let lacks = || lacks.into_iter().collect::<Vec<_>>().join("; ");
        let worst = worst.unwrap_or_else(|| (Verdict::Skip, lacks()));
        if self.job.policy.learn && !signals::requested() {
            self.times.borrow_mut().judge(worst.0);
            self.machine.history.record(&self.cell.id, &self.times.borrow());
        }
        Ok(worst)
    }

    /// Those of a boot's cases that can run here; the others are reported as skipped.
    fn possible(&self, boot: &Boot, lacks: &mut BTreeSet<String>) -> Vec<CaseFile> {
        let mut cases = Vec::new();
        for case in &boot.cases {
            let Some(reason) = unmet(self.job, case) else {
                cases.push(case.clone());
                continue;
            };
            not_judged(self.context, self.cell, case, CaseOutcome::Skip, &reason);
            lacks.insert(reason);
        }
        cases
    }

    /// One guest, judged.
    fn boot(&self, boot: &Boot, number: usize, cases: &[CaseFile]) -> Result<Judged, RunError> {
        let request = BootRequest { job: self.job, boot, number, cases };
        let begun = Instant::now();
        let transcript = guest::boot(self.context, self.machine, &request)?;
        let judged = judge::judge(&transcript, &Asserted::by(cases), &self.expectations);
        let cases = judged.cases.iter().filter(|case| case.outcome == CaseOutcome::Pass);
        let cases = cases.map(|case| (case.name.clone(), case.seconds));
        self.times.borrow_mut().add(begun.elapsed().as_secs_f64(), cases);
        Ok(judged)
    }

    /// Adds file and line to the reports of a kernel that was built with debug info.
    fn symbolise(&self, judged: &mut Judged) {
        if judged.splats.is_empty() {
            return;
        }
        let mock = self.cell.suite.modules == ModuleSet::Mock;
        let Some(symbols) = Symbols::of(&self.job.kernel.built, mock) else { return };
        let splats = judged.splats.iter_mut().map(|(splat, _)| splat);
        if let Err(error) = symbols.and_then(|mut symbols| symbols.annotate(splats)) {
            judged.notes.push(format!("the traces keep their offsets: {}", fault::inlined(&error)));
        }
    }

    /// A boot that is not among those planned.
    fn reboot(&self, boot: &Boot, cases: &[CaseFile]) -> Result<Judged, RunError> {
        let number = self.next.get();
        self.next.set(number + 1);
        self.boot(boot, number, cases)
    }

    /// Reports what a boot has shown; returns its verdict, and the reason where no case has it.
    fn report(&self, mut judged: Judged) -> (Verdict, String) {
        self.symbolise(&mut judged);
        let id = || self.cell.id.clone();
        for report in judged.cases {
            self.context.sink.emit(&Event::CaseFinished { cell: id(), report });
        }
        self.note(judged.notes);
        for (splat, expected) in judged.splats {
            self.context.sink.emit(&Event::SplatFound { cell: id(), splat, expected });
        }
        (judged.verdict, judged.reason)
    }

    /// Reports to the user; files of the project, and their copies in the run's folder, by their names in the project.
    fn note(&self, notes: Vec<String>) {
        let of_run = self.cell.suite.dir.ancestors().nth(2).unwrap_or(self.context.root);
        let roots = [of_run, self.context.root].map(|root| format!("{}/", root.display()));
        for note in notes {
            let note = roots.iter().find_map(|root| note.strip_prefix(root)).unwrap_or(&note);
            self.context.sink.emit(&Event::Notice { text: format!("{}: {note}", self.cell.id) });
        }
    }

    /// Names the cases that depend on their order or fail sometimes. What looks like order is tried in guests of its own.
    fn flakes(&self, runs: &[Observation]) -> Result<(), RunError> {
        for suspect in flakes::suspects(runs) {
            let mut order = None;
            for theory in suspect.theories.iter().take(THEORIES) {
                if self.holds(&suspect.case, theory)? {
                    order = Some(theory.clone());
                    break;
                }
            }
            // Red in all runs and red alone as well: that is a plain failure.
            if order.is_some() || suspect.is_mixed() {
                let (runs, red) = (suspect.runs, suspect.red);
                let unstable = Unstable { case: suspect.case, runs, red, order };
                self.context.sink.emit(&Event::CaseUnstable { cell: self.cell.id.clone(), unstable });
            }
        }
        Ok(())
    }

    /// Whether a case is, in two guests of its own, as the theory has it: red in one of them and green in the other.
    fn holds(&self, case: &str, theory: &Dependence) -> Result<bool, RunError> {
        let red = |names: &[&str]| self.is_red(case, names);
        Ok(match theory {
            Dependence::After { case: Some(other) } => !red(&[case])? && red(&[other, case])?,
            // That it is red among the others was seen in every run.
            Dependence::After { case: None } => !red(&[case])?,
            Dependence::Without { case: other } => red(&[case])? && !red(&[other, case])?,
        })
    }

    /// Whether a case is red in a guest with just these.
    fn is_red(&self, case: &str, names: &[&str]) -> Result<bool, RunError> {
        let has = |boot: &&Boot| boot.cases.iter().any(|other| other.name == case);
        let Some(boot) = self.cell.boots.iter().find(has) else { return Ok(false) };
        let all = || self.cell.boots.iter().flat_map(|boot| &boot.cases);
        let of = |name: &&str| all().find(|other| other.name == **name).cloned();
        let cases: Vec<CaseFile> = names.iter().filter_map(of).collect();
        let judged = self.reboot(boot, &cases)?;
        Ok(observations(&judged).iter().any(|run| run.case == case && run.red))
    }
}

/// How many theories of a case's order are tried, two guests each.
const THEORIES: usize = 3;

/// What one guest shows of its cases: each that ran, whether it was red, and what ran before it.
fn observations(judged: &Judged) -> Vec<Observation> {
    let splat = |name: &str| {
        judged.splats.iter().any(|(splat, expected)| !expected && splat.case.as_deref() == Some(name))
    };
    let mut before = Vec::new();
    let mut observations = Vec::new();
    for case in &judged.cases {
        if !matches!(case.outcome, CaseOutcome::Skip | CaseOutcome::NotRun) {
            let red = case.outcome.is_red() || splat(&case.name);
            observations.push(Observation { case: case.name.clone(), red, before: before.clone() });
        }
        before.push(case.name.clone());
    }
    observations
}

/// What the suite expects to fail on this kernel, topology and QEMU, today; and, in words, what it expects of cases that
/// the userland was to bring and did not.
fn expectations(machine: &Machine, job: &CellJob) -> Result<(Expectations, Vec<String>), RunError> {
    let cell = &job.cell;
    let qemu = machine.capabilities.version;
    let here = Here {
        topology: &cell.topology.name,
        flavour: &cell.id.flavour,
        variant: &cell.id.variant,
        ndctl: job.kernel.ndctl.as_ref().map(|ndctl| ndctl.version.as_str()),
        today: jiff::Zoned::now().date(),
        kernel: &job.kernel.source.version,
        qemu: &KernelVersion { stable: qemu.micro, ..KernelVersion::new(qemu.major, qemu.minor) },
    };
    let file = ExpectFile::of(&cell.suite)?;
    let found = expand::found_names(&cell.suite, &job.kernel)?;
    let written = cell.suite.cases.iter().map(|case| case.name.as_str());
    let known = written.chain(found.iter().map(String::as_str)).collect();
    Ok((file.select(&here), file.unknown_cases(&known, here.ndctl)))
}

fn copy(from: &Path, to: &Path) -> Result<(), RunError> {
    // By itself, since fs::copy() would copy the permissions too.
    let bytes = fs::read(from)?;
    Ok(fs::write(to, bytes)?)
}
