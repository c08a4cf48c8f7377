//! Headings in pieces, traces without headings, boots, and what a log lost.

use super::scan_log;

const TRACE: &str = "CPU: 3 PID: 812 Comm: sh Not tainted 6.12.0 #1\nCall Trace:\n <TASK>\n dump_stack_lvl+0x4f/0x60\n cxl_sample_work+0x2c/0x80 [cxl_core]\n process_one_work+0x18e/0x350\n </TASK>\n";

/// The splats and remarks of each log, one a line.
fn shown(logs: &[&str]) -> String {
    let mut out = String::new();
    for log in logs {
        let scan = scan_log(log.as_bytes(), None);
        for splat in scan.splats.iter().chain(&scan.unfinished) {
            out += &format!("line {}: {}\n", splat.line, splat.title);
        }
        for (sort, remark) in
            scan.notes.iter().map(|r| ("note", r)).chain(scan.incomplete.iter().map(|r| ("lost", r)))
        {
            out += &format!("{sort} {}: {}\n", remark.line, remark.text);
        }
        out += "--\n";
    }
    out
}

#[test]
fn headings_in_pieces() {
    let with = |heading: &str| format!("{heading}\n{TRACE}");
    let logs = [
        // Wrapped by a mailer.
        with("> INFO: task modprobe:812 blocked for more than\n> 120 seconds."),
        with("BUG: sleeping function called from invalid context\nat drivers/cxl/core/sample.c:41"),
        with("BUG: KASAN: slab-use-after-free in\ncxl_sample_read+0x1c/0x60 [cxl_core]"),
        with("[    7.000001] BUG: unable to handle page fault for\naddress: ffff888100a00000"),
        with("WARNING: CPU: 3 PID: 812 at drivers/cxl/core/sample.c:41\ncxl_sample_probe+0x4c/0x90 [cxl_core]"),
        // Printed by several calls, with others' lines between.
        "[    7.000001] BUG: workqueue lockup - pool\n[    7.000002] cxl_mem mem1: other\n[    7.000003]  cpus=2 node=0 flags=0x0 nice=0 stuck for 44s!\n".to_owned(),
        "[    7.000001] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: {\n[    7.000002] cxl_mem mem1: other\n[    7.000003]  3-...D } 21002 jiffies s: 77 root: 0x8/.\n".to_owned(),
        "[    7.000001] watchdog: BUG: soft lockup - CPU#3 stuck\n[    7.000002] cxl_mem mem1: other\n[    7.000003]  for 44s! [sh:812]\n".to_owned(),
        // Broken by a name with a line end in it.
        with("[    7.000001] INFO: task sam\n[    7.000002] ple:812 blocked for more than 120 seconds."),
        with("[    7.000001] sam\n[    7.000002] ple: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null)"),
        "[    7.000001] [ BUG: sam\n[    7.000002] ple/812 still has locks held! ]\n".to_owned(),
        // And what is none.
        "[    7.000001] INFO: task sample was started\n[    7.000002] for more than 120 seconds\n[    7.000003] quiet\n".to_owned(),
    ];
    let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
    insta::assert_snapshot!(shown(&logs), @r"
    line 1: task hung in cxl_sample_work
    --
    line 1: sleeping function called from invalid context in cxl_sample_work
    --
    line 1: KASAN: slab-use-after-free in cxl_sample_read
    --
    line 1: page fault in cxl_sample_work
    --
    line 1: WARNING in cxl_sample_probe
    --
    line 1: workqueue lockup
    --
    line 1: RCU stall
    --
    line 1: soft lockup
    --
    line 1: task hung in cxl_sample_work
    --
    line 2: page allocation failure in cxl_sample_work
    --
    line 1: sam ple/812 still has locks held
    --
    note 1: a driver's or a program's own words, without a trace: INFO: task sample was started
    --
    ");
}

#[test]
fn what_reads_like_a_report_is_red_or_told() {
    let stamped =
        |text: &str| -> String { text.lines().map(|line| format!("[    7.000001] {line}\n")).collect() };
    let quiet = "[    1.000000] quiet\n".repeat(8);
    let logs = [
        // A trace, registers, the end alone.
        stamped(TRACE),
        stamped("Call trace:\n cxl_sample_read+0x8/0x20 (P)\n cxl_sample_show+0x10/0x40\n"),
        stamped("Modules linked in: cxl_core\nCPU: 3 PID: 812 Comm: sh\nRIP: 0010:cxl_sample_read+0x4c/0x90 [cxl_core]\nRAX: 0\n"),
        stamped("---[ end trace 0000000000000000 ]---\n"),
        stamped(&format!("sample_driver: words that no rule knows\n{TRACE}")),
        // A driver's and a program's words.
        stamped("sample: BUG: KASAN: slab-out-of-bounds in words\nquiet\nquiet\n"),
        stamped("BUG: sample is in state 12\nquiet\n"),
        format!("{quiet}Kernel panic - not syncing: says a program\nquiet\n"),
        "Nov 24 10:00:00 vm9 sampled[77]: BUG: unable to handle page fault for address: 0\nNov 24 10:00:00 vm9 kernel: quiet\n".to_owned(),
        // What somebody asked for.
        stamped(&format!("sysrq: Show Blocked State\ntask:sh state:D stack:0 pid:7\n{TRACE}{TRACE}")),
        stamped(&format!("FAULT_INJECTION: forcing a failure.\nname sample, interval 1\n{TRACE}")),
        stamped(&format!("FAULT_INJECTION: forcing a failure.\nname sample, interval 1\n{TRACE}quiet\n{TRACE}")),
        stamped("WARNING: Spectre-v2 mitigation is off, sample\nWARNING: Spectre-v2 mitigation is off, sample\n"),
    ];
    let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
    insta::assert_snapshot!(shown(&logs), @r"
    line 2: report without its beginning in cxl_sample_work
    --
    line 1: report without its beginning in cxl_sample_read
    --
    line 1: report without its beginning in cxl_sample_read
    --
    line 1: report without its beginning
    --
    line 3: report without its beginning in cxl_sample_work
    --
    note 1: a driver's or a program's own words, without a trace: sample: BUG: KASAN: slab-out-of-bounds in words
    --
    note 1: a driver's or a program's own words, without a trace: BUG: sample is in state 12
    --
    note 9: a driver's or a program's own words, without a trace: Kernel panic - not syncing: says a program
    --
    note 1: a program's line, not the kernel's: BUG: unable to handle page fault for address: 0
    --
    note 4: a trace that sysrq was asked for: Call Trace:
    --
    note 4: a trace that fault injection was asked for: Call Trace:
    --
    line 12: report without its beginning in cxl_sample_work
    note 4: a trace that fault injection was asked for: Call Trace:
    --
    note 1: a driver's or a program's own words, without a trace: WARNING: Spectre-v2 mitigation is off, sample
    --
    ");
}

#[test]
fn boots_that_end_that_are_cut_out_and_that_begin_anew() {
    let banner = "[    0.000000] Linux version 6.12.0 (a@b) #1 SMP\n";
    let up = "[    1.000000] Run /init as init process\n[    7.000000] quiet\n";
    let logs = [
        // Before the banner.
        "U-Boot sample\n[    0.000000] Booting Linux on physical CPU 0x0\n".to_owned(),
        "EFI stub: Exiting boot services...\n".to_owned(),
        "Uncompressing Linux... done, booting the kernel.\n".to_owned(),
        format!("EFI stub: Exiting boot services...\n[    0.000000] Booting Linux on physical CPU 0x0\n{banner}[    0.100000] quiet\n"),
        // Excerpts, and one that hung.
        format!("{banner}[    3.100000] cxl_pci 0000:35:00.0: found\n[  400.000000] cxl region0: found\n"),
        "[Tue Nov 24 10:00:00 2026] Linux version 6.12.0 (a@b) #1\n[Tue Nov 24 10:07:00 2026] cxl region0: found\n".to_owned(),
        "[Nov24 10:00] Linux version 6.12.0 (a@b) #1\n[  +1.100000] cxl region0: found\n".to_owned(),
        "Nov 24 10:00:00 vm9 kernel: Linux version 6.12.0 (a@b) #1\nNov 24 10:00:01 vm9 kernel: cxl region0: found\n".to_owned(),
        "6,0,0,-;Linux version 6.12.0 (a@b) #1\n6,400,400000000,-;cxl region0: found\n".to_owned(),
        format!("{banner}[    0.000001] Command line: console=ttyS0\n{}[   90.000000] quiet\n", "[    0.400000] quiet\n".repeat(200)),
        // A machine that begins anew.
        format!("{banner}{up}{banner}{up}"),
        format!("{banner}{up}[    9.000000] reboot: Restarting system\n{banner}{up}"),
        format!("{banner}{up}The system is going down for reboot NOW!\nSeaBIOS\n{banner}{up}"),
        format!("{banner}{up}[    9.000000] sysrq: Resetting\n{banner}{up}"),
        format!("{banner}{up}# cat /proc/version\nLinux version 6.12.0 (a@b) #1 SMP\n[    8.000000] quiet\n"),
        "[   70.000000] quiet\n[   71.000000] quiet\n[    0.900000] too quiet for a banner\n[    1.000000] quiet\n".to_owned(),
        format!("Nov 24 10:00:00 vm9 kernel: {}Nov 24 10:00:00 vm9 kernel: {}Nov 24 10:09:00 vm9 kernel: {}Nov 24 10:09:00 vm9 kernel: {}", &banner[15..], "Run /init as init process\n", &banner[15..], "Run /init as init process\n"),
    ];
    let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
    insta::assert_snapshot!(shown(&logs), @r"
    line 2: boot ends without a word before user space
    --
    line 1: boot ends without a word before user space
    --
    line 1: boot ends without a word before user space
    --
    line 1: boot ends without a word before user space
    --
    note 1: an excerpt of a boot, which cannot tell how it ended
    --
    note 1: an excerpt of a boot, which cannot tell how it ended
    --
    note 1: an excerpt of a boot, which cannot tell how it ended
    --
    note 1: an excerpt of a boot, which cannot tell how it ended
    --
    note 1: an excerpt of a boot, which cannot tell how it ended
    --
    line 1: boot ends without a word before user space
    --
    line 4: the machine was reset without a word
    --
    --
    --
    --
    --
    line 3: the machine was reset without a word
    --
    --
    ");
}

#[test]
fn a_log_that_is_printed_once_more_is_no_second_boot() {
    let boot = |jitter: u32| -> String {
        let line = |n: u32| format!("[    {}.{:06}] cxl_mem mem{n}: quiet\n", n / 4, n * 7919 + jitter);
        let start = "[    0.000000] Linux version 6.12.0 (a@b) #1 SMP\n".to_owned();
        start + &(0..40).map(line).collect::<String>() + "[   10.123457] Run /init as init process\n"
    };
    let of = |second: String| scan_log(format!("{}# dmesg\n{second}", boot(1)).as_bytes(), None).unfinished;
    assert_eq!(of(boot(1)), None);
    assert_eq!(of(boot(1).lines().skip(3).map(|line| format!("{line}\r\n")).collect()), None);
    assert_eq!(of(boot(2)).map(|splat| splat.line), Some(44));
}

#[test]
fn what_a_log_lost() {
    let kmsg: String = [1, 2, 5, 6].map(|n| format!("6,{n},{n}000,-;quiet {n}\n")).concat();
    let released = kmsg.replace("6,", "6.12.0,6,");
    let logs = [
        "[    7.000000] ** 12 printk messages dropped **\n[    7.000001] sample_driver: 12 callbacks suppressed\n[    7.000002] INFO: lockdep is turned off.\n",
        "[    7.000000] BUG: MAX_LOCKDEP_CHAINS too low!\n[    7.000001] turning off the locking correctness validator.\n",
        "Nov 24 10:00:00 vm9 systemd-journald[77]: Missed 12 kernel messages\nNov 24 10:00:00 vm9 sampled[77]: 12 callbacks suppressed\n",
        &kmsg,
        &released,
    ];
    insta::assert_snapshot!(shown(&logs), @r"
    lost 1: the kernel dropped messages: ** 12 printk messages dropped **
    lost 2: messages were suppressed: sample_driver: 12 callbacks suppressed
    lost 3: lockdep went off: INFO: lockdep is turned off.
    --
    line 1: MAX_LOCKDEP_CHAINS too low
    --
    lost 1: the journal missed messages of the kernel: Missed 12 kernel messages
    --
    lost 3: 2 records are missing before this one: 6,5,5000,-;quiet 5
    --
    lost 3: 2 records are missing before this one: 6.12.0,6,5,5000,-;quiet 5
    --
    ");
}
