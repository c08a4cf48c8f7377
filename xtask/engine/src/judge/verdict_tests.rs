use std::collections::BTreeMap;
use wire::{CaseEnd, Markers};

use super::super::testing::{anchor, genuine};
use super::*;

const BOOT: &str =
    "[    0.000000] Linux version 6.12.0 (a@b) #1\n[    1.000000] patchbench[tok]: begin one\n";

fn run(name: &str, end: Option<CaseEnd>, output: &str) -> CaseRun {
    CaseRun {
        name: name.to_owned(),
        begun: end.is_some(),
        end,
        ms: 1500,
        timeout_ms: 60_000,
        output: output.to_owned(),
        dropped: 0,
        cut: false,
        left: false,
    }
}

fn begun(name: &str) -> CaseRun {
    CaseRun { begun: true, ..run(name, None, "half\n") }
}

/// A console with the marks of each case that ended, where a kernel came up at all.
fn marked(console: &str, cases: &[CaseRun]) -> String {
    let is_up = console.contains("Linux version");
    let mut console = console.to_owned();
    for case in cases.iter().filter(|case| case.end.is_some() && is_up) {
        for what in ["begin", "end"] {
            let mark = format!("patchbench[tok]: {what} {}\n", case.name);
            if !console.contains(&mark) {
                console.push_str(&format!("[    9.000000] {mark}"));
            }
        }
    }
    console
}

fn boot(cases: Vec<CaseRun>, console: &str, end: VmEnd) -> Transcript {
    let console = genuine(&marked(console, &cases));
    Transcript {
        anchor: Some(anchor()),
        bye: end == VmEnd::PoweredOff && cases.iter().all(|c| c.end.is_some()),
        cases,
        release: Some("6.12.0".to_owned()),
        notes: vec![],
        console: console.into_bytes(),
        console_dropped: 0,
        kmsg: String::new(),
        health: Vec::new(),
        build_ids: BTreeMap::new(),
        end,
    }
}

fn shown(transcript: &Transcript) -> String {
    let judged = judge(transcript, &Asserted::default(), &Expectations::default());
    let mut out = format!("= {} {}", judged.verdict, judged.reason).trim_end().to_owned();
    for case in judged.cases {
        out.push_str(format!("\n{:8}{} {}", case.outcome, case.name, case.reason).trim_end());
    }
    for (splat, expected) in judged.splats {
        let mark = if expected { "expected " } else { "" };
        out.push_str(&format!("\n{mark}splat {} (case {:?})", splat.title, splat.case));
    }
    out
}

