//! How cases, splats and verdicts read on a terminal.

use owo_colors::{OwoColorize, Style};

use event::CaseReport;
use kernlog::{CaseOutcome, Splat, Verdict};

use super::text::{counted, duration, last_lines, neutralise, one_line};

/// Lines of output that a failed case shows.
const TAIL: usize = 40;
/// Lines of a splat that are shown.
pub(super) const EXCERPT: usize = 25;

/// How much is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// What is red, and the closing line.
    Quiet,
    /// Also each cell and case.
    #[default]
    Normal,
    /// Also what the cases print.
    Verbose,
}

pub(super) fn indented<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.fold(String::new(), |text, line| text + "    | " + line + "\n")
}

pub(super) fn verdict_style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => Style::new().green().bold(),
        Verdict::Skip => Style::new().yellow().bold(),
        Verdict::Fail | Verdict::Unbuilt | Verdict::Infrastructure => Style::new().red().bold(),
    }
}

pub(super) fn outcome_style(outcome: CaseOutcome) -> Style {
    match outcome {
        CaseOutcome::Pass => Style::new().green(),
        CaseOutcome::Skip | CaseOutcome::Xfail => Style::new().yellow(),
        _ => Style::new().red().bold(),
    }
}

/// A case of a run, with the end of its output where it is red.
pub(super) fn case_lines(report: &CaseReport, output: &str) -> String {
    test_lines(&report.name, report.outcome, &report.reason, Some(report.seconds), output)
}

/// Cases that were skipped for the same reason.
pub(super) fn skipped_lines(reports: &[CaseReport]) -> String {
    /// More than these are counted.
    const NAMED: usize = 4;
    let names: Vec<&str> = reports.iter().map(|report| report.name.as_str()).collect();
    match reports {
        [] => String::new(),
        [only] => case_lines(only, ""),
        [first, ..] => {
            let names = if names.len() > NAMED { counted(names.len(), "case") } else { names.join(", ") };
            test_lines(&names, first.outcome, &first.reason, None, "")
        }
    }
}

/// A test with its outcome, and the end of its output where it is red.
pub fn test_lines(
    name: &str,
    outcome: CaseOutcome,
    reason: &str,
    seconds: Option<f64>,
    output: &str,
) -> String {
    let word = format!("{outcome:8}");
    let seconds = seconds.map(|seconds| format!(", {}", duration(seconds))).unwrap_or_default();
    let mut text = format!("  {}{}{seconds}", word.style(outcome_style(outcome)), one_line(name));
    if !reason.is_empty() {
        text.push_str(&format!(": {}", one_line(reason)));
    }
    text.push('\n');
    if outcome.is_red() {
        text.push_str(&indented(last_lines(&neutralise(output), TAIL).into_iter()));
    }
    text
}

/// A splat, and where it is: `line` is what its line number counts, such as `console line`.
pub fn splat_lines(splat: &Splat, line: &str, expected: bool, verbosity: Verbosity) -> String {
    let style = if expected { Style::new().yellow() } else { Style::new().red().bold() };
    let word = if expected { "expected splat" } else { "splat" };
    let module = splat.module.as_deref().map(|m| format!(" [{m}]")).unwrap_or_default();
    let during = splat.case.as_deref().map(|case| format!(", during {case}")).unwrap_or_default();
    let at = splat.at.as_deref().map(|at| format!(" at {at}")).unwrap_or_default();
    let title = one_line(&format!("{}{module}{at}, {line} {}{during}", splat.title, splat.line));
    let mut text = format!("  {} {title}\n", word.style(style));
    if !expected {
        let most = if verbosity == Verbosity::Verbose { splat.excerpt.len() } else { EXCERPT };
        for line in splat.excerpt.iter().take(most) {
            text.push_str(&format!("    | {}\n", one_line(line)));
        }
        if splat.excerpt.len() > most {
            text.push_str("    | …\n");
        }
    }
    text
}

/// An outcome as one letter, for tables.
pub fn letter(outcome: CaseOutcome) -> char {
    match outcome {
        CaseOutcome::Pass => 'P',
        CaseOutcome::Fail => 'F',
        CaseOutcome::Xfail => 'x',
        CaseOutcome::Xpass => 'X',
        CaseOutcome::Skip => 's',
        CaseOutcome::NotRun => 'N',
        CaseOutcome::Crash => 'C',
        CaseOutcome::Timeout => 'T',
    }
}

/// A verdict as one word, coloured.
pub fn verdict_word(verdict: Verdict) -> String {
    verdict.word().style(verdict_style(verdict)).to_string()
}
