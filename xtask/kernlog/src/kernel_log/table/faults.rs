//! Faults, what announces them, and the numbered line of `die()`: arch/*/mm/fault.c, arch/*/kernel/traps.c,
//! arch/x86/kernel/dumpstack.c, lib/bug.c, mm/usercopy.c, lib/string_helpers.c.

use super::row::Role::{Die, Prelude};
use super::row::Row;
use super::row::Trust::{Sure, WithTrace};
use super::row::symbol;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["nable to handle"],
        pattern: r"^(?:BUG: |CPU \d+ )?[Uu]nable to handle (?:kernel )?NULL pointer dereference",
        title: "NULL pointer dereference",
        examples: &[
            (
                "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008",
                "NULL pointer dereference",
            ),
            ("BUG: unable to handle kernel NULL pointer dereference at 00000008", "NULL pointer dereference"),
        ],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["BUG: "],
        pattern: r"^BUG: [Kk]ernel NULL pointer dereference",
        title: "NULL pointer dereference",
        examples: &[(
            "BUG: kernel NULL pointer dereference, address: 0000000000000010",
            "NULL pointer dereference",
        )],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["nable to handle"],
        pattern: r"^(?:BUG: |CPU \d+ )?[Uu]nable to handle (?:page fault|kernel paging request)",
        title: "page fault",
        examples: &[
            ("BUG: unable to handle page fault for address: ffffc90000a00000", "page fault"),
            (
                "CPU 0 Unable to handle kernel paging request at virtual address 00000000, epc == 80123456, ra == 80123457",
                "page fault",
            ),
        ],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["nable to handle"],
        pattern: r"^(?:BUG: )?[Uu]nable to handle kernel(?: ([\w -]+?))?(?: \(.*\))?(?: at .*)?$",
        title: "unable to handle kernel $1",
        examples: &[
            (
                "BUG: Unable to handle kernel instruction fetch (NULL pointer?)",
                "unable to handle kernel instruction fetch",
            ),
            (
                "Unable to handle kernel access to user memory outside uaccess routines at virtual address 0000000000000008",
                "unable to handle kernel access to user memory outside uaccess routines",
            ),
            ("Unable to handle kernel", "unable to handle kernel"),
        ],
    },
    // arch/powerpc/mm/fault.c, __bad_page_fault().
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["nable to handle"],
        pattern: r"^BUG: Unable to handle unknown paging fault",
        title: "page fault",
        examples: &[("BUG: Unable to handle unknown paging fault at 0xc000000000001000", "page fault")],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["to execute"],
        pattern: r"^kernel tried to execute (?:NX-protected|user)",
        title: "page fault",
        examples: &[("kernel tried to execute NX-protected page - exploit attempt? (uid: 0)", "page fault")],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["to execute"],
        pattern: r"^unable to execute userspace code",
        title: "page fault",
        examples: &[("unable to execute userspace code (SMEP?) (uid: 0)", "page fault")],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["BUG: "],
        pattern: r"^BUG: (?:\S+ )?stack guard page was hit",
        title: "stack overflow",
        examples: &[(
            "BUG: TASK stack guard page was hit at 00000000aaaaaaaa (stack is 00000000bbbbbbbb..00000000cccccccc)",
            "stack overflow",
        )],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["Insufficient stack", "stack overflow"],
        pattern: r"^(?:Insufficient stack space to handle exception|[Kk]ernel stack overflow|do_IRQ: stack overflow: -?\d)",
        title: "stack overflow",
        examples: &[
            ("Insufficient stack space to handle exception!", "stack overflow"),
            ("Kernel stack overflow", "stack overflow"),
            // arch/{mips,powerpc}/kernel/irq.c, check_stack_overflow().
            ("do_IRQ: stack overflow: 1232", "stack overflow"),
        ],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["PANIC: "],
        pattern: r"^(?:traps: )?PANIC: double fault",
        title: "double fault",
        examples: &[("traps: PANIC: double fault, error_code: 0x0", "double fault")],
    },
    // Before there is a handler for it: arch/x86/mm/extable.c, early_fixup_exception(); arch/s390/kernel/early.c,
    // __do_early_pgm_check(); arch/x86/coco/sev/vc-handle.c, handle_vc_boot_ghcb().
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["PANIC: "],
        pattern: r"^PANIC: (?:early exception (?:0x)?[0-9a-f]|(?:Unsupported exit-code|Failure in communication with VMM|Failed to decode instruction) ?\(?.*0x)",
        title: "early exception",
        examples: &[
            (
                "PANIC: early exception 0x0d IP 10:ffffffff81000000 error 0 cr2 0xffff888100a00000",
                "early exception",
            ),
            ("PANIC: early exception 0010 PSW: 0000000180000000 0000000000100000", "early exception"),
            (
                "PANIC: Unsupported exit-code 0x7c in early #VC exception (IP: 0xffffffff81000000)",
                "early exception",
            ),
        ],
    },
    // arch/x86/entry/entry_fred.c, fred_bad_type().
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["PANIC: ", "BUG: "],
        pattern: r"^(?:PANIC|BUG): (invalid or fatal FRED event);",
        title: "$1",
        examples: &[(
            "PANIC: invalid or fatal FRED event; event type 3 vector 14 error 0x0 aux 0x0 at 0010:ffffffff81000000",
            "invalid or fatal FRED event",
        )],
    },
    Row {
        kind: K::Oops,
        role: Die,
        trust: Sure,
        needles: &["[#"],
        pattern: r"^(?:Oops: )?(general protection fault|double fault|divide error|invalid opcode|stack segment|int3|alignment check|bounds|overflow|invalid TSS|segment not present|coprocessor segment overrun|simd exception|control protection|unknown exception|trap invalid)\b.*\[#\d+\]",
        title: "$1",
        examples: &[
            ("Oops: invalid opcode: 0000 [#1] SMP NOPTI", "invalid opcode"),
            ("divide error: 0000 [#4] SMP NOPTI", "divide error"),
            ("stack segment: 0000 [#12] SMP", "stack segment"),
        ],
    },
    Row {
        kind: K::Oops,
        role: Die,
        trust: Sure,
        needles: &["protection fault"],
        pattern: r"^(?:Oops: )?(general protection fault), (?:probably|maybe) for ",
        title: "$1",
        examples: &[(
            "general protection fault, probably for non-canonical address 0xdffffc0000000001: 0000",
            "general protection fault",
        )],
    },
    Row {
        kind: K::Oops,
        role: Die,
        trust: Sure,
        needles: &["[#"],
        pattern: r"^Internal error: (.*?)(?::? [0-9a-f]{1,16})? \[#\d+\]",
        title: "$1",
        examples: &[
            ("Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP", "Oops"),
            ("Internal error: Oops - BUG: 00000000f2000800 [#7] SMP", "Oops - BUG"),
        ],
    },
    // arch/powerpc/kernel/traps.c, __die(); what any caller of x86's die() says.
    Row {
        kind: K::Oops,
        role: Die,
        trust: Sure,
        needles: &["[#"],
        pattern: r"^Oops: ([A-Za-z#][\w #/()'-]*)(?:, sig: \d+|: [0-9a-f]{4}) \[#\d+\]",
        title: "$1",
        examples: &[
            ("Oops: Kernel access of bad area, sig: 11 [#1]", "Kernel access of bad area"),
            ("Oops: Bad kernel stack pointer, sig: 6 [#12]", "Bad kernel stack pointer"),
            ("Oops: Bad pagetable: 0009 [#1] SMP NOPTI", "Bad pagetable"),
            ("Oops: unexpected #NM exception: 0000 [#2] SMP", "unexpected #NM exception"),
        ],
    },
    // arch/x86/kernel/traps.c, exc_alignment_check(): the counter comes on the next line.
    Row {
        kind: K::Oops,
        role: Die,
        trust: Sure,
        needles: &["Oops: "],
        pattern: r"^Oops: (Split lock detected)",
        title: "$1",
        examples: &[("Oops: Split lock detected", "Split lock detected")],
    },
    // arch/s390/kernel/dumpstack.c, die().
    Row {
        kind: K::Oops,
        role: Die,
        trust: Sure,
        needles: &["[#"],
        pattern: r"^([A-Za-z][\w ,./()-]{2,60}): [0-9a-f]{2,16} ilc:\d \[#\d+\]",
        title: "$1",
        examples: &[
            ("specification exception: 0006 ilc:2 [#1] SMP", "specification exception"),
            ("addressing exception: 0005 ilc:3 [#14] PREEMPT SMP", "addressing exception"),
        ],
    },
    Row {
        kind: K::Oops,
        role: Die,
        trust: Sure,
        needles: &["[#"],
        pattern: r"^Oops(?: - [^\[]*?)?(?: |: ).*\[#\d+\]",
        title: "Oops",
        examples: &[("Oops: 0000 [#1] SMP NOPTI", "Oops"), ("Oops - illegal instruction [#5]", "Oops")],
    },
    Row {
        kind: K::Oops,
        role: Die,
        trust: Sure,
        needles: &["[#"],
        pattern: r"^(?:Oops|Kernel (?:BUG|access of bad area).*) ?\[#\d+\]",
        title: "Oops",
        examples: &[("Oops[#1]:", "Oops"), ("Kernel BUG [#1]", "Oops")],
    },
    Row {
        kind: K::Bug,
        role: Die,
        trust: Sure,
        needles: &["[#"],
        pattern: r"^Kernel bug detected ?\[#\d+\]",
        title: "kernel BUG",
        examples: &[("Kernel bug detected[#1]:", "kernel BUG")],
    },
    // Without a counter, before 3.0.
    Row {
        kind: K::Oops,
        role: Die,
        trust: Sure,
        needles: &["Oops: "],
        pattern: r"^Oops: [0-9a-f]{4} \[",
        title: "Oops",
        examples: &[("Oops: 0000 [1] SMP", "Oops")],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["Bad mode in"],
        pattern: r"^Bad mode in .* handler detected",
        title: "bad mode",
        examples: &[("Bad mode in Synchronous Abort handler detected on CPU0, code 0x8600000f", "bad mode")],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["SError Int"],
        pattern: r"^SError Interrupt on CPU",
        title: "SError",
        examples: &[("SError Interrupt on CPU2, code 0x00000000bf000002 -- SError", "SError")],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["Unhandled "],
        pattern: r"^Unhandled .*exception on CPU",
        title: "unhandled exception",
        examples: &[(
            "Unhandled 64-bit el1h sync exception on CPU1, ESR 0x0000000002000000",
            "unhandled exception",
        )],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["kernel BRK"],
        pattern: r"^Unexpected kernel BRK exception at EL1",
        title: "unexpected BRK exception",
        examples: &[("Unexpected kernel BRK exception at EL1", "unexpected BRK exception")],
    },
    // arch/arm64/kernel/debug-monitors.c, do_el1_softstep(): the kernel goes on.
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: Sure,
        needles: &["single-step exc"],
        pattern: r"^Unexpected kernel single-step exception at EL1",
        title: "unexpected single-step exception",
        examples: &[("Unexpected kernel single-step exception at EL1", "unexpected single-step exception")],
    },
    // kernel/cfi.c, report_cfi_failure().
    Row {
        kind: K::Bug,
        role: Prelude,
        trust: Sure,
        needles: &["CFI failure"],
        pattern: concat!(r"^CFI failure(?: at |.*\()", symbol!()),
        title: "CFI failure",
        examples: &[
            (
                "CFI failure at cxl_sample+0x1c/0x60 [cxl_core] (target: cxl_other+0x0/0x10; expected type: 0x12345678)",
                "CFI failure in cxl_sample [cxl_core]",
            ),
            ("CFI failure (target: cxl_sample+0x0/0x10):", "CFI failure in target"),
        ],
    },
    Row {
        kind: K::Bug,
        role: Prelude,
        trust: Sure,
        needles: &["BUG at "],
        pattern: r"^[Kk]ernel BUG at ",
        title: "kernel BUG",
        examples: &[
            ("kernel BUG at drivers/cxl/core/port.c:12!", "kernel BUG"),
            // Before 7.0, and without CONFIG_DEBUG_BUGVERBOSE.
            ("Kernel BUG at cxl_sample+0x1c/0x60 [verbose debug info unavailable]", "kernel BUG"),
        ],
    },
    // include/asm-generic/bug.h, BUG(), of architectures without one of their own.
    Row {
        kind: K::Bug,
        role: Prelude,
        trust: Sure,
        needles: &["BUG: "],
        pattern: r"^BUG: failure at [\w./+-]+:\d+/(?P<f>[A-Za-z_]\w*)\(\)!",
        title: "kernel BUG",
        examples: &[("BUG: failure at drivers/cxl/core/port.c:12/cxl_sample()!", "kernel BUG in cxl_sample")],
    },
    Row {
        kind: K::Bug,
        role: Prelude,
        trust: Sure,
        needles: &["attempt detected"],
        pattern: r"^(?:usercopy: )?[Kk]ernel memory (exposure|overwrite) attempt detected",
        title: "usercopy: kernel memory $1",
        examples: &[(
            "usercopy: Kernel memory exposure attempt detected from SLUB object 'kmalloc-64' (offset 0, size 65)!",
            "usercopy: kernel memory exposure",
        )],
    },
    Row {
        kind: K::Bug,
        role: Prelude,
        trust: Sure,
        needles: &["detected buffer overflow"],
        pattern: r"^(?:detected buffer overflow in (?:\w+)|\w+: detected buffer overflow)",
        title: "buffer overflow",
        examples: &[
            ("detected buffer overflow in strnlen", "buffer overflow"),
            ("memcpy: detected buffer overflow: 80 byte write of buffer size 64", "buffer overflow"),
        ],
    },
    // arm's; it also stands before faults of programs.
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: WithTrace,
        needles: &["cut here"],
        pattern: r"^8<--- cut here ---",
        title: "Oops",
        examples: &[("8<--- cut here ---", "Oops")],
    },
    Row {
        kind: K::Oops,
        role: Prelude,
        trust: WithTrace,
        needles: &["Unhandled "],
        pattern: r"^Unhandled (?:fault|prefetch abort): (.*?) \(0x",
        title: "unhandled fault: $1",
        examples: &[
            (
                "Unhandled fault: external abort on non-linefetch (0x1028) at 0xfed01000",
                "unhandled fault: external abort on non-linefetch",
            ),
            (
                "Unhandled prefetch abort: breakpoint debug exception (0x002) at 0x00000000",
                "unhandled fault: breakpoint debug exception",
            ),
        ],
    },
];
