//! The kernel's own KTAP test data, judged by the kernel's parser and by ours, side by side.
//!
//! The data and the parser are those of the kernel sources in the cache (tools/testing/kunit), so nothing of them lies
//! here; `cargo xtask test` runs this after a kernel was built. Without a source or a python3 it fails: a comparison that
//! did not take place proves nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use host::Process;
use kernlog::{CaseOutcome, Kind, LogReport, Verdict, judge};
use testing::shared_cache;

/// Prints each file's status and leaves. The parser's signature differs between kernel versions.
const SCRIPT: &str = r"
import inspect, io, json, sys
sys.path.insert(0, sys.argv[1])
# The parser prints on the standard output that it finds when it is loaded.
out, sys.stdout = sys.stdout, io.StringIO()
import kunit_parser, kunit_printer

def leaves(test, path):
    path = path + [test.name]
    if not test.subtests:
        return [['/'.join(path), test.status.name]]
    found = [leaf for sub in test.subtests for leaf in leaves(sub, path)]
    # A parent counts by itself where nothing below it says why it failed.
    if test.status.name == 'FAILURE' and not any(word in ('FAILURE', 'TEST_CRASHED') for _, word in found):
        found.append(['/'.join(path), test.status.name])
    return found

for name in sys.argv[2:]:
    with open(name, errors='backslashreplace') as log:
        more = len(inspect.signature(kunit_parser.parse_run_tests).parameters) - 1
        test = kunit_parser.parse_run_tests(kunit_parser.extract_tap_lines(log), *[getattr(kunit_printer, 'null_printer', None)] * more)
    found = [leaf for sub in test.subtests for leaf in leaves(sub, [])]
    print(json.dumps({'status': test.status.name, 'leaves': found}), file=out)
";

/// Where we are stricter than kunit.py on purpose, or say more, and in what.
const STRICTER: [(&str, &str); 2] = [
    ("test_is_test_passed-no_tests_no_plan.log", "a test that announces subtests and runs none is not-run"),
    ("test_output_isolated_correctly.log", "a WARNING of the kernel is red wherever it stands"),
];
/// Where kunit.py stops at the level of a test whose points kselftest nests behind `# `.
const DEEPER: &str = "test_is_test_passed-kselftest.log";

#[derive(Debug, Deserialize)]
struct Theirs {
    status: String,
    leaves: Vec<(String, String)>,
}

/// The `tools/testing/kunit` of every kernel source in the cache.
fn parsers() -> Vec<PathBuf> {
    let work = fs::read_dir(shared_cache().join("work"))
        .expect("the cache has work copies of kernels: build one first");
    let parser = |entry: fs::DirEntry| entry.path().join("src/tools/testing/kunit");
    let mut all: Vec<_> =
        work.flatten().map(parser).filter(|dir| dir.join("kunit_parser.py").is_file()).collect();
    all.sort();
    all
}

fn theirs(parser: &Path, logs: &[PathBuf]) -> Vec<Theirs> {
    let args = ["-B", "-c", SCRIPT].map(Into::into).into_iter().chain([parser.as_os_str().to_owned()]);
    let output = Process::new("python3", args.chain(logs.iter().map(|log| log.as_os_str().to_owned())))
        .output()
        .expect("python3 runs the kernel's parser");
    assert!(output.status.success(), "{:?}", output.tail);
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("what the script prints")).collect()
}

fn status(word: &str) -> Option<CaseOutcome> {
    Some(match word {
        "SUCCESS" => CaseOutcome::Pass,
        "FAILURE" => CaseOutcome::Fail,
        "SKIPPED" => CaseOutcome::Skip,
        "TEST_CRASHED" => CaseOutcome::Crash,
        "NO_TESTS" => CaseOutcome::NotRun,
        _ => return None,
    })
}

/// What differs, in words.
fn differences(name: &str, theirs: &Theirs, ours: &LogReport) -> Vec<String> {
    let mut all = Vec::new();
    let outcomes =
        |leaves: &[(String, String)]| leaves.iter().map(|(_, word)| status(word)).collect::<Vec<_>>();
    let own: Vec<_> = ours.cases.iter().map(|case| Some(case.outcome)).collect();
    // What stands for a whole without a test is ours alone.
    let none = theirs.leaves.is_empty() && ours.cases.iter().all(|case| case.name == "ktap");
    if name != DEEPER && !none && outcomes(&theirs.leaves) != own {
        all.push(format!("leaves {:?} against {:?}", theirs.leaves, ours.cases));
    }
    for ((named, word), case) in theirs.leaves.iter().zip(&ours.cases) {
        // A result that never came has no name; kunit.py gives it its parent's.
        if name != DEEPER && word != "TEST_CRASHED" && *named != case.name {
            all.push(format!("{named} against {}", case.name));
        }
    }
    let green = theirs.status == "SUCCESS";
    let known = STRICTER.iter().any(|(stricter, _)| *stricter == name);
    match ours.verdict {
        Verdict::Pass if !green => all.push(format!("{} is green with us", theirs.status)),
        Verdict::Pass if known => all.push("no longer stricter".to_owned()),
        verdict if verdict != Verdict::Pass && green && !known => {
            all.push(format!("{verdict} with us, SUCCESS with kunit.py: {:?}", ours.splats));
        }
        _ => {}
    }
    all
}

#[test]
#[ignore = "needs a kernel's source and python3"]
fn the_kernels_test_data_side_by_side() {
    let parsers = parsers();
    assert!(!parsers.is_empty(), "no kernel source with tools/testing/kunit in the cache: build one first");
    for parser in parsers {
        let data =
            fs::read_dir(parser.join("test_data")).expect("test_data").flatten().map(|entry| entry.path());
        let mut logs: Vec<PathBuf> =
            data.filter(|path| path.extension().is_some_and(|e| e == "log")).collect();
        logs.sort();
        assert!(logs.len() >= 20, "{} has only {} logs", parser.display(), logs.len());
        let theirs = theirs(&parser, &logs);
        assert_eq!(theirs.len(), logs.len());
        let mut wrong = BTreeMap::new();
        for (log, theirs) in logs.iter().zip(&theirs) {
            let name = log.file_name().expect("a name").to_string_lossy().into_owned();
            let kind = (!theirs.leaves.is_empty()).then_some(Kind::Ktap);
            let ours = judge(File::open(log).expect("a log"), None).expect("a readable log");
            assert!(kind.is_none_or(|kind| kind == ours.kind), "{name} is taken for {:?}", ours.kind);
            let differences = differences(&name, theirs, &ours);
            if !differences.is_empty() {
                wrong.insert(name, differences);
            }
        }
        assert!(wrong.is_empty(), "{}: {wrong:#?}", parser.display());
    }
}
