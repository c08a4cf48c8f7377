//! Two logs side by side around the first line in which they differ. Pure.

use report::console::spans;
use report::text::one_line;

/// Lines shown before the difference.
const BEFORE: usize = 4;
/// Lines shown from it on.
const AFTER: usize = 8;

/// What a case of a boot has written: the part of a console between the marks of its begin and end, without times. All of it
/// where there is no such mark.
pub fn part_of(console: &str, case: Option<&str>) -> Vec<String> {
    let lines: Vec<&str> = console.lines().map(|line| without_time(line.trim_end())).collect();
    let span = spans(console).into_iter().find(|span| Some(span.case.as_str()) == case);
    let range = match span.map(|span| span.lines) {
        // Without the marks, whose tokens differ from boot to boot.
        Some(span) => {
            let is_ended = span.len() > 1 && lines[span.end - 1].starts_with(wire::MARKER);
            span.start + 1..span.end - usize::from(is_ended)
        }
        None => 0..lines.len(),
    };
    lines[range].iter().map(|&line| line.to_owned()).collect()
}

/// `[    1.234567] text` without its time, and without the caller that some kernels put behind it.
fn without_time(line: &str) -> &str {
    let stamp = |text: &str| text.chars().all(|c| c.is_ascii_digit() || ". TC".contains(c));
    let mut rest = line;
    while let Some((inner, after)) = rest.strip_prefix('[').and_then(|text| text.split_once(']')) {
        if !stamp(inner) {
            break;
        }
        rest = after.trim_start_matches(' ');
    }
    rest
}

/// A line as it is compared: numbers and addresses differ from boot to boot.
fn compared(line: &str) -> String {
    let mut text = String::new();
    for word in line.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let address = bare.len() >= 8 && bare.chars().all(|c| c.is_ascii_hexdigit() || c == 'x');
        if address {
            text.push('#');
        } else {
            text.extend(word.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }));
        }
        text.push(' ');
    }
    text
}

/// Both sides from a few lines before the first difference on, `width` columns in all; none where there is no difference.
/// Control characters are made visible.
pub fn beside(good: &[String], bad: &[String], width: usize) -> Vec<String> {
    let at = good.iter().zip(bad).position(|(a, b)| compared(a) != compared(b));
    let at = match at {
        Some(at) => at,
        None if good.len() == bad.len() => return Vec::new(),
        None => good.len().min(bad.len()),
    };
    let column = (width.max(40) - 3) / 2;
    let from = at.saturating_sub(BEFORE);
    let cell = |lines: &[String], number: usize| {
        let text = lines.get(number).map(|line| one_line(line)).unwrap_or_default();
        text.chars().take(column).collect::<String>()
    };
    let last = (at + AFTER).min(good.len().max(bad.len()));
    (from..last)
        .map(|number| {
            let mark = if number < at { '|' } else { '!' };
            format!("{:column$} {mark} {}", cell(good, number), cell(bad, number)).trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "[    0.000000] Linux\n[    2.1] patchbench[aa]: begin one\n[    2.2][   T63] cxl mem0: up at 0xffff888012345678\n\
                        [    2.3] cxl port2: bound\n[    2.4] done\n[    2.5] patchbench[aa]: end one\n[    2.6] more\n";
    const BAD: &str = "[    0.000000] Linux\n[    3.1] patchbench[bb]: begin one\n[    3.2][   T71] cxl mem1: up at 0xffff888087654321\n\
                       [    3.3] cxl_mem mem1: \x1b[31mno port\n[    3.4] patchbench[bb]: end one\n";

    #[test]
    fn the_first_difference_of_a_case_is_shown() {
        let (good, bad) = (part_of(GOOD, Some("one")), part_of(BAD, Some("one")));
        insta::assert_snapshot!(beside(&good, &bad, 80).join("\n"), @r"
        cxl mem0: up at 0xffff888012345678     | cxl mem1: up at 0xffff888087654321
        cxl port2: bound                       ! cxl_mem mem1: \x1b[31mno port
        done                                   !
        ");
        assert_eq!(beside(&good, &good, 80), Vec::<String>::new());
        assert_eq!(part_of(GOOD, Some("two")).len(), 7, "without its marks all of it");
    }

    proptest! {
        #[test]
        fn any_two_logs_are_shown_within_the_width(
            good in prop::collection::vec(".{0,200}", 0..20),
            bad in prop::collection::vec(".{0,200}", 0..20),
            width in 0usize..300,
        ) {
            for line in beside(&good, &bad, width) {
                prop_assert!(line.chars().count() <= width.max(40));
                prop_assert!(!line.chars().any(char::is_control));
            }
        }

        #[test]
        fn any_console_has_parts(text in "(\\[[0-9. TC]{0,9}\\] ?|patchbench\\[a\\]: (begin|end) x|.|\n){0,40}") {
            let _ = part_of(&text, Some("x"));
        }
    }
}
