//! A run on GitHub: green cells folded, red ones whole and annotated, a summary of the step in Markdown.
//!
//! The runner takes lines that begin with `::` for commands, also with blanks before them, and `##[` anywhere. What a guest
//! prints must command nothing, so it comes between `::stop-commands::TOKEN` and `::TOKEN::`, with a token that no guest knows.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use event::{CellId, Event, Sink};
use kernlog::Verdict;

use super::format::{Format, Kept};
use super::text::Buffer;
use crate::summary::{CellSummary, Summary};
use crate::terminal::Terminal;
use crate::text::{duration, one_line};
use crate::{Verbosity, lines};

pub(super) const FORMAT: Format = Format {
    name: "github",
    about: "Markdown for the summary of a GitHub step: a row a cell, and what is red",
    kept: Kept::No,
    write: |run, _| Ok(markdown(&run.summary).into_bytes()),
    live: Some(|how| {
        // Set by the runner of GitHub Actions.
        let step = std::env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from);
        Box::new(Github::new(std::io::stdout(), step, how.verbosity))
    }),
};

/// What GitHub keeps of a step's summary, in bytes, with some room.
const SUMMARY: usize = 900 << 10;

/// Shows a run in the log of a GitHub workflow, and at its end in the summary of the step.
struct Github<W>(Mutex<Inner<W>>);

struct Inner<W> {
    out: W,
    step: Option<PathBuf>,
    verbosity: Verbosity,
    token: String,
    summary: Summary,
    /// Cells that are under way, each with a terminal of its own.
    open: Vec<(CellId, Terminal, Buffer)>,
    rest: (Terminal, Buffer),
}

fn terminal(verbosity: Verbosity) -> (Terminal, Buffer) {
    let text = Buffer::default();
    // GitHub's log knows colours.
    (Terminal::to_writer(Box::new(text.clone()), verbosity), text)
}

impl<W: Write + Send> Github<W> {
    /// A sink into the log; `step` is the file for the summary (`GITHUB_STEP_SUMMARY`).
    fn new(out: W, step: Option<PathBuf>, verbosity: Verbosity) -> Self {
        let seed = format!("{} {}", jiff::Timestamp::now().as_nanosecond(), std::process::id());
        let token = host::sha256(seed)[..32].to_owned();
        let (summary, open, rest) = (Summary::default(), Vec::new(), terminal(verbosity));
        Self(Mutex::new(Inner { out, step, verbosity, token, summary, open, rest }))
    }
}

impl<W: Write + Send> Sink for Github<W> {
    fn emit(&self, event: &Event) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.summary.take(event);
        match event.cell() {
            Some(cell) => inner.of_cell(cell, event),
            None => inner.of_run(event),
        }
    }
}

impl<W: Write> Inner<W> {
    fn of_cell(&mut self, cell: &CellId, event: &Event) {
        let verbosity = self.verbosity;
        let at = self.open.iter().position(|(open, ..)| open == cell).unwrap_or_else(|| {
            let (terminal, text) = terminal(verbosity);
            self.open.push((cell.clone(), terminal, text));
            self.open.len() - 1
        });
        self.open[at].1.emit(event);
        if let Event::CellFinished { verdict, seconds, .. } = event {
            let (_, _, text) = self.open.remove(at);
            self.cell_done(cell, *verdict, *seconds, &text.take());
        }
    }

    fn cell_done(&mut self, cell: &CellId, verdict: Verdict, seconds: f64, text: &[u8]) {
        let red = verdict > Verdict::Skip;
        if red {
            let errors: Vec<String> = annotations(self.summary.cell(cell));
            self.print_inert(text);
            for error in errors {
                self.command(&error);
            }
        } else {
            self.command(&format!(
                "::group::{}",
                value(&format!("{cell}: {verdict}, {}", duration(seconds)))
            ));
            self.print_inert(text);
            self.command("::endgroup::");
        }
    }

