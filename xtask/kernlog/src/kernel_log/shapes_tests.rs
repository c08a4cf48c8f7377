//! Shapes that reports have on other architectures, in old and new kernels, and under prefixes of all sorts.

use super::scan;

fn shown(logs: &[&str]) -> String {
    let line = |log: &&str| {
        let splats = scan(log.as_bytes());
        let all: Vec<_> = splats.iter().map(|s| format!("{} | {}", s.kind, s.title)).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(" AND ") }
    };
    logs.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn architectures() {
    insta::assert_snapshot!(shown(&[
        "8<--- cut here ---\nUnable to handle kernel NULL pointer dereference at virtual address 00000000 when read\nInternal error: Oops: 5 [#1] SMP ARM\nPC is at cxl_arm+0x1c/0x60\nLR is at cxl_other+0x1c/0x60\n",
        "Unhandled fault: external abort on non-linefetch (0x1028) at 0xfed01000\nInternal error: : 1028 [#1] SMP ARM\nPC is at cxl_abort+0x1/0x2\n",
        "Internal error: UBSAN: array index out of bounds: 00000000f2005512 [#1] PREEMPT SMP\npc : cxl_index+0x1/0x2\n",
        "Insufficient stack space to handle exception!\npc : cxl_deep+0x1/0x2\nKernel panic - not syncing: kernel stack overflow\nCall trace:\n panic+0x1/0x2\n panic_bad_stack+0x1/0x2\n",
        "SError Interrupt on CPU2, code 0x00000000bf000002 -- SError\npc : cxl_mmio+0x1/0x2\nKernel panic - not syncing: Asynchronous SError Interrupt\n",
        "kernel BUG at drivers/cxl/core/mbox.c:10!\nKernel BUG [#1]\nepc : cxl_riscv+0x10/0x20\n ra : cxl_other+0x1/0x2\n",
        "CPU 0 Unable to handle kernel paging request at virtual address 00000000, epc == 80123456, ra == 80123457\nOops[#1]:\nepc   : 80123456 cxl_mips+0x1/0x2\nra    : 80123457 cxl_other+0x1/0x2\n",
        "CPU 0 Unable to handle kernel paging request at virtual address 0, era == 90000, ra == 90000\nOops[#1]:\n   ra: 9000000000123457 cxl_other+0x1/0x2\n  ERA: 9000000000123456 cxl_loong+0x1/0x2\n",
        "BUG: Kernel NULL pointer dereference on read at 0x00000000\nOops: Kernel access of bad area, sig: 11 [#1]\nNIP [c000000000123456] cxl_power+0x1/0x2\nLR [c000000000123457] cxl_other+0x1/0x2\n",
        "Oops: 0004 ilc:2 [#1] SMP\nKrnl PSW : 0704e00180000000 0000000000123456 (cxl_z+0x1/0x2)\n",
        "addressing exception: 0005 ilc:2 [#1] SMP\nKrnl PSW : 0704e00180000000 0000000000123456 (cxl_z+0x1/0x2)\n",
    ]), @"
    oops | NULL pointer dereference in cxl_arm
    oops | unhandled fault: external abort on non-linefetch in cxl_abort
    ubsan | UBSAN: array index out of bounds in cxl_index
    oops | stack overflow in cxl_deep
    oops | SError in cxl_mmio
    bug | kernel BUG in cxl_riscv
    oops | page fault in cxl_mips
    oops | page fault in cxl_loong
    oops | NULL pointer dereference in cxl_power
    oops | Oops in cxl_z
    oops | addressing exception in cxl_z
    ");
}

#[test]
fn old_and_new_wording() {
    insta::assert_snapshot!(shown(&[
        // Before 4.15 the message stands below the WARNING.
        "------------[ cut here ]------------\nWARNING: CPU: 0 PID: 1 at lib/refcount.c:153 refcount_inc+0x47/0x50\nrefcount_t: increment on 0; use-after-free.\nCall Trace:\n cxl_get+0x1/0x2\n",
        "WARNING: at lib/list_debug.c:53 __list_del_entry+0x63/0xd0()\nlist_del corruption, ffff880->next is LIST_POISON1\n [<ffffffff81>] list_del+0xd/0x30\n [<ffffffffa0>] cxl_unlink+0x1/0x2 [cxl]\n",
        "------------[ cut here ]------------\nWARNING: drivers/cxl/core/port.c:1850 at cxl_add+0xe1/0x140 [cxl_core], CPU#1: modprobe/154\n",
        "WARNING: at drivers/cxl/port.c:307\nCPU: 0 PID: 1 Comm: x\npc : [<ffffffc000>] cxl_nameless+0x2d0/0x2f0\n",
        // Inlined functions have heading lines of their own.
        "BUG: KASAN: wild-memory-access in atomic_read include/linux/atomic.h:1 [inline]\nBUG: KASAN: wild-memory-access in refcount_inc include/linux/refcount.h:2 [inline]\nBUG: KASAN: wild-memory-access in cxl_grab+0x4f/0x80\n",
        "BUG: KASan: out of bounds access in cxl_oob+0xbf/0xe8 [cxl] at addr ffff88003eb2fa52\n",
        "WARNING: CPU: 0 PID: 1 at drivers/cxl/a.c:1 cxl_decoded (drivers/cxl/a.c:1 drivers/cxl/a.c:2)\n",
        "BUG: workqueue leaked lock or atomic: kworker/u4:1/0x00000000/21\n     last function: cxl_work\nCall Trace:\n process_one_work+0x1/0x2\n",
        "BUG: sleeping function called from invalid context at a.c:1\nPreemption disabled at:\n[<ffffffff81>] cxl_disabler+0x1/0x2\nCall Trace:\n __might_resched+0x1/0x2\n cxl_sleeper+0x1/0x2\n",
        "WARNING: suspicious RCU usage\n1 lock held by sh/1:\n #0: ffff88 (&x){+}-{2:2}, at: cxl_holder+0x1/0x2\nCall Trace:\n lockdep_rcu_suspicious+0x1/0x2\n cxl_reader+0x1/0x2\n",
        "INFO: rcu_sched self-detected stall on CPU { 1}  (t=65000 jiffies g=100 c=99 q=1000)\nCall Trace:\n <IRQ>  [<ffffffff81>] sched_show_task+0xc1/0x130\n <EOI>  [<ffffffff83>] cxl_busy+0x1/0x2\n",
        "Kernel panic - not syncing: Watchdog detected hard LOCKUP on cpu 3\n <NMI>  [<ffffffff81>] ? panic+0xa7/0x16f\n <<EOE>>  [<ffffffff81>] ? cxl_spin+0x1/0x2\n",
        "unchecked MSR access error: RDMSR from 0xc0011029 at rIP: 0xffffffff81 (cxl_msr+0x1/0x2)\nCall Trace:\n init_amd+0x1/0x2\n",
    ]), @"
    refcount | refcount_t: increment on 0 in cxl_get
    list-corruption | list_del corruption in cxl_unlink
    warning | WARNING in cxl_add
    warning | WARNING in cxl_nameless
    kasan | KASAN: wild-memory-access in cxl_grab
    kasan | KASAN: out of bounds access in cxl_oob
    warning | WARNING in cxl_decoded
    lockdep | workqueue leaked lock in cxl_work
    atomic-sleep | sleeping function called from invalid context in cxl_sleeper
    lockdep | suspicious RCU usage in cxl_reader
    rcu-stall | RCU stall in cxl_busy
    hard-lockup | hard lockup in cxl_spin
    other | unchecked MSR access: RDMSR in cxl_msr
    ");
}

#[test]
fn words_and_traces_of_newer_kernels() {
    let trace = "Call Trace:\n dump_stack_lvl+0x1/0x2\n process_one_work+0x1/0x2\n worker_thread+0x1/0x2\n";
    let held: String = (0..7)
        .map(|n| format!(" #{n}: ffff88 (&x){{+}}-{{4:4}}, at: cxl_locks+0x1{n}/0x200 [cxl]\n"))
        .collect();
    let leaked = "BUG: workqueue leaked atomic, lock or RCU: kworker/1:0[12]\n     preempt=0x00000000 lock=0->7 RCU=0->0 workfn=cxl_work";
    let logs = [
        format!("{leaked} [cxl]\n7 locks held by kworker/1:0/12:\n{held}CPU: 1 UID: 0 PID: 12 Comm: kworker/1:0\n{trace}"),
        // Without who it was: nobody is blamed who only prints a trace.
        format!("BUG: workqueue leaked atomic, lock or RCU: kworker/1:0[12]\n{trace}"),
        format!("BUG: sample of a checker to come\n7 locks held by sh/1:\n{held}CPU: 1 UID: 0 PID: 12 Comm: sh\nCall Trace:\n cxl_new+0x1/0x2\n"),
        // The interrupted frame, behind those of an exception that only reports.
        "Kernel panic - not syncing: Asynchronous SError Interrupt\nCall trace:\n show_stack+0x18/0x24 (C)\n vpanic+0x1/0x2\n abort+0x0/0x4\n cxl_next_symbol+0x0/0xb8\n do_serror+0x1/0x2\n sample_vendor_handler+0x1/0x2\n cxl_mmio+0x8/0x20 [cxl] (P)\n cxl_caller+0x1/0x2\n".to_owned(),
        "rcu: INFO: rcu_sched self-detected stall on CPU\nCall trace:\n _sched_show_task.cold+0x1/0x2\n dump_cpu_task+0x1/0x2\n sample_vendor_timer+0x1/0x2\n cxl_busy+0x8/0x20 (P)\n".to_owned(),
        // But a fault within an interrupt is the interrupt's.
        "Internal error: Oops: 0000000096000004 [#6] SMP\npc : cxl_irq+0x8/0x20\nCall trace:\n cxl_irq+0x8/0x20 (P)\n el1h_64_irq+0x1/0x2\n cxl_innocent+0x8/0x20 (P)\n".to_owned(),
        "kernel BUG at rust/helpers/bug.c:7!\nOops: invalid opcode: 0000 [#1] SMP\nRIP: 0010:rust_helper_BUG+0x8/0x10\nCall Trace:\n _RNvNtCs9jEwPDbx20M_4core9panicking9panic_fmt+0x1/0x2\n _RNvMs3_NtCs1a_3cxl6sampleNtB5_6Sample4read+0x1/0x2 [cxl]\n".to_owned(),
        "WARNING: [a[i] != b[(j) + 1]] drivers/cxl/a.c:7 at cxl_checks+0x8/0x20 [cxl], CPU#1: sh/7\n".to_owned(),
        "sh: vmemmap alloc failure: order:9, mode:0xcc0\nCall Trace:\n warn_alloc+0x1/0x2\n cxl_maps+0x1/0x2\n".to_owned(),
        "BUG: workqueue lockup - pool\ncxl_mem mem1: a line of another CPU\n cpus=1 node=0 flags=0x0 nice=0 stuck for 31s!\n".to_owned(),
    ];
    let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
    insta::assert_snapshot!(shown(&logs), @"
    lockdep | workqueue leaked atomic, lock or RCU in cxl_work
    lockdep | workqueue leaked atomic, lock or RCU in process_one_work
    bug | BUG: sample of a checker to come in cxl_new
    panic | Kernel panic: Asynchronous SError Interrupt in cxl_mmio
    rcu-stall | RCU stall in cxl_busy
    oops | Oops in cxl_irq
    bug | kernel BUG in _RNvMs3_NtCs1a_3cxl6sampleNtB5_6Sample4read
    warning | WARNING in cxl_checks
    oom | page allocation failure in cxl_maps
    workqueue-stall | workqueue lockup
    ");
}

#[test]
fn the_die_lines_of_all_architectures_at_any_counter() {
    let registers = "CPU: 0 PID: 1 Comm: sh Not tainted\nCall Trace:\n cxl_dies+0x1/0x2\n";
    let lines = [
        "divide error: 0000 [#4] SMP NOPTI",
        "Oops: stack segment: 0000 [#5] SMP",
        "Oops: 0002 [#10] PREEMPT SMP",
        "Internal error: Oops: 96000004 [#123] SMP",
        "Oops - load access fault [#4]",
        "Oops: Exception in kernel mode, sig: 5 [#17]",
        "Break instruction in kernel code[#9]:",
        "Kernel ade access[#4]:",
        "sh(77): Kernel illegal instruction [#4]",
        "Caught unhandled exception: sig: 9 [#8] PREEMPT",
        "illegal operation: 0001 ilc:1 [#6] SMP",
    ];
    let logs = lines.map(|line| format!("{line}\n{registers}"));
    let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
    insta::assert_snapshot!(shown(&logs), @"
    oops | divide error in cxl_dies
    oops | stack segment in cxl_dies
    oops | Oops in cxl_dies
    oops | Oops in cxl_dies
    oops | Oops in cxl_dies
    oops | Exception in kernel mode in cxl_dies
    oops | Break instruction in kernel code in cxl_dies
    oops | Kernel ade access in cxl_dies
    oops | Kernel illegal instruction in cxl_dies
    oops | Caught unhandled exception in cxl_dies
    oops | illegal operation in cxl_dies
    ");
    // Without registers the words are a program's.
    assert_eq!(shown(&["see issue [#4]\nchapter one [#12]: how it began\n"]), "nothing");
}

#[test]
fn prefixes_and_colours() {
    let lines = [
        "[ BUG: Invalid wait context ]",
        "sh/1 is trying to lock:",
        "ffff (&x){....}-{3:3}, at: cxl_wait+0x1/0x2",
    ];
    let under = |start: &str, end: &str| lines.map(|line| format!("{start}{line}{end}\n")).concat();
    let logs = [
        under("[    1.000000] [pid:0,cpu0,swapper/0]", ""),
        under("<4>[    1.000000]  [0:  swapper/0:    1] ", ""),
        under("[    1.000000][T1@C0] ", "\r"),
        under("\x1b[32m[    1.000000] \x1b[0m\x1b[31m", "\x1b[0m"),
        under("Nov 22 10:00:00 box kernel: ", ""),
        under("kern  :warn  : [Fri Apr  7 00:11:03 2023] ", ""),
    ];
    let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
    insta::assert_snapshot!(shown(&logs), @"
    lockdep | Invalid wait context in cxl_wait
    lockdep | Invalid wait context in cxl_wait
    lockdep | Invalid wait context in cxl_wait
    lockdep | Invalid wait context in cxl_wait
    lockdep | Invalid wait context in cxl_wait
    lockdep | Invalid wait context in cxl_wait
    ");
}

#[test]
fn a_report_that_lost_its_beginning() {
    let torn = "Modules linked in: cxl_core\nRIP: 0010:cxl_lost+0x68a/0x940 [cxl_core]\n---[ end trace 51d94a82e5a5b2c3 ]---\n";
    let faults = "Modules linked in: cxl_core\nprog[12]: segfault at 0 ip 0 sp 0 error 4\n";
    let after_end = "kernel BUG at a.c:1!\nRIP: 0010:cxl_bug+0x1/0x2\n---[ end trace 0 ]---\nModules linked in: x\n---[ end trace 0 ]---\n";
    insta::assert_snapshot!(shown(&[torn, "---[ end trace 51d94a82e5a5b2c3 ]---\n", faults, after_end]), @"
    warning | report without its beginning in cxl_lost
    warning | report without its beginning
    nothing
    bug | kernel BUG in cxl_bug
    ");
}

#[test]
fn a_boot_that_ends_without_a_word() {
    let unfinished =
        |log: &str| super::scan_log(log.as_bytes(), None).unfinished.map(|s| (s.line, s.excerpt));
    let banner = "[    0.000000] Linux version 6.12.0 #1\n[    0.500000] PCI: probing\n";
    let dead = format!("SeaBIOS\n{banner}\n");
    let last = "[    0.500000] PCI: probing".to_owned();
    assert_eq!(unfinished(&dead), Some((2, vec!["Linux version 6.12.0 #1".to_owned(), last.clone()])));
    assert!(unfinished(&format!("{banner}{banner}[    0.900000] Run /init as init process\n")).is_some());
    assert_eq!(unfinished(&format!("{banner}[    0.900000] Run /init as init process\n")), None);
    assert_eq!(unfinished(&format!("{banner}[    0.900000] Kernel panic - not syncing: no init\n")), None);
    assert_eq!(unfinished("[    0.500000] PCI: probing\n"), None);
}

#[test]
fn what_only_looks_like_one_near_a_report_of_a_program() {
    let log = "\
[    0.000005] WARNING: BIOS bug: CPU MTRRs don't cover all of memory, losing 12MB of RAM.
[    0.000006] prog[1234]: segfault at 0 ip 0000000000401136 sp 00007ffd error 4 in prog[401000+1000]
[    0.000007] Code: f3 0f 1e fa 55 48 89 e5 48 8b 00 <48> 8b
[    0.000008] CPU: Physical Processor ID: 0
[    0.000009] mce: [Hardware Error]: Machine check events logged
[    0.000010] traps: prog[1234] trap invalid opcode ip:401136 sp:7ffd error:0 in prog[401000+1000]
[    0.000011] sysrq: Show Blocked State
[    0.000012] task:kworker/0:1 state:D stack:0 pid:10 ppid:2 flags:0x00004000
[    0.000013] Call Trace:
[    0.000014]  __schedule+0x1/0x2
";
    assert_eq!(shown(&[log]), "nothing");
}

#[test]
fn as_people_and_log_servers_pass_it_on() {
    insta::assert_snapshot!(shown(&[
        // Behind the clock of a CI service, and indented in a mail.
        "10:00:00 [ 82.000001] Unable to handle kernel paging request at virtual address 1\n10:00:00 [ 82.000002] Internal error: Oops: 805 [#1] ARM\n10:00:00 [ 82.000003] PC is at cxl_ci+0x1/0x2\n",
        "      [ 5300.000001] INFO: task cxl:1 blocked for more than 120 seconds.\n      [ 5300.000002] [<80>] (__schedule) from [<81>] (schedule+0x50/0xa8)\n      [ 5300.000003] [<81>] (schedule) from [<82>] (cxl_mail+0x1/0x2 [cxl])\n",
        // Arm's last line names who called, and who is called may have a module.
        "BUG: sleeping function called from invalid context at a.c:1\n[<80>] (__might_sleep) from [<81>] (mutex_lock+0x1/0x2)\n[<81>] (mutex_lock) from [<82>] (cxl_arm+0x1/0x2 [cxl])\n[<82>] (cxl_arm [cxl]) from [<83>] (cxl_other+0x1/0x2)\n",
        // No trace, but who took the lock under which nobody may sleep.
        "BUG: sleeping function called from invalid context at a.c:1\n1 lock held by sh/1:\n #0: ffff88 (&x){+}-{2:2}, at: cxl_holder+0x1/0x2\n",
        "BUG: KASAN: slab-use-after-free in __mutex_lock+0x1/0x2\nCall Trace:\n ? srso_alias_return_thunk+0x5/0xfbef5\n __mutex_lock+0x1/0x2\n ? cxl_thunked+0x1/0x2\n",
        "Internal error: Oops: 96000005 [#1] SMP\npc : __arch_copy_to_user+0x1/0x2\nlr : cxl_copies+0x1/0x2\n",
        "refcount_t hit zero at cxl_put+0x2b/0x70 in sh[1], uid/euid: 0/0\nWARNING: CPU: 1 PID: 1 at kernel/panic.c:681 refcount_error_report+0x9c/0xac\n",
        // Only the end of it.
        "---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n",
        "---[ end trace 0000000000000000 ]---\nKernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n",
        "Modules linked in: cxl\n cxl_before+0x1/0x2\n---[ end trace 0000000000000000 ]---\nKernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n",
        // Prose.
        "Out of memory: the kernel kills the process with the highest score\n",
    ]), @r"
    oops | page fault in cxl_ci
    hung-task | task hung in cxl_mail
    atomic-sleep | sleeping function called from invalid context in cxl_arm
    atomic-sleep | sleeping function called from invalid context in cxl_holder
    kasan | KASAN: slab-use-after-free in cxl_thunked
    oops | Oops in cxl_copies
    refcount | refcount_t: hit zero in cxl_put
    panic | Kernel panic: VFS: Unable to mount root fs on unknown-block(N,N)
    panic | Kernel panic: Attempted to kill init! exitcode=N
    warning | report without its beginning in cxl_before
    nothing
    ");
}

#[test]
fn what_only_looks_like_a_checker_s_report() {
    let lines = [
        "kfence: initialized - using 2097152 bytes for 255 objects at 0x(____ptrval____)-0x(____ptrval____)",
        "    # test_out_of_bounds_read: BUG: KFENCE: out-of-bounds read was expected",
        "UBSAN=y is set in the configuration",
        "test_ubsan: module with UBSAN: tests is loading",
        "workqueue: hog [splat] hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND",
        "Showing busy workqueues and worker pools:",
        "NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
        "watchdog: Delayed init of the lockup detector failed: -19",
        "panic on hard LOCKUP is turned on",
        "watchdog: hard LOCKUP is what a program says",
        "Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
        "INFO: lockdep is turned off.",
        "mce: CPU supports 10 MCE banks",
        "mce: [Hardware Error]: Machine check events logged",
        "kcsan: enabled early",
        "kcsan: selftest: 3/3 tests passed",
        "Running Locking API testsuite: possible circular locking, OK",
    ];
    let log: String = lines.iter().map(|line| format!("[    1.000000] {line}\n")).collect();
    insta::assert_snapshot!(shown(&[log.as_str()]), @"nothing");
    // One by one and without a time, as a program would say it.
    assert!(lines.iter().all(|line| scan(line.as_bytes()).is_empty()));
}
