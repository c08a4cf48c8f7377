//! The pass over the log.

use std::collections::{BTreeSet, HashMap};

use super::boot::{self, BEFORE_BOOT, Booting, Clock, End, Start, Suspect};
use super::event::{Event, is_consequence};
use super::found::{CaseLines, ForgedMarker, LogScan};
use super::heading::{self, Heading};
use super::line::{
    Classified, classify, find_newline, is_middle, measure, newlines, plain, read_anywhere, rfind_newline,
};
use super::lost::{self, Sequence};
use super::markers::{Marked, Markers};
use super::prefilter::{Hits, MARKER, asked_for, is_command_line, is_reboot, is_up};
use super::remarks::{Remarks, reads_like_report};
use super::report_line::{self, ReportLine};
use super::sample;
use super::table::{Role, TORN};
use crate::SplatKind;
use crate::learned::Learned;
use crate::prefix;
use crate::prefix::Prefix;

/// Splats that are kept; more are only counted.
const MOST_SPLATS: usize = 1000;
/// Cases and reports of which the lines are kept.
const MOST_PLACES: usize = 10_000;
/// Forged markers that are kept.
const MOST_FORGED: usize = 100;
/// Lines of a report that are kept.
const EXCERPT: usize = 60;
/// A report may end this many lines before the panic that it leads to.
const PANIC_NEAR: u64 = 300;
/// What is seen of a line: this much before and after what was found in it.
const BEFORE: usize = 512;
const AFTER: usize = 4096;
/// Without a line end, so much is gathered before it is taken for a line.
const CARRY: usize = 1 << 20;
/// Reports open at once, one a CPU or task.
const OPEN: usize = 8;
/// So much of the start of the log decides whether its lines have times.
const SAMPLE: usize = 1 << 16;

/// Lines above a trace in which its heading may stand.
const ABOVE: usize = 25;

/// Lines behind the first half of a heading in which its rest may stand.
const HALVES: u32 = 2;
/// Why a line that looks like a heading is none.
const OWN_WORDS: &str = "a driver's or a program's own words, without a trace";

/// A line that may be the first half of a heading.
struct Half {
    text: Vec<u8>,
    /// Length of its own line in it.
    own: usize,
    line: u64,
    /// Lines that were put behind it.
    lines: u32,
    /// Whether it is a heading by itself, though not a sure one.
    opened: bool,
}

impl Half {
    fn new(text: Vec<u8>, line: u64, opened: bool) -> Self {
        let own = text.trim_ascii_end().len();
        Self { text, own, line, lines: 0, opened }
    }
}

/// Finds the splats of a log.
#[cfg(test)]
pub(super) fn scan(log: &[u8]) -> Vec<crate::Splat> {
    scan_log(log, None).splats
}

/// Finds what is in a log. With the anchor of its markers, only genuine ones name the running case; without, the first is believed.
pub fn scan_log(log: &[u8], anchor: Option<&str>) -> LogScan {
    let mut scanner = Scanner::new(anchor);
    scanner.sample(log);
    scanner.consume(log, true);
    scanner.into_result()
}

/// What stands in a line from a marker on, behind the half line of a program that the console shows before it.
fn behind(line: &[u8]) -> &[u8] {
    memchr::memmem::rfind(line, b"] patchbench[").map_or(b"", |at| &line[at + 2..])
}

