use std::path::Path;

use jiff::civil::date;

use kernlog::SplatKind;

use super::*;

fn file(text: &str) -> Result<ExpectFile, ExpectError> {
    ExpectFile::parse(Path::new("scenarios/x/expect.yaml"), text)
}

fn here(text: &str, topology: &str) -> Expectations {
    let version = |text: &str| text.parse().expect("a version");
    let (kernel, qemu, today) = (&version("6.12.95"), &version("10.0.2"), date(2026, 11, 23));
    let (flavour, variant, ndctl) = ("plain", "default", Some("81"));
    let here = Here { topology, flavour, variant, ndctl, today, kernel, qemu };
    file(text).map(|f| f.select(&here)).expect("the file is good")
}

fn case(name: &str, outcome: CaseOutcome) -> CaseReport {
    CaseReport {
        name: name.to_owned(),
        outcome,
        reason: "why".to_owned(),
        seconds: 1.0,
        subtests: vec![],
        diagnostics: vec![],
    }
}

const FAIL: &str = "
- case: poison
  outcome: fail
  kernels: ..6.14
  topologies: [switch]
  reason: read twice
  link: https://example.org/1
  expires: 2027-01-01
";

#[test]
fn a_known_failure_is_xfail_and_its_pass_is_xpass() {
    let expect = here(FAIL, "switch");
    let judged = |outcome| {
        let mut case = case("poison", outcome);
        expect.apply(&mut case);
        format!("{}: {}", case.outcome, case.reason)
    };
    insta::assert_snapshot!(judged(CaseOutcome::Fail), @"xfail: expected: read twice (https://example.org/1); why");
    insta::assert_snapshot!(judged(CaseOutcome::Pass), @"xpass: passed, but is expected to fail: read twice (https://example.org/1)");
    insta::assert_snapshot!(judged(CaseOutcome::Crash), @"crash: why");
}

#[test]
fn ranges_and_topologies_select() {
    let mut other = case("poison", CaseOutcome::Fail);
    here(FAIL, "direct").apply(&mut other);
    here(&FAIL.replace("..6.14", "6.14.."), "switch").apply(&mut other);
    for field in ["variants: [\"other*\"]", "ndctl: [\"85\"]", "variants: [default]\n  ndctl: [\"85\"]"] {
        here(&FAIL.replace("topologies: [switch]", field), "switch").apply(&mut other);
    }
    assert_eq!(other.outcome, CaseOutcome::Fail);
    let fields = "variants: [x, \"def*\"]\n  ndctl: [\"81\"]";
    here(&FAIL.replace("topologies: [switch]", fields), "switch").apply(&mut other);
    assert_eq!(other.outcome, CaseOutcome::Xfail);
}

#[test]
fn an_expired_entry_no_longer_holds_and_is_reported_where_its_case_ran() {
    let expect = here(&FAIL.replace("2027-01-01", "2026-11-22"), "switch");
    let mut poison = case("poison", CaseOutcome::Fail);
    expect.apply(&mut poison);
    assert_eq!(poison.outcome, CaseOutcome::Fail);
    insta::assert_snapshot!(expect.notes(&[poison], &[], true).join("\n"), @"scenarios/x/expect.yaml:2: expired on 2026-11-22: fail in poison: read twice (https://example.org/1)");
    assert!(expect.notes(&[case("other", CaseOutcome::Pass)], &[], true).is_empty());
}

