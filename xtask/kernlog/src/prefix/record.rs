//! The head of a record of `/dev/kmsg` and of netconsole, and who the kernel says that it prints for.

use super::found::Prefix;

/// `3,630,413574879,-;` of `/dev/kmsg` and of netconsole's extended form, which may have the release first: level and
/// facility, number, microseconds (Documentation/ABI/testing/dev-kmsg).
pub(super) fn kmsg<'a>(rest: &'a [u8], found: &mut Prefix<'a>) -> usize {
    let Some(record) = record(rest) else { return 0 };
    found.stamped = true;
    found.timed = true;
    found.user |= record.level > 7;
    found.caller = record.caller;
    record.len
}

/// The head of a record of `/dev/kmsg`.
pub(crate) struct Record<'a> {
    len: usize,
    level: u64,
    caller: Option<&'a [u8]>,
    /// Its number: without loss each is one more than that before.
    pub number: u64,
    /// Seconds since the boot.
    pub seconds: f64,
}

/// Reads the head of a record.
pub(crate) fn record(rest: &[u8]) -> Option<Record<'_>> {
    if !rest.first()?.is_ascii_digit() {
        return None;
    }
    let end = rest.iter().take(160).position(|b| *b == b';')?;
    let number = |field: &[u8]| std::str::from_utf8(field).ok()?.parse::<u64>().ok();
    let mut fields = rest[..end].split(|b| *b == b',').peekable();
    if number(fields.peek()?).is_none() {
        // The release.
        fields.next().filter(|field| field.contains(&b'.'))?;
    }
    let (level, sequence) = (number(fields.next()?)?, number(fields.next()?)?);
    let micros = number(fields.next()?)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of a kernel that runs for less than 200 years"
    )]
    let seconds = micros as f64 / 1e6;
    fields.peek()?;
    let caller = fields.filter_map(|field| field.strip_prefix(b"caller=")).find(|caller| is_caller(caller));
    Some(Record { len: end + 1, level, caller, number: sequence, seconds })
}

/// `T123`, `C0`.
pub(super) fn is_caller(inner: &[u8]) -> bool {
    let inner = inner.trim_ascii_end();
    matches!(inner.first(), Some(b'T' | b'C')) && inner.len() > 1 && inner[1..].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_records() {
        let of = |line: &'static str| {
            let record = record(line.as_bytes())?;
            let caller = record.caller.map(|caller| String::from_utf8_lossy(caller).into_owned());
            Some((&line[record.len..], record.level, record.number, record.seconds, caller))
        };
        let named = |caller: &str| Some(caller.to_owned());
        assert_eq!(of("6,339,5140900,-;a;b"), Some(("a;b", 6, 339, 5.1409, None)));
        assert_eq!(of("6.16.0-rc1,30,7,1000000,-,caller=T12;a"), Some(("a", 30, 7, 1.0, named("T12"))));
        assert_eq!(of("6,7,0,-,caller=none,caller=C0,ncfrag=0/9;a"), Some(("a", 6, 7, 0.0, named("C0"))));
        for none in [
            "6,339,5140900;a",
            "6,339,5140900,-",
            "6,x,5140900,-;a",
            "6,339,x,-;a",
            "616,-;a",
            "x,6,7,8,-;a",
            ";a",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn what_a_record_says_of_its_line() {
        let mut found = Prefix::default();
        assert_eq!((kmsg(b"7,1,2,-;a", &mut found), kmsg(b"none", &mut found)), (8, 0));
        assert_eq!(found, Prefix { stamped: true, timed: true, ..Prefix::default() });
        kmsg(b"8,1,2,-,caller=T7;a", &mut found);
        assert_eq!((found.user, found.caller), (true, Some(&b"T7"[..])));
    }

    #[test]
    fn who_the_kernel_prints_for() {
        assert!(is_caller(b"T12") && is_caller(b"C0 "));
        assert!(!is_caller(b"T") && !is_caller(b"X1") && !is_caller(b"T1a") && !is_caller(b""));
    }
}
