use event::{CaseReport, CellId, Stage};
use kernlog::CaseOutcome;

use super::*;

/// A watch with its clock, as the tests of the screen have it too.
pub(in super::super) struct Bench {
    pub(in super::super) watch: Watch,
    pub(in super::super) now: Now,
    runs: u32,
}

pub(in super::super) fn cell(suite: &str) -> CellId {
    CellId {
        kernel: "linux".to_owned(),
        flavour: "plain".to_owned(),
        topology: "direct".to_owned(),
        suite: suite.to_owned(),
        variant: "default".to_owned(),
    }
}

fn report(name: &str, outcome: CaseOutcome) -> CaseReport {
    let reason = if outcome.is_red() { "the region has no decoder" } else { "" };
    CaseReport {
        name: name.to_owned(),
        outcome,
        reason: reason.to_owned(),
        seconds: 0.1,
        subtests: Vec::new(),
        diagnostics: Vec::new(),
    }
}

impl Bench {
    pub(in super::super) fn new() -> Self {
        let mut bench = Self { watch: Watch::new(), now: Now::default(), runs: 0 };
        assert_eq!(bench.wait(0), Some(Action::Start(None)), "the first round begins by itself");
        bench
    }

    pub(in super::super) fn on(&mut self, input: Input) -> Option<Action> {
        self.watch.on(input, &self.now)
    }

    /// Time goes by.
    pub(in super::super) fn wait(&mut self, milliseconds: u64) -> Option<Action> {
        self.now.at += Duration::from_millis(milliseconds);
        let seconds = self.now.at.as_secs();
        self.now.clock = format!("14:{:02}:{:02}", seconds / 60, seconds % 60);
        self.on(Input::Tick)
    }

    pub(in super::super) fn save(&mut self, file: &str) {
        assert_eq!(self.on(Input::Changed([file.to_owned()].into())), None);
    }

    /// A save, and the round that begins for it.
    pub(in super::super) fn saved(&mut self) -> Option<Action> {
        self.save("drivers/cxl/core/region.c");
        self.wait(2000)
    }

    pub(in super::super) fn event(&mut self, event: Event) {
        assert_eq!(self.on(Input::Event(Box::new(event))), None);
    }

    pub(in super::super) fn begins(&mut self, cells: &[&str]) {
        self.runs += 1;
        self.event(Event::RunStarted {
            id: format!("run{}", self.runs),
            time: String::new(),
            command: String::new(),
            version: String::new(),
            cells: cells.iter().map(|suite| cell(suite)).collect(),
        });
    }

    /// A cell with its cases and their outcomes.
    pub(in super::super) fn ran(&mut self, suite: &str, cases: &[(&str, CaseOutcome)]) {
        for (name, outcome) in cases {
            self.event(Event::CaseFinished { cell: cell(suite), report: report(name, *outcome) });
        }
        let is_red = cases.iter().any(|(_, outcome)| outcome.is_red());
        self.judged(suite, if is_red { Verdict::Fail } else { Verdict::Pass }, "");
    }

    pub(in super::super) fn judged(&mut self, suite: &str, verdict: Verdict, reason: &str) {
        let reason = reason.to_owned();
        self.event(Event::CellFinished { cell: cell(suite), verdict, reason, seconds: 3.0 });
    }

    pub(in super::super) fn ends(&mut self, verdict: Verdict) -> Option<Action> {
        self.event(Event::RunFinished { verdict, seconds: 3.0, interrupted: false });
        self.on(Input::Ended(Some(match verdict {
            Verdict::Pass => 0,
            Verdict::Unbuilt => 3,
            _ => 1,
        })))
    }

    /// A whole round with two cells, in the first of which one case of two is red.
    pub(in super::super) fn red_round(&mut self) {
        self.begins(&["attach", "mock"]);
        self.ran("attach", &[("a", CaseOutcome::Fail), ("b", CaseOutcome::Pass)]);
        self.ran("mock", &[("cycle", CaseOutcome::Pass)]);
        assert_eq!(self.ends(Verdict::Fail), None);
    }

    /// What is red, in words.
    fn red(&self) -> Vec<String> {
        let line = |(place, red): (&Place, &crate::run::watch::reds::Red)| {
            let place = match place {
                Place::Run => "run".to_owned(),
                Place::Kernel(name) => name.clone(),
                Place::Cell(cell, case) => format!("{} {}", cell.suite, case.as_deref().unwrap_or("-")),
            };
            format!("{place} {} since {}", red.word, red.since.round)
        };
        self.watch.reds.iter().map(line).collect()
    }
}

fn only(suite: &str, cases: &[&str]) -> Action {
    let cases = cases.iter().map(|case| (*case).to_owned()).collect();
    Action::Start(Some(vec![(cell(suite), cases)]))
}

