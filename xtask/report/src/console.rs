//! The console log of a guest: which lines of it came during which case.

use std::ops::Range;

use kernlog::kernel_log::{CaseLines, scan_log};

/// The lines of a console log that came during a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSpan {
    /// The case.
    pub case: String,
    /// The lines, counted from 0, those of its two markers included.
    pub lines: Range<usize>,
    /// Whether its end was marked.
    pub ended: bool,
}

impl CaseSpan {
    /// Whether nothing came between its markers.
    pub fn is_silent(&self) -> bool {
        self.lines.len() <= 1 + usize::from(self.ended)
    }
}

/// The span of each case, in order. One that did not end has all up to the next begin, or the end of the log. A line that a case
/// prints in the likeness of a marker is none, as far as the log itself can tell.
pub fn spans(log: &str) -> Vec<CaseSpan> {
    let cases = scan_log(log.as_bytes(), None).cases;
    let index = |line: u64| usize::try_from(line).unwrap_or(usize::MAX);
    let begins = cases.iter().skip(1).map(|next| index(next.begin) - 1);
    let ends: Vec<_> = begins.chain([log.lines().count()]).collect();
    let span = |(lines, until): (&CaseLines, usize)| CaseSpan {
        case: lines.case.clone(),
        lines: index(lines.begin) - 1..lines.end.map_or(until, index),
        ended: lines.end.is_some(),
    };
    cases.iter().zip(ends).map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_what_its_marks_enclose() {
        let log = "[    0.0] Linux version\n[    1.0] patchbench[ab]: begin one\n[    1.1] hello\n\
                   [    1.2] patchbench[cd]: end one\n[    1.3] patchbench[ab]: end one\nbetween\n\
                   [    2.0] patchbench[ab]: begin two\n[    3.0] patchbench[ab]: begin one\nOops\n";
        let found: Vec<_> = spans(log).into_iter().map(|span| (span.case, span.lines)).collect();
        assert_eq!(found, [("one".to_owned(), 1..5), ("two".to_owned(), 6..7), ("one".to_owned(), 7..9)]);
        let silent: Vec<_> = spans(log).iter().map(CaseSpan::is_silent).collect();
        assert_eq!(silent, [false, true, false]);
        let ended = "[    1.0] patchbench[ab]: begin one\n[    1.2] patchbench[ab]: end one\n";
        assert!(spans(ended)[0].is_silent());
        assert_eq!(spans("no marks\n"), []);
    }
}
