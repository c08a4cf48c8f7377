//! Any log of any kind, in pieces of any size.
#![no_main]

use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use kernlog::judge;

struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let limit = self.1.min(into.len());
        self.0.read(&mut into[..limit])
    }
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, log) = input;
    let whole = judge(log, None).expect("a slice is readable");
    // The first piece decides what shape the log has.
    let size = usize::from(size) + 64;
    assert_eq!(judge(Pieces(log, size), None).expect("a slice is readable"), whole);
});
