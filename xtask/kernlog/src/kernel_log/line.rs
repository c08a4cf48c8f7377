//! One line of a log: where it ends, without escapes, behind its prefix.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::heading::{self, Heading};
use super::report_line::{self, ReportLine};
use crate::learned::Learned;
use crate::prefix;
use crate::prefix::Prefix;

pub(super) fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

pub(super) fn find_newline(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes)
}

pub(super) fn rfind_newline(bytes: &[u8]) -> Option<usize> {
    memchr::memrchr(b'\n', bytes)
}

/// A line without terminal escapes and the `\r` of a line end.
pub(super) fn plain(line: &[u8]) -> Cow<'_, [u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match ESCAPE.as_ref() {
        Some(escape) if memchr::memchr(0x1b, line).is_some() => escape.replace_all(line, &b""[..]),
        _ => Cow::Borrowed(line),
    }
}

/// Whether a line stands within a report or ends it.
pub(super) fn is_middle(body: &[u8]) -> bool {
    const STARTS: [&str; 6] =
        ["Modules linked in:", "---[ end trace", "Call Trace:", "Call trace:", "RIP: 0010:", "pc : "];
    STARTS.iter().any(|start| body.starts_with(start.as_bytes()))
}

static ESCAPE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>()][0B]?)").ok());
static STAMP: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[ *\d+\.\d{6}\]").ok());

/// The prefix of a line, the time of which may stand behind what other programs or people put there: the clock of a CI
/// service, the indentation of a mail, or what was learned of this log.
pub(super) fn measure<'l>(line: &'l [u8], learned: Option<&Learned>) -> Prefix<'l> {
    let own = prefix::strip(line);
    if let Some(nameless) = own.without_name() {
        // Two words and a colon begin many lines of a report, too.
        let within = !matches!(report_line::read(&line[nameless.len..]), ReportLine::Other);
        return if within { nameless } else { own };
    }
    if own.user || own.stamped {
        return own;
    }
    let near = &line[..line.len().min(own.len + FOREIGN)];
    if let Some(stamp) = STAMP.iter().find_map(|stamp| stamp.find_at(near, own.len)) {
        let inner = prefix::strip(&line[stamp.start()..]);
        return Prefix { len: stamp.start() + inner.len, ..inner };
    }
    let cut = learned.and_then(|learned| learned.cuts(line).into_iter().next());
    cut.filter(|cut| *cut > own.len).map_or(own, |cut| Prefix { len: cut, ..own })
}

/// What stands before the kernel's time is no longer.
const FOREIGN: usize = 64;

/// A line that may be a heading.
pub(super) struct Classified<'l> {
    /// What stands before the message. It may end before `at`.
    pub prefix: Prefix<'l>,
    /// Where its message starts.
    pub at: usize,
    pub heading: Option<Heading>,
    /// Whether nothing says that the message starts there but that it reads as a heading.
    pub loose: bool,
}

/// The prefix of a line, where its message starts, and the heading that it is. When a program's output without
/// a line end stands before the kernel's line, the message is what follows the time in the middle. Where a prefix could not be
/// told, a heading may stand behind any separator before `needle`.
pub(super) fn classify<'l>(line: &'l [u8], learned: Option<&Learned>, needle: usize) -> Classified<'l> {
    let own = prefix::strip(line);
    let found = |prefix, at, heading, loose| Classified { prefix, at, heading: Some(heading), loose };
    if let Some(nameless) = own.without_name()
        && let Some(heading) = heading_at(line, nameless.len)
    {
        return found(nameless, nameless.len, heading, false);
    }
    if own.user {
        return Classified { prefix: own, at: own.len, heading: None, loose: false };
    }
    if let Some(heading) = heading_at(line, own.len) {
        return found(own, own.len, heading, false);
    }
    for stamp in
        STAMP.iter().flat_map(|stamp| stamp.find_iter(line)).skip_while(|s| s.start() < own.len).take(8)
    {
        let inner = prefix::strip(&line[stamp.start()..]);
        let body = stamp.start() + inner.len;
        if let Some(heading) = heading::find(&line[body..]) {
            return found(inner, body, heading, false);
        }
    }
    let cuts = learned.map(|learned| learned.cuts(line)).unwrap_or_default();
    let at = cuts.first().copied().unwrap_or(0).max(own.len);
    for cut in cuts.into_iter().filter(|cut| *cut > own.len && !of_process(&line[..*cut])) {
        if let Some(heading) = heading_at(line, cut) {
            return found(Prefix { stamped: true, ..own }, cut, heading, false);
        }
    }
    if !own.stamped {
        for cut in separators(line, own.len.max(needle.saturating_sub(FOREIGN)), needle) {
            if let Some(heading) = heading::find(&line[cut..]).filter(|_| !of_process(&line[..cut])) {
                return found(own, cut, heading, true);
            }
        }
    }
    Classified { prefix: own, at, heading: None, loose: false }
}