/// Takes a log piece by piece.
pub struct Scanner {
    markers: Markers,
    carry: Vec<u8>,
    sampled: bool,
    /// Whether the kernel's lines have times in this log.
    stamped: bool,
    /// Number of the line at which the pass stands, from 1.
    line: u64,
    open: Vec<Event>,
    case: Option<String>,
    /// Index in `splats` of the last finished report, and the line at which it ended.
    last: Option<(usize, u64)>,
    dead: bool,
    /// What the lines begin with, where that is none of the known forms.
    learned: Option<Learned>,
    clock: Clock,
    sequence: Sequence,
    /// A kernel that has not come to user space.
    booting: Option<Booting>,
    /// A second boot that may be the log of the first, printed once more.
    suspect: Option<Suspect>,
    /// Keys of the log's first lines, each with the line on which it came first.
    keys: HashMap<u64, u64>,
    /// Whether a kernel ran that has not said that it goes down.
    running: bool,
    /// The last bytes that were gone through.
    tail: Vec<u8>,
    /// The line before, if it reads like the first half of a heading.
    half: Option<Half>,
    /// Who asked for traces, and the line of that or of the last of them.
    asked: Option<(&'static str, u64)>,
    notes: Remarks,
    incomplete: Remarks,
    /// Stalls that were reported in this case: who still hangs is reported again, and is no new event.
    stalled: BTreeSet<(SplatKind, Vec<u8>)>,
    out: LogScan,
}

impl Scanner {
    /// A scanner that believes the markers of which the agent announced this anchor; without one, those that go on from the first.
    pub fn new(anchor: Option<&str>) -> Self {
        Self {
            markers: Markers::new(anchor),
            carry: Vec::new(),
            sampled: false,
            stamped: false,
            line: 1,
            open: Vec::new(),
            case: None,
            last: None,
            dead: false,
            learned: None,
            clock: Clock::default(),
            sequence: Sequence::default(),
            booting: None,
            suspect: None,
            keys: HashMap::new(),
            running: false,
            tail: Vec::new(),
            half: None,
            asked: None,
            notes: Remarks::default(),
            incomplete: Remarks::default(),
            stalled: BTreeSet::new(),
            out: LogScan::default(),
        }
    }

    /// Takes the next piece of the log, cut anywhere.
    pub fn feed(&mut self, piece: &[u8]) {
        for piece in piece.chunks(CARRY) {
            let last = rfind_newline(piece);
            match last.filter(|_| self.sampled && piece.len() >= SAMPLE) {
                Some(last) => self.feed_lines(piece, last + 1),
                None => self.gather(piece, last.is_some()),
            }
        }
    }

    /// Goes through the lines of a large piece where they lie: a copy of all of a log costs a twentieth of the time.
    fn feed_lines(&mut self, piece: &[u8], end: usize) {
        let mut line = std::mem::take(&mut self.carry);
        let begun = if line.is_empty() { 0 } else { find_newline(piece).map_or(end, |at| at + 1) };
        if begun > 0 {
            line.extend_from_slice(&piece[..begun]);
            self.consume(&line, false);
        }
        self.consume(&piece[begun..end], false);
        line.clear();
        line.extend_from_slice(&piece[end..]);
        self.carry = line;
    }

    /// Keeps a small piece until there is enough to be worth a pass, or a line without end has to be cut.
    fn gather(&mut self, piece: &[u8], complete: bool) {
        self.carry.extend_from_slice(piece);
        if self.carry.len() < SAMPLE || !complete && self.carry.len() <= CARRY {
            return;
        }
        let mut buffer = std::mem::take(&mut self.carry);
        self.sample(&buffer);
        let mut done = self.consume(&buffer, false);
        if buffer.len() - done > CARRY {
            // A line without end: what stands before a bracket near its end is taken as it is.
            let tail = buffer.len() - BEFORE;
            let cut = buffer[tail..].iter().rposition(|b| *b == b'[').map_or(buffer.len(), |at| tail + at);
            done += self.consume(&buffer[done..cut], true);
        }
        buffer.drain(..done);
        self.carry = buffer;
    }

    /// The end of the log: a last line without line end counts.
    pub fn finish(mut self) -> LogScan {
        let rest = std::mem::take(&mut self.carry);
        self.sample(&rest);
        self.consume(&rest, true);
        self.into_result()
    }

    fn sample(&mut self, start: &[u8]) {
        if self.sampled {
            return;
        }
        self.sampled = true;
        let sample = sample::take(&start[..start.len().min(SAMPLE)]);
        self.stamped = sample.stamped;
        self.clock.on = sample.clock;
        self.sequence.on = sample.records;
        self.learned = sample.learned;
        self.keys = sample.keys;
        self.out.kernel |= sample.kernel;
        self.out.nearest = sample.nearest;
    }

