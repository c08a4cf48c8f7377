//! A line that opens a report: which row of the table it is, and what it reads as.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::table::{OWN_WORDS, Role, Row, TORN, Trust, rows};
use crate::SplatKind;

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

impl Heading {
    /// Of a report that has none.
    pub(super) fn torn() -> Self {
        Self {
            kind: SplatKind::Warning,
            role: Role::Torn,
            title: TORN.to_owned(),
            function: None,
            module: None,
            unsure: false,
            subject: Vec::new(),
        }
    }
}

/// Room for the automaton of all rows at once, in bytes: with regex's own, 2 MiB, it is thrown away and begun again
/// within a few lines, and the slowest engine takes over.
const AUTOMATON: usize = 32 << 20;

/// The rows, each with its pattern compiled, and all patterns at once.
struct Compiled {
    all: RegexSet,
    each: Vec<(&'static Row, Regex)>,
}

/// The kernel's words are ASCII, and so are the classes here: Unicode's make the automaton many times as large.
static COMPILED: LazyLock<Option<Compiled>> = LazyLock::new(|| {
    let patterns = rows().map(|row| row.pattern);
    let all = RegexSetBuilder::new(patterns).unicode(false).dfa_size_limit(AUTOMATON).build().ok()?;
    let one = |row: &'static Row| Some((row, RegexBuilder::new(row.pattern).unicode(false).build().ok()?));
    Some(Compiled { all, each: rows().map(one).collect::<Option<_>>()? })
});

/// No heading is longer: a line may be, and must not cost more.
const LONGEST: usize = 512;

/// Reads a line without its prefix.
pub(super) fn find(body: &[u8]) -> Option<Heading> {
    find_row(body).map(|(_, heading)| heading)
}

/// Reads a line that stands where a row without a needle is looked for: above a trace, or behind `cut here`.
pub(super) fn find_hidden(body: &[u8]) -> Option<Heading> {
    let (row, heading) = find_row(body)?;
    row.needles.is_empty().then_some(Heading { unsure: false, ..heading })
}

/// The first row that matches the line, and what the line reads as.
pub(super) fn find_row(body: &[u8]) -> Option<(&'static Row, Heading)> {
    let body = &body[..body.len().min(LONGEST)];
    let compiled = COMPILED.as_ref()?;
    let at = compiled.all.matches(body).into_iter().next()?;
    let (row, pattern) = &compiled.each[at];
    let captures = pattern.captures(body)?;
    let group = |name| captures.name(name).map(|m| String::from_utf8_lossy(m.as_bytes()).into_owned());
    let title = match row.role {
        _ if row.title == OWN_WORDS => own_words(body),
        Role::Panic => stable(&fill(row.title, &captures)),
        _ => fill(row.title, &captures),
    };
    let heading = Heading {
        kind: row.kind,
        role: row.role,
        title,
        function: group("f"),
        module: group("m"),
        unsure: row.trust == Trust::WithTrace,
        subject: captures.name("s").map_or(Vec::new(), |m| m.as_bytes().to_vec()),
    };
    Some((row, heading))
}

/// The title with its groups; one that took no part in the match is left out.
fn fill(title: &str, captures: &Captures<'_>) -> String {
    let mut out = title.to_owned();
    for number in [1, 2].into_iter().filter(|_| title.contains('$')) {
        let found = captures.get(number).map_or(&b""[..], |found| found.as_bytes());
        out = out.replace(&format!("${number}"), String::from_utf8_lossy(found).trim());
    }
    out.trim().chars().filter(|c| !c.is_control()).collect()
}

/// A wording that no row knows, without what changes from run to run.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_run_to_run_becomes_n() {
        let of = |text: &str| stable(text);
        assert_eq!(of("CPU#3 stuck for 22s! [kworker/1:2]"), "N stuck for 22s! [kworker/N:N]");
        assert_eq!(of("at 0x1f, deadbeef and ffffffff81000000."), "at N, N and N.");
        // Seven digits may be a word.
        assert_eq!(of("deadbee abcdefghi 0x feedface"), "deadbee abcdefghi 0x N");
        assert_eq!(of(" a\u{7}b\r"), "ab");
    }

    #[test]
    fn a_row_without_a_needle_is_enough_where_a_report_stands() {
        for row in rows() {
            let (line, _) = row.examples[0];
            let hidden = find_hidden(line.as_bytes());
            assert_eq!(hidden.is_some(), row.needles.is_empty(), "{line}");
            assert!(hidden.is_none_or(|heading| !heading.unsure), "{line}");
        }
    }
}
