//! Who wrote a line: hosts, programs, facilities and levels, as syslog, the journal, netconsole and containers name them.

use super::found::Prefix;
use super::record::kmsg;
use super::time;

const LEVELS: [&[u8]; 12] = [
    b"emerg", b"alert", b"crit", b"err", b"warn", b"notice", b"info", b"debug", b"warning", b"error",
    b"panic", b"none",
];
const FACILITIES: [&[u8]; 13] = [
    b"kern",
    b"user",
    b"mail",
    b"daemon",
    b"auth",
    b"syslog",
    b"lpr",
    b"news",
    b"uucp",
    b"cron",
    b"authpriv",
    b"ftp",
    b"security",
];
/// A name of a host or a program is no longer.
const NAME: usize = 64;
/// Words before the name of the program: a host, a facility, and what some loggers add.
const WORDS: usize = 3;

/// `kernel: `, `kernel[0]: `, and of wall `kernel:`.
pub(super) fn kernel<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let Some(after) = rest.strip_prefix(b"kernel") else { return 0 };
    let pid = match after.first() {
        Some(b'[') => after.iter().take(12).position(|b| *b == b']').map_or(0, |at| at + 1),
        _ => 0,
    };
    if pid > 0 && !after[1..pid - 1].iter().all(u8::is_ascii_digit) || after.get(pid) != Some(&b':') {
        return 0;
    }
    // At the start of a line it may be a word of anybody's.
    let told = found.len > 0 || found.timed;
    found.stamped |= told;
    found.tagged |= told;
    let end = 6 + pid + 1;
    end + usize::from(rest.get(end) == Some(&b' '))
}

/// What stands behind a time: `host kernel: ` is the kernel's, `host anything[1]: ` is not, `stdout F ` a container's.
pub(super) fn program<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let at_once = kernel(rest, found);
    if at_once > 0 {
        return at_once;
    }
    for mark in
        [&b"stdout F "[..], b"stderr F ", b"stdout P ", b"stderr P ", b"00O ", b"01E ", b"00E ", b"01O "]
    {
        if rest.starts_with(mark) {
            return mark.len();
        }
    }
    let (mut at, mut of_facility) = (0, false);
    for nth in 0..=WORDS {
        let length = rest[at..].iter().take(NAME).take_while(|b| !matches!(b, b' ' | b'\t')).count();
        let word = &rest[at..at + length];
        if nth > 0 {
            let of_kernel = kernel(&rest[at..], found);
            if of_kernel > 0 {
                return at + of_kernel;
            }
            // netconsole's, as a log server writes it down.
            let of_netconsole = if word.contains(&b',') { kmsg(&rest[at..], found) } else { 0 };
            if of_netconsole > 0 {
                return at + of_netconsole;
            }
        }
        if let Some(sure) = tag(word) {
            if !sure && nth != 1 && !of_facility {
                return 0;
            }
            found.user = true;
            found.guessed = (!sure && !of_facility).then_some(found.len);
            return (at + length + 1).min(rest.len());
        }
        let named =
            !word.is_empty() && word.iter().all(|b| b.is_ascii_alphanumeric() || b"-._@/".contains(b));
        if !named || rest.get(at + length) != Some(&b' ') {
            return 0;
        }
        of_facility = facility_level(word).is_some();
        at += length + 1;
    }
    0
}

/// Whether a word is a program's name with a colon, and then whether it has the number of a process, too.
fn tag(word: &[u8]) -> Option<bool> {
    let name = word.strip_suffix(b":")?;
    let (name, pid) = match name.strip_suffix(b"]") {
        Some(rest) => {
            let open = rest.iter().rposition(|b| *b == b'[')?;
            let pid = &rest[open + 1..];
            if pid.is_empty() || !pid.iter().all(u8::is_ascii_digit) {
                return None;
            }
            (&rest[..open], true)
        }
        None => (name, false),
    };
    let proper = name.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'(' | b'/'))
        && name.iter().all(|b| b.is_ascii_alphanumeric() || b"-._/@+()".contains(b));
    proper.then_some(pid)
}

