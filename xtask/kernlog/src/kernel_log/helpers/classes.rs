//! The classes of functions that are never to blame while another is there.

/// Functions that only carry out what another asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct HelperClass {
    /// What they are.
    pub name: &'static str,
    /// Why they are not to blame.
    pub why: &'static str,
    /// Whom it comes before where there are only helpers.
    pub(super) alone: Alone,
    /// Names without leading underscores and compiler suffixes, or with one `*` for any text.
    pub(super) patterns: &'static str,
}

/// Who is named of helpers alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// Before all others: it runs the code of others in a context of its own.
    First,
    /// After those.
    Then,
    /// After all others: it only reports.
    Last,
}

/// The first class that has a pattern for a name is its class.
pub(super) const CLASSES: &[HelperClass] = &[
    HelperClass {
        name: "entry and exception glue",
        why: "brings an exception, an interrupt or a system call to its handler",
        alone: Alone::Then,
        patterns: "
            asm_exc_* exc_* exiting_irq entering_irq handle_percpu_devid_* do_handle_IPI handle_IPI ipi_handler
            handle_domain_irq gic_handle_* xen_evtchn_do_upcall xen_hvm_callback_vector riscv_intc_irq do_irq
            plat_irq_dispatch entry_after_kaiser* asm_sysvec_* sysvec_* instr_sysvec_* asm_common_interrupt
            common_interrupt asm_load_gs_index entry_SYSCALL* entry_SYSENTER* entry_INT80* do_syscall_*
            do_fast_syscall_32 do_int80_* do_SYSENTER_32 x64_sys_call ia32_sys_call syscall_enter_* syscall_exit_*
            syscall_return_slowpath system_call* int_ret_from_sys_call ret_from_sys_call ret_fast_syscall
            ret_from_fork* ret_from_exception ret_to_user ret_from_kernel_thread retint_* error_entry error_exit
            paranoid_entry irqentry_* raw_irqentry_* irq_exit* irq_enter* exit_to_user_mode* prepare_exit_to_usermode
            exit_to_usermode_loop invoke_syscall el0_* el0t_* el1_* el1h_* do_el0_* do_el1_* vector_swi irq_svc und_*
            dabt_* pabt_* do_DataAbort do_PrefetchAbort do_undefinstr do_mem_abort do_translation_fault do_sp_pc_abort
            do_alignment_fault do_tag_check_fault do_bad_area do_bad do_trap do_trap_* do_error_trap do_invalid_op
            invalid_op do_general_protection general_protection do_double_fault double_fault do_divide_error
            divide_error do_int3 int3 do_debug do_debug_exception do_page_fault page_fault page_fault_oops
            async_page_fault trace_page_fault do_async_page_fault do_user_addr_fault do_kern_addr_fault bad_area
            bad_area_* kernelmode_fixup_or_oops no_context mm_fault_error spurious_kernel_fault fixup_bug
            fixup_exception ex_handler_* handle_bug handle_exception handle_page_fault handle_nmi do_nmi
            default_do_nmi nmi nmi_* end_repeat_nmi math_error call_break_hook brk_handler bug_handler
            reserved_fault_handler kernel_brk_handler do_be do_adel do_ade do_bp do_ri do_watch tlb_do_page_fault_*
            handle_adel* handle_ri* handle_bp* handle_tlb* ret_from_irq handle_int native_irq_*
            data_access_common_virt interrupt_return* interrupt_exit_* machine_check_common program_check_common
            program_check_exception do_program_check do_dat_exception do_protection_exception pgm_check_handler
            io_int_handler ext_int_handler arm64_notify_die arm64_is_fatal_ras_serror do_serror",
    },
    HelperClass {
        name: "the kernel's death",
        why: "stops the kernel because of what another found",
        alone: Alone::Last,
        patterns: "
            panic reiserfs_panic vpanic panic_bad_stack nmi_panic die die_* abort do_exit do_group_exit make_task_dead
            rewind_stack_* bug report_bug* bust_spinlocks oops_* do_kernel_fault add_taint crash_kexec
            check_panic_on_warn bad_stack handle_bad_stack stack_chk* arm64_serror_panic rust_begin_unwind
            rust_helper_BUG machine_kexec emergency_restart",
    },
    HelperClass {
        name: "what warns, prints and dumps",
        why: "tells of what another did",
        alone: Alone::Last,
        patterns: "
            warn warn_printk warn_slowpath_* warn_alloc* warn_flushing_* printk* vprintk* dev_printk* dev_vprintk*
            dev_err dev_warn dev_info dev_notice dev_crit dev_emerg dynamic_dev_dbg dynamic_pr_debug dump_stack*
            show_stack* show_trace* show_regs* show_free_areas show_mem dump_backtrace* dump_header dump_page
            umount_check check_poison_mem poison_error resched_latency_warn div0 set_page_owner* split_page_owner*
            reset_page_owner* assertfail assfail btrfs_assertfail dump_task dump_cpu_task sched_show_task
            show_state_filter show_opcodes show_code print_trailer object_err slab_err slab_bug slab_pad_check
            print_bad_* bad_page bad_page_map bad_page_fault unwind_* arch_stack_walk stack_trace_* save_stack*
            set_track* stack_depot_* kernel_text_address is_bpf_text_address in_gate_area virt_addr_valid
            nmi_cpu_backtrace* nmi_trigger_* trigger_* arch_trigger_* console_* call_console_drivers fortify_panic
            fortify_report usercopy_* report_usercopy check_object_size check_heap_object check_object check_slab
            check_bytes_and_report on_freelist free_debug_processing alloc_debug_processing free_to_partial_list
            free_consistency_checks alloc_consistency_checks check_stack_object cache_free_debugcheck
            debug_print_object work_is_static_object is_static_object debug_object_* debug_objects_*
            debug_check_no_obj_freed debug_timer_assert_init timer_is_static_object timer_fixup* work_fixup*
            lookup_object_or_alloc debug_timer_activate debug_work_activate debug_hrtimer_* debug_activate
            debug_deactivate fixup_activate refcount_* list_add_valid* list_del_entry_valid* list_add_corruption
            list_del_corruption plist_check_* trace_event_* traceiter_* perf_trace_buf_* perf_trace_run_bpf_submit
            perf_tp_event trace_hardirqs_* trace_irq_* trace_call_bpf trace_buffer_* ftrace_* report_bad_irq
            note_interrupt",
    },
    HelperClass {
        name: "KASAN and its like",
        why: "checks each access of another, and unwinds for the report",
        alone: Alone::Last,
        patterns: "
            kasan* asan_* hwasan_* kmsan* msan_* kcsan* tsan_* kfence_* ubsan_* sanitizer_* write_comp_data
            check_memory_region* check_region_inline memory_is_* check_access find_watchpoint
            print_address_description print_report end_report* val_to_string handle_overflow
            handle_object_size_mismatch handle_null_ptr_deref handle_misaligned_access kmemleak_* memory_alloc_hook
            create_object delete_object* mem_pool_alloc check_unmap check_sync check_for_stack check_for_illegal_area
            add_dma_entry active_cacheline_insert debug_dma_*",
    },
    HelperClass {
        name: "lockdep and checks of context",
        why: "checks each lock and each sleep of another",
        alone: Alone::Last,
        patterns: "
            lock_acquire* lock_release* lock_is_held* lock_contended lock_pin_lock lockdep_* might_* in_atomic
            print_circular* print_deadlock* print_usage_bug* print_irq_* print_bad_irq_dependency print_unlock_*
            print_lock* print_freed_lock* print_unsafe* print_kernel_ident* check_prev_add check_prevs_add
            check_noncircular fs_reclaim_* check_irq_usage check_deadlock check_wait_context check_no_locks_freed
            check_flags check_preemption_disabled validate_chain hlock_class save_trace lock_class_*
            lookup_chain_cache* add_lock_to_list alloc_list_entry mark_lock* mark_usage mark_held_locks valid_state
            reacquire_held_locks find_held_lock register_lock_class look_up_lock_class assign_lock_key add_chain_cache
            debug_check_no_locks_* debug_smp_processor_id this_cpu_preempt_check preempt_count_* debug_lockdep_rcu_*
            rcu_lockdep_* schedule_bug schedule_debug can_sleep cant_sleep cant_migrate static_obj",
    },
    HelperClass {
        name: "locks",
        why: "takes and gives back what another names",
        alone: Alone::Then,
        patterns: "
            seqprop_* raw_spin_* *_write_lock *_write_unlock *_read_lock *_read_unlock folio_unlock unlock_page
            devl_lock devl_unlock rtnl_lock rtnl_unlock device_lock device_unlock unlock_buffer lock_timer_base
            cleanup_srcu_struct init_srcu_struct* atomic_dec_and_lock* refcount_dec_and_lock* lock_text_start
            raw_read_* raw_write_* do_raw_* spin_lock* spin_unlock* spin_trylock* spin_bug spin_dump spin_is_locked
            debug_spin_* debug_mutex_* debug_rt_* read_lock* read_unlock* write_lock* write_unlock* rwlock_bug
            queued_* native_queued_* pv_* kvm_wait osq_* mcs_spin_* qspinlock_* virt_spin_lock arch_spin_*
            ticket_spin_* mutex_* ww_mutex* rt_mutex_* rtlock_* task_blocks_on_rt_mutex try_to_take_rt_mutex rt_spin_*
            rt_read_* rt_write_* rwbase_* rwsem_* down down_* up up_read up_write percpu_down_*
            percpu_ref_switch_to_atomic_rcu percpu_up_* percpu_rwsem_* seqcount_* read_seqbegin read_seqretry
            write_seqlock* bit_spin_* hlist_bl_lock hlist_bl_unlock lock_page* folio_lock* lock_sock* lock_buffer
            csd_lock* class_mutex_* class_spinlock_* local_lock_* local_bh_* local_irq_* arch_local_* arch_irqs_*
            raw_irqs_* preempt_* rcu_read_* srcu_read_* rcu_lock_* rcu_note_* percpu_ref_get* percpu_ref_put*
            percpu_ref_tryget*",
    },
    HelperClass {
        name: "waiting and scheduling",
        why: "waits for another, or wakes one",
        alone: Alone::Then,
        patterns: "
            schedule schedule_* io_schedule* context_switch sched_text_start switch_to* finish_task_switch* msleep*
            usleep_* fsleep do_nanosleep hrtimer_nanosleep cond_resched* wait_for_completion* wait_for_common
            do_wait_for_common wait_on_* wait_event* bit_wait* out_of_line_wait_* prepare_to_wait* finish_wait swait_*
            rcuwait_* wait_rcu_gp* do_wait_intr* wait_woken autoremove_wake_function default_wake_function wake_up*
            try_to_wake_up ttwu_* woken_wake_function add_wait_queue* remove_wait_queue complete complete_all
            complete_with_flags swake_up_* kthread_parkme kthread_stop kthread_flush_* flush_work flush_work_*
            flush_workqueue* flush_delayed_work start_flush_work check_flush_dependency cancel_work*
            cancel_delayed_work* drain_workqueue try_to_grab_pending synchronize_* rcu_barrier* call_rcu*
            kvfree_call_rcu smp_call_function* smp_call_on_cpu generic_exec_single on_each_cpu* stop_machine*
            stop_one_cpu stop_cpus stop_two_cpus multi_cpu_stop cpu_stopper_thread delay_* udelay ndelay const_udelay
            loop_delay cpu_relax rep_nop folio_wait_* pin_current_cpu ldsem_*",
    },
    HelperClass {
        name: "idle, ticks and watchdogs",
        why: "runs when nothing else does, or notices that another hangs",
        alone: Alone::Then,
        patterns: "
            native_safe_halt native_halt arch_safe_halt default_idle* arch_cpu_idle cpuidle_* acpi_safe_halt
            acpi_idle_* cpu_idle_poll do_idle cpu_startup_entry pv_native_safe_halt cpu_do_idle rcu_check_callbacks
            rcu_sched_clock_irq rcu_pending check_cpu_stall print_cpu_stall* print_other_cpu_stall rcu_dump_cpu_stacks
            rcu_check_gp_* rcu_gp_* rcu_is_watching rcu_is_cpu_rrupt_from_idle rcu_irq_* rcu_exp_*
            update_process_times tick_sched_* tick_nohz_* tick_periodic tick_handle_* hrtimer_interrupt hrtimer_run_*
            run_hrtimer watchdog watchdog_timer_fn watchdog_overflow_callback watchdog_hardlockup_* watchdog_buddy_*
            watchdog_check_* is_softlockup check_hung_* hungtask_* task_blocked perf_event_nmi_handler
            perf_event_overflow x86_pmu_handle_irq intel_pmu_handle_irq amd_pmu_handle_irq armv8pmu_handle_irq
            smp_apic_timer_interrupt* smp_trace_apic_timer_interrupt* apic_timer_interrupt*
            trace_apic_timer_interrupt* local_apic_timer_interrupt native_apic_* lapic_* touch_softlockup_*
            arch_timer_handler_*",
    },
    HelperClass {
        name: "threads, works, timers and soft interrupts",
        why: "runs the code of others in a context of its own; to blame only where all that it runs are helpers",
        alone: Alone::First,
        patterns: "
            kthread kthread_should_stop kthread_should_park kthread_worker_fn stext softirqentry_text_start
            init_timer* timer_init* hrtimer_init* hrtimer_setup* init_work process_one_work process_scheduled_works
            worker_thread smpboot_thread_fn call_timer_fn run_timers run_timer_softirq run_timer_base expire_timers
            handle_softirqs do_softirq* invoke_softirq run_ksoftirqd rcu_core* rcu_do_batch rcu_process_callbacks
            rcu_cpu_kthread rcu_nocb_* queue_work* queue_delayed_work* mod_delayed_work* insert_work
            delayed_work_timer_fn mod_timer* remove_hrtimer hrtimer_start* hrtimer_cancel hrtimer_try_to_cancel
            enqueue_hrtimer add_timer* del_timer* detach_timer detach_if_pending enqueue_timer internal_add_timer
            timer_delete* try_to_del_timer_sync task_work_run flush_smp_call_function_queue
            generic_smp_call_function_* tasklet_action* handle_irq_event* handle_fasteoi_irq handle_edge_irq
            handle_level_irq handle_percpu_devid_irq generic_handle_* do_IRQ handle_irq irq_work_*",
    },
    HelperClass {
        name: "allocation and freeing",
        why: "hands out and takes back memory that another uses",
        alone: Alone::Then,
        patterns: "
            kmalloc* warn_if_node_offline alloc_cpumask_var* filemap_alloc_folio* page_pool_alloc_*
            page_pool_dev_alloc* alloc_inode new_inode* kzalloc* kcalloc* do_kmalloc* krealloc* kfree* kvfree*
            kvmalloc* kvzalloc kzfree vmalloc* vzalloc* vfree* vunmap* ksize kmem_cache_* cache_alloc* cache_free*
            cache_grow* cache_shrink* fallback_alloc slab_* slub_* do_slab_free allocate_slab new_slab
            shuffle_freelist get_any_partial get_partial* deactivate_slab unfreeze_partials put_cpu_partial
            flush_cpu_slab sheaf_* free_to_pcs alloc_from_pcs rcu_free_sheaf get_freepointer* alloc_pages* alloc_page
            alloc_page_interleave alloc_frozen_pages* alloc_slab_page alloc_contig_* free_pages* free_page
            free_one_page free_unref_* free_frozen_* free_pcp_* free_pcppages_* free_page_is_bad free_the_page
            free_large_* free_contig_* get_page_from_freelist get_free_page* get_zeroed_page* prep_new_page
            post_alloc_hook prep_compound_page check_new_page* rmqueue* put_page folio_alloc* folio_put*
            vma_alloc_folio* mempool_* page_frag_* pcpu_* alloc_percpu* free_percpu devm_kmalloc* devm_kfree
            devm_kzalloc devm_kcalloc devm_kmemdup devm_krealloc alloc_dr devres_alloc* dma_pool_* dma_alloc_*
            dma_free_* dma_map_* dma_unmap_* dma_sync_* dma_direct_* out_of_memory oom_kill_process
            mem_cgroup_out_of_memory mem_cgroup_oom try_charge* charge_memcg obj_cgroup_* memcg_* mem_cgroup_charge*
            vm_normal_page qlist_free_all qlink_free quarantine_* alloc_skb* napi_alloc_* netdev_alloc_* skb_clone
            skb_copy pskb_* skb_panic skb_over_panic skb_under_panic skb_put skb_push skb_pull skb_release_*
            skb_free_* consume_skb* sk_skb_* kasprintf* kvasprintf* kstrdup* kstrndup kmemdup* kvmemdup* memdup_*
            vmemdup_* vm_area_alloc vm_area_free radix_tree_node_* bio_alloc* alloc_inode_sb",
    },
    HelperClass {
        name: "copies, strings and numbers",
        why: "copies and formats between the places that another names, to and from user space and devices, too",
        alone: Alone::Then,
        patterns: "
            memcpy* phys_addr phys_addr_symbol phys_addr_nodebug virt_to_phys virt_to_phys_nodebug compound_head
            raw_readb raw_readw raw_readl raw_readq raw_writeb raw_writew raw_writel raw_writeq readb readw readl
            readq writeb writew writel writeq ioread* iowrite* inb inw inl insb outb outw outl logic_in* logic_out*
            memset* memmove* memcmp* memchr* memscan memzero_* bcmp bcopy pi_mem* pi_str* pi_clear* pi_copy* strlen*
            strnlen* strcmp strncmp strcasecmp strncasecmp strcpy strncpy* strlcpy strscpy* sized_strscpy strcat
            strncat strlcat strchr strrchr strnchr strstr strnstr strsep strspn strcspn strpbrk strim skip_spaces
            copy_page copy_page_to_iter* copy_page_from_iter* copy_user* copy_to_* copy_from_* copyin copyout
            copy_highpage copy_mc_* raw_copy_* arch_copy_* clear_page clear_page_erms clear_page_rep clear_page_orig
            clear_user* clear_highpage zero_user* rep_movs_* rep_stos_* put_user put_user_nocheck_* put_user_1
            put_user_2 put_user_4 put_user_8 get_user get_user_nocheck_* get_user_1 get_user_2 get_user_4 get_user_8
            strndup_user iov_iter_* iterate_* csum_and_copy_* simple_copy_to_iter skb_copy_datagram_* instrument_*
            fault_in_* va_format string string_nocheck hex_string vsnprintf snprintf scnprintf sprintf vsprintf
            vscnprintf vasprintf bstr_printf vbin_printf number pointer format_decode kstrto* simple_strto*
            sysfs_emit* seq_printf seq_vprintf seq_puts seq_putc seq_write seq_escape* seq_buf_* read_word_at_a_time
            hex_dump_to_buffer print_hex_dump* unaligned_* get_unaligned_* put_unaligned_*",
    },
    HelperClass {
        name: "sums, crypto and compression",
        why: "computes over the data of another",
        alone: Alone::Then,
        patterns: "
            crc* csum_* do_csum checksum ip_compute_csum ip_fast_csum xxh32* xxh64* jhash* hash_64 hash_32 hash_ptr
            hash_long siphash* hsiphash* murmur* sha1_* sha256_* sha384_* sha512_* sha3_* md5_* sm3_* blake2* chacha_*
            poly1305_* aes_* aesti_* aesni_* gcm_* ghash_* curve25519_* crypto_*_update crypto_*_digest crypto_*_final
            crypto_*_finup crypto_*_encrypt crypto_*_decrypt crypto_xor* shash_* LZ4_* lz4_* lzo1x_* lzo_* ZSTD_*
            zstd_* HUF_* FSE_* zlib_* inflate_* deflate_* xz_dec_* raid6_* xor_*",
    },
    HelperClass {
        name: "lists, trees and bitmaps",
        why: "walks and changes what another keeps in it",
        alone: Alone::Then,
        patterns: "
            list_add* list_del* list_move* list_splice* list_replace* list_empty* list_lru_* list_sort list_first*
            hlist_* llist_* klist_* plist_* rb_* rbt_* interval_tree_* timerqueue_* xa_* xas_* radix_tree_* idr_*
            ida_* mas_* mtree_* mab_* rhashtable_* rht_* assoc_array_* generic_find_next_* btree_get_prev btree_insert
            bitmap_equal bitmap_and bitmap_andnot bitmap_or bitmap_xor bitmap_set bitmap_clear bitmap_zero bitmap_fill
            bitmap_copy bitmap_complement bitmap_replace bitmap_subset bitmap_intersects bitmap_shift_* bitmap_weight*
            bitmap_find_* bitmap_parse* bitmap_print_* bitmap_alloc* bitmap_zalloc* bitmap_free find_first_*
            find_next_* find_last_bit find_nth_* test_bit set_bit clear_bit change_bit test_and_* const_test_bit
            arch_test_bit arch_set_bit arch_clear_bit arch_test_and_* cpumask_* bsearch sort sort_r sbitmap_* kfifo_*
            ptr_ring_* circ_* heap_* min_heap_* lru_cache_*",
    },
    HelperClass {
        name: "counters and references",
        why: "counts for another, and reads and writes single words",
        alone: Alone::Then,
        patterns: "
            atomic_* atomic64_* arch_atomic* raw_atomic* kref_* ref_tracker_* drop_nlink clear_nlink inc_nlink
            set_nlink fast_dput kobject_get* kobject_put get_device put_device percpu_counter_* percpu_add_op
            this_cpu_* preempt_schedule_thunk fput get_file put_pid get_pid static_key_* static_branch_* jump_label_*
            READ_ONCE WRITE_ONCE read_once_size write_once_size read_pnet write_pnet rust_helper_* indirect_thunk*
            x86_indirect_thunk* srso_* retbleed_* its_return_thunk native_read_msr native_write_msr do_trace_write_msr
            do_trace_read_msr read_msr write_msr rdmsr* native_write_cr* native_read_cr* native_set_debugreg
            native_load_gs_index wrmsr*",
    },
    HelperClass {
        name: "the driver core and the buses",
        why: "registers what a driver asks for, calls what a driver is to do, and complains about it",
        alone: Alone::Then,
        patterns: "
            kobject_* kset_* add_uevent_var dpm_sysfs_* device_del device_destroy get_device_parent cleanup_glue_dir
            sysfs_remove_file* sysfs_remove_dir sysfs_remove_bin_file* proc_register proc_create* proc_mkdir*
            debugfs_create_* devres_release* release_nodes devm_action_release usb_submit_urb usb_hcd_submit_urb
            usb_start_wait_urb usb_control_msg* usb_bulk_msg usb_interrupt_msg usb_kill_urb usb_kill_anchored_urbs
            usb_poison_urb i2c_transfer* i2c_smbus_* spi_sync* device_for_each_child* device_unregister
            device_initialize device_rename bus_add_device bus_probe_device device_attach device_attach_driver
            driver_attach driver_probe_device really_probe call_driver_probe device_initial_probe bus_for_each_drv
            bus_for_each_dev bus_add_driver driver_register device_release_driver* device_driver_detach
            bus_remove_device device_remove kernfs_add_one kernfs_create_* sysfs_warn_dup sysfs_create_*
            sysfs_add_file* sysfs_do_create_link* sysfs_remove_group* sysfs_remove_link* create_dir device_add
            device_register device_create device_create_* internal_create_group*",
    },
];
