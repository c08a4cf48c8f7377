//! What printk, dmesg, syslog and the journal put before a message.
//!
//! Knows: `<6>`, `[   12.345678]`, dmesg's `-T` and `-x` forms, the caller `[  T123]` or `[   C0]`
//! (`CONFIG_PRINTK_CALLER`, kernel/printk/printk.c `print_caller`), syslog lines with a host and `kernel:`,
//! ISO times as CI services put before each line, and terminal escapes. What follows is left as it is, with
//! its indentation.

/// The prefix of one line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prefix<'a> {
    /// Bytes before the message.
    pub len: usize,
    /// `T123` or `C0`, where the kernel prints it.
    pub caller: Option<&'a [u8]>,
    /// Whether a printk time was there.
    pub stamped: bool,
    /// Whether a program, not the kernel, wrote the line, by the level's facility or the name before the colon.
    pub user: bool,
}

/// Measures the prefix of `line`.
pub fn strip(line: &[u8]) -> Prefix<'_> {
    let len = printk_time(line);
    let mut found = Prefix { len, stamped: len > 0, ..Prefix::default() };
    // Each round takes one part; a line has a handful at most, and a hostile one is given up on.
    for _ in 0..8 {
        let rest = &line[found.len..];
        let taken = match rest.first() {
            Some(b'\r') => 1,
            Some(0x1b) => escape(rest),
            Some(b'<') => level(rest, &mut found),
            Some(b'[') => bracket(rest, &mut found),
            Some(b' ') if found.stamped && found.caller.is_none() && rest.starts_with(b" [") => {
                match bracket(&rest[1..], &mut found) {
                    0 => 0,
                    taken => taken + 1,
                }
            }
            Some(b'0'..=b'9') => first_of(rest, &mut found, &[iso_time, kmsg, torn_time]),
            // Months of other alphabets, too.
            Some(b'A'..=b'Z' | 0x80..) => syslog_time(rest, &mut found),
            Some(b'a'..=b'z') if rest.starts_with(b"kernel: ") => 8,
            Some(b'a'..=b'z') => first_of(rest, &mut found, &[facility, host_kernel, syslog_time]),
            // As mails and trackers quote.
            Some(b'>') if found.len == 0 && rest.starts_with(b"> ") => 2,
            _ => 0,
        };
        if taken == 0 {
            break;
        }
        found.len += taken;
    }
    found
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

/// `<6>`: above 7 the facility is not the kernel's.
fn level(rest: &[u8], found: &mut Prefix<'_>) -> usize {
    let digits = rest.iter().skip(1).take(4).take_while(|b| b.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) || rest.get(digits + 1) != Some(&b'>') {
        return 0;
    }
    let number = rest[1..=digits].iter().fold(0_u32, |sum, b| sum * 10 + u32::from(b - b'0'));
    found.user |= number > 7;
    digits + 2
}

/// A time, a date or a caller in brackets; one blank after it belongs to it.
fn bracket<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let Some(close) = rest.iter().take(40).position(|b| *b == b']') else { return 0 };
    let inner = rest[1..close].trim_ascii_start();
    if is_time(inner) || is_date(inner) || is_clock(inner) {
        found.stamped = true;
    } else if found.stamped && (is_caller(inner) || found.caller.is_none() && is_context(inner)) {
        found.caller = Some(inner.trim_ascii_end());
    } else {
        return 0;
    }
    close + 1 + usize::from(rest.get(close + 1) == Some(&b' '))
}

/// `12.345678`, also with a CPU after it as some vendors print it (`12.345678,0`, `12.345678@1`).
fn is_time(inner: &[u8]) -> bool {
    let whole = inner.iter().take_while(|b| b.is_ascii_digit()).count();
    let frac = inner.iter().skip(whole + 1).take_while(|b| b.is_ascii_digit()).count();
    // Some vendors' clocks have no fraction at all.
    whole > 0
        && inner.get(whole) == Some(&b'.')
        && (frac >= 3 || inner.len() == whole + 1)
        && matches!(inner.get(whole + 1 + frac), None | Some(b',' | b'@' | b' '))
}

/// `Sat Nov 22 10:00:00 2026`.
fn is_date(inner: &[u8]) -> bool {
    inner.len() == 24
        && inner[..3].iter().all(u8::is_ascii_alphabetic)
        && inner[13] == b':'
        && inner[20..].iter().all(u8::is_ascii_digit)
}

/// `2021/07/05, 13:43:52.334` and `13:43:52`, as terminal programs log.
fn is_clock(inner: &[u8]) -> bool {
    inner.first().is_some_and(u8::is_ascii_digit)
        && memchr::memchr_iter(b':', inner).count() == 2
        && inner.iter().all(|b| b.is_ascii_digit() || b"/-.,: T".contains(b))
}

/// `3,630,413574879,-;` of `/dev/kmsg` and of netconsole's extended form: level and facility, number, microseconds
/// (Documentation/ABI/testing/dev-kmsg).
fn kmsg<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let Some(end) = rest.iter().take(60).position(|b| *b == b';') else { return 0 };
    let fields: Vec<_> = rest[..end].split(|b| *b == b',').collect();
    let number = |field: &[u8]| std::str::from_utf8(field).ok()?.parse::<u64>().ok();
    let (Some(level), true) = (number(fields[0]), fields.len() >= 4) else { return 0 };
    if number(fields[1]).is_none() || number(fields[2]).is_none() {
        return 0;
    }
    found.stamped = true;
    found.user |= level > 7;
    found.caller = fields.iter().find_map(|field| field.strip_prefix(b"caller=")).filter(|c| is_caller(c));
    end + 1
}

