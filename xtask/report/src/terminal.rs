//! The run as it is seen on a terminal: cells and their cases as they come, failures whole, one closing line.
//!
//! On a terminal lines at its foot show what is going on; elsewhere, and with `--verbose`, there are only plain lines. A cell's
//! lines are never mixed with another's: where cells run beside each other, each is shown when it is done, and on a terminal
//! what is red at once, below the cell's name. Colours follow `NO_COLOR` and what the output is, by way of anstream.

mod foot;

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indicatif::ProgressBar;
use owo_colors::{OwoColorize, Style};

use event::{CaseReport, CellId, Event, Sink, Stage, StageEnd};
use kernlog::{CaseOutcome, Verdict};

use self::foot::foot;
use super::board::Board;
use super::lines::{self, Verbosity, indented, verdict_style};
use super::summary::Summary;
use super::text::{counted, duration, neutralise, one_line};

/// Bytes of output that are kept for each case, should it fail.
const TAIL_BYTES: usize = 8 << 10;
/// The sink that a person reads.
pub struct Terminal(Mutex<Inner>);

struct Inner {
    out: Box<dyn Write + Send>,
    live: Option<ProgressBar>,
    /// How wide a line may be; none where it does not matter.
    width: fn() -> Option<usize>,
    verbosity: Verbosity,
    /// Cells run beside each other: each is shown when it is done.
    side_by_side: bool,
    summary: Summary,
    /// What the closing line is about, where only a part of it is shown.
    whole: Option<Summary>,
    panes: Vec<Pane>,
    board: Arc<Mutex<Board>>,
}

/// A cell that is running, or done and not yet shown.
struct Pane {
    cell: CellId,
    held: String,
    /// Whether its name was shown.
    named: bool,
    done: bool,
    output: BTreeMap<String, String>,
    /// Cases that were skipped one after the other for the same reason, and not yet shown.
    skipped: Vec<CaseReport>,
}

impl Terminal {
    /// Writes to standard output; with a status line when that and standard error are terminals.
    pub fn stdout(verbosity: Verbosity) -> Self {
        let terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        let board = Arc::new(Mutex::new(Board::new(Instant::now())));
        let live = (terminal && verbosity == Verbosity::Normal).then(|| foot(&board));
        let out = Box::new(anstream::AutoStream::auto(std::io::stdout()));
        Self::new(out, live, verbosity, board).as_wide_as(stdout_width)
    }

    /// Shows what is going on at the foot of the terminal, and leaves nothing behind; none where there is no terminal.
    pub fn foot() -> Option<Self> {
        let board = Arc::new(Mutex::new(Board::new(Instant::now())));
        let terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        let live = terminal.then(|| foot(&board))?;
        Some(Self::new(Box::new(std::io::sink()), Some(live), Verbosity::Quiet, board))
    }

    /// Writes plain lines to `out`; colours are left in, for the writer to take out.
    pub fn to_writer(out: Box<dyn Write + Send>, verbosity: Verbosity) -> Self {
        Self::new(out, None, verbosity, Arc::new(Mutex::new(Board::new(Instant::now()))))
    }

    /// How wide lines may be: what a red case says is cut there, where all of it stands below.
    #[must_use]
    pub fn as_wide_as(mut self, width: fn() -> Option<usize>) -> Self {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).width = width;
        self
    }

    /// How many cells run beside each other: if more than one, each is shown when it is done.
    #[must_use]
    pub fn side_by_side(mut self, jobs: usize) -> Self {
        let inner = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        inner.side_by_side = jobs > 1;
        inner.board().set_jobs(jobs);
        self
    }

    /// The same for a run that is resumed: what was known before counts in its closing line.
    #[must_use]
    pub fn resuming(mut self, summary: Summary) -> Self {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).summary = summary;
        self
    }

    /// The same for a part of a run that was kept: the closing line is that of the whole.
    #[must_use]
    pub fn part_of(mut self, whole: Summary) -> Self {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).whole = Some(whole);
        self
    }

    /// Closes what is shown of a run that has no end, in `word`s why it has none.
    pub fn close(&self, word: &str, run: &Summary) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.show_all();
        let open = run.cells.iter().filter(|cell| cell.verdict.is_none());
        let open: Vec<_> = open.map(|cell| one_line(&cell.cell.to_string())).collect();
        inner.print(&format!("{word}, not finished: {}\n{}\n", open.join(", "), run.closing_line()));
    }

    fn new(
        out: Box<dyn Write + Send>,
        live: Option<ProgressBar>,
        verbosity: Verbosity,
        board: Arc<Mutex<Board>>,
    ) -> Self {
        let (summary, whole, panes, side_by_side) = (Summary::default(), None, Vec::new(), false);
        let width = || None;
        Self(Mutex::new(Inner { out, live, width, verbosity, side_by_side, summary, whole, panes, board }))
    }
}

/// The width of the terminal that standard output is; none where it is none, or does not say.
pub fn stdout_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(size.ws_col.into()).filter(|width| *width > 0)
}

