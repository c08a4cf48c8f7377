//! The console logs of a run, as far as they fit into a page.

use std::fs;

use crate::console;
use crate::console::CaseSpan;
use crate::stored::Stored;
use crate::text::neutralise;

/// Bytes of one log.
const ONE: usize = 512 << 10;
/// Bytes of all.
const ALL: usize = 16 << 20;

/// One guest's console.
pub(super) struct Log {
    /// Number of its cell in the run.
    pub(super) cell: usize,
    /// `boot0`.
    pub(super) boot: String,
    /// The log, without what a terminal or a page would act upon.
    pub(super) text: String,
    /// The lines of each case.
    pub(super) spans: Vec<CaseSpan>,
}

/// The logs that the page has.
pub(super) struct Logs {
    pub(super) kept: Vec<Log>,
    /// Cells of which one or more had no room.
    pub(super) left_out: Vec<usize>,
}

/// Reads the logs: those of red cells first, should not all have room.
pub(super) fn collect(run: &Stored) -> Logs {
    let is_green = |cell: usize| run.summary.cells[cell].verdict.is_some_and(|v| v <= kernlog::Verdict::Skip);
    let mut order: Vec<usize> = (0..run.summary.cells.len()).collect();
    order.sort_by_key(|cell| is_green(*cell));
    let (mut logs, mut room) = (Logs { kept: Vec::new(), left_out: Vec::new() }, ALL);
    for cell in order {
        for boot in run.boots(&run.summary.cells[cell].cell) {
            let Ok(bytes) = fs::read(boot.join("console.log")) else { continue };
            let text = cap(neutralise(&String::from_utf8_lossy(&bytes)));
            if text.len() > room {
                logs.left_out.push(cell);
                continue;
            }
            room -= text.len();
            let boot = boot.file_name().unwrap_or_default().to_string_lossy().into_owned();
            logs.kept.push(Log { cell, boot, spans: console::spans(&text), text });
        }
    }
    logs
}

/// A log that is too long without its middle: a kernel prints what it is at the beginning, and why it died at the end.
fn cap(text: String) -> String {
    if text.len() <= ONE {
        return text;
    }
    // A line end is never within a character.
    let is_end = |byte: &u8| *byte == b'\n';
    let head = text.as_bytes()[..ONE / 4].iter().rposition(is_end).unwrap_or(0);
    let begin = text.len() - ONE * 3 / 4;
    let tail = text.as_bytes()[begin..].iter().position(is_end).map_or(text.len(), |at| begin + at + 1);
    let lines = text[head..tail].lines().count().saturating_sub(1);
    format!(
        "{}\n… {lines} lines are left out here: the whole log is in the run's folder …\n{}",
        &text[..head],
        &text[tail..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_loses_its_middle_and_says_so() {
        assert_eq!(cap("short\n".to_owned()), "short\n");
        let long: String = (0..100_000).map(|n| format!("line {n} é\n")).collect();
        let capped = cap(long);
        assert!(
            capped.len() < ONE + 100
                && capped.starts_with("line 0 é\nline 1")
                && capped.ends_with("line 99999 é\n")
        );
        let note = capped.lines().find(|line| line.starts_with('…')).expect("a note of it");
        let left: usize = note.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("a number");
        assert_eq!(left + capped.lines().count() - 1, 100_000);
    }
}
