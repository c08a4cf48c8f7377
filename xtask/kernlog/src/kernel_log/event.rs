//! An open report: which lines and headings belong to it, and what it comes to.

use super::heading::Heading;
use super::helpers::{enters_interrupt, is_context, is_helper, plain_name, prints_trace, reports};
use super::report_line::{Place, ReportLine};
use super::table::Role;
use crate::{Splat, SplatKind};

/// A prelude and the heading that it announces are no further apart.
const NEAR: u64 = 25;
/// A report with a trace is over after so many lines that are nothing of a report.
const QUIET_TRACED: u32 = 40;
/// One without a trace yet waits longer: lockdep and the page allocator print much first.
const QUIET: u32 = 80;
/// What only looks like a heading is one if a trace or registers follow within so many lines.
const SOON: u32 = 6;
/// No report is longer.
const LONGEST: u32 = 3000;
/// Functions kept for the blame.
const PLACES: usize = 96;
/// Longest line of an excerpt, in characters.
const WIDTH: usize = 240;

pub(super) struct Event {
    pub kind: SplatKind,
    pub line: u64,
    pub case: Option<String>,
    pub caller: Option<Vec<u8>>,
    /// Was reported before.
    pub again: bool,
    /// Only goes on with a report of its kind, if one was just over.
    pub sequel: bool,
    title: String,
    /// Functions that headings name; of inlined ones each has a heading line of its own.
    named: Vec<Place>,
    unsure: bool,
    /// Whether its lines may start anywhere, since their prefix could not be told.
    pub loose: bool,
    /// Whether its trace may come late, since its heading can be nothing else.
    pub patient: bool,
    prelude: bool,
    torn: bool,
    last_heading: u64,
    died: bool,
    lock: Option<Place>,
    /// Pointers and frames in order, and whether they are sure.
    frames: Vec<(Place, bool)>,
    /// Index of the first frame that an exception interrupted.
    interrupted: Option<usize>,
    /// Index of the first frame of what the interrupt in which it happened had interrupted.
    below: Option<usize>,
    /// Who called the function of the last frame, where its line names it.
    last_caller: Option<Place>,
    others: bool,
    next_is_other: bool,
    next_is_lock: bool,
    /// Its trace began.
    traced: bool,
    /// Where the CPU was is known.
    registers: bool,
    /// A trace, its pointer or the line of a CPU came, and soon enough.
    strong: bool,
    evidence: bool,
    ended: bool,
    quiet: u32,
    lines: u32,
    /// Lines of locks that are held.
    lock_lines: u32,
    excerpt: Vec<String>,
    /// Length of the excerpt up to its last line that is surely of the report.
    kept: usize,
    /// That line.
    pub until: u64,
}

impl Event {
    pub(super) fn new(heading: Heading, line: u64, case: Option<String>, caller: Option<Vec<u8>>) -> Self {
        let named = place(&heading).into_iter().collect();
        Self {
            kind: heading.kind,
            line,
            case,
            caller,
            again: false,
            sequel: heading.role == Role::Sequel,
            title: heading.title,
            named,
            unsure: heading.unsure,
            loose: false,
            patient: false,
            prelude: heading.role == Role::Prelude,
            torn: heading.role == Role::Torn,
            last_heading: line,
            died: heading.role == Role::Die,
            lock: None,
            frames: Vec::new(),
            interrupted: None,
            below: None,
            last_caller: None,
            others: false,
            next_is_other: false,
            next_is_lock: false,
            traced: false,
            registers: false,
            strong: false,
            evidence: false,
            ended: false,
            quiet: 0,
            lines: 0,
            lock_lines: 0,
            excerpt: Vec::new(),
            kept: 0,
            until: line,
        }
    }

    /// Whether lines of this caller may belong to it. Reports on all CPUs are written by several.
    pub(super) fn takes_caller(&self, caller: Option<&[u8]>) -> bool {
        let many = matches!(self.kind, SplatKind::RcuStall | SplatKind::SoftLockup | SplatKind::HardLockup);
        match (&self.caller, caller) {
            (Some(own), Some(other)) => many || own.as_slice() == other,
            _ => true,
        }
    }

