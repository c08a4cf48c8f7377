//! Records of `/dev/kmsg`, as the agent passes them on.

/// The records as a log: each line of a message gets the prefix of its record, and what the kernel escaped is as it was printed
/// (`msg_add_ext_text()`, `kernel/printk/printk.c`, writes a line end as `\x0a`).
pub(super) fn as_log(records: &str) -> Vec<u8> {
    let mut log = Vec::with_capacity(records.len());
    for record in records.lines() {
        let Some((prefix, text)) = record.split_once(';') else { continue };
        for line in unescaped(text).split(|byte| *byte == b'\n') {
            log.extend_from_slice(prefix.as_bytes());
            log.push(b';');
            log.extend_from_slice(line);
            log.push(b'\n');
        }
    }
    log
}

/// A message without the kernel's escapes: `\xNN` for what is no printable ASCII, and for the backslash.
fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let byte = Some(after).filter(|_| *first == b'\\').and_then(code);
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[3..] } else { after };
    }
    out
}

/// The byte of `xNN`.
fn code(text: &[u8]) -> Option<u8> {
    let hex = text.strip_prefix(b"x")?.get(..2).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit))?;
    u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_message_has_its_prefix() {
        let log = as_log("4,7,100,-;\\x0a=====\\x0aWARNING: a\\x5cb\n6,8,200,-;plain\nnonsense\n");
        assert_eq!(
            String::from_utf8_lossy(&log),
            "4,7,100,-;\n4,7,100,-;=====\n4,7,100,-;WARNING: a\\b\n6,8,200,-;plain\n"
        );
        assert_eq!(unescaped("\\x\\x4 \\xg0\\"), b"\\x\\x4 \\xg0\\");
    }
}