#[test]
fn splats_by_fingerprint_or_title_and_what_was_not_needed() {
    let expect = here(
        "
- { splat: 'warning:warning:cxl_probe', reason: known, expires: 2027-01-01 }
- { case: a, splat: /possible .* locking/, reason: known too, expires: 2027-01-01 }
",
        "none",
    );
    let splat = Splat {
        kind: SplatKind::Lockdep,
        title: "possible recursive locking detected in f".to_owned(),
        fingerprint: "lockdep:x:f".to_owned(),
        line: 1,
        function: None,
        module: None,
        at: None,
        case: Some("a".to_owned()),
        excerpt: vec![],
    };
    assert!(expect.expects(&splat));
    assert!(!expect.expects(&Splat { case: Some("b".to_owned()), ..splat.clone() }));
    assert!(expect.expects(&Splat {
        fingerprint: "warning:warning:cxl_probe".to_owned(),
        case: None,
        ..splat.clone()
    }));
    let notes = |outcome, splats: &[Splat], all| {
        expect.notes(&[case("a", outcome), case("b", CaseOutcome::Pass)], splats, all).join("\n")
    };
    insta::assert_snapshot!(notes(CaseOutcome::Pass, &[], true), @r"
    scenarios/x/expect.yaml:2: not needed: splat warning:warning:cxl_probe in any case; if it comes only sometimes: `sometimes: true`
    scenarios/x/expect.yaml:3: not needed: splat /possible .* locking/ in a; if it comes only sometimes: `sometimes: true`
    ");
    insta::assert_snapshot!(notes(CaseOutcome::Pass, std::slice::from_ref(&splat), true), @"scenarios/x/expect.yaml:2: not needed: splat warning:warning:cxl_probe in any case; if it comes only sometimes: `sometimes: true`");
    // What was not all tried says nothing of what could have come in any case.
    assert_eq!(notes(CaseOutcome::Pass, std::slice::from_ref(&splat), false), "");
    assert_eq!(notes(CaseOutcome::NotRun, &[], true), "");
}

#[test]
fn what_comes_only_sometimes_may_not_come() {
    let text = "
- { case: a, outcome: crash, splat: x, sometimes: true, reason: a race, expires: 2027-01-01 }
- { splat: y, sometimes: true, reason: a race, expires: 2027-01-01 }
";
    let (expect, mut report) = (here(text, "none"), case("a", CaseOutcome::Pass));
    expect.apply(&mut report);
    assert_eq!(report.outcome, CaseOutcome::Pass);
    assert!(expect.notes(&[report], &[], true).is_empty());
    let mut report = case("a", CaseOutcome::Crash);
    expect.apply(&mut report);
    assert_eq!(report.outcome, CaseOutcome::Xfail);
}

/// The suite `b`, which borrows `one` from `a`, and has `own`.
fn suites(a: &str, b: &str) -> Result<ExpectFile, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |file: &str, text: &str| {
        let file = dir.path().join(file);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        std::fs::write(file, text).expect("written");
    };
    write("a/suite.yaml", "summary: x\n");
    write("a/one.sh", "#: summary: one\n");
    write("a/two.sh", "#: summary: two\n");
    write("a/expect.yaml", a);
    write("b/suite.yaml", "summary: x\ncases-of: { suite: a, cases: [one] }\n");
    write("b/own.sh", "#: summary: own\n");
    write("b/expect.yaml", b);
    let suite = spec::Suite::load(dir.path(), "b").expect("a suite");
    let here = format!("{}/", dir.path().display());
    ExpectFile::of(&suite).map_err(|error| fault::shown(&error).replace(&here, ""))
}

#[test]
fn a_suite_inherits_the_expectations_of_its_base_suite_and_does_not_report_them() {
    let version = |text: &str| text.parse().expect("a version");
    let (kernel, qemu, today) = (&version("6.12.95"), &version("10.0.2"), date(2026, 11, 23));
    let here =
        Here { topology: "none", flavour: "plain", variant: "default", ndctl: None, today, kernel, qemu };
    let inherited = "
- { case: one, outcome: fail, reason: x, expires: 2027-01-01 }
- { case: two, outcome: fail, reason: x, expires: 2027-01-01 }
- { splat: leak, reason: x, expires: 2027-01-01 }
";
    let expect = suites(inherited, "").expect("good files").select(&here);
    let judged = |name| {
        let mut report = case(name, CaseOutcome::Fail);
        expect.apply(&mut report);
        report.outcome
    };
    assert_eq!([judged("one"), judged("two")], [CaseOutcome::Xfail, CaseOutcome::Fail]);
    assert_eq!(expect.entries.len(), 2);
    assert!(expect.notes(&[case("one", CaseOutcome::Pass)], &[], true).is_empty());
}