    /// Takes a further heading in, if it is one more of the same event.
    pub(super) fn absorb(&mut self, heading: &Heading, line: u64) -> bool {
        let near = line - self.last_heading <= NEAR;
        let same = match heading.role {
            Role::Panic => self.died || self.can_die() || is_consequence(self.kind, heading),
            Role::Torn | Role::Note => false,
            Role::Sequel => self.kind == heading.kind || self.bare(),
            // KASAN prints much before the access that it reports faults.
            Role::Die => {
                let just_reported = self.kind == SplatKind::Kasan && self.quiet <= 12;
                !self.died && (near || !self.evidence || just_reported) && self.can_die()
            }
            Role::Prelude | Role::Report => {
                let follows = matches!(heading.kind, SplatKind::Warning | SplatKind::Bug | SplatKind::Oops)
                    || heading.role == Role::Prelude
                    || heading.kind == self.kind;
                let faulted = self.kind == SplatKind::Kasan && heading.kind == SplatKind::Oops && !self.died;
                self.prelude && !self.evidence && near && (follows || self.bare())
                    || faulted
                    || self.goes_on(heading, line)
                    || self.warns_of_slab(heading)
            }
        };
        if !same {
            return false;
        }
        self.last_heading = line;
        self.quiet = 0;
        self.died |= heading.role == Role::Die;
        self.unsure &= heading.unsure;
        if heading.role == Role::Panic {
            // What panic() prints of its own stack adds nothing once the trace is there.
            self.others |= self.frames.len() > 2;
            return true;
        }
        self.sequel |= heading.role == Role::Sequel && self.bare();
        self.prelude &= heading.role == Role::Prelude;
        // What SLUB printed before was of its object's past.
        self.others &= !self.frames.is_empty();
        if self.bare() || heading.kind != SplatKind::Warning && self.only_warns() {
            self.kind = heading.kind;
            self.title.clone_from(&heading.title);
        }
        self.named.extend(place(heading));
        true
    }

    /// Whether the very next line still belongs to the heading: the same once more with the function into which the
    /// first was inlined, or the message of a WARNING, which kernels before 4.15 print below it.
    fn goes_on(&self, heading: &Heading, line: u64) -> bool {
        let next = line - self.last_heading <= 4 && !self.evidence;
        let same = heading.kind == self.kind && heading.role == Role::Report && heading.title == self.title;
        let message = self.only_warns() && heading.title != "WARNING" && !heading.unsure;
        next && (same || message)
    }

    /// SLUB has a stack of its own only through the WARNING that ends its report, since 6.10.
    fn warns_of_slab(&self, heading: &Heading) -> bool {
        self.kind == SplatKind::SlabCorruption && self.frames.is_empty() && heading.kind == SplatKind::Warning
    }

    /// `WARNING: … at` and no word of what.
    fn only_warns(&self) -> bool {
        self.kind == SplatKind::Warning && self.title == "WARNING"
    }

    /// Whether its next line may be the message of a WARNING: it has `cut here` alone.
    pub(super) fn is_cut(&self) -> bool {
        self.prelude && self.kind == SplatKind::Warning && self.bare() && !self.evidence
    }

    /// Only `cut here` so far, which names nothing.
    fn bare(&self) -> bool {
        self.kind == SplatKind::Warning && self.title == "WARNING" && self.named.is_empty()
            || self.kind == SplatKind::Oops && self.title == "Oops"
    }

    fn can_die(&self) -> bool {
        matches!(
            self.kind,
            SplatKind::Oops
                | SplatKind::Bug
                | SplatKind::Kasan
                | SplatKind::ListCorruption
                | SplatKind::Ubsan
        ) || self.prelude
    }

