//! A stream cut into lines, of which no more than a certain length is kept.

/// Bytes of a text line that are looked at for results; splats are found anywhere in it.
const LONGEST_LINE: usize = 4096;

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

    /// Skips all complete lines before the one that holds the byte at `sign`, or all where there is no sign, and returns how
    /// many; what is not skipped is left in `piece`. A line that began in an earlier piece is not skipped.
    pub(super) fn skip(&mut self, piece: &mut &[u8], sign: Option<usize>) -> u64 {
        let until = sign.unwrap_or(piece.len());
        let Some(end) = memchr::memrchr(b'\n', &piece[..until]).filter(|_| self.carry.is_empty()) else {
            return 0;
        };
        let skipped = memchr::memchr_iter(b'\n', &piece[..=end]).count();
        *piece = &piece[end + 1..];
        skipped as u64
    }

    /// Hands the first line to `take` if it is complete.
    pub(super) fn first(&mut self, piece: &mut &[u8], take: impl FnMut(&[u8])) {
        let end = memchr::memchr(b'\n', piece).map_or(piece.len(), |at| at + 1);
        let (line, rest) = piece.split_at(end);
        *piece = rest;
        self.feed(line, take);
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
