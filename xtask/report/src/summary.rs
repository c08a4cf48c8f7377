//! What the events come to so far: the one model behind the terminal's closing line, `run.json`, JUnit and
//! KTAP.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use event::{CaseReport, CellId, Event, Stage, StageEnd, Unstable};
use kernlog::{Splat, Totals, Verdict};

use super::text::counted;

/// A run, as far as its events go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// Name of the run's folder.
    pub id: String,
    /// Its start: UTC, RFC 3339.
    pub time: String,
    /// The command line.
    pub command: String,
    /// Version of the tool.
    pub version: String,
    /// Whether the last event was seen; without it the run was killed.
    pub complete: bool,
    /// The worst verdict; none before the end.
    pub verdict: Option<Verdict>,
    /// Interrupted by the user.
    pub interrupted: bool,
    /// Where the time went.
    pub seconds: Seconds,
    /// Outcomes of all cases.
    pub totals: Totals,
    /// What was done to get the kernels.
    pub stages: Vec<StageSummary>,
    /// Cells in the order of the plan.
    pub cells: Vec<CellSummary>,
    /// What the user was notified of.
    pub notices: Vec<String>,
}

/// Wall time by what it was spent on, in seconds. What runs at the same time counts each by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Seconds {
    /// From first to last event.
    pub total: f64,
    /// Sources, series, kconfig, probing.
    pub configuring: f64,
    /// make and the guest's image.
    pub building: f64,
    /// From QEMU's start to the agent's hello.
    pub booting: f64,
    /// From the hello to QEMU's end.
    pub running: f64,
}

/// One stage of one kernel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields of Event::StageFinished")]
pub struct StageSummary {
    pub kernel: String,
    pub flavour: String,
    pub stage: Stage,
    pub end: StageEnd,
    pub seconds: f64,
    pub note: String,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CellSummary {
    /// Its name.
    pub cell: CellId,
    /// Its verdict; none while it is not judged.
    pub verdict: Option<Verdict>,
    /// The reason of the verdict, where no case and no splat has it.
    pub reason: String,
    /// Wall time.
    pub seconds: f64,
    /// `kvm` or `tcg`, of its last boot.
    pub accel: Option<String>,
    /// `uname -r` of its last boot.
    pub release: Option<String>,
    /// Outcomes of its cases.
    pub totals: Totals,
    /// Its cases, judged.
    pub cases: Vec<CaseReport>,
    /// Its splats.
    pub splats: Vec<SplatSummary>,
    /// Those of its cases that depend on their order, or fail sometimes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unstable: Vec<Unstable>,
    /// Seconds to the hello of the boot that is under way.
    #[serde(skip)]
    up: Option<f64>,
}

/// A splat, and whether it was expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SplatSummary {
    /// Listed in `expect.yaml`.
    pub expected: bool,
    /// The splat.
    #[serde(flatten)]
    pub splat: Splat,
}

impl CellSummary {
    fn new(cell: &CellId) -> Self {
        Self {
            cell: cell.clone(),
            verdict: None,
            reason: String::new(),
            seconds: 0.0,
            accel: None,
            release: None,
            totals: Totals::default(),
            cases: Vec::new(),
            splats: Vec::new(),
            unstable: Vec::new(),
            up: None,
        }
    }

    /// Splats that nobody expected.
    pub fn red_splats(&self) -> impl Iterator<Item = &Splat> {
        self.splats.iter().filter(|s| !s.expected).map(|s| &s.splat)
    }

    /// Its verdict in words, or how far it has come without one.
    pub fn word(&self) -> &'static str {
        let open = if self.cases.is_empty() { "not run" } else { "not finished" };
        self.verdict.map_or(open, Verdict::word)
    }

    /// Whether it is red and neither a case nor a splat shows why.
    pub fn red_by_itself(&self) -> bool {
        !matches!(self.verdict, Some(Verdict::Pass | Verdict::Skip))
            && !self.cases.iter().any(|c| c.outcome.is_red())
            && self.red_splats().next().is_none()
    }
}

