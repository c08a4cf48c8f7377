use event::{CaseReport, Event, Sink};
use kernlog::Verdict;
use report::Store;
use testing::{COUNTED_SOURCE, CountedProgram};

use super::*;

const OBJECT: &str = "cache/work/obj/drivers/cxl/x.gcda";

fn cell(topology: &str) -> CellId {
    CellId {
        kernel: "lts".to_owned(),
        flavour: FLAVOUR.to_owned(),
        topology: topology.to_owned(),
        suite: "attach".to_owned(),
        variant: "default".to_owned(),
    }
}

/// A run of a cell on each of these topologies, with two cases each, and what it takes to read its counters.
fn run(results: &Path, program: &CountedProgram, topologies: &[&str]) -> Stored {
    let store = Store::create(results, serde_json::json!({})).expect("a store");
    let cells: Vec<_> = topologies.iter().map(|topology| cell(topology)).collect();
    store.emit(&store.started("xtask".to_owned(), cells.clone()));
    for cell in &cells {
        store.emit(&Event::CellStarted { cell: cell.clone() });
        for (name, outcome) in
            [("one", CaseOutcome::Pass), ("two", CaseOutcome::Crash), ("three", CaseOutcome::NotRun)]
        {
            let report = CaseReport {
                name: name.to_owned(),
                outcome,
                reason: String::new(),
                seconds: 1.0,
                subtests: Vec::new(),
                diagnostics: Vec::new(),
            };
            store.emit(&Event::CaseFinished { cell: cell.clone(), report });
        }
        fs::create_dir_all(store.cell_dir(cell).expect("a folder").join("boot0")).expect("made");
        let (verdict, reason) = (Verdict::Fail, String::new());
        store.emit(&Event::CellFinished { cell: cell.clone(), verdict, reason, seconds: 1.0 });
    }
    store.emit(&Event::RunFinished { verdict: Verdict::Fail, seconds: 1.0, interrupted: false });
    let lines = COUNTED_SOURCE.lines().zip(1..).map(|(text, line)| SeriesLine {
        file: "drivers/cxl/x.c".to_owned(),
        line,
        patch: 0,
        line_in_patch: line,
        text: text.to_owned(),
    });
    let patch = SeriesPatch { subject: "cxl: Count".to_owned(), diff: String::new() };
    let lines = SeriesLines { series: "s".to_owned(), patches: vec![patch], lines: lines.collect() };
    let folder = store.dir().join(COVERAGE);
    let notes = folder.join(NOTES).join("obj/drivers/cxl");
    fs::create_dir_all(&notes).expect("made");
    fs::copy(program.notes().join("obj/drivers/cxl/x.gcno"), notes.join("x.gcno")).expect("copied");
    fs::write(folder.join(COVERAGE_LINES), serde_json::to_vec(&lines).expect("JSON")).expect("written");
    Stored::load(store.dir()).expect("a run")
}

/// Has the guest of a cell send counters.
fn send(run: &Stored, topology: &str, case: &str, archive: &[u8]) {
    let folder = run.cell_dir(&cell(topology)).join("boot0/files").join(AGENT_FILES);
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join(format!("{case}{COUNTS}")), archive).expect("written");
}

#[test]
fn what_guests_sent_is_read_by_cell_and_case() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(program) = CountedProgram::new(&folder.path().join("p"), COUNTED_SOURCE) else { return };
    let archive = program.archive(OBJECT);
    let runs = ["direct", "switch"].map(|topology| {
        let run = run(&folder.path().join("results"), &program, &[topology]);
        send(&run, topology, COUNTS_BEFORE, &archive);
        send(&run, topology, "one", &archive);
        run
    });
    let (coverage, _) = read(&runs, "s").expect("counted");
    let line = coverage.lines().find(|line| line.text.contains("a > 2")).expect("there");
    assert_eq!((line.line, line.count), (6, 4));
    assert_eq!(
        line.cases,
        ["direct attach (boot)", "direct attach/one", "switch attach (boot)", "switch attach/one"]
    );
    let missed = coverage.lines().find(|line| line.text.contains("return f(a)")).expect("there");
    assert_eq!(missed.reason, "no counters came of direct attach/two and 1 more", "they crashed");
    assert_eq!(coverage.totals.unknown, 1);

    let error = read(&runs, "another").expect_err("another series");
    assert_eq!(error.fault(), Fault::Usage);
}

#[test]
fn nothing_that_is_missing_is_taken_for_a_zero() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(program) = CountedProgram::new(&folder.path().join("p"), COUNTED_SOURCE) else { return };
    let run = run(&folder.path().join("results"), &program, &["direct"]);
    let failed = |run: &Stored| {
        let error = read(std::slice::from_ref(run), "s").expect_err("nothing to read");
        (fault::one_line(&error).replace(&run.summary.id, "RUN"), error.fault(), error.hint().is_some())
    };
    assert_eq!(failed(&run), ("no counters came of any guest of run RUN".to_owned(), Fault::Machinery, true));
    let other = CountedProgram::new(&folder.path().join("q"), &COUNTED_SOURCE.replace("> 2", "> 3 && a"));
    send(&run, "direct", "one", &other.expect("a compiler").archive(OBJECT));
    let (text, fault, hint) = failed(&run);
    assert!(
        text.contains(&format!("gcov cannot use what was counted in {OBJECT}: stamp mismatch")),
        "{text}"
    );
    assert_eq!((fault, hint), (Fault::Machinery, true));
    send(&run, "direct", "one", &program.archive(OBJECT)[..300]);
    assert_eq!(failed(&run).1, Fault::Machinery);
    fs::remove_dir_all(run.dir.join(COVERAGE)).expect("removed");
    assert!(matches!(read(std::slice::from_ref(&run), "s"), Err(GatherError::Io(_))));
}
