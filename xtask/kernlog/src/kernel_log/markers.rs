//! The markers that the workbench's agent writes into the kernel's log around each case, and which of them are its own.
//!
//! `patchbench[3.9f86d081884c7d659a2feaa0c55ad015]: begin CASE` has a number and a token. The SHA-256 of the token's text, of which the
//! first 32 digits of hexadecimal are taken, is the token of the marker before: whoever has read a marker cannot write the next,
//! and everyone can tell that it is genuine. Older agents wrote one token a boot, `patchbench[TOKEN]: begin CASE`.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::prefilter::MARKER;

/// Digits of a token.
const DIGITS: usize = 32;
/// So many markers in a row may be missing: what would hash on and on for a number that somebody made up is bounded.
const MISSING: u64 = 64;
/// Markers that are remembered.
const REMEMBERED: usize = 20_000;

/// A line in the likeness of a marker.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Marked<'a> {
    /// A case begins.
    Begin(&'a str),
    /// A case ends.
    End(&'a str),
    /// A genuine marker, written before.
    Again,
    /// The agent did not write it.
    Forged,
}

/// Tells which markers are genuine, each of which counts once.
#[derive(Debug)]
pub(super) struct Markers {
    /// Whether what comes before the first marker is known.
    anchored: bool,
    /// Number and token of the last.
    last: Option<(u64, String)>,
    seen: BTreeMap<u64, String>,
    /// The one token of an older agent.
    plain: Option<String>,
}

impl Markers {
    /// With the token that comes before the first, as the agent has announced it. Without it the first marker is taken for genuine.
    pub(super) fn new(anchor: Option<&str>) -> Self {
        Self {
            anchored: anchor.is_some(),
            last: anchor.map(|anchor| (0, anchor.to_owned())),
            seen: BTreeMap::new(),
            plain: None,
        }
    }

    /// Forgets what was written, where another boot begins.
    pub(super) fn begin_anew(&mut self) {
        if !self.anchored {
            *self = Self::new(None);
        }
    }

    /// Whether the first token is known, so that a forged marker is surely one.
    pub(super) fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// Reads a line without its prefix; none where it is nothing like a marker.
    pub(super) fn read<'a>(&mut self, body: &'a str) -> Option<Marked<'a>> {
        let (token, text) = body.strip_prefix(MARKER)?.strip_prefix('[')?.split_once("]: ")?;
        let (what, case) = text.trim().split_once(' ')?;
        let marked = match what {
            "begin" => Marked::Begin(case.trim()),
            "end" => Marked::End(case.trim()),
            _ => return None,
        };
        Some(match numbered(token) {
            Some((number, token)) => self.take(number, token, marked),
            None => self.take_plain(token, marked),
        })
    }

    fn take<'a>(&mut self, number: u64, token: &str, marked: Marked<'a>) -> Marked<'a> {
        match &self.last {
            Some((last, _)) if number <= *last => {
                let again = self.seen.get(&number).is_some_and(|seen| seen == token);
                return if again { Marked::Again } else { Marked::Forged };
            }
            Some((last, before)) if !leads_to(token, number - last, before) => return Marked::Forged,
            _ => {}
        }
        if self.seen.len() == REMEMBERED {
            self.seen.pop_first();
        }
        self.seen.insert(number, token.to_owned());
        self.last = Some((number, token.to_owned()));
        marked
    }

    fn take_plain<'a>(&mut self, token: &str, marked: Marked<'a>) -> Marked<'a> {
        let genuine = self.last.is_none() && *self.plain.get_or_insert_with(|| token.to_owned()) == token;
        if genuine { marked } else { Marked::Forged }
    }
}

/// `3.9f86d081884c7d659a2feaa0c55ad015`: number and token.
fn numbered(text: &str) -> Option<(u64, &str)> {
    let (number, token) = text.split_once('.')?;
    let is_token = token.len() == DIGITS && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((number.parse().ok()?, token)).filter(|_| is_token)
}

