//! The pass over the log.

use std::collections::BTreeSet;

use super::event::{Event, is_consequence};
use super::found::LogScan;
use super::heading::Heading;
use super::line::{classify, find_newline, is_middle, measure, newlines, plain, rfind_newline};
use super::prefilter::{BANNER, Hits, MARKER, is_up};
use super::report_line::{self, ReportLine};
use super::table::{Role, TORN};
use crate::prefix;
use crate::prefix::Prefix;
use crate::{Splat, SplatKind};

/// Splats that are kept; more are only counted.
const MOST_SPLATS: usize = 1000;
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

/// Finds the splats of a log.
#[cfg(test)]
pub(super) fn scan(log: &[u8]) -> Vec<Splat> {
    scan_log(log, None).splats
}

/// Finds what is in a log. With a token, only markers that bear it name the running case.
pub fn scan_log(log: &[u8], token: Option<&str>) -> LogScan {
    let mut scanner = Scanner::new(token);
    scanner.sample(log);
    scanner.consume(log, true);
    scanner.into_result()
}

/// Takes a log piece by piece.
pub struct Scanner {
    token: Option<String>,
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
    /// Line and text of the banner of a kernel that has not come to user space.
    booting: Option<(u64, String)>,
    /// The last bytes that were gone through.
    tail: Vec<u8>,
    /// Stalls that were reported in this case: who still hangs is reported again, and is no new event.
    stalled: BTreeSet<(SplatKind, Vec<u8>)>,
    out: LogScan,
}

impl Scanner {
    /// A scanner that believes markers with this token only; without one, all.
    pub fn new(token: Option<&str>) -> Self {
        Self {
            token: token.map(str::to_owned),
            carry: Vec::new(),
            sampled: false,
            stamped: false,
            line: 1,
            open: Vec::new(),
            case: None,
            last: None,
            dead: false,
            booting: None,
            tail: Vec::new(),
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
        let lines =
            start[..start.len().min(SAMPLE)].split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty());
        let (mut all, mut with) = (0_usize, 0_usize);
        for line in lines {
            all += 1;
            with += usize::from(prefix::strip(&line[..line.len().min(BEFORE)]).stamped);
        }
        // Firmware and programs write lines without times before and between the kernel's.
        self.stamped = with >= 8 && with * 4 >= all;
        self.out.kernel |= with > 0;
    }

    /// Goes through all complete lines, or through everything if this is the `end`. Returns how far it got.
    fn consume(&mut self, buffer: &[u8], end: bool) -> usize {
        let limit = if end { buffer.len() } else { rfind_newline(buffer).map_or(0, |at| at + 1) };
        let area = &buffer[..limit];
        self.tail.extend_from_slice(&area[limit.saturating_sub(BEFORE)..]);
        self.tail.drain(..self.tail.len().saturating_sub(BEFORE));
        let mut hits = Hits::new(area);
        let mut at = 0;
        while at < limit {
            // The next line that may be a heading or a marker; those before it matter only to open reports.
            let next = hits.next(at, self.booting.is_some());
            if self.open.is_empty() && next == limit {
                break;
            }
            let point = if self.open.is_empty() { next } else { at };
            let start = rfind_newline(&area[at..point]).map_or(at, |n| at + n + 1);
            self.line += newlines(&area[at..start]);
            // Without a report to skip to the end of, the end of a very long line is not looked for again and again.
            let reach = if self.open.is_empty() { limit.min(point + AFTER + 1) } else { limit };
            let stop = find_newline(&area[point..reach]).map_or(reach, |n| point + n);
            let (from, to) = (start.max(point.saturating_sub(BEFORE)), stop.min(point + AFTER));
            if next < to {
                self.take(&area[from..to]);
            } else {
                self.feed_line(&area[from..to]);
            }
            // A very long line may hold more; each part of it is looked at once.
            let long = to < stop && reach < limit;
            at = if long { to } else { (stop + 1).min(limit) };
            self.line += u64::from(at > stop);
        }
        self.line += newlines(&area[at.min(limit)..]);
        limit
    }

