use event::Event;
use kernlog::Splat;

use super::*;
use crate::testing::{case, cell};

fn run(id: &str, events: Vec<Event>) -> Summary {
    let mut summary = Summary { id: id.to_owned(), ..Summary::default() };
    for event in &events {
        summary.take(event);
    }
    summary
}

fn finished(cell: &CellId, cases: &[(&str, CaseOutcome, f64)]) -> Vec<Event> {
    let mut events =
        vec![Event::BootStarted { cell: cell.clone(), boot: 0, accel: "tcg".into(), cases: vec![] }];
    for (name, outcome, seconds) in cases {
        let mut report = case(name, *outcome, if outcome.is_red() { "why\x1b[2J" } else { "" });
        report.seconds = *seconds;
        events.push(Event::CaseFinished { cell: cell.clone(), report });
    }
    let verdict = if cases.iter().any(|case| case.1.is_red()) { Verdict::Fail } else { Verdict::Pass };
    events.push(Event::CellFinished { cell: cell.clone(), verdict, reason: String::new(), seconds: 1.0 });
    events
}

fn splat(cell: &CellId, title: &str) -> Event {
    let splat = Splat {
        kind: SplatKind::Warning,
        title: title.to_owned(),
        fingerprint: format!("warning:{title}"),
        line: 1,
        function: None,
        module: None,
        at: None,
        case: Some("a".to_owned()),
        excerpt: vec![],
    };
    Event::SplatFound { cell: cell.clone(), splat, expected: false }
}

#[test]
fn every_sort_of_difference_is_told() {
    use CaseOutcome::{Crash, Fail, Pass, Skip};
    let (one, two, three) = (cell("direct", "s"), cell("switch", "s"), cell("mixed", "s"));
    let mut before = finished(
        &one,
        &[("a", Pass, 1.0), ("b", Fail, 1.0), ("c", Fail, 1.0), ("d", Pass, 1.0), ("e", Pass, 4.0)],
    );
    before.extend(finished(&two, &[("a", Pass, 1.0)]));
    before.push(splat(&one, "old"));
    before.push(splat(&one, "both"));
    let mut after = finished(
        &one,
        &[("a", Fail, 1.0), ("b", Pass, 1.0), ("c", Crash, 1.0), ("d", Skip, 0.0), ("e", Pass, 9.0)],
    );
    after.extend(finished(&three, &[("new", Fail, 1.0)]));
    after.extend([splat(&one, "both"), splat(&one, "new"), splat(&three, "new")]);
    let diff = Diff::of(&run("A", before), &run("B", after), &[]);
    assert!(diff.is_newly_red());
    insta::assert_snapshot!(diff.text() + &diff.closing_line(), @r"
    newly failing: 2
      lts/direct/s a, was pass, is fail: why\x1b[2J
      lts/mixed/s new, was not there, is fail: why\x1b[2J
    fixed: 1
      lts/direct/s b, was fail, is pass
    still failing: 1
      lts/direct/s c, was fail, is crash: why\x1b[2J
    new skips: 1
      lts/direct/s d, was pass, is skip
    new splats: 1
      lts/direct/s new, during a
    splats that are gone: 1
      lts/direct/s old, during a
    slower: 1
      lts/direct/s e, was 4.0 s, is 9.0 s; up to 2.0 s more would be noise
    cells that are no longer there: 1
      lts/switch/s
    cells that were not there: 1
      lts/mixed/s
    2 newly failing, 1 new splat, 1 fixed, 1 still failing, 1 slower, against A
    ");
    let without = diff.without_reasons().text();
    assert!(
        without.contains("  lts/direct/s a, was pass, is fail\n") && !without.contains("why"),
        "{without}"
    );
}

#[test]
fn a_run_is_as_itself_and_other_kernels_are_compared() {
    let one = cell("direct", "s");
    let same = run("A", finished(&one, &[("a", CaseOutcome::Pass, 1.0), ("b", CaseOutcome::Fail, 1.0)]));
    let diff = Diff::of(&same, &same, &[]);
    assert!(!diff.is_newly_red());
    insta::assert_snapshot!(diff.text() + &diff.closing_line(), @r"
    still failing: 1
      lts/direct/s b, fail: why\x1b[2J
    nothing is newly red, 1 still failing, against A
    ");
    let other = CellId { kernel: "merged".to_owned(), ..one };
    let other = run("B", finished(&other, &[("a", CaseOutcome::Fail, 1.0), ("b", CaseOutcome::Fail, 1.0)]));
    let diff = Diff::of(&same, &other, &[]);
    assert_eq!((diff.newly_failing.len(), diff.still_failing.len(), diff.added.len()), (1, 1, 0));
}

#[test]
fn noise_is_what_the_past_shows() {
    let one = cell("direct", "s");
    let at = |seconds| run("R", finished(&one, &[("a", CaseOutcome::Pass, seconds)]));
    let slower = |was, is, past: &[f64]| {
        let past: Vec<_> = past.iter().map(|seconds| at(*seconds)).collect();
        !Diff::of(&at(was), &at(is), &past.iter().collect::<Vec<_>>()).slower.is_empty()
    };
    assert!(!slower(0.1, 0.5, &[]), "half a second is nothing");
    assert!(!slower(10.0, 14.0, &[]) && slower(10.0, 16.0, &[]));
    assert!(slower(10.0, 14.0, &[10.1, 9.9, 10.0, 10.2]), "it never varied");
    assert!(!slower(10.0, 14.0, &[12.0, 9.0, 13.0, 14.0]), "it always did");
    assert!(!slower(10.0, 14.0, &[14.0, 14.0, 14.0, 14.0]), "the earlier run was an exception");
}

#[test]
fn a_cell_that_did_not_come_to_its_end_is_newly_red() {
    let one = cell("direct", "s");
    let before = run("A", finished(&one, &[("a", CaseOutcome::Pass, 1.0)]));
    let after =
        run("B", vec![Event::CellStarted { cell: one.clone() }, Event::CellsFound { cells: vec![one] }]);
    let diff = Diff::of(&before, &after, &[]);
    assert!(diff.is_newly_red());
    insta::assert_snapshot!(diff.text(), @r"
    newly failing: 1
      lts/direct/s, was pass, is not finished
    ");
}
