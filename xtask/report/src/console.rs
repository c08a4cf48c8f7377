//! The console log of a guest: which lines of it came during which case.

use std::ops::Range;

/// The lines of a console log that came during a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSpan {
    /// The case.
    pub case: String,
    /// The lines, counted from 0, those of its two markers included.
    pub lines: Range<usize>,
}

/// The span of each case, in order. One that did not end has all up to the next begin, or the end of the log.
///
/// The first marker has the boot's token: a line that a case prints later in the likeness of a marker is none.
pub fn spans(log: &str) -> Vec<CaseSpan> {
    let mut spans: Vec<CaseSpan> = Vec::new();
    let (mut token, mut open, mut count) = (None, false, 0);
    for (at, line) in log.lines().enumerate() {
        count = at + 1;
        let Some((mark, word, case)) = mark(line) else { continue };
        if *token.get_or_insert(mark) != mark {
            continue;
        }
        match (word, spans.last_mut()) {
            ("begin", last) => {
                if let Some(last) = last.filter(|_| open) {
                    last.lines.end = at;
                }
                spans.push(CaseSpan { case: case.to_owned(), lines: at..at + 1 });
                open = true;
            }
            ("end", Some(last)) if open && last.case == case => {
                last.lines.end = at + 1;
                open = false;
            }
            _ => {}
        }
    }
    if let Some(last) = spans.last_mut().filter(|_| open) {
        last.lines.end = count;
    }
    spans
}

/// `[    1.234567] patchbench[TOKEN]: begin CASE`, with or without the time: token, word and case.
fn mark(line: &str) -> Option<(&str, &str, &str)> {
    let body = match line.strip_prefix('[') {
        Some(rest) => rest.split_once("] ")?.1,
        None => line,
    };
    let (token, rest) = body.strip_prefix(wire::MARKER)?.strip_prefix('[')?.split_once("]: ")?;
    let (word, case) = rest.trim_end().split_once(' ')?;
    Some((token, word, case))
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
        assert_eq!(spans("no marks\n"), []);
    }
}