impl Summary {
    /// Takes one event in.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::RunStarted { id, time, command, version, cells } => {
                (self.id, self.time) = (id.clone(), time.clone());
                (self.command, self.version) = (command.clone(), version.clone());
                self.cells = cells.iter().map(CellSummary::new).collect();
            }
            Event::CellsFound { cells } => {
                for cell in cells {
                    self.cell(cell);
                }
            }
            Event::StageFinished { kernel, flavour, stage, end, seconds, note } => {
                match stage {
                    Stage::Source | Stage::Configure | Stage::Probe => self.seconds.configuring += seconds,
                    Stage::Build | Stage::Ndctl | Stage::Image => self.seconds.building += seconds,
                }
                self.stages.push(StageSummary {
                    kernel: kernel.clone(),
                    flavour: flavour.clone(),
                    stage: *stage,
                    end: *end,
                    seconds: *seconds,
                    note: note.clone(),
                });
            }
            Event::Notice { text } | Event::Remark { text } => self.notices.push(text.clone()),
            Event::RunFinished { verdict, seconds, interrupted } => {
                // Cells that the interrupt cut short have no verdict, and may have red cases all the same.
                let is_red = *interrupted && self.is_red();
                self.verdict = Some(if is_red { Verdict::Fail.beside(*verdict) } else { *verdict });
                self.seconds.total = *seconds;
                self.interrupted = *interrupted;
                self.complete = true;
            }
            _ => self.take_of_cell(event),
        }
    }

    fn take_of_cell(&mut self, event: &Event) {
        match event {
            Event::BootStarted { cell, accel, .. } => {
                let cell = self.cell(cell);
                cell.accel = Some(accel.clone());
                cell.up = None;
            }
            Event::GuestUp { cell, seconds, release, .. } => {
                let cell = self.cell(cell);
                cell.up = Some(*seconds);
                cell.release = Some(release.clone());
                self.seconds.booting += seconds;
            }
            Event::BootFinished { cell, seconds, .. } => match self.cell(cell).up.take() {
                Some(up) => self.seconds.running += (seconds - up).max(0.0),
                None => self.seconds.booting += seconds,
            },
            Event::CaseFinished { cell, report } => {
                self.totals.add(report.outcome);
                let cell = self.cell(cell);
                cell.totals.add(report.outcome);
                cell.cases.push(report.clone());
            }
            Event::SplatFound { cell, splat, expected } => {
                self.cell(cell).splats.push(SplatSummary { expected: *expected, splat: splat.clone() });
            }
            Event::CaseUnstable { cell, unstable } => self.cell(cell).unstable.push(unstable.clone()),
            Event::CellFinished { cell, verdict, reason, seconds } => {
                let cell = self.cell(cell);
                (cell.verdict, cell.seconds) = (Some(*verdict), *seconds);
                cell.reason.clone_from(reason);
            }
            _ => {}
        }
    }

    /// The summary of a cell; one that was not planned is added.
    pub fn cell(&mut self, id: &CellId) -> &mut CellSummary {
        let at = self.cells.iter().position(|c| c.cell == *id).unwrap_or_else(|| {
            self.cells.push(CellSummary::new(id));
            self.cells.len() - 1
        });
        &mut self.cells[at]
    }

    /// Whether anything that ran is red, whatever became of its cell.
    fn is_red(&self) -> bool {
        let red_case = |cell: &CellSummary| cell.cases.iter().any(|case| case.outcome.is_red());
        self.red_splats() > 0 || self.cells.iter().any(red_case)
    }

    /// Whether it was interrupted before anything was red: then it has no verdict that would mean anything.
    pub fn only_interrupted(&self) -> bool {
        self.interrupted && self.verdict.is_some_and(|verdict| verdict <= Verdict::Skip)
    }

    /// How many unexpected splats all cells have.
    pub fn red_splats(&self) -> usize {
        self.cells.iter().map(|cell| cell.red_splats().count()).sum()
    }

    /// How many cases ended how, how many splats there are, and which cases are unstable, in one line.
    pub fn counts(&self) -> String {
        let mut counts: Vec<String> =
            self.totals.words().iter().map(|(outcome, n)| format!("{n} {outcome}")).collect();
        if counts.is_empty() {
            counts.push("no case ran".to_owned());
        }
        match self.red_splats() {
            0 => {}
            1 => counts.push("1 splat".to_owned()),
            n => counts.push(format!("{n} splats")),
        }
        let unstable: BTreeSet<_> =
            self.cells.iter().flat_map(|cell| &cell.unstable).map(|u| u.case.as_str()).collect();
        if !unstable.is_empty() {
            let names: Vec<_> = unstable.into_iter().collect();
            counts.push(format!("unstable: {}", names.join(" ")));
        }
        counts.join(", ")
    }

    /// The one line that closes a run, without its colour.
    pub fn closing_line(&self) -> String {
        let s = &self.seconds;
        let verdict = match self.verdict {
            Some(_) if self.only_interrupted() => "interrupted",
            verdict => verdict.map_or("unfinished", Verdict::word),
        };
        let interrupted = if self.interrupted && !self.only_interrupted() { ", interrupted" } else { "" };
        let cells = counted(self.cells.len(), "cell");
        format!(
            "{verdict}{interrupted}: {} in {cells}; {:.1} s: {:.1} configuring, {:.1} building, {:.1} booting, {:.1} running",
            self.counts(),
            s.total,
            s.configuring,
            s.building,
            s.booting,
            s.running,
        )
    }
}