    /// Counts what is missing between the records of a piece.
    fn count_records(&mut self, area: &[u8]) {
        if !self.sequence.on {
            return;
        }
        for (line, number) in area.split(|b| *b == b'\n').zip(self.line..) {
            if let Some(missing) = self.sequence.missing(line) {
                let why = format!("{missing} records are missing before this one");
                self.incomplete.add(number, &why, line);
            }
        }
    }

    /// Goes through all complete lines, or through everything if this is the `end`. Returns how far it got.
    fn consume(&mut self, buffer: &[u8], end: bool) -> usize {
        let limit = if end { buffer.len() } else { rfind_newline(buffer).map_or(0, |at| at + 1) };
        let area = &buffer[..limit];
        self.count_records(area);
        let mut resets = self.clock.resets(area).into_iter().peekable();
        let mut hits = Hits::new(area);
        let mut at = 0;
        while at < limit {
            // The next line that may be a heading or a marker; those before it matter only to open reports.
            let hit = hits.next(at, self.booting.is_some());
            while resets.next_if(|reset| *reset < at).is_some() {}
            let next = resets.peek().map_or(hit, |reset| hit.min(*reset));
            let idle = self.open.is_empty() && self.half.is_none() && self.suspect.is_none();
            if idle && next == limit {
                break;
            }
            let point = if idle { next } else { at };
            let start = rfind_newline(&area[at..point]).map_or(at, |n| at + n + 1);
            self.line += newlines(&area[at..start]);
            // Without a report to skip to the end of, the end of a very long line is not looked for again and again.
            let reach = if idle { limit.min(point + AFTER + 1) } else { limit };
            let stop = find_newline(&area[point..reach]).map_or(reach, |n| point + n);
            let (from, to) = (start.max(point.saturating_sub(BEFORE)), stop.min(point + AFTER));
            self.look_again(&area[from..to]);
            if next < to {
                if resets.next_if(|reset| *reset == start).is_some() {
                    self.went_back(&area[from..to], &area[..start]);
                }
                self.take(&area[from..to], next - from, &area[..start]);
            } else {
                self.feed_line(&area[from..to]);
            }
            // A very long line may hold more; each part of it is looked at once.
            let long = to < stop && reach < limit;
            at = if long { to } else { (stop + 1).min(limit) };
            self.line += u64::from(at > stop);
        }
        self.line += newlines(&area[at.min(limit)..]);
        self.tail = self.before(area);
        limit
    }

    /// Whether a second boot is one, by a line of it.
    fn look_again(&mut self, line: &[u8]) {
        let Some(suspect) = &mut self.suspect else { return };
        let begun = suspect.splat.line;
        let known = |key| self.keys.get(&key).is_some_and(|first| *first < begun);
        let Some(is_boot) = boot::key(line).and_then(|key| suspect.is_boot(known(key))) else { return };
        let suspect = self.suspect.take().filter(|_| is_boot);
        if let Some(splat) = suspect.and_then(Suspect::unannounced) {
            self.out.unfinished.get_or_insert(splat);
        }
    }

    /// The last bytes of what was gone through, with this part of a piece.
    fn before(&self, area: &[u8]) -> Vec<u8> {
        let of_area = &area[area.len().saturating_sub(BEFORE_BOOT)..];
        let kept = self.tail.len().saturating_sub(BEFORE_BOOT - of_area.len());
        [&self.tail[kept..], of_area].concat()
    }

    /// A line that may be a heading or a marker, with what stands before it.
    fn take(&mut self, line: &[u8], needle: usize, before: &[u8]) {
        let line = &*plain(line);
        // The commonest lines of an open report need no rule.
        if !self.open.is_empty() && is_middle(&line[prefix::strip(line).len..]) {
            return self.feed_line(line);
        }
        let Classified { prefix, at, heading, loose } = classify(line, self.learned.as_ref(), needle);
        let body = &line[at..];
        if self.marker(line, body) {
            return;
        }
        if let Some(start) = boot::start(body).filter(|start| self.may_start(*start, &prefix)) {
            self.half = None;
            self.boot(start, line, body, before, prefix.tagged);
        } else if let Some(heading) = heading.filter(|_| !self.dead) {
            self.drop_half();
            match heading.role {
                Role::Note => self.note(&heading, &prefix, body),
                Role::Torn if self.open.is_empty() => self.torn(heading, &prefix, body, before),
                Role::Torn => {}
                _ => return self.heading(heading, &prefix, body, loose),
            }
        } else if self.join(&prefix, body) {
            return;
        } else {
            self.other(&prefix, line, body, before);
        }
        if !self.open.is_empty() {
            self.feed_line(line);
        }
    }

