//! Every row does what it declares, and none can be forgotten by the prefilter or hidden by another row.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Role, Row, Trust, rows};
use crate::kernel_log::heading::find_row;
use crate::kernel_log::prefilter::Hits;
use crate::kernel_log::{scan, scan_log};

fn examples() -> impl Iterator<Item = (&'static Row, &'static str, &'static str)> {
    rows().flat_map(|row| row.examples.iter().map(move |(line, reads)| (row, *line, *reads)))
}

/// A row without a needle is looked for only where a report stands anyway, and is none without it.
fn is_hidden(row: &Row) -> bool {
    row.needles.is_empty() && row.trust == Trust::WithTrace && row.role == Role::Prelude
}

#[test]
fn every_row_has_an_example_and_a_needle() {
    for row in rows() {
        assert!(!row.examples.is_empty(), "no example: {}", row.pattern);
        assert!(!row.needles.is_empty() || is_hidden(row), "no needle: {}", row.pattern);
        assert!(row.needles.iter().all(|needle| needle.len() > 1), "short needle: {}", row.pattern);
    }
}

#[test]
fn the_prefilter_lets_every_example_through() {
    for (row, line, _) in examples().filter(|(row, ..)| !is_hidden(row)) {
        assert!(row.needles.iter().any(|needle| line.contains(needle)), "none of its needles in {line}");
        assert!(Hits::new(line.as_bytes()).next(0, false) < line.len(), "passed over: {line}");
    }
}

#[test]
fn every_example_is_its_own_rows_and_reads_as_declared() {
    for (row, line, reads) in examples() {
        let (found, heading) = find_row(line.as_bytes()).unwrap_or_else(|| panic!("no row takes {line}"));
        assert!(std::ptr::eq(found, row), "{line}\nis taken by {}\nnot by   {}", found.pattern, row.pattern);
        let function = heading.function.map(|f| format!(" in {f}")).unwrap_or_default();
        let module = heading.module.map(|m| format!(" [{m}]")).unwrap_or_default();
        assert_eq!(format!("{}{function}{module}", heading.title), reads, "{line}");
        assert_eq!((heading.kind, heading.role), (row.kind, row.role), "{line}");
    }
}

/// A whole log, with a boot before the report and a trace below its heading, has one splat of the row's kind.
#[test]
fn every_example_makes_a_log_red() {
    const TRACE: &str = "CPU: 0 PID: 1 Comm: sh Not tainted\nCall Trace:\n cxl_sample+0x1/0x2 [cxl_core]\n";
    for (row, line, _) in examples().filter(|(row, ..)| row.role != Role::Note) {
        let end =
            if row.role == Role::Torn && !line.starts_with("---[") { "---[ end trace 0 ]---\n" } else { "" };
        let log: String = format!("{}{line}\n{TRACE}{end}", "quiet\n".repeat(20))
            .lines()
            .map(|line| format!("[    1.000000] {line}\n"))
            .collect();
        let splats = scan(log.as_bytes());
        assert_eq!(splats.iter().map(|s| s.kind).collect::<Vec<_>>(), [row.kind], "{line}");
    }
}

/// Behind `cut here`, and before what WARN() says of its place, a message without a needle names the report, which is one.
#[test]
fn what_warn_says_of_itself_is_found_without_a_needle() {
    for (row, line, _) in examples().filter(|(row, ..)| is_hidden(row)) {
        let log = format!(
            "[    1.000000] ------------[ cut here ]------------\n[    1.000001] {line}\n[    1.000002] WARNING: CPU: 1 PID: 7 at drivers/cxl/core/port.c:12 cxl_other+0x1c/0x60\n[    1.000003] ---[ end trace 0 ]---\n"
        );
        let titles: Vec<_> = scan(log.as_bytes()).iter().map(|s| (s.kind, s.title.clone())).collect();
        let (_, heading) = find_row(line.as_bytes()).expect("its own row");
        let function = heading.function.unwrap_or_else(|| "cxl_other".to_owned());
        let named = format!("{} in {function}", heading.title);
        assert_eq!(titles, [(row.kind, named)], "{line}");
    }
}

/// A note is no report, and is not kept back.
#[test]
fn every_note_is_told_and_red_only_by_what_follows() {
    for (_, line, why) in examples().filter(|(row, ..)| row.role == Role::Note) {
        let found = scan_log(format!("[    1.000000] quiet\n[    1.000001] {line}\n").as_bytes(), None);
        let told: Vec<_> = found.notes.iter().map(|note| (note.line, note.text.starts_with(why))).collect();
        assert_eq!((found.splats.len(), told), (0, vec![(2, true)]), "{line}");
        let program = format!("{}[    1.000001] sample[7]: {line}\n", "[    1.000000] quiet\n".repeat(9));
        let found = scan_log(program.as_bytes(), None);
        assert!(!found.notes.iter().any(|note| note.text.starts_with(why)), "{line}: {:?}", found.notes);
    }
}

/// An example shows one way in which a pattern matches. Here many lines are made of each pattern, so that every branch of
/// it is taken: a line without a needle would be a report that nobody ever looks at.
#[test]
fn no_line_that_a_row_matches_is_passed_over() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for row in rows().filter(|row| !is_hidden(row)) {
        // The generator knows no anchors and no word boundaries.
        let pattern = row.pattern.trim_start_matches('^').trim_end_matches('$').replace(r"\b", "");
        let lines = proptest::string::string_regex(&pattern)
            .unwrap_or_else(|error| panic!("{}: {error}", row.pattern));
        for _ in 0..256 {
            let line = lines.new_tree(&mut runner).expect("a line").current();
            assert!(
                row.needles.iter().any(|needle| line.contains(needle)),
                "{}\nmatches {line:?}",
                row.pattern
            );
        }
    }
}