#[test]
fn ends_of_a_case() {
    let ends = [
        (CaseEnd::Exit(0), "fine\n"),
        (CaseEnd::Exit(0), "KTAP version 1\n1..1\nok 1 a\n"),
        (CaseEnd::Exit(0), "KTAP version 1\n1..2\nok 1 a\nnot ok 2 b\n"),
        (CaseEnd::Exit(0), "KTAP version 1\n1..2\nok 1 a\n"),
        (CaseEnd::Exit(0), "KTAP version 1\n1..0\n"),
        (CaseEnd::Exit(0), "KTAP version 1\n1..0 # SKIP nothing to see\n"),
        (CaseEnd::Exit(0), "KTAP version 1\n1..1\nok 1 a # SKIP no device\n"),
        (CaseEnd::Exit(0), "KTAP version 1\n1..1\nok 1 a # SKIP\n"),
        (CaseEnd::Exit(1), "KTAP version 1\n1..2\nok 1 a\nnot ok 2 b # it broke\n"),
        (CaseEnd::Exit(1), "# mem0 is missing\nlast line\n"),
        (CaseEnd::Exit(1), "only a line\n\n"),
        (CaseEnd::Exit(127), ""),
        (CaseEnd::Exit(4), "# SKIP needs a switch\n"),
        (CaseEnd::Exit(4), "1..0 # SKIP needs a switch\n"),
        (CaseEnd::Exit(4), "no reason given\n"),
        (CaseEnd::Exit(4), "KTAP version 1\n1..1\nnot ok 1 a\n# SKIP late\n"),
        (CaseEnd::Signal(11), ""),
        (CaseEnd::TimedOut, "# waiting for mem0\n"),
        (CaseEnd::NotStarted, "exec format error\n"),
    ];
    let all: Vec<_> = ends
        .into_iter()
        .map(|(end, output)| {
            let report = ended(&run("c", Some(end), output), end);
            format!("{end:?}: {} {}", report.outcome, report.reason).trim_end().to_owned()
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    Exit(0): pass
    Exit(0): pass
    Exit(0): fail exit status 0, but not ok: b
    Exit(0): fail exit status 0, but not-run: test 2 (its result never came)
    Exit(0): fail exit status 0, but 0 tests were run
    Exit(0): skip nothing to see
    Exit(0): skip no device
    Exit(0): fail skips everything without a reason
    Exit(1): fail exit status 1: not ok: b (it broke)
    Exit(1): fail exit status 1: mem0 is missing
    Exit(1): fail exit status 1: only a line
    Exit(127): fail exit status 127
    Exit(4): skip needs a switch
    Exit(4): skip needs a switch
    Exit(4): fail exit status 4 (skip) without a `# SKIP` reason: no reason given
    Exit(4): fail exit status 4 (skip), but not ok: a
    Signal(11): fail killed by SIGSEGV
    TimedOut: timeout still running at its deadline of 60 s: waiting for mem0
    NotStarted: fail could not be started: exec format error
    ");
}

#[test]
fn a_long_reason_ends_behind_a_word() {
    let end = CaseEnd::Exit(1);
    let reason = ended(&run("c", Some(end), &"word ".repeat(100)), end).reason;
    assert!(reason.ends_with(" word…") && reason.chars().count() <= 300, "{reason}");
}

#[test]
fn a_timeout_says_who_waits_where() {
    let reason = |output: &str| ended(&run("c", Some(CaseEnd::TimedOut), output), CaseEnd::TimedOut).reason;
    let killed =
        "# waiting for mem0\n\n# killed at its deadline; the processes then (pid, name, state, wait):\n";
    let sleeps = "#   61 sh S do_wait\n#   70 sleep S hrtimer_nanosleep\n";
    let hangs = "#   62 sh D device_del\n#       device_del+0x3c/0x3a0\n#       device_unregister+0x13/0x60\n#       __devm_cxl_add_memdev+0x1/0x2 [cxl_core]\n#       entry_SYSCALL_64_after_hwframe+0x4b/0x53\n";
    let prefix = "still running at its deadline of 60 s: ";
    assert_eq!(reason(&format!("{killed}{sleeps}")), format!("{prefix}waiting for mem0"));
    assert_eq!(
        reason(&format!("{killed}{sleeps}{hangs}")),
        format!("{prefix}sh in device_del, from __devm_cxl_add_memdev")
    );
    let no_place = hangs.replace("D device_del", "D 0").replace(" [cxl_core]", "");
    assert_eq!(
        reason(&format!("{killed}{no_place}")),
        format!("{prefix}sh in device_del, from device_unregister")
    );
}

#[test]
fn what_comes_after_a_case_that_hangs_says_so() {
    let hangs = CaseRun { left: true, ..run("one", Some(CaseEnd::TimedOut), "") };
    insta::assert_snapshot!(shown(&boot(vec![hangs, run("two", None, "")], BOOT, VmEnd::Dead)), @r"
    = fail
    timeout one still running at its deadline of 60 s
    not-run two case one cannot be killed, and what it holds in the kernel would spoil those after it
    ");
}

#[test]
fn all_passed_and_all_skipped() {
    let pass = run("one", Some(CaseEnd::Exit(0)), "");
    let skip = run("two", Some(CaseEnd::Exit(4)), "# SKIP needs a switch\n");
    insta::assert_snapshot!(shown(&boot(vec![pass, skip.clone()], BOOT, VmEnd::PoweredOff)), @r"
    = pass
    pass    one
    skip    two needs a switch
    ");
    insta::assert_snapshot!(shown(&boot(vec![skip], BOOT, VmEnd::PoweredOff)), @r"
    = skip needs a switch
    skip    two needs a switch
    ");
}

#[test]
fn a_panic_is_the_crash_of_its_case_and_the_rest_is_not_run() {
    let console = format!("{BOOT}[    2.000000] Kernel panic - not syncing: sysrq triggered crash\n");
    insta::assert_snapshot!(shown(&boot(vec![begun("one"), run("two", None, "")], &console, VmEnd::Reset)), @r#"
    = fail
    crash   one the kernel died: Kernel panic: sysrq triggered crash
    not-run two the kernel died: Kernel panic: sysrq triggered crash, in case one
    splat Kernel panic: sysrq triggered crash (case Some("one"))
    "#);
}

#[test]
fn a_begin_that_only_the_console_knows_counts() {
    let console = format!("{BOOT}[    2.000000] Kernel panic - not syncing: at once\n");
    insta::assert_snapshot!(shown(&boot(vec![run("one", None, "")], &console, VmEnd::Reset)), @r#"
    = fail
    crash   one the kernel died: Kernel panic: at once
    splat Kernel panic: at once (case Some("one"))
    "#);
}

#[test]
fn a_warning_in_a_case_that_passes_is_red() {
    let console =
        format!("{BOOT}[    2.000000] WARNING: CPU: 0 PID: 1 at a.c:1 cxl_bad+0x1/0x2 [cxl_core]\n");
    insta::assert_snapshot!(
        shown(&boot(vec![run("one", Some(CaseEnd::Exit(0)), "")], &console, VmEnd::PoweredOff)), @r#"
    = fail
    pass    one
    splat WARNING in cxl_bad (case Some("one"))
    "#);
}

#[test]
fn hang_agent_lost_and_qemu_died_are_told_apart() {
    let ends = [
        VmEnd::Deadline { ms: 90_000 },
        VmEnd::PoweredOff,
        VmEnd::Reset,
        VmEnd::Dead,
        VmEnd::QemuDied { how: "SIGSEGV".to_owned(), stderr: String::new() },
        VmEnd::QemuDied { how: "SIGKILL".to_owned(), stderr: String::new() },
        VmEnd::Interrupted,
    ];
    let all: Vec<_> = ends
        .into_iter()
        .map(|end| {
            format!("{end:?}\n{}", shown(&boot(vec![begun("one"), run("two", None, "")], BOOT, end.clone())))
        })
        .collect();
    insta::assert_snapshot!(all.join("\n\n"), @r#"
    Deadline { ms: 90000 }
    = fail
    timeout one the guest hung: no end of the case, killed at its deadline of 90 s
    not-run two the guest hung until its deadline of 90 s, in case one

    PoweredOff
    = fail
    crash   one the agent was lost: the guest powered off during the case
    not-run two the agent was lost: the guest powered off early, in case one

    Reset
    = fail
    crash   one the guest was reset
    not-run two the kernel died, in case one

    Dead
    = fail
    crash   one the kernel died
    not-run two the kernel died, in case one

    QemuDied { how: "SIGSEGV", stderr: "" }
    = fail
    crash   one QEMU died: SIGSEGV
    not-run two QEMU died: SIGSEGV, in case one

    QemuDied { how: "SIGKILL", stderr: "" }
    = infrastructure error QEMU was killed (SIGKILL): by somebody, or for want of memory
    not-run one QEMU was killed (SIGKILL): by somebody, or for want of memory
    not-run two QEMU was killed (SIGKILL): by somebody, or for want of memory, in case one

    Interrupted
    = fail interrupted
    not-run one interrupted
    not-run two interrupted
    "#);
}

#[test]
fn a_guest_that_never_came_up() {
    let died = |stderr: &str| VmEnd::QemuDied { how: "exit status 1".to_owned(), stderr: stderr.to_owned() };
    let boots = [
        (BOOT.split_inclusive('\n').next().unwrap_or_default(), VmEnd::Deadline { ms: 90_000 }),
        (
            "[    0.000000] Linux version 6.12.0\n[    1.000000] Kernel panic - not syncing: No working init found.\n",
            VmEnd::Reset,
        ),
        ("", died("qemu-system-x86_64: unsupported machine type\n")),
        ("[    0.000000] Linux version 6.12.0\n", died("")),
        ("", VmEnd::Deadline { ms: 90_000 }),
    ];
    let all: Vec<_> = boots
        .into_iter()
        .map(|(console, end)| {
            shown(&Transcript { release: None, ..boot(vec![run("one", None, "")], console, end) })
        })
        .collect();
    insta::assert_snapshot!(all.join("\n\n"), @r"
    = fail
    not-run one the guest never came up: no hello of the agent within 90 s

    = fail
    not-run one the kernel died before the agent's hello: Kernel panic: No working init found.
    splat Kernel panic: No working init found. (case None)

    = infrastructure error QEMU could not start: exit status 1: qemu-system-x86_64: unsupported machine type
    not-run one QEMU died: exit status 1: qemu-system-x86_64: unsupported machine type

    = fail
    not-run one QEMU died: exit status 1

    = fail the console log is empty: it could not be scanned for splats
    not-run one the guest never came up: no hello of the agent within 90 s
    ");
}

#[test]
fn an_empty_console_is_red_even_when_all_passed() {
    insta::assert_snapshot!(shown(&boot(vec![run("one", Some(CaseEnd::Exit(0)), "")], "", VmEnd::PoweredOff)), @r"
    = fail the console log is empty: it could not be scanned for splats
    fail    one the mark of its begin is not on the console, which was silenced or lost
    ");
}

#[test]
fn all_passed_and_the_guest_does_not_power_off() {
    let cases = vec![run("one", Some(CaseEnd::Exit(0)), "")];
    insta::assert_snapshot!(shown(&boot(cases, BOOT, VmEnd::Deadline { ms: 90_000 })), @r"
    = fail the guest did not power off: killed at its deadline of 90 s
    pass    one
    ");
}

#[test]
fn what_the_console_lost_makes_a_green_boot_red() {
    let lines = [
        "** 12 printk messages dropped **",
        "__warn: 12 callbacks suppressed",
        "kmemleak: Kernel memory leak detector disabled",
        "Disabling lock debugging due to kernel taint",
        "cxl_mem mem0: nothing was lost",
    ];
    let judged = lines.map(|line| {
        let console = format!("{BOOT}[    2.000000] {line}\n");
        shown(&boot(vec![run("one", Some(CaseEnd::Exit(0)), "")], &console, VmEnd::PoweredOff))
    });
    insta::assert_snapshot!(judged.join("\n"), @r"
    = fail line 3 of the console: the kernel dropped messages: ** 12 printk messages dropped **
    pass    one
    = fail line 3 of the console: messages were suppressed: __warn: 12 callbacks suppressed
    pass    one
    = fail line 3 of the console: kmemleak went off: kmemleak: Kernel memory leak detector disabled
    pass    one
    = fail line 3 of the console: lockdep went off: Disabling lock debugging due to kernel taint
    pass    one
    = pass
    pass    one
    ");
    // Beside a splat it is told.
    let console = format!(
        "{BOOT}[    2.000000] WARNING: CPU: 0 PID: 1 at a.c:1 cxl_bad+0x1/0x2\n[    2.100000] __warn: 12 callbacks suppressed\n"
    );
    let transcript = boot(vec![run("one", Some(CaseEnd::Exit(0)), "")], &console, VmEnd::PoweredOff);
    let judged = judge(&transcript, &Asserted::default(), &Expectations::default());
    assert_eq!(
        judged.notes,
        ["line 4 of the console: messages were suppressed: __warn: 12 callbacks suppressed"]
    );
}

/// kernlog depends on nothing of ours, and so knows the agent's marker by itself.
#[test]
fn the_markers_of_the_agent_are_those_that_the_log_is_read_by() {
    let mut markers = Markers::new(&[3; 32], 4);
    let log = ["one", "two"].map(|case| {
        let [begin, end] = ["begin", "end"].map(|what| markers.write(what, case));
        format!("[    1.000000] {begin}\n[    1.500000] {end}\n")
    });
    let read = |anchor: &str| {
        let scan = scan_log(log.concat().as_bytes(), Some(anchor));
        (scan.cases.iter().map(|lines| (lines.begin, lines.end)).collect::<Vec<_>>(), scan.forged.len())
    };
    assert_eq!(read(markers.anchor()), (vec![(1, Some(2)), (3, Some(4))], 0));
    assert_eq!(read(Markers::new(&[4; 32], 4).anchor()), (vec![], 4));
}
