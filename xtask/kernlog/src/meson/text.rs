//! `testlog.txt`, and what `meson test` prints.
//!
//! Both are lines `N/M NAME RESULT SECONDS`; the log has blocks besides, whose output may be anything. Nothing in an
//! output can hide a failure: the closing counts have to agree with the results.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use regex::Regex;

use super::outcome;
use super::results::Results;
use crate::case::MOST_CASES;
use crate::prefix;
use crate::{Case, CaseOutcome};

/// One of these is in the first line that means something; a terminal's has colours.
pub(crate) const SIGNS: [&str; 9] =
    ["Log of Meson test", " OK ", "mOK", "FAIL", "SKIP", "TIMEOUT", "ERROR", "UNEXPECTEDPASS", "INTERRUPT"];

/// Lines of output that a block keeps.
const OUTPUT: usize = 40;

/// Takes a log line by line.
#[derive(Default)]
pub(crate) struct Text {
    /// Whether it is a testlog.txt, which has blocks.
    log: bool,
    /// M of `N/M`.
    total: Option<u64>,
    tests: BTreeMap<u64, Test>,
    block: Option<(u64, Place)>,
    /// What the closing lines count.
    counts: BTreeMap<String, u64>,
    flaws: Vec<Case>,
    /// Whether something stands before each line: quoting, a time.
    prefixed: bool,
}

#[derive(Default)]
struct Test {
    name: String,
    /// meson's word; empty where only a block is of the test.
    word: String,
    /// `exit status 1`, `1/2 subtests passed`.
    detail: String,
    seconds: Option<f64>,
    output: Vec<String>,
}

/// Where in a block the pass stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Fields,
    Output,
}

static RESULT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:^|[\s>|:\]])(\d+)/(\d+) (.*\S)\s+(OK|FAIL|SKIP|TIMEOUT|ERROR|EXPECTEDFAIL|UNEXPECTEDPASS|INTERRUPT|IGNORED) +(\d+\.\d+) ?s(?:\s+(.*))?$",
    )
    .ok()
});
static BEGINNING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Log of Meson"));
static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^={20,} *(\d+)/(\d+) ={20,}$").ok());
static COUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:^|[\s>|\]])(Ok|Expected Fail|Fail|Unexpected Pass|Skipped|Skip|Timeout|Ignored): +(\d+)$",
    )
    .ok()
});
static ESCAPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("\x1b\\[[0-9;?]*[A-Za-z]").ok());

impl Text {
    /// Whether any result was seen.
    pub(crate) fn found(&self) -> bool {
        self.log || !self.tests.is_empty()
    }

    /// Takes one line, without its end.
    pub(crate) fn take(&mut self, raw: &[u8]) {
        // Until something of meson's was seen, a line has to have a counter or to begin as the log does.
        if !self.found() && !promising(raw) {
            return;
        }
        let text = String::from_utf8_lossy(raw);
        let text = ESCAPE.as_ref().map_or(text.clone(), |escape| escape.replace_all(&text, ""));
        // A terminal's progress is written over by what follows.
        let text = text.trim_end();
        let text = text.rsplit('\r').next().unwrap_or(text);
        let text = self.unprefixed(text);
        if self.block.is_some() {
            return self.within(text);
        }
        if text.starts_with("Log of Meson test suite run") {
            self.log = true;
        } else if let Some(found) = HEADER.as_ref().filter(|_| self.log).and_then(|r| r.captures(text)) {
            self.begin(&found[1], &found[2]);
        } else if let Some(found) = RESULT.as_ref().and_then(|r| r.captures(text)) {
            self.result(&found);
        } else if let Some(found) = COUNT.as_ref().and_then(|r| r.captures(text)) {
            self.counts.insert(found[1].to_lowercase(), found[2].parse().unwrap_or(u64::MAX));
        }
    }

