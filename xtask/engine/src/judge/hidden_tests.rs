use std::collections::BTreeMap;

use event::{CaseRun, VmEnd};
use kernlog::kernel_log::scan_log;
use wire::CaseEnd;

use super::super::kmsg::KernelLog;
use super::super::testing::{anchor, genuine};
use super::*;

/// A console with the markers of one case around this.
fn console(middle: &str) -> Vec<u8> {
    genuine(&format!("[    0.000000] Linux version 6.12.0 (a@b) #1\n[    1.000000] patchbench[tok]: begin one\n{middle}[    3.000000] patchbench[tok]: end one\n")).into_bytes()
}

/// The kernel's log of the same.
fn kmsg(middle: &str) -> String {
    genuine(&format!(
        "5,0,0,-;Linux version 6.12.0 (a@b) #1\n14,1,1000000,-;patchbench[tok]: begin one\n{middle}14,9,3000000,-;patchbench[tok]: end one\n"
    ))
}

const WARNING: &str = "4,2,2000000,-;------------[ cut here ]------------\n4,3,2000000,-;WARNING: CPU: 0 PID: 7 at drivers/cxl/a.c:1 cxl_sample+0x1/0x2 [cxl_core]\n4,4,2000000,-;Modules linked in:\n4,5,2000000,-;---[ end trace 0000000000000000 ]---\n";
const SHOWN: &str = "[    2.000000] ------------[ cut here ]------------\n[    2.000000] WARNING: CPU: 0 PID: 7 at drivers/cxl/a.c:1 cxl_sample+0x1/0x2 [cxl_core]\n[    2.000000] Modules linked in:\n[    2.000000] ---[ end trace 0000000000000000 ]---\n";

fn one() -> CaseRun {
    let (name, output) = ("one".to_owned(), String::new());
    let end = Some(CaseEnd::Exit(0));
    CaseRun { name, begun: true, end, ms: 1, timeout_ms: 1000, output, dropped: 0, cut: false, left: false }
}

fn transcript(console: Vec<u8>, kmsg: String) -> Transcript {
    Transcript {
        anchor: Some(anchor()),
        cases: vec![one()],
        release: Some("6.12.0".to_owned()),
        bye: true,
        notes: Vec::new(),
        console,
        console_dropped: 0,
        kmsg,
        health: Vec::new(),
        build_ids: BTreeMap::new(),
        end: VmEnd::PoweredOff,
    }
}

fn found(transcript: &Transcript) -> Vec<String> {
    let anchor = transcript.anchor.as_deref().unwrap_or_default();
    let log = scan_log(&transcript.console, Some(anchor));
    let kernel = KernelLog::read(&transcript.kmsg, anchor);
    let Hidden { splats, problems } = hidden(transcript, &log, &kernel.scan);
    let splats = splats.iter().map(|splat| format!("{:?} line {}: {}", splat.case, splat.line, splat.title));
    splats.chain(problems.iter().map(|(case, why)| format!("{case:?}: {why}"))).collect()
}

#[test]
fn what_the_console_shows_is_not_hidden() {
    assert_eq!(found(&transcript(console(""), kmsg(""))), [""; 0]);
    assert_eq!(found(&transcript(console(SHOWN), kmsg(WARNING))), [""; 0]);
    // A kernel that died had nobody to read its log.
    assert_eq!(found(&transcript(console(SHOWN), String::new())), [""; 0]);
}

