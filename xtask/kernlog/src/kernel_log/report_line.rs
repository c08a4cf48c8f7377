//! Lines within a report: frames, instruction pointers, registers, ends.

use super::helpers::plain_name;

/// A function that a line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub function: String,
    pub module: Option<String>,
}

/// What a line of a report is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReportLine {
    /// A frame of a trace; not `sure` when the unwinder marked it with `?`. Arm's also names the caller. It is `below` where the
    /// mark of an interrupt's end stands before it.
    Frame { place: Place, sure: bool, caller: Option<Place>, below: bool },
    /// The frame that an exception interrupted, marked `(P)`: arch/arm64/kernel/stacktrace.c, since 6.13.
    Interrupted(Place),
    /// Where the CPU was: x86 `RIP:`, arm64 `pc :`, riscv `epc :`.
    Pointer(Place),
    /// The frames of the interrupt end here: those below are of what it interrupted. x86 marks its stacks,
    /// arch/x86/kernel/dumpstack.c, show_trace_log_lvl(); before 4.9 `<EOI>` stands before the first frame of the other stack.
    InterruptEnds,
    /// The next line names who did something else, at another time.
    NextIsOther,
    /// The next line names who is at a lock: `sh/77 is trying to release lock (&lock) at:`.
    NextIsLock,
    /// lockdep's `…, at: function`.
    LockAt(Place),
    /// `Call Trace:`.
    TraceStart,
    /// Stacks from here on are those of others: who allocated, who freed.
    OtherStacks,
    /// `CPU: 0 PID: 1 Comm: …`.
    Cpu,
    /// What reports contain and little else does: registers, code, modules.
    Evidence,
    /// `---[ end trace …`.
    End,
    /// Anything else.
    Other,
}

/// Beginnings of lines after which stacks are those of others.
const OTHERS: [&str; 18] = [
    "Allocated by task",
    "Freed by task",
    "Allocated in ",
    "Freed in ",
    "Allocated:",
    "Freed:",
    "Last potentially related",
    "Second to last potentially",
    "allocated by task",
    "freed by task",
    "Uninit was ",
    "Local variable ",
    "Showing all locks held",
    "Showing busy workqueues",
    "Memory state around",
    // kernel/locking/lockdep.c: how the lock was taken at other times.
    "... which became ",
    "the dependencies between ",
    "-> #",
];

/// Beginnings of lines that only reports have.
const EVIDENCE: [&str; 9] =
    ["CPU#", "RAX: ", "RIP: ", "Hardware name: ", "Modules linked in:", "Code: ", "sp : ", "x29: ", "Stack:"];

/// Marks below which the frames are those of what was interrupted.
const INTERRUPT_ENDS: [&str; 5] = ["</IRQ>", "</SOFTIRQ>", "</NMI>", "<<EOE>>", "<EOI>"];

/// Beginnings of lines below which a trace of its own stands. The last link of lockdep's chain is the lock that is being taken.
const TRACES: [&str; 7] = [
    "Call Trace:",
    "Call trace:",
    "stack backtrace:",
    "Stack backtrace:",
    "Backtrace:",
    "backtrace",
    "-> #0 (",
];

/// Reads a line without its prefix.
pub(super) fn read(body: &[u8]) -> ReportLine {
    // Frames are ASCII; a line that is not is none, and its loss is none.
    let Ok(text) = std::str::from_utf8(body) else { return ReportLine::Other };
    let text = text.trim();
    if text.starts_with("---[ end ") {
        return ReportLine::End;
    }
    place(text).unwrap_or_else(|| section(text))
}

