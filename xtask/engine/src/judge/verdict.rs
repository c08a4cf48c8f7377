//! The verdict of one boot.
//!
//! Distinguished and attributed: a case that failed, a kernel that died in it, a guest that hung, an agent that
//! was lost, a QEMU that died. An infrastructure error is only what says nothing about the kernel: a QEMU that
//! could not start, and so printed nothing of a kernel. A QEMU that dies while the guest runs is a crash of
//! the case during which it came: a guest that can bring QEMU down has done something.

use std::sync::Once;
use std::thread;

use event::{CaseReport, CaseRun, Transcript, VmEnd};
use kernlog::kernel_log::{LogScan, Remark, scan_log};
use kernlog::{CaseOutcome, Splat, SplatKind, Verdict};
use wire::CaseEnd;

use super::case::{cut_short, ended, seconds};
use super::expectations::Expectations;
use super::hidden::{Hidden, hidden};
use super::kmsg::KernelLog;
use super::messages::{Asserted, Messages};

/// A boot, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Every planned case, in order.
    pub cases: Vec<CaseReport>,
    /// Every splat of the console, and whether it is expected.
    pub splats: Vec<(Splat, bool)>,
    /// The worst of them.
    pub verdict: Verdict,
    /// Why, where no case and no splat says it.
    pub reason: String,
    /// What the reader should hear besides: the agent's notes, splats that were not kept.
    pub notes: Vec<String>,
}

/// Makes ready, on a thread of its own and once, what the first judgement would compile: some 80 ms, which nobody waits for while a
/// guest comes up.
pub fn warm_up() {
    /// Nothing but what every log has.
    const LINE: &[u8] = b"[    0.000000] Linux version 6.12.0\n[    0.100000] Run /init as init process\n";
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        thread::spawn(|| scan_log(LINE, None));
    });
}

/// Judges one boot.
pub fn judge(transcript: &Transcript, asserted: &Asserted<'_>, expectations: &Expectations) -> Judged {
    // Without an anchor no marker can be told to be genuine, so none is.
    let anchor = transcript.anchor.as_deref().unwrap_or_default();
    let log = scan_log(&transcript.console, Some(anchor));
    let kernel = KernelLog::read(&transcript.kmsg, anchor);
    let messages = Messages { kernel: &kernel, console: &transcript.console, shown: &log, asserted };
    let mut cases = Vec::new();
    let mut broke_in = None;
    for run in &transcript.cases {
        let begun = run.begun || log.open_case.as_deref() == Some(&run.name);
        let mut report = match run.end {
            Some(end) => ended(run, end),
            None if begun && broke_in.is_none() => {
                broke_in = Some(run.name.as_str());
                let (outcome, reason) = broken(run, transcript, &log);
                cut_short(run, outcome, reason)
            }
            None => cut_short(run, CaseOutcome::NotRun, not_reached(transcript, &log, broke_in)),
        };
        if begun {
            messages.judge(run, &mut report);
        }
        expectations.apply(&mut report);
        cases.push(report);
    }
    let Hidden { splats: silenced, problems } = hidden(transcript, &log, &kernel.scan);
    let splats: Vec<(Splat, bool)> = log
        .splats
        .iter()
        .chain(&silenced)
        .map(|splat| (splat.clone(), expectations.expects(splat)))
        .collect();
    // After the expectations: what is expected of a case is its failure, and not that it hides something.
    let mut of_guest = blame(problems, &mut cases);
    let of_boot = messages.of_boot();
    of_guest.extend(of_boot.iter().cloned());
    let (verdict, reason) = verdict(transcript, &log, &cases, &splats, of_guest);
    let mut notes = transcript.notes.clone();
    notes.extend(
        silenced.iter().map(|splat| format!("not on the console, but in the kernel's log: {}", splat.title)),
    );
    notes.extend(of_boot.into_iter().filter(|why| *why != reason));
    notes.extend(log.incomplete.iter().map(lost).filter(|lost| *lost != reason));
    if log.dropped > 0 {
        notes.push(format!("{} more splats were not kept", log.dropped));
    }
    Judged { cases, splats, verdict, reason, notes }
}

