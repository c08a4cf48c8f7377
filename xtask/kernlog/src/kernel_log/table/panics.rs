//! `Kernel panic`: kernel/panic.c, vpanic(), and the callers whose panic stands for a report of its own.

use super::row::Role::Panic;
use super::row::Row;
use super::row::Trust::Sure;
use super::row::symbol;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    Row {
        kind: K::HardLockup,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: r"^Kernel panic - not syncing: .*[hH]ard LOCKUP",
        title: "hard lockup",
        examples: &[("Kernel panic - not syncing: Watchdog detected hard LOCKUP on cpu 3", "hard lockup")],
    },
    Row {
        kind: K::SoftLockup,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: r"^Kernel panic - not syncing: softlockup",
        title: "soft lockup",
        examples: &[("Kernel panic - not syncing: softlockup: hung tasks", "soft lockup")],
    },
    Row {
        kind: K::HungTask,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: r"^Kernel panic - not syncing: hung_task",
        title: "task hung",
        examples: &[("Kernel panic - not syncing: hung_task: blocked tasks", "task hung")],
    },
    // kernel/workqueue.c, panic_on_wq_watchdog().
    Row {
        kind: K::WorkqueueStall,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: r"^Kernel panic - not syncing: workqueue: (?:\d+ stall|stall lasted)",
        title: "workqueue lockup",
        examples: &[(
            "Kernel panic - not syncing: workqueue: 3 stall(s) exceeded threshold 2",
            "workqueue lockup",
        )],
    },
    Row {
        kind: K::RcuStall,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: r"^Kernel panic - not syncing: RCU Stall",
        title: "RCU stall",
        examples: &[("Kernel panic - not syncing: RCU Stall", "RCU stall")],
    },
    Row {
        kind: K::Oom,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: r"^Kernel panic - not syncing: .*[Oo]ut of memory",
        title: "out of memory",
        examples: &[(
            "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled",
            "out of memory",
        )],
    },
    Row {
        kind: K::Oops,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: r"^Kernel panic - not syncing: kernel stack overflow",
        title: "stack overflow",
        examples: &[("Kernel panic - not syncing: kernel stack overflow", "stack overflow")],
    },
    Row {
        kind: K::Panic,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: concat!(
            r"^Kernel panic - not syncing: (stack-protector: Kernel stack is corrupted) in: ",
            symbol!()
        ),
        title: "$1",
        examples: &[(
            "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: cxl_sample+0x1c/0x60 [cxl_core]",
            "stack-protector: Kernel stack is corrupted in cxl_sample [cxl_core]",
        )],
    },
    Row {
        kind: K::Panic,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: r"^Kernel panic - not syncing: ?(.*)$",
        title: "$1",
        examples: &[(
            "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
            "Attempted to kill init! exitcode=N",
        )],
    },
    // The last word of one whose first the log lost.
    Row {
        kind: K::Panic,
        role: Panic,
        trust: Sure,
        needles: &["Kernel panic"],
        pattern: r"^---\[ end Kernel panic - not syncing: ?(.*?)(?: \]-*)?$",
        title: "$1",
        examples: &[("---[ end Kernel panic - not syncing: sample panic ]---", "sample panic")],
    },
];
