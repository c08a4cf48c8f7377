//! What stands before a message: printk, dmesg, syslog, the journal, loggers of serial lines, containers, CI services, mails.
//!
//! A prefix is a row of parts, each of a general form, in any order: a time in brackets or bare, in any language and layout
//! (`time.rs`); a level; who wrote the line, as syslog and its like have it (`syslog.rs`); the caller `[  T123]` or `[   C0]`
//! (`CONFIG_PRINTK_CALLER`, kernel/printk/printk.c `print_caller`); a record of /dev/kmsg or netconsole; quoting; terminal
//! escapes. What follows is left as it is, with its indentation.

mod found;
mod record;
mod syslog;
mod time;

pub use found::Prefix;
pub(crate) use record::record;
use record::{is_caller, kmsg};

/// Measures the prefix of `line`.
pub fn strip(line: &[u8]) -> Prefix<'_> {
    let len = printk_time(line);
    let mut found = Prefix { len, stamped: len > 0, timed: len > 0, ..Prefix::default() };
    // Each round takes one part; a line has a handful at most, and a hostile one is given up on.
    let part = if len > 0 { part_of_printk } else { part };
    for _ in 0..12 {
        let taken = part(&line[found.len..], &mut found);
        if taken == 0 {
            break;
        }
        found.len += taken;
        if found.user && found.guessed.is_some() {
            break;
        }
    }
    found
}

/// Measures one part behind a time of printk's at the very start: of nearly every line of a console.
fn part_of_printk<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    match rest.first() {
        Some(b'\r') => 1,
        Some(0x1b) => escape(rest),
        Some(b'<') => level(rest, found),
        Some(b'[') => bracket(rest, found),
        Some(b' ') => blanks(rest, found),
        Some(b'0'..=b'9') => kmsg(rest, found),
        Some(b'a'..=b'z' | b'A'..=b'Z') if !found.tagged => {
            first_of(rest, found, &[syslog::kernel, syslog::host_kernel])
        }
        _ => 0,
    }
}

/// Measures one part.
fn part<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    match rest.first() {
        Some(b'\r') => 1,
        Some(0x1b) => escape(rest),
        Some(b'<') => first_of(rest, found, &[level]),
        Some(b'[') => first_of(rest, found, &[bracket, heads]),
        Some(b' ' | b'\t') => blanks(rest, found),
        Some(b'0'..=b'9') => first_of(rest, found, &[kmsg, torn_time, syslog::rfc5424, bare_time]),
        // As mails and trackers quote.
        Some(b'>' | b'|') => quote(rest, found),
        Some(b'#') if rest.starts_with(b"##[") => heads(rest, found),
        // What is a time or a name here has one of these near: most lines of a program's are seen to be none at once.
        Some(b'A'..=b'Z' | b'a'..=b'z') if !has_mark(rest) => 0,
        // Months of other alphabets, too.
        Some(b'A'..=b'Z' | 0x80..) => first_of(rest, found, &[bare_time, heads]),
        Some(b'a'..=b'z') => {
            first_of(rest, found, &[syslog::kernel, syslog::facility, syslog::host_kernel, bare_time, heads])
        }
        _ => 0,
    }
}

/// `[    1.204881] `: what nearly every line of a console begins with, and what would be found below, too. This, and the
/// first looks of the parts below, are what a large log's time goes into.
fn printk_time(line: &[u8]) -> usize {
    let digit = |at: usize| line.get(at).is_some_and(u8::is_ascii_digit);
    if line.first() != Some(&b'[') {
        return 0;
    }
    let mut at = 1;
    while line.get(at) == Some(&b' ') && at < 12 {
        at += 1;
    }
    let whole = at;
    while digit(at) && at < 24 {
        at += 1;
    }
    let micros = line.get(at) == Some(&b'.') && at > whole && (1..=6).all(|after| digit(at + after));
    let closed = line.get(at + 7) == Some(&b']') && line.get(at + 8) == Some(&b' ');
    if micros && closed { at + 9 } else { 0 }
}

fn has_mark(rest: &[u8]) -> bool {
    memchr::memchr3(b':', b'\t', b'|', &rest[..rest.len().min(96)]).is_some()
}

/// Measures one part of a prefix.
type Part = for<'a, 'b> fn(&'a [u8], &'b mut Prefix<'a>) -> usize;

/// The first of these that takes something.
fn first_of<'a>(rest: &'a [u8], found: &mut Prefix<'a>, parts: &[Part]) -> usize {
    parts.iter().map(|part| part(rest, found)).find(|taken| *taken > 0).unwrap_or(0)
}

