//! What a case could hide from the console, found by what it cannot reach: the kernel's own log as the agent read it, what the kernel
//! counts, the markers around each case, and what was cut off.

use std::collections::BTreeMap;

use event::{HealthReading, Transcript};
use kernlog::Splat;
use kernlog::kernel_log::{ForgedMarker, LogScan};
use wire::Health;

/// Bits of `/proc/sys/kernel/tainted` that a report explains, each with its letter (Documentation/admin-guide/tainted-kernels.rst).
const TAINTS: [(u32, char, &str); 5] = [
    (4, 'M', "a machine check"),
    (5, 'B', "a bad page"),
    (7, 'D', "an oops or BUG"),
    (9, 'W', "a warning"),
    (14, 'L', "a soft lockup"),
];

/// What was found besides the console.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    /// Reports that the console does not show.
    pub splats: Vec<Splat>,
    /// What is wrong, with the case in which it is.
    pub problems: Vec<(Option<String>, String)>,
}

/// Looks for what the console does not show.
pub(super) fn hidden(transcript: &Transcript, console: &LogScan, log: &LogScan) -> Hidden {
    let splats = silenced(console, log);
    let mut problems = markers(transcript, console);
    problems.extend(forged(console, log));
    let explained = |case: Option<&str>| {
        let is_its = |splat: &&Splat| splat.case.is_none() || splat.case.as_deref() == case;
        console.splats.iter().chain(&splats).any(|splat| is_its(&splat)) || console.dropped > 0
    };
    problems.extend(counted(&transcript.health, explained));
    for run in transcript.cases.iter().filter(|run| run.cut) {
        let why = "it printed more results than are passed on, and those beyond were not judged";
        problems.push((Some(run.name.clone()), why.to_owned()));
    }
    for run in transcript.cases.iter().filter(|run| run.left) {
        let why = "a process that it left behind cannot be killed: it hangs in the kernel";
        problems.push((Some(run.name.clone()), why.to_owned()));
    }
    if transcript.console_dropped > 0 {
        let (kept, more) = (transcript.console.len() >> 20, transcript.console_dropped);
        let why = format!("the console was cut at {kept} MiB, and {more} bytes beyond were not judged");
        problems.push((None, why));
    }
    Hidden { splats, problems }
}

/// The reports of the kernel's log beyond those that the console shows in the same case. That of the console is torn by what programs
/// print, so they are compared by their number of each kind.
fn silenced(console: &LogScan, log: &LogScan) -> Vec<Splat> {
    let mut shown = BTreeMap::new();
    for splat in &console.splats {
        *shown.entry((&splat.case, splat.kind)).or_insert(0) += 1;
    }
    let mut hidden = Vec::new();
    for splat in &log.splats {
        match shown.get_mut(&(&splat.case, splat.kind)) {
            Some(left) if *left > 0 => *left -= 1,
            _ => hidden.push(splat),
        }
    }
    let placed = |splat: &Splat| {
        let line = line_of_case(console, splat.case.as_deref());
        Splat { line, ..splat.clone() }
    };
    hidden.into_iter().map(placed).collect()
}

/// Where a case begins on the console: the nearest line to a report that is not there.
fn line_of_case(console: &LogScan, case: Option<&str>) -> u64 {
    console.cases.iter().find(|lines| Some(lines.case.as_str()) == case).map_or(1, |lines| lines.begin)
}

/// The markers of each case that ended: one that is missing shows that the console was silent.
fn markers(transcript: &Transcript, console: &LogScan) -> Vec<(Option<String>, String)> {
    let ended = transcript.cases.iter().filter(|run| run.end.is_some());
    let missing = ended.filter_map(|run| {
        let lines = console.cases.iter().find(|lines| lines.case == run.name);
        let what = match lines {
            None => "begin",
            Some(lines) if lines.end.is_none() => "end",
            Some(_) => return None,
        };
        let why = format!("the mark of its {what} is not on the console, which was silenced or lost");
        Some((Some(run.name.clone()), why))
    });
    missing.collect()
}

/// Markers that a case wrote itself, into the kernel's log or on the console. A genuine one that stands on the console once more may be
/// the log, printed by the case; in the log itself it is none.
fn forged(console: &LogScan, log: &LogScan) -> Vec<(Option<String>, String)> {
    let in_log = log.forged.iter();
    let shown = console.forged.iter().filter(|forged| !forged.again);
    let in_words = |forged: &ForgedMarker| {
        (forged.case.clone(), format!("it wrote a marker that only the agent may write: {}", forged.text))
    };
    in_log.chain(shown).map(in_words).collect()
}

/// What the kernel counted and no report explains.
fn counted(
    readings: &[HealthReading],
    explained: impl Fn(Option<&str>) -> bool,
) -> Vec<(Option<String>, String)> {
    let Some(first) = readings.first() else { return Vec::new() };
    let level = first.health.console_level;
    let mut problems = Vec::new();
    // What came before the first case counts, too.
    let mut before = Health { console_level: level, ..Health::default() };
    for HealthReading { case, health } in readings {
        let unexplained = grown(&before, health).filter(|_| !explained(case.as_deref()));
        let lowered = (health.console_level < level)
            .then(|| format!("the console's log level was lowered from {level} to {}", health.console_level));
        let lost = (health.lost > before.lost).then(|| {
            let count = health.lost - before.lost;
            format!("{count} records of the kernel's log were lost before they were read, and not judged")
        });
        problems.extend([unexplained, lowered, lost].into_iter().flatten().map(|why| (case.clone(), why)));
        before = *health;
    }
    problems
}

/// What the kernel counts more of than before.
fn grown(before: &Health, now: &Health) -> Option<String> {
    let new = |bit: &&(u32, char, &str)| now.tainted & !before.tainted & (1 << bit.0) != 0;
    if let Some((_, letter, what)) = TAINTS.iter().find(new) {
        return Some(format!("the kernel is tainted {letter} ({what}), and no report says why"));
    }
    let count = |what: &str, before: u64, now: u64| {
        (now > before)
            .then(|| format!("the kernel counted {} {what} that its log does not show", now - before))
    };
    count("warnings", before.warnings, now.warnings).or_else(|| count("oopses", before.oopses, now.oopses))
}

#[cfg(test)]
#[path = "hidden_tests.rs"]
mod tests;
