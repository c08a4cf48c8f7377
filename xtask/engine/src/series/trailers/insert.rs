//! Tags into the file of a patch, of which nothing else changes.

use super::{Tag, rank, read};
use crate::series::mail::start_of_patch;

/// Puts tags into the last block of trailers of a patch: each behind the last one that comes before it in the kernel's order. What
/// is there stays where it is.
///
/// # Errors
/// The file is not plain text as git writes it.
pub fn insert(file: &[u8], tags: &[Tag]) -> Result<Vec<u8>, String> {
    let (start, end) = message(file)?;
    let text = &file[start..end];
    let block = block_in(text);
    let line_end = if text.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<Vec<u8>> =
        text[block.clone()].split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_owned).collect();
    let mut before = text[..block.start].to_owned();
    if lines.is_empty() && !before.is_empty() {
        if !before.ends_with(b"\n") {
            before.extend_from_slice(line_end.as_bytes());
        }
        before.extend_from_slice(line_end.as_bytes());
    }
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with(b"\n")) {
        last.extend_from_slice(line_end.as_bytes());
    }
    for tag in tags {
        let own = rank(&tag.name).unwrap_or(usize::MAX);
        let comes_before =
            |line: &Vec<u8>| name(line).and_then(|name| rank(&name)).is_some_and(|rank| rank <= own);
        let mut at = lines.iter().rposition(comes_before).map_or(0, |at| at + 1);
        while lines.get(at).is_some_and(|line| goes_on(line)) {
            at += 1;
        }
        lines.insert(at, format!("{tag}{line_end}").into_bytes());
    }
    Ok([&file[..start], &before, &lines.concat(), &text[block.end..], &file[end..]].concat())
}

/// The tags of the last block of trailers of a message, in order, those that are malformed left out.
pub fn block(message: &str) -> Vec<Tag> {
    let block = block_in(message.as_bytes());
    message.get(block).unwrap_or_default().lines().filter_map(read).filter_map(Result::ok).collect()
}

/// Where the message lies in the file of a patch.
fn message(file: &[u8]) -> Result<(usize, usize), String> {
    let mut at = 0;
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line).to_ascii_lowercase();
        at += line.len();
        if text.trim().is_empty() {
            return Ok((at, at + start_of_patch(&file[at..])));
        }
        let encoded = ["quoted-printable", "base64"].iter().any(|encoding| text.contains(encoding));
        if text.starts_with("content-transfer-encoding:") && encoded {
            return Err("it is encoded for mail; `series import` takes it out of that".to_owned());
        }
    }
    Err("there is no message in it".to_owned())
}

/// The last paragraph, if all of it is trailers; an empty place at the end of the text otherwise.
fn block_in(text: &[u8]) -> std::ops::Range<usize> {
    let end = text.len() - text.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    let end = text[end..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |more| end + more + 1);
    let mut start = end;
    let mut lines = 0;
    for line in text[..end].split_inclusive(|byte| *byte == b'\n').rev() {
        if line.trim_ascii().is_empty() {
            break;
        }
        if name(line).is_none() && !goes_on(line) {
            return end..end;
        }
        start -= line.len();
        lines += 1;
    }
    if lines == 0 { end..end } else { start..end }
}

/// The name of a trailer.
fn name(line: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(line).ok()?;
    let (name, value) = text.split_once(':')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        && name.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_name && value.starts_with([' ', '\t']) && (name.contains('-') || rank(name).is_some()))
        .then(|| name.to_owned())
}

/// A line that belongs to the trailer before it: indented, or what a maintainer did, in brackets.
fn goes_on(line: &[u8]) -> bool {
    line.starts_with(b" ") || line.starts_with(b"\t") || line.starts_with(b"[")
}
