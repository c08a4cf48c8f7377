//! `kmsg:` of a case: the kernel's messages that it forbids and requires, judged by the log that the agent read, whatever the console
//! shows.
//!
//! A program's line in that log is none of the kernel's, and neither forbidden nor what is required: a case could write it itself. The
//! lines of a kernel report are judged as that report, by its own expectations.

use std::collections::BTreeMap;
use std::ops::Range;

use event::{CaseReport, CaseRun};
use kernlog::CaseOutcome;
use kernlog::kernel_log::LogScan;
use memchr::{memchr_iter, memmem};
use spec::{CaseFile, KernelMessages, LogLevel};

use super::kmsg::{KernelLog, Record};

/// Forbidden messages that a case lists.
const LISTED: usize = 20;
/// How the kernel's last message before user space begins (`run_init_process()`, `init/main.c`).
const RUN_INIT: &str = "Run /init as init process";

/// What the cases of a boot assert of the kernel's messages.
#[derive(Debug, Default)]
pub struct Asserted<'a> {
    cases: BTreeMap<&'a str, &'a KernelMessages>,
    boot: Option<&'a KernelMessages>,
}

impl<'a> Asserted<'a> {
    /// Of cases in the order in which they run. What the kernel logs before the first is judged by that one's rule.
    pub fn by(cases: &'a [CaseFile]) -> Self {
        let of = |case: &'a CaseFile| (case.name.as_str(), &case.kmsg);
        Self { cases: cases.iter().map(of).collect(), boot: cases.first().map(|case| &case.kmsg) }
    }

    fn of(&self, case: &str) -> Option<&'a KernelMessages> {
        self.cases.get(case).copied().filter(|asserted| !asserted.is_empty())
    }
}

/// What was logged, what the console shows of it, and what is asserted.
pub(super) struct Messages<'a> {
    pub kernel: &'a KernelLog,
    pub console: &'a [u8],
    pub shown: &'a LogScan,
    pub asserted: &'a Asserted<'a>,
}

impl Messages<'_> {
    /// Makes a case that began red during which a forbidden message came, or a required one did not. One that is red already stays so for its own
    /// reason, and lists the messages.
    pub(super) fn judge(&self, run: &CaseRun, report: &mut CaseReport) {
        let Some(asserted) = self.asserted.of(&run.name) else { return };
        let why = match lines_of(&self.kernel.scan, &run.name) {
            Some((lines, whole)) if whole || run.end.is_none() => {
                let forbidden = self.forbidden(&lines, self.shown_of(&run.name), asserted);
                report.diagnostics.extend(forbidden.iter().take(LISTED).map(|text| format!("kmsg: {text}")));
                summary(&forbidden).or_else(|| {
                    self.missing(&lines, asserted).filter(|_| report.outcome == CaseOutcome::Pass)
                })
            }
            _ => Some(
                "the agent did not read all of its kernel messages, so that `kmsg:` cannot be judged"
                    .to_owned(),
            ),
        };
        if let Some(why) = why.filter(|_| !report.outcome.is_red()) {
            (report.outcome, report.reason) = (CaseOutcome::Fail, why);
        }
    }

    /// The forbidden messages that came before the first case, from the start of user space on, where the modules are loaded. What
    /// comes before that is about the machine, and differs with the load of the host (`tsc: Unable to calibrate against PIT`).
    pub(super) fn of_boot(&self) -> Vec<String> {
        let Some(asserted) = self.asserted.boot else { return Vec::new() };
        let first = |scan: &LogScan| scan.cases.first().map_or(u64::MAX, |first| first.begin);
        let init = self.kernel.of_kernel(&(0..u64::MAX)).find(|record| record.text.starts_with(RUN_INIT));
        let lines = init.map_or(0, |record| record.line)..first(&self.kernel.scan);
        let forbidden = self.forbidden(&lines, 0..first(self.shown), asserted);
        forbidden.into_iter().take(LISTED).map(|text| format!("before the first case: {text}")).collect()
    }

    /// The lines of the console that came during a case; none where its begin is not there.
    fn shown_of(&self, case: &str) -> Range<u64> {
        lines_of(self.shown, case).map_or(0..0, |(lines, _)| lines)
    }

    /// The forbidden messages, each in words: level, line of the console, message.
    fn forbidden(&self, lines: &Range<u64>, shown: Range<u64>, asserted: &KernelMessages) -> Vec<String> {
        let in_report = |line| self.kernel.scan.reports.iter().any(|report| report.contains(&line));
        let console = part(self.console, &shown);
        let level = |record: &Record| LogLevel::of_priority(record.priority);
        let of_kernel = self.kernel.of_kernel(lines);
        let is_message = |r: &&Record| !in_report(r.line) && !frames_a_report(&r.text);
        let forbidden = of_kernel.filter(|r| asserted.forbids(level(r), &r.text)).filter(is_message);
        let in_words = |record: &Record| {
            let text = first_line(&record.text);
            let at = memmem::find(console, text.as_bytes())
                .map(|at| shown.start.max(1) + memchr_iter(b'\n', &console[..at]).count() as u64);
            let at = at.map_or("not on the console".to_owned(), |line| format!("line {line} of the console"));
            format!("the kernel logged {}, which `kmsg:` forbids ({at}): {text}", level(record))
        };
        forbidden.map(in_words).collect()
    }

    /// The first required message that did not come.
    fn missing(&self, lines: &Range<u64>, asserted: &KernelMessages) -> Option<String> {
        let came = |pattern: &&spec::Pattern| self.kernel.of_kernel(lines).any(|r| pattern.is_match(&r.text));
        let missing = asserted.require.iter().find(|pattern| !came(pattern))?;
        Some(format!("no message of the kernel matches {missing}, which `kmsg:` requires"))
    }
}

