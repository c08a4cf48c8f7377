//! One line of KTAP or TAP: what it is, and how deep it stands.

use crate::CaseOutcome;

/// A line that means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// `KTAP version 1`, `TAP version 14`.
    Version {
        /// Whether this version is one that is known.
        known: bool,
    },
    /// `1..N`.
    Plan {
        /// N, the number of planned results.
        count: u64,
        /// The reason behind `# SKIP`.
        skip: Option<String>,
    },
    /// `# Subtest: NAME`.
    Header(String),
    /// `ok 1 - NAME # DIRECTIVE reason`.
    Result(ResultLine),
    /// `Bail out! reason`.
    BailOut(String),
    /// `# Totals: pass:1 fail:0 …`: how many failed, by its own account.
    Totals {
        /// Sum of what it calls failed or in error.
        failed: u64,
    },
    /// Anything else.
    Other,
}

/// A line `ok …` or `not ok …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResultLine {
    /// Its number, if it has one.
    pub number: Option<u64>,
    /// Its name; may be empty.
    pub name: String,
    /// The outcome by this line alone.
    pub outcome: CaseOutcome,
    /// The text after the directive.
    pub reason: String,
}

/// How deep a line stands: by `# ` marks first (kselftest's runner), then by indentation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Depth {
    /// Number of `# ` marks.
    pub marks: usize,
    /// Column of the text after them; a tab counts four.
    pub column: usize,
}

/// Splits the indentation off.
pub(super) fn depth(text: &str) -> (usize, &str) {
    let rest = text.trim_start_matches([' ', '\t']);
    let column = text[..text.len() - rest.len()].bytes().map(|b| if b == b'\t' { 4 } else { 1 }).sum();
    (column, rest)
}

/// Takes one `# ` mark off, if there is one.
pub(super) fn unmark(text: &str) -> Option<&str> {
    text.strip_prefix("# ").or_else(|| (text == "#").then_some(""))
}

/// Reads a line without its indentation and marks. `within` a document results need no number.
pub(super) fn read(text: &str, within: bool) -> Line {
    let text = text.trim_end();
    if let Some(line) = version(text).or_else(|| plan(text)).or_else(|| result(text, within)) {
        return line;
    }
    if let Some(rest) = text.strip_prefix("Bail out!") {
        return Line::BailOut(rest.trim().to_owned());
    }
    let Some(comment) = text.strip_prefix("# ") else { return Line::Other };
    if let Some(name) = comment.strip_prefix("Subtest: ") {
        return Line::Header(name.trim().to_owned());
    }
    comment.strip_prefix("Totals: ").map_or(Line::Other, totals)
}

/// A version line, however it is prefixed: the byte at which it starts.
pub(super) fn version_at(text: &str) -> Option<usize> {
    let text = text.trim_end();
    let at = text.rfind("TAP version ")?;
    let at = if text[..at].ends_with('K') { at - 1 } else { at };
    version(&text[at..]).map(|_| at)
}

fn version(text: &str) -> Option<Line> {
    let (known, number): (&[u32], _) = if let Some(number) = text.strip_prefix("KTAP version ") {
        (&[1], number)
    } else {
        (&[13, 14], text.strip_prefix("TAP version ")?)
    };
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Line::Version { known: number.parse().is_ok_and(|n: u32| known.contains(&n)) })
}

fn plan(text: &str) -> Option<Line> {
    let rest = text.strip_prefix("1..")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let count = number(&rest[..digits])?;
    let after = rest[digits..].trim();
    let skip = after.strip_prefix('#').map(str::trim).and_then(|s| {
        s.get(..4).filter(|word| word.eq_ignore_ascii_case("SKIP")).map(|_| s[4..].trim().to_owned())
    });
    Some(Line::Plan { count, skip })
}

/// A number of any length: one that is too large promises more than can come.
fn number(digits: &str) -> Option<u64> {
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(u64::MAX))
}

fn result(text: &str, within: bool) -> Option<Line> {
    let (ok, rest) = if let Some(rest) = text.strip_prefix("not ok") {
        (false, rest)
    } else {
        (true, text.strip_prefix("ok")?)
    };
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(' ')? };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = (number(&rest[..digits]), &rest[digits..]);
    // Without a number, and outside of a document, only TAP's plain forms are taken: prose may well start with "ok".
    let plain = number.is_some() && (rest.is_empty() || rest.starts_with([' ', '-', '#']));
    let bare = digits == 0 && (within || rest.is_empty() || rest.starts_with("- ") || rest.starts_with("# "));
    if !plain && !bare {
        return None;
    }
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("- ").or_else(|| (rest == "-").then_some("")).unwrap_or(rest);
    let (name, directive) = split_directive(rest);
    let (outcome, reason) = judge(ok, directive);
    Some(Line::Result(ResultLine { number, name: name.trim().replace("\\#", "#"), outcome, reason }))
}

/// The directive stands after the last ` # ` that a known word follows, else after the first ` # `.
fn split_directive(text: &str) -> (&str, &str) {
    let marks: Vec<usize> = text
        .match_indices("# ")
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || text[..*at].ends_with([' ', '\t']))
        .collect();
    let known = marks.iter().rev().find(|at| word_of(&text[**at + 2..]).is_some());
    match known.or(marks.first()) {
        Some(at) => (&text[..*at], text[*at + 2..].trim()),
        None => (text.strip_suffix('#').filter(|t| t.ends_with(' ')).unwrap_or(text), ""),
    }
}

