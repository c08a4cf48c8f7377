//! Times as people, programs and kernels write them: any language, any order, any layout of blanks.
//!
//! A time is a row of atoms, each general: words (weekdays, months, zones), numbers (days, years), dates with `-`, `/` or `.`,
//! clocks with any fraction, decimals (seconds since whenever), deltas. No list of names is kept but of what may stand behind
//! a clock, where words of the message come next.

/// A time at the start of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Time {
    /// Its length.
    pub len: usize,
    /// Whether it is written as dmesg alone does: a comma and six digits behind the clock.
    pub of_dmesg: bool,
}

/// What was there so far.
#[derive(Default)]
struct Seen {
    words: usize,
    numbers: usize,
    year: bool,
    date: bool,
    clock: bool,
    seconds: bool,
    decimal: bool,
    of_dmesg: bool,
}

impl Seen {
    /// Whether the point in time was there: what follows may be the message.
    fn is_told(&self) -> bool {
        self.clock || self.decimal
    }
}

/// Whether all of a text is a time, as it stands between brackets.
pub(super) fn is_time(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let (end, seen) = row(text, true);
    let dated = seen.date || seen.words > 0 || seen.numbers > 0;
    end == text.len() && (seen.decimal || seen.clock && (seen.seconds || dated))
}

/// The time at the start of a text, without what stands behind it.
pub(super) fn at_start(text: &[u8]) -> Option<Time> {
    let (len, seen) = row(text, false);
    let lone = seen.words == 0 && seen.numbers == 0;
    let dated = seen.date || !lone;
    let whole = seen.clock && (seen.seconds || dated) || seen.date && lone || seen.decimal && lone;
    let closed = matches!(text.get(len), None | Some(b' ' | b'\t' | b':' | b'|' | b'>' | b']' | b','));
    (whole && closed).then_some(Time { len, of_dmesg: seen.of_dmesg })
}

/// Where the atoms end. `inside` brackets nothing else can stand, so that more is taken for one.
fn row(text: &[u8], inside: bool) -> (usize, Seen) {
    let (mut at, mut end) = (0, 0);
    let mut seen = Seen::default();
    for _ in 0..10 {
        let rest = &text[at..];
        let Some(length) = atom(rest, &mut seen, inside) else { break };
        at += length;
        end = at;
        let blanks = text[at..].iter().take(8).take_while(|b| matches!(b, b' ' | b',')).count();
        // A `T` stands between date and clock, and behind a clock its zone may follow at once.
        let joint = text.get(at) == Some(&b'T') && text.get(at + 1).is_some_and(u8::is_ascii_digit);
        let zone = seen.clock && matches!(text.get(at), Some(b'+' | b'-' | b'Z'));
        if blanks == 0 && !joint && !zone {
            break;
        }
        at += blanks.max(usize::from(joint));
    }
    (end, seen)
}

/// One atom, if it may stand behind what was there.
fn atom(rest: &[u8], seen: &mut Seen, inside: bool) -> Option<usize> {
    match rest.first()? {
        b'<' if inside && !seen.date => delta(rest, seen),
        b'+' | b'-' if seen.clock => offset(rest),
        b'+' | b'-' if inside && !seen.decimal => {
            let length = decimal(&rest[1..])?;
            seen.decimal = true;
            Some(length + 1)
        }
        b'0'..=b'9' => of_digits(rest, seen, inside),
        _ => word(rest, seen, inside),
    }
}

/// `<    0.000113>` of `dmesg -d`.
fn delta(rest: &[u8], seen: &mut Seen) -> Option<usize> {
    let blanks = rest.iter().skip(1).take(12).take_while(|b| **b == b' ').count();
    let length = decimal(&rest[1 + blanks..])?;
    let after = 1 + blanks + length;
    let closing = rest[after..].iter().take(3).position(|b| *b == b'>')?;
    seen.decimal = true;
    Some(after + closing + 1)
}

fn digits(rest: &[u8]) -> usize {
    rest.iter().take(24).take_while(|b| b.is_ascii_digit()).count()
}

/// `12.345678`, `1764000000.123`, and seconds since 1970 without a fraction.
fn decimal(rest: &[u8]) -> Option<usize> {
    let whole = digits(rest);
    let fraction = match rest.get(whole) {
        Some(b'.' | b',') => digits(&rest[whole + 1..]),
        _ => 0,
    };
    let since_1970 = matches!(whole, 10 | 13) && rest[0] == b'1';
    match fraction {
        3.. if (1..=13).contains(&whole) && rest.get(whole + 1 + fraction) != Some(&b'.') => {
            Some(whole + 1 + fraction)
        }
        0 if since_1970 => Some(whole),
        _ => None,
    }
}

fn of_digits(rest: &[u8], seen: &mut Seen, inside: bool) -> Option<usize> {
    if !seen.clock
        && let Some((length, seconds, of_dmesg)) = clock(rest)
    {
        (seen.clock, seen.seconds, seen.of_dmesg) = (true, seconds, of_dmesg);
        return Some(length);
    }
    if !seen.date
        && let Some(length) = date(rest)
    {
        seen.date = true;
        return Some(length);
    }
    if !seen.decimal
        && !seen.clock
        && let Some(length) = decimal(rest)
    {
        seen.decimal = true;
        return Some(length);
    }
    let length = digits(rest);
    let year = length == 4 && matches!(rest[0], b'1' | b'2') && !seen.year;
    let day = length <= 2 && seen.numbers < 2 && (!seen.is_told() || inside);
    match rest.get(length) {
        // `11月`, `24日`, `24.`.
        Some(0x80..) => word(rest, seen, inside),
        Some(b'.') if day && rest.get(length + 1) == Some(&b' ') => {
            seen.numbers += 1;
            Some(length + 1)
        }
        None | Some(b' ' | b',' | b'T' | b'\t' | b':' | b'|' | b'>' | b']') if year || day => {
            seen.year |= year;
            seen.numbers += usize::from(!year);
            Some(length)
        }
        _ => None,
    }
}

