//! The lines that open a report, one rule each.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::heading::Role;
use crate::SplatKind;

/// How a heading is told, and what it comes to.
pub(super) struct Rule {
    pub kind: SplatKind,
    pub role: Role,
    pub unsure: bool,
    pub regex: &'static str,
    /// `$1` is the first capture. The captures `f` and `m` are function and module, `s` the subject.
    pub title: &'static str,
}

const fn rule(kind: SplatKind, role: Role, regex: &'static str, title: &'static str) -> Rule {
    Rule { kind, role, unsure: false, regex, title }
}

/// A title that is the line itself.
pub(super) const OWN_WORDS: &str = "";

/// A report of which the log has the middle or the end.
pub(super) const TORN: &str = "report without its beginning";

use Role::{Die, Panic, Prelude, Report, Sequel, Torn};
use SplatKind as K;

/// A symbol as `%pS` prints it, with its module.
macro_rules! symbol {
    () => {
        r"(?P<f>[A-Za-z_.$][\w.$]*)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: [\w./-]+\.[ch]:\d+)?(?: \[inline\])?(?: \[(?P<m>\w+)[^\]]*\])?"
    };
}

/// The first rule that fits wins. Sources: kernel/panic.c, lib/bug.c, arch/*/mm/fault.c, arch/*/kernel/traps.c,
/// mm/{kasan,kfence,kmsan}/report.c, kernel/kcsan/report.c, lib/ubsan.c, kernel/locking/lockdep.c,
/// kernel/rcu/tree_stall.h, kernel/watchdog.c, kernel/hung_task.c, kernel/workqueue.c, mm/{slub,page_alloc}.c.
pub(super) const RULES: &[Rule] = &[
    rule(
        K::Kasan,
        Report,
        concat!(r"^BUG: KAS[Aa][Nn]: ([\w -]+?)(?: in ", symbol!(), r".*| (?:at addr|on address) .*)$"),
        "KASAN: $1",
    ),
    rule(K::Kfence, Report, concat!(r"^BUG: KFENCE: ([\w -]+?) in ", symbol!(), r".*$"), "KFENCE: $1"),
    rule(K::Kcsan, Report, concat!(r"^BUG: KCSAN: ([\w :-]+?) in ", symbol!(), r".*$"), "KCSAN: $1"),
    rule(K::Kmsan, Report, concat!(r"^BUG: KMSAN: ([\w -]+?) in ", symbol!(), r".*$"), "KMSAN: $1"),
    // Torn in the heading, or a program's words.
    Rule { unsure: true, ..rule(K::Kasan, Report, r"^BUG: KAS[Aa][Nn]: ([\w-]*)", "KASAN: $1") },
    Rule { unsure: true, ..rule(K::Kfence, Report, r"^BUG: KFENCE: ([\w-]*)", "KFENCE: $1") },
    Rule { unsure: true, ..rule(K::Kcsan, Report, r"^BUG: KCSAN: ([\w-]*)", "KCSAN: $1") },
    Rule { unsure: true, ..rule(K::Kmsan, Report, r"^BUG: KMSAN: ([\w-]*)", "KMSAN: $1") },
    rule(K::Ubsan, Report, r"^UBSAN: ([\w -]+?) in \S", "UBSAN: $1"),
    rule(
        K::Oops,
        Prelude,
        r"^(?:BUG: |CPU \d+ )?[Uu]nable to handle (?:kernel )?NULL pointer dereference",
        "NULL pointer dereference",
    ),
    rule(K::Oops, Prelude, r"^BUG: [Kk]ernel NULL pointer dereference", "NULL pointer dereference"),
    rule(
        K::Oops,
        Prelude,
        r"^(?:BUG: |CPU \d+ )?[Uu]nable to handle (?:page fault|kernel paging request)",
        "page fault",
    ),
    rule(
        K::Oops,
        Prelude,
        r"^(?:BUG: )?[Uu]nable to handle kernel(?: ([\w -]+?))?(?: at .*)?$",
        "unable to handle kernel $1",
    ),
    rule(K::Oops, Prelude, r"^kernel tried to execute (?:NX-protected|user)", "page fault"),
    rule(K::Oops, Prelude, r"^unable to execute userspace code", "page fault"),
    rule(K::Oops, Prelude, r"^BUG: (?:\S+ )?stack guard page was hit", "stack overflow"),
    rule(
        K::Oops,
        Prelude,
        r"^(?:Insufficient stack space to handle exception|[Kk]ernel stack overflow)",
        "stack overflow",
    ),
    rule(K::Oops, Prelude, r"^(?:traps: )?PANIC: double fault", "double fault"),
    rule(
        K::Oops,
        Die,
        r"^(?:Oops: )?(general protection fault|double fault|divide error|invalid opcode|stack segment|int3|alignment check|bounds|overflow|invalid TSS|segment not present|coprocessor segment overrun|simd exception|control protection|unknown exception|trap invalid)\b.*\[#\d+\]",
        "$1",
    ),
    rule(K::Oops, Die, r"^(?:Oops: )?(general protection fault), (?:probably|maybe) for ", "$1"),
    rule(K::Ubsan, Die, r"^Internal error: UBSAN: ([\w -]+)", "UBSAN: $1"),
    rule(K::Oops, Die, r"^Internal error: (.*?)(?::? [0-9a-f]{1,16})? \[#\d+\]", "$1"),
    rule(K::Oops, Die, r"^Oops(?: - [^\[]*?)?(?: |: ).*\[#\d+\]", "Oops"),
    rule(K::Oops, Die, r"^(?:Oops|Kernel (?:BUG|access of bad area).*) ?\[#\d+\]", "Oops"),
    rule(K::Bug, Die, r"^Kernel bug detected ?\[#\d+\]", "kernel BUG"),
    rule(K::Oops, Die, r"^Oops: [0-9a-f]{4} \[", "Oops"),
    rule(K::Oops, Prelude, r"^Bad mode in .* handler detected", "bad mode"),
    rule(K::Oops, Prelude, r"^SError Interrupt on CPU", "SError"),
    rule(K::Oops, Prelude, r"^Unhandled .*exception on CPU", "unhandled exception"),
    rule(K::Oops, Prelude, r"^Unexpected kernel BRK exception at EL1", "unexpected BRK exception"),
    rule(K::Bug, Prelude, concat!(r"^CFI failure(?: at |.*\()", symbol!()), "CFI failure"),
    rule(K::Bug, Prelude, r"^kernel BUG at ", "kernel BUG"),
    rule(
        K::Bug,
        Prelude,
        r"^(?:usercopy: )?[Kk]ernel memory (exposure|overwrite) attempt detected",
        "usercopy: kernel memory $1",
    ),
    rule(
        K::Bug,
        Prelude,
        r"^(?:detected buffer overflow in (?:\w+)|\w+: detected buffer overflow)",
        "buffer overflow",
    ),
    rule(
        K::ListCorruption,
        Prelude,
        r"^(?:\S+: )?(list_(?:add|del)\w*) (?:corruption|double add)",
        "$1 corruption",
    ),
    rule(
        K::Refcount,
        Prelude,
        r"^refcount_t: (addition on 0|underflow|overflow|saturated|decrement hit 0|increment on 0|hit zero)",
        "refcount_t: $1",
    ),
    rule(
        K::Refcount,
        Prelude,
        concat!(r"^refcount_t (hit zero|overflow|underflow) at ", symbol!()),
        "refcount_t: $1",
    ),
    rule(K::DebugObjects, Prelude, r"^ODEBUG: (\w+) .*object type: (\w+)", "ODEBUG: $1 of $2"),
    rule(K::Warning, Prelude, r"^-+\[ cut here \]-+", "WARNING"),
    // arm's; it also stands before faults of programs.
    Rule { unsure: true, ..rule(K::Oops, Prelude, r"^8<--- cut here ---", "Oops") },
    Rule { unsure: true, ..rule(K::Oops, Prelude, r"^Unhandled fault: (.*?) \(0x", "unhandled fault: $1") },
    // A panic that says what else would have been a report of its own.
    rule(K::HardLockup, Panic, r"^Kernel panic - not syncing: .*[hH]ard LOCKUP", "hard lockup"),
    rule(K::SoftLockup, Panic, r"^Kernel panic - not syncing: softlockup", "soft lockup"),
    rule(K::HungTask, Panic, r"^Kernel panic - not syncing: hung_task", "task hung"),
    rule(K::RcuStall, Panic, r"^Kernel panic - not syncing: RCU Stall", "RCU stall"),
    rule(K::Oom, Panic, r"^Kernel panic - not syncing: .*[Oo]ut of memory", "out of memory"),
    rule(K::Oops, Panic, r"^Kernel panic - not syncing: kernel stack overflow", "stack overflow"),
    rule(
        K::Panic,
        Panic,
        concat!(r"^Kernel panic - not syncing: (stack-protector: Kernel stack is corrupted) in: ", symbol!()),
        "$1",
    ),
    rule(K::Panic, Panic, r"^Kernel panic - not syncing: ?(.*)$", "$1"),
    // The last word of one whose first the log lost.
    rule(K::Panic, Panic, r"^---\[ end Kernel panic - not syncing: ?(.*?)(?: \]-*)?$", "$1"),
    rule(
        K::AtomicSleep,
        Report,
        r"^BUG: sleeping function called from invalid context",
        "sleeping function called from invalid context",
    ),
    rule(K::AtomicSleep, Report, r"^BUG: scheduling while atomic", "scheduling while atomic"),
    rule(
        K::SoftLockup,
        Report,
        r"^(?:NMI )?(?:watchdog: )?BUG: soft lockup - (?P<s>CPU#\d+) (?:stuck|detected)",
        "soft lockup",
    ),
    rule(
        K::HardLockup,
        Report,
        r"^(?:NMI )?(?:watchdog: )?(?:(?:CPU ?\d+:? )?(?:Watchdog )?(?:CPU:? ?\d+ )?(?:self-)?detected [hH]ard|(?:Watchdog )?CPU:? ?\d+ [hH]ard) LOCKUP",
        "hard lockup",
    ),
    rule(K::WorkqueueStall, Report, r"^BUG: workqueue lockup - (?P<s>pool .*?) stuck", "workqueue lockup"),
    rule(
        K::RcuStall,
        Report,
        r"^(?:rcu: )?INFO: (?P<s>rcu_?\w*) (?:self-)?detected (?:expedited )?stalls?",
        "RCU stall",
    ),
    rule(
        K::RcuStall,
        Sequel,
        r"^(?:rcu: )?rcu_\w+ kthread (?:starved|timer wakeup didn't happen) for",
        "RCU stall",
    ),
    rule(
        K::HungTask,
        Report,
        r"^INFO: task (?P<s>\S.*?:\d+) (?:is )?(?:blocked .*for more than|can't die for more than) \d+ seconds",
        "task hung",
    ),
    rule(
        K::Lockdep,
        Report,
        r"^(?:WARNING|INFO): ((?:possible|inconsistent|bad unlock|bad contention|held lock|lock held|[Nn]ested lock|suspicious RCU) ?[\w -]*)",
        "$1",
    ),
    rule(
        K::Lockdep,
        Report,
        r"^(?:WARNING|INFO): ([\w/-]+-safe -> [\w/-]+-unsafe lock order detected)",
        "$1",
    ),
    rule(K::Lockdep, Report, r"^INFO: (trying to register non-static key)", "$1"),
    rule(K::Lockdep, Report, r"^(?:WARNING|BUG): \S.*? (still has locks held)", "$1"),
    rule(K::Lockdep, Report, r"^\[ (?:BUG|INFO|WARNING): (?:\S+/\d+ )?([^\]]*?)[!.]? \]$", "$1"),
    rule(K::Lockdep, Report, r"^BUG: (workqueue leaked lock)", "$1"),
    rule(K::Lockdep, Report, r"^BUG: (MAX_\w+) too low", "$1 too low"),
    rule(K::Bug, Report, r"^BUG: Bad (page state|page map|page cache|rss-counter state)", "Bad $1"),
    rule(K::Bug, Report, r"^BUG: (non-zero \w+) on freeing mm", "$1 on freeing mm"),
    rule(K::Bug, Report, r"^BUG: using (\S+) in preemptible", "using $1 in preemptible code"),
    rule(K::Bug, Report, r"^BUG: (spinlock|rwlock) ([a-z ]+?) on CPU", "$1 $2"),
    rule(K::Bug, Prelude, r"^BUG: Dentry .*still in use", "dentry still in use"),
    rule(K::Leak, Prelude, r"^BUG: memory leak", "memory leak"),
    rule(K::Leak, Sequel, r"^unreferenced object 0x[0-9a-f]+ \(size", "memory leak"),
    rule(K::Leak, Report, r"^kmemleak: \d+ new suspected memory leaks", "memory leak"),
    rule(
        K::SlabCorruption,
        Report,
        r"^BUG \S.*? \((?:Not tainted|Tainted: [^)]*|[GPFSRMBUDAWCIOELKXTN -]+)\): (?:Right |Left )?([\w -]+)",
        "slab: $1",
    ),
    rule(
        K::SlabCorruption,
        Sequel,
        r"^kmem_cache_destroy \S+: Slab cache still has objects",
        "slab: objects remain in a destroyed cache",
    ),
    rule(K::SlabCorruption, Report, r"^(?:Slab corruption|slab error in )", "slab corruption"),
    rule(K::Oom, Report, r"^\S.{0,40}: page allocation (?:failure|stalls)", "page allocation failure"),
    // Another CPU's line took the name away.
    rule(K::Oom, Report, r"^page allocation failure: order:\d", "page allocation failure"),
    rule(K::Oom, Report, r"^\S.{0,40} invoked oom-killer:", "out of memory"),
    rule(
        K::Oom,
        Sequel,
        r"^(?:Memory cgroup o|O)ut of [mM]emory(?: \(\w+\))?(?:: Kill(?:ed)? process \d| and no killable)",
        "out of memory",
    ),
    rule(K::Oom, Sequel, r"^SLUB: Unable to allocate memory on", "page allocation failure"),
    rule(
        K::Other,
        Report,
        r"^unregister_netdevice: waiting for \S+ to become free",
        "unregister_netdevice: waiting for a device to become free",
    ),
    rule(
        K::Other,
        Report,
        concat!(r"^unchecked MSR access error: (\w+)(?:.* at rIP: 0x[0-9a-f]+ \(", symbol!(), r"\))?"),
        "unchecked MSR access: $1",
    ),
    rule(K::Warning, Report, r"^sysfs: cannot create duplicate filename", "sysfs: duplicate filename"),
    rule(K::Other, Sequel, r"^(?:mce: )?(?:\[Hardware Error\]: )CPU \d+: Machine Check", "machine check"),
    rule(K::Other, Report, r"^irq (?:event )?\d+: (?:nobody cared|bogus return value)", "irq: nobody cared"),
    rule(K::Other, Report, r"^VFS: Busy inodes after unmount", "VFS: busy inodes after unmount"),
    rule(
        K::Other,
        Report,
        r"^(?:ref_tracker: )?reference already released\.?$",
        "reference already released",
    ),
    rule(
        K::Warning,
        Report,
        concat!(r"^WARNING: (?:CPU: \d+ PID: \d+ )?at (?:\[[^\]]*\] )?[\w./+-]+:\d+ ", symbol!()),
        "WARNING",
    ),
    rule(
        K::Warning,
        Report,
        r"^WARNING: (?:CPU: \d+ PID: \d+ )?at (?P<f>[A-Za-z_.$][\w.$]*)\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[(?P<m>\w+))?",
        "WARNING",
    ),
    rule(K::Warning, Report, concat!(r"^WARNING: (?:\[[^\]]*\] )?[\w./+-]+:\d+ at ", symbol!()), "WARNING"),
    rule(K::Warning, Report, r"^(?:WARNING: (?:CPU: \d+ PID: \d+|at )|Badness at )", "WARNING"),
    rule(
        K::Warning,
        Report,
        r"^WARNING: (stack recursion|kernel stack (?:regs|frame pointer)|stack going in the wrong direction|can't (?:access|dereference) registers)",
        "$1",
    ),
    // Only programs' faults print registers without one of these and the mark of an end.
    rule(K::Warning, Torn, r"^(?:Modules linked in:|---\[ end trace)", TORN),
    // What other architectures' die() says.
    Rule {
        unsure: true,
        ..rule(K::Oops, Die, r"^([A-Za-z][\w ,.()-]{2,60}): [0-9a-f]{2,16}(?: ilc:\d)? \[#\d+\]", "$1")
    },
    Rule { unsure: true, ..rule(K::Bug, Report, r"^BUG: (?:unable to|[A-Za-z_])", OWN_WORDS) },
    Rule { unsure: true, ..rule(K::Warning, Report, r"^WARNING: \S", OWN_WORDS) },
];

