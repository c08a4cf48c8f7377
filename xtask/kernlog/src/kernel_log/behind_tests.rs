//! Reports behind whatever stands before a kernel's lines.

use proptest::prelude::*;

use super::scan_log;

/// A report with a trace, and one of a single line.
const REPORT: [&str; 14] = [
    "cxl_pci 0000:35:00.0: sample device found",
    "------------[ cut here ]------------",
    "WARNING: CPU: 3 PID: 812 at drivers/cxl/core/sample.c:41 cxl_sample_probe+0x4c/0x90 [cxl_core]",
    "Modules linked in: cxl_mem cxl_core",
    "CPU: 3 UID: 0 PID: 812 Comm: modprobe Not tainted 6.12.0 #1",
    "RIP: 0010:cxl_sample_probe+0x4c/0x90 [cxl_core]",
    "Call Trace:",
    " <TASK>",
    " cxl_bus_probe+0x1b/0x60 [cxl_core]",
    " really_probe+0xde/0x340",
    " </TASK>",
    "---[ end trace 0000000000000000 ]---",
    "cxl_pci 0000:35:00.0: sample device lost",
    "BUG: workqueue lockup - pool cpus=2 node=0 flags=0x0 nice=0 stuck for 44s!",
];
const CLEAN: [&str; 4] = [
    "cxl_pci 0000:35:00.0: enabling device (0000 -> 0002)",
    "cxl_mem mem2: CXL port topology found",
    "pcieport 0000:34:00.0: sample message received from 0000:35:00.0",
    "cxl_port endpoint4: restored",
];
const PROGRAM: [&str; 3] = [
    "BUG: unable to handle page fault for address: 0000000000000000",
    "BUG: KASAN: slab-out-of-bounds in sample+0x1/0x2",
    "Kernel panic - not syncing: says a program",
];

/// A log behind a prefix, in which `@` counts and `~` is the line's second.
fn behind(prefix: &str, lines: &[&str]) -> String {
    let line = |(n, line): (usize, &&str)| {
        let prefix = prefix.replace('@', &(104_200 + n).to_string()).replace('~', &format!("{:02}", 10 + n));
        format!("{prefix}{line}\n")
    };
    lines.iter().enumerate().map(line).collect()
}

fn titles(log: &str) -> Vec<(u64, String)> {
    scan_log(log.as_bytes(), None).splats.into_iter().map(|splat| (splat.line, splat.fingerprint)).collect()
}

/// Times and names of all sorts that the grammar knows.
const KNOWN: &[&str] = &[
    // dmesg: human, reltime, delta, ctime in any language and layout, iso, raw, with levels.
    "[  +0.@] ",
    "[ +12.@] ",
    "[<    0.@>] ",
    "[Nov24 10:00] ",
    "[nov.24 10:00] ",
    "[    7.@ <    0.000113>] ",
    "[Tue Nov 24 10:00:~ 2026 <    0.000113>] ",
    "[mar. nov. 24 10:00:~ 2026] ",
    "[вт ноя 24 10:00:~ 2026] ",
    "[火 11月 24 10:00:~ 2026] ",
    "[Di Mär  3 10:00:~ 2026] ",
    "[Tue Nov  3 10:00:~ PM CET 2026] ",
    "[Tue 24 Nov 2026 10:00:~ AM UTC] ",
    "[24.11.2026 10:00:~] ",
    "2026-11-24T10:00:~,@+01:00 ",
    "2026-11-24T10:00:~,@-03:30 ",
    "2026-11-24 10:00:~,@ ",
    "<4>[    7.@] ",
    "kern  :warn  : [    7.@] ",
    "kern  :warn  : [  +0.@] ",
    "kern  :warn  : [Tue Nov 24 10:00:~ 2026] ",
    // The journal's forms.
    "Nov 24 10:00:~ vm9 kernel: ",
    "Nov 24 10:00:~.@ vm9 kernel: ",
    "Tue 2026-11-24 10:00:~ CET vm9 kernel: ",
    "Tue 2026-11-24 10:00:~.@ UTC vm9 kernel: ",
    "2026-11-24T10:00:~+0000 vm9 kernel: ",
    "2026-11-24T10:00:~.@+00:00 vm9 kernel: ",
    "1795512000.@ vm9 kernel: ",
    "[    7.@] vm9 kernel: ",
    "[    7.@ <    0.000113>] vm9 kernel: ",
    "дек 24 10:00:~ vm9 kernel: ",
    // syslog with facility and level, RFC 3164 and 5424.
    "Nov  3 10:00:~ vm9 kern.warn kernel: ",
    "Tue Nov 24 10:00:~ 2026 kern.err kernel: ",
    "Nov 24 10:00:~ kern.warn kernel: ",
    "2026-11-24T10:00:~Z vm9 kern.warning kernel: [    7.@] ",
    "<4>Nov 24 10:00:~ vm9 kernel: ",
    "<4>1 2026-11-24T10:00:~.@+00:00 vm9 kernel - - - ",
    "<4>1 2026-11-24T10:00:~Z vm9 kernel - ID7 [meta sequenceId=\"7\" x=\"a ] b\"] ",
    "1 2026-11-24T10:00:~Z vm9 kernel - - [a b=\"c\"][d e=\"f\"] \u{feff}",
    // wall, /dev/kmsg, netconsole, pstore, kdump.
    " kernel:",
    " kernel:[    7.@] ",
    "4,@,7000000,-;",
    "6.12.0-rc1-next+,4,@,7000000,-;",
    "6.12.0,4,@,7000000,-,caller=T812;",
    "Nov 24 10:00:~ logs 4,@,7000000,-;",
    "<4>[    7.@][  T812] ",
    "[    7.@] [  T812] ",
    // Loggers of serial lines, containers, CI services.
    "[2026-11-24 10:00:~] ",
    "[10:00:~.@] ",
    "2026-11-24 10:00:~.@ | ",
    "24/11/2026 10:00:~ > ",
    "10:00:~ ",
    "10:00:~.123: ",
    "2026-11-24T10:00:~.@000Z [    7.@] ",
    "2026-11-24T10:00:~.@000Z stdout F ",
    "2026-11-24T10:00:~.@Z 00O ",
    "guest-1  | ",
    "guest-1  | [    7.@] ",
    "[rack4] [    7.@] ",
    "[board 7: uart0] 10:00:~ ",
    "boot\tRun the tests\t2026-11-24T10:00:~.@Z ",
    "##[debug]",
    // Mails and terminals.
    "> ",
    "> > > ",
    ">> [    7.@] ",
    "| [    7.@] ",
    "> 2026-11-24T10:00:~Z [    7.@] ",
    "    [    7.@] ",
    "\t[Tue Nov 24 10:00:~ 2026] ",
    "\x1b[32m[    7.@] \x1b[0m\x1b[33m",
    "\x1b[0m\r[  +0.@] ",
];

