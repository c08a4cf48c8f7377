//! Records of `/dev/kmsg`, as the agent passes them on.

use kernlog::kernel_log::{LogScan, scan_log};

/// The kernel's own log of a boot.
pub(super) struct KernelLog {
    pub records: Vec<Record>,
    /// What is in it, by its lines.
    pub scan: LogScan,
}

/// A record: a message of the kernel's, or of a program that writes to `/dev/kmsg`.
pub(super) struct Record {
    /// Level in the lowest three bits, facility above them.
    pub priority: u32,
    /// Its text, lines and all.
    pub text: String,
    /// The line of the log on which it begins, from 1.
    pub line: u64,
}

impl Record {
    /// Whether the kernel itself logged it: what a program writes has the facility `LOG_USER`, or another of its own choice, and never
    /// that of the kernel, 0 (`devkmsg_write()`, `kernel/printk/printk.c`).
    pub fn is_of_kernel(&self) -> bool {
        self.priority >> 3 == 0
    }
}

impl KernelLog {
    /// Reads the records as the agent passes them on.
    pub fn read(records: &str, anchor: &str) -> Self {
        let log = as_log(records);
        let (mut line, mut read) = (1, Vec::new());
        for (prefix, text) in each(records) {
            let priority = prefix.split(',').next().and_then(|number| number.parse().ok());
            let text = String::from_utf8_lossy(&text).into_owned();
            let lines = 1 + text.matches('\n').count() as u64;
            // What has no priority is no record of a kernel.
            read.extend(priority.map(|priority| Record { priority, text, line }));
            line += lines;
        }
        Self { records: read, scan: scan_log(&log, Some(anchor)) }
    }
}

/// Prefix and message of each record.
fn each(records: &str) -> impl Iterator<Item = (&str, Vec<u8>)> {
    records
        .lines()
        .filter_map(|record| record.split_once(';'))
        .map(|(prefix, text)| (prefix, unescaped(text)))
}

/// The records as a log: each line of a message gets the prefix of its record, and what the kernel escaped is as it was printed
/// (`msg_add_ext_text()`, `kernel/printk/printk.c`, writes a line end as `\x0a`).
fn as_log(records: &str) -> Vec<u8> {
    let mut log = Vec::with_capacity(records.len());
    for (prefix, text) in each(records) {
        for line in text.split(|byte| *byte == b'\n') {
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
        let read = KernelLog::read("4,7,100,-;\\x0aa\n14,8,200,-;b\nx;c\n6,9,1,-;d\n", "t");
        let shown: Vec<_> =
            read.records.iter().map(|r| (r.line, r.is_of_kernel(), r.text.as_str())).collect();
        assert_eq!(shown, [(1, true, "\na"), (3, false, "b"), (5, true, "d")]);
        assert_eq!(unescaped("\\x\\x4 \\xg0\\"), b"\\x\\x4 \\xg0\\");
    }
}
