//! Functions that are never to blame: they report, lock, copy, allocate or wait for someone else.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Whole names: entry and interrupt glue and the death of the kernel; dumping; memory and strings; allocation and
/// freeing; locks, RCU and lockdep; waiting and scheduling; ticks and watchdogs, which notice that others hang;
/// sysfs and kobject, which complain about what others do.
const NAMES: &str = "
    asm_exc_page_fault exc_page_fault do_trap_ecall_u do_trap_unknown
    do_trap_load_fault do_trap_store_fault asm_exc_debug asm_exc_int3 exc_double_fault
    asm_exc_double_fault panic_bad_stack handle_bad_stack __bad_stack el0_svc el0t_64_sync
    el0t_64_sync_handler el0_svc_common invoke_syscall do_el0_svc do_syscall_64 __do_fast_syscall_32
    do_fast_syscall_32 do_int80_syscall_32 entry_SYSCALL_64_after_hwframe entry_SYSCALL_64 x64_sys_call
    entry_SYSENTER_compat_after_hwframe entry_SYSCALL_compat_after_hwframe system_call_fastpath
    ret_fast_syscall do_syscall_x64 vector_swi __irq_svc __dabt_svc die_addr arm64_notify_die
    abort add_taint arm64_is_fatal_ras_serror arm64_serror_panic do_serror el1h_64_error el1h_64_error_handler nmi_backtrace
    irqentry_exit irqentry_enter irqentry_exit_cond_resched raw_irqentry_exit_cond_resched irq_exit_rcu
    irq_exit __irq_exit_rcu asm_sysvec_reschedule_ipi retint_kernel retint_user
    __perf_event_overflow perf_event_overflow intel_pmu_handle_irq
    amd_pmu_handle_irq perf_event_nmi_handler x86_pmu_handle_irq armv8pmu_handle_irq handle_nmi do_user_addr_fault do_kern_addr_fault page_fault_oops
    kernelmode_fixup_or_oops no_context do_page_fault async_page_fault page_fault do_error_trap do_trap
    do_invalid_op invalid_op error_entry exc_invalid_op asm_exc_invalid_op exc_general_protection
    asm_exc_general_protection do_general_protection general_protection handle_bug fixup_bug do_int3
    exc_int3 math_error do_mem_abort do_translation_fault el1_abort el1h_64_sync el1h_64_sync_handler
    el1h_64_irq el1h_64_irq_handler el1_sync el1_irq do_sp_pc_abort handle_exception do_trap_break
    ret_from_exception vprintk_emit vprintk_store vprintk vprintk_default vprintk_func vprintk_deferred printk _printk
    panic vpanic nmi_panic die __die die_kernel_fault __do_kernel_fault oops_end oops_exit do_exit
    do_group_exit make_task_dead rewind_stack_do_exit rewind_stack_and_make_dead check_panic_on_warn
    warn_alloc bug report_bug bug_handler brk_handler call_break_hook do_debug_exception el1_dbg
    exc_debug

    dump_stack dump_stack_lvl __dump_stack show_stack show_stack_lvl show_trace_log_lvl dump_backtrace
    __show_regs show_regs print_address_description print_report end_report print_trailer object_err
    slab_err slab_pad_check slab_bug check_object check_slab check_bytes_and_report on_freelist
    free_debug_processing alloc_debug_processing free_to_partial_list free_consistency_checks
    alloc_consistency_checks nmi_cpu_backtrace nmi_trigger_cpumask_backtrace nmi_cpu_backtrace_handler
    trigger_single_cpu_backtrace trigger_all_cpu_backtrace arch_trigger_cpumask_backtrace sched_show_task _sched_show_task dump_cpu_task
    show_state_filter unwind_backtrace unwind_stack arch_stack_walk stack_trace_save save_stack
    save_stack_trace set_track set_track_prepare stack_depot_save stack_depot_save_flags
    __stack_depot_save warn_slowpath_null warn_slowpath_fmt warn_slowpath_common warn_slowpath_fmt_taint
    __warn __warn_printk __report_bug fortify_panic __fortify_panic __fortify_report usercopy_abort
    __check_object_size check_heap_object __check_heap_object report_usercopy ubsan_epilogue
    handle_overflow val_to_string handle_object_size_mismatch ubsan_type_mismatch_common
    handle_null_ptr_deref handle_misaligned_access refcount_warn_saturate refcount_error_report
    debug_print_object debug_object_free debug_object_activate debug_object_init debug_object_destroy
    debug_object_deactivate debug_object_assert_init debug_check_no_obj_freed __debug_object_init
    __debug_check_no_obj_freed debug_object_active_state debug_timer_assert_init list_del_corruption
    end_report_fault trace_hardirqs_on trace_hardirqs_off

    do_DataAbort do_PrefetchAbort do_undefinstr __dabt_usr __und_svc __und_svc_finish __und_usr
    __virt_addr_valid is_bpf_text_address kernel_text_address __kernel_text_address memzero_explicit

    memcpy __memcpy memcpy_orig memcpy_erms memset __memset memset_erms memset_orig memmove __memmove
    memcmp __memcmp memchr memscan memcpy_fromio memcpy_toio memset_io memcpy_and_pad bcmp strlen strnlen
    strcmp strncmp strcasecmp strncasecmp strcpy strncpy strlcpy strscpy sized_strscpy strcat strncat
    strlcat strchr strrchr strnchr strstr strsep strspn kstrdup kstrndup kmemdup kmemdup_noprof kvmemdup
    memdup_user vmemdup_user copy_page clear_page clear_page_erms clear_page_rep clear_page_orig
    copy_user_generic rep_movs_alternative rep_stos_alternative _copy_to_user _copy_from_user
    __copy_user_flushcache copy_to_user copy_from_user copy_from_kernel_nofault string string_nocheck
    vsnprintf snprintf scnprintf sprintf vsprintf vscnprintf kvasprintf kasprintf kvasprintf_const
    pointer number format_decode sysfs_emit sysfs_emit_at seq_printf seq_puts seq_putc dev_vprintk_emit
    dev_printk_emit _dev_err _dev_warn _dev_info _dev_printk _dev_notice __dev_printk __dynamic_dev_dbg
    __dynamic_pr_debug atomic_read arch_atomic_read atomic_inc atomic_dec_and_test refcount_inc
    refcount_dec_and_test refcount_sub_and_test refcount_inc_not_zero refcount_dec_not_one refcount_add
    refcount_dec __refcount_add __refcount_dec __refcount_inc __refcount_sub_and_test
    __refcount_dec_and_test kref_get kref_put kref_sub kobject_get kobject_put get_device put_device
    test_bit set_bit clear_bit arch_test_bit _test_bit test_and_set_bit instrument_atomic_read
    instrument_atomic_write instrument_atomic_read_write __list_add __list_del __list_del_entry list_add
    list_add_tail list_del list_del_init list_move list_move_tail hlist_del hlist_add_head find_first_bit
    _find_first_bit find_next_bit _find_next_bit rb_erase rb_insert_color rb_next rb_first
    __rb_insert_augmented __rb_erase_color __rb_insert llist_add_batch llist_reverse_order

    kmalloc kzalloc kfree kvfree kvmalloc kvmalloc_node krealloc __krealloc vmalloc vzalloc vfree
    kfree_sensitive kzfree kcalloc kmalloc_array kmalloc_trace kmalloc_node_trace kmalloc_large
    kmalloc_order kmalloc_order_trace kmalloc_reserve ___kmalloc_large_node __kmalloc_large_node
    kfree_skbmem slab_alloc slab_alloc_node slab_free slab_free_hook slab_free_freelist_hook
    slab_post_alloc_hook slab_pre_alloc_hook __slab_alloc ___slab_alloc __slab_free do_slab_free
    cache_free_debugcheck allocate_slab new_slab get_any_partial get_partial get_partial_node deactivate_slab
    memory_alloc_hook kmemleak_alloc kmemleak_alloc_recursive kmemleak_alloc_phys kmemleak_alloc_percpu
    create_object __create_object kmem_cache_alloc kmem_cache_free kmem_cache_destroy kmem_cache_zalloc
    alloc_pages alloc_page free_pages alloc_pages_current alloc_pages_mpol alloc_pages_node folio_alloc
    vma_alloc_folio get_page_from_freelist prep_new_page post_alloc_hook rmqueue rmqueue_bulk
    rmqueue_pcplist free_unref_page free_unref_page_prepare free_unref_page_commit free_pages_prepare
    free_pcp_prepare free_pages_check free_pages_check_bad free_page_is_bad free_frozen_pages bad_page
    check_new_page check_new_page_bad check_new_pages free_the_page __put_page free_large_kmalloc
    devm_kmalloc devm_kfree devm_kzalloc alloc_dr pcpu_alloc pcpu_alloc_noprof __vmalloc_node
    __vmalloc_node_range __vmalloc_area_node print_bad_pte vm_normal_page out_of_memory oom_kill_process
    dump_header mem_cgroup_out_of_memory mem_cgroup_oom try_charge_memcg try_charge charge_memcg
    check_noncircular

    check_prev_add check_prevs_add validate_chain check_irq_usage check_deadlock mark_lock mark_lock_irq
    mark_usage mark_held_locks valid_state register_lock_class assign_lock_key lockdep_rcu_suspicious
    lockdep_sys_exit debug_check_no_locks_held debug_check_no_locks_freed check_wait_context
    check_no_locks_freed reacquire_held_locks mutex_lock mutex_unlock mutex_trylock ww_mutex_lock down up
    down_read down_write up_read up_write down_interruptible down_killable down_timeout down_trylock
    down_read_trylock down_write_trylock down_read_killable down_write_killable down_read_interruptible
    rwbase_write_lock percpu_down_write percpu_down_read percpu_up_write __percpu_down_read spin_lock
    spin_unlock spin_lock_irq spin_lock_irqsave spin_lock_bh spin_unlock_irq spin_unlock_irqrestore
    spin_unlock_bh spin_bug spin_dump read_lock write_lock rwlock_bug rtlock_slowlock rt_spin_lock
    rt_spin_unlock rt_mutex_lock queued_spin_lock_slowpath queued_read_lock_slowpath
    queued_write_lock_slowpath pv_wait kvm_wait __pv_queued_spin_lock_slowpath
    native_queued_spin_lock_slowpath osq_lock mcs_spin_lock do_raw_spin_lock do_raw_spin_unlock
    do_raw_write_lock do_raw_read_lock seqcount_lockdep_reader_access rcu_lockdep_current_cpu_online
    rcu_read_lock rcu_read_unlock synchronize_rcu synchronize_srcu synchronize_net
    synchronize_rcu_expedited wait_rcu_gp rcu_barrier kcsan_setup_watchpoint preempt_schedule
    preempt_schedule_common preempt_schedule_irq preempt_schedule_thunk preempt_schedule_notrace
    check_preemption_disabled debug_smp_processor_id __this_cpu_preempt_check in_atomic local_bh_enable
    local_bh_disable

    schedule __schedule __schedule_bug __schedule_loop schedule_debug schedule_idle schedule_rtlock
    schedule_timeout schedule_timeout_interruptible schedule_timeout_uninterruptible
    schedule_timeout_killable schedule_hrtimeout schedule_hrtimeout_range schedule_hrtimeout_range_clock
    schedule_preempt_disabled io_schedule io_schedule_timeout context_switch __switch_to __switch_to_asm
    msleep msleep_interruptible usleep_range usleep_range_state do_nanosleep hrtimer_nanosleep
    cond_resched _cond_resched wait_for_completion wait_for_completion_timeout
    wait_for_completion_interruptible wait_for_completion_killable wait_for_completion_state
    wait_for_completion_io wait_for_common do_wait_for_common bit_wait bit_wait_io
    out_of_line_wait_on_bit prepare_to_wait finish_wait swait_event kthread_parkme flush_work
    flush_workqueue __flush_work __flush_workqueue cancel_work_sync cancel_delayed_work_sync
    drain_workqueue del_timer_sync timer_delete_sync kthread_stop kthread_flush_work smp_call_function
    smp_call_function_single smp_call_function_many smp_call_function_many_cond on_each_cpu
    on_each_cpu_cond_mask stop_machine stop_one_cpu delay_tsc delay_halt delay_halt_tpause udelay ndelay
    cpu_relax rep_nop csd_lock_wait native_safe_halt native_halt arch_safe_halt default_idle
    default_idle_call arch_cpu_idle cpuidle_enter cpuidle_enter_state cpuidle_idle_call acpi_safe_halt
    acpi_idle_enter acpi_idle_do_entry cpu_idle_poll do_idle pv_native_safe_halt cpu_do_idle lock_page
    folio_lock folio_wait_bit_common folio_wait_bit folio_wait_writeback wait_on_page_bit
    wait_on_page_bit_common wait_on_page_writeback

    rcu_check_callbacks rcu_sched_clock_irq rcu_pending check_cpu_stall print_cpu_stall
    print_other_cpu_stall rcu_dump_cpu_stacks rcu_check_gp_kthread_starvation update_process_times
    tick_sched_handle tick_sched_timer tick_nohz_handler tick_periodic tick_handle_periodic
    hrtimer_interrupt hrtimer_run_queues watchdog_timer_fn watchdog_overflow_callback
    watchdog_hardlockup_check is_softlockup perf_event_nmi_handler nmi_handle default_do_nmi do_nmi
    exc_nmi asm_exc_nmi end_repeat_nmi nmi sysvec_apic_timer_interrupt asm_sysvec_apic_timer_interrupt
    smp_apic_timer_interrupt apic_timer_interrupt local_apic_timer_interrupt
    instr_sysvec_apic_timer_interrupt check_hung_task check_hung_uninterruptible_tasks task_blocked
    watchdog kthread ret_from_fork ret_from_fork_asm

    kfree_skb kfree_skb_reason __kfree_skb kfree_skb_list kfree_skb_list_reason consume_skb skb_panic
    skb_over_panic skb_under_panic skb_release_all __wake_up __wake_up_common __wake_up_common_lock
    put_user get_user __put_user_nocheck_4 __get_user_nocheck_4 read_word_at_a_time add_wait_queue
    remove_wait_queue complete complete_all kref_get_unless_zero fput check_unmap check_sync
    check_for_stack add_dma_entry active_cacheline_insert debug_dma_unmap_page debug_dma_map_page
    debug_dma_map_phys debug_dma_unmap_phys debug_dma_unmap_sg debug_dma_map_sg debug_dma_free_coherent
    debug_dma_alloc_coherent dma_unmap_page_attrs dma_map_page_attrs dma_map_phys dma_unmap_phys
    dma_free_attrs dma_alloc_attrs dma_unmap_sg_attrs dma_map_sg_attrs dma_sync_single_for_cpu
    add_chain_cache lookup_chain_cache_add __bit_spin_lock bit_spin_lock hlist_bl_lock lock_sock_nested
    try_to_grab_pending __cancel_work_timer __cancel_work_sync try_to_del_timer_sync mod_timer
    __mod_timer del_timer add_timer call_rcu __call_rcu_common kobject_del kobject_cleanup
    kobject_release kobject_uevent kobject_uevent_env delayed_work_timer_fn queue_work_on queue_work
    queue_delayed_work_on process_one_work process_scheduled_works worker_thread smpboot_thread_fn
    call_timer_fn __run_timers run_timer_softirq run_timer_base expire_timers handle_softirqs
    __do_softirq do_softirq invoke_softirq run_ksoftirqd rcu_core rcu_do_batch rcu_core_si

    sysfs_warn_dup sysfs_create_dir_ns sysfs_add_file_mode_ns sysfs_do_create_link_sd
    sysfs_do_create_link sysfs_create_link sysfs_create_file_ns create_dir kobject_add_internal
    kobject_add_varg kobject_add kobject_init_and_add kobject_create_and_add kobject_init device_add
    device_register device_create internal_create_group internal_create_groups sysfs_create_group
    sysfs_create_groups sysfs_remove_group sysfs_remove_groups ex_handler_msr ex_handler_rdmsr_unsafe
    ex_handler_wrmsr_unsafe fixup_exception native_read_msr native_write_msr do_trace_write_msr
    do_trace_read_msr read_msr write_msr rdmsr wrmsr __report_bad_irq note_interrupt handle_irq_event
    handle_irq_event_percpu handle_fasteoi_irq handle_edge_irq handle_level_irq