#[test]
fn saves_in_a_row_are_one_round_and_stop_the_one_under_way() {
    let mut bench = Bench::new();
    bench.begins(&["attach"]);
    bench.save("a.c");
    assert_eq!(bench.wait(100), None);
    bench.save("b.c");
    assert_eq!(bench.wait(100), None, "the second save begins the wait anew");
    assert_eq!(bench.wait(50), Some(Action::Stop));
    assert_eq!(bench.wait(1000), None, "it is stopped once");
    bench.save("c.c");
    assert_eq!(bench.on(Input::Ended(Some(130))), None, "a save while it ends waits for its time too");
    assert_eq!(bench.wait(150), Some(Action::Start(None)));
    assert_eq!(bench.watch.round, 2);
    let files: Vec<_> = bench.watch.why.files.iter().map(String::as_str).collect();
    assert_eq!(files, ["a.c", "b.c", "c.c"]);
}

#[test]
fn what_a_stopped_run_says_does_not_count() {
    let mut bench = Bench::new();
    bench.begins(&["attach"]);
    assert_eq!(bench.saved(), Some(Action::Stop));
    bench.ran("attach", &[("a", CaseOutcome::Crash)]);
    assert_eq!(bench.on(Input::Said("error: interrupted".to_owned())), None);
    assert_eq!(bench.on(Input::Ended(Some(130))), Some(Action::Start(None)));
    assert_eq!(bench.red(), [""; 0]);
}

#[test]
fn what_was_red_runs_first_and_then_all() {
    let mut bench = Bench::new();
    bench.red_round();
    assert_eq!(bench.red(), ["attach a fail since 1"]);
    assert_eq!(bench.saved(), Some(only("attach", &["a"])));
    bench.begins(&["attach"]);
    bench.ran("attach", &[("a", CaseOutcome::Fail)]);
    assert_eq!(bench.ends(Verdict::Fail), Some(Action::Start(None)), "all of it follows, red or not");
    assert_eq!(bench.watch.round, 2, "both are one round");
    bench.begins(&["attach", "mock"]);
    bench.ran("attach", &[("a", CaseOutcome::Timeout), ("b", CaseOutcome::Fail)]);
    assert_eq!(bench.red(), ["attach a timeout since 1", "attach b fail since 2"]);
    // Cancelled here: what was red is known all the same.
    assert_eq!(bench.saved(), Some(Action::Stop));
    assert_eq!(bench.on(Input::Ended(Some(130))), Some(only("attach", &["a", "b"])));
    bench.begins(&["attach"]);
    bench.ran("attach", &[("a", CaseOutcome::Pass), ("b", CaseOutcome::Pass)]);
    assert_eq!(bench.red(), [""; 0]);
    assert_eq!(bench.ends(Verdict::Pass), Some(Action::Start(None)));
}

#[test]
fn a_save_while_what_was_red_runs_comes_before_all_of_it() {
    let mut bench = Bench::new();
    bench.red_round();
    assert_eq!(bench.saved(), Some(only("attach", &["a"])));
    bench.begins(&["attach"]);
    bench.save("a.c");
    assert_eq!(bench.ends(Verdict::Pass), None);
    assert_eq!(bench.wait(150), Some(only("attach", &["a"])), "nobody has judged the case in this round");
}

#[test]
fn where_all_is_red_there_is_no_quick_part() {
    let mut bench = Bench::new();
    bench.begins(&["attach"]);
    bench.ran("attach", &[("a", CaseOutcome::Fail)]);
    bench.ends(Verdict::Fail);
    assert_eq!(bench.saved(), Some(Action::Start(None)));
}

#[test]
fn a_key_runs_all_at_once() {
    let mut bench = Bench::new();
    bench.red_round();
    assert_eq!(bench.on(Input::Key(Key::All)), Some(Action::Start(None)));
    bench.begins(&["attach", "mock"]);
    assert_eq!(bench.on(Input::Key(Key::All)), Some(Action::Stop));
    assert_eq!(bench.on(Input::Ended(Some(130))), Some(Action::Start(None)));
}

#[test]
fn a_rebase_is_one_round_at_its_end_and_a_key_does_not_wait_for_it() {
    let mut bench = Bench::new();
    bench.red_round();
    assert_eq!(bench.on(Input::Git(Some("the rebase"))), None);
    for file in ["a.c", "b.c"] {
        bench.save(file);
        assert_eq!(bench.on(Input::Git(Some("the rebase"))), None);
        assert_eq!(bench.wait(5000), None);
    }
    assert_eq!(bench.on(Input::Git(Some("the rebase"))), None);
    assert_eq!(bench.on(Input::Git(None)), None);
    assert_eq!(bench.wait(100), None);
    assert_eq!(bench.wait(50), Some(only("attach", &["a"])));
    assert_eq!(bench.watch.round, 2);

    let mut bench = Bench::new();
    bench.red_round();
    bench.on(Input::Git(Some("the rebase")));
    bench.save("a.c");
    assert_eq!(bench.wait(5000), None);
    assert_eq!(bench.on(Input::Key(Key::All)), Some(Action::Start(None)));
}

