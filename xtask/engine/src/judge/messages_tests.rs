use std::collections::BTreeMap;
use std::fs;

use event::{Transcript, VmEnd};
use spec::Suite;
use wire::CaseEnd;

use super::super::testing::{anchor, genuine};
use super::super::{Expectations, judge};
use super::*;

/// The cases `one` and `two` of a suite, whose `kmsg:` is this, and the header of `two`.
fn cases(kmsg: &str, header: &str) -> Vec<CaseFile> {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("s")).expect("made");
    let write = |name: &str, text: &str| fs::write(dir.path().join("s").join(name), text).expect("written");
    write("suite.yaml", &format!("summary: x\nkmsg: {kmsg}\n"));
    write("one.sh", "#: summary: one\n");
    write("two.sh", &format!("#: summary: two\n{header}"));
    Suite::load(dir.path(), "s").expect("a suite").cases
}

fn run(name: &str, end: Option<CaseEnd>, output: &str) -> CaseRun {
    let (name, output) = (name.to_owned(), output.to_owned());
    CaseRun { name, begun: true, end, ms: 1, timeout_ms: 1000, output, dropped: 0, cut: false, left: false }
}

const PASSES: Option<CaseEnd> = Some(CaseEnd::Exit(0));

/// Both logs of a boot: what came before the first case, during it, and during the second. Of the console all below level 6.
fn transcript(parts: [&str; 3], ends: [Option<CaseEnd>; 2]) -> Transcript {
    let mut records = vec!["5,0,0,-;Linux version 6.12.0 (a@b) #1".to_owned()];
    let mark =
        |what: &str, case: &str| format!("14,0,0,-;{}", genuine(&format!("patchbench[tok]: {what} {case}")));
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    records.extend(lines(parts[0]));
    for ((part, end), case) in parts[1..].iter().zip(ends).zip(["one", "two"]) {
        records.push(mark("begin", case));
        records.extend(lines(part));
        records.extend(end.map(|_| mark("end", case)));
    }
    let is_shown = |record: &&String| !record.starts_with("6,") && !record.starts_with("7,");
    let shown = |record: &String| {
        format!("[    1.000000] {}\n", record.split_once(';').expect("a record").1.replace("\\x0a", "\n"))
    };
    Transcript {
        anchor: Some(anchor()),
        cases: vec![run("one", ends[0], ""), run("two", ends[1], "")],
        release: Some("6.12.0".to_owned()),
        bye: ends.iter().all(Option::is_some),
        notes: Vec::new(),
        console: records.iter().filter(is_shown).map(shown).collect::<String>().into_bytes(),
        console_dropped: 0,
        kmsg: records.join("\n") + "\n",
        health: Vec::new(),
        build_ids: BTreeMap::new(),
        end: VmEnd::PoweredOff,
    }
}

fn judged(cases: &[CaseFile], transcript: &Transcript) -> String {
    let judged = judge(transcript, &Asserted::by(cases), &Expectations::default());
    let of =
        |case: &CaseReport| format!("{} {} {}", case.name, case.outcome, case.reason).trim_end().to_owned();
    let cases: Vec<_> = judged.cases.iter().map(of).collect();
    format!("= {} {}", judged.verdict, judged.reason).trim_end().to_owned() + "\n" + &cases.join("\n")
}

const ERR: &str = "3,1,1,-;cxl_mem mem0: endpoint not found";
const WARN: &str = "4,2,1,-;cxl_pci 0000:35:00.0: no media";

