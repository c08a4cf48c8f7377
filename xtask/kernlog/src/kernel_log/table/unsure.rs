//! Words that a report may have and much else, too.

use super::row::OWN_WORDS;
use super::row::Role::{Die, Report};
use super::row::Row;
use super::row::Trust::WithTrace;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    // What die() of s390, sh and others prints.
    Row {
        kind: K::Oops,
        role: Die,
        trust: WithTrace,
        needles: &["[#"],
        pattern: r"^([A-Za-z][\w ,.()-]{2,60}): [0-9a-f]{2,16}(?: ilc:\d)? \[#\d+\]",
        title: "$1",
        examples: &[("addressing exception: 0005 ilc:2 [#1] SMP", "addressing exception")],
    },
    Row {
        kind: K::Bug,
        role: Report,
        trust: WithTrace,
        needles: &["BUG: "],
        pattern: r"^BUG: (?:unable to|[A-Za-z_])",
        title: OWN_WORDS,
        examples: &[("BUG: sample is in state 12", "BUG: sample is in state N")],
    },
    Row {
        kind: K::Warning,
        role: Report,
        trust: WithTrace,
        needles: &["WARNING: "],
        pattern: r"^WARNING: \S",
        title: OWN_WORDS,
        examples: &[("WARNING: sample is in state 12", "WARNING: sample is in state N")],
    },
];
