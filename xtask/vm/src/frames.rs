//! Frames out of what comes on the agent's port. The guest is not trusted: lines may be torn, endless or
//! nonsense, and none of it may cost more than its bytes.

use std::io::Read;

use wire::FromGuest;

/// No frame of the agent is longer: 16 KiB of output, each byte at worst escaped to six, are the most. What waits for us
/// is some hundred frames, and bounded by it.
const LONGEST: usize = 256 << 10;
/// What is kept of a line's memory for the next: as much as a frame of a file has.
const KEPT: usize = 32 << 10;
/// How much of a line that is no frame is shown.
const SHOWN: usize = 120;

/// What one line was.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A frame.
    Frame(FromGuest),
    /// Something else, shortened.
    Noise(String),
}

/// Cuts bytes into lines and reads each.
#[derive(Default)]
pub struct Frames {
    line: Vec<u8>,
    /// Bytes of the current line that were dropped because it is too long.
    dropped: usize,
}

impl Frames {
    /// Takes the next bytes and hands on the lines that end in them.
    pub fn take(&mut self, bytes: &[u8], mut each: impl FnMut(Line)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LONGEST.saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            self.dropped += piece.len().saturating_sub(room);
            if piece.ends_with(b"\n") {
                self.end(&mut each);
            }
        }
    }

    /// No more bytes will come.
    pub fn finish(&mut self, mut each: impl FnMut(Line)) {
        if !self.line.is_empty() {
            self.end(&mut each);
        }
    }

    fn end(&mut self, each: &mut impl FnMut(Line)) {
        let line = self.line.trim_ascii_end();
        match serde_json::from_slice(line) {
            _ if line.is_empty() => {}
            Ok(frame) if self.dropped == 0 => each(Line::Frame(frame)),
            _ => {
                let start = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]).into_owned();
                let length = line.len() + self.dropped;
                each(Line::Noise(if length > SHOWN {
                    format!("{start}… ({length} bytes)")
                } else {
                    start
                }));
            }
        }
        self.line.clear();
        self.line.shrink_to(KEPT);
        self.dropped = 0;
    }
}

/// Reads to the end of the stream.
pub fn read(mut stream: impl Read, mut each: impl FnMut(Line)) {
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => frames.take(&buffer[..count], &mut each),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            // QEMU was killed with bytes of ours unread.
            Err(_) => break,
        }
    }
    frames.finish(each);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Line> {
        let (mut frames, mut out) = (Frames::default(), Vec::new());
        for piece in pieces {
            frames.take(piece, |line| out.push(line));
        }
        frames.finish(|line| out.push(line));
        out
    }

    #[test]
    fn a_torn_frame_is_put_together_and_nonsense_is_shown() {
        let out = lines(&[
            b"{\"frame\":\"bye\",",
            b"\"ran\":2}\n\n\x1b[31mboo\xff\r\n{\"frame\":\"begin\",\"case\":0}",
        ]);
        insta::assert_debug_snapshot!(out, @r#"
        [
            Frame(
                Bye {
                    ran: 2,
                },
            ),
            Noise(
                "\u{1b}[31mboo�",
            ),
            Frame(
                Begin {
                    case: 0,
                },
            ),
        ]
        "#);
    }

    #[test]
    fn an_endless_line_costs_no_more_than_the_bound() {
        let mut frames = Frames::default();
        let mut out = Vec::new();
        for _ in 0..64 {
            frames.take(&vec![b'x'; 1 << 18], |line| out.push(line));
        }
        assert!(frames.line.len() <= LONGEST);
        frames.take(b"\n{\"frame\":\"bye\",\"ran\":0}\n", |line| out.push(line));
        assert!(
            matches!(&out[0], Line::Noise(text) if text.ends_with("xx… (16777217 bytes)")),
            "{:?}",
            out[0]
        );
        assert_eq!(out[1], Line::Frame(FromGuest::Bye { ran: 0 }));
    }

    proptest! {
        #[test]
        fn the_cut_does_not_matter(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..300) {
            let at = at.min(bytes.len());
            prop_assert_eq!(lines(&[&bytes]), lines(&[&bytes[..at], &bytes[at..]]));
        }
    }
}
