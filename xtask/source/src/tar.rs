//! Reading a tar archive as a stream: ustar, with the long names of GNU tar and of POSIX (pax).
//!
//! Files, symbolic links and hard links; folders follow from their files, and devices have no place in a kernel's
//! source. Unpacking to disk first would write, read and delete a hundred thousand files for nothing.
//!
//! Not by the crate `tar`, which takes the end of the input between two entries for the end of the archive: a download that was
//! cut off there would be a kernel without its last folders. Here only the blocks of zeros are an end.

use std::io::{self, ErrorKind, Read};

const BLOCK: usize = 512;
/// A longer name or pax header is an attack, not a kernel.
const LONGEST_NAME: u64 = 1 << 16;

/// An entry that becomes a file of a tree. Its path is relative and has neither `..` nor `.git` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) kind: Kind,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its bytes follow in the stream.
    File { size: u64, executable: bool },
    /// What it points to, as it stands.
    Symlink(String),
    /// The same bytes as an earlier entry.
    Hardlink(String),
}

/// Calls `take` for each entry; for a file, `take` reads its bytes, at most `size` of them, from the reader.
///
/// # Errors
/// The archive is cut off or damaged, a path leaves it, or `take` fails.
pub(super) fn read(
    mut input: impl Read,
    mut take: impl FnMut(&Entry, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut long = Long::default();
    let mut block = [0; BLOCK];
    loop {
        input.read_exact(&mut block).map_err(cut_off)?;
        if block.iter().all(|byte| *byte == 0) {
            // What follows the end is padding; the writer of a pipe wants it read.
            io::copy(&mut input, &mut io::sink())?;
            return Ok(());
        }
        check_sum(&block)?;
        let size = long.size.take().map_or_else(|| number(&block[124..136]), Ok)?;
        match block[156] {
            b'L' => long.path = Some(text(&small(&mut input, size)?)),
            b'K' => long.link = Some(text(&small(&mut input, size)?)),
            b'x' => long.pax(&small(&mut input, size)?),
            kind => {
                let path = long.path.take().unwrap_or_else(|| name(&block));
                let link = long.link.take().unwrap_or_else(|| text(&block[157..257]));
                let kind = match kind {
                    b'0' | b'7' | 0 => {
                        Some(Kind::File { size, executable: number(&block[100..108])? & 0o111 != 0 })
                    }
                    b'1' => Some(Kind::Hardlink(clean(&link)?.unwrap_or_default())),
                    b'2' => Some(Kind::Symlink(link)),
                    _ => None,
                };
                let size = if matches!(kind, Some(Kind::Hardlink(_) | Kind::Symlink(_))) { 0 } else { size };
                let mut body = (&mut input).take(size);
                if let (Some(kind), Some(path)) = (kind, clean(&path)?) {
                    take(&Entry { path, kind }, &mut body)?;
                }
                io::copy(&mut body, &mut io::sink())?;
                if body.limit() > 0 {
                    return Err(cut_off(ErrorKind::UnexpectedEof.into()));
                }
                skip_padding(&mut input, size)?;
            }
        }
    }
}

/// What special entries say about the next one.
#[derive(Default)]
struct Long {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
}

impl Long {
    /// Records "LENGTH KEY=VALUE\n" of a pax header.
    fn pax(&mut self, mut records: &[u8]) {
        while let Some(space) = records.iter().position(|byte| *byte == b' ') {
            let length = text(&records[..space]).parse::<usize>().unwrap_or(0);
            if length <= space || length > records.len() {
                return;
            }
            let record = String::from_utf8_lossy(&records[space + 1..length]).into_owned();
            match record.trim_end_matches('\n').split_once('=') {
                Some(("path", value)) => self.path = Some(value.to_owned()),
                Some(("linkpath", value)) => self.link = Some(value.to_owned()),
                Some(("size", value)) => self.size = value.parse().ok(),
                _ => {}
            }
            records = &records[length..];
        }
    }
}

fn damaged(what: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("damaged archive: {}", what.into()))
}

