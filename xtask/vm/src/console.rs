//! The guest's console (serial port): kept whole up to a bound, written to a file as it comes, and watched for
//! the kernel's death.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use fs_err::File;

/// A guest that prints more than this has run away; the rest is counted and dropped. Memory and disk are
/// bounded by it.
pub const CAP: usize = 64 << 20;
/// No line that reports a death is longer.
const LONGEST_LINE: usize = 512;
/// What a kernel prints that will not go on. The first is panic() in kernel/panic.c, the second error() of the
/// decompressor (arch/x86/boot/compressed/error.c).
const DEATHS: [&[u8]; 2] = [b"Kernel panic - not syncing", b"-- System halted"];

/// What is known of the console so far.
#[derive(Default)]
pub struct Console(Mutex<State>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    dropped: u64,
    line: Vec<u8>,
    died: Option<Instant>,
    last: Option<Instant>,
}

impl Console {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads to the end of the stream.
    pub fn read(self: &Arc<Self>, mut stream: impl Read, mut log: File) {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => {
                    let kept = self.lock().take(&buffer[..count], Instant::now());
                    // A full disk must not end the boot: the transcript has the console too.
                    let _ = log.write_all(&buffer[..kept]);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// When the kernel reported its death; a case may have printed it too, so a sign of life counts more.
    pub fn died(&self) -> Option<Instant> {
        self.lock().died
    }

    /// When it last printed.
    pub fn last(&self) -> Option<Instant> {
        self.lock().last
    }

    /// The bytes, and how many more there were.
    pub fn finish(&self) -> (Vec<u8>, u64) {
        let mut state = self.lock();
        (std::mem::take(&mut state.bytes), state.dropped)
    }
}

impl State {
    /// How many of the bytes are kept.
    fn take(&mut self, bytes: &[u8], now: Instant) -> usize {
        self.last = Some(now);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LONGEST_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                if DEATHS.iter().any(|death| contains(&self.line, death)) {
                    self.died.get_or_insert(now);
                }
                self.line.clear();
            }
        }
        let kept = bytes.len().min(CAP.saturating_sub(self.bytes.len()));
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.dropped += (bytes.len() - kept) as u64;
        kept
    }
}

fn contains(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn death_is_seen_however_it_is_cut() {
        let mut state = State::default();
        state.take(b"[ 1.0] all is well\n[ 1.1] Kernel pan", Instant::now());
        assert!(state.died.is_none());
        state.take(b"ic - not syncing: oh\n", Instant::now());
        assert!(state.died.is_some());
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut state = State::default();
        let noise = vec![0x1b; 1 << 20];
        for _ in 0..65 {
            state.take(&noise, Instant::now());
        }
        assert_eq!((state.bytes.len(), state.dropped), (CAP, 1 << 20));
        assert!(state.line.len() <= LONGEST_LINE);
        // What counts is still seen.
        state.take(b"\nKernel panic - not syncing\n", Instant::now());
        assert!(state.died.is_some());
    }
}