#[test]
fn every_suite_of_the_project_expects_what_it_has() {
    let scenarios =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace").join("scenarios");
    for name in spec::Suite::names(&scenarios).expect("suites") {
        let suite = spec::Suite::load(&scenarios, &name).expect("a suite");
        ExpectFile::of(&suite).expect("a good file");
    }
}

#[test]
fn an_entry_about_a_case_that_is_not_there_is_an_error() {
    let entry = |case: &str| {
        format!("# known\n\n- case: {case}\n  outcome: fail\n  reason: x\n  expires: 2027-01-01\n")
    };
    let error = |case: &str| suites("", &(entry("one") + &entry(case))).expect_err("no such case");
    insta::assert_snapshot!(error("onw"), @r"
    b/expect.yaml:9: case: suite `b` has no case `onw`
    hint: did you mean `one`? If the case is gone, remove the entry
    ");
    insta::assert_snapshot!(error("two-bridges"), @r"
    b/expect.yaml:9: case: suite `b` has no case `two-bridges`
    hint: if the case is gone, remove the entry
    ");
    let found = file("- { case: cxl-gone, outcome: fail, ndctl: [\"81\"], reason: x, expires: 2027-01-01 }")
        .expect("good");
    let known = std::collections::BTreeSet::from(["cxl-there"]);
    insta::assert_snapshot!(found.unknown_cases(&known, Some("81")).join("\n"), @"scenarios/x/expect.yaml:1: there is no case `cxl-gone`; if it is gone, remove the entry");
    assert!(found.unknown_cases(&known, Some("85")).is_empty());
}

#[test]
fn an_entry_may_be_for_one_flavour() {
    let of = |flavour: &str| {
        here(
            &format!("- {{ case: a, outcome: fail, flavours: [{flavour}], reason: x, expires: 2027-01-01 }}"),
            "none",
        )
    };
    let judged = |expectations: Expectations| {
        let mut report = case("a", CaseOutcome::Fail);
        expectations.apply(&mut report);
        report.outcome
    };
    assert_eq!(judged(of("plain")), CaseOutcome::Xfail);
    assert_eq!(judged(of("debug")), CaseOutcome::Fail);
}

#[test]
fn mistakes_are_named() {
    let texts = [
        "- { case: a, reason: x, expires: 2027-01-01 }",
        "- { case: a, outcome: pass, reason: x, expires: 2027-01-01 }",
        "- { outcome: fail, reason: x, expires: 2027-01-01 }",
        "- { case: a, outcome: fail, reason: x, expires: soon }",
        "- { case: a, outcome: fail, kernels: \"<6.14\", reason: x, expires: 2027-01-01 }",
        "- { case: a, outcome: fail, reason: x }",
        "- { case: a, splat: '/(/', reason: x, expires: 2027-01-01 }",
        "- { case: a, outcom: fail, reason: x, expires: 2027-01-01 }",
    ];
    let errors: Vec<_> = texts.into_iter().map(|t| fault::shown(&file(t).expect_err("a mistake"))).collect();
    insta::assert_snapshot!(errors.join("\n\n"), @r"
    scenarios/x/expect.yaml:1: expects neither an outcome nor a splat
    hint: add `outcome: fail` or `splat: …`

    scenarios/x/expect.yaml:1: outcome pass cannot be expected
    hint: one of fail, crash, timeout, skip

    scenarios/x/expect.yaml:1: outcome fail of no case
    hint: add `case:`; each case has its own entry

    scenarios/x/expect.yaml:1: expires: soon is no date
    hint: write it as 2027-06-30

    scenarios/x/expect.yaml: .[0]: `<6.14` is no range of kernel versions such as 6.12..6.14, 6.12.. or 6.12 at line 1 column 3

    scenarios/x/expect.yaml: .[0]: missing field `expires` at line 1 column 3

    scenarios/x/expect.yaml:1: splat: regex parse error:
        (
        ^
    error: unclosed group
    hint: between the slashes stands a regular expression

    scenarios/x/expect.yaml: .[0]: unknown field `outcom`, expected one of `case`, `outcome`, `splat`, `sometimes`, `kernels`, `qemu`, `topologies`, `flavours`, `variants`, `ndctl`, `reason`, `link`, `expires` at line 1 column 14
    ");
}
