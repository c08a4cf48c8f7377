//! meson's four forms.
#![no_main]

use libfuzzer_sys::fuzz_target;
use kernlog::{Kind, judge};

fuzz_target!(|input: (u8, &[u8])| {
    let (form, rest) = input;
    let start: &[u8] = match form % 5 {
        0 => b"{\"name\": \"",
        1 => b"<?xml version='1.0'?><testsuites>",
        2 => b"Log of Meson test suite run on\n\n==================================== 1/2 =====================================\n",
        3 => b" 1/2 a:b OK 0.01s\n",
        _ => b"",
    };
    let log = [start, rest].concat();
    let report = judge(log.as_slice(), Some(Kind::Meson)).expect("a slice is readable");
    assert!(report.totals.words().iter().map(|(_, n)| n).sum::<u64>() == report.cases.len() as u64);
});
