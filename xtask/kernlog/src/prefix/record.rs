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
    /// Whether it is a piece of one that was too long for a packet.
    pub piece: bool,
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
    let (mut caller, mut piece) = (None, false);
    for field in fields {
        caller = caller.or(field.strip_prefix(b"caller=").filter(|c| is_caller(c)));
        piece |= field.starts_with(b"ncfrag=");
    }
    Some(Record { len: end + 1, level, caller, number: sequence, seconds, piece })
}

/// `T123`, `C0`.
pub(super) fn is_caller(inner: &[u8]) -> bool {
    let inner = inner.trim_ascii_end();
    matches!(inner.first(), Some(b'T' | b'C')) && inner.len() > 1 && inner[1..].iter().all(u8::is_ascii_digit)
}
