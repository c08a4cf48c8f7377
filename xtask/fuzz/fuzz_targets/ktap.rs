//! KTAP from any text: totals are those of the leaves, and what is printed whole is found again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use kernlog::CaseOutcome;
use kernlog::ktap::parse;

fuzz_target!(|text: &str| {
    let ktap = parse(text);
    let leaves = ktap.leaves();
    assert_eq!(ktap.totals().words().iter().map(|(_, n)| n).sum::<u64>(), leaves.len() as u64);
    let (outcome, reason) = ktap.outcome();
    if leaves.iter().any(|leaf| leaf.outcome.is_red()) {
        assert!(outcome.is_red() && !reason.is_empty());
    }
    // A failure cannot be talked away by what stands before it.
    let failed = format!("{text}\nKTAP version 1\n1..1\nnot ok 1 the_last_word\n");
    assert!(parse(&failed).outcome().0 != CaseOutcome::Pass);
});