/// What a line is that names a function.
fn place(text: &str) -> Option<ReportLine> {
    if let Some(place) = pointer(text) {
        return Some(ReportLine::Pointer(place));
    }
    // Who called where the CPU was: as good as a frame that may be left over from earlier.
    let called = ["lr : ", "LR is at "].iter().find_map(|start| text.strip_prefix(start));
    if let Some((place, _)) = called.and_then(frame) {
        return Some(ReportLine::Frame { place, sure: false, caller: None, below: false });
    }
    if let Some((place, sure)) = frame(text) {
        if text.ends_with(" (P)") {
            return Some(ReportLine::Interrupted(place));
        }
        let caller = text.split_once(" from ").and_then(|(_, caller)| frame(caller.trim()));
        let below = text.starts_with("<EOI>") || text.starts_with("<<EOE>>");
        return Some(ReportLine::Frame { place, sure, caller: caller.map(|(place, _)| place), below });
    }
    let at = text.split_once(", at: ").or_else(|| text.split_once("} at: "));
    let at = at.and_then(|(_, at)| frame(at)).map(|(place, _)| place);
    at.or_else(|| work_function(text)).map(ReportLine::LockAt)
}

/// What a line is that says what follows, or what only reports have.
fn section(text: &str) -> ReportLine {
    let starts = |with: &[&str]| with.iter().any(|start| text.starts_with(start));
    if text.starts_with("Preemption disabled at:") {
        ReportLine::NextIsOther
    } else if text.ends_with(") at:") {
        ReportLine::NextIsLock
    } else if starts(&TRACES) {
        ReportLine::TraceStart
    } else if is_cpu_line(text) {
        ReportLine::Cpu
    } else if starts(&OTHERS) || text.ends_with("state was registered at:") {
        ReportLine::OtherStacks
    } else if INTERRUPT_ENDS.contains(&text) {
        ReportLine::InterruptEnds
    } else if starts(&EVIDENCE) || text == "<TASK>" || text == "<IRQ>" || is_memory(text) {
        ReportLine::Evidence
    } else {
        ReportLine::Other
    }
}

/// The function of a work that left something locked, `%ps` of kernel/workqueue.c, process_one_work(): `last function: cxl_work`,
/// since 6.10 `preempt=0x00000000 lock=0->1 RCU=0->0 workfn=cxl_work [cxl_core]`; and of one that goes on too long, by
/// pr_cont_work() there: `in-flight: 77:cxl_work for 168s`.
fn work_function(text: &str) -> Option<Place> {
    let since = || text.strip_prefix("preempt=")?.split_once(" workfn=").map(|(_, function)| function);
    let flight =
        || text.strip_prefix("in-flight: ")?.split_once(':')?.1.split(',').next()?.split(" for ").next();
    let function = text.strip_prefix("last function: ").or_else(since).or_else(flight)?.trim();
    let (function, module) = function.split_once(" [").unwrap_or((function, ""));
    Some(Place { function: plain_name(function).to_owned(), module: module_name(module) })
}

/// Bytes of memory below their address, as KASAN ends its reports with what is known of them, the bad ones behind a `>`
/// (mm/kasan/report.c, print_memory_metadata()): `>ffff888007a8c780: fb fb fb fb fb fb fb fb`.
fn is_memory(text: &str) -> bool {
    let Some((address, bytes)) = text.trim_start_matches('>').split_once(": ") else { return false };
    let hex = |word: &str| word.bytes().all(|b| b.is_ascii_hexdigit());
    let bytes = || bytes.split(' ');
    matches!(address.len(), 8 | 16)
        && hex(address)
        && bytes().count() >= 8
        && bytes().all(|byte| byte.len() == 2 && hex(byte))
}

/// `CPU: 0 PID: 1 Comm: sh`, `Pid: 1, comm: sh`.
fn is_cpu_line(text: &str) -> bool {
    let number = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    text.strip_prefix("CPU: ").is_some_and(|rest| number(rest) && rest.contains(" PID: "))
        || text.strip_prefix("Pid: ").is_some_and(number)
}

