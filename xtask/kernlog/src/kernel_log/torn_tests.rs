//! Torn logs, logs in pieces, endless lines.

use super::*;
use crate::SplatKind;

/// A log with three reports, for tearing.
const THREE: &str = "\
[    0.000000] Linux version 6.12.0 (a@b) #1
[    1.000000] patchbench[t]: begin one
[    2.000000] ------------[ cut here ]------------
[    2.000001] WARNING: CPU: 0 PID: 1 at a.c:1 first+0x1/0x2 [m]
[    2.000002] CPU: 0 UID: 0 PID: 1 Comm: a Not tainted
[    2.000003] Call Trace:
[    2.000004]  first+0x1/0x2 [m]
[    2.000005] ---[ end trace 0000000000000000 ]---
[    2.000006] patchbench[t]: end one
[    3.000000] BUG: KASAN: slab-out-of-bounds in second+0x1/0x2
[    3.000001] Call Trace:
[    3.000002]  second+0x1/0x2
[    4.000000] patchbench[t]: begin two
[    5.000000] Kernel panic - not syncing: third
[    5.000001] CPU: 0 PID: 1 Comm: a
[    5.000002] Call Trace:
[    5.000003]  panic+0x1/0x2
[    5.000004]  third+0x1/0x2
";

#[test]
fn torn_at_any_byte_what_came_before_is_found() {
    let whole = scan(THREE.as_bytes());
    assert_eq!(whole.len(), 3);
    let ends: Vec<usize> = ["[m]\n", "second+0x1/0x2\n", "third\n"]
        .iter()
        .map(|end| THREE.find(end).expect("it is there") + end.len())
        .collect();
    for cut in 0..=THREE.len() {
        let torn = scan(&THREE.as_bytes()[..cut]);
        for (splat, end) in whole.iter().zip(&ends) {
            if cut >= *end {
                let found = torn.iter().find(|s| s.line == splat.line || s.line == splat.line + 1);
                assert_eq!(found.map(|s| s.kind), Some(splat.kind), "cut at {cut}");
            }
        }
        assert!(torn.len() <= whole.len(), "cut at {cut}");
    }
    for cut in THREE.match_indices('\n').map(|(at, _)| at + 1) {
        // Without its start, whatever is whole is still found, and a trace that lost its heading is one of a report.
        let rest = scan(&THREE.as_bytes()[cut..]);
        let second = rest.iter().find(|s| s.function.as_deref() == Some("second"));
        let whole = THREE[cut..].contains("BUG: KASAN");
        assert!(!whole || second.is_some_and(|splat| splat.kind == SplatKind::Kasan), "cut at {cut}");
    }
}

#[test]
fn any_cut_into_pieces_gives_the_same() {
    let whole = scan_log(THREE.as_bytes(), None);
    for size in [1, 2, 7, 64, 4096] {
        let mut scanner = Scanner::new(None);
        THREE.as_bytes().chunks(size).for_each(|piece| scanner.feed(piece));
        assert_eq!(scanner.finish(), whole, "pieces of {size}");
    }
}

#[test]
fn large_pieces_are_gone_through_where_they_lie_and_give_the_same() {
    let log = THREE.repeat(400);
    let whole = scan_log(log.as_bytes(), None);
    assert_eq!(whole.splats.len(), 1000, "as many as are kept, of 1200");
    for size in [1 << 16, 70_001, 100_003, 1 << 18, 1 << 20] {
        let mut scanner = Scanner::new(None);
        log.as_bytes().chunks(size).for_each(|piece| scanner.feed(piece));
        assert_eq!(scanner.finish(), whole, "pieces of {size}");
    }
    // A boot that ends in the middle of the last of them: its last line is the same.
    let boot =
        format!("{}[    0.000000] Linux version 6.12.0 (a@b) #1\n{}", log, "[    0.5] quiet\n".repeat(9000));
    let last = |size| {
        let mut scanner = Scanner::new(None);
        boot.as_bytes().chunks(size).for_each(|piece| scanner.feed(piece));
        scanner.finish().unfinished.map(|splat| splat.excerpt)
    };
    assert!(last(70_001).is_some());
    assert_eq!((last(70_001), last(1 << 18)), (last(100), last(100)));
}

#[test]
fn a_line_without_end_harms_nothing() {
    let mut log = "[    0.000000] a kernel's line\n".repeat(20).into_bytes();
    log.extend(std::iter::repeat_n(b'x', 3 << 20));
    log.extend_from_slice(b"[    1.000000] Kernel panic - not syncing: at its end\nlast\n");
    let at_once = scan_log(&log, None);
    let mut scanner = Scanner::new(None);
    log.chunks(1 << 16).for_each(|piece| scanner.feed(piece));
    let in_pieces = scanner.finish();
    for scan in [at_once, in_pieces] {
        assert_eq!(scan.splats.len(), 1);
        assert_eq!((scan.splats[0].line, scan.panicked), (21, Some(21)));
    }
}