    /// Takes one line that is not a heading.
    pub(super) fn feed(&mut self, line: ReportLine) {
        self.lines += 1;
        self.quiet += 1;
        let report = !matches!(line, ReportLine::Other);
        let strong = matches!(line, ReportLine::Cpu | ReportLine::TraceStart | ReportLine::Pointer(_));
        self.lock_lines += u32::from(matches!(line, ReportLine::LockAt(_)));
        let soon = if self.patient { QUIET } else { SOON };
        self.strong |= strong && self.lines - self.lock_lines <= soon;
        self.traced |= matches!(line, ReportLine::TraceStart);
        self.registers |= matches!(line, ReportLine::Pointer(_));
        let skip = std::mem::take(&mut self.next_is_other);
        let is_lock = std::mem::take(&mut self.next_is_lock);
        match line {
            // Who forbade to sleep is to blame for the sleep, if nobody else is.
            ReportLine::Frame { place, .. } if is_lock || skip && self.kind == SplatKind::AtomicSleep => {
                self.lock.get_or_insert(place);
            }
            ReportLine::Frame { .. } | ReportLine::Interrupted(_) | ReportLine::Pointer(_) if skip => {}
            ReportLine::NextIsLock => self.next_is_lock = true,
            ReportLine::Frame { place, sure, caller, below }
                if !self.others && self.frames.len() < PLACES =>
            {
                let enters = sure && enters_interrupt(&place.function);
                self.leave_interrupt(below);
                self.frames.push((place, sure));
                self.leave_interrupt(enters);
                self.last_caller = caller;
            }
            ReportLine::InterruptEnds => self.leave_interrupt(!self.others),
            ReportLine::Interrupted(place) if !self.others && self.frames.len() < PLACES => {
                self.interrupted.get_or_insert(self.frames.len());
                self.frames.push((place, true));
                self.last_caller = None;
            }
            ReportLine::Pointer(place) if !self.others && self.frames.len() < PLACES => {
                self.frames.push((place, true));
            }
            // An access to RCU's data is not wrong because of the locks that are held.
            ReportLine::LockAt(place) if self.lock.is_none() && !self.title.contains("RCU usage") => {
                self.lock = Some(place);
            }
            // SLUB prints its object's past first, and its own stack only then.
            ReportLine::TraceStart if self.frames.is_empty() => self.others = false,
            ReportLine::NextIsOther => self.next_is_other = true,
            ReportLine::OtherStacks => self.others = true,
            ReportLine::End => self.ended = true,
            _ => {}
        }
        if report {
            self.evidence = true;
            self.quiet = 0;
        }
    }

    /// Counts a line that is someone else's.
    pub(super) fn wait(&mut self) {
        self.lines += 1;
        self.quiet += 1;
    }

    /// Keeps a line for the excerpt.
    pub(super) fn keep(&mut self, line: u64, text: &[u8], most: usize) {
        if self.excerpt.len() < most {
            let text = String::from_utf8_lossy(&text[..text.len().min(WIDTH * 4)]);
            self.excerpt.push(text.trim_end().chars().take(WIDTH).collect());
        }
        if self.quiet == 0 {
            self.kept = self.excerpt.len();
            self.until = line;
        }
    }

    /// Whether its registers or its trace began.
    pub(super) fn has_evidence(&self) -> bool {
        self.evidence
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended
            || self.lines > LONGEST
            || self.quiet > if self.frames.is_empty() { QUIET } else { QUIET_TRACED }
    }

    /// Whether what was found of it makes it one. What the log has only the middle of ends with a mark, or has a trace.
    pub(super) fn is_report(&self) -> bool {
        let shown = self.traced && self.frames.len() > 1 || self.strong && self.registers;
        let middle = self.ended || shown;
        (middle || !self.torn) && (self.strong || !self.unsure)
    }

    /// Its first line.
    pub(super) fn first_line(&self) -> &str {
        self.excerpt.first().map_or("", String::as_str)
    }

    /// The splat; none when it only looked like one.
    pub(super) fn finish(mut self) -> Option<Splat> {
        if self.again || !self.is_report() {
            return None;
        }
        self.excerpt.truncate(self.kept.max(1));
        let blamed = self.blame();
        let head = match self.kind {
            SplatKind::Panic => format!("Kernel panic: {}", self.title),
            _ => self.title,
        };
        let function = blamed.as_ref().map(|p| p.function.clone());
        let title = function.as_ref().map_or_else(|| head.clone(), |f| format!("{head} in {f}"));
        let fingerprint = format!("{}:{}:{}", self.kind.word(), head, function.as_deref().unwrap_or("-"));
        Some(Splat {
            kind: self.kind,
            title,
            fingerprint: fingerprint.replace(' ', "-").to_lowercase(),
            line: self.line,
            function,
            module: blamed.and_then(|p| p.module),
            at: None,
            case: self.case,
            excerpt: self.excerpt,
        })
    }

    /// Takes the frames from here on for those of what was interrupted.
    fn leave_interrupt(&mut self, leaves: bool) {
        if leaves && !self.frames.is_empty() {
            self.below.get_or_insert(self.frames.len());
        }
    }

