//! Every row does what it declares, and none can be forgotten by the prefilter or hidden by another row.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Role, Row, rows};
use crate::kernel_log::heading::find_row;
use crate::kernel_log::prefilter::Hits;
use crate::kernel_log::scan;

fn examples() -> impl Iterator<Item = (&'static Row, &'static str, &'static str)> {
    rows().flat_map(|row| row.examples.iter().map(move |(line, reads)| (row, *line, *reads)))
}

#[test]
fn every_row_has_an_example_and_a_needle() {
    for row in rows() {
        assert!(!row.examples.is_empty(), "no example: {}", row.pattern);
        assert!(!row.needles.is_empty(), "no needle: {}", row.pattern);
        assert!(row.needles.iter().all(|needle| needle.len() > 1), "short needle: {}", row.pattern);
    }
}

#[test]
fn the_prefilter_lets_every_example_through() {
    for (row, line, _) in examples() {
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
    for (row, line, _) in examples() {
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

/// An example shows one way in which a pattern matches. Here many lines are made of each pattern, so that every branch of
/// it is taken: a line without a needle would be a report that nobody ever looks at.
#[test]
fn no_line_that_a_row_matches_is_passed_over() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for row in rows() {
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
