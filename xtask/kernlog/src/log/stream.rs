//! The pass over a log.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::detect::Kind;
use super::detect::{self, Shape};
use super::lines::Lines;
use super::report::LogReport;
use crate::case::{MOST_CASES, too_many};
use crate::kernel_log::{LogScan, Scanner};
use crate::lava::{self, Entry};
use crate::{Case, Splat, SplatKind, ktap, meson};

/// Bytes that are read at once.
const PIECE: usize = 1 << 18;
/// No entry of LAVA's log is longer.
const LONGEST_ENTRY: u64 = 1 << 20;

/// Judges a log. Without a `kind` its content decides: what has results of meson or KTAP is that, everything else
/// is taken for a kernel's log.
///
/// # Errors
/// The log could not be read to its end.
pub fn judge(log: impl Read, kind: Option<Kind>) -> io::Result<LogReport> {
    let mut log = BufReader::with_capacity(PIECE, log);
    let shape = match kind {
        None | Some(Kind::Meson | Kind::Lava) => detect::shape(log.fill_buf()?),
        Some(Kind::Ktap | Kind::KernelLog) => Shape::Text,
    };
    match shape {
        Shape::Json => Ok(report(Kind::Meson, meson::json(&mut log)?, LogScan::default())),
        Shape::Xml => Ok(report(Kind::Meson, meson::junit(&mut log)?, LogScan::default())),
        Shape::Lava(lava::Shape::Log) => lava_log(&mut log),
        Shape::Lava(lava::Shape::Results) => {
            let cases = lava::results(&mut log)?;
            Ok(LogReport::new(Kind::Lava, cases, Vec::new(), LogScan::default()))
        }
        Shape::Text => text(&mut log, kind),
    }
}

/// The log of a job: what the target said, line by line, and the results.
fn lava_log(log: &mut impl BufRead) -> io::Result<LogReport> {
    let (mut pass, mut cases) = (Pass::new(None), Vec::new());
    let mut line = Vec::new();
    loop {
        line.clear();
        if log.by_ref().take(LONGEST_ENTRY).read_until(b'\n', &mut line)? == 0 {
            return Ok(pass.finish(Some(cases)));
        }
        let text = String::from_utf8_lossy(&line);
        match lava::entry(&text) {
            Some(Entry::Console(console)) => pass.feed(console.as_bytes()),
            Some(Entry::Result(case)) if cases.len() < MOST_CASES => cases.push(case),
            Some(Entry::Result(_)) if cases.len() == MOST_CASES => {
                cases.push(Case::flaw("log", too_many()));
            }
            Some(_) => {}
            // What is no entry is judged as it is.
            None => pass.feed(text.trim_end().as_bytes()),
        }
        // The line's number stays what it is in the file.
        pass.feed(b"\n");
    }
}

fn report(kind: Kind, results: meson::Results, log: LogScan) -> LogReport {
    LogReport::new(kind, results.cases, results.notes, log)
}

fn text(log: &mut impl BufRead, kind: Option<Kind>) -> io::Result<LogReport> {
    let mut pass = Pass::new(kind);
    loop {
        let piece = log.fill_buf()?;
        if piece.is_empty() {
            return Ok(pass.finish(None));
        }
        pass.feed(piece);
        let length = piece.len();
        log.consume(length);
    }
}

static SIGNS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let signs: Vec<String> =
        ktap::SIGNS.iter().chain(&meson::SIGNS).map(|sign| regex::escape(sign)).collect();
    Regex::new(&signs.join("|")).ok()
});

struct Pass {
    kind: Option<Kind>,
    scanner: Scanner,
    lines: Lines,
    ktap: ktap::Parser,
    meson: meson::Text,
}

impl Pass {
    fn new(kind: Option<Kind>) -> Self {
        Self {
            kind,
            scanner: Scanner::new(None),
            lines: Lines::default(),
            ktap: ktap::Parser::default(),
            meson: meson::Text::default(),
        }
    }

    fn feed(&mut self, piece: &[u8]) {
        self.scanner.feed(piece);
        if self.kind == Some(Kind::KernelLog) {
            return;
        }
        let mut lines = std::mem::take(&mut self.lines);
        let mut rest = piece;
        while !rest.is_empty() {
            if self.found() {
                lines.feed(rest, |line| self.line(line));
                break;
            }
            // Until there are results, only lines with a sign of them are looked at.
            let sign = SIGNS.as_ref().and_then(|signs| signs.find(rest)).map(|sign| sign.start());
            self.ktap.skip(lines.skip(&mut rest, sign));
            lines.first(&mut rest, |line| self.line(line));
        }
        self.lines = lines;
    }

    fn found(&self) -> bool {
        self.ktap.found() || self.meson.found()
    }

    fn line(&mut self, line: &[u8]) {
        if self.kind != Some(Kind::Meson) {
            self.ktap.take_bytes(line);
        }
        if self.kind != Some(Kind::Ktap) {
            self.meson.take(line);
        }
    }

    /// The end of the log; `lava` are the results that LAVA's log has besides.
    fn finish(mut self, lava: Option<Vec<Case>>) -> LogReport {
        let mut lines = std::mem::take(&mut self.lines);
        lines.finish(|line| self.line(line));
        let mut log = self.scanner.finish();
        let kind = self.kind.unwrap_or_else(|| {
            if self.meson.found() {
                Kind::Meson
            } else if self.ktap.found() {
                Kind::Ktap
            } else {
                Kind::KernelLog
            }
        });
        let (mut found, notes) = match kind {
            Kind::Meson if self.meson.found() => {
                let results = self.meson.finish();
                (results.cases, results.notes)
            }
            Kind::Ktap if self.ktap.found() => {
                let ktap = self.ktap.finish();
                let mut notes = ktap.notes();
                notes.extend(usual_end(&ktap, &mut log));
                (cases(&ktap), notes)
            }
            _ => (Vec::new(), Vec::new()),
        };
        let kind = if lava.is_some() { Kind::Lava } else { kind };
        found.extend(lava.into_iter().flatten());
        LogReport::new(kind, found, notes, log)
    }
}

/// The leaves; and what makes the whole red without any leaf that shows it.
fn cases(ktap: &ktap::Ktap) -> Vec<Case> {
    let mut cases = ktap.cases();
    let (outcome, reason) = ktap.outcome();
    if outcome.is_red() && !cases.iter().any(|case| case.outcome.is_red()) {
        cases.push(Case { outcome, ..Case::flaw("ktap", reason) });
    }
    cases
}

/// A kernel that was started for its built-in tests alone has no root file system and panics once they are through, as
/// every log of kunit.py before `kunit_shutdown=` shows. After a last result that leaves nothing open, that is no splat.
fn usual_end(ktap: &ktap::Ktap, log: &mut LogScan) -> Option<String> {
    let last = ktap.tests.iter().map(|test| test.line).max()?;
    let usual = |splat: &Splat| {
        splat.kind == SplatKind::Panic && splat.line > last && splat.title.contains("Unable to mount root fs")
    };
    let at = log.splats.iter().position(usual).filter(|_| !ktap.outcome().0.is_red())?;
    let splat = log.splats.remove(at);
    Some(format!(
        "line {}: after its last test the kernel found no root file system, and panicked",
        splat.line
    ))
}
