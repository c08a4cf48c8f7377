use event::Sink;
use fault::ToolError as _;
use kernlog::CaseOutcome;

use super::*;
use crate::Summary;
use crate::testing::{case, cell, events as whole_run};

fn store(results: &Path, events: &[Event]) -> Stored {
    resolved_store(results, events, serde_json::json!({ "flavour": "plain" }))
}

fn resolved_store(results: &Path, events: &[Event], resolved: serde_json::Value) -> Stored {
    let store = Store::create(results, resolved).expect("a store");
    for event in events {
        let event = match event.clone() {
            Event::RunStarted { command, version, cells, .. } => Event::RunStarted {
                id: store.id().to_owned(),
                time: store.time().to_owned(),
                command,
                version,
                cells,
            },
            event => event,
        };
        if let Some(cell) = event.cell() {
            let dir = store.cell_dir(cell).expect("a folder").join("boot0");
            fs::create_dir_all(&dir).expect("a folder");
            fs::write(dir.join("console.log"), cell.to_string()).expect("written");
        }
        store.emit(&event);
    }
    let dir = store.dir().to_owned();
    drop(store);
    let run = || Stored::load(&dir).expect("a run");
    // A process that another test starts may hold a copy of the lock until it is another program.
    while run().progress() == Progress::Running {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    run()
}

/// The run by hand, cell by cell.
fn shards() -> Vec<Vec<Event>> {
    let whole = whole_run();
    let Event::RunStarted { cells, .. } = &whole[0] else { panic!("a start") };
    let shard = |number: usize| {
        let mine = &cells[number];
        let of_mine = |event: &&Event| event.cell().map_or(number == 0, |cell| cell == mine);
        let mut events: Vec<Event> = whole[1..whole.len() - 1].iter().filter(of_mine).cloned().collect();
        let (id, time, command, version) = <(String, String, String, String)>::default();
        events.insert(0, Event::RunStarted { id, time, command, version, cells: vec![mine.clone()] });
        let verdict = events.iter().rev().find_map(|event| match event {
            Event::CellFinished { verdict, .. } => Some(*verdict),
            _ => None,
        });
        let verdict = verdict.expect("a verdict");
        events.push(Event::RunFinished { verdict, seconds: 1.0, interrupted: false });
        events
    };
    vec![shard(0), shard(1)]
}

#[test]
fn shards_come_to_what_the_whole_run_came_to() {
    let results = tempfile::tempdir().expect("a folder");
    let runs: Vec<_> = shards().iter().map(|events| store(results.path(), events)).collect();
    let dir = merge(results.path(), &runs, "merge", false).expect("merged");
    let merged = Stored::load(&dir).expect("a run");
    let mut whole = Summary::default();
    for event in &whole_run() {
        whole.take(event);
    }
    assert_eq!(merged.summary.verdict, whole.verdict);
    assert_eq!(merged.summary.totals, whole.totals);
    let json = |summary: &Summary| serde_json::to_value(&summary.cells).expect("JSON");
    assert_eq!(json(&merged.summary), json(&whole));
    assert!(merged.summary.complete && dir.join("junit.xml").exists() && dir.join("run.ktap").exists());
    for cell in &whole.cells {
        let log = fs::read_to_string(merged.cell_dir(&cell.cell).join("boot0/console.log")).expect("a log");
        assert_eq!(log, cell.cell.to_string());
    }
}

#[test]
fn without_one_of_its_shards_the_whole_does_not_pass() {
    let results = tempfile::tempdir().expect("a folder");
    let shard = |number: u32| {
        let (id, time, command, version) = <(String, String, String, String)>::default();
        let cell = cell("direct", &format!("s{number}"));
        let events = [
            Event::RunStarted { id, time, command, version, cells: vec![cell.clone()] },
            Event::CellFinished { cell, verdict: Verdict::Pass, reason: String::new(), seconds: 1.0 },
            Event::RunFinished { verdict: Verdict::Pass, seconds: 1.0, interrupted: false },
        ];
        let resolved =
            serde_json::json!({ "request": { "shard": { "number": number, "of": 3, "times": null } } });
        resolved_store(results.path(), &events, resolved)
    };
    let merged = |runs: &[Stored]| {
        Stored::load(&merge(results.path(), runs, "merge", false).expect("merged")).expect("a run")
    };
    let two = merged(&[shard(1), shard(3)]);
    assert_eq!(two.summary.verdict, Some(Verdict::Infrastructure));
    assert_eq!(missing_shards(std::slice::from_ref(&two)), ["2/3"]);
    let all = merged(&[two, shard(2)]);
    assert_eq!((all.summary.verdict, missing_shards(&[all])), (Some(Verdict::Pass), vec![]));
}

#[test]
fn the_same_cell_twice_is_an_error_unless_the_last_wins() {
    let results = tempfile::tempdir().expect("a folder");
    let cell = cell("direct", "s");
    let with = |outcome: CaseOutcome, verdict| {
        let (id, time, command, version) = <(String, String, String, String)>::default();
        let report = case("a", outcome, "");
        [
            Event::RunStarted { id, time, command, version, cells: vec![cell.clone()] },
            Event::CaseFinished { cell: cell.clone(), report },
            Event::CellFinished { cell: cell.clone(), verdict, reason: String::new(), seconds: 1.0 },
            Event::RunFinished { verdict, seconds: 1.0, interrupted: false },
        ]
    };
    let red = store(results.path(), &with(CaseOutcome::Fail, Verdict::Fail));
    let green = store(results.path(), &with(CaseOutcome::Pass, Verdict::Pass));
    let both = [red.clone(), green.clone()];
    let error = merge(results.path(), &both, "merge", false).expect_err("it overlaps");
    assert!(error.to_string().starts_with("the cell lts/direct/s was finished by "), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.ends_with("with --last-wins")), "{error}");
    let dir = merge(results.path(), &both, "merge", true).expect("merged");
    assert_eq!(Stored::load(&dir).expect("a run").summary.verdict, Some(Verdict::Pass));
    // One that was killed before the cell's end, and one that did it.
    let killed = store(results.path(), &with(CaseOutcome::Fail, Verdict::Fail)[..2]);
    let dir = merge(results.path(), std::slice::from_ref(&killed), "merge", false).expect("merged");
    assert_eq!(Stored::load(&dir).expect("a run").summary.verdict, Some(Verdict::Infrastructure));
    let dir = merge(results.path(), &[killed, green], "merge", false).expect("merged");
    let merged = Stored::load(&dir).expect("a run");
    assert_eq!((merged.summary.verdict, merged.summary.totals.fail), (Some(Verdict::Pass), 0));
}

