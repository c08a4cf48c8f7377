//! meson's words and exit codes.

use crate::CaseOutcome;

/// Lines of a test's output that its case keeps: the last ones.
const DIAGNOSTICS: usize = 40;
/// Bytes of an output in which they are looked for.
const TAIL: usize = 16 << 10;

/// The outcome that a word of meson's means (mtest.py, `TestResult`).
pub(super) fn of_word(word: &str) -> Option<CaseOutcome> {
    Some(match word {
        "OK" => CaseOutcome::Pass,
        "FAIL" | "ERROR" => CaseOutcome::Fail,
        "SKIP" | "IGNORED" => CaseOutcome::Skip,
        "TIMEOUT" => CaseOutcome::Timeout,
        "EXPECTEDFAIL" => CaseOutcome::Xfail,
        "UNEXPECTEDPASS" => CaseOutcome::Xpass,
        "INTERRUPT" | "PENDING" | "RUNNING" => CaseOutcome::NotRun,
        _ => return None,
    })
}

/// Why, in one line: meson's words, and for what is not a plain pass the last line that the test printed.
pub(super) fn reason(outcome: CaseOutcome, word: &str, detail: &str, output: &[String]) -> String {
    let own = match (outcome, word) {
        (CaseOutcome::Pass, _) => return String::new(),
        (CaseOutcome::Xpass, _) => "passed, but is expected to fail",
        (CaseOutcome::Xfail, _) => "fails as expected",
        (_, "ERROR") => "hard error",
        (_, "INTERRUPT") => "interrupted",
        (_, "PENDING" | "RUNNING") => "its result never came",
        _ => "",
    };
    let last = output.iter().rev().find(|line| !line.trim().is_empty());
    let last = last.filter(|_| outcome != CaseOutcome::Xpass).map_or("", |line| line.trim());
    let parts = [own, detail, last].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(": ").chars().take(300).collect()
}

/// The last lines of an output.
pub(super) fn tail(output: &str) -> Vec<String> {
    let mut from = output.len().saturating_sub(TAIL);
    while !output.is_char_boundary(from) {
        from += 1;
    }
    let mut lines: Vec<String> = output[from..].lines().rev().take(DIAGNOSTICS).map(str::to_owned).collect();
    lines.reverse();
    lines
}

/// `exit status 1`, `killed by signal 11`, from what a process returned.
pub(super) fn ended(code: i64) -> String {
    match code {
        0 => String::new(),
        1.. => format!("exit status {code}"),
        _ => {
            let name = i32::try_from(-code).ok().and_then(signal_hook::low_level::signal_name);
            name.map_or_else(|| format!("killed by signal {}", -code), |name| format!("killed by {name}"))
        }
    }
}

/// The outcome of a test of which only its end is known.
pub(super) fn of_end(end: &str) -> CaseOutcome {
    match end {
        "exit status 0" => CaseOutcome::Pass,
        "exit status 77" => CaseOutcome::Skip,
        _ => CaseOutcome::Fail,
    }
}
