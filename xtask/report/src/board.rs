//! What goes on now, for the lines at the foot of a terminal: each build with its objects, each cell with its case and its time
//! beside the expected one, and how long all of it will still take. Pure but for the clock, which is given.

use std::collections::BTreeMap;
use std::time::Instant;

use event::{CellId, Event, Stage};
use kernlog::Verdict;

use super::text::{duration, one_line};

/// What goes on now.
#[derive(Debug)]
pub(super) struct Board {
    begun: Instant,
    /// How much goes on at the same time.
    jobs: usize,
    stages: BTreeMap<(String, Stage), Job>,
    cells: Vec<(CellId, Job)>,
    /// Cells that are neither begun nor finished.
    waiting: Vec<CellId>,
    /// Seconds that cells may be expected to take.
    expected: BTreeMap<CellId, f64>,
    finished: usize,
    red: usize,
}

/// A stage or a cell under way.
#[derive(Debug)]
struct Job {
    since: Instant,
    /// What it is at.
    at: String,
    /// Red cases so far.
    red: usize,
}

impl Job {
    fn new(now: Instant, at: &str) -> Self {
        Self { since: now, at: at.to_owned(), red: 0 }
    }
}

impl Board {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            begun: now,
            jobs: 1,
            stages: BTreeMap::new(),
            cells: Vec::new(),
            waiting: Vec::new(),
            expected: BTreeMap::new(),
            finished: 0,
            red: 0,
        }
    }

    /// How much goes on at the same time.
    pub(super) fn set_jobs(&mut self, jobs: usize) {
        self.jobs = jobs.max(1);
    }

    /// Takes one event in.
    pub(super) fn take(&mut self, event: &Event, now: Instant) {
        match event {
            Event::RunStarted { cells, .. } | Event::CellsFound { cells } => {
                self.waiting.extend(cells.clone());
            }
            Event::CellsExpected { cells } => self.expected.extend(cells.clone()),
            Event::StageStarted { kernel, stage, .. } => {
                self.stages.insert((kernel.clone(), *stage), Job::new(now, ""));
            }
            Event::StageProgress { kernel, stage, done, total, note } => {
                let of = if *total > 0 { format!("{done}/{total}") } else { done.to_string() };
                let job = self.stages.entry((kernel.clone(), *stage)).or_insert_with(|| Job::new(now, ""));
                job.at = format!("{of} {note}");
            }
            Event::StageFinished { kernel, stage, .. } => {
                self.stages.remove(&(kernel.clone(), *stage));
            }
            _ => self.take_of_cell(event, now),
        }
    }

    fn take_of_cell(&mut self, event: &Event, now: Instant) {
        let Some(cell) = event.cell() else { return };
        match event {
            Event::CellStarted { .. } => {
                self.waiting.retain(|waiting| waiting != cell);
                self.cells.push((cell.clone(), Job::new(now, "")));
            }
            Event::CellFinished { verdict, .. } => {
                self.waiting.retain(|waiting| waiting != cell);
                self.cells.retain(|(running, _)| running != cell);
                self.finished += 1;
                self.red += usize::from(*verdict > Verdict::Skip);
            }
            _ => {
                let Some((_, job)) = self.cells.iter_mut().find(|(running, _)| running == cell) else {
                    return;
                };
                match event {
                    Event::BootStarted { .. } => "boot".clone_into(&mut job.at),
                    Event::GuestUp { .. } => "up".clone_into(&mut job.at),
                    Event::CaseStarted { case, .. } => job.at.clone_from(case),
                    Event::BootFinished { .. } => "judging".clone_into(&mut job.at),
                    Event::CaseFinished { report, .. } if report.outcome.is_red() => job.red += 1,
                    _ => {}
                }
            }
        }
    }

    /// One line for each stage and cell under way, and one for all of it, each no wider than `width`.
    pub(super) fn lines(&self, now: Instant, width: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for ((kernel, stage), job) in &self.stages {
            lines.push(format!("{kernel}: {stage} {}  {}", job.at, elapsed(job, now)));
        }
        for (cell, job) in &self.cells {
            let of = self.expected.get(cell).map(|seconds| format!(" of about {}", duration(*seconds)));
            let red = if job.red > 0 { format!("  {} red", job.red) } else { String::new() };
            lines.push(format!("{cell}  {}  {}{}{red}", job.at, elapsed(job, now), of.unwrap_or_default()));
        }
        lines.push(self.total(now));
        lines.iter().map(|line| one_line(line).chars().take(width).collect()).collect()
    }

    fn total(&self, now: Instant) -> String {
        let all = self.finished + self.cells.len() + self.waiting.len();
        // Where only a kernel is built there are none.
        let mut text =
            if all > 0 { format!("{} of {all} cells", self.finished) } else { "in all".to_owned() };
        if self.red > 0 {
            text.push_str(&format!(", {} red", self.red));
        }
        text.push_str(&format!("  {}", duration(seconds(now, self.begun))));
        if let Some(left) = self.left(now) {
            text.push_str(&format!(", about {} left", duration(left)));
        }
        text
    }

    /// Seconds until all cells are done; none as long as there are some of which nothing is known.
    fn left(&self, now: Instant) -> Option<f64> {
        let known = |cell: &CellId| self.expected.get(cell).copied();
        let waiting: Vec<f64> = self.waiting.iter().map(known).collect::<Option<_>>()?;
        let running =
            self.cells.iter().map(|(cell, job)| Some((known(cell)? - seconds(now, job.since)).max(0.0)));
        let running: Vec<f64> = running.collect::<Option<_>>()?;
        if waiting.is_empty() && running.is_empty() || !self.stages.is_empty() {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of jobs")]
        let shared = (waiting.iter().sum::<f64>() + running.iter().sum::<f64>()) / self.jobs as f64;
        // No cell is done before its own time.
        Some(running.into_iter().fold(shared, f64::max))
    }
}