";

/// Beginnings of names: sanitizers and families of wrappers.
const PREFIXES: &str = "
    kasan_ __kasan_ __asan_ __hwasan_ hwasan_ kmsan_ __msan_ __kmsan_ kcsan_ __kcsan_ __tsan_ kfence_
    __kfence_ __ubsan_ ubsan_ check_memory_region check_region_inline memory_is_ __sanitizer_cov
    print_circular print_deadlock print_usage_bug print_irq_inversion print_bad_irq_dependency
    print_unlock_imbalance print_lock print_freed_lock print_irq_lock print_unsafe print_kernel_ident
    lock_acquire __lock_acquire lock_release __lock_release lock_is_held lockdep_ __might_ ___might_
    might_ _raw_ __raw_spin_ __raw_read_ __raw_write_ __mutex_ mutex_lock_ mutex_unlock_ __ww_mutex
    __down_ __up_ rwsem_ __rwsem __rt_mutex rt_mutex_ rcu_note_ rcu_read_ kmem_cache_alloc
    kmem_cache_free __kmem_cache_alloc __kmem_cache_free __kmalloc __do_kmalloc kmalloc_ __kvmalloc
    __alloc_pages __alloc_frozen_pages alloc_pages_ __free_pages __free_one_page free_one_page
    __folio_alloc __get_free_page get_free_pages __vmalloc vmalloc_ __vfree __list_add_valid
    __list_del_entry_valid list_lru_ __refcount_ refcount_warn devm_kmalloc __wait_for_common
    __wait_on_bit wait_for_completion copy_user_ __copy_user __arch_copy_ __memcpy __memset __memmove
    __pi_mem __pi_str __pi_clear __pi_copy __die hrtimer_run __hrtimer_run __run_hrtimer
    __sysvec_apic_timer asm_common_interrupt bust_spinlocks native_apic_ sysvec_ asm_sysvec_ native_irq_
    rcu_gp_ crash_kexec __crash_kexec oops_ __stack_chk preempt_count_ tick_sched_ arch_local_irq
    arch_irqs raw_irqs trace_event_ __traceiter_ queued_spin_lock __pv_ debug_spin_ debug_mutex_ slub_
    __slab_ ___slab_ percpu_ref_put_many kmem_cache_ __kmem_cache_ wait_on_ __wait_on_ __wait_event
    refcount_ atomic_ atomic64_ arch_atomic atomic_long_ raw_atomic __list_ __hlist_ list_del_ list_add_ list_move_
    list_splice list_replace raw_read_ raw_write_ raw_spin_ synchronize_ instrument_ perf_trace_
    rust_helper_ lock_is_held_ debug_object_ __debug_object_ timer_fixup work_fixup watchdog_ ww_mutex_ csd_lock
    kcsan __indirect_thunk __x86_indirect_thunk __lock_page lock_page_ __folio_lock srso_ retbleed_ its_return_thunk warn_alloc rt_spin_ rt_read_
    rt_write_ rtlock_ __alloc_page_frag __napi_alloc_skb __netdev_alloc_skb
