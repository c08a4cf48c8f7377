//! What a diff's own counts say of it.

/// Lines that a hunk still wants, of the old file and of the new one.
type Wanted = (u32, u32);

/// Whether the text ends within a hunk that wants context: then a blank line behind it is not what separates mails or parts, but a
/// context line that lost its blank.
pub(super) fn wants_context(text: &[u8]) -> bool {
    let mut wanted: Wanted = (0, 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let line = line.trim_ascii_end();
        wanted = match (line.first(), wanted) {
            (_, (0, 0)) => hunk(line).unwrap_or_default().1,
            (None | Some(b' ' | b'\t'), (old, new)) => (old.saturating_sub(1), new.saturating_sub(1)),
            (Some(b'-'), (old, new)) => (old.saturating_sub(1), new),
            (Some(b'+'), (old, new)) => (old, new.saturating_sub(1)),
            (Some(b'\\'), wanted) => wanted,
            // No line of a hunk: it is broken in some other way.
            _ => return false,
        };
    }
    wanted.0 > 0 && wanted.0 == wanted.1
}

/// `@@ -1,4 +1,5 @@ where`: the first line of the old file, where that is a number, and how many lines each side has.
pub(in crate::series) fn hunk(line: &[u8]) -> Option<(Option<usize>, Wanted)> {
    let text = std::str::from_utf8(line.strip_prefix(b"@@ -")?).ok();
    // The function behind it may be in any character set.
    let text = text.or_else(|| std::str::from_utf8(line.get(4..)?.split(|b| *b == b'@').next()?).ok())?;
    let (old, rest) = text.split_once(" +")?;
    let (new, _) = rest.split_once(" @@").unwrap_or((rest.trim_end(), ""));
    let count = |range: &str| range.split_once(',').map_or(Some(1), |(_, count)| count.parse().ok());
    let first = old.split(',').next().and_then(|first| first.parse().ok());
    Some((first, (count(old)?, count(new)?)))
}

/// The first file of a diff whose names have no folder before them that `-p1` could take off, as `--no-prefix` writes them: the old and the
/// new name are the same with it, where they otherwise begin `a/` and `b/`.
pub(super) fn without_prefix(diff: &[u8]) -> Option<String> {
    let mut old: Option<String> = None;
    let mut wanted: Wanted = (0, 0);
    for line in diff.split(|byte| *byte == b'\n') {
        if wanted != (0, 0) {
            // A line of a hunk may look like a header of a file.
            let minus = |count: u32, is: bool| if is { count.saturating_sub(1) } else { count };
            let both = matches!(line.first(), None | Some(b' ' | b'\t'));
            let (removed, added) = (line.first() == Some(&b'-'), line.first() == Some(&b'+'));
            wanted = (minus(wanted.0, both || removed), minus(wanted.1, both || added));
            continue;
        }
        wanted = hunk(line).unwrap_or_default().1;
        let text = String::from_utf8_lossy(line);
        if let Some((left, right)) = text.strip_prefix("diff --git ").and_then(halves) {
            if first_part(left) == first_part(right) && !is_prefix(first_part(left)) {
                return Some(left.to_owned());
            }
        } else if let Some(name) = text.strip_prefix("--- ") {
            old = Some(file_name(name).to_owned());
        } else if let (Some(new), Some(old)) = (text.strip_prefix("+++ ").map(file_name), old.take()) {
            let real = |name: &str| name != "/dev/null";
            if real(new) && real(&old) && old == new && !is_prefix(first_part(new)) {
                return Some(old);
            }
        }
    }
    None
}

/// The two names of `diff --git`, which have a blank between them and perhaps in them: names without a blank alone are told apart for
/// sure.
fn halves(names: &str) -> Option<(&str, &str)> {
    let mut words = names.trim_end().split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some(left), Some(right), None) => Some((left, right)),
        _ => None,
    }
}

/// The folder that `-p1` takes off.
fn first_part(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

/// Whether `-p1` takes off nothing that counts, though both names have the same.
fn is_prefix(part: &str) -> bool {
    matches!(part, "a" | "b")
}

/// A name without the time that diff puts behind a tab.
fn file_name(text: &str) -> &str {
    text.split('\t').next().unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hunk_knows_whether_it_is_whole() {
        let wants = |text: &str| wants_context(text.as_bytes());
        assert!(wants("@@ -1,4 +1,4 @@\n one\n\n-old\n+new\n"));
        assert!(wants("@@ -1,3 +1,4 @@ int \u{e9}()\n one\n+new\n two\n"));
        assert!(!wants("@@ -1,4 +1,4 @@\n one\n\n-old\n+new\n\n"));
        assert!(!wants("@@ -1 +1 @@\n-old\n+new\n-- \n2.43.0\n"));
        // A line is missing that is no context.
        assert!(!wants("@@ -1,3 +1,3 @@\n one\n-old\n two\n"));
        assert!(!wants("@@ -1,3 +1,3 @@\n one\nwrapped\n"));
        assert!(!wants("no diff\n"));
    }

    #[test]
    fn names_without_a_prefix_are_told_from_those_with_any() {
        let name = |text: &str| without_prefix(text.as_bytes());
        assert_eq!(name("diff --git drivers/a.c drivers/a.c\n").as_deref(), Some("drivers/a.c"));
        assert_eq!(
            name("--- drivers/a.c\n+++ drivers/a.c\n@@ -1 +1 @@\n-a\n+b\n").as_deref(),
            Some("drivers/a.c")
        );
        for fine in [
            "diff --git a/drivers/a.c b/drivers/a.c\n--- a/drivers/a.c\n+++ b/drivers/a.c\n",
            "diff --git c/drivers/a.c w/drivers/a.c\n",
            "--- linux-6.12.orig/a.c\t2026-11-24\n+++ linux-6.12/a.c\t2026-11-24\n",
            "--- /dev/null\n+++ b/drivers/a.c\n",
            // What a hunk removes and adds may look so.
            "--- a/x.sql\n+++ b/x.sql\n@@ -1 +1 @@\n--- drivers/a.c\n+++ drivers/a.c\n",
        ] {
            assert_eq!(name(fine), None, "{fine}");
        }
    }
}
