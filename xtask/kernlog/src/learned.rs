//! A prefix that no grammar knows: what is the same at the head of many lines of a log, and varies only as a time or a counter does.

use std::collections::HashMap;

/// Parts of a head that are looked at.
const PARTS: usize = 40;
/// Bytes of a line in which a prefix ends.
const HEAD: usize = 160;
/// Fewer lines have nothing in common but by chance.
const FEWEST: usize = 3;
/// Lines that are compared.
const LINES: usize = 500;

/// One part of the head of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part<'a> {
    /// Any number.
    Digits,
    /// Any run of blanks.
    Blanks,
    Word(&'a [u8]),
    Mark(u8),
}

/// The same, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept {
    Digits,
    Blanks,
    Word(Box<[u8]>),
    Mark(u8),
}

/// What the lines of a log begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Learned(Vec<Kept>);

impl Learned {
    /// Learns from lines, of which two thirds have to begin alike; none where they do not, or with nothing that ends in a separator.
    pub(crate) fn from_lines<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let heads: Vec<Vec<Part<'_>>> = lines
            .filter(|line| !line.trim_ascii().is_empty())
            .take(LINES)
            .map(|line| parts(line).map(|(part, _)| part).collect())
            .collect();
        let enough = (heads.len() * 2).div_ceil(3).max(FEWEST);
        let mut alike: Vec<&[Part<'_>]> = heads.iter().map(Vec::as_slice).collect();
        let mut shape = Vec::new();
        while shape.len() < PARTS {
            let nth = |head: &&[Part<'a>]| head.get(shape.len()).copied();
            let mut counts: HashMap<Part<'_>, usize> = HashMap::new();
            for part in alike.iter().filter_map(nth) {
                *counts.entry(part).or_default() += 1;
            }
            let Some((part, count)) = counts.into_iter().max_by_key(|(_, count)| *count) else { break };
            if count < enough {
                break;
            }
            alike.retain(|head| nth(head) == Some(part));
            shape.push(part);
        }
        let end = (1..=shape.len()).rev().find(|end| separates(&shape[..*end]))?;
        Some(Self(shape[..end].iter().map(Part::kept).collect()))
    }

    /// Where the prefix of a line ends, as far as it has it, and every separator before: one of them is where the message starts, the
    /// last one first.
    pub(crate) fn cuts(&self, line: &[u8]) -> Vec<usize> {
        let mut cuts = Vec::new();
        let mut seen = Vec::new();
        for ((part, end), kept) in parts(line).zip(&self.0) {
            if !part.is(kept) {
                break;
            }
            seen.push(part);
            if separates(&seen) {
                cuts.push(end);
            }
        }
        cuts.reverse();
        cuts
    }
}

/// Whether a head may end behind these parts: behind blanks, or behind what closes.
fn separates(parts: &[Part<'_>]) -> bool {
    match parts {
        [Part::Blanks] | [] => false,
        [.., Part::Blanks] => true,
        [.., Part::Mark(mark)] => matches!(mark, b']' | b'|' | b'>' | b';'),
        _ => false,
    }
}

impl Part<'_> {
    fn kept(&self) -> Kept {
        match self {
            Self::Digits => Kept::Digits,
            Self::Blanks => Kept::Blanks,
            Self::Word(word) => Kept::Word((*word).into()),
            Self::Mark(mark) => Kept::Mark(*mark),
        }
    }

    fn is(&self, kept: &Kept) -> bool {
        match (self, kept) {
            (Self::Digits, Kept::Digits) | (Self::Blanks, Kept::Blanks) => true,
            (Self::Word(one), Kept::Word(other)) => *one == &**other,
            (Self::Mark(one), Kept::Mark(other)) => one == other,
            _ => false,
        }
    }
}

/// The parts of a line's head, each with where it ends.
fn parts(line: &[u8]) -> impl Iterator<Item = (Part<'_>, usize)> {
    let line = &line[..line.len().min(HEAD)];
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &line[at..];
        let run = |of: fn(&u8) -> bool| rest.iter().take_while(|b| of(b)).count();
        let (length, part) = match rest.first()? {
            b'0'..=b'9' => (run(u8::is_ascii_digit), Part::Digits),
            b' ' | b'\t' => (run(|b| matches!(b, b' ' | b'\t')), Part::Blanks),
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => {
                let length = run(|b| b.is_ascii_alphabetic() || *b == b'_' || *b >= 0x80);
                (length, Part::Word(&rest[..length]))
            }
            mark => (1, Part::Mark(*mark)),
        };
        at += length;
        Some((part, at))
    })
    .take(PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(log: &str) -> String {
        let Some(learned) = Learned::from_lines(log.lines().map(str::as_bytes)) else {
            return "none".to_owned();
        };
        let cut = |line: &str| {
            learned.cuts(line.as_bytes()).iter().map(|cut| line[*cut..].to_owned()).collect::<Vec<_>>()
        };
        format!("{:?}", log.lines().last().map(cut).unwrap_or_default())
    }

    #[test]
    fn what_lines_have_in_common_is_cut_off_and_no_more() {
        let logs = [
            "rack4 #17 @10h00 says> a b\nrack4 #18 @10h01 says> c d\nrack4 #19 @10h02 says> e f\n",
            "board-7:ttyS0:0001 a\nboard-7:ttyS0:0002 b\nboard-7:ttyS0:0003 c\nboard-7:ttyS0:0004 d\n",
            "one\ntwo\nthree\n",
            "same word a\nsame word b\nother line c\nsame word d\n",
            "too few 1\ntoo few 2\n",
            "unseparated1\nunseparated2\nunseparated3\n",
            "  a\n b\n   c\n",
            "box_1> a\nbox_2> b\nbox_3> c\n",
            "box 1> a\nbox 2> b\nbox 3> c\nanother 4> d\n",
        ];
        insta::assert_snapshot!(logs.map(shown).join("\n"), @r##"
        ["e f", " e f", "says> e f", "@10h02 says> e f", "#19 @10h02 says> e f"]
        ["d"]
        none
        ["d", "word d"]
        none
        none
        none
        ["c", " c"]
        []
        "##);
    }
}