#[test]
fn a_kernel_that_does_not_build_is_red_and_its_cases_stay_so() {
    let mut bench = Bench::new();
    bench.red_round();
    bench.saved();
    bench.begins(&["attach"]);
    bench.judged("attach", Verdict::Unbuilt, "make: region.c:7: error");
    assert_eq!(bench.red(), ["linux unbuilt since 2", "attach a fail since 1"]);
    assert_eq!(bench.ends(Verdict::Unbuilt), None, "all of it would be built no better");
    assert_eq!(bench.saved(), Some(only("attach", &["a"])));
    bench.begins(&["attach"]);
    bench.ran("attach", &[("a", CaseOutcome::Fail)]);
    assert_eq!(bench.red(), ["attach a fail since 1"]);
}

#[test]
fn what_is_no_run_is_red_until_there_is_one() {
    let mut bench = Bench::new();
    let said = ["importing", "error: preparing k", "caused by: mine does not apply", "hint: rebase it"];
    let said = said.map(str::to_owned).to_vec();
    for line in &said {
        bench.on(Input::Said(line.clone()));
    }
    assert_eq!(bench.on(Input::Ended(Some(3))), None);
    assert_eq!(bench.red(), ["run unbuilt since 1"]);
    let reasons: Vec<_> = bench.watch.reds.iter().map(|(_, red)| red.reason.as_str()).collect();
    assert_eq!(reasons, ["preparing k: mine does not apply"]);
    assert_eq!(bench.on(Input::Key(Key::Log)), Some(Action::Show(Log::Said(said))));
    assert_eq!(bench.saved(), Some(Action::Start(None)));
    bench.begins(&["attach"]);
    assert_eq!(bench.red(), [""; 0]);
}

#[test]
fn a_quick_part_that_finds_nothing_to_run_is_followed_by_all() {
    let mut bench = Bench::new();
    bench.red_round();
    bench.saved();
    bench.on(Input::Said("error: nothing to run".to_owned()));
    assert_eq!(bench.on(Input::Ended(Some(2))), Some(Action::Start(None)));
    bench.begins(&["mock"]);
    bench.ran("mock", &[("cycle", CaseOutcome::Pass)]);
    bench.ends(Verdict::Pass);
    assert_eq!(bench.red(), [""; 0], "a cell that is gone is not red");
}

#[test]
fn what_is_no_cases_own_makes_the_whole_cell_run() {
    let mut bench = Bench::new();
    bench.begins(&["attach", "mock"]);
    bench.ran("mock", &[("cycle", CaseOutcome::Pass)]);
    bench.judged("attach", Verdict::Infrastructure, "QEMU was killed");
    assert_eq!(bench.ends(Verdict::Infrastructure), None);
    assert_eq!(bench.red(), ["attach - infrastructure error since 1"]);
    assert_eq!(bench.saved(), Some(only("attach", &[])));
}

#[test]
fn a_case_that_a_suite_has_no_more_is_not_red() {
    let mut bench = Bench::new();
    bench.red_round();
    bench.on(Input::Key(Key::All));
    bench.begins(&["attach", "mock"]);
    bench.ran("attach", &[("b", CaseOutcome::Pass)]);
    assert_eq!(bench.red(), [""; 0]);
}

#[test]
fn what_passed_when_it_was_tried_again_is_not_red_where_that_may_pass() {
    let mut bench = Bench::new();
    bench.begins(&["attach"]);
    for outcome in [CaseOutcome::Pass, CaseOutcome::Fail] {
        bench.event(Event::CaseFinished { cell: cell("attach"), report: report("a", outcome) });
    }
    assert_eq!(bench.red(), ["attach a fail since 1"]);
    bench.judged("attach", Verdict::Pass, "");
    assert_eq!(bench.red(), [""; 0]);
}

#[test]
fn the_log_is_that_of_the_first_red_case() {
    let mut bench = Bench::new();
    assert_eq!(bench.on(Input::Key(Key::Log)), None);
    bench.red_round();
    let place = Place::Cell(cell("attach"), Some("a".to_owned()));
    let log = Log::Of { run: "run1".to_owned(), place };
    assert_eq!(bench.on(Input::Key(Key::Log)), Some(Action::Show(log)));
    assert_eq!(bench.on(Input::Key(Key::Quit)), Some(Action::Leave(Key::Quit)));
}

#[test]
fn the_stage_is_what_the_run_is_at() {
    let mut bench = Bench::new();
    let stage = |bench: &Bench| bench.watch.part.as_ref().map(|part| part.stage.clone()).unwrap_or_default();
    bench.on(Input::Said("importing the tree".to_owned()));
    assert_eq!(stage(&bench), "importing the tree");
    bench.begins(&["attach", "mock"]);
    let (kernel, note) = ("linux".to_owned(), "region.o".to_owned());
    bench.event(Event::StageProgress { kernel, stage: Stage::Build, done: 3, total: 40, note });
    assert_eq!(stage(&bench), "linux: build 3/40 region.o");
    bench.event(Event::CaseStarted { cell: cell("attach"), case: "a".to_owned() });
    assert_eq!(stage(&bench), "linux/direct/attach: a");
    bench.ran("attach", &[("a", CaseOutcome::Pass)]);
    assert_eq!(stage(&bench), "1 of 2 cells are done");
}