/// `10:00`, `10:00:00`, `10:00:00,123456`: its length, whether it has seconds, and whether only dmesg writes it so.
fn clock(rest: &[u8]) -> Option<(usize, bool, bool)> {
    let hours = digits(rest);
    let two = |at: usize| rest.get(at) == Some(&b':') && digits(&rest[at + 1..]) == 2;
    if !(1..=2).contains(&hours) || !two(hours) {
        return None;
    }
    let mut end = hours + 3;
    let seconds = two(end);
    end += if seconds { 3 } else { 0 };
    let fraction = match rest.get(end) {
        Some(b'.' | b',') if seconds => digits(&rest[end + 1..]),
        _ => 0,
    };
    let of_dmesg = fraction == 6 && rest[end] == b',';
    end += if fraction > 0 { fraction + 1 } else { 0 };
    // What goes on is an address of a device or a network.
    let goes_on = rest.get(end) == Some(&b':') && rest.get(end + 1).is_some_and(u8::is_ascii_hexdigit)
        || rest.get(end) == Some(&b'.');
    (!goes_on).then_some((end, seconds, of_dmesg))
}

/// `2026-11-24`, `24/11/26`, `24.11.2026`, `24-Nov-2026`.
fn date(rest: &[u8]) -> Option<usize> {
    let first = digits(rest);
    let mark = *rest.get(first)?;
    if !matches!(first, 1 | 2 | 4) || !matches!(mark, b'-' | b'/' | b'.') {
        return None;
    }
    let second =
        rest[first + 1..].iter().take(10).take_while(|b| b.is_ascii_alphanumeric() || **b >= 0x80).count();
    let middle = first + 1 + second;
    let named = digits(&rest[first + 1..]) == 0;
    let month = (1..=2).contains(&second) || named && second >= 3;
    if !month || rest.get(middle) != Some(&mark) {
        return None;
    }
    let third = digits(&rest[middle + 1..]);
    let end = middle + 1 + third;
    let years = matches!((first, third), (4, 1 | 2) | (1 | 2, 2 | 4));
    let goes_on = rest.get(end).is_some_and(|b| *b == mark || b.is_ascii_alphanumeric() && *b != b'T');
    (years && !goes_on).then_some(end)
}

/// `+01:00`, `-0330`, `+01`.
fn offset(rest: &[u8]) -> Option<usize> {
    match (digits(&rest[1..]), rest.get(3)) {
        (4, _) => Some(5),
        (2, Some(b':')) if digits(&rest[4..]) == 2 => Some(6),
        (2, _) => Some(3),
        _ => None,
    }
}

/// A weekday, a month, `PM`, a zone.
fn word(rest: &[u8], seen: &mut Seen, inside: bool) -> Option<usize> {
    let of_word = |b: &u8| b.is_ascii_alphanumeric() || *b >= 0x80 || *b == b'.';
    let length = rest.iter().take(28).take_while(|b| of_word(b)).count();
    let text = &rest[..length];
    let letters = text.iter().filter(|b| !b.is_ascii_digit() && **b != b'.').count();
    let foreign = text.iter().any(|b| *b >= 0x80);
    let short = if foreign { letters <= 24 } else { letters <= 12 };
    let days = text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let glued = text.iter().filter(|b| b.is_ascii_digit()).count();
    let plain = letters > 0 && short && (foreign || glued == days && days <= 2);
    let closed = matches!(rest.get(length), None | Some(b' ' | b',' | b':' | b'\t' | b'|' | b']'));
    if !plain || !closed {
        return None;
    }
    if seen.is_told() && !inside {
        return is_behind_clock(text).then_some(length);
    }
    // A word with a colon behind it begins a message.
    (seen.words < if inside { 5 } else { 3 } && rest.get(length) != Some(&b':')).then(|| {
        seen.words += 1;
        length
    })
}

/// What may stand behind a clock of a time, where the message may follow as well: half of the day, zone.
fn is_behind_clock(text: &[u8]) -> bool {
    let zone =
        text.len() <= 5 && text.len() > 2 && text.iter().all(u8::is_ascii_uppercase) && text.ends_with(b"T");
    zone || text.iter().all(|b| *b >= 0x80)
        || matches!(text, b"Z" | b"UTC" | b"MSK" | b"WIB" | b"AM" | b"PM" | b"am" | b"pm" | b"a.m." | b"p.m.")
}

/// The time of a line's head as seconds: of a printk time those since the boot, of a clock those of the day.
pub(super) fn seconds(head: &[u8]) -> Option<f64> {
    let head = &head[..head.len().min(64)];
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.replace(',', ".").parse::<f64>().ok();
    let starts = (0..head.len()).filter(|at| {
        head[*at].is_ascii_digit() && (*at == 0 || !head[*at - 1].is_ascii_digit() && head[*at - 1] != b'.')
    });
    for at in starts {
        let rest = &head[at..];
        if let Some((length, true, _)) = clock(rest) {
            let parts: Vec<f64> = rest[..length].split(|b| *b == b':').filter_map(number).collect();
            return Some(parts.iter().fold(0.0, |sum, part| sum * 60.0 + part));
        }
        if let Some(length) = decimal(rest) {
            return number(&rest[..length]);
        }
    }
    None
}

#[cfg(test)]
mod tests;