fn seconds(now: Instant, since: Instant) -> f64 {
    now.saturating_duration_since(since).as_secs_f64()
}

fn elapsed(job: &Job, now: Instant) -> String {
    duration(seconds(now, job.since))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use event::CaseReport;
    use kernlog::CaseOutcome;

    fn cell(topology: &str) -> CellId {
        CellId {
            kernel: "lts".into(),
            flavour: "plain".into(),
            topology: topology.into(),
            suite: "attach".into(),
            variant: "default".into(),
        }
    }

    #[test]
    fn a_build_alone_counts_no_cells() {
        let begun = Instant::now();
        let mut board = Board::new(begun);
        let (kernel, flavour) = ("lts".to_owned(), "plain".to_owned());
        board.take(&Event::StageStarted { kernel, flavour, stage: Stage::Build }, begun);
        let lines = board.lines(begun + Duration::from_secs(3), 80);
        assert_eq!(lines, ["lts: build   3.0 s", "in all  3.0 s"]);
    }

    #[test]
    fn a_line_for_each_thing_under_way_and_one_for_all() {
        let begun = Instant::now();
        let mut board = Board::new(begun);
        board.set_jobs(2);
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        let cells = ["direct", "switch", "fan"].map(cell);
        board.take(
            &Event::RunStarted {
                id: String::new(),
                time: String::new(),
                command: String::new(),
                version: String::new(),
                cells: cells.to_vec(),
            },
            begun,
        );
        let (kernel, flavour) = ("merged".to_owned(), "plain".to_owned());
        board.take(&Event::StageStarted { kernel: kernel.clone(), flavour, stage: Stage::Build }, at(1));
        let note = "fs/inode.o".to_owned();
        board.take(
            &Event::StageProgress { kernel: kernel.clone(), stage: Stage::Build, done: 7, total: 99, note },
            at(2),
        );
        board.take(&Event::CellStarted { cell: cells[0].clone() }, at(3));
        board.take(&Event::CaseStarted { cell: cells[0].clone(), case: "ready\u{1b}[31m".into() }, at(4));
        insta::assert_snapshot!(board.lines(at(10), 80).join("\n"), @r"
        merged: build 7/99 fs/inode.o  9.0 s
        lts/direct/attach  ready\x1b[31m  7.0 s
        0 of 3 cells  10.0 s
        ");
        let (end, seconds) = (event::StageEnd::Done, 9.0);
        let (flavour, note) = ("plain".to_owned(), String::new());
        board
            .take(&Event::StageFinished { kernel, flavour, stage: Stage::Build, end, seconds, note }, at(10));
        board.take(
            &Event::CellsExpected { cells: cells.iter().map(|cell| (cell.clone(), 60.0)).collect() },
            at(10),
        );
        board.take(&Event::CellStarted { cell: cells[1].clone() }, at(10));
        let report = CaseReport {
            name: "ready".into(),
            outcome: CaseOutcome::Fail,
            reason: String::new(),
            seconds: 1.0,
            subtests: Vec::new(),
            diagnostics: Vec::new(),
        };
        board.take(&Event::CaseFinished { cell: cells[0].clone(), report }, at(11));
        assert!(board.lines(at(13), 20).iter().all(|line| line.chars().count() <= 20));
        insta::assert_snapshot!(board.lines(at(13), 80).join("\n"), @r"
        lts/direct/attach  ready\x1b[31m  10.0 s of about 1 min 00 s  1 red
        lts/switch/attach    3.0 s of about 1 min 00 s
        0 of 3 cells  13.0 s, about 1 min 23 s left
        ");
        let (verdict, reason) = (Verdict::Fail, String::new());
        board.take(&Event::CellFinished { cell: cells[0].clone(), verdict, reason, seconds: 50.0 }, at(60));
        insta::assert_snapshot!(board.lines(at(60), 80).join("\n"), @r"
        lts/switch/attach    50.0 s of about 1 min 00 s
        1 of 3 cells, 1 red  1 min 00 s, about 35.0 s left
        ");
    }
}
