//! Runs on an engine that neither builds nor boots.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use event::{Collect, Fan};
use fault::{Fault, ToolError};
use kbuild::{Built, Mock};
use source::Prepared;
use spec::{KernelVersion, Project};

use super::*;
use crate::judge::ExpectError;
use crate::run::{Limits, Request, Resources};

/// What becomes of a cell.
type Fate = fn(&CellId) -> Result<Option<Verdict>, RunError>;

struct FakeEngine {
    slots: usize,
    fate: Fate,
    /// Names of the kernels that do not build.
    unbuilt: &'static [&'static str],
    /// Hash of the build.
    build: &'static str,
    ran: Mutex<Vec<CellJob>>,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl FakeEngine {
    fn new(slots: usize, fate: Fate) -> Self {
        let ran = Mutex::default();
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { slots, fate, unbuilt: &[], build: "0123456789abcdef", ran, running, most }
    }

    fn ran(&self) -> Vec<CellJob> {
        self.ran.lock().expect("no thread panicked").clone()
    }
}

impl Engine for FakeEngine {
    fn limits(&self) -> Limits {
        Limits { slots: self.slots, memory: 100 }
    }

    fn prepare(&self, plan: &Plan, _sink: &dyn Sink) -> Result<PreparedKernel, RunError> {
        if self.unbuilt.contains(&plan.kernel.name.as_str()) {
            return Err(RunError::NoMock { why: "it does not compile".to_owned() });
        }
        Ok(kernel(self.build))
    }

    fn resources(&self, _kernel: &PreparedKernel, _cell: &Cell) -> Resources {
        Resources { memory: 10, seconds: 1.0, was_red: false }
    }

    fn run(&self, job: &CellJob, sink: &dyn Sink) -> Result<Option<Verdict>, RunError> {
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.ran.lock().expect("no thread panicked").push(job.clone());
        thread::sleep(Duration::from_millis(2));
        self.running.fetch_sub(1, Ordering::SeqCst);
        let verdict = (self.fate)(&job.cell.id)?;
        if let Some(verdict) = verdict {
            let (cell, reason) = (job.cell.id.clone(), String::new());
            sink.emit(&Event::CellFinished { cell, verdict, reason, seconds: 0.0 });
        }
        Ok(verdict)
    }
}

fn kernel(build: &str) -> PreparedKernel {
    let file = |name: &str| PathBuf::from("/nowhere").join(name);
    let built = Built {
        dir: file(""),
        id: build.to_owned(),
        release: "6.12.0".to_owned(),
        build_id: None,
        kernel: file("bzImage"),
        config: file("config"),
        symbols: file("System.map"),
        debug: file("debug"),
        notes: file("gcno"),
        production: file("production"),
        mock: Mock::Absent,
        production_modules: vec!["cxl_core".to_owned()],
        mock_modules: Vec::new(),
        notices: Vec::new(),
    };
    let source = Prepared {
        tree: "tree".to_owned(),
        base: "base".to_owned(),
        version: KernelVersion::new(6, 12),
        described: "a kernel".to_owned(),
        tried: Vec::new(),
        applied: Vec::new(),
        cached: true,
        alternates: Vec::new(),
    };
    PreparedKernel { built, source, ndctl: None, images: Vec::new() }
}

/// Plans of the project's own: `enumerate` on these topologies, for each of these kernels.
fn plans(kernels: &[&str], topologies: &[&str]) -> Vec<Plan> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace");
    let project = Project::load(root).expect("patchbench.yaml");
    let plan = |kernel: &&str| {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let (topologies, suites) = (names(topologies), names(&["enumerate"]));
        let kernel = Some((*kernel).to_owned());
        Plan::new(&project, &Request { kernel, topologies, suites, ..Request::default() }).expect("a plan")
    };
    kernels.iter().map(plan).collect()
}

/// A run in a folder of its own; its verdict, its error, and its events.
fn run(
    engine: &FakeEngine,
    plans: &[Plan],
    policy: Policy,
    store: &Store,
) -> (Option<Verdict>, Option<RunError>, Vec<Event>) {
    let events = Arc::new(Collect::default());
    let sink = Fan(vec![Box::new(Arc::clone(&events))]);
    let (verdict, error) = WorkerPool::new(engine, plans, policy, store, &sink).run();
    (verdict, error, events.events())
}

fn store(dir: &Path) -> Store {
    Store::create(dir, serde_json::json!({})).expect("a run's folder")
}

