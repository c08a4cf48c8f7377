//! Sleeping where nobody may, lockups, stalls and hung tasks: kernel/sched/core.c, kernel/watchdog.c,
//! kernel/watchdog_perf.c, kernel/workqueue.c, kernel/rcu/tree_stall.h, kernel/hung_task.c.

use super::row::Role::{Report, Sequel};
use super::row::Row;
use super::row::Trust::Sure;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    Row {
        kind: K::AtomicSleep,
        role: Report,
        trust: Sure,
        needles: &["BUG: sleeping function"],
        pattern: r"^BUG: sleeping function called from invalid context",
        title: "sleeping function called from invalid context",
        examples: &[(
            "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580",
            "sleeping function called from invalid context",
        )],
    },
    Row {
        kind: K::AtomicSleep,
        role: Report,
        trust: Sure,
        needles: &["BUG: scheduling while atomic"],
        pattern: r"^BUG: scheduling while atomic",
        title: "scheduling while atomic",
        examples: &[("BUG: scheduling while atomic: sh/77/0x00000002", "scheduling while atomic")],
    },
    Row {
        kind: K::SoftLockup,
        role: Report,
        trust: Sure,
        needles: &["BUG: soft lockup"],
        pattern: r"^(?:NMI )?(?:watchdog: )?BUG: soft lockup - (?P<s>CPU#\d+) (?:stuck|detected)",
        title: "soft lockup",
        examples: &[("watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [sh:77]", "soft lockup")],
    },
    Row {
        kind: K::HardLockup,
        role: Report,
        trust: Sure,
        needles: &["ard LOCKUP"],
        pattern: r"^(?:NMI )?(?:watchdog: )?(?:(?:CPU ?\d+:? )?(?:Watchdog )?(?:CPU:? ?\d+ )?(?:self-)?detected [hH]ard|(?:Watchdog )?CPU:? ?\d+ [hH]ard) LOCKUP",
        title: "hard lockup",
        examples: &[
            ("watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 3", "hard lockup"),
            ("watchdog: CPU 5 self-detected hard LOCKUP @ cxl_sample+0x1c/0x60", "hard lockup"),
            ("Watchdog CPU:4 Hard LOCKUP", "hard lockup"),
        ],
    },
    // The pool and the seconds come by pr_cont(), which another CPU's line may come before.
    Row {
        kind: K::WorkqueueStall,
        role: Report,
        trust: Sure,
        needles: &["BUG: workqueue lockup"],
        pattern: r"^BUG: workqueue lockup - (?P<s>pool(?: .*?)?)(?: stuck.*)?$",
        title: "workqueue lockup",
        examples: &[
            (
                "BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 31s!",
                "workqueue lockup",
            ),
            ("BUG: workqueue lockup - pool", "workqueue lockup"),
        ],
    },
    Row {
        kind: K::RcuStall,
        role: Report,
        trust: Sure,
        needles: &["INFO: rcu"],
        pattern: r"^(?:rcu: )?INFO: (?P<s>rcu_?\w*) (?:self-)?detected (?:expedited )?stalls?",
        title: "RCU stall",
        examples: &[
            ("rcu: INFO: rcu_preempt self-detected stall on CPU", "RCU stall"),
            ("rcu: INFO: rcu_sched detected expedited stalls on CPUs/tasks: { 1-...D }", "RCU stall"),
        ],
    },
    Row {
        kind: K::RcuStall,
        role: Sequel,
        trust: Sure,
        needles: &[" kthread "],
        pattern: r"^(?:rcu: )?rcu_\w+ kthread (?:starved|timer wakeup didn't happen) for",
        title: "RCU stall",
        examples: &[
            ("rcu: rcu_preempt kthread starved for 21000 jiffies! g1 f0x0", "RCU stall"),
            ("rcu: rcu_sched kthread timer wakeup didn't happen for 21000 jiffies! g1 f0x0", "RCU stall"),
        ],
    },
    Row {
        kind: K::HungTask,
        role: Report,
        trust: Sure,
        needles: &["INFO: task "],
        pattern: r"^INFO: task (?P<s>\S.*?:\d+) (?:is )?(?:blocked .*for more than|can't die for more than) \d+ seconds",
        title: "task hung",
        examples: &[
            ("INFO: task modprobe:99 blocked for more than 120 seconds.", "task hung"),
            ("INFO: task sh:7 is blocked on a mutex for more than 120 seconds", "task hung"),
            ("INFO: task sh:7 can't die for more than 30 seconds.", "task hung"),
        ],
    },
];