/// Facility of `kern.warn`.
fn facility_level(word: &[u8]) -> Option<&[u8]> {
    let dot = word.iter().position(|b| *b == b'.')?;
    let (facility, level) = (&word[..dot], &word[dot + 1..]);
    let local = facility.len() == 6 && facility.starts_with(b"local");
    ((local || FACILITIES.contains(&facility)) && LEVELS.contains(&level)).then_some(facility)
}

/// `journalctl -o short-monotonic`: the host and `kernel:` come after the time.
pub(super) fn host_kernel<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    if !found.timed {
        return 0;
    }
    let host = rest
        .iter()
        .take(NAME)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        .count();
    if host == 0 || rest.get(host) != Some(&b' ') {
        return 0;
    }
    match kernel(&rest[host + 1..], found) {
        0 => 0,
        taken => host + 1 + taken,
    }
}

/// `kern  :warn  : ` of `dmesg -x`, and `kern.warn: `, `kern.warn `.
pub(super) fn facility<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let near = &rest[..rest.len().min(16)];
    let dotted = near.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'.').count();
    if let Some(facility) = facility_level(&rest[..dotted]) {
        let colon = usize::from(rest.get(dotted) == Some(&b':'));
        if rest.get(dotted + colon) == Some(&b' ') {
            found.user |= facility != b"kern";
            return dotted + colon + 1;
        }
    }
    if memchr::memchr(b':', &near[..near.len().min(10)]).is_none() {
        return 0;
    }
    let mut parts = rest.splitn(3, |b| *b == b':');
    let (Some(facility), Some(level), Some(_)) = (parts.next(), parts.next(), parts.next()) else { return 0 };
    let word = facility.trim_ascii_end();
    if facility.len() > 9 || word.is_empty() || !LEVELS[..8].contains(&level.trim_ascii_end()) {
        return 0;
    }
    found.user |= word != b"kern";
    let len = facility.len() + level.len() + 2;
    len + usize::from(rest.get(len) == Some(&b' '))
}

/// `1 2026-11-24T10:00:00Z host app pid msgid [data] ` of RFC 5424, behind its level.
pub(super) fn rfc5424<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let Some(fields) = rest.strip_prefix(b"1 ") else { return 0 };
    let mut at = 0;
    let mut words: [&[u8]; 5] = [b""; 5];
    for word in &mut words {
        let length = fields[at..].iter().take(256).take_while(|b| **b != b' ').count();
        *word = &fields[at..at + length];
        if length == 0 || fields.get(at + length) != Some(&b' ') {
            return 0;
        }
        at += length + 1;
    }
    let dated = words[0] == b"-" || time::at_start(words[0]).is_some_and(|time| time.len == words[0].len());
    if !dated {
        return 0;
    }
    let Some(data) = structured_data(&fields[at..]) else { return 0 };
    at += data;
    at += usize::from(fields.get(at) == Some(&b' '));
    if fields[at..].starts_with(b"\xef\xbb\xbf") {
        at += 3;
    }
    found.user |= words[2] != b"kernel";
    found.stamped |= words[2] == b"kernel";
    found.tagged |= words[2] == b"kernel";
    2 + at
}

/// `-`, or elements in brackets, in whose quoted values a bracket may stand.
fn structured_data(rest: &[u8]) -> Option<usize> {
    if rest.first() == Some(&b'-') {
        return Some(1);
    }
    let mut at = 0;
    while rest.get(at) == Some(&b'[') {
        let (mut quoted, mut escaped) = (false, false);
        let close = rest[at..].iter().take(1024).position(|b| {
            let closes = *b == b']' && !quoted;
            quoted ^= *b == b'"' && !escaped;
            escaped = *b == b'\\' && !escaped;
            closes
        })?;
        at += close + 1;
    }
    (at > 0).then_some(at)
}

#[cfg(test)]
mod tests;
