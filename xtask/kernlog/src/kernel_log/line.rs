//! One line of a log: where it ends, without escapes, behind its prefix.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::heading::{self, Heading};
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
    body.starts_with(b"Modules linked in:") || body.starts_with(b"---[ end trace")
}

static ESCAPE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>()][0B]?)").ok());
static STAMP: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[ *\d+\.\d{6}\]").ok());

/// The prefix of a line, the time of which may stand behind what other programs or people put there: the clock of a CI
/// service, the indentation of a mail.
pub(super) fn measure(line: &[u8]) -> Prefix<'_> {
    let own = prefix::strip(line);
    if own.user || own.stamped {
        return own;
    }
    let near = &line[..line.len().min(own.len + FOREIGN)];
    let stamp = STAMP.iter().find_map(|stamp| stamp.find_at(near, own.len));
    let inner = |start: usize| {
        let inner = prefix::strip(&line[start..]);
        Prefix { len: start + inner.len, ..inner }
    };
    stamp.map_or(own, |stamp| inner(stamp.start()))
}

/// What stands before the kernel's time is no longer.
const FOREIGN: usize = 64;

/// The prefix of a line, where its message starts, and the heading that it is. When a program's output without
/// a line end stands before the kernel's line, the message is what follows the time in the middle.
pub(super) fn classify(line: &[u8]) -> (Prefix<'_>, usize, Option<Heading>) {
    let own = prefix::strip(line);
    if own.user {
        return (own, own.len, None);
    }
    let indent = line[own.len..].iter().take(16).take_while(|b| matches!(b, b' ' | b'\t')).count();
    if let Some(found) = heading::find(&line[own.len + indent..]) {
        return (own, own.len, Some(found));
    }
    for stamp in
        STAMP.iter().flat_map(|stamp| stamp.find_iter(line)).skip_while(|s| s.start() < own.len).take(8)
    {
        let inner = prefix::strip(&line[stamp.start()..]);
        let body = stamp.start() + inner.len;
        if let Some(found) = heading::find(&line[body..]) {
            return (inner, body, Some(found));
        }
    }
    (own, own.len, None)
}