    /// Whether the first line of a boot is a kernel's, and not what a program reads from /proc/version: where there are times, it has one.
    fn may_start(&self, start: Start, prefix: &Prefix<'_>) -> bool {
        let timed = self.stamped || self.clock.on;
        !prefix.user && (start == Start::Starter || !timed || prefix.stamped)
    }

    /// Whether no report is open, and none was just over, to which a line without a heading may belong.
    fn is_apart(&self) -> bool {
        self.open.is_empty() && self.last.is_none_or(|(_, ended)| self.line - ended > PANIC_NEAR)
    }

    /// A line with a needle that is no heading: a word on the boot, on what was lost, or something that looks like a report.
    fn other(&mut self, prefix: &Prefix<'_>, line: &[u8], body: &[u8], before: &[u8]) {
        let program = self.is_programs(prefix);
        let body = body.trim_ascii_start();
        if let Some(booting) = &mut self.booting {
            booting.command_line |= is_command_line(body);
            if is_up(body) || is_up(line) {
                self.booting = None;
                self.running = true;
            }
        }
        if is_reboot(body) && !program {
            self.running = false;
        } else if let Some(who) = asked_for(body).filter(|_| !program) {
            self.asked = Some((who, self.line));
        }
        let reported = !self.out.splats.is_empty() || !self.open.is_empty();
        let journal = prefix.user && body.starts_with(b"Missed ");
        if let Some(what) = lost::read(body).filter(|_| journal || !program) {
            if !(reported && what.starts_with("lockdep")) {
                self.incomplete.add(self.line, what, body);
            }
        } else if self.open.is_empty() && !self.dead {
            self.headless(prefix, body, program, before);
        }
    }

    /// Whether a line is of a program, and not of the kernel.
    fn is_programs(&self, prefix: &Prefix<'_>) -> bool {
        prefix.user || self.stamped && !prefix.stamped
    }

    /// What the kernel tells of a machine, or of what it worked around: no report, but nothing to be silent about.
    fn note(&mut self, heading: &Heading, prefix: &Prefix<'_>, body: &[u8]) {
        if !self.is_programs(prefix) {
            self.notes.add(self.line, &heading.title, body);
        }
    }

    /// A line that looks like one of a report, and there is none.
    fn headless(&mut self, prefix: &Prefix<'_>, body: &[u8], program: bool, before: &[u8]) {
        let read = if program { ReportLine::Other } else { report_line::read(body) };
        if matches!(read, ReportLine::TraceStart | ReportLine::Pointer(_)) {
            let asked = self.asked.filter(|(_, line)| self.line - line <= PANIC_NEAR);
            if let Some((who, _)) = asked {
                // sysrq prints many; who lets something fail prints one.
                self.asked = (who == "sysrq").then_some((who, self.line));
                self.notes.add(self.line, &format!("a trace that {who} was asked for"), body);
            } else {
                self.torn(Heading::torn(), prefix, body, before);
            }
        } else if reads_like_report(body, prefix.user) {
            if program {
                self.notes.add(self.line, "a program's line, not the kernel's", body);
            } else {
                let (text, line) = (body[..body.len().min(BEFORE)].to_vec(), self.line);
                self.half = Some(Half::new(text, line, false));
            }
        }
    }