fn pointer(text: &str) -> Option<Place> {
    const STARTS: [&str; 11] =
        ["RIP", "EIP is at", "EIP", "pc :", "PC is at", "epc", "NIP", "PC:", "IP:", "ERA:", "Krnl PSW :"];
    let rest = STARTS.iter().find_map(|start| text.strip_prefix(start))?;
    // `: 0010:`, `  [<ffffffff81>]  [<ffffffff81>] `, ` [c0000000] `, `   : 80123456 `, ` 07 00 (` stand between.
    let mut rest = rest.trim_start_matches([' ', ':']);
    while let Some((word, after)) = rest.split_once([' ', ':']) {
        let number = word.trim_start_matches(['[', '<', '(']).trim_end_matches([']', '>']);
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_hexdigit()) || number.len() < 4 {
            break;
        }
        rest = after.trim_start();
    }
    frame(rest.trim_start_matches('(')).map(|(place, _)| place)
}

/// Takes off what may stand before a function: `<IRQ>`, `[<addr>]`, `[c000] [c000]`.
fn without_address(mut text: &str) -> &str {
    loop {
        let rest = match text.as_bytes().first() {
            Some(b'<') => text.split_once('>').filter(|(mark, _)| mark.len() < 8).map(|(_, rest)| rest),
            Some(b'[') => text
                .split_once(']')
                .filter(|(inner, _)| {
                    let inner = inner.trim_start_matches(['[', '<']).trim_end_matches('>');
                    !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_hexdigit() || b == b'x')
                })
                .map(|(_, rest)| rest),
            _ => None,
        };
        match rest {
            Some(rest) => text = rest.trim_start_matches([' ', '>']),
            None => return text,
        }
    }
}

/// `[<addr>] ? function+0x1/0x2 [module]`, with or without each part but the offset; also the symbolised
/// forms `function file.c:12 [inline]` and `function (file.c:12)`, and arm's `(function) from [<addr>] (caller)`.
fn frame(text: &str) -> Option<(Place, bool)> {
    let text = without_address(text);
    let (text, mut sure) = match text.strip_prefix("? ") {
        Some(rest) => (rest, false),
        None => (text, true),
    };
    let text = text.strip_prefix('(').unwrap_or(text);
    let end =
        text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b"_.$".contains(&b))).unwrap_or(text.len());
    let (symbol, rest) = text.split_at(end);
    let first = symbol.bytes().next()?;
    if first.is_ascii_digit() || symbol.len() > 200 {
        return None;
    }
    let rest = if let Some(offset) = rest.strip_prefix("+0x") {
        let (here, size) = offset.split_once("/0x")?;
        let hex = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit());
        // Where a call that never returns is the last of its function, the address to return to is the next function's.
        sure &= here != "0";
        let digits = size.bytes().take_while(u8::is_ascii_hexdigit).count();
        if !hex(here) || digits == 0 {
            return None;
        }
        &size[digits..]
    } else if is_symbolised(rest) {
        rest
    } else if let Some((callee, caller)) = rest.split_once(" from ")
        && is_callee(callee)
    {
        frame(caller.trim())?;
        callee
    } else {
        return None;
    };
    // arm64 marks the pointer itself with (P) and (U), (K), (T) for less; only `?` is doubt.
    sure &= !rest.contains(" (U)");
    let module = rest.rsplit('[').next().filter(|_| rest.contains('[')).and_then(module_name);
    Some((Place { function: plain_name(symbol).to_owned(), module }, sure))
}

/// What stands between a function and ` from `: nothing, `)`, or ` [module])`.
fn is_callee(text: &str) -> bool {
    matches!(text, "" | ")") || text.starts_with(" [") && text.ends_with("])")
}

/// ` file.c:12 [inline]` and ` (file.c:12 file.h:3)`, as symbolisers write after a function.
fn is_symbolised(rest: &str) -> bool {
    let first = rest.strip_prefix(" (").and_then(|rest| rest.split([' ', ')']).next());
    rest.ends_with("[inline]") && is_source(rest) || first.is_some_and(is_source)
}

/// Whether a text has a place in the kernel's source: `net/socket.c:12`.
fn is_source(text: &str) -> bool {
    [".c:", ".h:", ".S:", ".rs:"].iter().any(|ending| text.contains(ending))
}

/// `cxl_core]`, `cxl_core(O)]`, `cxl_core d0d0]` (with the build id).
fn module_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
    (name != "inline" && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests;
