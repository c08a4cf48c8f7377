//! An mbox, split into its mails.
//!
//! Where mails begin is decided as `git mailsplit` does (git's `builtin/mailsplit.c`, `is_from_line()`), so that a sentence of a
//! commit message that begins with "From " is none. Lines that are quoted as `>From ` are unquoted, except in what `git
//! format-patch` wrote, which quotes nothing.

use super::hunk::wants_context;

/// The date on the first line of all that `git format-patch` writes.
pub(super) const GITS_DATE: &str = "Mon Sep 17 00:00:00 2001";

/// The mails of an mbox, each with its "From " line; a file that does not begin with one is a single mail.
pub fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut mails: Vec<Vec<u8>> = Vec::new();
    let mut of_git = true;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let begins = is_from_line(line);
        if begins || mails.is_empty() {
            let is_gits = contains(line, GITS_DATE.as_bytes());
            // The blank line between two mails belongs to neither, except to git, which writes it as a part of its signature.
            if let Some(last) = mails.last_mut().filter(|_| !(of_git && is_gits)) {
                drop_blank_line(last);
            }
            of_git = !begins || is_gits;
            mails.push(Vec::new());
        }
        let unquoted = match line.iter().position(|byte| *byte != b'>') {
            Some(depth @ 1..) if !of_git && line[depth..].starts_with(b"From ") => &line[1..],
            _ => line,
        };
        if let Some(mail) = mails.last_mut() {
            mail.extend_from_slice(unquoted);
        }
    }
    if let Some(last) = mails.last_mut().filter(|_| !of_git) {
        drop_blank_line(last);
    }
    mails.retain(|mail| !mail.trim_ascii().is_empty());
    mails
}

fn drop_blank_line(mail: &mut Vec<u8>) {
    let line_end = if mail.ends_with(b"\r\n") { 2 } else { 1 };
    // Unless it is the last line of a hunk.
    if mail.ends_with(b"\n") && wants_context(&mail[..mail.len() - line_end]) {
        return;
    }
    if mail.ends_with(b"\n\r\n") {
        mail.truncate(mail.len() - 2);
    } else if mail.ends_with(b"\n\n") {
        mail.truncate(mail.len() - 1);
    }
}

/// "From SOMEBODY … HH:MM:SS YEAR".
pub(super) fn is_from_line(line: &[u8]) -> bool {
    if line.len() < 20 || !line.starts_with(b"From ") {
        return false;
    }
    let Some(colon) = line.iter().rposition(|byte| *byte == b':') else { return false };
    let digit = |at: usize| line.get(at).is_some_and(u8::is_ascii_digit);
    if colon < 9 || ![colon - 4, colon - 2, colon - 1, colon + 1, colon + 2].into_iter().all(digit) {
        return false;
    }
    let year: String = line[colon + 3..]
        .trim_ascii_start()
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .map(|b| char::from(*b))
        .collect();
    year.parse::<u32>().is_ok_and(|year| year > 90)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