";

static LISTS: LazyLock<(HashSet<&str>, Vec<&str>)> =
    LazyLock::new(|| (NAMES.split_whitespace().collect(), PREFIXES.split_whitespace().collect()));

/// Whether `function` only carries out what another asked for. Takes the name without compiler suffixes.
pub(super) fn is_generic(function: &str) -> bool {
    let plain = function.strip_suffix("_noprof").unwrap_or(function);
    LISTS.0.contains(plain)
        || LISTS.1.iter().any(|prefix| plain.starts_with(prefix))
        || is_rust_library(plain)
}

/// Whether `function` does nothing but print a trace: no report is of it, even where all other frames are helpers.
pub(super) fn prints_trace(function: &str) -> bool {
    ["dump_stack", "__dump_stack", "show_stack", "dump_backtrace"]
        .iter()
        .any(|start| function.starts_with(start))
}

/// Whether a mangled name is of Rust's own libraries, panic machinery included. The first crate that a name of the v0 scheme has
/// is where the code was written: `_RNvNtCs9jEwPDbx20M_4core9panicking9panic_fmt` (RFC 2603).
fn is_rust_library(function: &str) -> bool {
    const CRATES: [&str; 4] = ["4core", "5alloc", "7___rustc", "17compiler_builtins"];
    let within = |rest: &str| CRATES.iter().any(|name| rest.starts_with(name));
    if let Some(legacy) = function.strip_prefix("_ZN") {
        return within(legacy) || legacy.starts_with("17rust_begin_unwind");
    }
    let v0 = function.strip_prefix("_R").and_then(|path| path.split_once("Cs"));
    v0.and_then(|(_, root)| root.split_once('_')).is_some_and(|(_, name)| within(name))
}

