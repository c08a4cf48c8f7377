//! Which headings are one event, and which are two.

use super::scan;

const FAULT: &str = "BUG: unable to handle page fault for address: ffffc90000a00000";
const OOPS: &str = "Oops: 0000 [#1] SMP NOPTI";
const KASAN: &str = "BUG: KASAN: slab-use-after-free in first+0x1/0x2 [cxl_core]";
const WARN: &str = "WARNING: CPU: 0 PID: 1 at drivers/cxl/core/port.c:12 first+0x1/0x2";
const CUT: &str = "------------[ cut here ]------------";
const SLAB: &str = "BUG kmalloc-64 (Not tainted): Poison overwritten";
const PANIC: &str = "Kernel panic - not syncing: a sample says so";
const CPU: &str = "CPU: 0 UID: 0 PID: 1 Comm: sh Not tainted 6.12 #1";
const TRACE: &str = "Call Trace:";
const POINTER: &str = "RIP: 0010:second+0x1/0x2";

/// Frames of a trace.
fn frames(count: usize) -> String {
    (0..count).map(|at| format!(" frame_{at}+0x1/0x2\n")).collect()
}

/// Lines that are nothing of a report.
fn quiet(count: usize) -> String {
    "nothing\n".repeat(count)
}

/// The reports of a log: line, title.
fn reports(log: &str) -> String {
    let log: String = log.lines().map(|line| format!("[    5.000000] {line}\n")).collect();
    let splats = scan(log.as_bytes());
    splats.iter().map(|splat| format!("{}: {}", splat.line, splat.title)).collect::<Vec<_>>().join("; ")
}