    /// A line that may be a heading or a marker.
    fn take(&mut self, line: &[u8]) {
        let line = &*plain(line);
        // The commonest lines of an open report need no rule.
        if !self.open.is_empty() && is_middle(&line[prefix::strip(line).len..]) {
            return self.feed_line(line);
        }
        let (prefix, skipped, found) = classify(line);
        let body = &line[skipped..];
        if self.marker(body) {
            return;
        }
        if body.starts_with(BANNER.as_bytes()) {
            self.boot(body);
        } else if let Some(heading) = found.filter(|_| !self.dead) {
            if heading.role != Role::Torn {
                return self.heading(heading, &prefix, body);
            }
            if self.open.is_empty() && self.last.is_none_or(|(_, ended)| self.line - ended > PANIC_NEAR) {
                self.heading(heading, &prefix, body);
            }
        } else if self.booting.is_some() && is_up(body) {
            self.booting = None;
        }
        if !self.open.is_empty() {
            self.feed_line(line);
        }
    }

    /// A line while reports are open.
    fn feed_line(&mut self, line: &[u8]) {
        let line = &*plain(line);
        let prefix = measure(line);
        let body = &line[prefix.len..];
        let own = self.open.iter().position(|e| e.takes_caller(prefix.caller));
        let mut read = Some(if prefix.user { ReportLine::Other } else { report_line::read(body) });
        for (at, event) in self.open.iter_mut().enumerate() {
            match read.take_if(|_| Some(at) == own) {
                Some(read) => {
                    event.feed(read);
                    event.keep(body, EXCERPT);
                }
                None => event.wait(),
            }
        }
        self.close(Event::is_over);
    }

    fn heading(&mut self, mut heading: Heading, prefix: &Prefix<'_>, body: &[u8]) {
        heading.unsure |= self.stamped && !prefix.stamped;
        if heading.role == Role::Panic && !heading.unsure {
            self.dead = true;
            self.out.panicked.get_or_insert(self.line);
        }
        let line = self.line;
        let own = self.open.iter().position(|e| e.takes_caller(prefix.caller));
        if let Some(at) = own {
            if self.open[at].absorb(&heading, line) {
                self.open[at].keep(body, EXCERPT);
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
        event.keep(body, EXCERPT);
        self.open.push(event);
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

    /// A genuine marker of the agent; they are never part of a report.
    fn marker(&mut self, body: &[u8]) -> bool {
        let Some(rest) = body.strip_prefix(MARKER.as_bytes()).and_then(|b| b.strip_prefix(b"[")) else {
            return false;
        };
        let Some(close) = rest.iter().position(|b| *b == b']') else { return false };
        let genuine = self.token.as_ref().is_none_or(|token| token.as_bytes() == &rest[..close]);
        if !genuine {
            return true;
        }
        let text = String::from_utf8_lossy(&rest[close + 1..]);
        let text = text.strip_prefix(':').unwrap_or(&text).trim();
        if let Some(name) = text.strip_prefix("begin ") {
            self.case = Some(name.trim().to_owned());
            self.stalled.clear();
            // What is reported from here on came during another case.
            self.close(Event::has_evidence);
        } else if text.starts_with("end ") {
            self.case = None;
        }
        true
    }

    /// A kernel starts: nothing before it goes on.
    fn boot(&mut self, banner: &[u8]) {
        self.broke_off();
        self.booting = Some((self.line, String::from_utf8_lossy(banner).trim_end().to_owned()));
        self.out.kernel = true;
        self.close(|_| true);
        self.dead = false;
        self.last = None;
        self.case = None;
        self.stalled.clear();
    }

    /// The boot so far is over: without a report, a panic or user space it ended without a word.
    fn broke_off(&mut self) {
        let Some((line, banner)) = self.booting.take() else { return };
        let reported = self.dead || self.last.is_some() || !self.open.is_empty();
        if reported || self.out.unfinished.is_some() {
            return;
        }
        let last = self.tail.rsplit(|b| *b == b'\n').map(plain).find(|line| !line.trim_ascii().is_empty());
        let last = last.map(|line| String::from_utf8_lossy(&line).trim_end().to_owned());
        self.out.unfinished = Some(Splat {
            kind: SplatKind::Boot,
            title: "boot ends without a word before user space".to_owned(),
            fingerprint: "boot:ends-without-a-word:-".to_owned(),
            line,
            function: None,
            module: None,
            at: None,
            case: None,
            excerpt: std::iter::once(banner).chain(last).collect(),
        });
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
            return;
        }
        let Some(splat) = event.finish() else { return };
        if self.out.splats.len() < MOST_SPLATS {
            self.out.splats.push(splat);
            self.last = Some((self.out.splats.len() - 1, self.line));
        } else {
            self.out.dropped += 1;
        }
    }

    fn into_result(mut self) -> LogScan {
        self.broke_off();
        self.close(|_| true);
        self.out.open_case = self.case.take();
        self.out.lines = self.line;
        self.out.splats.sort_by_key(|splat| splat.line);
        self.out
    }
}
