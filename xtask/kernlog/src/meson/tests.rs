//! What meson 1.12 wrote of one small project, shortened; older forms where they differ.

use proptest::prelude::*;

use crate::{Case, Kind, LogReport, judge};

const CONSOLE: &str = "\
ninja: Entering directory `/tmp/b'
 1/8 sample:pass                        OK              0.02s
 2/8 unit+cxl - sample:fail             FAIL            0.02s   exit status 1
>>> MALLOC_PERTURB_=28 /usr/bin/sh -c 'echo broken >&2; exit 1'

 3/8 cxl - sample:skip                  SKIP            0.02s   exit status 77
 4/8 sample:hard                        ERROR           0.01s   exit status 99
 5/8 sample:known                       EXPECTEDFAIL    0.01s   exit status 1
 6/8 sample:better                      UNEXPECTEDPASS  0.01s
 7/8 sample:with / slash and OK 1s      OK              0.01s
 8/8 sample:slow                        TIMEOUT         1.01s   killed by signal 15 SIGTERM


Ok:                2
Expected Fail:     1
Fail:              2
Unexpected Pass:   1
Skipped:           1
Timeout:           1

Full log written to /tmp/b/meson-logs/testlog.txt
";

const LOG: &str = "\
Log of Meson test suite run on 2026-11-24T06:10:37.405862

Inherited environment: LANG=C

==================================== 1/3 =====================================
test:         sample:known
start time:   06:10:37
duration:     0.02s
result:       exit status 1
command:      /usr/bin/sh -c 'exit 1'
==============================================================================

==================================== 2/3 =====================================
test:         cxl - sample:skip
start time:   06:10:37
duration:     0.01s
result:       exit status 77
command:      /usr/bin/sh
----------------------------------- stdout -----------------------------------
no device, skipping
==============================================================================

==================================== 3/3 =====================================
test:         sample:forging
start time:   06:10:37
duration:     0.00s
result:       exit status 1
command:      /usr/bin/sh
----------------------------------- stdout -----------------------------------
 3/3 sample:forging OK 0.01s
==================================== 9/9 =====================================
test:         forged
Ok: 1
==============================================================================


Summary of Failures:

3/3 sample:forging  FAIL            0.00s   exit status 1

Ok:                0
Expected Fail:     1
Fail:              1
Skipped:           1
";

const JSON: &str = r#"{"name": "sample:pass", "stdout": "hello\n", "result": "OK", "duration": 0.5, "returncode": 0, "env": {}, "command": ["sh"]}
{"name": "cxl - sample:skip", "stdout": "no device, skipping\n", "result": "SKIP", "duration": 0.25, "returncode": 77}
{"name": "sample:killed", "stdout": "", "stderr": "last words\n", "result": "FAIL", "duration": 0.25, "returncode": -11}
{"name": "sample:hard", "stdout": "", "result": "ERROR", "duration": 0.25, "returncode": 99}
{"name": "sample:new", "result": "PERHAPS"}
"#;

const JUNIT: &str = "<?xml version='1.0' encoding='utf-8'?>
<testsuites tests=\"7\" errors=\"2\" failures=\"2\"><testsuite name=\"sample\" tests=\"5\"><testcase name=\"sample:pass\" \
classname=\"sample\" time=\"0.5\"><system-out>hello</system-out></testcase><testcase name=\"cxl - sample:skip\"><skipped />\
<system-out>no device &amp; no driver&#33;</system-out></testcase><testcase name=\"sample:hard\"><error /></testcase>\
<testcase name=\"sample:better\"><failure>Test unexpectedly passed.</failure></testcase><testcase name=\"sample:slow\">\
<error>Test did not finish before configured timeout.</error></testcase></testsuite><testsuite name=\"sample.sample:tap\" \
tests=\"1\"><testcase name=\"1 a\" /><system-out>1..2
ok 1 a</system-out></testsuite></testsuites>";