/// The name without what compilers add: `.isra.0`, `.constprop.0`, `.part.0`, `.cold`, `.llvm.123`.
pub(super) fn plain_name(symbol: &str) -> &str {
    let symbol = symbol.strip_prefix("__pfx_").unwrap_or(symbol);
    match symbol.char_indices().skip(1).find(|(_, c)| *c == '.' || *c == '$') {
        Some((at, _)) => &symbol[..at],
        None => symbol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_are_generic_and_drivers_are_not() {
        for name in
            ["kasan_report", "__kmalloc_noprof", "mutex_lock_nested", "_raw_spin_lock_irqsave", "memcpy"]
        {
            assert!(is_generic(name), "{name}");
        }
        for name in [
            "rust_helper_BUG",
            "_RNvNtCs9jEwPDbx20M_4core9panicking9panic_fmt",
            "_RINvNtCs9jEwPDbx20M_4core3ptr13drop_in_placeNtCs1a_10cxl_sample6SampleE",
            "_RNvCscSpY9Juk0HT_7___rustc17rust_begin_unwind",
            "_ZN4core9panicking5panic17h0123456789abcdefE",
        ] {
            assert!(is_generic(name), "{name}");
        }
        for name in
            ["_RNvMs3_NtCshgDM7dBCdno_10cxl_sample6sampleNtB5_6Sample4read", "_ZN10cxl_sample4read17hE"]
        {
            assert!(!is_generic(name), "{name}");
        }
        for name in ["cxl_mem_probe", "kmem_dump", "devm_cxl_add_memdev", "rcu_torture_reader", "lkdtm_BUG"] {
            assert!(!is_generic(name), "{name}");
        }
    }

    #[test]
    fn compilers_suffixes_go() {
        assert_eq!(plain_name("cxl_probe.isra.0.cold"), "cxl_probe");
        assert_eq!(plain_name("__pfx_init_module"), "init_module");
        assert_eq!(plain_name(".dotted"), ".dotted");
    }
}
