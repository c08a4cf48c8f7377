//! Logs of every kind, whole and torn.

use std::io::{self, Read};

use proptest::prelude::*;

use super::{Kind, LogReport, judge};
use crate::Verdict;

const KTAP: &str = "KTAP version 1\n1..2\n# first: made a device\nok 1 first\nnot ok 2 second # no memory\n";
const CONSOLE: &str = "\
[    0.000000] Linux version 6.12.0 (root@box) #1
[    0.900000] Run /init as init process
[    1.000000] KTAP version 1
[    1.000001] 1..1
[    1.000002] WARNING: CPU: 0 PID: 1 at drivers/cxl/core/port.c:1 cxl_port_probe+0x1/0x2 [cxl_core]
[    1.000003] ---[ end trace 0000000000000000 ]---
[    1.000004] ok 1 first
";

fn read(log: &str) -> LogReport {
    judge(log.as_bytes(), None).expect("a slice is readable")
}

fn shown(log: &str) -> String {
    let report = read(log);
    let cases = report.cases.iter().map(|case| {
        let details =
            if case.diagnostics.is_empty() { String::new() } else { format!(" {:?}", case.diagnostics) };
        format!("{} {} {}{details}\n", case.outcome, case.name, case.reason)
    });
    let splats = report.splats.iter().map(|splat| format!("splat {}\n", splat.title));
    let all: String = cases.chain(splats).collect();
    format!("{}\n{all}{} {:?}", report.kind.word(), report.verdict, report.notes)
}

#[test]
fn the_content_says_what_it_is() {
    let all = [
        KTAP,
        CONSOLE,
        "",
        "prose: it is ok 1 should think\n",
        "[    1.000000] quiet\n",
        "1..0 # SKIP no CXL\n",
    ];
    insta::assert_snapshot!(all.map(shown).join("\n--\n"), @r#"
    ktap
    pass first  ["first: made a device"]
    fail second no memory
    fail []
    --
    ktap
    pass first  ["WARNING: CPU: 0 PID: 1 at drivers/cxl/core/port.c:1 cxl_port_probe+0x1/0x2 [cxl_core]", "---[ end trace 0000000000000000 ]---"]
    splat WARNING in cxl_port_probe
    fail []
    --
    kernel-log
    skip ["the log is empty"]
    --
    kernel-log
    skip ["1 line was looked at, and it is not a kernel's or a test's; line 1 comes nearest: prose: it is ok 1 should think"]
    --
    kernel-log
    pass []
    --
    ktap
    skip ["1 line was looked at, and it is not a test's result"]
    "#);
}

#[test]
fn a_flaw_that_no_test_shows_is_a_case() {
    let all = [
        "TAP version 13\n1..1\nok 1 a\n1..2\n",
        "TAP version 13\nok 1 a\nBail out! no disk\n",
        "KTAP version 1\n1..0\n",
    ];
    insta::assert_snapshot!(all.map(shown).join("\n--\n"), @"
    ktap
    pass a 
    fail ktap line 4: a second plan, 1..2 after 1..1
    fail []
    --
    ktap
    pass a 
    fail ktap bailed out: no disk
    fail []
    --
    ktap
    not-run ktap 0 tests were run
    fail []
    ");
}

#[test]
fn a_kernel_that_only_tests_itself_ends_in_a_panic_and_is_green() {
    let panic = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n";
    let whole = format!("KTAP version 1\n1..1\nok 1 a\n{panic}");
    let early = format!("KTAP version 1\n1..2\nok 1 a\n{panic}ok 2 b\n");
    let short = format!("KTAP version 1\n1..2\nok 1 a\n{panic}");
    let verdicts = [whole, early, short].map(|log| read(&log).verdict);
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Fail, Verdict::Fail]);
}