impl Sink for Terminal {
    fn emit(&self, event: &Event) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.summary.take(event);
        inner.board().take(event, Instant::now());
        match event {
            Event::StageFinished { .. } => inner.stage(event),
            Event::StageStarted { .. } | Event::StageProgress { .. } => {}
            Event::RunStarted { .. }
            | Event::CellsFound { .. }
            | Event::Notice { .. }
            | Event::Remark { .. }
            | Event::RunFinished { .. } => inner.run(event),
            Event::CaseStarted { .. } | Event::CaseOutput { .. } | Event::CaseFinished { .. } => {
                inner.case(event);
            }
            _ => inner.cell(event),
        }
    }
}

impl Inner {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&mut self, text: &str) {
        let out = &mut self.out;
        // A reader that is gone must not end the run: its results are kept elsewhere.
        let mut write = || {
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        };
        match &self.live {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn run(&mut self, event: &Event) {
        match event {
            Event::RunStarted { id, cells, .. } if self.verbosity > Verbosity::Quiet => {
                self.print(&format!("run {}: {}\n", one_line(id), counted(cells.len(), "cell")));
            }
            Event::CellsFound { cells } if self.verbosity > Verbosity::Quiet => {
                let names: Vec<_> = cells.iter().map(|cell| one_line(&cell.to_string())).collect();
                self.print(&format!("found: {}\n", names.join(", ")));
            }
            Event::Notice { text } if self.verbosity > Verbosity::Quiet => {
                let text = format!("{} {}\n", "note:".style(Style::new().cyan()), one_line(text));
                self.print(&text);
            }
            Event::Remark { text } if self.verbosity == Verbosity::Verbose => {
                self.print(&format!("{} {}\n", "remark:".style(Style::new().dimmed()), one_line(text)));
            }
            Event::RunFinished { verdict, .. } => {
                if let Some(bar) = self.live.take() {
                    bar.finish_and_clear();
                }
                self.show_all();
                let whole = self.whole.as_ref().unwrap_or(&self.summary);
                let line = whole.closing_line().style(verdict_style(*verdict)).to_string();
                self.print(&format!("{line}\n"));
            }
            _ => {}
        }
    }

    fn stage(&mut self, event: &Event) {
        let Event::StageFinished { kernel, flavour, stage, end, seconds, note } = event else { return };
        let probe = *stage == Stage::Probe && *end == StageEnd::Cached;
        if self.verbosity == Verbosity::Quiet && *end != StageEnd::Failed || probe {
            return;
        }
        let (word, style) = match end {
            StageEnd::Done => ("done", Style::new()),
            StageEnd::Cached => ("cached", Style::new().dimmed()),
            StageEnd::Failed => ("failed", Style::new().red().bold()),
        };
        let flavour = if flavour == "plain" { String::new() } else { format!("+{flavour}") };
        let line = format!(
            "{}{}: {stage} {}, {}  {}",
            one_line(kernel),
            one_line(&flavour),
            word.style(style),
            duration(*seconds),
            one_line(note)
        );
        self.print(&format!("{}\n", line.trim_end()));
    }

    fn cell(&mut self, event: &Event) {
        match event {
            Event::CellStarted { cell } => {
                let pane = self.pane(cell);
                self.show(pane, Verbosity::Normal, "");
            }
            Event::GuestUp { cell, seconds, release, .. } => {
                let accel = self.summary.cell(cell).accel.clone().unwrap_or_default();
                let line = format!(
                    "  {} up after {} ({})\n",
                    one_line(release),
                    duration(*seconds),
                    one_line(&accel)
                );
                let pane = self.pane(cell);
                self.show(pane, Verbosity::Verbose, &line);
            }
            Event::SplatFound { cell, splat, expected } => {
                let (pane, verbosity) = (self.pane(cell), self.verbosity);
                let level = if *expected { Verbosity::Normal } else { Verbosity::Quiet };
                self.show(pane, level, &lines::splat_lines(splat, "console line", *expected, verbosity));
                if !*expected {
                    self.show_now(pane);
                }
            }
            Event::CaseUnstable { cell, unstable } => {
                let pane = self.pane(cell);
                let word = "unstable".style(Style::new().yellow());
                let line = format!("  {word} {}\n", one_line(&unstable.to_string()));
                self.show(pane, Verbosity::Quiet, &line);
            }
            Event::CellFinished { cell, verdict, reason, seconds } => {
                let pane = self.pane(cell);
                // The cell has the reason of all its cases: it is shown here.
                let skipped = &mut self.panes[pane].skipped;
                let cases = if skipped.first().is_some_and(|first| first.reason == *reason) {
                    format!(", {}", counted(std::mem::take(skipped).len(), "case"))
                } else {
                    String::new()
                };
                let reason =
                    if reason.is_empty() { String::new() } else { format!(": {}", one_line(reason)) };
                let word = verdict.word().style(verdict_style(*verdict)).to_string();
                let level = if *verdict > Verdict::Skip { Verbosity::Quiet } else { Verbosity::Normal };
                self.show(pane, level, &format!("  = {word}, {}{cases}{reason}\n", duration(*seconds)));
                self.panes[pane].done = true;
                self.advance();
            }
            _ => {}
        }
    }

    fn case(&mut self, event: &Event) {
        match event {
            Event::CaseStarted { cell, case } => {
                let pane = self.pane(cell);
                // Of an earlier try, where the boot was spoiled.
                self.panes[pane].output.remove(case);
                self.show(pane, Verbosity::Verbose, &format!("  {} …\n", one_line(case)));
            }
            Event::CaseOutput { cell, case, text } => {
                let (pane, verbose) = (self.pane(cell), self.verbosity == Verbosity::Verbose);
                let kept = self.panes[pane].output.entry(case.clone()).or_default();
                kept.push_str(text);
                if verbose {
                    // Only whole lines: a piece may end within one.
                    let whole = kept.rfind('\n').map_or(0, |at| at + 1);
                    let lines: String = kept.drain(..whole).collect();
                    self.show(pane, Verbosity::Verbose, &indented(neutralise(&lines).lines()));
                } else if kept.len() > 2 * TAIL_BYTES {
                    let mut cut = kept.len() - TAIL_BYTES;
                    while !kept.is_char_boundary(cut) {
                        cut -= 1;
                    }
                    kept.drain(..cut);
                }
            }
            Event::CaseFinished { cell, report } => {
                let pane = self.pane(cell);
                let output = self.panes[pane].output.remove(&report.name).unwrap_or_default();
                let level = if report.outcome.is_red() { Verbosity::Quiet } else { Verbosity::Normal };
                if report.outcome == CaseOutcome::Skip && self.verbosity == Verbosity::Normal {
                    self.skip(pane, report);
                } else if self.verbosity == Verbosity::Verbose {
                    // All but a last line without its end was shown already.
                    self.show(pane, level, &indented(neutralise(&output).lines()));
                    self.show(pane, level, &lines::case_lines(report, "", None));
                } else {
                    self.show(pane, level, &lines::case_lines(report, &output, (self.width)()));
                }
                if report.outcome.is_red() {
                    self.show_now(pane);
                }
            }
            _ => {}
        }
    }

    fn pane(&mut self, cell: &CellId) -> usize {
        self.panes.iter().position(|p| p.cell == *cell).unwrap_or_else(|| {
            self.panes.push(Pane {
                cell: cell.clone(),
                held: String::new(),
                named: false,
                done: false,
                output: BTreeMap::new(),
                skipped: Vec::new(),
            });
            self.panes.len() - 1
        })
    }

    /// Holds back a case that was skipped: a whole suite may be, for one reason, which is then shown once.
    fn skip(&mut self, pane: usize, report: &CaseReport) {
        if self.panes[pane].skipped.first().is_some_and(|first| first.reason != report.reason) {
            self.show_skipped(pane);
        }
        self.panes[pane].skipped.push(report.clone());
    }

    fn show_skipped(&mut self, pane: usize) {
        let skipped = std::mem::take(&mut self.panes[pane].skipped);
        let text = lines::skipped_lines(&skipped);
        if !text.is_empty() {
            self.show(pane, Verbosity::Normal, &text);
        }
    }

    /// Shows lines of a cell, below its name.
    fn show(&mut self, pane: usize, level: Verbosity, text: &str) {
        if level > self.verbosity {
            return;
        }
        self.show_skipped(pane);
        let mut lines = String::new();
        if !std::mem::replace(&mut self.panes[pane].named, true) {
            let name = one_line(&self.panes[pane].cell.to_string());
            lines.push_str(&format!("{}\n", name.style(Style::new().bold())));
        }
        lines.push_str(text);
        if pane == 0 && !self.side_by_side {
            self.print(&lines);
        } else {
            self.panes[pane].held.push_str(&lines);
        }
    }

    /// On a terminal what is red is shown at once, whole; what then comes of the cell stands below its name again.
    fn show_now(&mut self, pane: usize) {
        if self.side_by_side && self.live.is_some() {
            let held = std::mem::take(&mut self.panes[pane].held);
            self.panes[pane].named = false;
            self.print(&held);
        }
    }

    /// Shows what is held back of all cells.
    fn show_all(&mut self) {
        while !self.panes.is_empty() {
            self.show_skipped(0);
            self.panes[0].done = true;
            self.advance();
        }
    }

    /// A cell is done: what it has held back comes now, or what the next has, where they are shown live.
    fn advance(&mut self) {
        while self.side_by_side
            && let Some(done) = self.panes.iter().position(|pane| pane.done)
        {
            let pane = self.panes.remove(done);
            self.print(&pane.held);
        }
        while self.panes.first().is_some_and(|pane| pane.done) {
            self.panes.remove(0);
            if let Some(next) = self.panes.first_mut() {
                let held = std::mem::take(&mut next.held);
                self.print(&held);
            }
        }
    }
}
