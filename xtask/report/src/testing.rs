//! A run by hand that the tests of all reports read: two cells, every outcome, hostile text.

use std::path::PathBuf;

use event::{CaseReport, CellId, Event, Stage, StageEnd};
use kernlog::{CaseOutcome, Splat, SplatKind, Subtest, Verdict};

use super::formats::{self, Alone};
use super::{Stored, Summary};

pub(super) fn cell(topology: &str, suite: &str) -> CellId {
    CellId {
        kernel: "lts".to_owned(),
        flavour: "plain".to_owned(),
        topology: topology.to_owned(),
        suite: suite.to_owned(),
        variant: "default".to_owned(),
    }
}

pub(super) fn hostile_cell() -> CellId {
    cell("../../<b>", "a # SKIP\n")
}

pub(super) fn case(name: &str, outcome: CaseOutcome, reason: &str) -> CaseReport {
    CaseReport {
        name: name.to_owned(),
        outcome,
        reason: reason.to_owned(),
        seconds: 1.25,
        subtests: vec![],
        diagnostics: vec![],
    }
}

fn splat() -> Splat {
    Splat {
        kind: SplatKind::Warning,
        title: "WARNING in cxl_bad".to_owned(),
        fingerprint: "warning:warning:cxl_bad".to_owned(),
        line: 812,
        function: Some("cxl_bad".to_owned()),
        module: Some("cxl_core".to_owned()),
        at: None,
        case: Some("ports".to_owned()),
        excerpt: vec!["WARNING: CPU: 0 \x1b[2J<script>".to_owned(), " cxl_bad+0x1/0x2".to_owned()],
    }
}

/// Preparing and the first cell.
fn first(id: &CellId) -> Vec<Event> {
    let stage = |stage, end, seconds, note: &str| Event::StageFinished {
        kernel: "lts".to_owned(),
        flavour: "plain".to_owned(),
        stage,
        end,
        seconds,
        note: note.to_owned(),
    };
    let mut ports = case("ports", CaseOutcome::Fail, "exit status 1: not ok: port2 # SKIP no");
    ports.subtests = vec![
        Subtest { name: "port1".to_owned(), outcome: CaseOutcome::Pass, reason: String::new() },
        Subtest {
            name: "port2 # SKIP no".to_owned(),
            outcome: CaseOutcome::Fail,
            reason: "<gone>".to_owned(),
        },
    ];
    ports.diagnostics = vec!["port2 is \x07gone".to_owned()];
    let output =
        |text: &str| Event::CaseOutput { cell: id.clone(), case: "ports".to_owned(), text: text.to_owned() };
    vec![
        stage(Stage::Source, StageEnd::Cached, 0.1, "linux-source-6.12 at 6.12.117"),
        stage(Stage::Build, StageEnd::Done, 61.5, "812 objects"),
        Event::Notice { text: "no KVM here: TCG".to_owned() },
        Event::CellStarted { cell: id.clone() },
        Event::BootStarted { cell: id.clone(), boot: 0, accel: "tcg".to_owned(), cases: vec![] },
        Event::GuestUp { cell: id.clone(), boot: 0, seconds: 3.5, release: "6.12.117".to_owned() },
        Event::CaseStarted { cell: id.clone(), case: "ports".to_owned() },
        output("port1 is there\nport2 is \x1b[31mgo"),
        output("ne\n"),
        Event::BootFinished { cell: id.clone(), boot: 0, seconds: 9.0 },
        Event::CaseFinished { cell: id.clone(), report: case("memdevs", CaseOutcome::Pass, "") },
        Event::CaseFinished { cell: id.clone(), report: ports },
        Event::CaseFinished { cell: id.clone(), report: case("switch", CaseOutcome::Skip, "needs a switch") },
        Event::CaseFinished {
            cell: id.clone(),
            report: case("poison", CaseOutcome::Xfail, "expected: read twice"),
        },
        Event::CaseFinished { cell: id.clone(), report: case("hang", CaseOutcome::Timeout, "still running") },
        Event::CaseFinished { cell: id.clone(), report: case("oops", CaseOutcome::Crash, "the kernel died") },
        Event::CaseFinished { cell: id.clone(), report: case("last", CaseOutcome::NotRun, "in case oops") },
        Event::SplatFound { cell: id.clone(), splat: splat(), expected: false },
        Event::CellFinished { cell: id.clone(), verdict: Verdict::Fail, reason: String::new(), seconds: 9.1 },
    ]
}