/// Whether a token is the one that comes so many markers after another.
fn leads_to(token: &str, steps: u64, before: &str) -> bool {
    let mut token = token.to_owned();
    for _ in 0..steps.min(MISSING) {
        token = one_before(&token);
    }
    steps <= MISSING && token == before
}

/// The token of the marker before.
fn one_before(token: &str) -> String {
    Sha256::digest(token)[..DIGITS / 2].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens of so many markers; the first is the anchor.
    fn tokens(count: usize) -> Vec<String> {
        let mut tokens = vec!["5".repeat(DIGITS)];
        while tokens.len() <= count {
            tokens.push(one_before(&tokens[tokens.len() - 1]));
        }
        tokens.reverse();
        tokens
    }

    fn line(number: usize, token: &str, text: &str) -> String {
        format!("patchbench[{number}.{token}]: {text}")
    }

    #[test]
    fn each_marker_counts_once_and_none_can_be_made_of_those_before() {
        let tokens = tokens(4);
        let mut markers = Markers::new(Some(&tokens[0]));
        let mut read = |number: usize, token: &str, text: &str| match markers.read(&line(number, token, text))
        {
            Some(Marked::Begin(case)) => format!("begin {case}"),
            other => format!("{other:?}"),
        };
        assert_eq!(read(1, &tokens[1], "begin a"), "begin a");
        assert_eq!(read(1, &tokens[1], "begin a"), "Some(Again)");
        // The same token under another number, older tokens, what can be computed of those, and a guess.
        for (number, token) in [
            (2, &tokens[1]),
            (1, &tokens[0]),
            (0, &tokens[0]),
            (2, &tokens[0]),
            (2, &one_before(&tokens[0])),
            (3, &"0".repeat(DIGITS)),
            (u32::MAX as usize, &tokens[1]),
        ] {
            assert_eq!(read(number, token, "begin b"), "Some(Forged)", "{number} {token}");
        }
        // The second is missing, the third is genuine all the same.
        assert_eq!(read(3, &tokens[3], "begin c"), "begin c");
        assert_eq!(read(2, &tokens[2], "end a"), "Some(Forged)");
        assert_eq!(markers.read("patchbench[7]: begin x"), Some(Marked::Forged));
        assert_eq!(markers.read(&line(4, &tokens[4], "end c\n")), Some(Marked::End("c")));
    }

    #[test]
    fn without_an_anchor_the_first_is_believed_and_those_of_an_older_agent_too() {
        let tokens = tokens(8);
        let mut markers = Markers::new(None);
        assert_eq!(markers.read(&line(5, &tokens[5], "end a")), Some(Marked::End("a")));
        assert_eq!(markers.read(&line(6, &tokens[7], "begin b")), Some(Marked::Forged));
        assert_eq!(markers.read("patchbench[ab]: begin b"), Some(Marked::Forged));
        assert_eq!(markers.read(&line(6, &tokens[6], "begin b")), Some(Marked::Begin("b")));
        let mut older = Markers::new(None);
        assert_eq!(older.read("patchbench[ab]: begin b"), Some(Marked::Begin("b")));
        assert_eq!(older.read("patchbench[cd]: end b"), Some(Marked::Forged));
        assert_eq!(older.read("patchbench[ab]: end b"), Some(Marked::End("b")));
        older.begin_anew();
        assert_eq!(older.read("patchbench[cd]: begin c"), Some(Marked::Begin("c")));
    }

    #[test]
    fn what_is_no_marker_is_none() {
        let mut markers = Markers::new(Some("x"));
        for text in [
            "patchbench: begin a",
            "patchbench[1: begin a",
            "patchbench[1]: hello",
            "patchbench[1]: begin",
            "",
        ] {
            assert_eq!(markers.read(text), None, "{text}");
        }
        markers.begin_anew();
        assert!(markers.is_anchored());
    }
}
