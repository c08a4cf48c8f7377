//! Reports that belong to no class above: net/core/dev.c, arch/x86/mm/extable.c, arch/x86/kernel/cpu/mce/core.c,
//! kernel/irq/spurious.c, fs/{dcache,super}.c, fs/sysfs/dir.c, lib/ref_tracker.c, lib/smp_processor_id.c.

use super::row::Role::{Prelude, Report, Sequel};
use super::row::Row;
use super::row::Trust::Sure;
use super::row::symbol;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["BUG: using "],
        pattern: r"^BUG: using (\S+) in preemptible",
        title: "using $1 in preemptible code",
        examples: &[(
            "BUG: using smp_processor_id() in preemptible [00000000] code: sh/77",
            "using smp_processor_id() in preemptible code",
        )],
    },
    Row {
        kind: K::Bug,
        role: Prelude,
        trust: Sure,
        needles: &["BUG: Dentry "],
        pattern: r"^BUG: Dentry .*still in use",
        title: "dentry still in use",
        examples: &[(
            "BUG: Dentry ffff888100a00000{i=1,n=sample}  still in use (1) [unmount of tmpfs tmpfs]",
            "dentry still in use",
        )],
    },
    Row {
        kind: K::Other,
        role: Report,
        trust: Sure,
        needles: &["unregister_netdevice"],
        pattern: r"^unregister_netdevice: waiting for \S+ to become free",
        title: "unregister_netdevice: waiting for a device to become free",
        examples: &[(
            "unregister_netdevice: waiting for lo to become free. Usage count = 2",
            "unregister_netdevice: waiting for a device to become free",
        )],
    },
    Row {
        kind: K::Other,
        role: Report,
        trust: Sure,
        needles: &["unchecked MSR"],
        pattern: concat!(
            r"^unchecked MSR access error: (\w+)(?:.* at rIP: 0x[0-9a-f]+ \(",
            symbol!(),
            r"\))?"
        ),
        title: "unchecked MSR access: $1",
        examples: &[
            (
                "unchecked MSR access error: RDMSR from 0xc0011029 at rIP: 0xffffffff81000000 (cxl_sample+0x4/0x20)",
                "unchecked MSR access: RDMSR in cxl_sample",
            ),
            (
                "unchecked MSR access error: WRMSR to 0x123 (tried to write 0x0000000000000001)",
                "unchecked MSR access: WRMSR",
            ),
        ],
    },
    Row {
        kind: K::Warning,
        role: Report,
        trust: Sure,
        needles: &["create duplicate filename"],
        pattern: r"^sysfs: cannot create duplicate filename",
        title: "sysfs: duplicate filename",
        examples: &[(
            "sysfs: cannot create duplicate filename '/bus/cxl/devices/mem0'",
            "sysfs: duplicate filename",
        )],
    },
    Row {
        kind: K::Other,
        role: Sequel,
        trust: Sure,
        needles: &["Hardware Error]: "],
        pattern: r"^(?:mce: )?(?:\[Hardware Error\]: )CPU \d+: Machine Check",
        title: "machine check",
        examples: &[(
            "mce: [Hardware Error]: CPU 0: Machine Check Exception: 5 Bank 0: b200000000000000",
            "machine check",
        )],
    },
    Row {
        kind: K::Other,
        role: Report,
        trust: Sure,
        needles: &["nobody cared", "bogus return"],
        pattern: r"^irq (?:event )?\d+: (?:nobody cared|bogus return value)",
        title: "irq: nobody cared",
        examples: &[
            (r#"irq 16: nobody cared (try booting with the "irqpoll" option)"#, "irq: nobody cared"),
            ("irq event 16: bogus return value ffff", "irq: nobody cared"),
        ],
    },
    Row {
        kind: K::Other,
        role: Report,
        trust: Sure,
        needles: &["Busy inodes"],
        pattern: r"^VFS: Busy inodes after unmount",
        title: "VFS: busy inodes after unmount",
        examples: &[("VFS: Busy inodes after unmount of tmpfs (tmpfs)", "VFS: busy inodes after unmount")],
    },
    Row {
        kind: K::Other,
        role: Report,
        trust: Sure,
        needles: &["already released"],
        pattern: r"^(?:ref_tracker: )?reference already released\.?$",
        title: "reference already released",
        examples: &[("ref_tracker: reference already released.", "reference already released")],
    },
];
