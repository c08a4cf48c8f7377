use proptest::prelude::*;

use super::*;
use crate::CaseOutcome;

/// The verdict, every leaf and every complaint, one a line.
fn shown(text: &str) -> String {
    let ktap = parse(text);
    let (outcome, reason) = ktap.outcome();
    let mut out = format!("= {outcome} {reason}\n");
    for leaf in ktap.leaves() {
        out.push_str(format!("{:8} {} {}", leaf.outcome, leaf.name, leaf.reason).trim_end());
        out.push('\n');
    }
    for complaint in ktap.complaints {
        out.push_str(&format!(
            "line {} {}{}\n",
            complaint.line,
            if complaint.red { "RED " } else { "" },
            complaint.text
        ));
    }
    out
}

#[test]
fn nested_as_the_specification_shows_it() {
    insta::assert_snapshot!(shown("\
KTAP version 1
1..1
  KTAP version 1
  1..3
    KTAP version 1
    1..1
    # test_1: initializing test_1
    ok 1 test_1
  ok 1 example_test_1
    KTAP version 1
    1..2
    ok 1 test_1 # SKIP test_1 skipped
    ok 2 test_2
  ok 2 example_test_2
    KTAP version 1
    1..3
    ok 1 test_1
    # test_2: FAIL
    not ok 2 test_2
    ok 3 test_3 # SKIP test_3 skipped
  not ok 3 example_test_3
not ok 1 main_test
"), @r"
    = fail not ok: main_test/example_test_3/test_2
    pass     main_test/example_test_1/test_1
    skip     main_test/example_test_2/test_1 test_1 skipped
    pass     main_test/example_test_2/test_2
    pass     main_test/example_test_3/test_1
    fail     main_test/example_test_3/test_2
    skip     main_test/example_test_3/test_3 test_3 skipped
    ");
}

#[test]
fn kselftest_nests_with_marks() {
    insta::assert_snapshot!(shown("\
TAP version 13
1..2
# timeout set to 45
# selftests: cxl: first
# TAP version 13
# 1..2
# ok 1 alpha
# # a remark
# not ok 2 beta
# # Totals: pass:1 fail:1 xfail:0 xpass:0 skip:0 error:0
not ok 1 selftests: cxl: first # exit=1
# selftests: cxl: second
# TAP version 13
# 1..1
# not ok 1 gamma
ok 2 selftests: cxl: second
"), @r"
    = fail not ok: selftests: cxl: first/beta; not ok: selftests: cxl: second/gamma
    pass     selftests: cxl: first/alpha
    fail     selftests: cxl: first/beta
    fail     selftests: cxl: second/gamma
    ");
}

#[test]
fn an_ok_over_a_failed_subtest_is_a_failure() {
    let ktap = parse("KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  not ok 1 a\nok 1 b\n");
    assert_eq!(ktap.tests[0].outcome, CaseOutcome::Fail);
    assert_eq!(ktap.outcome().0, CaseOutcome::Fail);
}

#[test]
fn plans_late_missing_short_long_and_double() {
    let logs = [
        "KTAP version 1\nok 1 a\nok 2 b\n1..2\n",
        "KTAP version 1\nok 1 a\nok 2 b\n",
        "KTAP version 1\n1..4\nok 1 a\nok 3 c\n",
        "KTAP version 1\n1..1\nok 1 a\nok 2 b\n",
        "KTAP version 1\n1..2\n1..3\nok 1 a\nok 2 b\n",
        "KTAP version 1\n1..0\n",
        "KTAP version 1\n1..0 # SKIP no device\n",
        "KTAP version 1\n1..18446744073709551615\nok 1 a\n",
        "",
        "prose, and ok 1 in it\n",
    ];
    let all: Vec<String> = logs
        .into_iter()
        .map(|log| {
            let (outcome, reason) = parse(log).outcome();
            let reason: String = reason.chars().take(90).collect();
            format!("{log:?}\n  {outcome} {reason}").trim_end().to_owned()
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    "KTAP version 1\nok 1 a\nok 2 b\n1..2\n"
      pass
    "KTAP version 1\nok 1 a\nok 2 b\n"
      pass
    "KTAP version 1\n1..4\nok 1 a\nok 3 c\n"
      fail not-run: test 2 (its result never came); not-run: test 4 (its result never came)
    "KTAP version 1\n1..1\nok 1 a\nok 2 b\n"
      fail line 1: 2 results where 1 were planned
    "KTAP version 1\n1..2\n1..3\nok 1 a\nok 2 b\n"
      fail line 3: a second plan, 1..3 after 1..2
    "KTAP version 1\n1..0\n"
      not-run 0 tests were run
    "KTAP version 1\n1..0 # SKIP no device\n"
      skip no device
    "KTAP version 1\n1..18446744073709551615\nok 1 a\n"
      fail not-run: test 2 (its result never came); not-run: test 3 (its result never came); not-run:
    ""
      not-run no KTAP output
    "prose, and ok 1 in it\n"
      not-run no KTAP output
    "#);
}

#[test]
fn bail_out_leaves_the_rest_not_run() {
    insta::assert_snapshot!(shown("TAP version 13\n1..3\nok 1 a\nBail out! no memory\n"), @r"
    = fail bailed out: no memory
    pass     a
    not-run  test 2 bailed out: no memory
    not-run  test 3 bailed out: no memory
    ");
}

#[test]
fn a_panic_makes_what_is_missing_a_crash() {
    insta::assert_snapshot!(shown("\
[    0.060000][    T1] KTAP version 1
[    0.060000][    T1] 1..2
[    0.060000][    T1]     KTAP version 1
[    0.060000][    T1]     # Subtest: suite
[    0.060000][    T1]     1..2
[    0.060000][    T1]     ok 1 first
[    0.070000][    T9] Kernel panic - not syncing: Fatal exception
"), @r"
    = crash crash: suite/test 2 (its result never came); crash: test 2 (its result never came)
    pass     suite/first
    crash    suite/test 2 its result never came
    crash    test 2 its result never came
    line 3 the result line of suite is missing
    ");
}

#[test]
fn a_subtest_without_its_result_line_is_missed() {
    insta::assert_snapshot!(shown("\
KTAP version 1
1..2
  # Subtest: one
  1..1
  ok 1 a
  # Subtest: two
  1..1
  ok 1 b
ok 2 two
"), @r"
    = fail not-run: one (its result line is missing)
    pass     one/a
    not-run  one its result line is missing
    pass     two/b
    line 3 the result line of one is missing
    ");
}

#[test]
fn unindented_subtests_go_by_order_and_name() {
    insta::assert_snapshot!(shown("\
TAP version 14
1..2
# Subtest: one
1..2
ok 1 - a
ok 2 - b
ok 1 - one
# Subtest: two
1..1
not ok 1 - c
not ok 2 - two
"), @r"
    = fail not ok: two/c
    pass     one/a
    pass     one/b
    fail     two/c
    ");
}

#[test]
fn a_foreign_prefix_is_cut_from_every_line() {
    insta::assert_snapshot!(shown("\
kunit | KTAP version 1
kunit | 1..1
kunit |   KTAP version 1
kunit |   1..1
kunit |   not ok 1 inner
kunit | not ok 1 outer
"), @r"
    = fail not ok: outer/inner
    fail     outer/inner
    ");
}

#[test]
fn several_documents_are_one_whole() {
    insta::assert_snapshot!(shown("KTAP version 1\n1..1\nok 1 a\nKTAP version 1\n1..2\nok 1 b\n"), @r"
    = fail not-run: test 2 (its result never came)
    pass     a
    pass     b
    not-run  test 2 its result never came
    ");
}

#[test]
fn totals_that_count_a_failure_which_no_line_shows() {
    insta::assert_snapshot!(
        shown("TAP version 13\n1..1\nok 1 a\n# Totals: pass:1 fail:1 xfail:0 xpass:0 skip:0 error:0\n"), @r"
    = fail line 1: its totals count 1 failed, and no result shows it
    pass     a
    line 1 RED its totals count 1 failed, and no result shows it
    ");
}

/// Text that is likely to hit the parser's branches.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("KTAP version 1\n"),
        Just("TAP version 13\n"),
        Just("1..2\n"),
        Just("1..0\n"),
        Just("ok 1 a\n"),
        Just("not ok 2 b # SKIP x\n"),
        Just("# Subtest: a\n"),
        Just("  "),
        Just("\t"),
        Just("# "),
        Just("Bail out!\n"),
        Just("[    1.000000] "),
        Just("\n"),
        Just("Kernel panic - not syncing: x\n"),
        Just("é# SKIP"),
        Just("ok "),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn never_panics(text in soup(), any_text in ".*") {
        parse(&text);
        parse(&any_text);
    }

    #[test]
    fn torn_anywhere_what_came_before_is_found(cut in 0_usize..120) {
        let text = "KTAP version 1\n1..3\n  KTAP version 1\n  1..2\n  ok 1 a\n  not ok 2 b\nnot ok 1 p\nok 2 q\nok 3 r\n";
        let cut = cut.min(text.len());
        let whole = parse(text).leaves();
        // The line that is torn may read differently; all before it may not.
        let came = text[..cut].lines().filter(|l| l.trim_start().starts_with("ok") || l.contains("not ok")).count();
        let torn = parse(&text[..cut]).leaves();
        let complete = text[..cut].ends_with('\n');
        if came > usize::from(!complete) {
            prop_assert_eq!(&torn[0].outcome, &whole[0].outcome);
        }
        if text[..cut].contains("not ok 2 b\n") {
            prop_assert!(torn.iter().any(|t| t.name.ends_with("/b") && t.outcome == CaseOutcome::Fail));
        }
        if cut < text.len() - 1 {
            prop_assert!(parse(&text[..cut]).outcome().0.is_red());
        }
    }
}

#[test]
fn results_behind_marks_without_a_version_line() {
    let logs = [
        // A plan, late or first, or results alone; in a test of its own, and one after the other.
        "TAP version 13\n1..1\n# selftests: cxl: a\n# 1..2\n# ok 1 p\n# not ok 2 q\nok 1 selftests: cxl: a\n",
        "TAP version 13\n1..1\n# ok 1 p\n# not ok 2 q\n# 1..2\nok 1 selftests: cxl: a\n",
        "TAP version 13\n1..2\n# not ok 1 p\nok 1 selftests: cxl: a\n# 1..1\n# ok 1 r\nok 2 selftests: cxl: b\n",
        "TAP version 13\n1..1\n# 1..3\n# ok 1 p\nok 1 selftests: cxl: a\n",
        "[   12.000001] TAP version 13\n[   12.000002] 1..1\n[   12.000003] # 1..1\n[   12.000004] # not ok 1 p\n[   12.000005] ok 1 a\n",
        // A remark is none.
        "TAP version 13\n1..1\n# ok, 1 device was found\n# okay\nok 1 a\n",
    ];
    insta::assert_snapshot!(logs.map(shown).join("--\n"), @r"
    = fail not ok: selftests: cxl: a/q
    pass     selftests: cxl: a/p
    fail     selftests: cxl: a/q
    --
    = fail not ok: selftests: cxl: a/q
    pass     selftests: cxl: a/p
    fail     selftests: cxl: a/q
    --
    = fail not ok: selftests: cxl: a/p
    fail     selftests: cxl: a/p
    pass     selftests: cxl: b/r
    --
    = fail not-run: selftests: cxl: a/test 2 (its result never came); not-run: selftests: cxl: a/test 3 (its result never came)
    pass     selftests: cxl: a/p
    not-run  selftests: cxl: a/test 2 its result never came
    not-run  selftests: cxl: a/test 3 its result never came
    --
    = fail not ok: a/p
    fail     a/p
    --
    = pass 
    pass     a
    ");
}

#[test]
fn results_without_numbers() {
    let logs = [
        "TAP version 13\n1..3\nok first\nnot ok second thing breaks # exit=1\nok third\n",
        "1..2\nok first\nnot ok second\n",
        "KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok one\n  not ok two\nok 1 suite\n",
        "ok 1 first\nnot ok second\n",
        // Outside of a document it is prose.
        "ok then, let us go\nnot ok with me\n",
    ];
    insta::assert_snapshot!(logs.map(shown).join("--\n"), @r"
    = fail not ok: second thing breaks (exit=1)
    pass     first
    fail     second thing breaks exit=1
    pass     third
    --
    = fail not ok: second
    pass     first
    fail     second
    --
    = fail not ok: suite/two
    pass     suite/one
    fail     suite/two
    --
    = fail not ok: second
    pass     first
    fail     second
    --
    = not-run no KTAP output
    ");
}

#[test]
fn a_log_that_begins_in_the_middle() {
    let logs = [
        "# TAP version 13\n# 1..2\n# ok 1 p\n# ok 2 q\nok 4 selftests: cxl: a\n# TAP version 13\n# 1..1\n# not ok 1 r\nok 5 selftests: cxl: b\n",
        "# selftests: cxl: a\n# 1..2\n# ok 1 p\n# ok 2 q\nok 4 selftests: cxl: a\n",
        "    KTAP version 1\n    # Subtest: a\n    1..2\n    ok 1 p\n    ok 2 q\nok 3 a\n    KTAP version 1\n    # Subtest: b\n    1..1\n    not ok 1 r\nok 4 b\n",
        "    ok 2 q\nok 3 a\nok 4 b\n",
        "# ok 2 q\nok 3 selftests: cxl: a\nok 5 selftests: cxl: c\n",
    ];
    insta::assert_snapshot!(logs.map(shown).join("--\n"), @r"
    = fail not ok: selftests: cxl: b/r; not ok: selftests: cxl: b (says ok, but r of its subtests is fail)
    pass     selftests: cxl: a/p
    pass     selftests: cxl: a/q
    pass     selftests: cxl: a
    fail     selftests: cxl: b/r
    fail     selftests: cxl: b says ok, but r of its subtests is fail
    line 5 the log begins in the middle: results before number 4 are not in it
    --
    = pass 
    pass     selftests: cxl: a/p
    pass     selftests: cxl: a/q
    pass     selftests: cxl: a
    line 5 the log begins in the middle: results before number 4 are not in it
    --
    = fail not ok: b/r; not ok: b (says ok, but r of its subtests is fail)
    pass     a/p
    pass     a/q
    pass     a
    fail     b/r
    fail     b says ok, but r of its subtests is fail
    line 6 the log begins in the middle: results before number 3 are not in it
    --
    = pass 
    pass     a/q
    pass     a
    pass     b
    line 1 result number 2 where 1 was due
    line 2 the log begins in the middle: results before number 3 are not in it
    --
    = pass 
    pass     selftests: cxl: a/q
    pass     selftests: cxl: a
    pass     selftests: cxl: c
    line 1 result number 2 where 1 was due
    line 2 the log begins in the middle: results before number 3 are not in it
    line 3 result number 5 where 4 was due
    ");
}

#[test]
fn levels_around_the_first_line_are_known_by_their_depth_and_line() {
    let logs = ["        ok 2 r\n    ok 2 q\nok 2 p\n", "    ok 3 q\nok 2 a\nok 3 b\n1..1\n"];
    insta::assert_snapshot!(logs.map(shown).join("--\n"), @r"
    = pass 
    pass     p/q/r
    pass     p/q
    pass     p
    line 1 result number 2 where 1 was due
    line 2 the log begins in the middle: results before number 2 are not in it
    line 3 the log begins in the middle: results before number 2 are not in it
    --
    = fail line 2: 2 results where 1 were planned
    pass     a/q
    pass     a
    pass     b
    line 1 result number 3 where 1 was due
    line 2 the log begins in the middle: results before number 2 are not in it
    line 2 RED 2 results where 1 were planned
    ");
}

#[test]
fn five_red_tests_are_named_and_the_rest_counted() {
    let log = |count: usize| -> String {
        (1..=count).map(|number| format!("not ok {number} t{number}\n")).collect()
    };
    let (outcome, reason) = parse(&log(5)).outcome();
    assert_eq!(
        (outcome, reason.as_str()),
        (CaseOutcome::Fail, "not ok: t1; not ok: t2; not ok: t3; not ok: t4; not ok: t5")
    );
    assert!(parse(&log(6)).outcome().1.ends_with("not ok: t5; and 1 more"));
}

#[test]
fn what_a_whole_without_a_pass_comes_to() {
    let of = |log| parse(log).outcome();
    assert_eq!(of("TAP version 13\n1..1\nok 1 a # SKIP none\n"), (CaseOutcome::Skip, "none".to_owned()));
    assert_eq!(
        of("TAP version 13\n1..0 # SKIP nothing here\n"),
        (CaseOutcome::Skip, "nothing here".to_owned())
    );
    assert_eq!(of("TAP version 13\n1..0\n"), (CaseOutcome::NotRun, "0 tests were run".to_owned()));
    assert_eq!(of("TAP version 13\n"), (CaseOutcome::NotRun, "0 tests were run".to_owned()));
    assert_eq!(of("nothing\n"), (CaseOutcome::NotRun, "no KTAP output".to_owned()));
    assert_eq!(of("TAP version 13\n1..1\nok 1 a # XFAIL known\n"), (CaseOutcome::Pass, String::new()));
}

#[test]
fn numbers_that_are_too_large_and_an_early_end() {
    let logs = [
        "TAP version 13\n1..99999999999999999999999\nok 1 a\n",
        "TAP version 13\n1..2\nok 1 a\nnot ok 99999999999999999999999 b\n",
        "Bail out! no device\n",
        "Bail out!\nTAP version 13\n1..1\nok 1 a\n",
        "prose: Bail out! is a word of TAP\n",
    ];
    let short = |log| -> String { shown(log).lines().take(4).map(|line| format!("{line:.90}\n")).collect() };
    insta::assert_snapshot!(logs.map(short).join("--\n"), @r"
    = fail not-run: test 2 (its result never came); not-run: test 3 (its result never came); n
    pass     a
    not-run  test 2 its result never came
    not-run  test 3 its result never came
    --
    = fail not ok: b
    pass     a
    fail     b
    line 4 result number 18446744073709551615 where 2 was due
    --
    = fail bailed out: no device
    --
    = fail bailed out: without a word
    pass     a
    --
    = not-run no KTAP output
    ");
}