const WORDS: [&str; 5] = ["SKIP", "XFAIL", "TODO", "TIMEOUT", "ERROR"];

fn word_of(directive: &str) -> Option<(&'static str, bool)> {
    let word = directive.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    if word.eq_ignore_ascii_case("SKIPPED") {
        return Some(("SKIP", word == "SKIPPED"));
    }
    WORDS.into_iter().find(|w| w.eq_ignore_ascii_case(word)).map(|w| (w, w == word))
}

/// As kunit.py: only SKIP turns a `not ok` into something milder. Stricter than it: TIMEOUT and ERROR are
/// red even after an `ok`, and a directive in small letters never makes a failure milder.
fn judge(ok: bool, directive: &str) -> (CaseOutcome, String) {
    let plain = if ok { CaseOutcome::Pass } else { CaseOutcome::Fail };
    let Some((word, exact)) = word_of(directive) else { return (plain, directive.to_owned()) };
    let reason = directive.split_once(char::is_whitespace).map_or("", |(_, rest)| rest).trim().to_owned();
    match word {
        "SKIP" if ok || exact => (CaseOutcome::Skip, reason),
        "XFAIL" if ok => (CaseOutcome::Xfail, reason),
        "TIMEOUT" if exact => (CaseOutcome::Timeout, reason),
        "ERROR" if exact => (CaseOutcome::Fail, reason),
        _ => (plain, directive.to_owned()),
    }
}

/// kselftest: `pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0`; KUnit: `pass:1 fail:0 skip:0 total:1`.
fn totals(text: &str) -> Line {
    let mut failed = 0_u64;
    for (name, count) in text.split_whitespace().filter_map(|part| part.split_once(':')) {
        if matches!(name, "fail" | "error" | "xpass") {
            failed = failed.saturating_add(count.parse().unwrap_or(0));
        }
    }
    Line::Totals { failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines() {
        let lines = [
            "ok 1 name",
            "ok 1 - name with words",
            "not ok 12 a # exit=1",
            "not ok 2 b # SKIP no device",
            "ok 3 # SKIP selftests: membarrier: x",
            "ok 4 c # skip small letters",
            "not ok 4 c # skip small letters",
            "ok 5 d # XFAIL known",
            "not ok 5 d # XFAIL known",
            "not ok 6 e # TODO one day",
            "ok 6 e # TODO one day",
            "not ok 7 f # TIMEOUT 45 seconds",
            "ok 8 g # ERROR broke",
            "ok 9 check # 3 of 4 # SKIP no fourth",
            "ok 10 an escaped \\# mark",
            "ok 11 issue#7",
            "ok 12",
            "not ok",
            "ok - unnumbered",
            "okay then",
            "ok then",
            "ok 13th of May",
        ];
        let read: Vec<_> = lines
            .into_iter()
            .map(|text| match read(text, false) {
                Line::Result(r) => format!("{:?} {} {:?} {:?}", r.number, r.outcome, r.name, r.reason),
                other => format!("{other:?}"),
            })
            .collect();
        insta::assert_snapshot!(read.join("\n"), @r#"
        Some(1) pass "name" ""
        Some(1) pass "name with words" ""
        Some(12) fail "a" "exit=1"
        Some(2) skip "b" "no device"
        Some(3) skip "" "selftests: membarrier: x"
        Some(4) skip "c" "small letters"
        Some(4) fail "c" "skip small letters"
        Some(5) xfail "d" "known"
        Some(5) fail "d" "XFAIL known"
        Some(6) fail "e" "TODO one day"
        Some(6) pass "e" "TODO one day"
        Some(7) timeout "f" "45 seconds"
        Some(8) fail "g" "broke"
        Some(9) skip "check # 3 of 4" "no fourth"
        Some(10) pass "an escaped # mark" ""
        Some(11) pass "issue#7" ""
        Some(12) pass "" ""
        None fail "" ""
        None pass "unnumbered" ""
        Other
        Other
        Other
        "#);
    }

    #[test]
    fn other_lines() {
        let lines = [
            "KTAP version 1",
            "TAP version 13",
            "KTAP version 2",
            "KTAP version 1.1",
            "1..3",
            "1..0 # SKIP no CXL here",
            "1..99999999999999999999999",
            "# Subtest: example",
            "# Totals: pass:1 fail:2 xfail:0 xpass:0 skip:0 error:1",
            "Bail out! no memory",
            "# a remark",
        ];
        let read: Vec<_> = lines.into_iter().map(|text| format!("{:?}", read(text, false))).collect();
        insta::assert_snapshot!(read.join("\n"), @r#"
        Version { known: true }
        Version { known: true }
        Version { known: false }
        Other
        Plan { count: 3, skip: None }
        Plan { count: 0, skip: Some("no CXL here") }
        Plan { count: 18446744073709551615, skip: None }
        Header("example")
        Totals { failed: 3 }
        BailOut("no memory")
        Other
        "#);
    }
}
