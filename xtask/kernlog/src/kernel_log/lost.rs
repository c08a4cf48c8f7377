//! What a log says that it lost, and checkers that went off in it: it may be green, but it is not whole.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::prefix;

/// Needles of the lines below, but for those that begin with one of the table's: as few and as rare letters as can be.
pub(super) const NEEDLES: &[&str] =
    &["dropped **", "uppressed", "Missed ", "validator.", "Disabling lock", "isabled"];

/// Patterns of a message, and what each comes to. The kernel's functions: console_emit_next_record(), ___ratelimit(),
/// check_hung_task(), kmemleak_disable(), debug_locks_off() and its callers, debug_objects_oom(), add_dma_entry(), dma_entry_alloc().
const LOST: &[(&str, &str)] = &[
    (
        r"^\*\* \d+ printk messages dropped \*\*|^printk: \d+ messages suppressed",
        "the kernel dropped messages",
    ),
    (
        r"^\S.{0,60}: \d+ callbacks suppressed|: \d+ (?:output lines|messages) suppressed",
        "messages were suppressed",
    ),
    (r"^Future .{0,40} reports are suppressed", "further reports are suppressed"),
    (r"Missed \d+ kernel messages", "the journal missed messages of the kernel"),
    (r"^turning off the locking correctness validator\.", "lockdep went off"),
    (r"^Disabling lock debugging due to kernel taint", "lockdep went off"),
    (r"^INFO: lockdep is turned off", "lockdep went off"),
    (r"^kmemleak: .*leak detector disabled", "kmemleak went off"),
    (r"^ODEBUG: .*ODEBUG disabled", "debugobjects went off"),
    (r"^DMA-API: .*\bdisabl(?:ed|ing)\b", "the DMA debugging went off"),
    (
        r"^(?i:kasan|kfence|kcsan|kmsan|kernel ?address ?sanitizer)\b.{0,60}\b(?:disabled|turned off|switched off)\b",
        "a sanitizer went off",
    ),
    (r"^sysrq: Changing Loglevel|^(?:sysrq: )?Loglevel set to \d", "the console's level was changed"),
];

/// One of these is in each of them: most lines are seen to be none at once.
static MAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"dropped \*\*|uppressed|Missed |validator\.|Disabling lock|isabled|disabling|turned off|switched off|oglevel",
    )
    .ok()
});
static COMPILED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    LOST.iter()
        .filter_map(|(pattern, what)| Some((Regex::new(&format!("(?-u){pattern}")).ok()?, *what)))
        .collect()
});

/// Whether a message says that something was lost, or of lockdep's end, which a report brings with it.
pub(super) fn read(body: &[u8]) -> Option<&'static str> {
    let body = &body[..body.len().min(200)];
    if !MAY.as_ref().is_some_and(|may| may.is_match(body)) {
        return None;
    }
    COMPILED.iter().find(|(pattern, _)| pattern.is_match(body)).map(|(_, what)| *what)
}

/// The numbers of records, where a log is of `/dev/kmsg` or netconsole.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// Whether it is.
    pub on: bool,
    last: Option<u64>,
}

impl Sequence {
    /// How many records are missing before this line.
    pub(super) fn missing(&mut self, line: &[u8]) -> Option<u64> {
        let record = prefix::record(line)?;
        let before = self.last.replace(record.number)?;
        // A number that goes back is another boot, or a packet that was late.
        record.number.checked_sub(before)?.checked_sub(1).filter(|missing| *missing > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_what_is_alike_is_not() {
        let lines = [
            "** 12 printk messages dropped **",
            "printk: 12 messages suppressed.",
            "cxl_sample: 12 callbacks suppressed",
            "Future hung task reports are suppressed, see sysctl kernel.hung_task_warnings",
            "systemd-journald[77]: Missed 12 kernel messages",
            "turning off the locking correctness validator.",
            "Disabling lock debugging due to kernel taint",
            "INFO: lockdep is turned off.",
            "kmemleak: Kernel memory leak detector disabled",
            "ODEBUG: Out of memory. ODEBUG disabled",
            "DMA-API: debugging out of memory - disabling",
            "DMA-API: cacheline tracking ENOMEM, dma-debug disabled",
            "kasan: KernelAddressSanitizer is disabled",
            "KASAN reports are disabled",
            "kfence: disabled by the sample",
            "sysrq: Changing Loglevel",
            "kasan: KernelAddressSanitizer initialized (generic)",
            "kfence: initialized - using 2097152 bytes for 255 objects",
            "cxl_mem mem0: disabled",
            "sample: the printk messages dropped by nobody",
        ];
        let read = lines.map(|line| format!("{}: {line}", read(line.as_bytes()).unwrap_or("-")));
        insta::assert_snapshot!(read.join("\n"), @r"
        the kernel dropped messages: ** 12 printk messages dropped **
        the kernel dropped messages: printk: 12 messages suppressed.
        messages were suppressed: cxl_sample: 12 callbacks suppressed
        further reports are suppressed: Future hung task reports are suppressed, see sysctl kernel.hung_task_warnings
        the journal missed messages of the kernel: systemd-journald[77]: Missed 12 kernel messages
        lockdep went off: turning off the locking correctness validator.
        lockdep went off: Disabling lock debugging due to kernel taint
        lockdep went off: INFO: lockdep is turned off.
        kmemleak went off: kmemleak: Kernel memory leak detector disabled
        debugobjects went off: ODEBUG: Out of memory. ODEBUG disabled
        the DMA debugging went off: DMA-API: debugging out of memory - disabling
        the DMA debugging went off: DMA-API: cacheline tracking ENOMEM, dma-debug disabled
        a sanitizer went off: kasan: KernelAddressSanitizer is disabled
        a sanitizer went off: KASAN reports are disabled
        a sanitizer went off: kfence: disabled by the sample
        the console's level was changed: sysrq: Changing Loglevel
        -: kasan: KernelAddressSanitizer initialized (generic)
        -: kfence: initialized - using 2097152 bytes for 255 objects
        -: cxl_mem mem0: disabled
        -: sample: the printk messages dropped by nobody
        ");
    }

    #[test]
    fn gaps_between_records_are_counted() {
        let mut sequence = Sequence::default();
        let lines = [
            "6,1,10,-;a",
            "6,2,11,-;b",
            "6,2,11,-,ncfrag=4/9;b",
            " SUBSYSTEM=x",
            "6,5,12,-;c",
            "6,3,9,-;late",
            "6.16.0,6,4,9,-;d",
            "6,9,20,-,ncfrag=0/9;e",
            "6,9,20,-,ncfrag=4/9;e",
            "6,10,21,-;f",
        ];
        let missing = lines.map(|line| sequence.missing(line.as_bytes()));
        let (two, four) = (Some(2), Some(4));
        assert_eq!(missing, [None, None, None, None, two, None, None, four, None, None]);
    }
}