#[test]
fn who_hangs_on_is_one_event() {
    let stall = "[   66.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [sh:77]\n[   66.000003] RIP: 0010:cxl_spin+0x1/0x2\n[   66.000004] Call Trace:\n[   66.000005]  cxl_spin+0x1/0x2\n";
    let log = format!("{stall}{}", stall.replace("26s", "48s").replace("cxl_spin", "elsewhere"));
    assert_eq!(scan(log.as_bytes()).len(), 1);
    let other = format!("{stall}{}", stall.replace("CPU#1", "CPU#0"));
    assert_eq!(scan(other.as_bytes()).len(), 2);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn soup() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            proptest::sample::select(
                THREE.lines().map(|l| format!("{l}\n").into_bytes()).collect::<Vec<_>>()
            ),
            proptest::sample::select(
                [
                    "[    1.000000] ",
                    "\n",
                    "BUG: ",
                    "\r\n",
                    "Oops: 0000 [#1]",
                    "[#",
                    "in ",
                    "+0x1/0x2",
                    "patchbench[",
                    "[    9.012345] late\n",
                    "[    0.000000] early\n",
                    "Booting Linux on physical CPU 0x0\n",
                    "EFI stub: Exiting\n",
                    "[    0.900000] Run /init as init process\n",
                    "[    9.000000] reboot: Power down\n",
                    "[    9.000000] sysrq: Show State\n",
                    "[    9.000000] INFO: task a\n",
                    "b:7 blocked for more than 9 seconds\n",
                    "Call Trace:\n",
                    " f+0x1/0x2\n",
                    "6,1,2,-;a\n6,7,9,-;b\n",
                    "Nov 24 10:00:00 vm9 a[7]: ",
                    "callbacks suppressed\n"
                ]
                .map(|s| s.as_bytes().to_vec())
                .to_vec()
            ),
            proptest::collection::vec(any::<u8>(), 0..20),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn never_panics_and_pieces_agree(log in soup(), size in 1_usize..50) {
            let whole = scan_log(&log, None);
            let mut scanner = Scanner::new(None);
            log.chunks(size).for_each(|piece| scanner.feed(piece));
            prop_assert_eq!(scanner.finish(), whole);
        }
    }
}

#[test]
fn a_long_line_full_of_what_looks_like_headings_costs_no_more() {
    let mut log = "[    0.000000] a kernel's line\n".repeat(20);
    log.push_str(&"BUG".repeat(3 << 20));
    log.push_str("\n[    1.000000] Kernel panic - not syncing: after it\n");
    let begun = std::time::Instant::now();
    let scan = scan_log(log.as_bytes(), None);
    assert_eq!((scan.splats.len(), scan.panicked, scan.lines), (1, Some(22), 22));
    // A scan that looks at the rest of the line at each of its three million words takes hours.
    assert!(begun.elapsed() < std::time::Duration::from_secs(60));
}

/// What dump_stack() prints.
const DUMP: &str = "CPU: 1 UID: 0 PID: 77 Comm: sh Not tainted 6.12.0\nHardware name: sample\nCall Trace:\n cxl_sample+0x1/0x2 [cxl_core]\n cxl_other+0x1/0x2 [cxl_core]\n";
const TWICE: &str = "kobject: kobject (00000000deadbeef): tried to init an initialized object, something is seriously wrong.\n";

/// A log of messages, each with a time.
fn timed(text: &str) -> String {
    text.lines().map(|line| format!("[    1.000000] {line}\n")).collect()
}

#[test]
fn words_above_a_trace_are_its_heading() {
    let logs = [
        format!("quiet\n{TWICE}{DUMP}"),
        // Details between.
        format!("{TWICE}{}{DUMP}", "detail\n".repeat(20)),
        // Too far away.
        format!("{TWICE}{}{DUMP}", "quiet\n".repeat(30)),
        // Not without a trace, and not of a program.
        TWICE.to_owned(),
        format!("sample[7]: {TWICE}{DUMP}"),
        // Near the end of another report, and only once.
        format!("WARNING: CPU: 0 PID: 1 at a.c:1 first+0x1/0x2\n---[ end trace 0 ]---\nquiet\n{TWICE}{DUMP}"),
        format!("{TWICE}{DUMP}---[ end trace 0 ]---\nquiet\n{DUMP}"),
        format!("sysrq: Show Blocked State\n{TWICE}{DUMP}"),
    ];
    let shown = logs.map(|log| {
        let splats = scan(timed(&log).as_bytes());
        splats.iter().map(|s| format!("{}: {}", s.line, s.title)).collect::<Vec<_>>().join("; ")
    });
    insta::assert_snapshot!(shown.map(|log| format!("- {log}").trim_end().to_owned()).join("\n"), @"
    - 2: kobject: tried to init an initialized object in cxl_sample
    - 1: kobject: tried to init an initialized object in cxl_sample
    - 34: report without its beginning in cxl_sample
    -
    - 4: report without its beginning in cxl_sample
    - 1: WARNING in first; 4: kobject: tried to init an initialized object in cxl_sample
    - 1: kobject: tried to init an initialized object in cxl_sample
    -
    ");
}

/// The heading may lie in a piece that was read before.
#[test]
fn words_above_a_trace_are_found_in_pieces_of_any_size() {
    let log = timed(&format!("{}{TWICE}{DUMP}", "quiet\n".repeat(3000)));
    let whole = scan_log(log.as_bytes(), None);
    assert_eq!(whole.splats.len(), 1);
    for size in [100, 4096, 65_536, 70_001] {
        let mut scanner = Scanner::new(None);
        log.as_bytes().chunks(size).for_each(|piece| scanner.feed(piece));
        assert_eq!(scanner.finish(), whole, "{size}");
    }
}
