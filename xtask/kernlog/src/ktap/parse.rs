//! The parser: one pass over the lines, with a stack of open levels.
//!
//! A level is a version line or a `# Subtest:` header with what belongs to it. Lines are put into levels by
//! their depth (kselftest's `# ` marks, then indentation), and only where several levels stand at one depth
//! by order, as kunit.py does throughout.

use std::collections::{BTreeSet, VecDeque};
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::line::{self, Depth, Line, ResultLine};
use super::tree::{Complaint, Ktap, Test};
use crate::CaseOutcome;
use crate::case::{MOST_CASES, too_many};
use crate::prefix;

/// What a dying kernel prints, wherever in a line.
static PANIC: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Kernel panic - not syncing"));

/// Deeper nesting than this is noise: the rest of it joins the deepest level.
const DEEPEST: usize = 32;
/// Missing results are listed one by one up to here, then as one.
const MISSING: u64 = 50;
/// Remarks that a test keeps: the last ones, which stand next to its result.
const REMARKS: usize = 40;
/// No longer part of a line is looked at.
const LONGEST: usize = 4096;

/// Results that are kept; more make the whole fail, for what is not kept cannot be judged.
const MOST: u64 = MOST_CASES as u64;
/// Bytes of remarks that are kept; later tests have none.
const REMARK_BYTES: usize = 32 << 20;

/// One of these is in the first line of every document.
pub(crate) const SIGNS: [&str; 13] = [
    "TAP version ",
    "Bail out!",
    "1..",
    "ok 0",
    "ok 1",
    "ok 2",
    "ok 3",
    "ok 4",
    "ok 5",
    "ok 6",
    "ok 7",
    "ok 8",
    "ok 9",
];

/// Reads KTAP out of a log. Never fails: what is not KTAP is a remark.
pub fn parse(text: &str) -> Ktap {
    let mut parser = Parser::default();
    for raw in text.lines() {
        parser.take(raw);
    }
    parser.finish()
}

/// An open level.
#[derive(Default)]
struct Level {
    depth: Depth,
    /// Stands at the depth of the level around it, so that only order separates them.
    flat: bool,
    name: Option<String>,
    line: u64,
    plan: Option<u64>,
    skipped: Option<String>,
    tests: Vec<Test>,
    remarks: VecDeque<String>,
    numbers: BTreeSet<u64>,
    /// Results that came before the log began.
    before: u64,
    /// Whether the log began within it.
    begun_late: bool,
    failed_by_totals: u64,
    /// A closed level that waits for its result line.
    child: Option<Box<Level>>,
}

impl Level {
    fn full(&self) -> bool {
        self.plan.is_some_and(|plan| self.tests.len() as u64 >= plan)
    }

    fn untouched(&self) -> bool {
        self.plan.is_none() && self.tests.is_empty() && self.name.is_none() && self.child.is_none()
    }
}

/// Takes a log line by line.
#[derive(Default)]
pub(crate) struct Parser {
    out: Ktap,
    stack: Vec<Level>,
    number: u64,
    /// What stands before the version line besides what printk writes: cut off every line.
    extra: usize,
    dead: bool,
    /// Whether kselftest's runner named a test.
    of_kselftest: bool,
    /// Results so far, on all levels.
    results: u64,
    /// Bytes of the remarks of all finished tests.
    remark_bytes: usize,
}

impl Parser {
    /// Whether there was anything of KTAP so far.
    pub(crate) fn found(&self) -> bool {
        self.out.found
    }

    /// Takes one line of any log, without its end.
    pub(crate) fn take_bytes(&mut self, raw: &[u8]) {
        match str::from_utf8(raw) {
            Ok(line) => self.take(line),
            Err(_) => self.take(&String::from_utf8_lossy(raw)),
        }
    }

    /// Counts lines that have none of [`SIGNS`], before anything of KTAP was found.
    pub(crate) fn skip(&mut self, lines: u64) {
        self.number += lines;
    }