/// `ESC [ … letter`.
fn escape(rest: &[u8]) -> usize {
    if rest.get(1) != Some(&b'[') {
        return 1;
    }
    rest.iter().skip(2).take(16).position(|b| (0x40..0x7f).contains(b)).map_or(2, |at| at + 3)
}

/// `> `, `>> > `, `| `: before any time, and before what is indented as it was.
fn quote(rest: &[u8], found: &Prefix<'_>) -> usize {
    if found.timed || found.stamped {
        return 0;
    }
    let marks = rest.iter().take(16).take_while(|b| matches!(b, b'>' | b'|')).count();
    match rest.get(marks) {
        None => marks,
        Some(b' ' | b'\t') => marks + 1,
        _ => 0,
    }
}

/// Blanks before a caller, before a time (as mails indent), and before the kernel's name in a message of wall.
fn blanks<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    if found.stamped {
        let caller =
            if found.caller.is_none() && rest.starts_with(b" [") { bracket(&rest[1..], found) } else { 0 };
        return if caller > 0 { caller + 1 } else { 0 };
    }
    let blanks = rest.iter().take(64).take_while(|b| matches!(b, b' ' | b'\t')).count();
    let inner = &rest[blanks..];
    let taken = match inner.first() {
        Some(b'[') => bracket(inner, found),
        Some(b'>' | b'|') => quote(inner, found),
        // syslogd's message to everybody.
        Some(b'k') if found.len == 0 && blanks == 1 && inner.get(7).is_some_and(|b| *b != b' ') => {
            let taken = syslog::kernel(inner, found);
            found.stamped |= taken > 0;
            taken
        }
        _ => 0,
    };
    if taken > 0 { blanks + taken } else { 0 }
}

/// `<6>`: above 7 the facility is not the kernel's. RFC 5424 goes on behind it.
fn level<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let digits = rest.iter().skip(1).take(4).take_while(|b| b.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) || rest.get(digits + 1) != Some(&b'>') {
        return 0;
    }
    let number = rest[1..=digits].iter().fold(0_u32, |sum, b| sum * 10 + u32::from(b - b'0'));
    found.user |= number > 7;
    digits + 2 + syslog::rfc5424(&rest[digits + 2..], found)
}

/// A time, a date or a caller in brackets; one blank after it belongs to it.
fn bracket<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let Some(close) = rest.iter().take(80).position(|b| *b == b']') else { return 0 };
    if close == 0 {
        return 0;
    }
    let inner = rest[1..close].trim_ascii_start();
    if is_time(inner) || time::is_time(inner) || is_clock(inner) {
        // Loggers of all sorts write a clock or a date in numbers, dmesg and printk do not.
        found.stamped |= !is_clock(inner);
        found.timed = true;
    } else if found.stamped && (is_caller(inner) || found.caller.is_none() && is_context(inner)) {
        found.caller = Some(inner.trim_ascii_end());
    } else {
        return 0;
    }
    close + 1 + usize::from(rest.get(close + 1) == Some(&b' '))
}

/// A time that stands by itself, what separates it, and who wrote the line.
fn bare_time<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    // Words of a message may look like one; behind a time of the kernel's own they are its message.
    if found.tagged {
        return 0;
    }
    let Some(time) = time::at_start(rest) else { return 0 };
    if found.stamped && !rest[..time.len].contains(&b':') {
        return 0;
    }
    found.stamped |= time.of_dmesg;
    found.timed = true;
    let after = &rest[time.len..];
    let blanks = after.iter().take(4).take_while(|b| **b == b' ').count();
    let mark = usize::from(matches!(after.get(blanks), Some(b'|' | b'>' | b':' | b']' | b',' | b'\t')));
    let end = match mark {
        0 => time.len + blanks.min(1),
        _ => time.len + blanks + 1 + usize::from(after.get(blanks + 1) == Some(&b' ')),
    };
    let len = found.len;
    found.len += end;
    let taken = end + syslog::program(&rest[end..], found);
    found.len = len;
    taken
}

