//! The console log of a guest: where on it each case was.

use std::ops::Range;

/// What a case's begin and end enclose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The case.
    pub case: String,
    /// Lines, counted from 0, with those of the marks.
    pub lines: Range<usize>,
}

/// Where each case was, in order. A case that did not end has all up to the next begin, or the end.
///
/// The first mark tells the boot's token, so that a line which a case prints later in its likeness is none.
pub fn windows(log: &str) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    let (mut token, mut open, mut count) = (None, false, 0);
    for (at, line) in log.lines().enumerate() {
        count = at + 1;
        let Some((mark, verb, case)) = mark(line) else { continue };
        if *token.get_or_insert(mark) != mark {
            continue;
        }
        match (verb, windows.last_mut()) {
            ("begin", last) => {
                if let Some(last) = last.filter(|_| open) {
                    last.lines.end = at;
                }
                windows.push(Window { case: case.to_owned(), lines: at..at + 1 });
                open = true;
            }
            ("end", Some(last)) if open && last.case == case => {
                last.lines.end = at + 1;
                open = false;
            }
            _ => {}
        }
    }
    if let Some(last) = windows.last_mut().filter(|_| open) {
        last.lines.end = count;
    }
    windows
}

/// `[    1.234567] patchbench[TOKEN]: begin CASE`, the time being there or not: token, verb and case.
fn mark(line: &str) -> Option<(&str, &str, &str)> {
    let body = match line.strip_prefix('[') {
        Some(rest) => rest.split_once("] ")?.1,
        None => line,
    };
    let (token, rest) = body.strip_prefix(wire::MARKER)?.strip_prefix('[')?.split_once("]: ")?;
    let (verb, case) = rest.trim_end().split_once(' ')?;
    Some((token, verb, case))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_what_its_marks_enclose() {
        let log = "[    0.0] Linux version\n[    1.0] patchbench[ab]: begin one\n[    1.1] hello\n\
                   [    1.2] patchbench[cd]: end one\n[    1.3] patchbench[ab]: end one\nbetween\n\
                   [    2.0] patchbench[ab]: begin two\n[    3.0] patchbench[ab]: begin one\nOops\n";
        let seen: Vec<_> = windows(log).into_iter().map(|window| (window.case, window.lines)).collect();
        assert_eq!(seen, [("one".to_owned(), 1..5), ("two".to_owned(), 6..7), ("one".to_owned(), 7..9)]);
        assert_eq!(windows("no marks\n"), []);
    }
}