    /// The end of the log.
    pub(crate) fn finish(mut self) -> Ktap {
        while !self.stack.is_empty() {
            self.close();
        }
        self.out
    }

    fn take(&mut self, raw: &str) {
        self.number += 1;
        let raw = start(raw, LONGEST);
        let text = raw.get(prefix::strip(raw.as_bytes()).len..).unwrap_or_default();
        self.dead = self.dead || PANIC.find(text.as_bytes()).is_some();
        if !self.out.headed
            && let Some(at) = line::version_at(text)
            && !text[..at].chars().all(|c| c.is_whitespace() || c == '#')
        {
            self.extra = text[..at].chars().count();
        }
        let text = match self.extra {
            0 => text,
            extra => text.char_indices().nth(extra).map_or("", |(at, _)| &text[at..]),
        };
        if !may_mean(text) {
            return self.remark(text.trim_start());
        }
        let (depth, rest) = self.place(text);
        match line::read(rest, !self.stack.is_empty()) {
            Line::Version { known } => self.version(depth, known),
            Line::Header(name) => self.header(depth, name),
            Line::Plan { count, skip } => self.plan(depth, count, skip),
            Line::Result(result) => self.result(depth, result),
            Line::BailOut(why) => {
                self.out.found = true;
                self.out.bailed.get_or_insert(why);
            }
            Line::Totals { failed } => {
                if let Some(level) = self.stack.last_mut() {
                    level.failed_by_totals = failed;
                    self.remark(rest);
                }
            }
            Line::Other => self.remark(rest),
        }
    }