    fn of_run(&mut self, event: &Event) {
        self.rest.0.emit(event);
        let text = self.rest.1.take();
        if let Event::RunFinished { .. } = event {
            for (.., text) in std::mem::take(&mut self.open) {
                self.print_inert(&text.take());
            }
            let closing = self.summary.closing_line();
            self.print_inert(format!("{}\n", one_line(&closing)).as_bytes());
            self.step();
        } else {
            self.print_inert(&text);
        }
    }

    /// Prints text so that nothing in it is a command.
    fn print_inert(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let (begin, end) = (format!("::stop-commands::{}\n", self.token), format!("::{}::\n", self.token));
        // A reader that is gone must not end the run.
        let out = &mut self.out;
        let _ = [begin.as_bytes(), text, end.as_bytes()].into_iter().try_for_each(|part| out.write_all(part));
        let _ = self.out.flush();
    }

    fn command(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
    }

    fn step(&self) {
        let Some(path) = &self.step else { return };
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        // The log has it all.
        let _ = file.and_then(|mut file| file.write_all(markdown(&self.summary).as_bytes()));
    }
}

/// An annotation for each red case and splat.
fn annotations(cell: &CellSummary) -> Vec<String> {
    let title = |what: &str| property(&format!("{} {what}", cell.cell));
    let mut all = Vec::new();
    for case in cell.cases.iter().filter(|case| case.outcome.is_red()) {
        let message = format!("{}: {}", case.outcome, case.reason);
        all.push(format!("::error title={}::{}", title(&case.name), value(&message)));
    }
    for splat in cell.red_splats() {
        all.push(format!("::error title={}::{}", title("splat"), value(&splat.title)));
    }
    if cell.red_by_itself() {
        let word = cell.verdict.map_or("not finished", Verdict::word);
        all.push(format!("::error title={}::{}", title(word), value(&cell.reason)));
    }
    all
}

