//! `results show`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use engine::run::name_of;
use event::{CellId, Event};
use report::text::{neutralise, one_line};
use report::{Stored, Terminal, console, formats, stdout_width};
use spec::{CellFilter, fits};

use super::runs;
use crate::args::cell_filter;
use crate::help::{OUTPUT, SELECTION};
use crate::{Context, Exit, Footer, Format, Usage};

/// Shows a run as it was shown while it ran
///
/// With -v also what the cases printed. `--format json` prints its run.json, see docs/reference/results.md.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The run to show
    #[arg(default_value = "latest", value_name = "RUN")]
    run: String,
    /// Show only these cells: by a name, or, with an = in it, by an expression as of `run --cell` [default: all cells]
    ///
    /// A name is what is printed above a cell's cases, KERNEL/TOPOLOGY/SUITE, or one part of it, with * as in a shell: it can be
    /// pasted. An expression chooses by several parts: 'topology=switch* & suite=mock'.
    #[arg(long, value_name = "CELL", help_heading = SELECTION)]
    cell: Option<String>,
    /// Show only these cases, with * as in a shell [default: all cases]
    #[arg(long, value_name = "CASE", help_heading = SELECTION)]
    case: Option<String>,
    /// Show the guests' consoles instead; with --case, what came during it
    ///
    /// Control characters are made visible.
    #[arg(long, help_heading = OUTPUT)]
    log: bool,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask results show", "The latest run"),
    ("cargo xtask results show latest --cell 'topology=switch' --log", "The consoles of some of its cells"),
])
.exits(&[("0", "it was shown, whatever its verdict")]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let stored = runs::load(ctx, &args.run)?;
    let cells: Vec<&CellId> = stored.summary.cells.iter().map(|cell| &cell.cell).collect();
    let selection = CellSelection::of(args.cell.as_deref())?;
    let cells: Vec<&CellId> = cells.into_iter().filter(|cell| selection.has(cell)).collect();
    if let (Some(cell), true) = (&args.cell, cells.is_empty()) {
        let known: Vec<_> = stored.summary.cells.iter().map(|cell| cell.cell.to_string()).collect();
        return Err(Usage::unknown("cell", cell, known.iter().map(String::as_str)).into());
    }
    if args.log {
        return log(args, ctx, &stored, &cells);
    }
    if ctx.format == Format::Json {
        let text = fs::read_to_string(stored.dir.join("run.json")).context("reading run.json")?;
        anstream::print!("{text}");
        return Ok(Exit::Success);
    }
    check_case(args, &stored, &cells)?;
    replay(args, ctx, &stored, &cells)?;
    Ok(Exit::Success)
}

/// Refuses a pattern that fits no case of these cells.
fn check_case(args: &Args, stored: &Stored, cells: &[&CellId]) -> Result<()> {
    let Some(pattern) = &args.case else { return Ok(()) };
    let events = stored.events()?;
    let of_cells =
        events.iter().filter(|stamped| stamped.event.cell().is_some_and(|cell| cells.contains(&cell)));
    let known: BTreeSet<&str> = of_cells.filter_map(|stamped| stamped.event.case()).collect();
    // Where no case was begun, its name says nothing.
    if known.is_empty() || known.iter().any(|case| fits(pattern, case)) {
        return Ok(());
    }
    Err(Usage::unknown("case", pattern, known.iter().copied()).into())
}

/// Which cells are to be seen.
enum CellSelection<'a> {
    All,
    Like(&'a str),
    Where(CellFilter),
}

impl<'a> CellSelection<'a> {
    fn of(text: Option<&'a str>) -> Result<Self, Usage> {
        // No name has this character, and no expression is without it.
        let filter = cell_filter(text.filter(|text| text.contains('=')))?;
        Ok(match (filter, text) {
            (Some(filter), _) => Self::Where(filter),
            (None, Some(pattern)) => Self::Like(pattern),
            (None, None) => Self::All,
        })
    }

