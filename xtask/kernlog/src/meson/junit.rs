//! `testlog.junit.xml`, and JUnit files like it.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::outcome;
use super::results::Results;
use crate::case::{MOST_CASES, too_many};
use crate::{Case, CaseOutcome, ktap};

/// Text kept of one element: the last of it.
const TEXT: usize = 64 << 10;

/// Reads a JUnit file. A file that breaks off or is no XML is a flaw, and red.
///
/// # Errors
/// It could not be read to its end.
pub(crate) fn junit(log: &mut impl BufRead) -> io::Result<Results> {
    let mut reader = Reader::from_reader(log);
    let (mut state, mut buffer) = (State::default(), Vec::new());
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => state.open(&tag),
            Ok(Event::Empty(tag)) => {
                state.open(&tag);
                state.close(tag.name().as_ref());
            }
            Ok(Event::End(tag)) => state.close(tag.name().as_ref()),
            Ok(Event::Text(text)) => state.text(&String::from_utf8_lossy(&text)),
            Ok(Event::CData(text)) => state.text(&String::from_utf8_lossy(&text)),
            Ok(Event::GeneralRef(name)) => state.entity(&String::from_utf8_lossy(&name)),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(quick_xml::Error::Io(error)) => return Err(io::Error::new(error.kind(), error)),
            Err(error) => {
                let at = reader.buffer_position();
                state.flaw(format!("no XML at byte {at}: {error}"));
                break;
            }
        }
        if state.cases.len() > MOST_CASES {
            state.flaw(too_many());
            break;
        }
    }
    if state.depth > 0 && state.flaws.is_empty() {
        state.flaw("it breaks off".to_owned());
    }
    state.cases.append(&mut state.flaws);
    Ok(Results { cases: state.cases, notes: Vec::new() })
}

#[derive(Default)]
struct State {
    depth: usize,
    suite: String,
    /// Suites that are open, the outermost first.
    suites: Vec<Suite>,
    cases: Vec<Case>,
    flaws: Vec<Case>,
    open: Option<Case>,
    text: String,
}

/// What a suite counts by itself, and what it has. Of what it does not count nothing can be missing.
#[derive(Default)]
struct Suite {
    name: String,
    counted: u64,
    counted_red: u64,
    counted_skipped: u64,
    cases: u64,
    red: u64,
    skipped: u64,
    /// The first count of its own that is no number.
    odd: Option<String>,
}

impl Suite {
    fn new(attributes: &BTreeMap<String, String>) -> Self {
        let mut odd = None;
        let mut count = |name: &str| {
            let Some(text) = attributes.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
            else {
                return 0;
            };
            text.parse().unwrap_or_else(|_| {
                odd.get_or_insert_with(|| format!("has `{text}` for its count of {name}"));
                0_u64
            })
        };
        let (counted, failures, errors) = (count("tests"), count("failures"), count("errors"));
        Self {
            name: attributes.get("name").cloned().unwrap_or_default(),
            counted,
            counted_red: failures.saturating_add(errors),
            counted_skipped: count("skipped"),
            odd,
            ..Self::default()
        }
    }

    /// What it counts and does not show.
    fn hides(&self) -> Option<String> {
        let Self { name, counted, counted_red, counted_skipped, cases, red, skipped, odd } = self;
        let what = if let Some(odd) = odd {
            odd.clone()
        } else if counted_red > red {
            format!("counts {counted_red} failed, and its cases show {red}")
        } else if counted > cases {
            format!("counts {counted} tests, and has {cases}")
        } else if counted_skipped > skipped {
            format!("counts {counted_skipped} skipped, and its cases show {skipped}")
        } else {
            return None;
        };
        Some(if name.is_empty() { format!("the file {what}") } else { format!("suite {name} {what}") })
    }

    /// Adds what is in it.
    fn count(&mut self, cases: u64, red: u64, skipped: u64) {
        self.cases = self.cases.saturating_add(cases);
        self.red = self.red.saturating_add(red);
        self.skipped = self.skipped.saturating_add(skipped);
    }
}