/// Makes the cases red that hide something; returns what is no case's.
fn blame(problems: Vec<(Option<String>, String)>, cases: &mut [CaseReport]) -> Vec<String> {
    let mut of_guest = Vec::new();
    for (case, why) in problems {
        let case = case.and_then(|name| cases.iter_mut().find(|case| case.name == name));
        match case {
            Some(case) if !case.outcome.is_red() => (case.outcome, case.reason) = (CaseOutcome::Fail, why),
            // It is red already, and for its own reason.
            Some(_) => {}
            None => of_guest.push(why),
        }
    }
    of_guest
}

/// A case that began and has no end: what happened to the guest under it.
fn broken(run: &CaseRun, transcript: &Transcript, log: &LogScan) -> (CaseOutcome, String) {
    let fatal = fatal_splat(log, &run.name);
    match (&transcript.end, fatal) {
        (VmEnd::Interrupted, _) => (CaseOutcome::NotRun, "interrupted".to_owned()),
        (end, None) if end.killed_by().is_some() => (CaseOutcome::NotRun, killed(end)),
        (VmEnd::QemuDied { how, stderr }, None) => (CaseOutcome::Crash, qemu_died(how, stderr)),
        (_, Some(splat)) => (CaseOutcome::Crash, format!("the kernel died: {}", splat.title)),
        (VmEnd::Reset, None) => (CaseOutcome::Crash, "the guest was reset".to_owned()),
        (VmEnd::Dead, None) => (CaseOutcome::Crash, "the kernel died".to_owned()),
        (VmEnd::PoweredOff, None) => {
            (CaseOutcome::Crash, "the agent was lost: the guest powered off during the case".to_owned())
        }
        (VmEnd::Deadline { ms }, None) => {
            let limit = seconds(*ms);
            (
                CaseOutcome::Timeout,
                format!("the guest hung: no end of the case, killed at its deadline of {limit} s"),
            )
        }
    }
}

/// The splat that ended the guest: the last deadly one that came during the case.
fn fatal_splat<'a>(log: &'a LogScan, case: &str) -> Option<&'a Splat> {
    let deadly = |splat: &&Splat| {
        splat.case.as_deref() == Some(case)
            && (matches!(
                splat.kind,
                SplatKind::Panic
                    | SplatKind::Oops
                    | SplatKind::Bug
                    | SplatKind::ListCorruption
                    | SplatKind::SoftLockup
                    | SplatKind::HardLockup
                    | SplatKind::RcuStall
            ) || log.panicked.is_some())
    };
    log.splats.iter().rev().find(deadly)
}

fn qemu_died(how: &str, stderr: &str) -> String {
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if last.is_empty() { format!("QEMU died: {how}") } else { format!("QEMU died: {how}: {}", last.trim()) }
}

/// QEMU ended by others, in words.
fn killed(end: &VmEnd) -> String {
    match end.killed_by() {
        Some("SIGKILL") => "QEMU was killed (SIGKILL): by somebody, or for want of memory".to_owned(),
        signal => format!("QEMU was ended from outside ({}), not by this tool", signal.unwrap_or_default()),
    }
}

/// Why a case was never started.
fn not_reached(transcript: &Transcript, log: &LogScan, broke_in: Option<&str>) -> String {
    let hangs = |run: &&CaseRun| run.left && run.end == Some(CaseEnd::TimedOut);
    if let Some(run) = transcript.cases.iter().find(hangs) {
        return format!(
            "case {} cannot be killed, and what it holds in the kernel would spoil those after it",
            run.name
        );
    }
    let up = transcript.release.is_some();
    let what = match &transcript.end {
        VmEnd::Interrupted => return "interrupted".to_owned(),
        end if end.killed_by().is_some() => killed(end),
        VmEnd::QemuDied { how, stderr } => qemu_died(how, stderr),
        VmEnd::Deadline { ms } if up => format!("the guest hung until its deadline of {} s", seconds(*ms)),
        VmEnd::Deadline { ms } => {
            format!("the guest never came up: no hello of the agent within {} s", seconds(*ms))
        }
        VmEnd::PoweredOff if up => "the agent was lost: the guest powered off early".to_owned(),
        VmEnd::PoweredOff => "the guest powered off without a hello of the agent".to_owned(),
        VmEnd::Reset | VmEnd::Dead => {
            let splat = log.splats.last().map(|s| format!(": {}", s.title)).unwrap_or_default();
            let when = if up { "" } else { " before the agent's hello" };
            format!("the kernel died{when}{splat}")
        }
    };
    match broke_in {
        Some(case) => format!("{what}, in case {case}"),
        None => what,
    }
}

