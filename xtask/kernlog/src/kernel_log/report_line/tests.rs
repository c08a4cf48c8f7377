//! What lines of reports are read as.

use super::*;

fn shown(line: &str) -> String {
    let of = |place: &Place| format!("{} {:?}", place.function, place.module);
    match read(line.as_bytes()) {
        ReportLine::Frame { place, sure, caller, below } => {
            let caller = caller.map(|caller| format!(" from {}", of(&caller))).unwrap_or_default();
            let below = if below { " below" } else { "" };
            format!("frame {} {sure}{caller}{below}", of(&place))
        }
        ReportLine::Interrupted(place) => format!("interrupted {}", of(&place)),
        ReportLine::Pointer(place) => format!("pointer {}", of(&place)),
        ReportLine::LockAt(place) => format!("lock {}", of(&place)),
        other => format!("{other:?}"),
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn lines_of_all_architectures() {
    let lines = [
        " cxl_probe+0x12/0x34 [cxl_core]",
        " ? cxl_probe.isra.0+0x12/0x34 [cxl_core(OE)]",
        " [<ffffffff81234567>] ? warn_slowpath+0x9b/0xb0",
        " [<600214c5>] os_is_signal_stack+0x15/0x30",
        " cxl_probe+0x12/0x34 [cxl_core 0123456789abcdef] (P)",
        " kmalloc include/linux/slab.h:600 [inline]",
        " do_one+0x1/0x2 init/main.c:12",
        "[<c010>] (unwind_backtrace) from [<c020>] (show_stack+0x10/0x14)",
        "[<bf25>] (p_enter [p_lkrg]) from [<c022>] (pre_handler+0xa8/0x170)",
        " unwind_backtrace from show_stack+0x10/0x14",
        "RIP: 0010:cxl_probe+0x12/0x34 [cxl_core]",
        "RIP: 0010:[<ffffffff81234567>]  [<ffffffff81234567>] cxl_probe+0x12/0x34",
        "RIP: 0033:0x7f0011223344",
        "RIP: 0010:0x0",
        "pc : cxl_probe+0x12/0x34 [cxl_core]",
        "epc : cxl_probe+0x12/0x34",
        "PC is at cxl_probe+0x12/0x34",
        "ffff8880 (&dev->mutex){....}-{4:4}, at: cxl_probe+0x1/0x2 [cxl_core]",
        "lr : cxl_bus_probe+0x12/0x34 [cxl_core]",
        " abort+0x0/0x4",
        "     last function: cxl_work [cxl_core]",
        "     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=cxl_work",
        "Call Trace:",
        " <TASK>",
        "CPU: 0 UID: 0 PID: 1 Comm: init Not tainted 6.12 #1",
        "Allocated by task 1:",
        "---[ end trace 0000000000000000 ]---",
        "function names in prose +0x",
        "RSP: 0018:ffffc900 EFLAGS: 00010246",
    ];
    insta::assert_snapshot!(lines.map(shown).join("\n"), @r#"
    frame cxl_probe Some("cxl_core") true
    frame cxl_probe Some("cxl_core") false
    frame warn_slowpath None false
    frame os_is_signal_stack None true
    interrupted cxl_probe Some("cxl_core")
    frame kmalloc None true
    frame do_one None true
    frame unwind_backtrace None true from show_stack None
    frame p_enter Some("p_lkrg") true from pre_handler None
    frame unwind_backtrace None true from show_stack None
    pointer cxl_probe Some("cxl_core")
    pointer cxl_probe None
    Evidence
    Evidence
    pointer cxl_probe Some("cxl_core")
    pointer cxl_probe None
    pointer cxl_probe None
    lock cxl_probe Some("cxl_core")
    frame cxl_bus_probe Some("cxl_core") false
    frame abort None false
    lock cxl_work Some("cxl_core")
    lock cxl_work None
    TraceStart
    Evidence
    Cpu
    OtherStacks
    End
    Other
    Other
    "#);
}

#[test]
fn memory_below_its_address() {
    let bytes = "fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb";
    for line in [
        format!(" ffff888007a8c700: {bytes}"),
        format!(">ffff8880: {bytes}"),
        "c0102030: 00 04 fa fa fa fa fa fa".to_owned(),
    ] {
        assert_eq!(shown(&line), "Evidence", "{line}");
    }
    let nearly = [
        "ffff888007a8c700: fb fb fb fb fb fb fb",
        "ffff888007a8c70: fb fb fb fb fb fb fb fb",
        "ffff888007a8c7xx: fb fb fb fb fb fb fb fb",
        "ffff888007a8c700: fb fb fb fb fb fb fb f",
        "ffff888007a8c700 fb fb fb fb fb fb fb fb",
        "ffff888007a8c700: no bytes of memory here at all it seems",
    ];
    for line in nearly {
        assert_eq!(shown(line), "Other", "{line}");
    }
}

#[test]
fn what_is_nearly_a_frame() {
    let lines = [
        "<EOI> f+0x1/0x2",
        "<<EOE>> f+0x1/0x2",
        "<123456> f+0x1/0x2",
        "<1234567> f+0x1/0x2",
        "[0xc010] f+0x1/0x2",
        "[] f+0x1/0x2",
        "[zz] f+0x1/0x2",
        "0f+0x1/0x2",
        "f+0x/0x2",
        "f+0xzz/0x2",
        "f+0x1/0xzz",
        "? f+0x1/0x2 (U)",
        "f+0x1/0x2 (U)",
        "f+0x1/0x2 [cxl-core]",
        "f+0x1/0x2 []",
        "prose words from f+0x1/0x2",
        "f [x from g+0x1/0x2",
        "f x]) from g+0x1/0x2",
        "f from g",
        "found foo.c:12",
        "f (foo.c:12)",
        "f [inline]",
        "f foo.rs:12 [inline]",
    ];
    insta::assert_snapshot!(lines.map(shown).join("\n"), @r#"
    frame f None true below
    frame f None true below
    frame f None true
    Other
    frame f None true
    Other
    Other
    Other
    Other
    Other
    Other
    frame f None false
    frame f None false
    frame f Some("cxl-core") true
    frame f None true
    Other
    Other
    Other
    Other
    Other
    frame f None true
    Other
    frame f None true
    "#);
    let long = |len: usize| shown(&format!("{}+0x1/0x2", "f".repeat(len)));
    assert!(long(200).starts_with("frame fff") && long(201) == "Other");
}

#[test]
fn where_a_processor_was() {
    let lines = [
        "NIP [c000000000012345] f+0x1/0x2",
        "NIP:  c000000000012345 LR: c000",
        "EIP: 001:f+0x1/0x2",
        "EIP: f+0x1/0x2 and more",
        "Krnl PSW : 0704c00180000000 000003ff (f+0x1/0x2 [cxl_core])",
        "PC is at f+0x1/0x2 [cxl_core]",
        "LR is at f+0x1/0x2",
        "IP: [<ffffffff81234567>] f+0x1/0x2",
    ];
    insta::assert_snapshot!(lines.map(shown).join("\n"), @r#"
    pointer f None
    Other
    Other
    pointer f None
    pointer f Some("cxl_core")
    pointer f Some("cxl_core")
    frame f None false
    pointer f None
    "#);
}

#[test]
fn what_follows_and_what_only_reports_have() {
    let lines = [
        "Preemption disabled at:",
        "sh/77 is trying to release lock (&lock) at:",
        "{HARDIRQ-ON-W} state was registered at:",
        "Freed by task 7:",
        "-> #1 (&lock){+.+.}-{4:4}:",
        "-> #0 (&lock){+.+.}-{4:4}:",
        "</IRQ>",
        "<IRQ>",
        "<TASK>",
        "<FOO>",
        "Stack:",
        "CPU: 0 PID: 1 Comm: sh",
        "CPU: 0 is online",
        "CPU: all PID: 1",
        "Pid: 1, comm: sh",
        "Pid: none",
        "in-flight: 77:cxl_work [cxl_core] for 168s ,78:other",
        "in-flight: none",
        "#0: ff (&lock){+.+.}-{4:4}, at: f+0x1/0x2",
        "lock at: {x} at: f+0x1/0x2",
    ];
    insta::assert_snapshot!(lines.map(shown).join("\n"), @r#"
    NextIsOther
    NextIsLock
    OtherStacks
    OtherStacks
    OtherStacks
    TraceStart
    InterruptEnds
    Evidence
    Evidence
    Other
    Evidence
    Cpu
    Other
    Other
    Cpu
    Other
    lock cxl_work Some("cxl_core")
    Other
    lock f None
    lock f None
    "#);
}
