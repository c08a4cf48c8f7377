//! Who is to blame, in logs of a few lines.

use super::helpers::helper_class;
use super::scan;

/// The function that the only report of a log blames.
fn blamed(log: &str) -> Option<String> {
    let splats = scan(log.as_bytes());
    assert_eq!(splats.len(), 1, "{splats:?}");
    splats[0].function.clone()
}

fn oops(rest: &str) -> String {
    format!(
        "[    5.0] BUG: unable to handle page fault for address: ffffc90000a00000\n\
         [    5.1] Oops: Oops: 0000 [#1] SMP NOPTI\n\
         [    5.2] CPU: 0 UID: 0 PID: 1 Comm: sh Not tainted 6.12 #1\n{rest}\
         [    5.9] ---[ end trace 0000000000000000 ]---\n"
    )
}

#[test]
fn what_was_interrupted_did_not_do_it() {
    let marks = [
        "[    5.5]  </IRQ>\n[    5.6] RIP: 0010:cxl_sample+0x1/0x2\n[    5.7]  cxl_sample+0x1/0x2\n",
        "[    5.5]  <EOI>\n[    5.7]  cxl_sample+0x1/0x2\n",
        "[    5.5]  <EOI>  [<ffffffff81000000>] cxl_sample+0x1/0x2\n",
        "[    5.5]  el1h_64_irq+0x64/0x68\n[    5.7]  cxl_sample+0x1/0x2\n",
        "[    5.5] [<c0100a00>] (__irq_svc) from [<c0100b00>] (cxl_sample+0x1/0x2)\n[    5.6] [<c0100b00>] (cxl_sample) from [<c0100c00>] (cxl_other+0x1/0x2)\n",
    ];
    for mark in marks {
        let in_interrupt = |function: &str| {
            oops(&format!(
                "[    5.3] RIP: 0010:__x86_indirect_thunk_rax+0x10/0x20\n[    5.3] Call Trace:\n[    5.4]  <IRQ>\n\
                 [    5.4]  {function}+0x3/0x9\n[    5.4]  __do_softirq+0x3/0x9\n[    5.4]  irq_exit_rcu+0x3/0x9\n{mark}"
            ))
        };
        assert_eq!(blamed(&in_interrupt("cxl_handler")).as_deref(), Some("cxl_handler"), "{mark}");
        // All of the interrupt is helpers: whatever ran them is to blame, and not the code below.
        assert_eq!(
            blamed(&in_interrupt("run_timer_softirq")).as_deref(),
            Some("run_timer_softirq"),
            "{mark}"
        );
    }
}

#[test]
fn who_is_stuck_is_below_the_tick() {
    let log = "\
[    5.0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:77]
[    5.1] CPU: 0 UID: 0 PID: 77 Comm: sh Not tainted 6.12 #1
[    5.2] Call Trace:
[    5.3]  <IRQ>
[    5.4]  watchdog_timer_fn+0x1/0x2
[    5.5]  hrtimer_interrupt+0x1/0x2
[    5.6]  </IRQ>
[    5.7]  <TASK>
[    5.8]  cxl_sample+0x1/0x2
[    5.9]  </TASK>
";
    assert_eq!(blamed(log).as_deref(), Some("cxl_sample"));
}

#[test]
fn of_helpers_alone_who_called_them() {
    let work = "[    5.3] RIP: 0010:memcpy+0x1/0x2\n[    5.4] Call Trace:\n[    5.5]  kmemdup_noprof+0x1/0x2\n\
                [    5.6]  process_one_work+0x1/0x2\n[    5.7]  worker_thread+0x1/0x2\n[    5.8]  kthread+0x1/0x2\n";
    assert_eq!(blamed(&oops(work)).as_deref(), Some("process_one_work"));
    let nobody =
        "[    5.3] RIP: 0010:memcpy+0x1/0x2\n[    5.4] Call Trace:\n[    5.5]  do_syscall_64+0x1/0x2\n";
    assert_eq!(blamed(&oops(nobody)).as_deref(), Some("memcpy"));
}

#[test]
fn how_the_lock_was_taken_before_is_another_matter() {
    let log = "\
[    5.0] WARNING: inconsistent lock state
[    5.1] inconsistent {IN-HARDIRQ-W} -> {HARDIRQ-ON-W} usage.
[    5.1] sh/77 [HC0[0]:SC0[0]:HE1:SE1] takes:
[    5.2] ffff8880 (&lock){?.-.}-{2:2}, at: _raw_spin_lock+0x1/0x2
[    5.2] {IN-HARDIRQ-W} state was registered at:
[    5.3]   _raw_spin_lock+0x1/0x2
[    5.3]   cxl_handler+0x1/0x2
[    5.4] stack backtrace:
[    5.5] CPU: 0 UID: 0 PID: 77 Comm: sh Not tainted 6.12 #1
[    5.6] Call Trace:
[    5.7]  dump_stack_lvl+0x1/0x2
[    5.7]  _raw_spin_lock+0x1/0x2
[    5.8]  cxl_sample+0x1/0x2
";
    assert_eq!(blamed(log).as_deref(), Some("cxl_sample"));
    let circular = "\
[    5.0] WARNING: possible circular locking dependency detected
[    5.1] sh/77 is trying to acquire lock:
[    5.2] ffff8880 (&a){+.+.}-{4:4}, at: flush_workqueue+0x1/0x2
[    5.3] -> #1 (&b){+.+.}-{4:4}:
[    5.3]        mutex_lock_nested+0x1/0x2
[    5.3]        cxl_handler+0x1/0x2
[    5.4] -> #0 (&a){+.+.}-{4:4}:
[    5.4]        flush_workqueue+0x1/0x2
[    5.4]        cxl_sample+0x1/0x2
";
    assert_eq!(blamed(circular).as_deref(), Some("cxl_sample"));
}

