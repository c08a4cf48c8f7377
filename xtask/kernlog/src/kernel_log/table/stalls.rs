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
    // kernel/sched/core.c, __schedule_debug(), __cant_sleep(), __cant_migrate().
    Row {
        kind: K::AtomicSleep,
        role: Report,
        trust: Sure,
        needles: &["BUG: "],
        pattern: r"^BUG: (scheduling in a non-blocking section|assuming atomic context|assuming non migratable context)",
        title: "$1",
        examples: &[
            ("BUG: scheduling in a non-blocking section: sh/77/1", "scheduling in a non-blocking section"),
            ("BUG: assuming atomic context at drivers/cxl/core/port.c:12", "assuming atomic context"),
            (
                "BUG: assuming non migratable context at drivers/cxl/core/port.c:12",
                "assuming non migratable context",
            ),
        ],
    },
    // kernel/softirq.c, handle_softirqs(); no trace is printed.
    Row {
        kind: K::AtomicSleep,
        role: Report,
        trust: Sure,
        needles: &["entered softirq"],
        pattern: r"^huh, entered softirq \d+ (\w+) ",
        title: "softirq $1 changed the preempt count",
        examples: &[(
            "huh, entered softirq 1 TIMER 00000000deadbeef with preempt_count 00000100, exited with 00000101?",
            "softirq TIMER changed the preempt count",
        )],
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
    // kernel/sched/ext/ext.c, scx_softlockup(), scx_hardlockup(), scx_log_sched_disable(); those who end it in order say so.
    Row {
        kind: K::SoftLockup,
        role: Report,
        trust: Sure,
        needles: &["sched_ext: "],
        pattern: r"^sched_ext: Soft lockup - (?P<s>CPU \d+) stuck",
        title: "soft lockup",
        examples: &[("sched_ext: Soft lockup - CPU 1 stuck for 21s, disabling BPF scheduler", "soft lockup")],
    },
    Row {
        kind: K::HardLockup,
        role: Report,
        trust: Sure,
        needles: &["sched_ext: "],
        pattern: r"^sched_ext: Hard lockup - CPU \d+",
        title: "hard lockup",
        examples: &[("sched_ext: Hard lockup - CPU 1, disabling BPF scheduler", "hard lockup")],
    },
    Row {
        kind: K::Other,
        role: Report,
        trust: Sure,
        needles: &["sched_ext: "],
        pattern: r"^sched_ext: BPF .* disabled \((runtime error|scx_bpf_error|runnable task stall|reenqueue limit|rescue bandwidth overload)\)",
        title: "sched_ext: $1",
        examples: &[(
            r#"sched_ext: BPF scheduler "sample" disabled (runnable task stall)"#,
            "sched_ext: runnable task stall",
        )],
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
            ("INFO: task sh:7 blocked in I/O wait for more than 122 seconds.", "task hung"),
            ("INFO: task sh:7 can't die for more than 30 seconds.", "task hung"),
        ],
    },
    // kernel/hung_task.c, debug_show_blocker(), since 6.16: who holds what the task waits for.
    Row {
        kind: K::HungTask,
        role: Sequel,
        trust: Sure,
        needles: &["INFO: task "],
        pattern: r"^INFO: task \S.*?:\d+ (?:<\w+> )?(?:is )?blocked on an? [\w-]+(?:,| likely) ",
        title: "task hung",
        examples: &[
            ("INFO: task sh:7 is blocked on a mutex likely owned by task sample:9.", "task hung"),
            ("INFO: task sh:7 is blocked on an rw-semaphore, but the owner is not found.", "task hung"),
            (
                "INFO: task sh:7 <writer> blocked on an rw-semaphore likely owned by task sample:9 <reader>",
                "task hung",
            ),
        ],
    },
];