/// `407819.286867] `: a time whose bracket was lost in copying.
fn torn_time<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let Some(close) = rest.iter().take(20).position(|b| *b == b']') else { return 0 };
    let whole = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if found.len > 0 || !is_time(&rest[..close]) || close != whole + 7 || rest.get(close + 1) != Some(&b' ') {
        return 0;
    }
    found.stamped = true;
    close + 2
}

fn is_caller(inner: &[u8]) -> bool {
    let inner = inner.trim_ascii_end();
    matches!(inner.first(), Some(b'T' | b'C')) && inner.len() > 1 && inner[1..].iter().all(u8::is_ascii_digit)
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
    of_task || inner.starts_with(b"pid:") || (head.len() < inner.len() && is_caller(head))
}

/// `2026-11-22T10:00:00.123456+00:00 `, then perhaps a host and a program.
fn iso_time<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let fits = rest.len() > shape.len()
        && rest.iter().zip(shape).all(|(byte, want)| match want {
            b'd' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b' '),
            other => byte == other,
        });
    if !fits {
        return 0;
    }
    let Some(blank) = rest.iter().skip(shape.len()).take(20).position(|b| *b == b' ') else { return 0 };
    let time = shape.len() + blank + 1;
    time + program(&rest[time..], found)
}

/// `Nov 22 10:00:00 host program[1]: `, whatever the language of the month, and with a fraction of the second.
fn syslog_time<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let mut month = 0;
    while month < 12 && rest.get(month).is_some_and(|b| b.is_ascii_alphabetic() || *b >= 0x80 || *b == b'.') {
        month += 1;
    }
    let shape = b" dd dd:dd:dd";
    let end = month + shape.len();
    let fits = (3..12).contains(&month)
        && rest.get(month + 6) == Some(&b':')
        && rest.len() > end
        && rest[month..].iter().zip(shape).enumerate().all(|(at, (byte, want))| match want {
            b'd' => byte.is_ascii_digit() || (at == 1 && *byte == b' '),
            other => byte == other,
        });
    if !fits {
        return 0;
    }
    let fraction = rest[end..].iter().take(10).take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let time = end + fraction;
    if rest.get(time) == Some(&b' ') { time + 1 + program(&rest[time + 1..], found) } else { 0 }
}

/// `host kernel: ` is the kernel's, `host anything[1]: ` is not.
fn program<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    if rest.starts_with(b"kernel: ") {
        return 8;
    }
    let mut words = rest.splitn(3, |b| *b == b' ');
    let (Some(host), Some(name)) = (words.next(), words.next()) else { return 0 };
    if name.contains(&b';') {
        // netconsole's, as a log server writes it down.
        let taken = kmsg(&rest[host.len() + 1..], found);
        return if taken > 0 { host.len() + 1 + taken } else { 0 };
    }
    if !name.ends_with(b":") || host.is_empty() || host.first() == Some(&b'[') {
        return 0;
    }
    found.user |= name != b"kernel:";
    (host.len() + name.len() + 2).min(rest.len())
}

/// `journalctl -o short-monotonic`: the host and `kernel:` come after the time.
fn host_kernel<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    if !found.stamped {
        return 0;
    }
    let mut host = 0;
    while host < 64
        && rest.get(host).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
    {
        host += 1;
    }
    if rest[host..].starts_with(b" kernel: ") { host + 9 } else { 0 }
}

/// `kern  :warn  : ` of `dmesg -x`.
fn facility<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    const LEVELS: [&[u8]; 8] = [b"emerg", b"alert", b"crit", b"err", b"warn", b"notice", b"info", b"debug"];
    if memchr::memchr(b':', &rest[..rest.len().min(10)]).is_none() {
        return 0;
    }
    let mut parts = rest.splitn(3, |b| *b == b':');
    let (Some(facility), Some(level), Some(_)) = (parts.next(), parts.next(), parts.next()) else { return 0 };
    let word = facility.trim_ascii_end();
    if facility.len() > 9 || word.is_empty() || !LEVELS.contains(&level.trim_ascii_end()) {
        return 0;
    }
    found.user |= word != b"kern";
    let len = facility.len() + level.len() + 2;
    len + usize::from(rest.get(len) == Some(&b' '))
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
            "[ T12] no time",
            "[ BUG: Invalid wait context ]",
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
        --"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" [0:  swapper/0:    1]
        S-"BUG: x" [pid:0,cpu0,swapper/0]
        S-"BUG: x" [T1@C0]
        S-"[drm:probe] BUG: x" []
        --"[ T12] no time" []
        --"[ BUG: Invalid wait context ]" []
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
            "> [    1.000000] BUG: x",
            "and then 22 10:00:00 box kernel: BUG: x",
        ];
        insta::assert_snapshot!(lines.map(shown).join("\n"), @r#"
        --"BUG: x" []
        --"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" [T12]
        S-"BUG: x" []
        SU"BUG: x" []
        --"1,2;BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        S-"BUG: x" []
        --"1.5] BUG: x" []
        S-"BUG: x" []
        --"and then 22 10:00:00 box kernel: BUG: x" []
        "#);
    }

    proptest! {
        #[test]
        fn any_bytes_are_measured(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(strip(&line).len <= line.len());
        }
    }
}
