#![expect(clippy::too_many_lines, reason = "logs are long")]

use super::*;

/// Each log's splats, one a line: kind, title, module, line.
pub(super) fn shown(logs: &[&str]) -> String {
    let mut out = String::new();
    for log in logs {
        for s in scan(log.as_bytes()) {
            let module = s.module.map(|m| format!(" [{m}]")).unwrap_or_default();
            out.push_str(&format!("{} | {}{module} | line {}\n", s.kind, s.title, s.line));
        }
        out.push_str("--\n");
    }
    out
}

#[test]
fn faults() {
    insta::assert_snapshot!(shown(&[
        "\
[    5.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010
[    5.000001] #PF: supervisor read access in kernel mode
[    5.000002] #PF: error_code(0x0000) - not-present page
[    5.000003] PGD 0 P4D 0
[    5.000004] Oops: Oops: 0000 [#1] SMP NOPTI
[    5.000005] CPU: 1 UID: 0 PID: 77 Comm: sh Not tainted 6.12.0 #1
[    5.000006] RIP: 0010:cxl_region_attach+0x12/0x340 [cxl_core]
[    5.000007] Code: 0f 1f
[    5.000008] Call Trace:
[    5.000009]  <TASK>
[    5.000010]  attach_target+0x11/0x22 [cxl_core]
[    5.000011]  </TASK>
[    5.000012] ---[ end trace 0000000000000000 ]---
[    5.000013] RIP: 0010:cxl_region_attach+0x12/0x340 [cxl_core]
[    5.000014] Kernel panic - not syncing: Fatal exception
[    5.000015] Kernel Offset: disabled
[    5.000016] ---[ end Kernel panic - not syncing: Fatal exception ]---
",
        "\
[   12.100000][  T123] Oops: general protection fault, probably for non-canonical address 0xdffffc0000000001: 0000 [#1] PREEMPT SMP KASAN
[   12.100001][  T123] KASAN: null-ptr-deref in range [0x0000000000000008-0x000000000000000f]
[   12.100002][  T123] CPU: 0 PID: 123 Comm: x Not tainted 6.12.0 #1
[   12.100003][  T123] RIP: 0010:memcpy+0x1/0x20
[   12.100004][  T123] Call Trace:
[   12.100005][  T123]  <TASK>
[   12.100006][  T123]  ? die_addr+0x1/0x2
[   12.100007][  T123]  kmemdup+0x1/0x20
[   12.100008][  T123]  cxl_mbox_send+0x10/0x20 [cxl_core]
",
        "\
Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008
Mem abort info:
  ESR = 0x0000000096000004
Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP
Modules linked in: cxl_pci
CPU: 3 PID: 44 Comm: kworker/3:1 Not tainted 6.6.0 #1
pstate: 60000005 (nZCv daif -PAN -UAO -TCO -DIT -SSBS BTYPE=--)
pc : cxl_pci_probe+0x24/0x100 [cxl_pci]
lr : pci_device_probe+0x1/0x2
Call trace:
 cxl_pci_probe+0x24/0x100 [cxl_pci] (P)
 pci_device_probe+0x1/0x2
---[ end trace 0000000000000000 ]---
",
        "\
[    1.000000] Unable to handle kernel paging request at virtual address ffffffd8deadbeef
[    1.000001] Oops [#1]
[    1.000002] Modules linked in:
[    1.000003] CPU: 0 PID: 1 Comm: swapper Not tainted 6.8.0 #1
[    1.000004] epc : riscv_thing+0x10/0x20
[    1.000005]  ra : other+0x10/0x20
[    1.000006] [<ffffffff80001234>] riscv_thing+0x10/0x20
",
        "\
[    1.000000] ------------[ cut here ]------------
[    1.000001] kernel BUG at drivers/cxl/core/port.c:12!
[    1.000002] Oops: invalid opcode: 0000 [#1] SMP
[    1.000003] CPU: 0 PID: 1 Comm: a Not tainted 6.12 #1
[    1.000004] RIP: 0010:devm_cxl_add_port+0x1/0x2 [cxl_core]
[    1.000005] Call Trace:
[    1.000006]  cxl_acpi_probe+0x1/0x2 [cxl_acpi]
[    1.000007] ---[ end trace 0000000000000000 ]---
",
        "\
[    1.000000] traps: PANIC: double fault, error_code: 0x0
[    1.000001] double fault: 0000 [#1] SMP
[    1.000002] RIP: 0010:deep+0x1/0x2
",
        "\
[    1.000000] BUG: TASK stack guard page was hit at 00000000aaaaaaaa (stack is 00000000bbbbbbbb..00000000cccccccc)
[    1.000001] stack guard page: 0000 [#1] SMP
[    1.000002] RIP: 0010:recurse+0x1/0x2 [lkdtm]
[    1.000003] Call Trace:
[    1.000004]  recurse+0x1/0x2 [lkdtm]
",
    ]), @r"
    oops | NULL pointer dereference in cxl_region_attach [cxl_core] | line 1
    --
    oops | general protection fault in cxl_mbox_send [cxl_core] | line 1
    --
    oops | NULL pointer dereference in cxl_pci_probe [cxl_pci] | line 1
    --
    oops | page fault in riscv_thing | line 1
    --
    bug | kernel BUG in devm_cxl_add_port [cxl_core] | line 1
    --
    oops | double fault in deep | line 1
    --
    oops | stack overflow in recurse [lkdtm] | line 1
    --
    ");
}

#[test]
fn warnings_old_and_new() {
    insta::assert_snapshot!(shown(&[
        "\
[    2.000000] ------------[ cut here ]------------
[    2.000001] refcount_t: underflow; use-after-free.
[    2.000002] WARNING: CPU: 1 PID: 7 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110
[    2.000003] Modules linked in: cxl_mem
[    2.000004] CPU: 1 UID: 0 PID: 7 Comm: a Not tainted 6.12 #1
[    2.000005] RIP: 0010:refcount_warn_saturate+0xba/0x110
[    2.000006] Call Trace:
[    2.000007]  <TASK>
[    2.000008]  ? __warn+0x80/0x120
[    2.000009]  kobject_put+0x1/0x2
[    2.000010]  cxl_mem_remove+0x1/0x2 [cxl_mem]
[    2.000011] ---[ end trace 0000000000000000 ]---
",
        "\
[    2.000000] WARNING: drivers/cxl/core/region.c:812 at cxl_region_probe+0x10/0x20 [cxl_core], CPU#1: sh/77
[    2.000001] CPU: 1 UID: 0 PID: 77 Comm: sh Not tainted 7.3 #1
[    2.000002] ---[ end trace 0000000000000000 ]---
",
        "\
WARNING: at fs/foo.c:12 foo_bar+0x1/0x2()
Call Trace:
 [<ffffffff81000000>] ? warn_slowpath_common+0x1/0x2
 [<ffffffff81000000>] foo_bar+0x1/0x2
",
        "\
[    3.000000] ------------[ cut here ]------------
[    3.000001] list_add corruption. next->prev should be prev (ffff), but was 0000. (next=ffff).
[    3.000002] kernel BUG at lib/list_debug.c:29!
[    3.000003] invalid opcode: 0000 [#1] SMP
[    3.000004] RIP: 0010:__list_add_valid_or_report+0x1/0x2
[    3.000005] Call Trace:
[    3.000006]  cxl_add_to_list+0x1/0x2 [cxl_core]
",
        "\
[    3.000000] ODEBUG: free active (active state 0) object: ffff88800 object type: timer_list hint: cxl_timer+0x0/0x10
[    3.000001] WARNING: CPU: 0 PID: 1 at lib/debugobjects.c:514 debug_print_object+0x1/0x2
[    3.000002] RIP: 0010:debug_print_object+0x1/0x2
[    3.000003] Call Trace:
[    3.000004]  debug_check_no_obj_freed+0x1/0x2
[    3.000005]  kfree+0x1/0x2
[    3.000006]  cxl_free+0x1/0x2
",
        "\
[    3.000000] sysfs: cannot create duplicate filename '/bus/cxl/devices/mem0'
[    3.000001] CPU: 0 PID: 1 Comm: a Not tainted 6.12 #1
[    3.000002] Call Trace:
[    3.000003]  dump_stack_lvl+0x1/0x2
[    3.000004]  sysfs_warn_dup+0x1/0x2
[    3.000005]  sysfs_create_dir_ns+0x1/0x2
[    3.000006]  kobject_add_internal+0x1/0x2
[    3.000007]  device_add+0x1/0x2
[    3.000008]  cxl_memdev_add+0x1/0x2 [cxl_core]
",
        "[    3.000000] ------------[ cut here ]------------",
    ]), @r"
    refcount | refcount_t: underflow in cxl_mem_remove [cxl_mem] | line 1
    --
    warning | WARNING in cxl_region_probe [cxl_core] | line 1
    --
    warning | WARNING in foo_bar | line 1
    --
    list-corruption | list_add corruption in cxl_add_to_list [cxl_core] | line 1
    --
    debug-objects | ODEBUG: free of timer_list in cxl_free | line 1
    --
    warning | sysfs: duplicate filename in cxl_memdev_add [cxl_core] | line 1
    --
    warning | WARNING | line 1
    --
    ");
}

#[test]
fn sanitizers() {
    insta::assert_snapshot!(shown(&[
        "\
[    4.000000] ==================================================================
[    4.000001] BUG: KASAN: slab-use-after-free in cxl_poison_list+0x1/0x2 [cxl_core]
[    4.000002] Read of size 8 at addr ffff888 by task sh/12
[    4.000003]
[    4.000004] CPU: 0 UID: 0 PID: 12 Comm: sh Not tainted 6.12 #1
[    4.000005] Call Trace:
[    4.000006]  dump_stack_lvl+0x1/0x2
[    4.000007]  cxl_poison_list+0x1/0x2 [cxl_core]
[    4.000008] Allocated by task 12:
[    4.000009]  kmalloc_thing+0x1/0x2
[    4.000010] ==================================================================
[    4.000011] Disabling lock debugging due to kernel taint
[    4.000012] Kernel panic - not syncing: KASAN: panic_on_warn set ...
",
        "BUG: KASAN: double-free in kfree+0x1/0x2\nCall Trace:\n kfree+0x1/0x2\n cxl_twice+0x1/0x2\n",
        "[    1.000000] BUG: KFENCE: use-after-free read in cxl_read+0x1/0x2\n[    1.000001] Use-after-free read at 0xffff (in kfence-#12):\n",
        "[    1.000000] BUG: KFENCE: memory corruption in kfree+0x1/0x2\n[    1.000001]  kfree+0x1/0x2\n[    1.000002]  cxl_bad+0x1/0x2\n",
        "[    1.000000] BUG: KMSAN: uninit-value in cxl_parse+0x1/0x2\n[    1.000001]  cxl_parse+0x1/0x2\n",
        "[    1.000000] BUG: KCSAN: data-race in cxl_a / cxl_b\n[    1.000001] write to 0xffff of 8 bytes by task 1 on cpu 0:\n[    1.000002]  cxl_a+0x1/0x2\n",
        "[    1.000000] UBSAN: array-index-out-of-bounds in ../drivers/cxl/core/hdm.c:12:3\n[    1.000001] index 4 is out of range for type 'int [4]'\n[    1.000002] CPU: 0\n[    1.000003] Call Trace:\n[    1.000004]  ubsan_epilogue+0x5/0x30\n[    1.000005]  __ubsan_handle_out_of_bounds+0x1/0x2\n[    1.000006]  cxl_index+0x1/0x2\n",
        "[    1.000000] BUG kmalloc-64 (Tainted: G    B             ): Right Redzone overwritten\n[    1.000001] Call Trace:\n[    1.000002]  check_bytes_and_report+0x1/0x2\n[    1.000003]  kfree+0x1/0x2\n[    1.000004]  cxl_over+0x1/0x2\n",
        "[    1.000000] kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)\n",
        "BUG: memory leak\nunreferenced object 0xffff888100a00000 (size 64):\n  comm \"sh\", pid 1, jiffies 4294937300\n  backtrace (crc 12345678):\n    kmemleak_alloc+0x1/0x2\n    __kmalloc_noprof+0x1/0x2\n    cxl_leak+0x1/0x2\n",
    ]), @r"
    kasan | KASAN: slab-use-after-free in cxl_poison_list [cxl_core] | line 2
    --
    kasan | KASAN: double-free in cxl_twice | line 1
    --
    kfence | KFENCE: use-after-free read in cxl_read | line 1
    --
    kfence | KFENCE: memory corruption in cxl_bad | line 1
    --
    kmsan | KMSAN: uninit-value in cxl_parse | line 1
    --
    kcsan | KCSAN: data-race in cxl_a | line 1
    --
    ubsan | UBSAN: array-index-out-of-bounds in cxl_index | line 1
    --
    slab-corruption | slab: Redzone overwritten in cxl_over | line 1
    --
    leak | memory leak | line 1
    --
    leak | memory leak in cxl_leak | line 1
    --
    ");
}

#[test]
fn locks_and_stalls() {
    insta::assert_snapshot!(shown(&[
        "\
[    6.000000] ======================================================
[    6.000001] WARNING: possible circular locking dependency detected
[    6.000002] 6.12.0 #1 Not tainted
[    6.000003] ------------------------------------------------------
[    6.000004] sh/77 is trying to acquire lock:
[    6.000005] ffff8880 (&dev->mutex){....}-{4:4}, at: cxl_detach+0x1/0x2 [cxl_core]
[    6.000006]
[    6.000007] but task is already holding lock:
[    6.000008] ffff8881 (cxl_region_rwsem){++++}-{4:4}, at: cxl_commit+0x1/0x2 [cxl_core]
[    6.000009] -> #1 (cxl_region_rwsem){++++}-{4:4}:
[    6.000010]        lock_acquire+0x1/0x2
[    6.000011]        down_write+0x1/0x2
[    6.000012] stack backtrace:
[    6.000013] CPU: 0 PID: 77 Comm: sh Not tainted 6.12.0 #1
[    6.000014] Call Trace:
[    6.000015]  dump_stack_lvl+0x1/0x2
[    6.000016]  print_circular_bug.cold+0x1/0x2
",
        "\
[    6.000000] =============================
[    6.000001] [ BUG: Invalid wait context ]
[    6.000002] 6.12.0 #1 Not tainted
[    6.000003] sh/1 is trying to lock:
[    6.000004] ffff (&x->lock){....}-{3:3}, at: cxl_wait+0x1/0x2
",
        "\
[    6.000000] WARNING: suspicious RCU usage
[    6.000001] drivers/cxl/core/port.c:77 suspicious rcu_dereference_check() usage!
[    6.000002] Call Trace:
[    6.000003]  lockdep_rcu_suspicious+0x1/0x2
[    6.000004]  cxl_deref+0x1/0x2
",
        "[    6.000000] WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected\n",
        "\
[   66.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [sh:77]
[   66.000001] Modules linked in:
[   66.000002] CPU: 1 PID: 77 Comm: sh Not tainted 6.12 #1
[   66.000003] RIP: 0010:native_queued_spin_lock_slowpath+0x1/0x2
[   66.000004] Call Trace:
[   66.000005]  <IRQ>
[   66.000006]  ? watchdog_timer_fn+0x1/0x2
[   66.000007]  </IRQ>
[   66.000008]  <TASK>
[   66.000009]  _raw_spin_lock+0x1/0x2
[   66.000010]  cxl_spin+0x1/0x2
",
        "\
[   66.000000] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
[   66.000001] rcu: 	1-...!: (1 GPs behind) idle=1234
[   66.000002] rcu: 	(detected by 0, t=21002 jiffies, g=1, q=2 ncpus=2)
[   66.000003] Sending NMI from CPU 0 to CPUs 1:
[   66.000004] NMI backtrace for cpu 1
[   66.000005] CPU: 1 PID: 77 Comm: sh Not tainted 6.12 #1
[   66.000006] RIP: 0010:cxl_busy+0x1/0x2 [cxl_core]
[   66.000007] rcu: rcu_preempt kthread starved for 21000 jiffies! g1 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=0
",
        "\
[  242.000000] INFO: task modprobe:99 blocked for more than 120 seconds.
[  242.000001]       Not tainted 6.12 #1
[  242.000002] \"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.
[  242.000003] task:modprobe state:D stack:0 pid:99 tgid:99 ppid:1 flags:0x00004000
[  242.000004] Call Trace:
[  242.000005]  <TASK>
[  242.000006]  __schedule+0x1/0x2
[  242.000007]  schedule+0x1/0x2
[  242.000008]  schedule_preempt_disabled+0x1/0x2
[  242.000009]  __mutex_lock.constprop.0+0x1/0x2
[  242.000010]  cxl_wedge+0x1/0x2 [cxl_core]
[  242.000011] Kernel panic - not syncing: hung_task: blocked tasks
",
        "[    1.000000] BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580\n[    1.000001] Call Trace:\n[    1.000002]  dump_stack_lvl+0x1/0x2\n[    1.000003]  __might_resched+0x1/0x2\n[    1.000004]  mutex_lock+0x1/0x2\n[    1.000005]  cxl_sleepy+0x1/0x2\n",
        "[    1.000000] BUG: scheduling while atomic: sh/77/0x00000002\n[    1.000001] Call Trace:\n[    1.000002]  __schedule_bug+0x1/0x2\n[    1.000003]  __schedule+0x1/0x2\n[    1.000004]  schedule+0x1/0x2\n[    1.000005]  cxl_nap+0x1/0x2\n",
        "[    1.000000] watchdog: Watchdog detected hard LOCKUP on cpu 1\n[    1.000001] RIP: 0010:cxl_hard+0x1/0x2\n",
        "[    1.000000] BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 31s!\n",
    ]), @r"
    lockdep | possible circular locking dependency detected in cxl_detach [cxl_core] | line 2
    --
    lockdep | Invalid wait context in cxl_wait | line 2
    --
    lockdep | suspicious RCU usage in cxl_deref | line 1
    --
    lockdep | HARDIRQ-safe -> HARDIRQ-unsafe lock order detected | line 1
    --
    soft-lockup | soft lockup in cxl_spin | line 1
    --
    rcu-stall | RCU stall in cxl_busy [cxl_core] | line 1
    --
    hung-task | task hung in cxl_wedge [cxl_core] | line 1
    --
    atomic-sleep | sleeping function called from invalid context in cxl_sleepy | line 1
    --
    atomic-sleep | scheduling while atomic in cxl_nap | line 1
    --
    hard-lockup | hard lockup in cxl_hard | line 1
    --
    workqueue-stall | workqueue lockup | line 1
    --
    ");
}

#[test]
fn the_rest_of_the_classes() {
    insta::assert_snapshot!(shown(&[
        "[    1.000000] Kernel panic - not syncing: sysrq triggered crash\n[    1.000001] CPU: 0 PID: 1 Comm: sh\n[    1.000002] Call Trace:\n[    1.000003]  panic+0x1/0x2\n[    1.000004]  sysrq_handle_crash+0x1/0x2\n",
        "[    1.000000] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n[    1.000001] WARNING: CPU: 0 PID: 1 at kernel/foo.c:1 after_panic+0x1/0x2\n",
        "[    1.000000] sh: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null)\n[    1.000001] Call Trace:\n[    1.000002]  warn_alloc+0x1/0x2\n[    1.000003]  __alloc_pages_slowpath.constprop.0+0x1/0x2\n[    1.000004]  cxl_big+0x1/0x2\n",
        "[    1.000000] sh invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0\n[    1.000001] CPU: 0 PID: 1\n[    1.000002] Mem-Info:\n[    1.000003] Out of memory: Killed process 12 (sh) total-vm:1kB\n",
        "[    1.000000] BUG: Bad page state in process sh  pfn:12345\n[    1.000001] Call Trace:\n[    1.000002]  bad_page+0x1/0x2\n[    1.000003]  free_unref_page+0x1/0x2\n[    1.000004]  cxl_pages+0x1/0x2\n",
        "[   10.000000] unregister_netdevice: waiting for lo to become free. Usage count = 2\n",
        "[    1.000000] unchecked MSR access error: WRMSR to 0x123 (tried to write 0x1) at rIP: 0xffff (native_write_msr+0x4/0x20)\n[    1.000001] Call Trace:\n[    1.000002]  some_msr_user+0x1/0x2\n",
        "[    1.000000] mce: [Hardware Error]: CPU 0: Machine Check Exception: 5 Bank 0: b200\n[    1.000001] mce: [Hardware Error]: TSC 0\n[    1.000002] Kernel panic - not syncing: Fatal machine check\n",
        "[    1.000000] BUG: something that no rule knows\n[    1.000001] CPU: 0 PID: 1 Comm: a Not tainted\n[    1.000002] Call Trace:\n[    1.000003]  cxl_new+0x1/0x2\n",
    ]), @r"
    panic | Kernel panic: sysrq triggered crash in sysrq_handle_crash | line 1
    --
    panic | Kernel panic: VFS: Unable to mount root fs on unknown-block(N,N) | line 1
    --
    oom | page allocation failure in cxl_big | line 1
    --
    oom | out of memory | line 1
    --
    bug | Bad page state in cxl_pages | line 1
    --
    other | unregister_netdevice: waiting for a device to become free | line 1
    --
    other | unchecked MSR access: WRMSR in some_msr_user | line 1
    --
    other | machine check | line 1
    --
    bug | BUG: something that no rule knows in cxl_new | line 1
    --
    ");
}

#[test]
fn what_only_looks_like_one() {
    let log = "\
[    0.000000] Linux version 6.12.0 (root@box) #1
[    0.000001] ACPI BIOS Error (bug): Could not resolve symbol
[    0.000002] [Firmware Bug]: TSC doesn't count with P0 frequency!
[    0.000003] Spectre V2 : WARNING: Unprivileged eBPF is enabled
[    0.000004] WARNING: Spectre-v2 mitigation is off, disabling ITS
[    0.000005] WARNING: BIOS bug: CPU MTRRs don't cover all of memory, losing 12MB of RAM.
[    0.000006] INFO: lockdep is turned off.
[    0.000007] systemd[1]: BUG: unable to handle page fault for address: 0
[    0.000008] Loading /lib/modules/BUG/bug.ko
[    0.000009] # Subtest: BUG_handling
[    0.000010] ok 1 test_BUG: WARNING: CPU: 1
[    0.000011] parisc: the page fault handler, list_add and refcount_t: are words
[    0.000012] patchbench[T]: begin BUG: KASAN: x in y
[    0.000013] rcu: INFO about nothing
[    0.000014] random: crng init done
[    0.000015] random: crng init done again
BUG: unable to handle page fault for address: this is a program's own output
Kernel panic - not syncing: says a program
[    0.000018] done
user  :err   : [    0.000019] Kernel panic - not syncing: said over /dev/kmsg
";
    assert_eq!(scan_log(log.as_bytes(), None).splats, vec![]);
    assert_eq!(scan_log(log.as_bytes(), None).panicked, None);
}

#[test]
fn markers_attribute_and_strangers_do_not() {
    let log = "\
[    1.000000] patchbench[abc]: begin one
[    1.000001] patchbench[xyz]: begin forged
[    1.000002] WARNING: CPU: 0 PID: 1 at a.c:1 first+0x1/0x2
[    1.000003] ---[ end trace 0 ]---
[    1.000004] patchbench[abc]: end one
[    1.000005] WARNING: CPU: 0 PID: 1 at a.c:1 second+0x1/0x2
[    1.000006] ---[ end trace 0 ]---
[    1.000006] half a line of a program[    1.000007] patchbench[abc]: begin two
[    1.000008] half a line of a program[    1.000009] Kernel panic - not syncing: third
";
    let scan = scan_log(log.as_bytes(), None);
    let cases: Vec<_> = scan.splats.iter().map(|s| (s.case.as_deref(), s.title.as_str())).collect();
    insta::assert_debug_snapshot!(cases, @r#"
    [
        (
            Some(
                "one",
            ),
            "WARNING in first",
        ),
        (
            None,
            "WARNING in second",
        ),
        (
            Some(
                "two",
            ),
            "Kernel panic: third",
        ),
    ]
    "#);
    assert_eq!((scan.panicked, scan.open_case.as_deref()), (Some(9), Some("two")));
}

#[test]
fn two_cpus_that_talk_at_once() {
    insta::assert_snapshot!(shown(&["\
[    1.000000][   T10] WARNING: CPU: 0 PID: 10 at a.c:1 left+0x1/0x2
[    1.000001][   T20] BUG: kernel NULL pointer dereference, address: 0
[    1.000002][   T10] CPU: 0 PID: 10 Comm: a
[    1.000003][   T20] Oops: 0000 [#1] SMP
[    1.000004][   T20] RIP: 0010:right+0x1/0x2
[    1.000005][   T10] Call Trace:
[    1.000006][   T10]  left+0x1/0x2
[    1.000007][   T20] Call Trace:
[    1.000008][   T20]  right+0x1/0x2
[    1.000009][   T10] ---[ end trace 0 ]---
[    1.000010][   T20] ---[ end trace 0 ]---
"]), @r"
    warning | WARNING in left | line 1
    oops | NULL pointer dereference in right | line 2
    --
    ");
}