impl KernelLog {
    /// The kernel's own messages between these lines.
    fn of_kernel(&self, lines: &Range<u64>) -> impl Iterator<Item = &Record> {
        let lines = lines.clone();
        self.records.iter().filter(move |record| record.is_of_kernel() && lines.contains(&record.line))
    }
}

/// The lines of a case, up to the next or the end of the log where the mark of its end is missing, and whether that is there.
fn lines_of(scan: &LogScan, case: &str) -> Option<(Range<u64>, bool)> {
    let at = scan.cases.iter().position(|lines| lines.case == case)?;
    let next = || scan.cases.get(at + 1).map_or(u64::MAX, |next| next.begin);
    let lines = &scan.cases[at];
    Some((lines.begin..lines.end.unwrap_or_else(next), lines.end.is_some()))
}

/// The bytes of some lines, which are counted from 1.
fn part<'a>(text: &'a [u8], lines: &Range<u64>) -> &'a [u8] {
    let mut ends = memchr_iter(b'\n', text).map(|at| at + 1);
    let mut start_of = |line: u64, before: u64| match usize::try_from(line.saturating_sub(before)) {
        Ok(0) => 0,
        Ok(count) => ends.nth(count - 1).unwrap_or(text.len()),
        Err(_) => text.len(),
    };
    let first = lines.start.max(1);
    let start = start_of(first, 1);
    let end = if lines.end <= first { start } else { start_of(lines.end, first) };
    &text[start..end.max(start)]
}

/// What stands around a report and belongs to it, though its heading comes after or its end before: rulers, empty lines, and the name of
/// a stack (`stack_type_name()`, `arch/x86/kernel/dumpstack.c`).
fn frames_a_report(text: &str) -> bool {
    let text = text.trim();
    let says_nothing = !text.contains(char::is_alphanumeric);
    says_nothing || text.strip_prefix('<').is_some_and(|rest| rest.ends_with('>') && !rest.contains(' '))
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
}

/// The first, and how many more there are.
fn summary(forbidden: &[String]) -> Option<String> {
    match forbidden {
        [] => None,
        [only] => Some(only.clone()),
        [first, rest @ ..] => Some(format!("{first} (and {} more)", rest.len())),
    }
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
