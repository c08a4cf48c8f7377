use jiff::civil::date;

use super::*;
use crate::event::SplatKind;

fn file(text: &str) -> Result<ExpectFile, ExpectError> {
    ExpectFile::parse(Path::new("scenarios/x/expect.yaml"), text)
}

fn here(text: &str, topology: &str) -> Expectations {
    let kernel = |range: &str| match range {
        "<6.14" => Ok(true),
        ">=6.14" => Ok(false),
        other => Err(format!("kernels: {other} is no range")),
    };
    let today = date(2026, 11, 23);
    let (flavour, variant, ndctl) = ("plain", "default", Some("81"));
    let here = Here { topology, flavour, variant, ndctl, today, kernel: &kernel, qemu: &|_| Ok(true) };
    file(text).and_then(|f| f.select(&here)).expect("the file is good")
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
  kernels: \"<6.14\"
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
    here(&FAIL.replace("<6.14", ">=6.14"), "switch").apply(&mut other);
    for field in ["variants: [\"other*\"]", "ndctl: [\"85\"]", "variants: [default]\n  ndctl: [\"85\"]"] {
        here(&FAIL.replace("topologies: [switch]", field), "switch").apply(&mut other);
    }
    assert_eq!(other.outcome, CaseOutcome::Fail);
    let fields = "variants: [x, \"def*\"]\n  ndctl: [\"81\"]";
    here(&FAIL.replace("topologies: [switch]", fields), "switch").apply(&mut other);
    assert_eq!(other.outcome, CaseOutcome::Xfail);
}

#[test]
fn an_expired_entry_no_longer_holds_and_is_reported() {
    let expect = here(&FAIL.replace("2027-01-01", "2026-11-22"), "switch");
    let mut poison = case("poison", CaseOutcome::Fail);
    expect.apply(&mut poison);
    assert_eq!(poison.outcome, CaseOutcome::Fail);
    insta::assert_snapshot!(expect.expired.join("\n"), @"expectation: poison fail expired on 2026-11-22: read twice (https://example.org/1)");
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
    let unneeded = expect.unneeded(&[case("a", CaseOutcome::Pass)], &[splat]);
    insta::assert_snapshot!(unneeded.join("\n"), @"expectation: splat warning:warning:cxl_probe in any case was not needed: known");
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
        "- { case: a, outcome: fail, reason: x, expires: soon }",
        "- { case: a, outcome: fail, reason: x }",
        "- { case: a, splat: '/(/', reason: x, expires: 2027-01-01 }",
        "- { case: a, outcom: fail, reason: x, expires: 2027-01-01 }",
    ];
    let errors: Vec<_> = texts.into_iter().map(|t| file(t).expect_err("a mistake").to_string()).collect();
    insta::assert_snapshot!(errors.join("\n\n"), @r"
        scenarios/x/expect.yaml: entry 1: expects neither an outcome nor a splat
        hint: add `outcome: fail` or `splat: …`

        scenarios/x/expect.yaml: entry 1: outcome pass cannot be expected
        hint: one of fail, crash, timeout, skip

        scenarios/x/expect.yaml: entry 1: expires: soon is no date
        hint: write it as 2027-06-30

        scenarios/x/expect.yaml: .[0]: missing field `expires` at line 1 column 3

        scenarios/x/expect.yaml: entry 1: splat: regex parse error:
            (
            ^
        error: unclosed group
        hint: between the slashes stands a regular expression

        scenarios/x/expect.yaml: .[0]: unknown field `outcom`, expected one of `case`, `outcome`, `splat`, `kernels`, `qemu`, `topologies`, `flavours`, `variants`, `ndctl`, `reason`, `link`, `expires` at line 1 column 14
        ");
}