fn heading_at(line: &[u8], at: usize) -> Option<Heading> {
    let indent = line[at..].iter().take(16).take_while(|b| matches!(b, b' ' | b'\t')).count();
    heading::find(&line[at + indent..])
}

/// Whether what stands before a message names a process: `init[1]: `.
fn of_process(before: &[u8]) -> bool {
    let Some(before) = before.strip_suffix(b"]: ") else { return false };
    let digits = before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && before[..before.len() - digits].ends_with(b"[") && !before.ends_with(b"kernel[0")
}

/// Behind every separator between two places of a line.
fn separators(line: &[u8], from: usize, to: usize) -> impl Iterator<Item = usize> {
    let separates = |at: &usize| {
        *at > 0 && matches!(line[at - 1], b' ' | b'\t' | b'|' | b'>' | b']' | b'"' | b'\'' | b';')
    };
    (from..line.len().min(to + 1)).filter(separates)
}

/// What a line of a report is whose prefix could not be told.
pub(super) fn read_anywhere(line: &[u8]) -> ReportLine {
    let all = separators(line, 0, HEAD).map(|at| report_line::read(&line[at..]));
    all.into_iter().find(|read| !matches!(read, ReportLine::Other)).unwrap_or(ReportLine::Other)
}

/// Bytes of a line in which a message starts.
const HEAD: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    /// What lines share that no grammar knows, such as `rack #7 says; `.
    fn learned() -> Learned {
        let lines: [&[u8]; 3] = [b"rack #1 says; one", b"rack #2 says; two", b"rack #3 says; three"];
        Learned::from_lines(lines.into_iter()).expect("a prefix")
    }

    /// A message, and what its prefix says of it.
    fn shown(message: &str, prefix: Prefix<'_>) -> String {
        let marks =
            [(prefix.stamped, "stamped"), (prefix.user, "user"), (prefix.guessed.is_some(), "guessed")];
        let marks = marks.into_iter().filter_map(|(is, mark)| is.then_some(mark));
        marks.fold(format!("{message:?}"), |shown, mark| shown + " " + mark)
    }

    #[test]
    fn the_message_of_a_line_of_a_report() {
        let lines = [
            "Nov 22 10:00:00 Call Trace:",
            "Nov 22 10:00:00 Lid closed: sleeping",
            "Nov 22 10:00:00 box prog[1]: a [    1.000000] b",
            "a program's [    1.000000] RIP: 0010:f+0x1/0x2",
            "rack #9 says; RIP: 0010:f+0x1/0x2",
            "another says; RIP: 0010:f+0x1/0x2",
        ];
        let learned = learned();
        let seen = lines.map(|line| {
            let prefix = measure(line.as_bytes(), Some(&learned));
            shown(&line[prefix.len..], prefix)
        });
        insta::assert_snapshot!(seen.join("\n"), @r#"
        "Call Trace:"
        "sleeping" user guessed
        "a [    1.000000] b" user
        "RIP: 0010:f+0x1/0x2" stamped
        "RIP: 0010:f+0x1/0x2"
        "another says; RIP: 0010:f+0x1/0x2"
        "#);
    }

    #[test]
    fn the_message_of_a_heading() {
        let lines = [
            "Nov 22 10:00:00 Internal error: Oops: 0000000096000004 [#1] SMP",
            "Nov 22 10:00:00 Lid closed: BUG: kernel NULL pointer dereference, address: 0000000000000008",
            "[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008",
            "a program's [    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008",
            "rack #9 says; BUG: kernel NULL pointer dereference, address: 0000000000000008",
            "another says; BUG: kernel NULL pointer dereference, address: 0000000000000008",
        ];
        let learned = learned();
        let seen = lines.map(|line| {
            let needle = line.find("BUG").unwrap_or(0);
            let seen = classify(line.as_bytes(), Some(&learned), needle);
            let heading = if seen.heading.is_some() { "heading" } else { "none" };
            let loose = if seen.loose { "loose " } else { "" };
            format!("{loose}{heading}: {}", shown(&line[seen.at..], seen.prefix))
        });
        insta::assert_snapshot!(seen.join("\n"), @r#"
        heading: "Internal error: Oops: 0000000096000004 [#1] SMP"
        none: "BUG: kernel NULL pointer dereference, address: 0000000000000008" user guessed
        heading: "BUG: kernel NULL pointer dereference, address: 0000000000000008" stamped
        heading: "BUG: kernel NULL pointer dereference, address: 0000000000000008" stamped
        heading: "BUG: kernel NULL pointer dereference, address: 0000000000000008" stamped
        loose heading: "BUG: kernel NULL pointer dereference, address: 0000000000000008"
        "#);
    }
}