    /// A line of the middle of a report, and none is open: its heading may be one that nothing but what follows makes one.
    fn torn(&mut self, torn: Heading, prefix: &Prefix<'_>, body: &[u8], before: &[u8]) {
        let before = self.before(before);
        let ended = self.last.map_or(0, |(_, ended)| ended);
        let since = usize::try_from(self.line - ended).unwrap_or(ABOVE).saturating_sub(1);
        let lines = before.strip_suffix(b"\n").unwrap_or(&before).rsplit(|b| *b == b'\n');
        let lines: Vec<&[u8]> = lines.take(since.min(ABOVE)).collect();
        let found = lines.iter().enumerate().find_map(|(at, line)| self.above(line).map(|found| (at, found)));
        let Some((at, heading)) = found else {
            if self.is_apart() {
                self.heading(torn, prefix, body, false);
            }
            return;
        };
        let heading_line = self.line - at as u64 - 1;
        let here = std::mem::replace(&mut self.line, heading_line);
        let line = plain(lines[at]);
        let start = measure(&line, self.learned.as_ref()).len;
        self.heading(heading, prefix, &line[start..], false);
        lines[..at].iter().rev().for_each(|line| self.feed_line(line));
        self.line = here;
    }

    /// The heading that a line above a trace is.
    fn above(&self, line: &[u8]) -> Option<Heading> {
        let line = &*plain(line);
        let prefix = measure(line, self.learned.as_ref());
        if self.is_programs(&prefix) {
            return None;
        }
        heading::find_hidden(&line[prefix.len..])
    }

    /// Takes a line as the second half of a heading that was wrapped, or broken by a name with a line end in it.
    fn join(&mut self, prefix: &Prefix<'_>, body: &[u8]) -> bool {
        let Some(mut half) = self.half.take() else { return false };
        let rest = body[..body.len().min(BEFORE)].trim_ascii();
        half.text = [half.text.trim_ascii_end(), b" ", rest].concat();
        half.lines += 1;
        if prefix.user {
            self.half = Some(half);
            self.drop_half();
            return false;
        }
        let sure = |heading: &Heading| !heading.unsure && heading.role != Role::Note;
        if let Some(heading) = heading::find(&half.text).filter(sure) {
            let here = std::mem::replace(&mut self.line, half.line);
            if half.opened {
                self.open.retain(|event| event.line != half.line);
            }
            self.heading(heading, prefix, &half.text, false);
            self.line = here;
            return true;
        }
        self.half = Some(half);
        if self.half.as_ref().is_some_and(|half| half.lines == HALVES) {
            self.drop_half();
        }
        false
    }

    /// What looked like the first half of a heading is none.
    fn drop_half(&mut self) {
        if let Some(half) = self.half.take().filter(|half| !half.opened) {
            self.notes.add(half.line, OWN_WORDS, &half.text[..half.own]);
        }
    }

    /// A line while reports are open.
    fn feed_line(&mut self, line: &[u8]) {
        let line = &*plain(line);
        let prefix = measure(line, self.learned.as_ref());
        let body = &line[prefix.len..];
        if self.half.is_some() && self.join(&prefix, body) {
            return;
        }
        let own = self.open.iter().position(|e| e.takes_caller(prefix.caller));
        if let Some(event) = own.and_then(|own| self.open.get(own))
            && event.is_cut()
            && let Some(heading) = heading::find_hidden(body)
        {
            return self.heading(heading, &prefix, body, false);
        }
        let mut read = Some(if prefix.user { ReportLine::Other } else { report_line::read(body) });
        if let Some(event) = own.and_then(|own| self.open.get(own))
            && event.loose
            && read == Some(ReportLine::Other)
        {
            read = Some(read_anywhere(line));
        }
        for (at, event) in self.open.iter_mut().enumerate() {
            match read.take_if(|_| Some(at) == own) {
                Some(read) => {
                    event.feed(read);
                    event.keep(self.line, body, EXCERPT);
                }
                None => event.wait(),
            }
        }
        self.close(Event::is_over);
    }

