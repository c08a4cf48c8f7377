use std::fs;

use host::Process;

use super::case::parse_duration;
use super::*;

const CASE: &str = "#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0-only\n#: summary: it works\n#: needs: { modules: [cxl_mem], memdevs: 2 }\n#: deny: [cxl-acpi]        # not autoloaded\n#: cmdline: [driver_async_probe=cxl_mem]\n\n. /bench/lib.sh\ntrue\n";

fn load(files: &[(&str, &str)]) -> Result<Suite, String> {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("s")).expect("made");
    for (name, text) in files {
        fs::write(dir.path().join("s").join(name), text).expect("written");
    }
    let here = format!("{}/", dir.path().display());
    Suite::load(dir.path(), "s").map_err(|error| fault::shown(&error).replace(&here, ""))
}

fn case_error(script: &str) -> String {
    load(&[(FILE, "summary: x\n"), ("a.sh", script)]).expect_err("it is wrong")
}

#[test]
fn a_suite_is_read_with_its_cases() {
    let yaml = "summary: the bus\nmodules: mock\nload: [cxl_test]\ntopologies: [none]\ntimeout: 2m\nvariants: [{ name: xor, cmdline: [cxl_test.interleave_arithmetic=1] }]\n";
    let suite =
        load(&[(FILE, yaml), ("b.sh", "#: summary: b\n#: timeout: 500ms\n"), ("a.sh", CASE), ("data", "")])
            .expect("a suite");
    assert_eq!((suite.modules, suite.load.join(",")), (ModuleSet::Mock, "cxl_test".to_owned()));
    assert!(suite.topologies.allow("none") && !suite.topologies.allow("direct"));
    let Variants::Listed(variants) = &suite.variants else { panic!("they are listed") };
    assert_eq!(variants[0].cmdline, ["cxl_test.interleave_arithmetic=1"]);
    let names: Vec<_> =
        suite.cases.iter().map(|case| (case.name.as_str(), case.timeout.as_millis())).collect();
    assert_eq!(names, [("a", 120_000), ("b", 500)]);
    let case = &suite.cases[0];
    assert_eq!((case.needs.memdevs, case.needs.modules.join(",")), (2, "cxl_mem".to_owned()));
    assert_eq!((case.deny.join(","), case.isolate), ("cxl_acpi".to_owned(), false));
    assert_eq!(case.cmdline, ["driver_async_probe=cxl_mem"]);
}