/// Literals one of which is in every heading, in a marker and in a kernel's banner; lines without any are not looked at.
pub(super) static NEEDLES: LazyLock<Option<Regex>> = LazyLock::new(|| any_of(&[WORDS]));

/// The same while a kernel boots: whether it comes to user space is seen, too.
pub(super) static BOOT_NEEDLES: LazyLock<Option<Regex>> = LazyLock::new(|| any_of(&[WORDS, UP]));

fn any_of(words: &[&[&str]]) -> Option<Regex> {
    let words: Vec<String> =
        words.iter().flat_map(|words| words.iter()).map(|word| regex::escape(word)).collect();
    Regex::new(&words.join("|")).ok()
}

/// What only a kernel prints that came to user space, or left it.
pub(super) const UP: &[&str] = &[
    "as init process",
    "Freeing unused kernel",
    "Freeing init memory",
    "Mounted root",
    "systemd[1]",
    "reboot: ",
];

const WORDS: &[&str] = &[
    "BUG:",
    "BUG ",
    "WARNING: ",
    "INFO: ",
    "Oops",
    "Kernel panic",
    "cut here",
    "UBSAN: ",
    "nable to handle",
    "Unhandled fault",
    "still has objects",
    "Badness at",
    "unable to execute",
    "tried to execute",
    "Insufficient stack",
    "ernel stack overflow",
    "PANIC: double",
    "protection fault",
    "double fault",
    "[#1]",
    "[#2]",
    "[#3]",
    "Oops: ",
    "Bad mode in",
    "SError Int",
    "exception on CPU",
    "kernel BRK",
    "CFI failure",
    "attempt detected",
    "detected buffer overflow",
    "list_add",
    "list_del",
    "refcount_t",
    "ODEBUG: ",
    "ard LOCKUP",
    "kthread starved",
    "kthread timer wakeup",
    "unreferenced object",
    "kmemleak: ",
    "lab corruption",
    "slab error",
    "page allocation ",
    "invoked oom-killer",
    "ut of memory",
    "ut of Memory",
    "unregister_netdevice",
    "unchecked MSR",
    "create duplicate filename",
    "Hardware Error]: ",
    "nobody cared",
    "bogus return",
    "Busy inodes",
    "already released",
    "Modules linked in:",
    "---[ end trace",
    "patchbench[",
    "Linux version ",
];
