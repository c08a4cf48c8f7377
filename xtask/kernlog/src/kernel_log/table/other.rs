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
    // fs/open.c, filp_flush().
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["file count is 0"],
        pattern: r"^VFS: Close: file count is 0",
        title: "VFS: close of a file whose count is 0",
        examples: &[(
            "VFS: Close: file count is 0 (f_op=cxl_memdev_fops)",
            "VFS: close of a file whose count is 0",
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
        pattern: r"^(?:mce: )?(?:\[Hardware Error\]: )CPU \d+: Machine Check Exception",
        title: "machine check",
        examples: &[(
            "mce: [Hardware Error]: CPU 0: Machine Check Exception: 5 Bank 0: b200000000000000",
            "machine check",
        )],
    },
    // arch/powerpc/kernel/mce.c, machine_check_print_event_info().
    Row {
        kind: K::Other,
        role: Prelude,
        trust: Sure,
        needles: &["achine check"],
        pattern: r"^(?:mce: )?(?:MCE: CPU\d+: machine check \((?:Severe|Fatal)\)|(?:Severe|Fatal) Machine check interrupt) .*\[Not recovered\]",
        title: "machine check",
        examples: &[
            (
                "MCE: CPU3: machine check (Severe)  UE Load/Store DAR: 00007fff00000000 [Not recovered]",
                "machine check",
            ),
            ("Severe Machine check interrupt [Not recovered]", "machine check"),
        ],
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
        role: Prelude,
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
    // drivers/base/core.c, dev_attr_show(); fs/sysfs/file.c. The function named wrote beyond its page.
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["returned bad count"],
        pattern: concat!(
            r"^(?:dev_attr_show|fill_read_buffer): ",
            symbol!(),
            r"(?:/\S+(?: \[\w+\])?)? returned bad count"
        ),
        title: "sysfs attribute longer than a page",
        examples: &[
            (
                "dev_attr_show: cxl_sample_show+0x0/0x40 [cxl_core] returned bad count",
                "sysfs attribute longer than a page in cxl_sample_show [cxl_core]",
            ),
            (
                "dev_attr_show: cxl_sample_show+0x0/0x40 [cxl_core]/0x0 returned bad count",
                "sysfs attribute longer than a page in cxl_sample_show [cxl_core]",
            ),
        ],
    },
    // kernel/sched/psi.c, psi_group_change(), psi_flags_change(); told once.
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["psi: "],
        pattern: r"^psi: (task underflow|inconsistent task state)!",
        title: "psi: $1",
        examples: &[(
            "psi: inconsistent task state! task=77:sh cpu=1 psi_flags=4 clear=0 set=4",
            "psi: inconsistent task state",
        )],
    },
    // kernel/rcu/{tree,tiny}.c, call_rcu().
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["Double-freed CB"],
        pattern: concat!(r"^(?:rcu: )?\w+\(\): Double-freed CB \S+?->", symbol!()),
        title: "RCU callback queued twice",
        examples: &[(
            "rcu: __call_rcu_common(): Double-freed CB 00000000deadbeef->cxl_sample_free+0x0/0x40 [cxl_core]()!!!",
            "RCU callback queued twice in cxl_sample_free [cxl_core]",
        )],
    },
    // kernel/rcu/rcutorture.c, kernel/locking/locktorture.c, kernel/scftorture.c: the result of the whole test.
    Row {
        kind: K::Other,
        role: Report,
        trust: Sure,
        needles: &["End of test: "],
        pattern: r"^(\w+-torture|scftorture):? ?--- End of test: (?:FAILURE|RCU_HOTPLUG|LOCK_HOTPLUG)",
        title: "$1 failed",
        examples: &[("rcu-torture:--- End of test: FAILURE: nreaders=7", "rcu-torture failed")],
    },
    // arch/*/mm/{ptdump,dump_pagetables}.c, ptdump_check_wx(); x86 warns of the first page, too.
    Row {
        kind: K::Warning,
        role: Sequel,
        trust: Sure,
        needles: &["mappings: FAILED"],
        pattern: r"^(?:x86/mm: )?Checked W\+X mappings: FAILED, ",
        title: "pages that are writable and executable",
        examples: &[(
            "x86/mm: Checked W+X mappings: FAILED, 12 W+X pages found.",
            "pages that are writable and executable",
        )],
    },
];
