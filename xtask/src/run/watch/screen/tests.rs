use event::{Event, Stage};
use kernlog::{CaseOutcome, Verdict};

use super::super::state::Input;
use super::super::state::tests::Bench;
use super::*;

fn shown(bench: &Bench, height: usize) -> String {
    screen(&bench.watch, "/home/me/linux, patches, scenarios", &bench.now, Size { width: 100, height })
}

#[test]
fn the_first_round_builds() {
    let mut bench = Bench::new();
    bench.begins(&["attach", "mock"]);
    let (kernel, note) = ("linux".to_owned(), "drivers/cxl/core/region.o".to_owned());
    bench.event(Event::StageProgress { kernel, stage: Stage::Build, done: 3, total: 40, note });
    bench.wait(2500);
    insta::assert_snapshot!(shown(&bench, 24));
}

#[test]
fn what_is_red_and_since_when() {
    let mut bench = Bench::new();
    bench.red_round();
    bench.saved();
    bench.begins(&["attach"]);
    bench
        .event(Event::CaseStarted { cell: super::super::state::tests::cell("attach"), case: "a".to_owned() });
    bench.save("drivers/cxl/core/port.c");
    bench.save("drivers/cxl/core/pci.c");
    insta::assert_snapshot!(shown(&bench, 24));
}

#[test]
fn a_rebase_is_waited_for() {
    let mut bench = Bench::new();
    bench.begins(&["attach"]);
    bench.ran("attach", &[("a", CaseOutcome::Pass)]);
    bench.ends(Verdict::Pass);
    bench.on(Input::Git(Some("the rebase")));
    bench.save("drivers/cxl/core/port.c");
    insta::assert_snapshot!(shown(&bench, 24));
}

#[test]
fn more_than_the_screen_holds_is_counted_and_nothing_acts_on_the_terminal() {
    let mut bench = Bench::new();
    bench.begins(&["attach"]);
    let cases: Vec<String> = (0..9).map(|number| format!("case-{number}\x1b[2J")).collect();
    let cases: Vec<_> = cases.iter().map(|name| (name.as_str(), CaseOutcome::Fail)).collect();
    bench.ran("attach", &cases);
    bench.ends(Verdict::Fail);
    let text = shown(&bench, 12);
    assert!(text.lines().count() <= 12 && !text.contains('\x1b'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    insta::assert_snapshot!(text);
}
