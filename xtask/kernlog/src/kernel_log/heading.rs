//! A line that opens a report: by which rule, and what it says.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::rules::{OWN_WORDS, RULES};
use crate::SplatKind;

/// What a heading is within an event of several headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A report of its own.
    Report,
    /// Announces a report whose own heading comes within the next lines.
    Prelude,
    /// The numbered line of `die()`: belongs to the report before it, or is one by itself.
    Die,
    /// `Kernel panic`: the end of the event before it, or one by itself.
    Panic,
    /// Goes on with a report of the same kind, if one is open.
    Sequel,
    /// The middle or the end of a report whose beginning the log lost.
    Torn,
}

/// A heading that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    pub kind: SplatKind,
    pub role: Role,
    /// Title without the function; stable over builds, addresses and CPUs.
    pub title: String,
    /// Function that the heading itself names.
    pub function: Option<String>,
    /// Its module.
    pub module: Option<String>,
    /// Counts only when a trace or registers follow.
    pub unsure: bool,
    /// Who hangs, of what is reported again and again while it hangs; empty for other kinds.
    pub subject: Vec<u8>,
}

/// Room for the automaton of all rules at once, in bytes: with regex's own, 2 MiB, it is thrown away and begun again
/// within a few lines, and the slowest engine takes over.
const AUTOMATON: usize = 32 << 20;

/// The kernel's words are ASCII, and so are the classes here: Unicode's make the automaton many times as large.
static SET: LazyLock<Option<(RegexSet, Vec<Regex>)>> = LazyLock::new(|| {
    let rules = RULES.iter().map(|rule| rule.regex);
    let set = RegexSetBuilder::new(rules.clone()).unicode(false).dfa_size_limit(AUTOMATON).build().ok()?;
    let each = rules.map(|rule| RegexBuilder::new(rule).unicode(false).build().ok());
    Some((set, each.collect::<Option<_>>()?))
});

/// No heading is longer: a line may be, and must not cost more.
const LONGEST: usize = 512;

/// Reads a line without its prefix.
pub(super) fn find(body: &[u8]) -> Option<Heading> {
    let body = &body[..body.len().min(LONGEST)];
    let (set, each) = SET.as_ref()?;
    let at = set.matches(body).into_iter().next()?;
    let captures = each[at].captures(body)?;
    let rule = &RULES[at];
    let group = |name| captures.name(name).map(|m| String::from_utf8_lossy(m.as_bytes()).into_owned());
    let title = match rule.role {
        _ if rule.unsure && rule.title == OWN_WORDS => own_words(body),
        Role::Panic => stable(&fill(rule.title, &captures)),
        _ => fill(rule.title, &captures),
    };
    Some(Heading {
        kind: rule.kind,
        role: rule.role,
        title,
        function: group("f"),
        module: group("m"),
        unsure: rule.unsure,
        subject: captures.name("s").map_or(Vec::new(), |m| m.as_bytes().to_vec()),
    })
}

fn fill(title: &str, captures: &Captures<'_>) -> String {
    let mut out = title.to_owned();
    for number in [1, 2] {
        if let Some(found) = captures.get(number) {
            out = out.replace(&format!("${number}"), String::from_utf8_lossy(found.as_bytes()).trim());
        }
    }
    out.trim().chars().filter(|c| !c.is_control()).collect()
}

/// A wording that no rule knows, without what changes from run to run.
fn own_words(body: &[u8]) -> String {
    stable(&String::from_utf8_lossy(&body[..body.len().min(100)]))
}

/// Numbers and addresses become `N`.
pub(super) fn stable(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive([' ', ':', ',', '(', ')', '[', ']', '=', '<', '>', '/']) {
        let plain = word.trim_end_matches([' ', ':', ',', '(', ')', '[', ']', '=', '<', '>', '/', '.']);
        let digits = plain.trim_start_matches("CPU#").trim_start_matches("0x");
        let hex = digits.len() > 7 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if !digits.is_empty()
            && (hex || plain.starts_with("0x") || digits.bytes().all(|b| b.is_ascii_digit()))
        {
            out.push('N');
            out.push_str(&word[plain.len()..]);
        } else {
            out.push_str(word);
        }
    }
    out.trim().chars().filter(|c| !c.is_control()).collect()
}
