//! What an author tells the readers of a mail below the `---` of a patch, as what is new in this version. No commit keeps it: `git am`
//! drops it, so that it has to go from the file of before into that of after.

use crate::series::mail::start_of_patch;

/// The line that ends the message, and, where there are notes, these.
const RULE: &[u8] = b"---\n";

/// The notes of a patch, with the line end of their last line; nothing where it has none.
pub(super) fn notes(patch: &[u8]) -> Option<&[u8]> {
    let below = below(patch)?;
    let mut end = 0;
    for line in below.split_inclusive(|byte| *byte == b'\n') {
        if line == RULE || is_diffstat(line) || line.starts_with(b"diff --git ") {
            break;
        }
        end += line.len();
    }
    let notes = &below[..end];
    (!notes.trim_ascii().is_empty()).then_some(notes)
}

/// The patch with these notes, if it has none of its own.
pub(super) fn with_notes(patch: Vec<u8>, new: &[u8]) -> Vec<u8> {
    let Some(below) = below(&patch).filter(|_| notes(&patch).is_none()) else { return patch };
    let message = &patch[..patch.len() - below.len()];
    [message, new.trim_ascii_end(), b"\n", RULE, below].concat()
}

/// All that stands below the first rule.
fn below(patch: &[u8]) -> Option<&[u8]> {
    let at = start_of_patch(patch);
    patch[at..].strip_prefix(RULE)
}

/// ` drivers/cxl/mem.c | 12 +++++-----`, or the sum of them.
fn is_diffstat(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let counts = |rest: &str| rest.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == 'B');
    let is_file = text.starts_with(' ') && text.split_once(" | ").is_some_and(|(_, rest)| counts(rest));
    is_file || text.contains(" file changed") || text.contains(" files changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "From 1 Mon Sep 17 00:00:00 2001\nSubject: x\n\nWhy.\n\nSigned-off-by: A <a@x.example>\n---\n";
    const TAIL: &str =
        " one | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\ndiff --git a/one b/one\n";

    #[test]
    fn notes_stand_between_the_rule_and_the_diffstat() {
        let of = |between: &str| {
            let patch = format!("{HEAD}{between}{TAIL}");
            notes(patch.as_bytes()).map(|notes| String::from_utf8_lossy(notes).into_owned())
        };
        assert_eq!(of(""), None);
        assert_eq!(of("\n"), None);
        assert_eq!(of("v2:\n - new | or not\n---\n").as_deref(), Some("v2:\n - new | or not\n"));
        assert_eq!(of("v2: by hand\n\n").as_deref(), Some("v2: by hand\n\n"));
    }

    #[test]
    fn they_go_into_a_patch_that_has_none() {
        let (bare, noted) = (format!("{HEAD}{TAIL}"), format!("{HEAD}v2:\n - new\n---\n{TAIL}"));
        assert_eq!(with_notes(bare.into_bytes(), b"v2:\n - new\n\n"), noted.as_bytes());
        assert_eq!(with_notes(noted.clone().into_bytes(), b"v3\n"), noted.as_bytes());
    }
}