/// And such as no grammar knows.
const LEARNED: &[&str] = &[
    "rack4 #@ @10h~ says> ",
    "%%board/7%% @ || ",
    "(uart0:@) ",
    "T+@ms target1: ",
    "sample-runner[vm9] {@} ",
    "2026w48d2@10h00m~s#console> ",
    "*** ",
];

#[test]
fn a_report_behind_any_prefix_is_the_report() {
    let bare = titles(&behind("", &REPORT));
    assert_eq!(bare.len(), 2);
    for prefix in KNOWN.iter().chain(LEARNED) {
        assert_eq!(titles(&behind(prefix, &REPORT)), bare, "{prefix:?}");
    }
}

#[test]
fn a_single_line_behind_a_known_prefix_is_enough() {
    for prefix in KNOWN {
        let log = behind(prefix, &REPORT[13..]);
        assert_eq!(titles(&log), [(1, "workqueue-stall:workqueue-lockup:-".to_owned())], "{prefix:?}");
    }
}

#[test]
fn a_clean_log_behind_any_prefix_is_a_kernel_s() {
    for prefix in KNOWN.iter().chain(LEARNED).filter(|prefix| !["> ", "> > > ", "##[debug]"].contains(prefix))
    {
        let scan = scan_log(behind(prefix, &CLEAN).as_bytes(), None);
        assert_eq!((scan.kernel, scan.splats.len(), scan.notes.len()), (true, 0, 0), "{prefix:?} {scan:?}");
    }
}

#[test]
fn a_line_of_a_program_stays_one_behind_any_prefix() {
    let bases = KNOWN.iter().filter_map(|prefix| prefix.strip_suffix("kernel: "));
    for (base, program) in
        bases.flat_map(|base| ["systemd[1]: ", "sample-daemon[77]: "].map(|program| (base, program)))
    {
        let log = behind(&format!("{base}{program}"), &PROGRAM);
        assert_eq!(titles(&log), [], "{base:?} {program:?}");
    }
}

#[test]
fn without_a_known_prefix_a_report_in_a_few_lines_is_found_by_its_trace() {
    // Each line begins otherwise, so that nothing can be learned.
    let heads = [
        "ab: ", "cde = ", "f/g> ", "(hi) ", "j~k; ", "lm-n ", "o#p ", "q'r' ", "s,t ", "u!v ", "w?x ", "y&z ",
    ];
    let log: String = REPORT[1..12]
        .iter()
        .zip(heads.iter().cycle())
        .map(|(line, head)| format!("{head}{line}\n"))
        .collect();
    assert_eq!(titles(&log), [(1, "warning:warning:cxl_sample_probe".to_owned())]);
    // The words alone are not enough, and are told.
    let scan = scan_log(b"ab: BUG: KASAN: slab-out-of-bounds in cxl_sample+0x1/0x2\ncde = quiet\n", None);
    assert_eq!((scan.splats.len(), scan.notes.len()), (0, 1));
}

fn prefixes() -> impl Strategy<Value = String> {
    let any = |all: &'static [&'static str]| proptest::sample::select(all);
    let quote = any(&["", "", "> ", ">> ", "> > ", "| "]);
    let service =
        any(&["", "", "2026-11-24T10:00:~.@Z ", "guest-1  | ", "[10:00:~] ", "2026-11-24 10:00:~ "]);
    let time = any(&[
        "[    7.@] ",
        "[  +0.@] ",
        "[Tue Nov 24 10:00:~ 2026] ",
        "[So Okt  4 10:00:~ 2026] ",
        "Nov 24 10:00:~ vm9 kernel: ",
        "2026-11-24T10:00:~+01:00 vm9 kernel: [    7.@] ",
        "kern  :warn  : [    7.@] ",
        "<4>[    7.@] ",
        "4,@,7000000,-;",
    ]);
    (quote, service, time).prop_map(|(quote, service, time)| format!("{quote}{service}{time}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn parts_of_prefixes_in_a_row_change_nothing(prefix in prefixes()) {
        prop_assert_eq!(titles(&behind(&prefix, &REPORT)), titles(&behind("", &REPORT)));
        prop_assert_eq!(titles(&behind(&prefix, &CLEAN)), vec![]);
    }
}