    /// The first function that is not a helper: those of the headings, that of the lock, then in order where
    /// the CPU was and the trace, doubtful frames last. Who sleeps with a lock that forbids it, and where else is nothing
    /// else, took the lock. What an interrupt interrupted is to blame for what goes wrong in the interrupt only where the code is
    /// stuck. Where all are helpers, the thread, timer or interrupt that called them is; else the first that does more than print a
    /// trace.
    fn blame(&self) -> Option<Place> {
        let (frames, below) =
            self.frames.split_at(self.below.filter(|_| !self.is_stuck()).unwrap_or(self.frames.len()));
        // The frames from the interrupted one on come before those of the interrupt.
        let (before, after) = frames.split_at(self.interrupted.filter(|_| self.is_stuck()).unwrap_or(0));
        let frames = after.iter().chain(before);
        let sure = frames.clone().filter(|(_, sure)| *sure).map(|(place, _)| place);
        let doubtful = frames.filter(|(_, sure)| !*sure).map(|(place, _)| place);
        // The scheduler finds a stack that ran over whoever calls it: he who began on it is the same each time.
        if self.title.contains("corrupted stack end") {
            return sure.rev().find(|place| !is_helper(&place.function)).cloned();
        }
        let sure = sure.chain(self.last_caller.as_ref().filter(|_| below.is_empty()));
        let lock = |kinds: &'static [SplatKind]| self.lock.iter().filter(move |_| kinds.contains(&self.kind));
        let first = || self.named.iter().chain(lock(&[SplatKind::Lockdep, SplatKind::WorkqueueStall]));
        let last = || doubtful.clone().chain(lock(&[SplatKind::AtomicSleep]));
        let all = || first().chain(sure.clone()).chain(last());
        let interrupted = below.iter().map(|(place, _)| place);
        all()
            .find(|place| !is_helper(&place.function))
            .or_else(|| first().chain(sure.clone()).find(|place| is_context(&place.function)))
            .or_else(|| interrupted.clone().find(|place| !is_helper(&place.function)))
            .or_else(|| all().find(|place| !reports(&place.function)))
            .or_else(|| all().find(|place| !prints_trace(&place.function)))
            .cloned()
    }

    /// Whether it is of the code that an exception interrupted, and not of the exception's handler.
    fn is_stuck(&self) -> bool {
        matches!(self.kind, SplatKind::RcuStall | SplatKind::SoftLockup | SplatKind::HardLockup)
            || self.title.contains("SError")
    }
}

/// Whether a panic of this title only ends what a report of this kind began. Sources: every caller of panic()
/// that acts on a report, as `panic_on_oops`, `panic_on_warn`, `hung_task_panic`, `softlockup_panic`.
pub(super) fn is_consequence(kind: SplatKind, panic: &Heading) -> bool {
    const ALWAYS: [&str; 17] = [
        "Fatal exception",
        "panic_on_warn",
        "panic_on_oops",
        "task hung",
        "soft lockup",
        "hard lockup",
        "RCU stall",
        "stack overflow",
        "SError",
        "synchronous",
        "PANIC",
        "kasan.fault",
        "panic set",
        "panic_on_taint",
        "too often",
        "Oops",
        "BUG!",
    ];
    let also: &[&str] = match kind {
        SplatKind::Oops | SplatKind::Bug | SplatKind::ListCorruption | SplatKind::Kasan => {
            &["kill init", "Aiee"]
        }
        SplatKind::Oom => &["emory"],
        SplatKind::HungTask => &["unrecoverable failure"],
        SplatKind::Other => &["machine check", "Machine check"],
        SplatKind::Lockdep | SplatKind::AtomicSleep => &["scheduling while atomic"],
        _ => &[],
    };
    kind == panic.kind && kind != SplatKind::Panic
        || ALWAYS.iter().chain(also).any(|text| panic.title.contains(text))
}

/// The function that a heading names; without kallsyms it names an address.
fn place(heading: &Heading) -> Option<Place> {
    let function = plain_name(heading.function.as_deref()?).to_owned();
    let address = function.len() >= 8 && function.bytes().all(|b| b.is_ascii_hexdigit());
    (!address).then(|| Place { function, module: heading.module.clone() })
}
