//! What looks like a report and is none, by some rule: it is told, with its line.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::heading::stable;

/// Remarks of a log that are kept; more are only counted.
const MOST: usize = 10;
/// Characters of a line that a remark shows.
const SHOWN: usize = 100;

/// A remark on a line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The line, from 1.
    pub line: u64,
    /// What there is to say of it.
    pub text: String,
}

static LIKE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u)\b(?:(BUG:? |KASAN: |KFENCE: |KMSAN: |KCSAN: |UBSAN: |ODEBUG: |Oops|kernel BUG |Kernel panic|LOCKUP|soft lockup|\[#\d+\])|WARNING: |INFO: task |INFO: rcu)|Modules linked in:|---\[ end |^Call [Tt]race:",
    )
    .ok()
});

/// Whether a line reads like a report. Programs warn of much, so that of them only words that a kernel alone has count.
pub(super) fn reads_like_report(body: &[u8], program: bool) -> bool {
    let body = &body[..body.len().min(300)];
    LIKE.as_ref().and_then(|like| like.captures(body)).is_some_and(|found| !program || found.get(1).is_some())
}

/// Remarks, each on a line of its own words.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    kept: Vec<Remark>,
    seen: BTreeSet<String>,
    more: u64,
}

impl Remarks {
    /// Adds a remark on a line, with the line's words.
    pub(super) fn add(&mut self, line: u64, why: &str, body: &[u8]) {
        let words: String =
            String::from_utf8_lossy(&body[..body.len().min(SHOWN * 4)]).trim().chars().take(SHOWN).collect();
        if self.kept.len() == MOST {
            self.more += 1;
        } else if self.seen.insert(stable(&words)) {
            let text = if words.is_empty() { why.to_owned() } else { format!("{why}: {words}") };
            self.kept.push(Remark { line, text });
        }
    }

    /// All of them in the order of their lines.
    pub(super) fn finish(mut self, last: u64) -> Vec<Remark> {
        self.kept.sort_by_key(|remark| remark.line);
        if self.more > 0 {
            self.kept.push(Remark {
                line: last,
                text: format!("and {} more lines that read like reports", self.more),
            });
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_program_only_the_kernels_own_words_read_like_a_report() {
        for (line, of_kernel, of_program) in [
            ("WARNING: x", true, false),
            ("BUG: x", true, true),
            ("it said Oops", true, true),
            ("quiet", false, false),
        ] {
            let reads = |program| reads_like_report(line.as_bytes(), program);
            assert_eq!((reads(false), reads(true)), (of_kernel, of_program), "{line}");
        }
        assert!(
            !reads_like_report(format!("{:300}BUG: x", "").as_bytes(), false),
            "the head of a line is enough"
        );
    }

    #[test]
    fn ten_remarks_are_kept_each_once_and_the_rest_counted() {
        let of = |count: u64| {
            let mut remarks = Remarks::default();
            for line in (1..=count).rev() {
                let name = "x".repeat(usize::try_from(line).expect("a few"));
                remarks.add(line, "why", format!("{name} is {line}").as_bytes());
                remarks.add(100, "why", format!("{name} is {}", line + 100).as_bytes());
            }
            remarks.finish(200).into_iter().map(|remark| (remark.line, remark.text)).collect::<Vec<_>>()
        };
        assert_eq!(of(2), [(1, "why: x is 1".to_owned()), (2, "why: xx is 2".to_owned())]);
        assert_eq!(of(10).len(), 10 + 1, "the last is seen twice");
        let twelve = of(12);
        assert_eq!(twelve[0], (3, "why: xxx is 3".to_owned()));
        assert_eq!(twelve[10], (200, "and 5 more lines that read like reports".to_owned()));
    }

    #[test]
    fn of_a_long_line_the_beginning_is_shown() {
        let mut remarks = Remarks::default();
        remarks.add(1, "why", "\u{1f980}".repeat(120).as_bytes());
        remarks.add(2, "why", b" ");
        let texts: Vec<_> = remarks.finish(9).into_iter().map(|remark| remark.text).collect();
        assert_eq!(texts, [format!("why: {}", "\u{1f980}".repeat(100)), "why".to_owned()]);
    }
}
