//! KASAN, KFENCE, KCSAN, KMSAN and UBSAN: mm/{kasan,kfence,kmsan}/report.c, kernel/kcsan/report.c, lib/ubsan.c.

use super::row::Role::{Die, Report};
use super::row::Row;
use super::row::Trust::{Sure, WithTrace};
use super::row::symbol;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    Row {
        kind: K::Kasan,
        role: Report,
        trust: Sure,
        needles: &["BUG: KAS"],
        pattern: concat!(
            r"^BUG: KAS[Aa][Nn]: ([\w -]+?)(?: in ",
            symbol!(),
            r".*| (?:at addr|on address) .*)$"
        ),
        title: "KASAN: $1",
        examples: &[
            (
                "BUG: KASAN: slab-use-after-free in cxl_sample_read+0x1c/0x60 [cxl_core]",
                "KASAN: slab-use-after-free in cxl_sample_read [cxl_core]",
            ),
            // Older words.
            (
                "BUG: KASan: out of bounds access in cxl_sample+0xbf/0xe8 at addr ffff88003eb2fa52",
                "KASAN: out of bounds access in cxl_sample",
            ),
            ("BUG: KASan: use after free on address ffff88003eb2fa52", "KASAN: use after free"),
        ],
    },
    Row {
        kind: K::Kfence,
        role: Report,
        trust: Sure,
        needles: &["BUG: KFENCE: "],
        pattern: concat!(r"^BUG: KFENCE: ([\w -]+?) in ", symbol!(), r".*$"),
        title: "KFENCE: $1",
        examples: &[(
            "BUG: KFENCE: out-of-bounds write in cxl_sample+0x1c/0x60",
            "KFENCE: out-of-bounds write in cxl_sample",
        )],
    },
    Row {
        kind: K::Kcsan,
        role: Report,
        trust: Sure,
        needles: &["BUG: KCSAN: "],
        pattern: concat!(r"^BUG: KCSAN: ([\w :-]+?) in ", symbol!(), r".*$"),
        title: "KCSAN: $1",
        examples: &[
            ("BUG: KCSAN: data-race in cxl_sample / cxl_other", "KCSAN: data-race in cxl_sample"),
            ("BUG: KCSAN: assert: race in cxl_sample+0x1c/0x60", "KCSAN: assert: race in cxl_sample"),
        ],
    },
    Row {
        kind: K::Kmsan,
        role: Report,
        trust: Sure,
        needles: &["BUG: KMSAN: "],
        pattern: concat!(r"^BUG: KMSAN: ([\w -]+?) in ", symbol!(), r".*$"),
        title: "KMSAN: $1",
        examples: &[(
            "BUG: KMSAN: uninit-value in cxl_sample+0x1c/0x60",
            "KMSAN: uninit-value in cxl_sample",
        )],
    },
    // mm/kasan/report.c, kasan_report_async().
    Row {
        kind: K::Kasan,
        role: Report,
        trust: Sure,
        needles: &["BUG: KAS"],
        pattern: r"^BUG: KASAN: (invalid-access)$",
        title: "KASAN: $1",
        examples: &[("BUG: KASAN: invalid-access", "KASAN: invalid-access")],
    },
    // A heading that was torn, or a program's words.
    Row {
        kind: K::Kasan,
        role: Report,
        trust: WithTrace,
        needles: &["BUG: KAS"],
        pattern: r"^BUG: KAS[Aa][Nn]: ([\w-]*)",
        title: "KASAN: $1",
        examples: &[("BUG: KASAN: slab-out-of-bou", "KASAN: slab-out-of-bou")],
    },
    Row {
        kind: K::Kfence,
        role: Report,
        trust: WithTrace,
        needles: &["BUG: KFENCE: "],
        pattern: r"^BUG: KFENCE: ([\w-]*)",
        title: "KFENCE: $1",
        examples: &[("BUG: KFENCE: invalid-fr", "KFENCE: invalid-fr")],
    },
    Row {
        kind: K::Kcsan,
        role: Report,
        trust: WithTrace,
        needles: &["BUG: KCSAN: "],
        pattern: r"^BUG: KCSAN: ([\w-]*)",
        title: "KCSAN: $1",
        examples: &[("BUG: KCSAN: data-r", "KCSAN: data-r")],
    },
    Row {
        kind: K::Kmsan,
        role: Report,
        trust: WithTrace,
        needles: &["BUG: KMSAN: "],
        pattern: r"^BUG: KMSAN: ([\w-]*)",
        title: "KMSAN: $1",
        examples: &[("BUG: KMSAN: uninit-v", "KMSAN: uninit-v")],
    },
    Row {
        kind: K::Ubsan,
        role: Report,
        trust: Sure,
        needles: &["UBSAN: "],
        pattern: r"^UBSAN: ([\w -]+?) in \S",
        title: "UBSAN: $1",
        examples: &[(
            "UBSAN: array-index-out-of-bounds in drivers/cxl/core/hdm.c:12:3",
            "UBSAN: array-index-out-of-bounds",
        )],
    },
    // CONFIG_UBSAN_TRAP on x86: arch/x86/kernel/traps.c, handle_bug().
    Row {
        kind: K::Ubsan,
        role: Report,
        trust: Sure,
        needles: &["UBSAN: "],
        pattern: concat!(r"^UBSAN: ([\w -]+?) at ", symbol!()),
        title: "UBSAN: $1",
        examples: &[(
            "UBSAN: array index out of bounds at cxl_sample+0x1c/0x60 [cxl_core]",
            "UBSAN: array index out of bounds in cxl_sample [cxl_core]",
        )],
    },
    // CONFIG_UBSAN_TRAP on arm64: arch/arm64/kernel/traps.c, ubsan_handler().
    Row {
        kind: K::Ubsan,
        role: Die,
        trust: Sure,
        needles: &["UBSAN: "],
        pattern: r"^Internal error: UBSAN: ([\w -]+)",
        title: "UBSAN: $1",
        examples: &[(
            "Internal error: UBSAN: array index out of bounds: 00000000f2005512 [#1] SMP",
            "UBSAN: array index out of bounds",
        )],
    },
];
