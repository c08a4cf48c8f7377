//! Signals for a LAVA dispatcher, which reads the output of the job that calls the tool: a test set a cell, a test case a
//! case. The dispatcher takes a line with `<LAVA_SIGNAL_…>` for one and splits its words at blanks.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use event::{Event, Sink};
use kernlog::CaseOutcome;

use super::format::{Format, Kept};
use crate::summary::{CellSummary, Summary};

pub(super) const FORMAT: Format = Format {
    name: "lava",
    about: "Signals for a LAVA dispatcher: a test set a cell, a test case a case",
    kept: Kept::No,
    write: |run, _| Ok(run.summary.cells.iter().map(signals).collect::<String>().into_bytes()),
    live: Some(|_| Box::new(Lava::new(std::io::stdout()))),
};

/// Writes a cell's signals when it is judged, so that no two cells are mixed.
struct Lava<W>(Mutex<(W, Summary)>);

impl<W: Write + Send> Lava<W> {
    /// A sink into `writer`.
    fn new(writer: W) -> Self {
        Self(Mutex::new((writer, Summary::default())))
    }
}

impl<W: Write + Send> Sink for Lava<W> {
    fn emit(&self, event: &Event) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (writer, summary) = &mut *inner;
        summary.take(event);
        if let Event::CellFinished { cell, .. } = event {
            let text = signals(summary.cell(cell));
            // A reader that is gone must not end the run.
            let _ = writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
        }
    }
}

fn signals(cell: &CellSummary) -> String {
    let mut text = format!("<LAVA_SIGNAL_TESTSET START {}>\n", word(&cell.cell.to_string()));
    for (at, case) in cell.cases.iter().enumerate() {
        let rounds = cell.cases.iter().filter(|other| other.name == case.name).count();
        let round = cell.cases[..at].iter().filter(|other| other.name == case.name).count() + 1;
        // A case that ran more than once is as many.
        let name = if rounds > 1 { format!("{}.{round}", case.name) } else { case.name.clone() };
        text.push_str(&format!(
            "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={} RESULT={} UNITS=seconds MEASUREMENT={:.3}>\n",
            word(&name),
            result(case.outcome),
            case.seconds
        ));
    }
    for (n, splat) in cell.red_splats().enumerate() {
        let name = word(&format!(
            "splat-{}-{}-{}",
            n + 1,
            splat.kind,
            splat.function.as_deref().unwrap_or("unknown")
        ));
        text.push_str(&format!("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={name} RESULT=fail>\n"));
    }
    if cell.red_by_itself() {
        text.push_str("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=the-cell-as-a-whole RESULT=fail>\n");
    }
    text + "<LAVA_SIGNAL_TESTSET STOP>\n"
}

/// One of LAVA's four words.
fn result(outcome: CaseOutcome) -> &'static str {
    match outcome {
        CaseOutcome::Pass | CaseOutcome::Xfail => "pass",
        CaseOutcome::Skip => "skip",
        // It was to be run, and nothing is known of it.
        CaseOutcome::NotRun => "unknown",
        CaseOutcome::Fail | CaseOutcome::Xpass | CaseOutcome::Crash | CaseOutcome::Timeout => "fail",
    }
}

/// A name that is one word of a signal, whatever it was.
fn word(text: &str) -> String {
    // A blank ends a word, and a slash or a colon would be one in the addresses of LAVA's own pages.
    let harmless = |c: char| match c {
        '/' | ':' => '.',
        c if c.is_ascii_alphanumeric() || "-_.+".contains(c) => c,
        _ => '_',
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::events;

    #[test]
    fn a_signal_for_each_case() {
        let lava = Lava::new(Vec::new());
        for event in &events() {
            lava.emit(event);
        }
        let text = String::from_utf8(lava.0.into_inner().expect("no panic").0).expect("text");
        insta::assert_snapshot!(text, @r"
        <LAVA_SIGNAL_TESTSET START lts.direct.enumerate>
        <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=memdevs RESULT=pass UNITS=seconds MEASUREMENT=1.250>
        <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=ports RESULT=fail UNITS=seconds MEASUREMENT=1.250>
        <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=switch RESULT=skip UNITS=seconds MEASUREMENT=1.250>
        <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=poison RESULT=pass UNITS=seconds MEASUREMENT=1.250>
        <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=hang RESULT=fail UNITS=seconds MEASUREMENT=1.250>
        <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=oops RESULT=fail UNITS=seconds MEASUREMENT=1.250>
        <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=last RESULT=unknown UNITS=seconds MEASUREMENT=1.250>
        <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=splat-1-warning-cxl_bad RESULT=fail>
        <LAVA_SIGNAL_TESTSET STOP>
        <LAVA_SIGNAL_TESTSET START lts......._b_.a___SKIP_>
        <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=the-cell-as-a-whole RESULT=fail>
        <LAVA_SIGNAL_TESTSET STOP>
        ");
    }
}
