//! Making text from guests, patches and files harmless where it is shown.

use std::fmt::Write;

/// Turns every character that a terminal acts upon, or that turns the direction of text, into a visible
/// escape. Line ends and tabs stay; the `\r` of a `\r\n` goes.
pub fn neutralise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x100 && c.is_control() => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if is_hidden(c) => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

/// As [`neutralise`], for what must stay on one line: line ends and tabs become blanks.
pub fn one_line(text: &str) -> String {
    neutralise(text).replace(['\n', '\t'], " ").trim_end().to_owned()
}

/// A line of at most `width` characters: what is longer is cut behind a word, or within one that is too long by itself, and ends in `…`.
pub fn shortened(line: &str, width: usize) -> String {
    let Some((end, _)) = line.char_indices().nth(width.saturating_sub(1)) else { return line.to_owned() };
    if line[end..].chars().nth(1).is_none() {
        return line.to_owned();
    }
    let kept = &line[..end];
    let at_word = if line[end..].starts_with(' ') { Some(end) } else { kept.rfind(' ') };
    let cut = at_word.filter(|at| 2 * at >= end).unwrap_or(end);
    format!("{}…", kept[..cut].trim_end_matches([' ', ',', ';', ':']))
}

/// Separators of lines and paragraphs, marks and overrides of direction, the byte order mark.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The last `most` lines of a text.
pub fn last_lines(text: &str, most: usize) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().rev().skip_while(|l| l.trim().is_empty()).take(most).collect();
    lines.reverse();
    lines
}

/// `1 case`, `2 cases`.
pub fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// `1.2 s`, `3 min 05 s`, `1 h 02 min`: wall time as people write it.
pub fn duration(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
    let whole = seconds.clamp(0.0, 1e9) as u64;
    match whole {
        0..60 => format!("{:.1} s", seconds.max(0.0)),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_show_and_do_nothing() {
        let text =
            "plain\ttext\r\n\x1b[31mred\x1b[0m \x07 \r overwritten \u{9b}31m \u{202e}evil\u{2028} é 中\x7f";
        insta::assert_snapshot!(neutralise(text), @r"
        plain	text
        \x1b[31mred\x1b[0m \x07 \r overwritten \x9b31m \u{202e}evil\u{2028} é 中\x7f
        ");
        insta::assert_snapshot!(one_line("a\nb\tc\n"), @"a b c");
    }

    #[test]
    fn a_line_is_cut_behind_a_word() {
        let line = "exit status 1: not ok: port2, port3";
        assert_eq!(shortened(line, 35), line);
        assert_eq!(shortened(line, 34), "exit status 1: not ok: port2…");
        assert_eq!(shortened(line, 23), "exit status 1: not ok…");
        assert_eq!(shortened(line, 22), "exit status 1: not…");
        assert_eq!(shortened("a/very/long/path", 7), "a/very…");
        assert_eq!(shortened("ä ö ü ß", 5), "ä ö…");
        assert_eq!((shortened("ab", 1), shortened("", 0)), ("…".to_owned(), String::new()));
    }

    #[test]
    fn durations() {
        let all: Vec<_> = [0.04, 12.34, 59.99, 60.0, 3725.0, -1.0].into_iter().map(duration).collect();
        insta::assert_snapshot!(all.join(", "), @"0.0 s, 12.3 s, 60.0 s, 1 min 00 s, 1 h 02 min, 0.0 s");
    }

    proptest! {
        #[test]
        fn a_line_that_is_cut_fits(line in any::<String>(), width in 1_usize..40) {
            let short = shortened(&line, width);
            prop_assert!(short.chars().count() <= width && (short == line || short.ends_with('…')), "{short}");
            prop_assert!(line.starts_with(short.trim_end_matches('…')));
        }

        #[test]
        fn nothing_that_a_terminal_acts_upon_is_left(text in any::<String>()) {
            prop_assert!(neutralise(&text).chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
        }
    }
}