    fn heading(&mut self, mut heading: Heading, prefix: &Prefix<'_>, body: &[u8], loose: bool) {
        let own_words = heading.unsure;
        heading.unsure |= loose || self.stamped && !prefix.stamped;
        if heading.role == Role::Panic && !heading.unsure {
            self.dead = true;
            self.out.panicked.get_or_insert(self.line);
        }
        let line = self.line;
        let own = self.open.iter().position(|e| e.takes_caller(prefix.caller));
        if let Some(at) = own {
            if self.open[at].absorb(&heading, line) {
                self.open[at].keep(line, body, EXCERPT);
                return;
            }
            let over = self.open.remove(at);
            self.done(over);
        }
        if heading.role == Role::Panic && (self.is_consequence(&heading) || self.ends_torn()) {
            return;
        }
        if self.open.len() == OPEN {
            let oldest = self.open.remove(0);
            self.done(oldest);
        }
        let again = !heading.subject.is_empty() && !self.first_of(&heading);
        let mut event = Event::new(heading, line, self.case.clone(), prefix.caller.map(<[u8]>::to_vec));
        event.again = again;
        event.loose = loose;
        event.patient = loose && !own_words;
        event.keep(line, body, EXCERPT);
        self.open.push(event);
        if own_words && !loose {
            let text = body[..body.len().min(BEFORE)].to_vec();
            self.half = Some(Half::new(text, line, true));
        }
    }

    fn first_of(&mut self, heading: &Heading) -> bool {
        let room = self.stalled.len() < MOST_SPLATS;
        room && self.stalled.insert((heading.kind, heading.subject.clone()))
    }

    /// Whether the report before, which is over, was of this kind: an out of memory report is a long one.
    fn is_same(&self, kind: SplatKind, line: u64) -> bool {
        let Some((at, ended)) = self.last else { return false };
        line.saturating_sub(ended) <= PANIC_NEAR
            && self.out.splats.get(at).is_some_and(|splat| splat.kind == kind)
    }

    /// Whether a panic only ends what was reported just before.
    fn is_consequence(&self, panic: &Heading) -> bool {
        let Some((at, ended)) = self.last else { return false };
        let kind = self.out.splats.get(at).map(|splat| splat.kind);
        self.line - ended <= PANIC_NEAR && kind.is_some_and(|kind| is_consequence(kind, panic))
    }

    /// Whether a panic ends a report whose beginning the log lost. Where that named no function it goes, since the panic has
    /// more.
    fn ends_torn(&mut self) -> bool {
        let Some((at, ended)) = self.last else { return false };
        let near = self.line - ended <= PANIC_NEAR && at + 1 == self.out.splats.len();
        let torn = self.out.splats.last().filter(|splat| near && splat.title.starts_with(TORN));
        let named = torn.is_some_and(|splat| splat.function.is_some());
        if torn.is_some() && !named {
            self.out.splats.pop();
            self.last = None;
        }
        named
    }

    /// A marker of the agent, or a line in its likeness; they are never part of a report.
    fn marker(&mut self, line: &[u8], body: &[u8]) -> bool {
        let text =
            String::from_utf8_lossy(if body.starts_with(MARKER.as_bytes()) { body } else { behind(line) });
        let Some(marked) = self.markers.read(&text) else { return false };
        match marked {
            // Where it does not begin its line, it is genuine or nothing.
            Marked::Again | Marked::Forged if !body.starts_with(MARKER.as_bytes()) => return false,
            Marked::Begin(case) => {
                self.begins(case);
                // What is reported from here on came during another case.
                self.close(Event::has_evidence);
            }
            Marked::End(case) => {
                self.case = None;
                let last = self.out.cases.last_mut().filter(|last| last.case == case);
                if let Some(end) = last.map(|last| &mut last.end) {
                    end.get_or_insert(self.line);
                }
            }
            Marked::Again | Marked::Forged => self.forged(&text, marked == Marked::Again),
        }
        true
    }

    /// A marker that does not count.
    fn forged(&mut self, text: &str, again: bool) {
        if !self.markers.is_anchored() {
            if !again {
                self.notes.add(
                    self.line,
                    "in the likeness of a marker that the agent did not write",
                    text.as_bytes(),
                );
            }
        } else if self.out.forged.len() < MOST_FORGED {
            let text = text.trim_end().chars().take(BEFORE).collect();
            self.out.forged.push(ForgedMarker { line: self.line, case: self.case.clone(), again, text });
        }
    }

    /// The marker of a case's begin is here.
    fn begins(&mut self, case: &str) {
        self.case = Some(case.to_owned());
        self.stalled.clear();
        if self.out.cases.len() < MOST_PLACES {
            self.out.cases.push(CaseLines { case: case.to_owned(), begin: self.line, end: None });
        }
    }