/// What a container or a CI service puts before a line: `name-1  | `, `##[debug]`; and, where a time follows, `[node] `
/// and columns that tabs end.
fn heads<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    if found.stamped {
        return 0;
    }
    let (mut at, mut sure) = (0, false);
    for _ in 0..3 {
        let Some((length, by_itself)) = head(&rest[at..]) else { break };
        sure |= by_itself;
        at += length;
        let next = &rest[at..];
        if printk_time(next) > 0
            || bracket(next, &mut Prefix::default()) > 0
            || time::at_start(next).is_some()
        {
            return at;
        }
    }
    if sure { at } else { 0 }
}

/// One such part, and whether it can be nothing else.
fn head(rest: &[u8]) -> Option<(usize, bool)> {
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"-_./@".contains(b);
    if let Some(inner) = rest.strip_prefix(b"##[") {
        let close = inner.iter().take(24).position(|b| !b.is_ascii_alphanumeric())?;
        return (inner[close] == b']').then_some((close + 4, true));
    }
    if rest.first() == Some(&b'[') {
        let close = rest.iter().take(48).position(|b| *b == b']')?;
        let inner = &rest[1..close];
        let plain = !inner.is_empty() && inner.iter().all(|b| name(b) || matches!(b, b' ' | b':' | b'#'));
        return (plain && rest.get(close + 1) == Some(&b' ')).then_some((close + 2, false));
    }
    let word = rest.iter().take(64).take_while(|b| name(b)).count();
    let blanks = rest[word..].iter().take(40).take_while(|b| **b == b' ').count();
    if word > 0 && blanks > 0 && rest[word + blanks..].starts_with(b"| ") {
        return Some((word + blanks + 2, true));
    }
    let column = rest.iter().take(64).position(|b| *b == b'\t')?;
    (column > 0).then_some((column + 1, false))
}

/// `12.345678`, also with a CPU after it as some vendors print it (`12.345678,0`, `12.345678@1`).
fn is_time(inner: &[u8]) -> bool {
    let whole = inner.iter().take_while(|b| b.is_ascii_digit()).count();
    let frac = inner.iter().skip(whole + 1).take_while(|b| b.is_ascii_digit()).count();
    // Some vendors' clocks have no fraction at all.
    whole > 0
        && inner.get(whole) == Some(&b'.')
        && (frac >= 3 || inner.len() == whole + 1)
        && (matches!(inner.get(whole + 1 + frac), None | Some(b',' | b'@'))
            || inner[whole + 1 + frac..].trim_ascii().is_empty())
}

/// `2021/07/05, 13:43:52.334` and `13:43:52`, as terminal programs log.
fn is_clock(inner: &[u8]) -> bool {
    inner.first().is_some_and(u8::is_ascii_digit)
        && memchr::memchr_iter(b':', inner).count() == 2
        && inner.iter().all(|b| b.is_ascii_digit() || b"/-.,: T".contains(b))
}

/// The time in what stands before a message, as seconds: of the kernel's clock those since its boot, of a clock those of the day.
pub(crate) fn seconds(head: &[u8]) -> Option<f64> {
    record(head).map_or_else(|| time::seconds(head), |record| Some(record.seconds))
}

/// `407819.286867] `: a time whose bracket was lost in copying.
fn torn_time<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let Some(close) = rest.iter().take(20).position(|b| *b == b']') else { return 0 };
    let whole = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if found.len > 0 || !is_time(&rest[..close]) || close != whole + 7 || rest.get(close + 1) != Some(&b' ') {
        return 0;
    }
    found.stamped = true;
    found.timed = true;
    close + 2
}

