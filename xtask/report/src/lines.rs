//! How cases, splats and verdicts read on a terminal.

use owo_colors::{OwoColorize, Style};

use event::CaseReport;
use kernlog::{CaseOutcome, Splat, Verdict};

use super::text::{counted, duration, last_lines, neutralise, one_line, shortened};

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
pub(super) fn case_lines(report: &CaseReport, output: &str, width: Option<usize>) -> String {
    test_lines(&report.name, report.outcome, &report.reason, Some(report.seconds), output, width)
}

/// Cases that were skipped for the same reason.
pub(super) fn skipped_lines(reports: &[CaseReport]) -> String {
    /// More than these are counted.
    const NAMED: usize = 4;
    let names: Vec<&str> = reports.iter().map(|report| report.name.as_str()).collect();
    match reports {
        [] => String::new(),
        [only] => case_lines(only, "", None),
        [first, ..] => {
            let names = if names.len() > NAMED { counted(names.len(), "case") } else { names.join(", ") };
            test_lines(&names, first.outcome, &first.reason, None, "", None)
        }
    }
}

/// A test with its outcome, and the end of its output where it is red. On a terminal of a `width` its first line is no wider, as far
/// as nothing is lost by it.
pub fn test_lines(
    name: &str,
    outcome: CaseOutcome,
    reason: &str,
    seconds: Option<f64>,
    output: &str,
    width: Option<usize>,
) -> String {
    let seconds = seconds.map(|seconds| format!(", {}", duration(seconds))).unwrap_or_default();
    let (name, reason, output) = (one_line(name), one_line(reason), neutralise(output));
    let word = format!("{outcome:8}");
    let taken = ["  ", &word, &name, &seconds, ": "].iter().map(|part| part.chars().count()).sum();
    let room = width.map(|width| width.saturating_sub(taken));
    let fits = room.is_none_or(|room| reason.chars().count() <= room);
    let mut tail = if outcome.is_red() { last_lines(&output, TAIL) } else { Vec::new() };
    // A case that prints nothing else has its reason from there.
    if fits && matches!(&tail[..], [only] if reason.ends_with(only.trim_start_matches("# ").trim())) {
        tail.clear();
    }
    let mut text = format!("  {}{name}{seconds}", word.style(outcome_style(outcome)));
    if !reason.is_empty() {
        let short = room.filter(|_| !fits).and_then(|room| without_what_is_below(&reason, room, &tail));
        text.push_str(&format!(": {}", short.unwrap_or(reason)));
    }
    text.push('\n');
    text.push_str(&indented(tail.into_iter()));
    text
}

/// A reason that is cut to a width, if what is cut off stands in the lines below it.
fn without_what_is_below(reason: &str, width: usize, below: &[&str]) -> Option<String> {
    let short = shortened(reason, width);
    let lost = &reason[short.trim_end_matches('…').len()..];
    // How results are strung together, see `kernlog::ktap`; one that was too long to be kept ends in an ellipsis of its own.
    let is_glue = |piece: &str| piece == "not ok" || piece.starts_with("and ") && piece.ends_with(" more");
    let mut pieces = lost.split([';', ':', '(', ')']).map(|piece| piece.trim().trim_end_matches('…'));
    let is_below = |piece: &str| below.iter().any(|line| line.contains(piece));
    pieces.all(|piece| is_glue(piece) || is_below(piece)).then_some(short)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(reason: &str, output: &str, width: Option<usize>) -> String {
        let text = test_lines("tree", CaseOutcome::Fail, reason, Some(1.0), output, width);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_reason_is_cut_where_all_of_it_stands_below() {
        let reason = "exit status 1: not ok: CXL root: there is none; not ok: port2: not bound to cxl_port; and 2 more";
        let output = "ok 1 - memdevs\nnot ok 2 - CXL root: there is none\nnot ok 3 - port2: not bound to cxl_port\n\
                      not ok 4 - a\nnot ok 5 - b\n";
        insta::assert_snapshot!(shown(reason, output, Some(60)), @"
        fail    tree, 1.0 s: exit status 1: not ok: CXL root…
          | ok 1 - memdevs
          | not ok 2 - CXL root: there is none
          | not ok 3 - port2: not bound to cxl_port
          | not ok 4 - a
          | not ok 5 - b
        ");
        assert!(shown(reason, output, None).contains(reason));
        // The kernel said it, and not the case.
        let reason = "exit status 0, but the kernel says at level err: cxl_mem mem0: no";
        assert!(shown(reason, "ok 1 - memdevs\n", Some(60)).contains(reason));
    }

    #[test]
    fn a_last_word_that_is_the_reason_is_shown_once() {
        insta::assert_snapshot!(shown("exit status 1: no driver", "# no driver\n", Some(60)), @"
          fail    tree, 1.0 s: exit status 1: no driver
        ");
        insta::assert_snapshot!(shown("exit status 1: no driver", "mem0 is there\nno driver\n", Some(60)), @"
        fail    tree, 1.0 s: exit status 1: no driver
          | mem0 is there
          | no driver
        ");
        insta::assert_snapshot!(shown("exit status 1: no driver of mem0", "no driver of mem0\n", Some(40)), @"
        fail    tree, 1.0 s: exit status 1…
          | no driver of mem0
        ");
    }
}