impl State {
    fn open(&mut self, tag: &BytesStart<'_>) {
        self.depth += 1;
        self.text.clear();
        let attributes = attributes(tag);
        let get = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        let name = tag.name();
        if matches!(name.as_ref(), b"testsuite" | b"testsuites") {
            self.suites.push(Suite::new(&attributes));
        }
        match name.as_ref() {
            b"testsuite" => self.suite = get("name"),
            b"testcase" => {
                let seconds = attributes.get("time").and_then(|time| time.parse().ok());
                let (name, outcome) = (path(&self.suite, &get("name")), CaseOutcome::Pass);
                let (reason, diagnostics) = (String::new(), Vec::new());
                self.open = Some(Case { name, outcome, reason, seconds, diagnostics });
            }
            mark @ (b"failure" | b"error" | b"skipped") => {
                if let Some(case) = &mut self.open {
                    case.outcome = if mark == b"skipped" { CaseOutcome::Skip } else { CaseOutcome::Fail };
                    case.reason = get("message");
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, tag: &[u8]) {
        self.depth = self.depth.saturating_sub(1);
        let text = std::mem::take(&mut self.text);
        match (tag, &mut self.open) {
            (b"failure" | b"error" | b"skipped", Some(case)) => {
                let text = text.trim();
                // mtest.py has this text for TIMEOUT and that one for UNEXPECTEDPASS.
                if tag == b"error" && text.starts_with("Test did not finish before") {
                    case.outcome = CaseOutcome::Timeout;
                } else if tag == b"failure" && text == "Test unexpectedly passed." {
                    case.outcome = CaseOutcome::Xpass;
                }
                if case.reason.is_empty() {
                    text.lines().next().unwrap_or_default().clone_into(&mut case.reason);
                }
            }
            (b"system-out" | b"system-err", Some(case)) => case.diagnostics.extend(outcome::tail(&text)),
            (b"system-out", None) => self.tap(&text),
            (b"testcase", Some(_)) => {
                if let Some(case) = self.open.take() {
                    let skipped = case.outcome == CaseOutcome::Skip;
                    self.count(1, u64::from(case.outcome.is_red()), u64::from(skipped));
                    self.cases.push(finish(case));
                }
            }
            (b"testsuite" | b"testsuites", _) => {
                if let Some(suite) = self.suites.pop() {
                    // One flaw is told once, by the innermost that has it.
                    let hides = suite.hides();
                    let (cases, red, skipped) = match &hides {
                        Some(_) => (
                            suite.cases.max(suite.counted),
                            suite.red.max(suite.counted_red),
                            suite.skipped.max(suite.counted_skipped),
                        ),
                        None => (suite.cases, suite.red, suite.skipped),
                    };
                    self.flaws.extend(hides.map(|why| Case::flaw("junit", why)));
                    self.count(cases, red, skipped);
                }
            }
            _ => {}
        }
    }

    /// Adds to what the innermost suite has.
    fn count(&mut self, cases: u64, red: u64, skipped: u64) {
        if let Some(suite) = self.suites.last_mut() {
            suite.count(cases, red, skipped);
        }
    }

    /// Output of a suite is a TAP test's: what it planned and did not print has no element of its own.
    fn tap(&mut self, text: &str) {
        for leaf in ktap::parse(text).leaves().into_iter().filter(|leaf| leaf.outcome == CaseOutcome::NotRun)
        {
            self.count(1, 1, 0);
            self.cases.push(Case {
                name: path(&self.suite, &leaf.name),
                outcome: leaf.outcome,
                reason: leaf.reason,
                seconds: None,
                diagnostics: Vec::new(),
            });
        }
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
        if self.text.len() > 2 * TEXT {
            let mut from = self.text.len() - TEXT;
            while !self.text.is_char_boundary(from) {
                from += 1;
            }
            self.text.drain(..from);
        }
    }

    fn entity(&mut self, name: &str) {
        let number = |digits: &str, base| u32::from_str_radix(digits, base).ok().and_then(char::from_u32);
        let known = match name.strip_prefix('#') {
            Some(hex) if hex.starts_with('x') => number(&hex[1..], 16),
            Some(decimal) => number(decimal, 10),
            None => match name {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                _ => None,
            },
        };
        self.text(known.unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]));
    }

    fn flaw(&mut self, reason: String) {
        self.flaws.push(Case::flaw("junit", reason));
    }
}

fn finish(mut case: Case) -> Case {
    if case.outcome == CaseOutcome::Pass {
        case.diagnostics.clear();
    } else if case.reason.is_empty() {
        case.reason = outcome::reason(case.outcome, "", "", &case.diagnostics);
    }
    case
}

fn attributes(tag: &BytesStart<'_>) -> BTreeMap<String, String> {
    let read = |attribute: quick_xml::events::attributes::Attribute<'_>| {
        let raw = String::from_utf8_lossy(&attribute.value).into_owned();
        let value = quick_xml::escape::unescape(&raw).map(std::borrow::Cow::into_owned).unwrap_or(raw);
        (String::from_utf8_lossy(attribute.key.as_ref()).into_owned(), value)
    };
    tag.attributes().flatten().map(read).collect()
}

/// A test's name as meson's other forms have it. A TAP test is a suite `PROJECT.NAME`, its points are cases.
fn path(suite: &str, name: &str) -> String {
    let test = suite.split_once('.').filter(|(project, test)| test.starts_with(project));
    match test {
        Some((_, test)) => format!("{test}/{name}"),
        None if suite.is_empty() || name.contains(suite) => name.to_owned(),
        // `SUITES - PROJECT:NAME`, of a project whose name is the suite's.
        None => format!("{suite}/{name}"),
    }
}