    fn has(&self, cell: &CellId) -> bool {
        match self {
            Self::All => true,
            Self::Where(filter) => filter.holds(|field| Some(name_of(cell, field))) == Some(true),
            Self::Like(pattern) => {
                let parts = [&cell.kernel, &cell.flavour, &cell.topology, &cell.suite, &cell.variant];
                let whole = [cell.to_string(), cell.slug()];
                whole.iter().chain(parts).any(|name| fits(pattern, name))
            }
        }
    }
}

/// The events once more to the reader that showed them.
fn replay(args: &Args, ctx: &Context, stored: &Stored, cells: &[&CellId]) -> Result<()> {
    let is_case = |case: &str| args.case.as_deref().is_none_or(|pattern| fits(pattern, case));
    let out = anstream::AutoStream::auto(std::io::stdout());
    let terminal = Terminal::to_writer(Box::new(out), ctx.verbosity())
        .part_of(stored.summary.clone())
        .as_wide_as(stdout_width);
    let is_shown = |event: &Event| {
        let of_case = match (args.case.is_some(), event.case()) {
            (true, Some(case)) => is_case(case),
            // A splat that came during no case.
            (true, None) => !matches!(event, Event::SplatFound { .. }),
            (false, _) => true,
        };
        of_case && event.cell().is_none_or(|cell| cells.contains(&cell))
    };
    Ok(formats::replay(stored, &terminal, &is_shown)?)
}

/// Console logs of the cells' boots, each below its path.
fn log(args: &Args, ctx: &Context, stored: &Stored, cells: &[&CellId]) -> Result<Exit> {
    let mut shown = false;
    // A pager that is left early ends it.
    let mut out = std::io::stdout().lock();
    for cell in cells {
        for boot in stored.boots(cell) {
            let Ok(bytes) = fs::read(boot.join("console.log")) else { continue };
            let text = neutralise(&String::from_utf8_lossy(&bytes));
            let name = one_line(&name(&stored.dir, &boot));
            let Part { text, silent } = part(args, &text);
            let has_part = args.case.is_none() || !text.is_empty();
            shown |= has_part || !silent.is_empty();
            if !silent.is_empty() {
                ctx.print(&format!("{name}: nothing was logged during {}", silent.join(", ")));
            }
            if !has_part {
                continue;
            }
            let head = format!("== {name}\n");
            if out.write_all(head.as_bytes()).and_then(|()| out.write_all(text.as_bytes())).is_err() {
                return Ok(Exit::Success);
            }
        }
    }
    if !shown {
        check_case(args, stored, cells)?;
        let what = args.case.as_deref().map(|case| format!(" of the case '{case}'")).unwrap_or_default();
        let message = format!("{} has no console log{what}", stored.summary.id);
        return Err(
            Usage { message, hint: Some("cells that were skipped as a whole have none".to_owned()) }.into()
        );
    }
    Ok(Exit::Success)
}

/// What is to be seen of a log.
#[derive(Default)]
struct Part {
    text: String,
    /// Cases that are meant, and during which nothing came.
    silent: Vec<String>,
}

/// All of a log, or what came during the cases that are meant.
fn part(args: &Args, text: &str) -> Part {
    let Some(pattern) = &args.case else { return Part { text: text.to_owned(), ..Part::default() } };
    let lines: Vec<&str> = text.lines().collect();
    let mut part = Part::default();
    for span in console::spans(text).into_iter().filter(|span| fits(pattern, &span.case)) {
        if span.is_silent() {
            part.silent.push(one_line(&span.case));
        } else {
            part.text += &(lines[span.lines].join("\n") + "\n");
        }
    }
    part
}

fn name(run: &Path, boot: &Path) -> String {
    let below = boot.strip_prefix(run).unwrap_or(boot);
    format!("{}/console.log", below.display())
}
