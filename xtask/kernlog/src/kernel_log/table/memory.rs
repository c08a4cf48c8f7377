//! Pages, slabs, lists, reference counts, leaks and running out of memory: mm/{page_alloc,memory,slub,kmemleak,oom_kill}.c,
//! lib/{list_debug,refcount,debugobjects}.c.

use super::row::Role::{Prelude, Report, Sequel};
use super::row::Row;
use super::row::Trust::{Sure, WithTrace};
use super::row::symbol;
use crate::SplatKind as K;

pub(super) const ROWS: &[Row] = &[
    Row {
        kind: K::ListCorruption,
        role: Prelude,
        trust: Sure,
        needles: &["corruption", "double add"],
        pattern: r"^(?:\S+: )?(list_(?:add|del)\w*) (?:corruption|double add)",
        title: "$1 corruption",
        examples: &[
            (
                "list_add corruption. next->prev should be prev (ffff888100a00000), but was 0000000000000000. (next=ffff888100a00040).",
                "list_add corruption",
            ),
            ("list_del corruption, ffff888100a00000->next is LIST_POISON1", "list_del corruption"),
        ],
    },
    Row {
        kind: K::Refcount,
        role: Prelude,
        trust: Sure,
        needles: &["refcount_t"],
        pattern: r"^refcount_t: (addition on 0|underflow|overflow|saturated|decrement hit 0|increment on 0|hit zero)",
        title: "refcount_t: $1",
        examples: &[("refcount_t: underflow; use-after-free.", "refcount_t: underflow")],
    },
    // x86 from 4.14 to 5.4: kernel/panic.c, refcount_error_report().
    Row {
        kind: K::Refcount,
        role: Prelude,
        trust: Sure,
        needles: &["refcount_t"],
        pattern: concat!(r"^refcount_t (hit zero|overflow|underflow) at ", symbol!()),
        title: "refcount_t: $1",
        examples: &[(
            "refcount_t hit zero at cxl_sample+0x2b/0x70 [cxl_core] in sh[77], uid/euid: 0/0",
            "refcount_t: hit zero in cxl_sample [cxl_core]",
        )],
    },
    Row {
        kind: K::DebugObjects,
        role: Prelude,
        trust: Sure,
        needles: &["ODEBUG: "],
        pattern: r"^ODEBUG: (\w+) .*object type: (\w+)",
        title: "ODEBUG: $1 of $2",
        examples: &[(
            "ODEBUG: free active (active state 0) object: ffff888100a00000 object type: timer_list hint: cxl_sample+0x0/0x10",
            "ODEBUG: free of timer_list",
        )],
    },
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["BUG: Bad "],
        pattern: r"^BUG: Bad (page state|page map|page cache|rss-counter state)",
        title: "Bad $1",
        examples: &[("BUG: Bad page state in process sh  pfn:12345", "Bad page state")],
    },
    // mm/mempool.c, poison_error().
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["BUG: "],
        pattern: r"^BUG: (mempool element poison mismatch)",
        title: "$1",
        examples: &[("BUG: mempool element poison mismatch", "mempool element poison mismatch")],
    },
    // mm/page_poison.c, check_poison_mem().
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["pagealloc: "],
        pattern: r"^pagealloc: (single bit error|memory corruption)",
        title: "pagealloc: $1",
        examples: &[("pagealloc: memory corruption", "pagealloc: memory corruption")],
    },
    // What pgd_clear_bad() and the like print by pte_ERROR() of each architecture: mm/pgtable-generic.c.
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &[": bad p"],
        pattern: r"^[\w./-]+\.[ch]:\d+: bad (p(?:te|md|ud|4d|gd)) [0-9a-f]",
        title: "bad $1",
        examples: &[
            ("mm/pgtable-generic.c:51: bad pmd 0000000080000000.", "bad pmd"),
            ("mm/pgtable-generic.c:51: bad pud ffff888100a00000(00000000deadbeef)", "bad pud"),
        ],
    },
    // mm/dmapool.c, pool_check_block(), pool_block_err(), with slab_debug=; no trace is printed.
    Row {
        kind: K::SlabCorruption,
        role: Report,
        trust: Sure,
        needles: &["pool_check_block ", "pool_block_err "],
        pattern: r"^[^\s\[][^\[]{0,80}: pool_(?:check_block|block_err) \S.*(corrupted|bad dma|already free)",
        title: "DMA pool: $1",
        examples: &[
            (
                "cxl_pci 0000:0d:00.0: pool_check_block sample, 00000000deadbeef (corrupted)",
                "DMA pool: corrupted",
            ),
            (
                "cxl_pci 0000:0d:00.0: pool_block_err sample, dma 0x0000000000001000 already free",
                "DMA pool: already free",
            ),
        ],
    },
    // mm/zswap.c, zswap_decompress().
    Row {
        kind: K::Other,
        role: Report,
        trust: Sure,
        needles: &["Decompression error"],
        pattern: r"^zswap: Decompression error from zswap",
        title: "zswap: decompression error",
        examples: &[(
            "zswap: Decompression error from zswap (0:77 lzo 12->4000)",
            "zswap: decompression error",
        )],
    },
    Row {
        kind: K::Bug,
        role: Report,
        trust: Sure,
        needles: &["BUG: non-zero "],
        pattern: r"^BUG: (non-zero \w+) on freeing mm",
        title: "$1 on freeing mm",
        examples: &[(
            "BUG: non-zero pgtables_bytes on freeing mm: 4096",
            "non-zero pgtables_bytes on freeing mm",
        )],
    },
    Row {
        kind: K::Leak,
        role: Prelude,
        trust: Sure,
        needles: &["BUG: memory leak"],
        pattern: r"^BUG: memory leak",
        title: "memory leak",
        examples: &[("BUG: memory leak", "memory leak")],
    },
    Row {
        kind: K::Leak,
        role: Sequel,
        trust: Sure,
        needles: &["unreferenced object"],
        pattern: r"^unreferenced object 0x[0-9a-f]+ \(size",
        title: "memory leak",
        examples: &[("unreferenced object 0xffff888100a00000 (size 64):", "memory leak")],
    },
    Row {
        kind: K::Leak,
        role: Report,
        trust: Sure,
        needles: &["kmemleak: "],
        pattern: r"^kmemleak: \d+ new suspected memory leaks",
        title: "memory leak",
        examples: &[(
            "kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
            "memory leak",
        )],
    },
    // mm/kmemleak.c, kmemleak_warn().
    Row {
        kind: K::Leak,
        role: Report,
        trust: WithTrace,
        needles: &["kmemleak: "],
        pattern: r"^kmemleak: (Found object by alias|Cannot insert .* into the object search tree|Scan area larger than object|.* (?:of an|of|to|on|scanning|for|freeing) unknown object)\b",
        title: "kmemleak: an object that it does not know",
        examples: &[
            (
                "kmemleak: Found object by alias at 0xffff888100a00000",
                "kmemleak: an object that it does not know",
            ),
            (
                "kmemleak: Cannot insert 0xffff888100a00000 into the object search tree (overlaps existing)",
                "kmemleak: an object that it does not know",
            ),
            (
                "kmemleak: Adding scan area to unknown object at 0xffff888100a00000",
                "kmemleak: an object that it does not know",
            ),
        ],
    },
    Row {
        kind: K::SlabCorruption,
        role: Report,
        trust: Sure,
        needles: &["BUG "],
        pattern: r"^BUG \S.*? \((?:Not tainted|Tainted: [^)]*|[GPFSRMBUDAWCIOELKXTN -]+)\): (?:Right |Left )?([A-Za-z_][\w-]*(?: [A-Za-z_][\w-]*)*)",
        title: "slab: $1",
        examples: &[
            (
                "BUG kmalloc-64 (Tainted: G    B             ): Right Redzone overwritten",
                "slab: Redzone overwritten",
            ),
            ("BUG kmalloc-64 (Not tainted): Poison overwritten", "slab: Poison overwritten"),
            ("BUG kmalloc-64 (Not tainted): inuse 21 > max 20", "slab: inuse"),
        ],
    },
    Row {
        kind: K::SlabCorruption,
        role: Sequel,
        trust: Sure,
        needles: &["still has objects"],
        pattern: r"^kmem_cache_destroy \S+: Slab cache still has objects",
        title: "slab: objects remain in a destroyed cache",
        examples: &[(
            "kmem_cache_destroy sample: Slab cache still has objects when called from cxl_sample+0x1c/0x60",
            "slab: objects remain in a destroyed cache",
        )],
    },
    Row {
        kind: K::SlabCorruption,
        role: Report,
        trust: Sure,
        needles: &["corruption", "slab error"],
        pattern: r"^(?:Slab corruption|slab error in )",
        title: "slab corruption",
        examples: &[
            ("Slab corruption: kmalloc-64 start=ffff888100a00000, len=64", "slab corruption"),
            (
                "slab error in cache_free_debugcheck(): cache `kmalloc-64': double free detected",
                "slab corruption",
            ),
        ],
    },
    // mm/page_alloc.c, warn_alloc(): the task's name, a colon and the words of its caller.
    Row {
        kind: K::Oom,
        role: Report,
        trust: Sure,
        needles: &["page allocation ", ", mode:"],
        pattern: r"^\S.{0,40}: (?:page allocation (?:failure|stalls?)|(?:vmalloc error: |vmalloc size \d+ allocation failure|vmalloc: allocation failure|vmemmap alloc failure).*, mode:|.*, mode:0x[0-9a-f]+\([\w|]+\), nodemask=)",
        title: "page allocation failure",
        examples: &[
            (
                "sh: sample of 12 pages failed, mode:0xcc0(GFP_KERNEL), nodemask=(null),cpuset=/",
                "page allocation failure",
            ),
            (
                "sh: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null)",
                "page allocation failure",
            ),
            (
                "sh: vmalloc error: size 65536, vm_struct allocation failed, mode:0xcc0(GFP_KERNEL), nodemask=(null)",
                "page allocation failure",
            ),
            (
                "sh: vmemmap alloc failure: order:9, mode:0x4cc0(GFP_KERNEL|__GFP_RETRY_MAYFAIL)",
                "page allocation failure",
            ),
            // check_alloc_stall_warn(), since 7.1.
            (
                "sh: page allocation stall for 12 secs: order:0, mode:0xcc0(GFP_KERNEL) nodemask=(null)",
                "page allocation failure",
            ),
            // Older words.
            (
                "sh: vmalloc size 4096 allocation failure: page order 0 allocation failed, mode:0xcc0(GFP_KERNEL)",
                "page allocation failure",
            ),
            (
                "sh: vmalloc: allocation failure: 4096 bytes, mode:0xcc0(GFP_KERNEL)",
                "page allocation failure",
            ),
            (
                "sh: page allocation stalls for 10000ms, order:0, mode:0xcc0(GFP_KERNEL)",
                "page allocation failure",
            ),
        ],
    },
    // Another CPU's line took the name away.
    Row {
        kind: K::Oom,
        role: Report,
        trust: Sure,
        needles: &["page allocation ", ", mode:"],
        pattern: r"^(?:page allocation failure: order:\d|vmalloc error: size \d.*, mode:)",
        title: "page allocation failure",
        examples: &[(
            "page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)",
            "page allocation failure",
        )],
    },
    Row {
        kind: K::Oom,
        role: Report,
        trust: Sure,
        needles: &["invoked oom-killer"],
        pattern: r"^\S.{0,40} invoked oom-killer:",
        title: "out of memory",
        examples: &[(
            "sh invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
            "out of memory",
        )],
    },
    Row {
        kind: K::Oom,
        role: Sequel,
        trust: Sure,
        needles: &["ut of memory"],
        pattern: r"^(?:Memory cgroup o|O)ut of memory(?: \(\w+\))?(?:: Kill(?:ed)? process \d| and no killable)",
        title: "out of memory",
        examples: &[
            ("Out of memory: Killed process 12 (sh) total-vm:1kB, anon-rss:1kB", "out of memory"),
            ("Memory cgroup out of memory: Kill process 12 (sh) score 900", "out of memory"),
            ("Out of memory and no killable processes...", "out of memory"),
        ],
    },
    // mm/slub.c, slab_out_of_memory().
    Row {
        kind: K::Oom,
        role: Sequel,
        trust: Sure,
        needles: &["SLUB: Unable"],
        pattern: r"^SLUB: Unable to allocate memory on",
        title: "page allocation failure",
        examples: &[(
            "SLUB: Unable to allocate memory on node -1, gfp=0xcc0(GFP_KERNEL)",
            "page allocation failure",
        )],
    },
];