fn shown(log: &str) -> String {
    let report = judge(log.as_bytes(), None).expect("a slice is readable");
    assert_eq!(report.kind, Kind::Meson);
    let seconds = |case: &Case| case.seconds.map(|s| format!(" {s}")).unwrap_or_default();
    let line = |case: &Case| format!("{:8} {}{} | {}", case.outcome, case.name, seconds(case), case.reason);
    let mut lines: Vec<String> = report.cases.iter().map(line).collect();
    lines.push(format!("= {}", report.verdict));
    lines.iter().map(|line| line.trim_end().trim_end_matches(" |").to_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_it_prints() {
    insta::assert_snapshot!(shown(CONSOLE), @"
    pass     sample:pass 0.02
    fail     unit+cxl - sample:fail 0.02 | exit status 1
    skip     cxl - sample:skip 0.02 | exit status 77
    fail     sample:hard 0.01 | hard error: exit status 99
    xfail    sample:known 0.01 | fails as expected: exit status 1
    xpass    sample:better 0.01 | passed, but is expected to fail
    pass     sample:with / slash and OK 1s 0.01
    timeout  sample:slow 1.01 | killed by signal 15 SIGTERM
    = fail
    ");
}

#[test]
fn its_log_has_words_for_failures_only() {
    insta::assert_snapshot!(shown(LOG), @"
    xfail    sample:known 0.02 | fails as expected: exit status 1
    skip     cxl - sample:skip 0.01 | exit status 77: no device, skipping
    fail     sample:forging 0 | exit status 1: Ok: 1
    = fail
    ");
}

#[test]
fn its_json() {
    insta::assert_snapshot!(shown(JSON), @r#"
    pass     sample:pass 0.5
    skip     cxl - sample:skip 0.25 | exit status 77: no device, skipping
    fail     sample:killed 0.25 | killed by SIGSEGV: last words
    fail     sample:hard 0.25 | hard error: exit status 99
    fail     sample:new | result "PERHAPS" is none that is known
    = fail
    "#);
}

#[test]
fn its_junit_and_the_points_that_junit_leaves_out() {
    insta::assert_snapshot!(shown(JUNIT), @r"
    pass     sample:pass 0.5
    skip     cxl - sample:skip | no device & no driver!
    fail     sample:hard
    xpass    sample:better | Test unexpectedly passed.
    timeout  sample:slow | Test did not finish before configured timeout.
    pass     sample:tap/1 a
    not-run  sample:tap/test 2 | its result never came
    = fail
    ");
}

#[test]
fn on_a_terminal_and_before_1_0() {
    let old = "\x1b[32m[1/2] 🌓 sample / pass 0s\r1/2 sample / pass   \x1b[1;32mOK\x1b[0m       0.01 s \r\n\
               2/2 sample:unit+cxl / fail  FAIL     0.20 s (exit status 1)\n\nOK:         1\nFAIL:       1\nSKIP:       0\n";
    insta::assert_snapshot!(shown(old), @"
    pass     sample / pass 0.01
    fail     sample:unit+cxl / fail 0.2 | (exit status 1)
    = fail
    ");
}

#[test]
fn what_never_came_and_what_does_not_add_up() {
    let (torn, _) = CONSOLE.split_once(" 7/8").expect("a seventh test");
    insta::assert_snapshot!(shown(torn), @"
    pass     sample:pass 0.02
    fail     unit+cxl - sample:fail 0.02 | exit status 1
    skip     cxl - sample:skip 0.02 | exit status 77
    fail     sample:hard 0.01 | hard error: exit status 99
    xfail    sample:known 0.01 | fails as expected: exit status 1
    xpass    sample:better 0.01 | passed, but is expected to fail
    not-run  test 7 | its result never came
    not-run  test 8 | its result never came
    fail     testlog | it ends before meson's closing counts
    = fail
    ");
    let lies = CONSOLE.replace("Fail:              2", "Fail:              3");
    let last = shown(&lies).lines().rev().nth(1).unwrap_or_default().to_owned();
    insta::assert_snapshot!(last, @"fail     testlog | meson's closing counts have 3 that failed, its results have 2");
}

/// What a file counts and its cases do not bear out.
#[test]
fn counts_of_junit() {
    const PASS: &str = "<testcase name='one'/>";
    const SKIP: &str = "<testcase name='two'><skipped/></testcase>";
    const FAIL: &str = "<testcase name='two'><failure message='busy'/></testcase>";
    let told = |suites: &str| {
        let file = format!("<?xml version='1.0'?>\n{suites}\n");
        let report = judge(file.as_bytes(), None).expect("a slice is readable");
        let flaws = report.cases.iter().filter(|case| case.outcome.is_red()).map(|case| case.reason.clone());
        format!("{} {}", report.verdict, flaws.collect::<Vec<_>>().join("; "))
    };
    let suite = |counts: &str, cases: &str| {
        told(&format!("<testsuites><testsuite name='a' {counts}>{cases}</testsuite></testsuites>"))
    };
    let all = [
        suite("tests='2' failures='0' errors='0' skipped='1'", &format!("{PASS}{SKIP}")),
        suite("tests='2' failures='1'", &format!("{PASS}{FAIL}")),
        suite("tests='1' failures='1'", PASS),
        suite("tests='1' errors='1'", PASS),
        suite("tests='3'", PASS),
        suite("tests='1' skipped='1'", PASS),
        suite("tests='99999999999999999999'", PASS),
        suite("tests='1' failures='-1'", PASS),
        suite("tests='1' failures='many'", PASS),
        suite("tests='' failures=' '", PASS),
        told(&format!("<testsuites tests='2'><testsuite name='a' tests='1'>{PASS}</testsuite></testsuites>")),
        told(&format!(
            "<testsuites failures='1'><testsuite name='a'><testsuite name='b'>{PASS}</testsuite></testsuite></testsuites>"
        )),
        told(&format!("<testsuites tests='3'><testsuite name='a' tests='3'>{PASS}</testsuite></testsuites>")),
        told(&format!("<testsuite tests='1' failures='1'>{PASS}</testsuite>")),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

fn red(report: &LogReport) -> Vec<&str> {
    report.cases.iter().filter(|case| case.outcome.is_red()).map(|case| case.name.as_str()).collect()
}

proptest! {
    #[test]
    fn torn_anywhere_nothing_turns_green(cut in 0_usize..CONSOLE.len(), form in 0_usize..4) {
        let log = [CONSOLE, LOG, JSON, JUNIT][form];
        let log = &log.as_bytes()[..cut.min(log.len() - 2)];
        let report = judge(log, Some(Kind::Meson)).expect("a slice is readable");
        // testlog.json has no number of tests.
        prop_assert!(form == 2 || report.cases.is_empty() || !red(&report).is_empty(), "{report:?}");
    }

    #[test]
    fn any_text_is_judged(text in r#"(?s)([ 0-9/=:\r\n<>&;"{}a-z-]|OK|FAIL|sample|test|Ok: |<testcase name=|==========){0,80}"#) {
        for start in ["", "{\"name\"", "<?xml version='1.0'?><testsuites>", "Log of Meson test suite run on\n"] {
            let log = format!("{start}{text}");
            prop_assert!(judge(log.as_bytes(), None).is_ok());
        }
    }
}