/// Each cell that was judged, with its verdict, sorted.
fn verdicts(events: &[Event]) -> Vec<String> {
    let mut found: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::CellFinished { cell, verdict, .. } => Some(format!("{cell}: {verdict}")),
            _ => None,
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_cell_runs_once_and_the_worst_verdict_is_the_runs() {
    let dir = tempfile::tempdir().expect("a folder");
    let red = |id: &CellId| Ok(Some(if id.topology == "switch" { Verdict::Fail } else { Verdict::Pass }));
    let engine = FakeEngine::new(2, red);
    let plans = plans(&["lts", "merged"], &["direct", "switch"]);
    let (verdict, error, events) = run(&engine, &plans, Policy::default(), &store(dir.path()));
    assert_eq!((verdict, error.map(|error| error.to_string())), (Some(Verdict::Fail), None));
    assert_eq!(
        verdicts(&events),
        [
            "lts/direct/enumerate: pass",
            "lts/switch/enumerate: fail",
            "merged/direct/enumerate: pass",
            "merged/switch/enumerate: fail"
        ]
    );
    assert_eq!(engine.ran().len(), 4);
    assert!(engine.most.load(Ordering::SeqCst) <= 2);
}

#[test]
fn an_error_of_the_machinery_is_its_cells_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = FakeEngine::new(1, |id| match id.topology.as_str() {
        "direct" => Err(RunError::NoQemu { program: "qemu".into() }),
        _ => Ok(Some(Verdict::Pass)),
    });
    let plans = plans(&["lts"], &["direct", "switch"]);
    let (verdict, error, events) = run(&engine, &plans, Policy::default(), &store(dir.path()));
    assert_eq!(verdict, Some(Verdict::Pass));
    assert!(matches!(error, Some(RunError::NoQemu { .. })), "{error:?}");
    assert_eq!(
        verdicts(&events),
        ["lts/direct/enumerate: infrastructure error", "lts/switch/enumerate: pass"]
    );
}

#[test]
fn the_reason_of_a_verdict_shows_the_cause() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = FakeEngine::new(1, |_| {
        let (file, source) = ("/x".into(), std::io::Error::other("no space left"));
        Err(ExpectError::Read { file, source }.into())
    });
    let (_, _, events) = run(&engine, &plans(&["lts"], &["direct"]), Policy::default(), &store(dir.path()));
    let reason = events.iter().find_map(|event| match event {
        Event::CellFinished { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    assert_eq!(reason, Some("cannot read /x: no space left"));
}

#[test]
fn cells_of_a_kernel_that_does_not_build_are_unbuilt_and_others_run() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = FakeEngine { unbuilt: &["lts"], ..FakeEngine::new(1, |_| Ok(Some(Verdict::Pass))) };
    let plans = plans(&["lts", "merged"], &["direct"]);
    let (verdict, error, events) = run(&engine, &plans, Policy::default(), &store(dir.path()));
    assert_eq!(verdict, Some(Verdict::Pass));
    assert!(error.is_some_and(|error| error.fault() == Fault::Kernel));
    assert_eq!(verdicts(&events), ["lts/direct/enumerate: unbuilt", "merged/direct/enumerate: pass"]);
}

#[test]
fn fail_fast_starts_nothing_more() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = FakeEngine::new(1, |_| Ok(Some(Verdict::Fail)));
    let plans = plans(&["lts"], &["direct", "switch", "mixed"]);
    let policy = Policy { fail_fast: true, ..Policy::default() };
    let (verdict, _, events) = run(&engine, &plans, policy, &store(dir.path()));
    assert_eq!(verdict, Some(Verdict::Fail));
    assert_eq!(engine.ran().len(), 1);
    let notice = |event: &Event| matches!(event, Event::Notice { text } if text.starts_with("--fail-fast"));
    assert!(events.iter().any(notice));
}

#[test]
fn the_job_of_a_cell_is_in_its_folder_and_reads_back_as_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = FakeEngine::new(1, |_| Ok(Some(Verdict::Pass)));
    let store = store(dir.path());
    run(&engine, &plans(&["lts"], &["mixed", "two-bridges"]), Policy::default(), &store);
    let ran = engine.ran();
    assert_eq!(ran.len(), 2);
    for job in ran {
        let read = CellJob::read(&job.folder.join(JOB)).expect("a job");
        assert_eq!(read, job);
    }
}

#[test]
fn a_job_of_another_version_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = FakeEngine::new(1, |_| Ok(Some(Verdict::Pass)));
    run(&engine, &plans(&["lts"], &["direct"]), Policy::default(), &store(dir.path()));
    let file = engine.ran()[0].folder.join(JOB);
    let text = fs::read_to_string(&file).expect("there").replace("\"format\": 2", "\"format\": 99");
    fs::write(&file, text).expect("written");
    let error = CellJob::read(&file).expect_err("it is another's").to_string();
    assert!(error.ends_with("job.json: it has format 99, and this version of the tool reads 2"), "{error}");
}

#[test]
fn a_run_does_not_go_on_with_another_kernel() {
    let dir = tempfile::tempdir().expect("a folder");
    let (store, plans) = (store(dir.path()), plans(&["lts"], &["direct"]));
    let pass: Fate = |_| Ok(Some(Verdict::Pass));
    run(&FakeEngine::new(1, pass), &plans, Policy::default(), &store);
    let other = FakeEngine { build: "another", ..FakeEngine::new(1, pass) };
    let (_, error, _) = run(&other, &plans, Policy::default(), &store);
    assert!(matches!(error, Some(RunError::Changed { .. })), "{error:?}");
    assert!(other.ran().is_empty());
}