/// A run in the format of this name.
pub(super) fn written(name: &str, summary: &Summary) -> String {
    let (dir, summary, resolved) = (PathBuf::new(), summary.clone(), serde_json::Value::Null);
    let format = formats::format(name).expect("a format");
    let bytes = (format.write)(&Stored { dir, summary, resolved }, &Alone).expect("it is written");
    String::from_utf8(bytes).expect("text")
}

/// A whole run.
pub(super) fn events() -> Vec<Event> {
    let (direct, hostile) = (cell("direct", "enumerate"), hostile_cell());
    let mut events = vec![Event::RunStarted {
        id: "20261123T100000Z-abcdef".to_owned(),
        time: "2026-11-23T10:00:00Z".to_owned(),
        command: "cargo xtask run".to_owned(),
        version: "0.1.0".to_owned(),
        cells: vec![direct.clone(), hostile.clone()],
    }];
    events.extend(first(&direct));
    events.push(Event::CellStarted { cell: hostile.clone() });
    events.push(Event::CellFinished {
        cell: hostile,
        verdict: Verdict::Infrastructure,
        reason: "QEMU could not start: \x1b]0;title\x07".to_owned(),
        seconds: 0.2,
    });
    events.push(Event::RunFinished { verdict: Verdict::Infrastructure, seconds: 71.0, interrupted: false });
    events
}