    /// The text without a prefix, if the first line that meant something had one.
    fn unprefixed<'t>(&mut self, text: &'t str) -> &'t str {
        let begins = !self.found();
        if !begins && !self.prefixed {
            return text;
        }
        let own = text.get(prefix::strip(text.as_bytes()).len..).unwrap_or(text);
        self.prefixed |= begins && own.len() < text.len();
        own
    }

    /// Whether a test of this number is one of those that run here.
    fn number(&mut self, number: &str, total: &str) -> Option<u64> {
        let (number, total) = (number.parse::<u64>().ok()?, total.parse::<u64>().ok()?);
        let known = *self.total.get_or_insert(total);
        (total == known && (1..=total).contains(&number) && self.tests.len() < MOST_CASES).then_some(number)
    }

    fn begin(&mut self, number: &str, total: &str) {
        if let Some(number) = self.number(number, total) {
            self.block = Some((number, Place::Fields));
            if self.tests.insert(number, Test::default()).is_some() {
                self.flaws.push(Case::flaw("testlog", format!("test {number} has two blocks")));
            }
        }
    }

    /// A line within a block.
    fn within(&mut self, text: &str) {
        let Some((number, place)) = self.block else { return };
        let test = self.tests.entry(number).or_default();
        if text.len() >= 70 && text.bytes().all(|b| b == b'=') {
            self.block = None;
        } else if text.starts_with("-----") && text.trim_matches('-').trim().starts_with("std") {
            self.block = Some((number, Place::Output));
        } else if place == Place::Output {
            if test.output.len() == OUTPUT {
                test.output.remove(0);
            }
            test.output.push(text.to_owned());
        } else if let Some((field, value)) = text.split_once(':') {
            let value = value.trim();
            match field {
                "test" => value.clone_into(&mut test.name),
                "result" => value.clone_into(&mut test.detail),
                "duration" => test.seconds = value.trim_end_matches('s').trim().parse().ok(),
                _ => {}
            }
        }
    }

    fn result(&mut self, found: &regex::Captures<'_>) {
        let Some(number) = self.number(&found[1], &found[2]) else { return };
        let test = self.tests.entry(number).or_default();
        if !test.word.is_empty() && test.word != found[4] {
            let both = format!("test {number} is {} and {}", test.word, &found[4]);
            self.flaws.push(Case::flaw("testlog", both));
            return;
        }
        found[3].clone_into(&mut test.name);
        found[4].clone_into(&mut test.word);
        test.seconds = test.seconds.or(found[5].parse().ok());
        if let Some(detail) = found.get(6) {
            detail.as_str().trim().clone_into(&mut test.detail);
        }
    }

    /// The end of the log.
    pub(crate) fn finish(mut self) -> Results {
        let mut cases = Vec::new();
        for number in 1..=self.total.unwrap_or(0).min(MOST_CASES as u64) {
            cases.push(match self.tests.remove(&number) {
                Some(test) => case(test, !self.counts.is_empty()),
                None => Case {
                    name: format!("test {number}"),
                    outcome: CaseOutcome::NotRun,
                    reason: "its result never came".to_owned(),
                    seconds: None,
                    diagnostics: Vec::new(),
                },
            });
        }
        if self.total.is_some_and(|total| total > MOST_CASES as u64) {
            self.flaws.push(Case::flaw("testlog", format!("more than {MOST_CASES} tests are not judged")));
        }
        self.flaws.extend(disagreement(&self.counts, &cases).map(|why| Case::flaw("testlog", why)));
        cases.append(&mut self.flaws);
        Results { cases, notes: Vec::new() }
    }
}

/// Whether a line has an `N/M`, or is the first of a testlog.txt.
fn promising(raw: &[u8]) -> bool {
    let digit = |at: usize| raw.get(at).is_some_and(u8::is_ascii_digit);
    let counted = |at: usize| at > 0 && digit(at - 1) && digit(at + 1);
    memchr::memchr_iter(b'/', raw).any(counted) || BEGINNING.find(raw).is_some()
}

/// `counted`: the log has its closing counts and is whole, so that a failure it does not list is an expected one.
fn case(test: Test, counted: bool) -> Case {
    let outcome = outcome::of_word(&test.word).unwrap_or_else(|| match outcome::of_end(&test.detail) {
        CaseOutcome::Fail if counted && !test.detail.is_empty() => CaseOutcome::Xfail,
        other => other,
    });
    let detail = if outcome == CaseOutcome::Fail && test.detail.is_empty() && test.word.is_empty() {
        "the log does not show how it ended"
    } else {
        &test.detail
    };
    let reason = outcome::reason(outcome, &test.word, detail, &test.output);
    let diagnostics = if outcome == CaseOutcome::Pass { Vec::new() } else { test.output };
    Case { name: test.name, outcome, reason, seconds: test.seconds, diagnostics }
}

/// Where the closing counts and the results disagree. Those that are zero may be left out (since 1.8).
fn disagreement(counts: &BTreeMap<String, u64>, cases: &[Case]) -> Option<String> {
    if counts.is_empty() {
        return Some("it ends before meson's closing counts".to_owned());
    }
    let count = |outcome| cases.iter().filter(|case| case.outcome == outcome).count() as u64;
    let counted = |names: &[&str]| names.iter().filter_map(|name| counts.get(*name)).sum::<u64>();
    let pairs = [
        ("passed", counted(&["ok"]), count(CaseOutcome::Pass)),
        ("failed", counted(&["fail"]), count(CaseOutcome::Fail)),
        ("failed as expected", counted(&["expected fail"]), count(CaseOutcome::Xfail)),
        ("passed unexpectedly", counted(&["unexpected pass"]), count(CaseOutcome::Xpass)),
        ("were skipped", counted(&["skipped", "skip", "ignored"]), count(CaseOutcome::Skip)),
        ("timed out", counted(&["timeout"]), count(CaseOutcome::Timeout)),
    ];
    pairs.into_iter().find(|(_, counted, found)| counted != found).map(|(what, counted, found)| {
        format!("meson's closing counts have {counted} that {what}, its results have {found}")
    })
}
