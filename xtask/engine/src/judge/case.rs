//! One case that was started: its end and its output become an outcome with a reason.

use event::{CaseReport, CaseRun};
use kernlog::ktap::Ktap;
use kernlog::{CaseOutcome, ktap};
use report::text::shortened;
use wire::{CaseEnd, KILLED};

/// Exit status by which a case reports that it cannot be judged here (kselftest's).
const SKIP: i32 = 4;
/// Diagnostics that a report keeps: the last ones.
const DIAGNOSTICS: usize = 200;
/// A reason is one line of at most this many characters.
const REASON: usize = 300;

/// Judges a case that ended by itself or by the agent's hand.
pub(super) fn ended(run: &CaseRun, end: CaseEnd) -> CaseReport {
    let ktap = ktap::parse(&run.output);
    let (outcome, mut reason) = match end {
        CaseEnd::Exit(0) => exit_zero(&ktap),
        CaseEnd::Exit(SKIP) => skipped(run, &ktap),
        CaseEnd::Exit(status) => {
            (CaseOutcome::Fail, last_words(run, &ktap, &format!("exit status {status}")))
        }
        CaseEnd::Signal(number) => {
            let name = signal_hook::low_level::signal_name(number)
                .map_or_else(|| format!("signal {number}"), str::to_owned);
            (CaseOutcome::Fail, last_words(run, &ktap, &format!("killed by {name}")))
        }
        CaseEnd::TimedOut => {
            let what = format!("still running at its deadline of {} s", seconds(run.timeout_ms));
            (CaseOutcome::Timeout, who_waits(run, &ktap, &what))
        }
        CaseEnd::NotStarted => (CaseOutcome::Fail, last_words(run, &ktap, "could not be started")),
    };
    if run.dropped > 0 && outcome.is_red() {
        reason.push_str(&format!(" ({} bytes of output were dropped)", run.dropped));
    }
    report(run, &ktap, outcome, reason)
}

/// A case whose end is not its own doing.
pub(super) fn cut_short(run: &CaseRun, outcome: CaseOutcome, reason: String) -> CaseReport {
    report(run, &ktap::parse(&run.output), outcome, reason)
}

fn report(run: &CaseRun, ktap: &Ktap, outcome: CaseOutcome, reason: String) -> CaseReport {
    let mut diagnostics: Vec<String> = run
        .output
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("# "))
        .map(str::to_owned)
        .collect();
    diagnostics.drain(..diagnostics.len().saturating_sub(DIAGNOSTICS));
    let reason = shortened(reason.lines().next().unwrap_or_default(), REASON);
    let seconds = std::time::Duration::from_millis(run.ms).as_secs_f64();
    CaseReport { name: run.name.clone(), outcome, reason, seconds, subtests: ktap.leaves(), diagnostics }
}

fn exit_zero(ktap: &Ktap) -> (CaseOutcome, String) {
    if !ktap.found {
        return (CaseOutcome::Pass, String::new());
    }
    match ktap.outcome() {
        (CaseOutcome::Pass, _) => (CaseOutcome::Pass, String::new()),
        (CaseOutcome::Skip, reason) if reason.is_empty() => {
            (CaseOutcome::Fail, "skips everything without a reason".to_owned())
        }
        (CaseOutcome::Skip, reason) => (CaseOutcome::Skip, reason),
        (_, reason) => (CaseOutcome::Fail, format!("exit status 0, but {reason}")),
    }
}

fn skipped(run: &CaseRun, ktap: &Ktap) -> (CaseOutcome, String) {
    if ktap.found && ktap.leaves().iter().any(|t| t.outcome.is_red() && t.outcome != CaseOutcome::NotRun) {
        return (CaseOutcome::Fail, format!("exit status {SKIP} (skip), but {}", ktap.outcome().1));
    }
    let reason = run.output.lines().rev().find_map(|line| {
        let (before, reason) = line.split_once("# SKIP").or_else(|| line.split_once("SKIP:"))?;
        let plain = before.is_empty() || before.ends_with([' ', '\t']);
        Some(reason.trim().trim_start_matches([':', '-']).trim()).filter(|r| plain && !r.is_empty())
    });
    match reason {
        Some(reason) => (CaseOutcome::Skip, reason.to_owned()),
        None => (
            CaseOutcome::Fail,
            last_words(run, ktap, &format!("exit status {SKIP} (skip) without a `# SKIP` reason")),
        ),
    }
}

/// Who waits where in the kernel, or what the case itself printed last.
fn who_waits(run: &CaseRun, ktap: &Ktap, end: &str) -> String {
    let Some((own, processes)) = run.output.split_once(KILLED) else { return last_words(run, ktap, end) };
    match stuck(processes) {
        Some(place) => format!("{end}: {place}"),
        None => last_words(&CaseRun { output: own.to_owned(), ..run.clone() }, ktap, end),
    }
}

/// The first process that no signal ends, in words: `sh in device_del, from __devm_cxl_add_memdev`, which is the first function of a
/// module, or else the one that called.
fn stuck(processes: &str) -> Option<String> {
    let mut lines = processes.lines().filter_map(|line| line.strip_prefix("#   ")).peekable();
    while let Some(process) = lines.next() {
        let mut frames = Vec::new();
        while let Some(frame) = lines.next_if(|line| line.starts_with("    ")) {
            frames.push(frame.trim());
        }
        let function = |frame: &str| frame.split(['+', ' ']).next().unwrap_or_default().to_owned();
        let mut words = process.split(' ').skip(1);
        let (Some(name), Some("D")) = (words.next(), words.next()) else { continue };
        let place = words.next().filter(|place| !matches!(*place, "" | "0")).map(str::to_owned);
        let place = place.or_else(|| frames.first().map(|frame| function(frame)))?;
        let callers = || frames.iter().filter(|frame| function(frame) != place);
        let caller = callers().find(|frame| frame.ends_with(']')).or_else(|| callers().next());
        let from = caller.map(|frame| format!(", from {}", function(frame))).unwrap_or_default();
        return Some(format!("{name} in {place}{from}"));
    }
    None
}

/// What the case itself printed last: its failed results, its last diagnostic, its last line.
fn last_words(run: &CaseRun, ktap: &Ktap, end: &str) -> String {
    let (outcome, reason) = ktap.outcome();
    if ktap.found && outcome.is_red() && ktap.leaves().iter().any(|t| t.outcome == CaseOutcome::Fail) {
        return format!("{end}: {reason}");
    }
    let lines = || run.output.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    let remark = lines().find_map(|line| {
        line.strip_prefix("# ").filter(|r| !r.starts_with("Totals:") && !r.starts_with("Subtest:"))
    });
    match remark.or_else(|| lines().next()) {
        Some(text) => format!("{end}: {text}"),
        None => end.to_owned(),
    }
}

/// Milliseconds as seconds, without a fraction that says nothing.
pub(super) fn seconds(ms: u64) -> String {
    if ms.is_multiple_of(1000) { format!("{}", ms / 1000) } else { format!("{}.{:03}", ms / 1000, ms % 1000) }
}