#[test]
fn a_kind_that_is_named_is_not_doubted() {
    let kinds = [Kind::Ktap, Kind::Meson, Kind::KernelLog].map(|kind| {
        let report = judge(CONSOLE.as_bytes(), Some(kind)).expect("a slice is readable");
        format!(
            "{} {} cases, {} splats: {}",
            report.kind.word(),
            report.cases.len(),
            report.splats.len(),
            report.verdict
        )
    });
    insta::assert_snapshot!(kinds.join("\n"), @"
    ktap 1 cases, 1 splats: fail
    meson 0 cases, 1 splats: fail
    kernel-log 0 cases, 1 splats: fail
    ");
    assert_eq!(judge("quiet".as_bytes(), Some(Kind::Meson)).expect("a slice").verdict, Verdict::Skip);
}

#[test]
fn a_log_of_lava_s_with_more_results_than_are_kept_is_red() {
    const RESULT: &str =
        "- {\"dt\": \"x\", \"lvl\": \"results\", \"msg\": {\"case\": \"a\", \"result\": \"pass\"}}\n";
    let log = |count: usize| RESULT.repeat(count);
    let of = |count| judge(log(count).as_bytes(), None).expect("a log");
    assert_eq!((of(100_000).verdict, of(100_000).totals.pass), (Verdict::Pass, 100_000));
    let more = of(100_002);
    assert_eq!((more.verdict, more.cases.len()), (Verdict::Fail, 100_001));
    assert_eq!(more.cases[100_000].reason, "more than 100000 results: the rest is not judged");
}

#[test]
fn lava_s_log_is_what_its_target_said_and_its_results() {
    let line = |level: &str, message: &str| {
        format!("- {{\"dt\": \"2026-11-24T10:00:00\", \"lvl\": \"{level}\", \"msg\": {message}}}\n")
    };
    let target = |text: &str| line("target", &format!("{text:?}"));
    let console: String = CONSOLE.lines().map(target).collect();
    let clean: String = CONSOLE.lines().take(4).chain(["ok 1 first"]).map(target).collect();
    let result = |case: &str, result: &str| {
        line(
            "results",
            &format!("{{\"case\": \"{case}\", \"definition\": \"0_cxl\", \"result\": \"{result}\"}}"),
        )
    };
    let logs = [
        format!("{}{console}", line("info", "\"start: 1 deploy\"")),
        format!("{clean}{}", result("region", "pass")),
        format!("{clean}{}", result("region", "fail")),
        target("[    0.000000] Linux version 6.12.0 #1")
            + &target("[    1.000000] Run /init as init process"),
        clean.replace('"', "'"),
        "- id: '1'\n  name: region\n  result: fail\n  suite: 0_cxl\n".to_owned(),
        "{\"lava\": {\"boot\": {\"result\": \"pass\"}}}".to_owned(),
    ];
    insta::assert_snapshot!(logs.each_ref().map(|log| shown(log)).join("\n--\n"), @r#"
    lava
    pass first  ["WARNING: CPU: 0 PID: 1 at drivers/cxl/core/port.c:1 cxl_port_probe+0x1/0x2 [cxl_core]", "---[ end trace 0000000000000000 ]---"]
    splat WARNING in cxl_port_probe
    fail []
    --
    lava
    pass first 
    pass 0_cxl/region 
    pass []
    --
    lava
    pass first 
    fail 0_cxl/region 
    fail []
    --
    lava
    pass []
    --
    lava
    pass first 
    pass []
    --
    lava
    fail 0_cxl/region 
    fail []
    --
    lava
    pass lava/boot 
    pass []
    "#);
    assert_eq!(read(&logs[0]).splats[0].line, 6);
}

#[test]
fn meson_s_results_behind_quotes_and_times() {
    let lines = [
        "1/2 cxl:all / cxl-a.sh      OK     3.21s",
        "2/2 cxl:all / cxl-b.sh      FAIL   0.50s   exit status 1",
        "",
        "Ok:     1",
        "Fail:   1",
    ];
    let behind = |prefix: &str| -> String { lines.iter().map(|line| format!("{prefix}{line}\n")).collect() };
    let bare = shown(&behind(""));
    for prefix in [
        "> ",
        "> > ",
        "| ",
        "2026-11-24T10:00:00.123456Z ",
        "[10:00:00] ",
        "guest-1  | ",
        "  ",
        "[rack4] ",
        "Nov 24 10:00:00 vm9 runner[7]: ",
    ] {
        assert_eq!(shown(&behind(prefix)), bare, "{prefix:?}");
    }
    assert!(bare.contains("fail cxl:all / cxl-b.sh"), "{bare}");
}

#[test]
fn nothing_to_judge_says_what_was_looked_at() {
    let logs = [
        "",
        "prose\nmore of it\n",
        "10:00:00 a program starts\n10:00:01 and ends\n",
        "a\n\u{fffd}\nsample [   12.345678] torn\n",
    ];
    insta::assert_snapshot!(logs.map(|log| read(log).notes.join("; ")).join("\n"), @r"
    the log is empty
    2 lines were looked at, and none is a kernel's or a test's; line 1 comes nearest: prose
    2 lines were looked at, and none is a kernel's or a test's; line 1 comes nearest: 10:00:00 a program starts
    3 lines were looked at, and none is a kernel's or a test's; line 3 comes nearest: sample [   12.345678] torn
    ");
}

#[test]
fn every_remark_on_a_kernel_s_log_is_a_note() {
    let log = "[    1.000000] sample: BUG: KASAN: words\n[    2.000000] quiet\n[    3.000000] quiet\n[    3.000000] ** 7 printk messages dropped **\n";
    let report = read(log);
    insta::assert_snapshot!(format!("{} {:#?}", report.verdict, report.notes), @r#"
    pass [
        "line 4: the kernel dropped messages: ** 7 printk messages dropped **",
        "line 1: a driver's or a program's own words, without a trace: sample: BUG: KASAN: words",
    ]
    "#);
}

/// A log of one line without end, made as it is read.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = into.len().min(usize::try_from(self.0).unwrap_or(usize::MAX));
        into[..length].fill(b'x');
        self.0 -= length as u64;
        Ok(length)
    }
}

#[test]
fn a_line_of_100_megabytes_hides_nothing_around_it() {
    let log = CONSOLE.as_bytes().chain(Endless(100 << 20)).chain("\n[    2.0] done\n".as_bytes());
    let report = judge(log.chain(KTAP.as_bytes()), None).expect("memory is readable");
    assert_eq!((report.cases.len(), report.splats.len(), report.verdict), (3, 1, Verdict::Fail));
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same(size in 1_usize..300) {
        struct Pieces<'a>(&'a [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let limit = self.1.min(into.len());
                self.0.read(&mut into[..limit])
            }
        }
        let log = format!("{CONSOLE}{KTAP}");
        prop_assert_eq!(judge(Pieces(log.as_bytes(), size), None).expect("a slice is readable"), read(&log));
    }

    #[test]
    fn torn_anywhere_what_came_before_is_found(cut in 0_usize..CONSOLE.len()) {
        let report = read(&CONSOLE[..cut]);
        let after = |text: &str| CONSOLE.find(text).is_some_and(|at| cut >= at + text.len());
        prop_assert!(!after("cxl_port_probe+0x1/0x2") || report.splats.iter().any(|s| s.title.contains("cxl_port_probe")));
        prop_assert!(!after("ok 1 first") || report.totals.pass == 1);
    }

    #[test]
    fn any_bytes_are_judged(log in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(judge(log.as_slice(), None).is_ok());
    }
}
