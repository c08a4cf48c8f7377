//! Words that a report may have and much else, too.

use super::row::OWN_WORDS;
use super::row::Role::{Die, Report};
use super::row::Row;
use super::row::Trust::WithTrace;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    // What die() of sh and others prints.
    Row {
        kind: K::Oops,
        role: Die,
        trust: WithTrace,
        needles: &["[#"],
        pattern: r"^([A-Za-z][\w ,.()-]{2,60}): [0-9a-f]{2,16} \[#\d+\]",
        title: "$1",
        examples: &[("Illegal sample: 0005 [#1] SMP", "Illegal sample")],
    },
    // Those of mips and loongarch (`%s[#%d]:`), riscv and csky (`%s [#%d]`), xtensa (`%s: sig: %ld [#%d]`).
    Row {
        kind: K::Oops,
        role: Die,
        trust: WithTrace,
        needles: &["[#"],
        pattern: r"^((?:COP2: )?[A-Za-z][\w ,.()/'-]{2,60}?)!?(?:: sig: -?\d+)? ?\[#\d+\]",
        title: "$1",
        examples: &[
            (
                "COP2: Unhandled sample access or invalid instruction[#1]:",
                "COP2: Unhandled sample access or invalid instruction",
            ),
            ("Break instruction in kernel code[#1]:", "Break instruction in kernel code"),
            ("do_cpu invoked from kernel context![#2]:", "do_cpu invoked from kernel context"),
            ("Unhandled Machine Check Exception [#3]", "Unhandled Machine Check Exception"),
            ("Caught unhandled exception: sig: 9 [#14] PREEMPT", "Caught unhandled exception"),
        ],
    },
    // And of sparc.
    Row {
        kind: K::Oops,
        role: Die,
        trust: WithTrace,
        needles: &["[#"],
        pattern: r"^\S+\(\d+\): ([A-Za-z][^\[]{2,60}?) \[#\d+\]",
        title: "$1",
        examples: &[("sh(77): Kernel illegal instruction [#1]", "Kernel illegal instruction")],
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