/// Says of an end of file that it came too early; other errors stay.
pub(super) fn cut_off(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::UnexpectedEof { damaged("it ends too early") } else { error }
}

/// Up to the first NUL.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Octal digits, or with the top bit set a big-endian number (GNU tar, for more than 8 GiB).
fn number(field: &[u8]) -> io::Result<u64> {
    if field[0] & 0x80 != 0 {
        let tail = &field[field.len() - 8..];
        return Ok(tail.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)));
    }
    match text(field).trim() {
        "" => Ok(0),
        digits => u64::from_str_radix(digits, 8)
            .map_err(|_| damaged(format!("`{}` is no number", digits.escape_debug()))),
    }
}

/// The sum of a header's bytes, its own field taken as blanks.
fn check_sum(block: &[u8; BLOCK]) -> io::Result<()> {
    let own = |at: usize| (148..156).contains(&at);
    let sum =
        block.iter().enumerate().map(|(at, byte)| u64::from(if own(at) { b' ' } else { *byte })).sum::<u64>();
    if sum == number(&block[148..156])? { Ok(()) } else { Err(damaged("a header's sum is wrong")) }
}

/// Name of a plain header; ustar has the folder in a field of its own.
fn name(block: &[u8; BLOCK]) -> String {
    let (name, prefix) = (text(&block[..100]), text(&block[345..500]));
    if &block[257..263] == b"ustar\0" && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
}

/// A path without `.` and empty parts; none if nothing is left, or if it is part of a repository.
fn clean(path: &str) -> io::Result<Option<String>> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") || path.contains('\0') {
        return Err(damaged(format!("the path `{}` leaves it", path.escape_debug())));
    }
    let of_git = parts.iter().any(|part| part.eq_ignore_ascii_case(".git"));
    Ok((!parts.is_empty() && !of_git).then(|| parts.join("/")))
}

fn small(input: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    if size > LONGEST_NAME {
        return Err(damaged("a name is too long"));
    }
    let mut bytes = Vec::new();
    input.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size {
        return Err(damaged("it ends too early"));
    }
    skip_padding(input, size)?;
    Ok(bytes)
}

fn skip_padding(input: &mut impl Read, size: u64) -> io::Result<()> {
    let padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    let skipped = io::copy(&mut input.take(padding), &mut io::sink())?;
    if skipped == padding { Ok(()) } else { Err(damaged("it ends too early")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_cannot_leave() {
        assert_eq!(clean("./a//b/").expect("good").as_deref(), Some("a/b"));
        assert_eq!(clean("/abs/a").expect("good").as_deref(), Some("abs/a"));
        assert_eq!(clean("./").expect("good"), None);
        assert_eq!(clean("a/.GIT/config").expect("good"), None);
        assert!(clean("a/../../b").is_err());
    }

    #[test]
    fn what_is_no_archive_is_told() {
        let error = |bytes: &[u8]| read(bytes, |_, _| Ok(())).expect_err("damaged").to_string();
        assert_eq!(error(b"short"), "damaged archive: it ends too early");
        assert_eq!(error(&[b'x'; 1024]), "damaged archive: `xxxxxxxx` is no number");
        let mut block = [0; 1024];
        block[0] = b'a';
        assert_eq!(error(&block), "damaged archive: a header's sum is wrong");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..2048), kind in any::<u8>()) {
            // With a right sum, so that the rest is reached.
            if bytes.len() >= BLOCK {
                bytes[156] = kind;
                bytes[148..156].copy_from_slice(b"        ");
                let sum: u64 = bytes[..BLOCK].iter().map(|byte| u64::from(*byte)).sum();
                bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            }
            let _ = read(bytes.as_slice(), |_, body| io::copy(body, &mut io::sink()).map(drop));
        }

        #[test]
        fn no_pax_header_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            Long::default().pax(&bytes);
        }
    }
}