    /// A kernel starts: nothing before it goes on.
    fn boot(&mut self, start: Start, line: &[u8], body: &[u8], before: &[u8], tagged: bool) {
        self.out.kernel = true;
        if self.booting.as_mut().is_some_and(|booting| booting.goes_on(start)) {
            return;
        }
        self.broke_off(before);
        // A log server gets the last words of a kernel but seldom.
        if !tagged {
            self.reset(line, before);
        }
        self.booting = Some(Booting::new(start, self.line, line, body, tagged));
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        self.close(|_| true);
        self.dead = false;
        self.running = false;
        self.last = None;
        self.case = None;
        self.markers.begin_anew();
        self.asked = None;
        self.stalled.clear();
    }

    /// The kernel's clock went back: a machine that begins anew, whose kernel may be too quiet for a banner.
    fn went_back(&mut self, line: &[u8], before: &[u8]) {
        let body = &line[prefix::strip(line).len..];
        let printed_before =
            boot::key(line).is_some_and(|key| self.keys.get(&key).is_some_and(|first| *first < self.line));
        if !self.open.is_empty() || printed_before {
            return;
        }
        self.running = true;
        if boot::start(body).is_none() && self.booting.is_none() {
            self.reset(line, before);
            self.begin_anew();
        }
    }

    /// A machine begins anew: the kernel before should have said so.
    fn reset(&mut self, line: &[u8], before: &[u8]) {
        if self.dead || !self.running || self.out.unfinished.is_some() || self.suspect.is_some() {
            return;
        }
        self.suspect = Some(Suspect::new(boot::reset(self.line, line), self.before(before)));
    }

    /// The boot so far is over: without a report, a panic or user space it ended without a word.
    fn broke_off(&mut self, before: &[u8]) {
        let Some(booting) = self.booting.take() else { return };
        let reported = self.dead || self.last.is_some() || self.open.iter().any(Event::is_report);
        if reported || self.out.unfinished.is_some() {
            return;
        }
        match booting.ended(&self.before(before), self.line) {
            End::Broken(splat) => self.out.unfinished = Some(splat),
            End::Excerpt(line) => {
                let why = "an excerpt of a boot, which cannot tell how it ended";
                self.notes.add(line, why, b"");
            }
            End::Unknown => {}
        }
    }

    fn close(&mut self, which: impl Fn(&Event) -> bool) {
        if !self.open.iter().any(&which) {
            return;
        }
        for event in self.open.extract_if(.., |e| which(e)).collect::<Vec<_>>() {
            self.done(event);
        }
    }

    fn done(&mut self, event: Event) {
        if event.sequel && self.is_same(event.kind, event.line) {
            self.has_lines_of(&event);
            return;
        }
        if !event.again && !event.is_report() && reads_like_report(event.first_line().as_bytes(), false) {
            self.notes.add(event.line, OWN_WORDS, event.first_line().as_bytes());
        }
        self.has_lines_of(&event);
        let Some(splat) = event.finish() else { return };
        if self.out.splats.len() < MOST_SPLATS {
            self.out.splats.push(splat);
            self.last = Some((self.out.splats.len() - 1, self.line));
        } else {
            self.out.dropped += 1;
        }
    }

    /// Notes where a report stands, also one that is told already.
    fn has_lines_of(&mut self, event: &Event) {
        if event.is_report() && self.out.reports.len() < MOST_PLACES {
            self.out.reports.push(event.line..=event.until);
        }
    }

    fn into_result(mut self) -> LogScan {
        self.drop_half();
        if let Some(suspect) = self.suspect.take() {
            let splat = suspect.unannounced();
            self.out.unfinished = self.out.unfinished.take().or(splat);
        }
        self.broke_off(b"");
        self.close(|_| true);
        self.out.open_case = self.case.take();
        self.out.notes = self.notes.finish(self.line);
        self.out.incomplete = self.incomplete.finish(self.line);
        if self.out.kernel {
            self.out.nearest = None;
        }
        self.out.lines = self.line - u64::from(self.tail.last().is_none_or(|last| *last == b'\n'));
        self.out.splats.sort_by_key(|splat| splat.line);
        self.out
    }
}
