//! What nobody looks for but where a report stands anyway, above a trace or behind `cut here`: the words before dump_stack(),
//! and of WARN() those that say more than where it stands. They cost no needle, and are no report by themselves.

use super::row::Role::Prelude;
use super::row::Row;
use super::row::Trust::WithTrace;
use super::row::symbol;
use crate::SplatKind as K;

const fn hidden(
    kind: K,
    pattern: &'static str,
    title: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Row {
    Row { kind, role: Prelude, trust: WithTrace, needles: &[], pattern, title, examples }
}

pub(super) const ROWS: &[Row] = &[
    // include/linux/gfp.h, warn_if_node_offline().
    hidden(
        K::Oom,
        r"^\S+ allocation from offline node \d",
        "allocation from an offline node",
        &[("GFP_KERNEL allocation from offline node 3", "allocation from an offline node")],
    ),
    // mm/percpu.c, pcpu_alloc_noprof(); without a trace, its caller can live with it.
    hidden(
        K::Oom,
        r"^percpu: allocation failed, size=\d",
        "percpu allocation failure",
        &[(
            "percpu: allocation failed, size=64 align=8 atomic=0, alloc from reserved chunk failed",
            "percpu allocation failure",
        )],
    ),
    // lib/cpumask.c, alloc_cpumask_var_node().
    hidden(
        K::Oom,
        r"^=> alloc_cpumask_var: failed!",
        "cpumask allocation failure",
        &[("=> alloc_cpumask_var: failed!", "cpumask allocation failure")],
    ),
    // mm/slab_common.c, __kmem_cache_create_args().
    hidden(
        K::Warning,
        r"^(?:__)?kmem_cache_create\w*\(.*\) failed with error -?\d",
        "kmem_cache_create failed",
        &[("__kmem_cache_create_args(sample) failed with error -22", "kmem_cache_create failed")],
    ),
    // mm/slab_common.c, kmalloc_fix_flags(); mm/vmalloc.c, vmalloc_fix_flags().
    hidden(
        K::Warning,
        r"^Unexpected gfp: \S+ .*Fix your code!",
        "unexpected gfp flags",
        &[(
            "Unexpected gfp: 0x2 (__GFP_HIGHMEM). Fixing up to gfp: 0xcc0 (GFP_KERNEL). Fix your code!",
            "unexpected gfp flags",
        )],
    ),
    // mm/gup.c, gup_vma_lookup(); mm/userfaultfd.c, handle_userfault(); mm/vma.c, validate_mm().
    hidden(
        K::Warning,
        r"^GUP no longer grows the stack in ",
        "GUP no longer grows the stack",
        &[("GUP no longer grows the stack in sh (77): 7000-8000 (6000)", "GUP no longer grows the stack")],
    ),
    hidden(
        K::Warning,
        r"^FAULT_FLAG_ALLOW_RETRY missing ",
        "FAULT_FLAG_ALLOW_RETRY missing",
        &[("FAULT_FLAG_ALLOW_RETRY missing 71", "FAULT_FLAG_ALLOW_RETRY missing")],
    ),
    hidden(K::Bug, r"^issue in \S+$", "invalid VMA tree", &[("issue in sh", "invalid VMA tree")]),
    // include/linux/maple_tree.h, MT_BUG_ON(), MT_WARN_ON() and the like.
    hidden(
        K::Bug,
        r"^(?:BUG|WARN) at (?P<f>[A-Za-z_]\w*):\d+ \(\d+\)",
        "maple tree check failed",
        &[
            ("BUG at cxl_sample:77 (1)", "maple tree check failed in cxl_sample"),
            ("WARN at cxl_sample:77 (1)", "maple tree check failed in cxl_sample"),
        ],
    ),
    // kernel/sched/idle.c, dequeue_task_idle(); kernel/sched/debug.c, resched_latency_warn().
    hidden(
        K::AtomicSleep,
        r"^bad: scheduling from the idle thread!",
        "scheduling from the idle thread",
        &[("bad: scheduling from the idle thread!", "scheduling from the idle thread")],
    ),
    hidden(
        K::Other,
        r"^sched: CPU \d+ need_resched set for > \d+ ns",
        "need_resched set for too long",
        &[(
            "sched: CPU 1 need_resched set for > 100003000 ns (101 ticks) without schedule",
            "need_resched set for too long",
        )],
    ),
    // kernel/sched/core.c, __might_sleep(); kernel/rcu/tree_plugin.h, rcu_note_context_switch(): both WARN().
    hidden(
        K::AtomicSleep,
        r"^(do not call blocking ops when !TASK_RUNNING); state=",
        "$1",
        &[(
            "do not call blocking ops when !TASK_RUNNING; state=1 set at [<00000000deadbeef>] prepare_to_sample+0x1/0x2",
            "do not call blocking ops when !TASK_RUNNING",
        )],
    ),
    hidden(
        K::AtomicSleep,
        r"^Voluntary context switch within RCU read-side critical section!",
        "context switch within an RCU read-side critical section",
        &[(
            "Voluntary context switch within RCU read-side critical section!",
            "context switch within an RCU read-side critical section",
        )],
    ),
    // kernel/time/sleep_timeout.c, schedule_timeout().
    hidden(
        K::Warning,
        r"^schedule_timeout: wrong timeout value ",
        "schedule_timeout: wrong timeout value",
        &[("schedule_timeout: wrong timeout value ffffffff", "schedule_timeout: wrong timeout value")],
    ),
    // WARN() of what another function left: kernel/time/timer.c, call_timer_fn(); kernel/stop_machine.c, cpu_stopper_thread();
    // init/main.c, do_one_initcall(); kernel/irq/handle.c, __handle_irq_event_percpu().
    hidden(
        K::AtomicSleep,
        concat!(r"^timer: ", symbol!(), " preempt leak: "),
        "timer changed the preempt count",
        &[(
            "timer: cxl_sample+0x0/0x40 [cxl_core] preempt leak: 00000100 -> 00000101",
            "timer changed the preempt count in cxl_sample [cxl_core]",
        )],
    ),
    hidden(
        K::AtomicSleep,
        concat!(r"^cpu_stop: ", symbol!(), r"\(\S+\) leaked preempt count"),
        "stopper changed the preempt count",
        &[(
            "cpu_stop: cxl_sample(00000000deadbeef) leaked preempt count",
            "stopper changed the preempt count in cxl_sample",
        )],
    ),
    hidden(
        K::AtomicSleep,
        concat!("^initcall ", symbol!(), r" returned with (?:preemption imbalance|disabled interrupts)"),
        "initcall changed the preempt count",
        &[(
            "initcall cxl_sample_init+0x0/0x40 [cxl_core] returned with preemption imbalance",
            "initcall changed the preempt count in cxl_sample_init [cxl_core]",
        )],
    ),
    hidden(
        K::Warning,
        concat!(r"^irq \d+ handler ", symbol!(), " enabled interrupts"),
        "interrupt handler enabled interrupts",
        &[(
            "irq 16 handler cxl_sample_irq+0x0/0x40 [cxl_core] enabled interrupts",
            "interrupt handler enabled interrupts in cxl_sample_irq [cxl_core]",
        )],
    ),
    // lib/percpu-refcount.c, percpu_ref_switch_to_atomic_rcu(); the function named is what would release it. lib/rcuref.c.
    hidden(
        K::Refcount,
        concat!(r"^percpu ref \(", symbol!(), r"\) <= 0 "),
        "percpu ref <= 0",
        &[(
            "percpu ref (cxl_sample_release [cxl_core]) <= 0 (-1) after switching to atomic",
            "percpu ref <= 0 in cxl_sample_release [cxl_core]",
        )],
    ),
    hidden(
        K::Refcount,
        r"^rcuref (saturated|- imbalanced put)",
        "rcuref: $1",
        &[
            ("rcuref saturated - leaking memory", "rcuref: saturated"),
            ("rcuref - imbalanced put()", "rcuref: - imbalanced put"),
        ],
    ),
    // kernel/dma/debug.c, err_printk().
    hidden(
        K::Warning,
        r"^DMA-API: (?:.{0,60}: )?((?:device driver|mapping sg|cacheline|exceeded) [\w, '-]*?)\.? ?(?:\[.*|\d.*)?$",
        "DMA-API: $1",
        &[
            (
                "DMA-API: cxl_pci 0000:0d:00.0: device driver frees DMA memory with different size [device address=0x0000000000001000] [map size=64 bytes] [unmap size=32 bytes]",
                "DMA-API: device driver frees DMA memory with different size",
            ),
            ("DMA-API: exceeded 7 overlapping mappings of cacheline 0x0000000000001000", "DMA-API: exceeded"),
        ],
    ),
    // lib/debugobjects.c, debug_object_is_on_stack().
    hidden(
        K::DebugObjects,
        r"^ODEBUG: object \S+ is (on|NOT on) stack ",
        "ODEBUG: object $1 stack",
        &[(
            "ODEBUG: object ffff888100a00000 is on stack ffff888100a00000, but NOT annotated.",
            "ODEBUG: object on stack",
        )],
    ),
    // lib/kobject.c, kobject_init(), kobject_add().
    hidden(
        K::Bug,
        r"^kobject: kobject .*\): (tried to init an initialized object|tried to add an uninitialized object|must have a ktype|invalid kobject pointer)",
        "kobject: $1",
        &[(
            "kobject: kobject (ffff888100a00000): tried to init an initialized object, something is seriously wrong.",
            "kobject: tried to init an initialized object",
        )],
    ),
    // drivers/base/power/runtime.c, pm_runtime_enable(); drivers/base/power/main.c, dpm_watchdog_handler().
    hidden(
        K::Warning,
        r"^[^\s\[][^\[]{0,80}: (Attempt to enable runtime PM when it is blocked)",
        "$1",
        &[(
            "cxl_pci 0000:0d:00.0: Attempt to enable runtime PM when it is blocked",
            "Attempt to enable runtime PM when it is blocked",
        )],
    ),
    hidden(
        K::HungTask,
        r"^[^\s\[][^\[]{0,80}: \*\*\*\* DPM device timeout",
        "suspend or resume of a device hung",
        &[(
            "cxl_pci 0000:0d:00.0: **** DPM device timeout after 60 seconds; 60 seconds until panic ****",
            "suspend or resume of a device hung",
        )],
    ),
    // kernel/power/process.c, try_to_freeze_tasks(): the traces are of those who do not freeze.
    hidden(
        K::HungTask,
        r"^(?:PM: )?Freezing .* failed after \d",
        "task refuses to freeze",
        &[(
            "Freezing user space processes failed after 20.003 seconds (1 tasks refusing to freeze, wq_busy=0):",
            "task refuses to freeze",
        )],
    ),
    // kernel/smp.c, csd_lock_wait_toolong().
    hidden(
        K::Other,
        r"^(?:smp: )?csd: \w+ non-responsive CSD lock (?P<s>\(#\d+\) on CPU#\d+)",
        "CSD lock stall",
        &[(
            "smp: csd: Detected non-responsive CSD lock (#1) on CPU#0, waiting 5000000011 ns for CPU#03 cxl_sample+0x0/0x40(0x0).",
            "CSD lock stall",
        )],
    ),
    // kernel/rcu/rcutorture.c, rcu_torture_stats_print().
    hidden(
        K::RcuStall,
        r"^\?\?\? Writer stall state ",
        "rcu-torture: writer stall",
        &[("??? Writer stall state RTWS_SAMPLE(7) g12 f0x0 ->state D cpu 1", "rcu-torture: writer stall")],
    ),
    // kernel/irq/manage.c, __setup_irq(), with CONFIG_DEBUG_SHIRQ.
    hidden(
        K::Warning,
        r"^genirq: Flags mismatch irq \d",
        "genirq: flags mismatch",
        &[(
            "genirq: Flags mismatch irq 16. 00000000 (sample) vs. 00000080 (other)",
            "genirq: flags mismatch",
        )],
    ),
    // kernel/module/main.c, do_init_module(); kernel/resource.c, reserve_region_with_split().
    hidden(
        K::Warning,
        r"^\S+: '\S+'->init suspiciously returned \d",
        "module init returned a positive value",
        &[(
            "do_init_module: 'cxl_sample'->init suspiciously returned 7, it should follow 0/-E convention",
            "module init returned a positive value",
        )],
    ),
    hidden(
        K::Warning,
        r"^resource: requested range \[.*\] not in root ",
        "resource: requested range not in root",
        &[(
            "resource: requested range [0x1000-0x1fff] not in root [mem 0x00000000-0x00000fff]",
            "resource: requested range not in root",
        )],
    ),
    // arch/x86/mm/numa.c, drivers/base/arch_numa.c, with CONFIG_DEBUG_PER_CPU_MAPS.
    hidden(
        K::Warning,
        r"^(?:NUMA: )?(numa_set_node: invalid cpu|(?:cpu_to_node|early_cpu_to_node|cpumask_of_node)\(-?\d+\)|node_to_cpumask_map\[-?\d+\] NULL)",
        "NUMA maps asked too early or for too much",
        &[
            ("cpu_to_node(3): usage too early!", "NUMA maps asked too early or for too much"),
            ("node_to_cpumask_map[1] NULL", "NUMA maps asked too early or for too much"),
        ],
    ),
    // arch/x86: mm/ioremap.c, iounmap(); kernel/cpu/mtrr/mtrr.c, mtrr_check(); kernel/irq_32.c, print_stack_overflow();
    // virt/svm/sev.c, rmpupdate(); kernel/nmi.c, io_check_error().
    hidden(
        K::Warning,
        r"^iounmap: bad address ",
        "iounmap: bad address",
        &[("iounmap: bad address 00000000deadbeef", "iounmap: bad address")],
    ),
    hidden(
        K::Warning,
        r"^(?:mtrr: )?size and base must be multiples of 4 kiB",
        "MTRR: size and base not aligned",
        &[("mtrr: size and base must be multiples of 4 kiB", "MTRR: size and base not aligned")],
    ),
    hidden(
        K::Oops,
        r"^low stack detected by irq handler",
        "stack overflow",
        &[("low stack detected by irq handler", "stack overflow")],
    ),
    hidden(
        K::Other,
        r"^SEV-SNP: RMPUPDATE failed for PFN ",
        "SEV-SNP: RMPUPDATE failed",
        &[("SEV-SNP: RMPUPDATE failed for PFN 1234, pg_level: 1, ret: 2", "SEV-SNP: RMPUPDATE failed")],
    ),
    hidden(
        K::Other,
        r"^NMI: IOCK error \(debug interrupt\?\) for reason ",
        "NMI: IOCK error",
        &[("NMI: IOCK error (debug interrupt?) for reason 61 on CPU 0.", "NMI: IOCK error")],
    ),
    // arch/arm/kernel: traps.c, __div0(); fiq.c, release_fiq().
    hidden(
        K::Oops,
        r"^Division by zero in kernel\.",
        "division by zero",
        &[("Division by zero in kernel.", "division by zero")],
    ),
    hidden(
        K::Warning,
        r"^\S+ FIQ trying to release \S+ FIQ",
        "FIQ released by another",
        &[("sample FIQ trying to release other FIQ", "FIQ released by another")],
    ),
    // arch/powerpc: kernel/rtas.c, rtas_busy_delay_early(); platforms/pseries/iommu.c; platforms/powernv/opal.c,
    // pnv_platform_error_reboot(); include/asm/{cpu_has_feature,mmu}.h; include/asm/entry-common.h, check_return_regs_valid().
    hidden(
        K::Warning,
        r"^rtas: too many extended delays",
        "rtas: too many extended delays",
        &[("rtas: too many extended delays, giving up", "rtas: too many extended delays")],
    ),
    hidden(
        K::Other,
        r"^tce_\w+pSeriesLP: (plpar_tce_\w+) failed",
        "$1 failed",
        &[("tce_build_pSeriesLP: plpar_tce_put failed. rc=-4", "plpar_tce_put failed")],
    ),
    hidden(
        K::Other,
        r"^opal: Hardware platform error: ",
        "opal: hardware platform error",
        &[("opal: Hardware platform error: sample", "opal: hardware platform error")],
    ),
    hidden(
        K::Warning,
        r"^Warning! (\w+_has_feature)\(\) used prior to jump label init!",
        "$1 used too early",
        &[("Warning! cpu_has_feature() used prior to jump label init!", "cpu_has_feature used too early")],
    ),
    hidden(
        K::Bug,
        r"^H?SRR[01] was: [0-9a-f]+ should be: ",
        "registers to return with were changed",
        &[("SRR0 was: c000000000001000 should be: 7fff00001000", "registers to return with were changed")],
    ),
    // net/core/neighbour.c, neigh_add_timer(), neigh_destroy().
    hidden(
        K::Bug,
        r"^NEIGH: BUG, double timer add",
        "neighbour: timer added twice",
        &[("NEIGH: BUG, double timer add, state is 1", "neighbour: timer added twice")],
    ),
    hidden(
        K::Bug,
        r"^neighbour: Destroying alive neighbour ",
        "neighbour: destroyed alive",
        &[("neighbour: Destroying alive neighbour ffff888100a00000", "neighbour: destroyed alive")],
    ),
];