#[test]
fn a_report_that_the_console_does_not_show_is_found() {
    assert_eq!(
        found(&transcript(console(""), kmsg(WARNING))),
        [r#"Some("one") line 2: WARNING in cxl_sample"#]
    );
    // One of two.
    let two = WARNING.repeat(2);
    assert_eq!(found(&transcript(console(SHOWN), kmsg(&two))).len(), 1);
    // What a case writes into the log itself is a program's.
    let own = WARNING.replace("4,", "12,");
    assert_eq!(found(&transcript(console(""), kmsg(&own))), [""; 0]);
}

#[test]
fn a_mark_that_is_missing_is_a_silent_console() {
    let text = String::from_utf8(console("")).expect("text");
    for what in ["begin", "end"] {
        let silent = text.replace(&genuine(&format!("patchbench[tok]: {what} one")), "");
        let why = format!(
            r#"Some("one"): the mark of its {what} is not on the console, which was silenced or lost"#
        );
        assert_eq!(found(&transcript(silent.into_bytes(), String::new())), [why]);
    }
    let mut running = transcript(console(""), String::new());
    running.cases[0].end = None;
    running.console.truncate(20);
    assert_eq!(found(&running), [""; 0]);
}

#[test]
fn a_marker_that_a_case_writes_is_a_lie_and_moves_no_blame() {
    // What it can have read, and what it can make of that.
    let own = genuine("patchbench[tok]: begin one");
    let end = own.replace("begin one", "end one").replace("[1.", "[2.");
    let lie =
        |marker: &str, what: &str| format!("it wrote a marker that only the agent may write: {marker}{what}");
    let in_log = |marker: &str| {
        let record = format!("14,2,2000000,-;{marker}\n{WARNING}");
        found(&transcript(console(&format!("[    2.000000] {marker}\n{SHOWN}")), kmsg(&record)))
    };
    assert_eq!(in_log(&own), [format!(r#"Some("one"): {}"#, lie(&own, ""))]);
    assert_eq!(
        in_log(&end),
        [format!(r#"Some("one"): {}"#, lie(&end, "")), format!(r#"Some("one"): {}"#, lie(&end, ""))]
    );
    // On the console alone: the log may have been printed once more.
    let shown = |marker: &str| found(&transcript(console(&format!("{marker}\n")), kmsg("")));
    assert_eq!(shown(&own), [""; 0]);
    assert_eq!(shown("patchbench[0]: end one").len(), 1);
    // Where nobody announced how to tell them, none is genuine.
    let mut unknown = transcript(console(""), kmsg(""));
    unknown.anchor = None;
    assert!(
        found(&unknown)[0].contains("the mark of its begin is not on the console"),
        "{:?}",
        found(&unknown)
    );
}

#[test]
fn what_the_kernel_counts_wants_a_report() {
    let health = |health: Health, case: Option<&str>| HealthReading { case: case.map(str::to_owned), health };
    let base = Health { console_level: 7, lost: 3, tainted: 1 << 12, ..Health::default() };
    let with = |console: Vec<u8>, after: Health| {
        let mut transcript = transcript(console, String::new());
        transcript.health = vec![health(base, None), health(after, Some("one")), health(after, None)];
        found(&transcript)
    };
    assert_eq!(with(console(""), base).len(), 1, "what was lost before the first case");
    let base = Health { lost: 0, ..base };
    let with = |console: Vec<u8>, after: Health| {
        let mut transcript = transcript(console, String::new());
        transcript.health = vec![health(base, None), health(after, Some("one")), health(after, None)];
        found(&transcript)
    };
    // cxl_test's own taints need no report.
    assert_eq!(with(console(""), Health { tainted: 1 << 12 | 1 << 13 | 1 << 18, ..base }), [""; 0]);
    let warned = Health { tainted: base.tainted | 1 << 9, warnings: 1, ..base };
    assert_eq!(
        with(console(""), warned),
        [r#"Some("one"): the kernel is tainted W (a warning), and no report says why"#]
    );
    assert_eq!(with(console(SHOWN), warned), [""; 0]);
    insta::assert_snapshot!(with(console(""), Health { warnings: 2, console_level: 1, lost: 5, ..base }).join("\n"), @r#"
    Some("one"): the kernel counted 2 warnings that its log does not show
    Some("one"): the console's log level was lowered from 7 to 1
    Some("one"): 5 records of the kernel's log were lost before they were read, and not judged
    None: the console's log level was lowered from 7 to 1
    "#);
}

#[test]
fn what_was_cut_was_not_judged() {
    let mut transcript = transcript(console(""), String::new());
    transcript.cases[0].cut = true;
    transcript.cases[0].left = true;
    transcript.console_dropped = 7;
    insta::assert_snapshot!(found(&transcript).join("\n"), @r#"
    Some("one"): it printed more results than are passed on, and those beyond were not judged
    Some("one"): a process that it left behind cannot be killed: it hangs in the kernel
    None: the console was cut at 0 MiB, and 7 bytes beyond were not judged
    "#);
}
