//! `WARN()` and what only the middle of a report has: kernel/panic.c, lib/bug.c, arch/x86/kernel/unwind_*.c.

use super::row::Role::{Prelude, Report, Torn};
use super::row::Row;
use super::row::TORN;
use super::row::Trust::Sure;
use super::row::symbol;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    Row {
        kind: K::Warning,
        role: Prelude,
        trust: Sure,
        needles: &["cut here"],
        pattern: r"^-+\[ cut here \]-+",
        title: "WARNING",
        examples: &[("------------[ cut here ]------------", "WARNING")],
    },
    Row {
        kind: K::Warning,
        role: Report,
        trust: Sure,
        needles: &["WARNING: "],
        pattern: concat!(r"^WARNING: (?:CPU: \d+ PID: \d+ )?at (?:\[.*\] )?[\w./+-]+:\d+ ", symbol!()),
        title: "WARNING",
        examples: &[(
            "WARNING: CPU: 1 PID: 7 at drivers/cxl/core/port.c:12 cxl_sample+0x1c/0x60 [cxl_core]",
            "WARNING in cxl_sample [cxl_core]",
        )],
    },
    Row {
        kind: K::Warning,
        role: Report,
        trust: Sure,
        needles: &["WARNING: "],
        pattern: r"^WARNING: (?:CPU: \d+ PID: \d+ )?at (?P<f>[A-Za-z_.$][\w.$]*)\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[(?P<m>\w+))?",
        title: "WARNING",
        examples: &[(
            "WARNING: CPU: 1 PID: 7 at cxl_sample+0x1c/0x60 [cxl_core]",
            "WARNING in cxl_sample [cxl_core]",
        )],
    },
    // With CONFIG_DEBUG_BUGVERBOSE_DETAILED the condition comes first, in brackets, and may hold brackets of its own.
    Row {
        kind: K::Warning,
        role: Report,
        trust: Sure,
        needles: &["WARNING: "],
        pattern: concat!(r"^WARNING: (?:\[.*\] )?[\w./+-]+:\d+ at ", symbol!()),
        title: "WARNING",
        examples: &[
            (
                "WARNING: drivers/cxl/core/region.c:812 at cxl_sample+0x10/0x20 [cxl_core], CPU#1: sh/77",
                "WARNING in cxl_sample [cxl_core]",
            ),
            (
                "WARNING: [sample[i] != other[(j) + 1]] drivers/cxl/core/region.c:12 at cxl_sample+0x10/0x20, CPU#1: sh/77",
                "WARNING in cxl_sample",
            ),
        ],
    },
    Row {
        kind: K::Warning,
        role: Report,
        trust: Sure,
        needles: &["WARNING: ", "Badness at"],
        pattern: r"^(?:WARNING: (?:CPU: \d+ PID: \d+|at )|Badness at )",
        title: "WARNING",
        examples: &[
            ("WARNING: at drivers/cxl/port.c:307", "WARNING"),
            ("Badness at drivers/cxl/port.c:307", "WARNING"),
        ],
    },
    Row {
        kind: K::Warning,
        role: Report,
        trust: Sure,
        needles: &["WARNING: "],
        pattern: r"^WARNING: (stack recursion|kernel stack (?:regs|frame pointer)|stack going in the wrong direction|can't (?:access|dereference) registers)",
        title: "$1",
        examples: &[(
            "WARNING: kernel stack regs at 00000000aaaaaaaa in sh:77 has bad 'bp' value 0",
            "kernel stack regs",
        )],
    },
    // Only programs' faults print registers without one of these and the mark of an end.
    Row {
        kind: K::Warning,
        role: Torn,
        trust: Sure,
        needles: &["Modules linked in:", "---[ end trace"],
        pattern: r"^(?:Modules linked in:|---\[ end trace)",
        title: TORN,
        examples: &[("Modules linked in: cxl_core", TORN), ("---[ end trace 0000000000000000 ]---", TORN)],
    },
];