fn verdict(
    transcript: &Transcript,
    log: &LogScan,
    cases: &[CaseReport],
    splats: &[(Splat, bool)],
    of_guest: Vec<String>,
) -> (Verdict, String) {
    let has = |outcome| cases.iter().any(|case| case.outcome == outcome);
    if let VmEnd::QemuDied { how, stderr } = &transcript.end
        && transcript.release.is_none()
        && !log.kernel
    {
        let why = qemu_died(how, stderr).replacen("QEMU died", "QEMU could not start", 1);
        return (Verdict::Infrastructure, why);
    }
    if transcript.end.killed_by().is_some() {
        return (Verdict::Infrastructure, killed(&transcript.end));
    }
    if transcript.end == VmEnd::Interrupted {
        return (Verdict::Fail, "interrupted".to_owned());
    }
    if !log.kernel {
        let what = if transcript.console.is_empty() { "is empty" } else { "has no line of a kernel" };
        return (Verdict::Fail, format!("the console log {what}: it could not be scanned for splats"));
    }
    if cases.iter().any(|case| case.outcome.is_red()) {
        return (Verdict::Fail, String::new());
    }
    if splats.iter().any(|(_, expected)| !expected) || log.dropped > 0 {
        return (Verdict::Fail, String::new());
    }
    if let Some(reason) = bad_end(transcript, cases).or_else(|| of_guest.into_iter().next()) {
        return (Verdict::Fail, reason);
    }
    if let Some(remark) = log.incomplete.first() {
        return (Verdict::Fail, lost(remark));
    }
    if has(CaseOutcome::Pass) || has(CaseOutcome::Xfail) {
        return (Verdict::Pass, String::new());
    }
    match cases.iter().find(|case| case.outcome == CaseOutcome::Skip) {
        Some(case) if cases.len() == 1 => (Verdict::Skip, case.reason.clone()),
        Some(_) => (Verdict::Skip, "every case was skipped".to_owned()),
        None => (Verdict::Skip, "no case was to be run".to_owned()),
    }
}

/// What the console says that it lost, or that a checker went off: what did not come could not be judged.
fn lost(remark: &Remark) -> String {
    format!("line {} of the console: {}", remark.line, remark.text)
}

/// All cases ended and the guest did not end as it should.
fn bad_end(transcript: &Transcript, cases: &[CaseReport]) -> Option<String> {
    // A crash or a hang that is expected takes the guest with it: that of the last case that began, and no other.
    let took_it = |(run, report): (&CaseRun, &CaseReport)| {
        report.outcome == CaseOutcome::Xfail && matches!(run.end, None | Some(CaseEnd::TimedOut))
    };
    let last = transcript
        .cases
        .iter()
        .zip(cases)
        .rev()
        .find(|(run, report)| run.begun || !matches!(report.outcome, CaseOutcome::NotRun));
    if transcript.end != VmEnd::PoweredOff && last.is_some_and(took_it) {
        return None;
    }
    match &transcript.end {
        VmEnd::PoweredOff if transcript.bye => None,
        VmEnd::PoweredOff => Some("the agent was lost: it powered off without its last word".to_owned()),
        VmEnd::Reset => Some("the guest was reset after the last case".to_owned()),
        VmEnd::Dead => Some("the kernel died after the last case".to_owned()),
        VmEnd::Deadline { ms } => {
            Some(format!("the guest did not power off: killed at its deadline of {} s", seconds(*ms)))
        }
        VmEnd::QemuDied { how, stderr } => Some(qemu_died(how, stderr)),
        VmEnd::Interrupted => Some("interrupted".to_owned()),
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