fn shown(logs: &[(&str, String)]) -> String {
    logs.iter().map(|(what, log)| format!("{what} = {}", reports(log))).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_panic_is_the_end_of_what_can_kill() {
    let shown = shown(&[
        ("after a BUG", format!("{FAULT}\n{CPU}\n{TRACE}\n{}{PANIC}\n", frames(3))),
        ("after a WARNING", format!("{WARN}\n{CPU}\n{TRACE}\n{}{PANIC}\n{CPU}\n", frames(3))),
        (
            "its own stack, after a trace",
            format!(
                "{FAULT}\n{CPU}\n{TRACE}\n dump_stack+0x1/0x2\n panic+0x1/0x2\n memcpy+0x1/0x2\n{PANIC}\n{TRACE}\n third+0x1/0x2\n"
            ),
        ),
        (
            "its own stack, after registers",
            format!("{FAULT}\nRIP: 0010:memcpy+0x1/0x2\n{PANIC}\n{TRACE}\n third+0x1/0x2\n"),
        ),
        (
            "its own stack, after two frames",
            format!("{FAULT}\n{TRACE}\n memcpy+0x1/0x2\n memset+0x1/0x2\n{PANIC}\n{TRACE}\n third+0x1/0x2\n"),
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn the_numbered_line_belongs_to_the_report_before_it() {
    let shown = shown(&[
        ("near", format!("{FAULT}\n{CPU}\n{}{OOPS}\n{CPU}\n", quiet(20))),
        (
            "far, with a trace between",
            format!("{FAULT}\n{CPU}\n{TRACE}\n{}{OOPS}\n{CPU}\n{POINTER}\n", frames(30)),
        ),
        ("far, and nothing between", format!("{FAULT}\n{}{OOPS}\n{CPU}\n{POINTER}\n", quiet(30))),
        ("a second one", format!("{FAULT}\n{OOPS}\nOops: 0000 [#2] SMP NOPTI\n{CPU}\n{POINTER}\n")),
        ("after a WARNING", format!("{WARN}\n{OOPS}\n{CPU}\n{POINTER}\n")),
        (
            "KASAN, then at once",
            format!("{KASAN}\n{CPU}\n{TRACE}\n{}{}{OOPS}\n{CPU}\n{POINTER}\n", frames(30), quiet(12)),
        ),
        (
            "KASAN, then later",
            format!("{KASAN}\n{CPU}\n{TRACE}\n{}{}{OOPS}\n{CPU}\n{POINTER}\n", frames(30), quiet(13)),
        ),
        (
            "hung task, then at once",
            format!(
                "INFO: task sh:77 blocked for more than 20 seconds.\n{TRACE}\n{}{OOPS}\n{CPU}\n{POINTER}\n",
                frames(30)
            ),
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn what_leads_up_to_a_report() {
    let refcount = "refcount_t: underflow; use-after-free.";
    let kfence = "BUG: KFENCE: use-after-free read in first+0x1/0x2";
    let shown = shown(&[
        ("a BUG", format!("{CUT}\nkernel BUG at drivers/cxl/core/port.c:12!\n{CPU}\n{POINTER}\n")),
        ("nothing but the mark, and anything", format!("{CUT}\n{kfence}\n{CPU}\n")),
        ("a word, and a WARNING", format!("{CUT}\n{refcount}\n{WARN}\n{CPU}\n")),
        ("a word, and another kind", format!("{refcount}\n{kfence}\n{CPU}\n{TRACE}\n{}", frames(2))),
        ("far away", format!("{refcount}\n{}{WARN}\n{CPU}\n{TRACE}\n{}", quiet(26), frames(2))),
        ("at the last line", format!("{refcount}\n{}{WARN}\n{CPU}\n{TRACE}\n{}", quiet(24), frames(2))),
        (
            "after its trace",
            format!("{refcount}\n{CPU}\n{TRACE}\n{}{WARN}\n{CPU}\n{TRACE}\n{}", frames(2), frames(2)),
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn what_faults_while_it_reports() {
    let shown = shown(&[
        ("KASAN", format!("{KASAN}\n{CPU}\n{TRACE}\n{}{FAULT}\n{OOPS}\n{CPU}\n", frames(3))),
        (
            "KASAN, twice",
            format!(
                "{KASAN}\n{CPU}\n{TRACE}\n{}{FAULT}\n{OOPS}\n{CPU}\n{FAULT}\n{CPU}\n{TRACE}\n{}",
                frames(3),
                frames(2)
            ),
        ),
        (
            "KASAN, and a WARNING",
            format!("{KASAN}\n{CPU}\n{TRACE}\n{}{WARN}\n{CPU}\n{TRACE}\n{}", frames(3), frames(2)),
        ),
        (
            "an oops",
            format!("{FAULT}\n{OOPS}\n{CPU}\n{TRACE}\n{}{FAULT}\n{CPU}\n{TRACE}\n{}", frames(3), frames(2)),
        ),
        ("a slab, without a trace", format!("{SLAB}\n{}{WARN}\n{CPU}\n{TRACE}\n{}", quiet(20), frames(2))),
        (
            "a slab, with a trace",
            format!("{SLAB}\n{CPU}\n{TRACE}\n{}{WARN}\n{CPU}\n{TRACE}\n{}", frames(3), frames(2)),
        ),
        (
            "a slab, and a BUG",
            format!("{SLAB}\n{}kernel BUG at mm/slub.c:12!\n{CPU}\n{TRACE}\n{}", quiet(5), frames(2)),
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn a_heading_once_more_in_the_next_lines() {
    let inlined = "BUG: KASAN: slab-use-after-free in second+0x1/0x2 [cxl_core]";
    let message = "UBSAN: array-index-out-of-bounds in drivers/cxl/core/port.c:12:3";
    let shown = shown(&[
        ("inlined", format!("{KASAN}\n{inlined}\n{CPU}\n")),
        ("inlined, four lines on", format!("{KASAN}\n{}{inlined}\n{CPU}\n", quiet(3))),
        ("inlined, five lines on", format!("{KASAN}\n{}{inlined}\n{CPU}\n", quiet(4))),
        ("after its trace", format!("{KASAN}\n{CPU}\n{inlined}\n{CPU}\n")),
        ("of another title", format!("{KASAN}\nBUG: KASAN: double-free in second+0x1/0x2\n{CPU}\n")),
        ("a WARNING and its message", format!("{WARN}\n{message}\n{CPU}\n{TRACE}\n{}", frames(2))),
        ("a WARNING twice", format!("{WARN}\n{}{WARN}\n{CPU}\n{TRACE}\n{}", quiet(5), frames(2))),
        (
            "a WARNING and words of a driver's",
            format!("{WARN}\nBUG: a sample is in state 12\n{CPU}\n{TRACE}\n{}", frames(2)),
        ),
    ]);
    insta::assert_snapshot!(shown);
}