#[test]
fn a_forbidden_message_makes_its_case_red_and_no_other() {
    let both = format!("{ERR}\n6,3,1,-;fine\n{WARN}");
    let logged = transcript(["", &both, ""], [PASSES; 2]);
    let forbidding = |kmsg: &str| judged(&cases(kmsg, ""), &logged);
    insta::assert_snapshot!(forbidding("{ forbid: [err, warn] }"), @r"
    = fail
    one fail the kernel logged err, which `kmsg:` forbids (line 3 of the console): cxl_mem mem0: endpoint not found (and 1 more)
    two pass
    ");
    insta::assert_snapshot!(forbidding("{ forbid: [warn] }"), @r"
    = fail
    one fail the kernel logged warn, which `kmsg:` forbids (line 4 of the console): cxl_pci 0000:35:00.0: no media
    two pass
    ");
    for kmsg in ["", "{}", "{ forbid: [crit, info] }", "{ allow: [{ match: x, because: y }] }"] {
        let end = if kmsg.contains("info") {
            "one fail the kernel logged info, which `kmsg:` forbids (not on the console): fine"
        } else {
            "one pass"
        };
        assert!(forbidding(kmsg).contains(end), "{kmsg}: {}", forbidding(kmsg));
    }
    assert_eq!(judged(&[], &logged), "= pass\none pass\ntwo pass");
}

#[test]
fn what_is_allowed_may_come_and_a_header_says_otherwise() {
    let logged = transcript(["", ERR, &format!("{ERR}\n{WARN}")], [PASSES; 2]);
    let kmsg = r#"{ forbid: [err, warn], allow: [{ match: "mem\\d+: endpoint", because: none is there }] }"#;
    insta::assert_snapshot!(judged(&cases(kmsg, ""), &logged), @r"
    = fail
    one pass
    two fail the kernel logged warn, which `kmsg:` forbids (line 7 of the console): cxl_pci 0000:35:00.0: no media
    ");
    let two = |header: &str| judged(&cases(kmsg, header), &logged).lines().last().map(str::to_owned);
    assert_eq!(two("#: kmsg: { forbid: [err] }\n").as_deref(), Some("two pass"));
    assert_eq!(two("#: kmsg: { forbid: [] }\n").as_deref(), Some("two pass"));
    // What it allows besides does not take back what the suite allows.
    let more = "#: kmsg:\n#:   allow:\n#:   - { match: media, because: it has none }\n";
    assert_eq!(two(more).as_deref(), Some("two pass"));
}

#[test]
fn what_is_required_has_to_come_from_the_kernel_and_during_the_case() {
    let kmsg = r#"{ require: ["mem0: (up|down)"] }"#;
    let come = |parts| judged(&cases(kmsg, "#: kmsg: { require: [] }\n"), &transcript(parts, [PASSES; 2]));
    let up = "6,1,1,-;cxl_mem mem0: up";
    assert_eq!(come(["", up, ""]), "= pass\none pass\ntwo pass");
    insta::assert_snapshot!(come([up, "", up]), @r"
    = fail
    one fail no message of the kernel matches /mem0: (up|down)/, which `kmsg:` requires
    two pass
    ");
    // A program's line is none of the kernel's.
    assert_eq!(come(["", &up.replace("6,", "14,"), ""]), come([up, "", up]));
}

#[test]
fn programs_and_reports_are_not_judged_as_messages() {
    let warning = "4,2,2,-;------------[ cut here ]------------\n4,3,2,-;WARNING: CPU: 0 PID: 7 at drivers/cxl/a.c:1 cxl_sample+0x1/0x2 [cxl_core]\n4,4,2,-;Modules linked in:\n4,5,2,-;---[ end trace 0000000000000000 ]---\n";
    let program = "11,1,1,-;a case's own words\n12,1,1,-;more of them\n";
    let both = format!("{program}{warning}");
    let logged = transcript(["", &both, ""], [PASSES; 2]);
    assert_eq!(judged(&cases("{ forbid: [err, warn] }", ""), &logged), "= fail\none pass\ntwo pass");
    // What comes after a report is a message again.
    let logged = transcript(["", &format!("{both}{WARN}"), ""], [PASSES; 2]);
    insta::assert_snapshot!(judged(&cases("{ forbid: [err, warn] }", ""), &logged), @r"
    = fail
    one fail the kernel logged warn, which `kmsg:` forbids (line 9 of the console): cxl_pci 0000:35:00.0: no media
    two pass
    ");
}

#[test]
fn what_frames_a_report_is_no_message_of_its_own() {
    let cases = cases("{ forbid: [err, warn] }", "");
    // As lockdep prints it: an empty line and a ruler before the heading, the end of the stack behind what is read of it.
    let report = "4,1,1000000,-;\n4,2,1000000,-;======================================================\n\
                  4,3,1000000,-; </TASK>\n4,4,1000000,-; <TASK>\n";
    assert_eq!(judged(&cases, &transcript(["", report, ""], [PASSES, PASSES])), "= pass\none pass\ntwo pass");
    for message in ["a", "<a b>", "== 1 ==", "<TASK> hangs"] {
        let text = format!("4,1,1000000,-;{message}\n");
        let judged = judged(&cases, &transcript(["", &text, ""], [PASSES, PASSES]));
        assert!(judged.contains("one fail"), "{message}: {judged}");
    }
}

#[test]
fn the_memory_below_a_report_is_the_reports() {
    let cases = cases("{ forbid: [err, warn] }", "");
    let bytes = "fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb";
    let lines = [
        "==================================================================".to_owned(),
        "BUG: KASAN: slab-use-after-free in release_parent+0x1c/0x80 [cxl_core]".to_owned(),
        "Read of size 8 at addr ffff888007a8c780 by task kworker/0:1/9".to_owned(),
        String::new(),
        "CPU: 0 UID: 0 PID: 9 Comm: kworker/0:1 Not tainted 6.12.0 #1".to_owned(),
        "Call Trace:".to_owned(),
        " release_parent+0x1c/0x80 [cxl_core]".to_owned(),
        "Memory state around the buggy address:".to_owned(),
        format!(" ffff888007a8c700: {bytes}"),
        format!(">ffff888007a8c780: {bytes}"),
        "                   ^".to_owned(),
        format!(" ffff888007a8c800: {bytes}"),
        "==================================================================".to_owned(),
    ];
    let report: String = lines.iter().map(|line| format!("3,1,1000000,-;{line}\n")).collect();
    let judged = judged(&cases, &transcript(["", &report, ""], [PASSES, PASSES]));
    assert_eq!(judged, "= fail\none pass\ntwo pass", "the splat is red, and no message beside it");
}

#[test]
fn what_came_before_the_first_case_is_the_boots() {
    let logged = transcript([ERR, "", ""], [PASSES; 2]);
    insta::assert_snapshot!(judged(&cases("{ forbid: [err] }", ""), &logged), @r"
    = fail before the first case: the kernel logged err, which `kmsg:` forbids (line 2 of the console): cxl_mem mem0: endpoint not found
    one pass
    two pass
    ");
    assert_eq!(judged(&cases("{ forbid: [warn] }", ""), &logged), "= pass\none pass\ntwo pass");
    // A case that is red has the verdict, and the boot's message is a note.
    let red = transcript([ERR, ERR, ""], [PASSES; 2]);
    let all = cases("{ forbid: [err] }", "");
    let judged = judge(&red, &Asserted::by(&all), &Expectations::default());
    assert_eq!((judged.reason.as_str(), judged.notes.len()), ("", 1), "{:?}", judged.notes);
}

#[test]
fn a_case_that_is_red_stays_so_for_its_own_reason_and_lists_them() {
    let all = cases("{ forbid: [err], require: [never] }", "");
    let mut logged = transcript(["", ERR, ERR], [Some(CaseEnd::Exit(1)), Some(CaseEnd::Exit(4))]);
    logged.cases[1].output = "# SKIP nothing to do\n".to_owned();
    insta::assert_snapshot!(judged(&all, &logged), @r"
    = fail
    one fail exit status 1
    two fail the kernel logged err, which `kmsg:` forbids (line 6 of the console): cxl_mem mem0: endpoint not found
    ");
    let listed = judge(&logged, &Asserted::by(&all), &Expectations::default());
    insta::assert_snapshot!(listed.cases[0].diagnostics.join("\n"), @"kmsg: the kernel logged err, which `kmsg:` forbids (line 3 of the console): cxl_mem mem0: endpoint not found");
    // A skipped case did not come to what it requires.
    let mut quiet = transcript(["", "", ""], [Some(CaseEnd::Exit(4)), None]);
    quiet.cases[0].output = "# SKIP nothing to do\n".to_owned();
    insta::assert_snapshot!(judged(&all, &quiet), @r"
    = fail
    one skip nothing to do
    two crash the agent was lost: the guest powered off during the case
    ");
}

#[test]
fn what_was_not_read_cannot_be_judged() {
    let all = cases("{ forbid: [err] }", "");
    let mut unread = transcript(["", "", ""], [PASSES; 2]);
    unread.kmsg.clear();
    insta::assert_snapshot!(judged(&all, &unread), @r"
    = fail
    one fail the agent did not read all of its kernel messages, so that `kmsg:` cannot be judged
    two fail the agent did not read all of its kernel messages, so that `kmsg:` cannot be judged
    ");
    let mut not_run = transcript(["", "", ""], [PASSES, None]);
    not_run.cases[1].begun = false;
    not_run.kmsg = not_run
        .kmsg
        .lines()
        .filter(|line| !line.contains("two"))
        .fold(String::new(), |all, line| all + line + "\n");
    not_run.console = String::from_utf8_lossy(&not_run.console).replace("begin two", "").into_bytes();
    insta::assert_snapshot!(judged(&all, &not_run), @r"
    = fail
    one pass
    two not-run the agent was lost: the guest powered off early
    ");
}

#[test]
fn the_lines_of_a_part_are_counted_from_one() {
    let text = b"a\nb\nc\n";
    let of = |lines: Range<u64>| String::from_utf8_lossy(part(text, &lines)).into_owned();
    assert_eq!(of(0..u64::MAX), "a\nb\nc\n");
    assert_eq!(of(0..2), "a\n");
    assert_eq!(of(2..3), "b\n");
    assert_eq!(
        (of(2..u64::MAX), of(4..5), of(9..u64::MAX), of(0..0)),
        ("b\nc\n".to_owned(), String::new(), String::new(), String::new())
    );
}
