//! lockdep and what checks that locks are given back: kernel/locking/lockdep.c, kernel/workqueue.c,
//! kernel/locking/spinlock_debug.c.

use super::row::Role::{Prelude, Report};
use super::row::Row;
use super::row::Trust::Sure;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    Row {
        kind: K::Lockdep,
        role: Report,
        trust: Sure,
        needles: &["WARNING: ", "INFO: "],
        pattern: r"^(?:WARNING|INFO): ((?:possible|inconsistent|bad unlock|bad contention|held lock|lock held|[Nn]ested lock|suspicious RCU|chain_key collision) ?[\w -]*)",
        title: "$1",
        examples: &[
            (
                "WARNING: possible circular locking dependency detected",
                "possible circular locking dependency detected",
            ),
            ("INFO: possible recursive locking detected", "possible recursive locking detected"),
            ("WARNING: chain_key collision", "chain_key collision"),
        ],
    },
    Row {
        kind: K::Lockdep,
        role: Report,
        trust: Sure,
        needles: &["WARNING: ", "INFO: "],
        pattern: r"^(?:WARNING|INFO): ([\w/-]+-safe -> [\w/-]+-unsafe lock order detected)",
        title: "$1",
        examples: &[(
            "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
            "HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
        )],
    },
    Row {
        kind: K::Lockdep,
        role: Report,
        trust: Sure,
        needles: &["INFO: "],
        pattern: r"^INFO: (trying to register non-static key)",
        title: "$1",
        examples: &[("INFO: trying to register non-static key.", "trying to register non-static key")],
    },
    Row {
        kind: K::Lockdep,
        role: Report,
        trust: Sure,
        needles: &["WARNING: ", "BUG: "],
        pattern: r"^(?:WARNING|BUG): \S.*? (still has locks held)",
        title: "$1",
        examples: &[("WARNING: sh/77 still has locks held!", "still has locks held")],
    },
    Row {
        kind: K::Lockdep,
        role: Report,
        trust: Sure,
        needles: &["BUG: ", "INFO: ", "WARNING: "],
        pattern: r"^\[ (?:BUG|INFO|WARNING): (?:\S+/\d+ )?([^\]]*?)[!.]? \]$",
        title: "$1",
        examples: &[("[ BUG: Invalid wait context ]", "Invalid wait context")],
    },
    // kernel/workqueue.c, process_one_work(), since 6.10; before it the row below.
    Row {
        kind: K::Lockdep,
        role: Report,
        trust: Sure,
        needles: &["BUG: workqueue leaked"],
        pattern: r"^BUG: (workqueue leaked atomic, lock or RCU)",
        title: "$1",
        examples: &[(
            "BUG: workqueue leaked atomic, lock or RCU: kworker/1:0[12]",
            "workqueue leaked atomic, lock or RCU",
        )],
    },
    Row {
        kind: K::Lockdep,
        role: Report,
        trust: Sure,
        needles: &["BUG: workqueue leaked"],
        pattern: r"^BUG: (workqueue leaked lock)",
        title: "$1",
        examples: &[(
            "BUG: workqueue leaked lock or atomic: kworker/u4:1/0x00000000/21",
            "workqueue leaked lock",
        )],
    },
    Row {
        kind: K::Lockdep,
        role: Report,
        trust: Sure,
        needles: &["BUG: MAX_"],
        pattern: r"^BUG: (MAX_\w+) too low",
        title: "$1 too low",
        examples: &[("BUG: MAX_LOCKDEP_ENTRIES too low!", "MAX_LOCKDEP_ENTRIES too low")],
    },
    // lockdep.c, look_up_lock_class(), lockdep_init_map_type().
    Row {
        kind: K::Lockdep,
        role: Report,
        trust: Sure,
        needles: &["BUG: "],
        pattern: r"^BUG: (looking up invalid subclass):",
        title: "$1",
        examples: &[("BUG: looking up invalid subclass: 9", "looking up invalid subclass")],
    },
    Row {
        kind: K::Lockdep,
        role: Prelude,
        trust: Sure,
        needles: &["BUG: "],
        pattern: r"^BUG: key \S+ has not been registered!",
        title: "lock class key was not registered",
        examples: &[(
            "BUG: key ffff888100a00000 has not been registered!",
            "lock class key was not registered",
        )],
    },
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["BUG: "],
        pattern: r"^BUG: (spinlock|rwlock) ([a-z ]+?) on CPU",
        title: "$1 $2",
        examples: &[("BUG: spinlock bad magic on CPU#1, sh/77", "spinlock bad magic")],
    },
];