#[test]
fn variants_may_be_those_of_a_modules_parameters() {
    let of = |yaml: &str| load(&[(FILE, yaml), ("a.sh", CASE)]).map(|suite| suite.variants);
    let yaml = "summary: x\nvariants: { parameters-of: cxl_test }\n";
    assert_eq!(of(yaml), Ok(Variants::ParametersOf("cxl_test".to_owned())));
    assert_eq!(of("summary: x\n"), Ok(Variants::default()));
    insta::assert_snapshot!(of("summary: x\nvariants: { parameter-of: cxl_test }\n").expect_err("wrong"), @r"
    s/suite.yaml: variants: unknown field `parameter-of`, expected `parameters-of` at line 2 column 13
    hint: did you mean `parameters-of`?
    ");
    insta::assert_snapshot!(of("summary: x\nvariants: all\n").expect_err("wrong"), @r#"s/suite.yaml: variants: invalid type: string "all", expected a list of variants or `{ parameters-of: MODULE }` at line 2 column 11"#);
    let pair = SuiteVariant::of_parameters("cxl_test", "a+b");
    assert_eq!(pair.cmdline, ["cxl_test.a=1", "cxl_test.b=1"]);
    assert_eq!(SuiteVariant::of_parameters("cxl_test", SuiteVariant::DEFAULT).cmdline.len(), 0);
}

#[test]
fn header_errors_name_file_and_line() {
    insta::assert_snapshot!(case_error("#!/bin/sh\n#\n#: summary: x\n#: tiemout: 3s\n"), @r"
    s/a.sh: unknown field `tiemout`, expected one of `summary`, `needs`, `timeout`, `userland`, `deny`, `cmdline`, `isolate`, `kmsg` at line 4 column 4
    hint: did you mean `timeout`?
    ");
    insta::assert_snapshot!(case_error("#!/bin/sh\n#: summary: x\n#: timeout: 3 days\n"), @"s/a.sh: `3 days` is no time such as 500ms, 60s or 2m, from 1ms to 60m at line 2 column 4");
    insta::assert_snapshot!(case_error("#!/bin/sh\ntrue\n"), @r"
    s/a.sh: missing field `summary` at line 3 column 1
    hint: a case starts with `#: summary: what it promises`
    ");
    insta::assert_snapshot!(case_error("#: summary: x\ntrue\n#: timeout: 3s\n"), @r"
    s/a.sh: header: line 3 comes after the first command
    hint: lines `#: key: value` belong to the comment at the top of the script
    ");
    insta::assert_snapshot!(case_error("#: summary: x\n#: needs: [\n"), @"s/a.sh: needs: invalid type: sequence, expected struct Needs at line 2 column 11");
    insta::assert_snapshot!(case_error("#: summary: x\n#: cmdline: [a=1, loglevel=1]\n"), @r"
    s/a.sh: cmdline: `loglevel=1` changes what the console shows, by which the guest is judged
    hint: leave it out
    ");
    for word in ["quiet", "console=tty0", "console", "printk.time=0", "ignore-loglevel"] {
        assert!(
            case_error(&format!("#: summary: x\n#: cmdline: [{word}]\n"))
                .contains("changes what the console shows")
        );
    }
    insta::assert_snapshot!(case_error("#: summary: x\n#: cmdline: [a b]\n"), @"s/a.sh: cmdline: `a b` is not one word of a kernel command line");
    insta::assert_snapshot!(case_error("#: summary: x\n#: deny: [../x]\n"), @"s/a.sh: deny: the name `../x` starts with a dot or a dash");
    insta::assert_snapshot!(case_error("#: summary: x\n#: withhold: [cxl_acpi]\n"), @r"
    s/a.sh: unknown field `withhold`, expected one of `summary`, `needs`, `timeout`, `userland`, `deny`, `cmdline`, `isolate`, `kmsg` at line 2 column 4
    hint: `withhold` is called `deny` now
    ");
}

#[test]
fn what_all_suites_allow_is_beside_them() {
    let of = |all: &str, yaml: &str| {
        load(&[("../all.yaml", all), (FILE, yaml), ("a.sh", CASE)])
            .map(|suite| suite.cases[0].kmsg.to_string())
    };
    let all = "kmsg: { allow: [{ match: busy, because: the host is }] }\n";
    let yaml = "summary: x\nkmsg: { forbid: [err], allow: [{ match: no media, because: it has none }] }\n";
    assert_eq!(of(all, yaml).as_deref(), Ok("forbids err; allows /busy/, /no media/"));
    // What is allowed alone asserts nothing.
    assert_eq!(of(all, "summary: x\n").as_deref(), Ok(""));
    let forbids = "kmsg: { forbid: [crit] }\n";
    assert_eq!(of(forbids, "summary: x\n").as_deref(), Ok("forbids crit"));
    assert_eq!(of(forbids, yaml).as_deref(), Ok("forbids err; allows /no media/"));
    insta::assert_snapshot!(of("kmsg:\n  allow:\n  - { match: \"a(\", because: b }\n", yaml).expect_err("wrong"), @"
    all.yaml: kmsg.allow[0].match: `a(` is no regular expression: unclosed group at line 3 column 14
    hint: a regular expression that stands somewhere in the message
    ");
    insta::assert_snapshot!(of("timeout: 3m\n", yaml).expect_err("wrong"), @"all.yaml: unknown field `timeout`, expected `kmsg`");
}

#[test]
fn messages_of_the_kernel_are_the_suites_or_the_headers() {
    let yaml = "summary: x\nkmsg:\n  forbid: [err, warn]\n  allow:\n  - { match: \"no media\", because: it has none }\n";
    let header = "#: summary: x\n#: kmsg: { forbid: [], require: [\"mem\\\\d: up\"] }\n";
    let suite = load(&[(FILE, yaml), ("a.sh", CASE), ("b.sh", header)]).expect("a suite");
    let [a, b] = [&suite.cases[0].kmsg, &suite.cases[1].kmsg];
    assert_eq!(
        (a.to_string(), b.to_string()),
        ("forbids err, warn; allows /no media/".to_owned(), r"requires /mem\d: up/".to_owned())
    );
    assert_eq!(a, &suite.shared.kmsg);
    assert!(
        a.forbids(LogLevel::Err, "x")
            && !a.forbids(LogLevel::Err, "has no media")
            && !a.forbids(LogLevel::Crit, "x")
    );
    assert_eq!(LogLevel::of_priority(12), LogLevel::Warn);
    let none = load(&[(FILE, "summary: x\n"), ("a.sh", CASE)]).expect("a suite");
    assert!(none.cases[0].kmsg.is_empty());
    // A job is written and read back.
    let text = serde_yaml::to_string(&suite.cases).expect("YAML");
    assert_eq!(serde_yaml::from_str::<Vec<CaseFile>>(&text).expect("the same"), suite.cases);
}

#[test]
fn errors_in_what_is_asserted_of_messages_name_file_line_and_field() {
    let error = |yaml: &str| load(&[(FILE, yaml), ("a.sh", CASE)]).expect_err("it is wrong");
    insta::assert_snapshot!(error("summary: x\nkmsg:\n  forbid: [err, wrn]\n"), @r"
    s/suite.yaml: kmsg.forbid[1]: unknown variant `wrn`, expected one of `emerg`, `alert`, `crit`, `err`, `warn`, `notice`, `info`, `debug` at line 3 column 17
    hint: did you mean `warn`?
    ");
    insta::assert_snapshot!(error("summary: x\nkmsg:\n  allow:\n  - { match: a, because: b }\n  - { match: \"a(\", because: b }\n"), @r"
    s/suite.yaml: kmsg.allow[1].match: `a(` is no regular expression: unclosed group at line 5 column 14
    hint: a regular expression that stands somewhere in the message
    ");
    insta::assert_snapshot!(error("summary: x\nkmsg: { require: [a, \".*\"] }\n"), @r"
    s/suite.yaml: kmsg.require[1]: `.*` matches every message at line 2 column 22
    hint: a regular expression that stands somewhere in the message
    ");
    insta::assert_snapshot!(error("summary: x\nkmsg: { allow: [{ match: a }] }\n"), @"s/suite.yaml: kmsg.allow[0]: missing field `because` at line 2 column 17");
    insta::assert_snapshot!(error("summary: x\nkmsg: { allow: [{ match: a, because: \" \" }] }\n"), @r"
    s/suite.yaml: kmsg.allow[0].because: the reason is empty at line 2 column 38
    hint: write why the message is expected, verified, not guessed
    ");
    insta::assert_snapshot!(error("summary: x\nkmsg: { forbids: [err] }\n"), @r"
    s/suite.yaml: kmsg: unknown field `forbids`, expected one of `forbid`, `allow`, `require` at line 2 column 9
    hint: did you mean `forbid`?
    ");
    insta::assert_snapshot!(case_error("#!/bin/sh\n#: summary: x\n#: kmsg:\n#:   require: [\"(?<a\"]\n"), @r"
    s/a.sh: kmsg.require[0]: `(?<a` is no regular expression: unclosed capture group name at line 4 column 16
    hint: a regular expression that stands somewhere in the message
    ");
}

#[test]
fn suite_errors_name_what_is_wrong() {
    let error = |yaml| load(&[(FILE, yaml), ("a.sh", CASE)]).expect_err("it is wrong");
    insta::assert_snapshot!(error("summary: x\ntopologies: all\n"), @r#"s/suite.yaml: topologies: invalid value: string "all", expected `any` or a list of topologies at line 2 column 13"#);
    insta::assert_snapshot!(error("summary: x\nmodules: moc\n"), @r"
    s/suite.yaml: modules: unknown variant `moc`, expected `production` or `mock` at line 2 column 10
    hint: did you mean `mock`?
    ");
    insta::assert_snapshot!(load(&[(FILE, "summary: x\n")]).expect_err("no case"), @"s: cases: there is none: a case is a file *.sh");
}

#[test]
fn times_have_a_unit_and_an_end() {
    assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
    for bad in ["", "5", "s", "-1s", "1h", "0s", "99999999999999999999s", "61m"] {
        assert!(parse_duration(bad).is_err(), "{bad}");
    }
}

/// A guest is up within the first second where the machine is fast, and `$((095))` is no number.
#[test]
fn cases_know_the_time_in_the_first_second() {
    let lib = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/lib.sh");
    let script = ". \"$1\"; for time in 0.95 0.08 0.00 1.05 12.34; do _hundredths $time; done";
    let printed = Process::new("sh", ["-c", script, "sh"]).arg(lib).read().expect("a shell");
    assert_eq!(printed.lines().collect::<Vec<_>>(), ["95", "8", "0", "105", "1234"]);
}
