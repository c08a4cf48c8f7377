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