#[test]
fn junit_has_every_outcome_and_no_raw_text() {
    let mut summary = super::Summary::default();
    for event in events() {
        summary.take(&event);
    }
    insta::assert_snapshot!(written("junit", &summary), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="patchbench" tests="9" skipped="2" failures="2" errors="4" time="71.000">
        <testsuite name="lts/direct/enumerate" tests="8" skipped="2" errors="3" failures="2" time="9.100">
            <properties>
                <property name="accelerator" value="tcg"/>
                <property name="release" value="6.12.117"/>
            </properties>
            <testcase name="memdevs" classname="lts/direct/enumerate" time="1.250"/>
            <testcase name="ports" classname="lts/direct/enumerate" time="1.250">
                <failure message="exit status 1: not ok: port2 # SKIP no" type="fail"/>
                <system-out>pass port1
    fail port2 # SKIP no &lt;gone&gt;
    # port2 is \x07gone</system-out>
            </testcase>
            <testcase name="switch" classname="lts/direct/enumerate" time="1.250">
                <skipped message="needs a switch" type="skip"/>
            </testcase>
            <testcase name="poison" classname="lts/direct/enumerate" time="1.250">
                <skipped message="expected: read twice" type="xfail"/>
            </testcase>
            <testcase name="hang" classname="lts/direct/enumerate" time="1.250">
                <error message="still running" type="timeout"/>
            </testcase>
            <testcase name="oops" classname="lts/direct/enumerate" time="1.250">
                <error message="the kernel died" type="crash"/>
            </testcase>
            <testcase name="last" classname="lts/direct/enumerate" time="1.250">
                <error message="in case oops" type="not-run"/>
            </testcase>
            <testcase name="splat: WARNING in cxl_bad" classname="lts/direct/enumerate">
                <failure message="WARNING in cxl_bad during ports" type="warning">WARNING: CPU: 0 \x1b[2J&lt;script&gt;
     cxl_bad+0x1/0x2</failure>
            </testcase>
        </testsuite>
        <testsuite name="lts/../../&lt;b&gt;/a # SKIP" tests="1" skipped="0" errors="1" failures="0" time="0.200">
            <testcase name="the cell as a whole" classname="lts/../../&lt;b&gt;/a # SKIP">
                <error message="QEMU could not start: \x1b]0;title\x07" type="infrastructure error"/>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn ktap_is_judged_as_the_run_was() {
    let mut summary = super::Summary::default();
    for event in events() {
        summary.take(&event);
    }
    let text = written("ktap", &summary);
    insta::assert_snapshot!(text, @r"
    KTAP version 1
    1..2
      KTAP version 1
      1..8
      ok 1 memdevs
        KTAP version 1
        1..2
        ok 1 port1
        not ok 2 port2 %23 SKIP no # fail: <gone>
      not ok 2 ports # fail: exit status 1: not ok: port2 # SKIP no
      ok 3 switch # SKIP needs a switch
      ok 4 poison # XFAIL expected: read twice
      not ok 5 hang # TIMEOUT still running
      not ok 6 oops # ERROR crash: the kernel died
      not ok 7 last # ERROR not-run: in case oops
      not ok 8 splat: WARNING in cxl_bad # splat during ports
    not ok 1 lts/direct/enumerate # fail:
    not ok 2 lts/../../<b>/a %23 SKIP # ERROR infrastructure error: QEMU could not start: \x1b]0;title\x07
    ");
    let read = kernlog::ktap::parse(&text);
    assert_eq!(read.outcome().0, CaseOutcome::Fail);
    assert!(read.complaints.is_empty(), "{:?}", read.complaints);
    assert_eq!(read.leaves().iter().filter(|t| t.outcome == CaseOutcome::Skip).count(), 1);
}

/// What a person would read, without colours.
fn seen(events: &[Event], verbosity: super::Verbosity) -> String {
    use std::sync::{Arc, Mutex};

    use event::Sink;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let shared = Shared::default();
    let plain = anstream::StripStream::new(Box::new(shared.clone()) as Box<dyn std::io::Write + Send>);
    let terminal = super::Terminal::to_writer(Box::new(plain), verbosity);
    for event in events {
        terminal.emit(event);
    }
    let bytes = shared.0.lock().expect("no panic").clone();
    String::from_utf8(bytes).expect("text")
}

#[test]
fn the_terminal_shows_a_run() {
    insta::assert_snapshot!(seen(&events(), super::Verbosity::Normal), @r"
    run 20261123T100000Z-abcdef: 2 cells
    lts: source cached, 0.1 s  linux-source-6.12 at 6.12.117
    lts: build done, 1 min 01 s  812 objects
    note: no KVM here: TCG
    lts/direct/enumerate
      pass    memdevs, 1.2 s
      fail    ports, 1.2 s: exit status 1: not ok: port2 # SKIP no
        | port1 is there
        | port2 is \x1b[31mgone
      skip    switch, 1.2 s: needs a switch
      xfail   poison, 1.2 s: expected: read twice
      timeout hang, 1.2 s: still running
      crash   oops, 1.2 s: the kernel died
      not-run last, 1.2 s: in case oops
      splat WARNING in cxl_bad [cxl_core], console line 812, during ports
        | WARNING: CPU: 0 \x1b[2J<script>
        |  cxl_bad+0x1/0x2
      = fail, 9.1 s
    lts/../../<b>/a # SKIP
      = infrastructure error, 0.2 s: QEMU could not start: \x1b]0;title\x07
    infrastructure error: 1 pass, 1 fail, 1 crash, 1 timeout, 1 not-run, 1 xfail, 1 skip, 1 splat in 2 cells; 71.0 s: 0.1 configuring, 61.5 building, 3.5 booting, 5.5 running
    ");
}

#[test]
fn the_terminal_when_quiet() {
    insta::assert_snapshot!(seen(&events(), super::Verbosity::Quiet), @r"
    lts/direct/enumerate
      fail    ports, 1.2 s: exit status 1: not ok: port2 # SKIP no
        | port1 is there
        | port2 is \x1b[31mgone
      timeout hang, 1.2 s: still running
      crash   oops, 1.2 s: the kernel died
      not-run last, 1.2 s: in case oops
      splat WARNING in cxl_bad [cxl_core], console line 812, during ports
        | WARNING: CPU: 0 \x1b[2J<script>
        |  cxl_bad+0x1/0x2
      = fail, 9.1 s
    lts/../../<b>/a # SKIP
      = infrastructure error, 0.2 s: QEMU could not start: \x1b]0;title\x07
    infrastructure error: 1 pass, 1 fail, 1 crash, 1 timeout, 1 not-run, 1 xfail, 1 skip, 1 splat in 2 cells; 71.0 s: 0.1 configuring, 61.5 building, 3.5 booting, 5.5 running
    ");
}

#[test]
fn the_terminal_when_verbose() {
    insta::assert_snapshot!(seen(&first(&cell("direct", "enumerate")), super::Verbosity::Verbose), @r"
    lts: source cached, 0.1 s  linux-source-6.12 at 6.12.117
    lts: build done, 1 min 01 s  812 objects
    note: no KVM here: TCG
    lts/direct/enumerate
      6.12.117 up after 3.5 s (tcg)
      ports …
        | port1 is there
        | port2 is \x1b[31mgone
      pass    memdevs, 1.2 s
      fail    ports, 1.2 s: exit status 1: not ok: port2 # SKIP no
      skip    switch, 1.2 s: needs a switch
      xfail   poison, 1.2 s: expected: read twice
      timeout hang, 1.2 s: still running
      crash   oops, 1.2 s: the kernel died
      not-run last, 1.2 s: in case oops
      splat WARNING in cxl_bad [cxl_core], console line 812, during ports
        | WARNING: CPU: 0 \x1b[2J<script>
        |  cxl_bad+0x1/0x2
      = fail, 9.1 s
    ");
}

#[test]
fn cells_that_run_at_the_same_time_are_not_mixed() {
    let (one, two) = (cell("direct", "one"), cell("direct", "two"));
    let done = |cell: &CellId, name: &str| Event::CaseFinished {
        cell: cell.clone(),
        report: case(name, CaseOutcome::Pass, ""),
    };
    let end = |cell: &CellId| Event::CellFinished {
        cell: cell.clone(),
        verdict: Verdict::Pass,
        reason: String::new(),
        seconds: 1.0,
    };
    let events = [
        Event::CellStarted { cell: one.clone() },
        Event::CellStarted { cell: two.clone() },
        done(&two, "b1"),
        done(&one, "a1"),
        end(&two),
        done(&one, "a2"),
        end(&one),
        Event::RunFinished { verdict: Verdict::Pass, seconds: 2.0, interrupted: false },
    ];
    insta::assert_snapshot!(seen(&events, super::Verbosity::Normal), @r"
    lts/direct/one
      pass    a1, 1.2 s
      pass    a2, 1.2 s
      = pass, 1.0 s
    lts/direct/two
      pass    b1, 1.2 s
      = pass, 1.0 s
    pass: 3 pass in 2 cells; 2.0 s: 0.0 configuring, 0.0 building, 0.0 booting, 0.0 running
    ");
}

#[test]
fn what_is_skipped_for_one_reason_is_said_once() {
    let cell = cell("direct", "s");
    let ended = |name: &str, outcome, reason| Event::CaseFinished {
        cell: cell.clone(),
        report: case(name, outcome, reason),
    };
    let mut events = vec![
        ended("a", CaseOutcome::Skip, "no switch"),
        ended("b", CaseOutcome::Skip, "no switch"),
        ended("c", CaseOutcome::Skip, "no slot"),
        ended("d", CaseOutcome::Pass, ""),
    ];
    events.extend(["e", "f", "g", "h", "i"].map(|name| ended(name, CaseOutcome::Skip, "no module")));
    let (verdict, reason) = (Verdict::Skip, "no module".to_owned());
    events.push(Event::CellFinished { cell: cell.clone(), verdict, reason, seconds: 2.0 });
    let other = Event::CaseFinished {
        cell: self::cell("switch", "s"),
        report: case("cut-short", CaseOutcome::Skip, "why"),
    };
    events.push(other);
    events.push(Event::RunFinished { verdict: Verdict::Pass, seconds: 2.0, interrupted: true });
    insta::assert_snapshot!(seen(&events, super::Verbosity::Normal), @r"
    lts/direct/s
      skip    a, b: no switch
      skip    c, 1.2 s: no slot
      pass    d, 1.2 s
      = skip, 2.0 s, 5 cases: no module
    lts/switch/s
      skip    cut-short, 1.2 s: why
    interrupted: 1 pass, 9 skip in 2 cells; 2.0 s: 0.0 configuring, 0.0 building, 0.0 booting, 0.0 running
    ");
    assert_eq!(seen(&events, super::Verbosity::Verbose).matches("no module").count(), 6);
}

#[test]
fn json_lines_are_one_an_event() {
    use event::Sink;
    let sink = super::JsonLines::new(Vec::new());
    for event in events() {
        sink.emit(&event);
    }
    assert!(sink.take_error().is_none());
}
