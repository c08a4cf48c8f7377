//! A regression report as the draft of an email. Pure.
//!
//! regzbot's commands are those of linux-kernel's Documentation/admin-guide/reporting-regressions.rst: `#regzbot introduced:`
//! takes a commit, or a range where the culprit is not known exactly.

use std::fmt::Write as _;

use report::text::one_line;

use super::BisectReport;

/// Who hears of every regression, and of every one of CXL.
const LISTS: [&str; 2] = ["regressions@lists.linux.dev", "linux-cxl@vger.kernel.org"];

/// Trailers whose people should hear of it.
const HEARS: [&str; 6] =
    ["Signed-off-by", "Co-developed-by", "Reviewed-by", "Acked-by", "Tested-by", "Reported-by"];

/// The draft. Names and subjects come from commits: none of them can add a header.
pub fn draft(report: &BisectReport) -> String {
    let commit = report.culprit.id.len() >= 40;
    let target = report.target.as_ref();
    let what = target.map_or_else(|| "a test fails".to_owned(), |s| one_line(&s.shown));
    let place = target.map(super::TargetFailure::place).unwrap_or_default();
    let mut text = String::new();
    if !report.message.author.is_empty() {
        let _ = writeln!(text, "To: {}", one_line(&report.message.author));
    }
    let _ = writeln!(text, "Cc: {}", cc(report).join(",\n "));
    let title = one_line(&report.culprit.title);
    let subject =
        if report.fixed { format!("Fixed by \"{title}\"") } else { format!("[REGRESSION] {title}") };
    let _ = writeln!(text, "Subject: {subject}: {what}");
    text.push_str(
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n",
    );
    text.push_str("Hi,\n\n");
    let (fails, turns) = if report.fixed {
        ("failed", "It fails before and passes from this one on")
    } else {
        ("fails", "It passes before and fails from this one on")
    };
    let _ = writeln!(text, "{place} {fails}:\n\n    {what}\n");
    if report.suspects.is_empty() {
        let _ = writeln!(text, "{turns}:\n\n    {}\n", one_line(&report.culprit.shown()));
    } else {
        let count = report.suspects.len() + 1;
        let _ = writeln!(text, "It is one of these {count}; those before the last could not be judged:\n");
        for step in report.suspects.iter().chain([&report.culprit]) {
            let _ = writeln!(text, "    {}", one_line(&step.shown()));
        }
        text.push('\n');
    }
    if let Some(described) = &report.described {
        let _ = writeln!(text, "That is {}.\n", one_line(described));
    }
    for (what, lines) in [("What the test prints", &report.output), ("The kernel's log", &report.logs)] {
        if !lines.is_empty() {
            let _ = writeln!(text, "{what}, good and bad, around the first difference:\n");
            text.extend(lines.iter().map(|line| format!("    {line}\n")));
            text.push('\n');
        }
    }
    text.push_str(
        "Bisected with cxl-patchbench on an emulated topology of QEMU. [Say here what it means to you.]\n\n",
    );
    if report.fixed {
        let _ = writeln!(text, "#regzbot fix: {title}");
    } else if commit {
        let _ = match (&report.parent, report.suspects.is_empty()) {
            (Some(parent), false) => {
                writeln!(text, "#regzbot introduced: {}..{}", parent.id, report.culprit.id)
            }
            _ => writeln!(text, "#regzbot introduced: {}", report.culprit.id),
        };
        let _ = writeln!(text, "#regzbot title: {}", one_line(&format!("{place}: {what}")));
    }
    text
}

/// Lists first, then the people of the trailers, each once.
fn cc(report: &BisectReport) -> Vec<String> {
    let mut all: Vec<String> = LISTS.map(str::to_owned).to_vec();
    for trailer in &report.message.trailers {
        let Some((name, value)) = trailer.split_once(": ") else { continue };
        let value = one_line(value);
        let hears = HEARS.iter().any(|known| known.eq_ignore_ascii_case(name));
        if hears && value.contains('@') && value != one_line(&report.message.author) && !all.contains(&value)
        {
            all.push(value);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bisect::{Message, Step, TargetFailure};
    use event::CellId;

    fn report() -> BisectReport {
        let step =
            |id: &str, title: &str| Step { id: id.repeat(40), title: title.to_owned(), ..Step::default() };
        BisectReport {
            target: Some(TargetFailure {
                cell: CellId {
                    kernel: "lts".to_owned(),
                    flavour: "plain".to_owned(),
                    topology: "switch".to_owned(),
                    suite: "attach".to_owned(),
                    variant: "default".to_owned(),
                },
                case: Some("callback-once".to_owned()),
                fingerprint: "fail:no-memdev".to_owned(),
                shown: "fail: no memdev".to_owned(),
            }),
            culprit: step("b", "cxl/port: Look the port\u{202e} up\r\nBcc: evil@example.org"),
            parent: Some(step("a", "cxl: Something")),
            fixed: false,
            suspects: Vec::new(),
            again: true,
            confidence: 0.98,
            message: Message {
                author: "A Author <a@example.org>".to_owned(),
                date: "2026-11-24".to_owned(),
                trailers: vec![
                    "Reviewed-by: R Reader <r@example.org>".to_owned(),
                    "Signed-off-by: A Author <a@example.org>".to_owned(),
                    "Link: https://example.org/1@2".to_owned(),
                ],
            },
            stat: String::new(),
            described: Some("v6.12-3-gbbbbbbbbbbbb".to_owned()),
            output: Vec::new(),
            logs: vec!["one | two".to_owned()],
            replay: Vec::new(),
            smallest: None,
            runs: 9,
            seconds: 60.0,
        }
    }

    #[test]
    fn a_report_names_the_culprit_to_regzbot() {
        insta::assert_snapshot!(draft(&report()), @r"
        To: A Author <a@example.org>
        Cc: regressions@lists.linux.dev,
         linux-cxl@vger.kernel.org,
         R Reader <r@example.org>
        Subject: [REGRESSION] cxl/port: Look the port\u{202e} up Bcc: evil@example.org: fail: no memdev
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 8bit

        Hi,

        switch/attach/callback-once fails:

            fail: no memdev

        It passes before and fails from this one on:

            bbbbbbbbbbbb cxl/port: Look the port\u{202e} up Bcc: evil@example.org

        That is v6.12-3-gbbbbbbbbbbbb.

        The kernel's log, good and bad, around the first difference:

            one | two

        Bisected with cxl-patchbench on an emulated topology of QEMU. [Say here what it means to you.]

        #regzbot introduced: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
        #regzbot title: switch/attach/callback-once: fail: no memdev
        ");
    }

    #[test]
    fn where_the_culprit_is_not_known_the_range_is() {
        let one = Step { id: "c".repeat(40), title: "does not build".to_owned(), ..Step::default() };
        let text = draft(&BisectReport { suspects: vec![one], ..report() });
        let range = format!("#regzbot introduced: {}..{}\n", "a".repeat(40), "b".repeat(40));
        assert!(text.contains(&range), "{text}");
    }
}