/// What vendors' kernels and `CONFIG_PRINTK_EXECUTION_CTX` print of who prints: `0:  swapper/0:    1`,
/// `pid:0,cpu0,swapper/0`, `T1@C0`, `C0  swapper/0`.
fn is_context(inner: &[u8]) -> bool {
    let inner = inner.trim_ascii_end();
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let mut parts = inner.splitn(2, |b| *b == b':');
    let (first, rest) = (parts.next().unwrap_or_default(), parts.next());
    let of_task = digits(first)
        && rest
            .and_then(|rest| rest.rsplit(|b| *b == b':').next())
            .is_some_and(|last| digits(last.trim_ascii()));
    let head = inner.split(|b| matches!(b, b'@' | b' ')).next().unwrap_or_default();
    of_task || inner.starts_with(b"pid:") || is_caller(head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(line: &str) -> String {
        let p = strip(line.as_bytes());
        let caller = p.caller.map(|c| String::from_utf8_lossy(c).into_owned()).unwrap_or_default();
        format!(
            "{}{}{:?} [{caller}]",
            if p.stamped { "S" } else { "-" },
            if p.user { "U" } else { "-" },
            &line[p.len..]
        )
    }

    #[test]
    fn every_known_prefix() {
        let lines = [
            "BUG: x",
            "[    0.060000] \t# Subtest",
            "<4>[   12.345678][  T123] BUG: x",
            "[   12.345678][   C0]  two blanks",
            "[Sat Nov 22 10:00:00 2026] BUG: x",
            "kern  :err   : [    1.000000] BUG: x",
            "user  :notice: [    1.000000] BUG: x",
            "<12>[    1.000000] BUG: x",
            "Nov 22 10:00:00 box kernel: [    1.000000] BUG: x",
            "Nov  2 10:00:00 box systemd[1]: BUG: x",
            "2026-11-22T10:00:00.123456+00:00 box kernel: BUG: x",
            "2026-11-22T10:00:00.1234567Z [    1.000000] BUG: x",
            "[    5.123456] box kernel: BUG: x",
            "\x1b[0m\r[    5.123456] BUG: x",
            "[    1.000000]  [0:  swapper/0:    1] BUG: x",
            "[    1.000000] [pid:0,cpu0,swapper/0]BUG: x",
            "[    1.000000][T1@C0] BUG: x",
            "[    1.000000] [drm:probe] BUG: x",
            "[    1.000000] [drm: 12] BUG: x",
            "[ T12] no time",
            "[ BUG: Invalid wait context ]",
            "[    1.000000] \r\x1b[1;31m[  T7] BUG: x",
        ];
        let shown: Vec<_> = lines.into_iter().map(shown).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        --"BUG: x" []
        S-"\t# Subtest" []
        S-"BUG: x" [T123]
        S-" two blanks" [C0]
        S-"BUG: x" []
        S-"BUG: x" []
        SU"BUG: x" []
        SU"BUG: x" []
        S-"BUG: x" []
        -U"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" [0:  swapper/0:    1]
        S-"BUG: x" [pid:0,cpu0,swapper/0]
        S-"BUG: x" [T1@C0]
        S-"[drm:probe] BUG: x" []
        S-"[drm: 12] BUG: x" []
        --"[ T12] no time" []
        --"[ BUG: Invalid wait context ]" []
        S-"BUG: x" [T7]
        "#);
    }

    #[test]
    fn as_people_and_log_servers_pass_it_on() {
        let lines = [
            "лис 22 10:00:00 box kernel: BUG: x",
            "lis 22 10:00:00.123456 box kernel: BUG: x",
            "Nov 22 10:00:00 kernel: [    1.000000] BUG: x",
            "Nov 22 10:00:00 box 3,630,1000000,-,caller=T12;BUG: x",
            "3,630,1000000,-;BUG: x",
            "30,630,1000000,-;BUG: x",
            "1,2;BUG: x",
            "[2026/11/22, 10:00:00.123] BUG: x",
            "[  240.] BUG: x",
            "407819.286867] BUG: x",
            "1.5] BUG: x",
            "1.234] BUG: x",
            "1ab23456] BUG: x",
            "407819.286867]BUG: x",
            "<4>407819.286867] BUG: x",
            "> 407819.286867] BUG: x",
            "> [    1.000000] BUG: x",
            "and then 22 10:00:00 box kernel: BUG: x",
        ];
        insta::assert_snapshot!(lines.map(shown).join("\n"), @r#"
        S-"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" [T12]
        S-"BUG: x" []
        SU"BUG: x" []
        --"1,2;BUG: x" []
        --"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        --"1.5] BUG: x" []
        --"BUG: x" []
        --"1ab23456] BUG: x" []
        --"BUG: x" []
        --"BUG: x" []
        --"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        "#);
    }

    #[test]
    fn what_may_stand_behind_a_time_of_printks() {
        let lines = [
            "[    1.000000] <4>BUG: x",
            "[    1.000000] 4,630,1000000,-,caller=T12;BUG: x",
            "[    1.000000] kernel: BUG: x",
            "[    1.000000] kernel: kernel: BUG: x",
            "[    1.000000] box kernel: box kernel: BUG: x",
        ];
        insta::assert_snapshot!(lines.map(shown).join("\n"), @r#"
        S-"BUG: x" []
        S-"BUG: x" [T12]
        S-"BUG: x" []
        S-"kernel: BUG: x" []
        S-"box kernel: BUG: x" []
        "#);
    }

    proptest! {
        #[test]
        fn any_bytes_are_measured(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(strip(&line).len <= line.len());
        }
    }
}
