//! A stream cut into lines, of which no more than a certain length is kept.

use super::LONGEST_LINE;

/// Cuts pieces of a stream into lines.
#[derive(Default)]
pub(super) struct Lines {
    carry: Vec<u8>,
}

impl Lines {
    /// Hands every complete line to `take`, without its end.
    pub(super) fn feed(&mut self, mut piece: &[u8], mut take: impl FnMut(&[u8])) {
        while let Some(at) = memchr::memchr(b'\n', piece) {
            let line = &piece[..at];
            if self.carry.is_empty() {
                take(&line[..at.min(LONGEST_LINE)]);
            } else {
                self.keep(line);
                take(&self.carry);
                self.carry.clear();
            }
            piece = &piece[at + 1..];
        }
        self.keep(piece);
    }

    /// The end of the stream: a last line without line end counts.
    pub(super) fn finish(&mut self, mut take: impl FnMut(&[u8])) {
        if !self.carry.is_empty() {
            take(&self.carry);
            self.carry.clear();
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = LONGEST_LINE.saturating_sub(self.carry.len());
        self.carry.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}