/// As the message of a command.
fn value(text: &str) -> String {
    one_line(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As a property of a command.
fn property(text: &str) -> String {
    value(text).replace(':', "%3A").replace(',', "%2C")
}

/// The run as Markdown: the verdict, a row a cell, what is red.
fn markdown(summary: &Summary) -> String {
    let word = summary.verdict.map_or("unfinished", Verdict::word);
    let mut text = format!("## {word}: {}\n\n", code(&summary.id));
    text.push_str(&format!("{}\n\n{}\n\n", escape(&summary.closing_line()), code(&summary.command)));
    text.push_str("| cell | verdict | outcomes | time |\n|---|---|---|---|\n");
    for cell in &summary.cells {
        let counts: Vec<_> =
            cell.totals.words().into_iter().map(|(outcome, n)| format!("{n} {outcome}")).collect();
        let verdict = cell.verdict.map_or("not finished", Verdict::word);
        let bold = if cell.verdict.is_none_or(|verdict| verdict > Verdict::Skip) { "**" } else { "" };
        text.push_str(&format!(
            "| {} | {bold}{verdict}{bold} | {} | {} |\n",
            code(&cell.cell.to_string()),
            counts.join(", "),
            duration(cell.seconds)
        ));
    }
    let reds = summary.cells.iter().flat_map(red_lines);
    let mut whole = true;
    for (n, line) in reds.enumerate() {
        if text.len() + line.len() > SUMMARY {
            whole = false;
            break;
        }
        text.push_str(if n == 0 { "\n### Red\n\n" } else { "" });
        text.push_str(&line);
    }
    if !whole {
        text.push_str("\nMore is left out here: the run's folder has it all.\n");
    }
    text
}

fn red_lines(cell: &CellSummary) -> Vec<String> {
    let name = code(&cell.cell.to_string());
    let cases = cell.cases.iter().filter(|case| case.outcome.is_red());
    let mut all: Vec<String> = cases
        .map(|case| format!("- {name} {} **{}**: {}\n", code(&case.name), case.outcome, escape(&case.reason)))
        .collect();
    for splat in cell.red_splats() {
        let excerpt: Vec<String> =
            splat.excerpt.iter().take(lines::EXCERPT).map(|line| one_line(line)).collect();
        let excerpt = excerpt.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        all.push(format!(
            "- {name} **splat** {}\n  <details><summary>report</summary><pre>\n{excerpt}\n</pre></details>\n",
            escape(&splat.title)
        ));
    }
    if cell.red_by_itself() {
        let word = cell.verdict.map_or("not finished", Verdict::word);
        all.push(format!("- {name} **{word}**: {}\n", escape(&cell.reason)));
    }
    all
}

/// Text in which nothing is Markdown, HTML, or a mention.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' | '#' => escaped.push_str(&format!("&#{};", c as u32)),
            c if "\\`*_{}[]()!|~$".contains(c) => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

/// As code, in a table as well.
fn code(text: &str) -> String {
    format!("`{}`", one_line(text).replace('`', "'").replace('|', "¦"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::events;

    fn shown() -> (String, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let step = folder.path().join("summary.md");
        let github = Github::new(Vec::new(), Some(step.clone()), Verbosity::Normal);
        for event in &events() {
            github.emit(event);
        }
        let inner = github.0.into_inner().expect("no panic");
        let text = String::from_utf8(inner.out).expect("text").replace(&inner.token, "TOKEN");
        (anstream::adapter::strip_str(&text).to_string(), std::fs::read_to_string(step).expect("a summary"))
    }

    #[test]
    fn what_a_guest_prints_commands_nothing() {
        let (log, _) = shown();
        let mut stopped = false;
        for line in log.lines() {
            match line {
                "::stop-commands::TOKEN" => stopped = true,
                "::TOKEN::" => stopped = false,
                line if !stopped => assert!(
                    ["::group::", "::endgroup::", "::error "].iter().any(|c| line.starts_with(c)),
                    "{line}"
                ),
                _ => {}
            }
        }
        let errors: Vec<_> = log.lines().filter(|line| line.starts_with("::error")).collect();
        insta::assert_snapshot!(errors.join("\n"), @r"
        ::error title=lts/direct/enumerate ports::fail: exit status 1: not ok: port2 # SKIP no
        ::error title=lts/direct/enumerate hang::timeout: still running
        ::error title=lts/direct/enumerate oops::crash: the kernel died
        ::error title=lts/direct/enumerate last::not-run: in case oops
        ::error title=lts/direct/enumerate splat::WARNING in cxl_bad
        ::error title=lts/../../<b>/a # SKIP  infrastructure error::QEMU could not start: \x1b]0;title\x07
        ");
    }

    #[test]
    fn the_step_has_a_summary() {
        let (_, step) = shown();
        insta::assert_snapshot!(step, @r"
        ## infrastructure error: `20261123T100000Z-abcdef`

        infrastructure error: 1 pass, 1 fail, 1 crash, 1 timeout, 1 not-run, 1 xfail, 1 skip, 1 splat in 2 cells; 71.0 s: 0.1 configuring, 61.5 building, 3.5 booting, 5.5 running

        `cargo xtask run`

        | cell | verdict | outcomes | time |
        |---|---|---|---|
        | `lts/direct/enumerate` | **fail** | 1 pass, 1 fail, 1 crash, 1 timeout, 1 not-run, 1 xfail, 1 skip | 9.1 s |
        | `lts/../../<b>/a # SKIP` | **infrastructure error** |  | 0.2 s |

        ### Red

        - `lts/direct/enumerate` `ports` **fail**: exit status 1: not ok: port2 &#35; SKIP no
        - `lts/direct/enumerate` `hang` **timeout**: still running
        - `lts/direct/enumerate` `oops` **crash**: the kernel died
        - `lts/direct/enumerate` `last` **not-run**: in case oops
        - `lts/direct/enumerate` **splat** WARNING in cxl\_bad
          <details><summary>report</summary><pre>
        WARNING: CPU: 0 \x1b[2J&lt;script&gt;
         cxl_bad+0x1/0x2
        </pre></details>
        - `lts/../../<b>/a # SKIP` **infrastructure error**: QEMU could not start: \\x1b\]0;title\\x07
        ");
        assert_eq!(
            escape("<b> **x** @user [a](b) | $x$"),
            r"&lt;b&gt; \*\*x\*\* &#64;user \[a\]\(b\) \| \$x\$"
        );
    }
}