#[test]
fn what_the_last_did_not_run_again_stays_as_it_was() {
    let results = tempfile::tempdir().expect("a folder");
    let cell = cell("direct", "s");
    let run = |cases: &[(&str, CaseOutcome)]| {
        let red = cases.iter().any(|(_, outcome)| outcome.is_red());
        let verdict = if red { Verdict::Fail } else { Verdict::Pass };
        let (id, time, command, version) = <(String, String, String, String)>::default();
        let mut events = vec![Event::RunStarted { id, time, command, version, cells: vec![cell.clone()] }];
        let ended = |(name, outcome): &(&str, CaseOutcome)| Event::CaseFinished {
            cell: cell.clone(),
            report: case(name, *outcome, ""),
        };
        events.extend(cases.iter().map(ended));
        let (of, reason) = (cell.clone(), String::new());
        events.push(Event::CellFinished { cell: of, verdict, reason, seconds: 1.0 });
        events.push(Event::RunFinished { verdict, seconds: 1.0, interrupted: false });
        store(results.path(), &events)
    };
    let merged = |runs: &[Stored]| {
        let dir = merge(results.path(), runs, "merge", true).expect("merged");
        let summary = Stored::load(&dir).expect("a run").summary;
        (summary.verdict.expect("one"), summary.cells[0].verdict.expect("one"), summary.totals)
    };
    let whole = run(&[("a", CaseOutcome::Fail), ("b", CaseOutcome::Pass), ("c", CaseOutcome::Fail)]);
    let again = run(&[("a", CaseOutcome::Pass)]);
    let (verdict, of_cell, totals) = merged(&[whole.clone(), again.clone()]);
    assert_eq!((verdict, of_cell, totals.pass, totals.fail), (Verdict::Fail, Verdict::Fail, 2, 1));
    let (verdict, of_cell, totals) = merged(&[whole, again, run(&[("c", CaseOutcome::Pass)])]);
    assert_eq!((verdict, of_cell, totals.pass, totals.fail), (Verdict::Pass, Verdict::Pass, 3, 0));
}