    /// Depth of a line, and its text without indentation and without the marks that make up its depth.
    fn place<'t>(&self, text: &'t str) -> (Depth, &'t str) {
        let most = self.stack.last().map_or(0, |level| level.depth.marks);
        let (mut column, mut rest) = line::depth(text);
        let mut marks = 0;
        while let Some(inner) = line::unmark(rest) {
            let (inner_column, inner_rest) = line::depth(inner);
            if marks >= most && !self.begins_within_marks(inner_rest) {
                break;
            }
            marks += 1;
            (column, rest) = (inner_column, inner_rest);
        }
        (Depth { marks, column }, rest)
    }

    /// Whether a line behind one `# ` more than those before is of a test's own output: its version line, or, since some tests
    /// have none, a plan or a result with a number.
    fn begins_within_marks(&self, text: &str) -> bool {
        match line::read(text, false) {
            Line::Version { .. } => true,
            // By itself it is a range of whatever.
            Line::Plan { .. } => self.of_kselftest || !self.stack.is_empty(),
            Line::Result(result) => result.number.is_some(),
            _ => false,
        }
    }

    fn remark(&mut self, text: &str) {
        self.of_kselftest |= text.starts_with("# selftests: ");
        let Some(level) = self.stack.last_mut() else { return };
        if text.is_empty() {
            return;
        }
        // The oldest one's memory is used again: a console prints much between two results.
        let full = level.remarks.len() == REMARKS;
        let mut remark = if full { level.remarks.pop_front() } else { None }.unwrap_or_default();
        remark.clear();
        remark.push_str(text);
        level.remarks.push_back(remark);
    }

    fn complain(&mut self, line: u64, red: bool, text: String) {
        self.out.complaints.push(Complaint { line, text, red });
    }

    fn open(&mut self, depth: Depth, flat: bool, name: Option<String>) {
        self.out.found = true;
        if self.stack.len() < DEEPEST {
            self.stack.push(Level { depth, flat, name, line: self.number, ..Level::default() });
        }
    }

    /// Closes the levels that are deeper than a line at `depth`; the outermost stays. Where that is deeper, too, the log began
    /// within it, and it is of a level that is known only now.
    fn close_deeper(&mut self, depth: Depth) {
        if self.stack.first().is_some_and(|outermost| outermost.depth > depth) {
            let outer = Level { depth, line: self.number, begun_late: true, ..Level::default() };
            self.stack.insert(0, outer);
        }
        while self.stack.len() > 1 && self.stack.last().is_some_and(|top| top.depth > depth) {
            self.close();
        }
    }

    fn version(&mut self, depth: Depth, known: bool) {
        self.out.headed = true;
        if !known {
            self.complain(self.number, false, "a version of KTAP or TAP that is not known".to_owned());
        }
        self.close_deeper(depth);
        let outermost = self.stack.len() == 1;
        let Some(top) = self.stack.last() else { return self.open(depth, false, None) };
        if depth > top.depth {
            return self.open(depth, false, None);
        }
        if top.untouched() && top.line + 1 == self.number {
            return;
        }
        if top.plan.is_some() && !top.full() {
            return self.open(depth, true, None);
        }
        // The level before is done: outermost, it was a document of its own; within one, it lost its result.
        self.close();
        let flat = !outermost && self.stack.last().is_some_and(|top| top.depth >= depth);
        self.open(depth, flat, None);
    }

    fn header(&mut self, depth: Depth, name: String) {
        self.close_deeper(depth);
        let outermost = self.stack.len() == 1;
        let number = self.number;
        let Some(top) = self.stack.last_mut() else { return };
        // One that is indented is the outermost only because the log began within it.
        let inner = !outermost || top.depth > Depth::default();
        if inner && top.untouched() && depth.marks == top.depth.marks {
            top.name = Some(name);
            return;
        }
        let deeper = depth > top.depth;
        if !deeper && !outermost && top.full() {
            let flat = top.flat;
            self.close();
            return self.open(depth, flat, Some(name));
        }
        if outermost && top.full() && !deeper {
            self.complain(number, false, format!("subtest {name} after the last planned result"));
        }
        self.open(depth, !deeper, Some(name));
    }

    fn plan(&mut self, depth: Depth, count: u64, skip: Option<String>) {
        self.close_deeper(depth);
        if self.stack.is_empty() {
            if depth.column > 0 {
                return;
            }
            self.open(depth, false, None);
        }
        self.open_within_marks(depth);
        let number = self.number;
        let Some(top) = self.stack.last_mut() else { return };
        match top.plan {
            Some(before) if before != count => {
                self.complain(number, true, format!("a second plan, 1..{count} after 1..{before}"));
            }
            _ => {
                top.plan = Some(count);
                top.skipped = skip.filter(|_| count == 0);
            }
        }
    }

    fn result(&mut self, depth: Depth, result: ResultLine) {
        if self.stack.is_empty() {
            // Without a header, only a line that could be nothing else starts a document.
            if result.number.is_none() {
                return;
            }
            self.open(depth, false, None);
        }
        self.close_deeper(depth);
        self.open_within_marks(depth);
        while let [.., _, top] = self.stack.as_slice() {
            let named = top.name.as_deref().is_some_and(|name| !name.is_empty() && name == result.name);
            if !(top.flat && (named || top.full())) {
                break;
            }
            self.close();
        }
        self.add(result);
    }

    /// Opens the level of a test's own output that has no version line.
    fn open_within_marks(&mut self, depth: Depth) {
        if self.stack.last().is_some_and(|top| top.depth.marks < depth.marks) {
            self.open(depth, false, None);
        }
    }

    fn add(&mut self, result: ResultLine) {
        let number = self.number;
        self.results += 1;
        if self.results > MOST {
            if self.results == MOST + 1 {
                self.complain(number, true, too_many());
            }
            return;
        }
        let Some(mut top) = self.stack.pop() else { return };
        let mut child = top.child.take();
        if let Some(lost) = child.take_if(|c| c.name.as_deref().is_some_and(|name| name != result.name)) {
            self.lose(&mut top, *lost);
        }
        if let Some(got) = result.number.filter(|got| top.begun_late && top.tests.is_empty() && *got > 1) {
            top.before = got - 1;
            let text = format!("the log begins in the middle: results before number {got} are not in it");
            self.complain(number, false, text);
        }
        let expected = (top.tests.len() as u64 + 1).saturating_add(top.before);
        if let Some(got) = result.number {
            if got != expected {
                self.complain(number, false, format!("result number {got} where {expected} was due"));
            }
            top.numbers.insert(got);
        }
        let announced = child.is_some();
        let (subtests, all_skipped) = child.map_or_else(Default::default, |c| (c.tests, c.skipped));
        let mut remarks = Vec::from(std::mem::take(&mut top.remarks));
        self.remark_bytes += remarks.iter().map(String::len).sum::<usize>();
        if self.remark_bytes > REMARK_BYTES {
            remarks.clear();
        }
        let test = Test {
            name: result.name,
            outcome: result.outcome,
            reason: result.reason,
            remarks,
            subtests,
            line: number,
            partial: top.begun_late,
        };
        top.tests.push(test.settle(announced, all_skipped));
        self.stack.push(top);
    }

    /// A level whose result line never came becomes a test of its own.
    fn lose(&mut self, parent: &mut Level, lost: Level) {
        let name = lost.name.unwrap_or_else(|| "subtests without a result line".to_owned());
        self.complain(lost.line, false, format!("the result line of {name} is missing"));
        let reason = "its result line is missing".to_owned();
        let (outcome, remarks) = (self.missing(), Vec::from(lost.remarks));
        parent.numbers.insert(parent.tests.len() as u64 + 1);
        let (subtests, line, partial) = (lost.tests, lost.line, parent.begun_late);
        parent.tests.push(Test { name, outcome, reason, remarks, subtests, line, partial });
    }

    fn missing(&self) -> CaseOutcome {
        if self.dead { CaseOutcome::Crash } else { CaseOutcome::NotRun }
    }

    /// Closes the innermost level and hands it to the one around it, or to the result of the whole.
    fn close(&mut self) {
        let Some(mut level) = self.stack.pop() else { return };
        if let Some(lost) = level.child.take() {
            self.lose(&mut level, *lost);
        }
        self.check_plan(&mut level);
        if level.failed_by_totals > 0 && !level.tests.iter().any(|t| t.outcome.is_red()) {
            let text = format!("its totals count {} failed, and no result shows it", level.failed_by_totals);
            self.complain(level.line, true, text);
        }
        let Some(mut parent) = self.stack.pop() else {
            self.out.tests.append(&mut level.tests);
            self.out.skipped = self.out.skipped.take().or(level.skipped);
            return;
        };
        if let Some(lost) = parent.child.take() {
            self.lose(&mut parent, *lost);
        }
        parent.child = Some(Box::new(level));
        self.stack.push(parent);
    }

    fn check_plan(&mut self, level: &mut Level) {
        let Some(plan) = level.plan.filter(|_| self.results <= MOST) else { return };
        let have = level.tests.len() as u64;
        if have > plan {
            self.complain(level.line, true, format!("{have} results where {plan} were planned"));
        }
        let missing = plan.saturating_sub(have);
        let mut numbers = (1..=plan).filter(|n| !level.numbers.contains(n));
        let (outcome, line) = (self.missing(), self.number);
        let reason = match &self.out.bailed {
            Some(why) => format!("bailed out: {why}"),
            None => "its result never came".to_owned(),
        };
        let test = |name| Test {
            name,
            outcome,
            reason: reason.clone(),
            remarks: vec![],
            subtests: vec![],
            line,
            partial: false,
        };
        for _ in 0..missing.min(MISSING) {
            level.tests.push(test(format!("test {}", numbers.next().unwrap_or(plan))));
        }
        if missing > MISSING {
            level.tests.push(test(format!("{} more", missing - MISSING)));
        }
    }
}

/// Whether a line may be more than a remark, by the first that is not a blank.
fn may_mean(text: &str) -> bool {
    let first = text.bytes().find(|b| !matches!(b, b' ' | b'\t'));
    first.is_some_and(|b| matches!(b, b'#' | b'1' | b'o' | b'n' | b'K' | b'T' | b'B'))
}

/// The first `most` bytes of a text, or a little less where that is within a character.
fn start(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}