#[test]
fn a_stack_that_ran_over_is_of_who_began_on_it() {
    let log = "\
[    5.0] Kernel panic - not syncing: corrupted stack end detected inside scheduler
[    5.1] CPU: 0 UID: 0 PID: 77 Comm: kworker/0:1 Not tainted 6.12 #1
[    5.2] Call Trace:
[    5.3]  panic+0x1/0x2
[    5.4]  schedule+0x1/0x2
[    5.5]  cxl_deep+0x1/0x2
[    5.6]  cxl_workfn+0x1/0x2
[    5.7]  process_one_work+0x1/0x2
[    5.8]  kthread+0x1/0x2
";
    assert_eq!(blamed(log).as_deref(), Some("cxl_workfn"));
}

#[test]
fn an_address_is_no_function() {
    let log = "\
[    5.0] Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: ffffffff8343632e
[    5.1] CPU: 0 UID: 0 PID: 77 Comm: sh Not tainted 6.12 #1
[    5.2] Call Trace:
[    5.3]  panic+0x1/0x2
[    5.4]  __stack_chk_fail+0x1/0x2
[    5.5]  cxl_sample+0x1/0x2
";
    assert_eq!(blamed(log).as_deref(), Some("cxl_sample"));
}

/// Each class has names of its own kind, and leaves alone those that only look like them.
#[test]
fn classes() {
    let names = [
        "asm_exc_page_fault",
        "el0_svc_common",
        "panic",
        "dump_stack_lvl",
        "__asan_load8",
        "__lock_acquire",
        "_raw_spin_lock_irq",
        "mutex_lock_nested",
        "schedule_timeout",
        "update_process_times",
        "process_one_work",
        "__kmalloc_noprof",
        "kmem_cache_free.part.0",
        "_copy_from_user",
        "vsnprintf",
        "crc32_le",
        "xas_load",
        "rb_erase",
        "_find_next_bit",
        "refcount_warn_saturate",
        "device_add",
        "__raw_readl",
        "really_probe",
        // To blame.
        "bitmap_ip_add",
        "copy_page_range",
        "get_user_pages_fast",
        "clear_page_dirty_for_io",
        "hash_netport4_add",
        "panic_stop_irqoff_fn",
        "watchdog_open",
        "mt_probe",
        "list_set_add",
        "cxl_memcpy",
        "devm_cxl_add_memdev",
        "up_the_creek",
    ];
    let told: Vec<_> =
        names.map(|name| format!("{name}: {}", helper_class(name).map_or("-", |class| class.name))).into();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn who_forbade_the_sleep_and_who_gave_back_what_it_had_not() {
    let sleep = "\
[    5.0] BUG: scheduling while atomic: sh/77/0x00000002
[    5.1] Preemption disabled at:
[    5.1] [<ffffffff81000000>] cxl_sample+0x1/0x2
[    5.2] CPU: 0 UID: 0 PID: 77 Comm: sh Not tainted 6.12 #1
[    5.3] Call Trace:
[    5.4]  dump_stack_lvl+0x1/0x2
[    5.5]  __schedule_bug+0x1/0x2
[    5.6]  __schedule+0x1/0x2
[    5.7]  do_syscall_64+0x1/0x2
";
    assert_eq!(blamed(sleep).as_deref(), Some("cxl_sample"));
    let nobody = sleep.replace("cxl_sample", "preempt_count_add");
    assert_eq!(blamed(&nobody).as_deref(), Some("__schedule"), "and not what only tells of it");
    let unlock = "\
[    5.0] WARNING: bad unlock balance detected!
[    5.1] sh/77 is trying to release lock (cxl_lock) at:
[    5.1] [<ffffffff81000000>] cxl_sample+0x1/0x2
[    5.2] but there are no more locks to release!
[    5.2]  #0:  (&p->lock){+.+.}, at: [<ffffffff81000001>] cxl_other+0x1/0x2
[    5.3] CPU: 0 UID: 0 PID: 77 Comm: sh Not tainted 6.12 #1
[    5.4] Call Trace:
[    5.5]  lock_release+0x1/0x2
";
    assert_eq!(blamed(unlock).as_deref(), Some("cxl_sample"));
}

#[test]
fn who_is_in_flight_keeps_the_workqueue() {
    let log = "\
[    5.0] BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 30s!
[    5.1] Showing busy workqueues and worker pools:
[    5.2] workqueue events: flags=0x0
[    5.3]   pwq 2: cpus=0 node=0 flags=0x0 nice=0 active=1 refcnt=2
[    5.4]     in-flight: 77:cxl_sample [cxl_core] for 30s ,78:cxl_other
";
    let splats = scan(log.as_bytes());
    assert_eq!(splats[0].title, "workqueue lockup in cxl_sample");
    assert_eq!(splats[0].module.as_deref(), Some("cxl_core"));
}
