//! A console log in one piece, and the same in two: the reports are equal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use kernlog::kernel_log::{Scanner, scan_log};

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, log) = input;
    let whole = scan_log(log, None);
    for splat in &whole.splats {
        assert!(splat.line >= 1 && splat.line <= whole.lines);
        assert!(!splat.title.chars().any(char::is_control), "{:?}", splat.title);
        assert!(!splat.fingerprint.contains(' '));
    }
    let (front, back) = log.split_at(usize::from(cut).min(log.len()));
    let mut scanner = Scanner::new(None);
    scanner.feed(front);
    scanner.feed(back);
    assert_eq!(scanner.finish(), whole);
});
