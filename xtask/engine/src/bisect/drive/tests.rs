//! Whole bisections of real git histories on a tiny tree, the kernels and guests made up.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use event::CellId;
use fault::ToolError as _;
use host::users_git;
use testing::somebodys_git;

use super::*;
use crate::bisect::history::Ends;
use crate::bisect::{Asked, Rule, TargetFailure};
use crate::run::accel::AccelRequest;

/// A history in a repository of its own.
struct Repo {
    dir: tempfile::TempDir,
}

impl Repo {
    fn new() -> Self {
        let repo = Self { dir: tempfile::tempdir().expect("a folder") };
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo
    }

    fn git(&self, args: &[&str]) -> String {
        args.iter().fold(somebodys_git(self.dir.path()), host::Process::arg).read().expect("git works")
    }

    /// A commit that changes one file.
    fn commit(&self, file: &str, text: &str) -> String {
        let path = self.dir.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
        self.git(&["add", "--all"]);
        let message = format!("{file}: {text}\n\nReviewed-by: R <r@x.example>");
        self.git(&["commit", "--quiet", "--allow-empty", "-m", &message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn read(&self, commit: &str, file: &str) -> Option<String> {
        let output = users_git(self.dir.path()).arg("show").arg(format!("{commit}:{file}")).output().ok()?;
        output.status.success().then(|| output.text())
    }
}

fn target() -> TargetFailure {
    let word = |text: &str| text.to_owned();
    let cell = CellId {
        kernel: word("k"),
        flavour: word("plain"),
        topology: word("switch"),
        suite: word("attach"),
        variant: word("default"),
    };
    TargetFailure { cell, case: Some(word("one")), fingerprint: word("fail:#"), shown: word("fail: 1") }
}

/// Judges a commit by what is in it: `culprit` is bad, `broken` does not build, `other` fails otherwise.
struct Fake<'a> {
    repo: &'a Repo,
    /// Commits that were booted.
    booted: Vec<String>,
    /// The machinery fails at this boot.
    fails_at: Option<usize>,
}

impl Oracle for Fake<'_> {
    fn make(&mut self, step: &Step, _: Option<&TargetFailure>) -> Result<Made, BisectError> {
        if self.repo.read(&step.id, "broken").is_some_and(|text| text != "mended") {
            return Ok(Made::Cannot("broken.c:1:1: error".to_owned()));
        }
        let code: Vec<_> = ["culprit", "other", "code"].map(|file| self.repo.read(&step.id, file)).into();
        Ok(Made::Content(format!("{code:?}")))
    }

    fn run(&mut self, step: &Step, known: &mut Option<TargetFailure>) -> Result<Ran, BisectError> {
        if self.fails_at == Some(self.booted.len()) {
            return Err(BisectError::Machinery { step: step.id.clone(), source: "no QEMU".into() });
        }
        self.booted.push(step.id.clone());
        let has = |file| self.repo.read(&step.id, file).is_some_and(|text| text != "mended");
        let (seen, why) = match (has("other"), has("culprit")) {
            (true, _) => (StepResult::Neither, "fails otherwise: no root"),
            (_, true) => (StepResult::Red, "fail: 1"),
            _ => (StepResult::Green, "pass"),
        };
        if seen == StepResult::Red {
            known.get_or_insert_with(target);
        }
        Ok(Ran { seen, why: why.to_owned(), run: None })
    }
}

fn state(repo: &Repo, good: &str, bad: &str, paths: &[&str]) -> State {
    state_for(repo, good, bad, paths, false)
}

fn state_for(repo: &Repo, good: &str, bad: &str, paths: &[&str], fixed: bool) -> State {
    let ask = Ask {
        axis: Axis::Git {
            dir: repo.dir.path().to_owned(),
            good: good.to_owned(),
            bad: bad.to_owned(),
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            fixed,
        },
        request: Asked::default(),
        rule: Rule { confidence: 0.95, repeat: None },
        together: false,
        qemu: None,
        accel: AccelRequest::default(),
    };
    let paths: Vec<_> = paths.iter().map(|&path| path.to_owned()).collect();
    let history = History::new(repo.dir.path());
    let (steps, _) = crate::bisect::ask::line(&history, good, bad, &paths, fixed).expect("a line");
    let id = "20261124T100000Z-aaaaaa".to_owned();
    let command = "cargo xtask bisect".to_owned();
    State { format: 1, id, command, ask, target: None, levels: vec![Level::new(steps)], answer: None }
}

/// To its end; the boots, and the lines of progress.
fn bisect(repo: &Repo, state: &mut State) -> (Vec<String>, Vec<String>) {
    let mut fake = Fake { repo, booted: Vec::new(), fails_at: None };
    let lines = RefCell::new(Vec::new());
    let progress = |text: &str| lines.borrow_mut().push(text.to_owned());
    Drive { oracle: &mut fake, keep: &|_| Ok(()), progress: &progress }.run(state).expect("an answer");
    (fake.booted, lines.into_inner())
}

fn culprit(state: &State) -> (String, Vec<String>) {
    let end = state.answer.as_ref().expect("an answer");
    let steps = &state.levels[end.level].steps;
    let between = steps[end.found.good + 1..end.found.bad].iter().map(|step| step.title.clone());
    (steps[state.ask.newer(&end.found)].title.clone(), between.collect())
}

/// 64 commits: one breaks the case, a stretch does not build, another stretch fails otherwise; some change nothing that is built.
fn history(culprit_at: usize) -> Repo {
    let repo = Repo::new();
    for number in 0..=64 {
        match number {
            _ if number == culprit_at => repo.commit("culprit", "here"),
            20 => repo.commit("broken", "syntax"),
            28 => repo.commit("broken", "mended"),
            31 => repo.commit("other", "no root"),
            35 => repo.commit("other", "mended"),
            _ if number % 3 == 0 => repo.commit("Documentation/text", &number.to_string()),
            _ => repo.commit("code", &number.to_string()),
        };
    }
    repo
}

#[test]
fn one_of_64_commits_is_found_between_what_does_not_build_and_what_fails_otherwise() {
    let repo = history(44);
    let mut state = state(&repo, "HEAD~64", "HEAD", &[]);
    assert_eq!(state.levels[0].steps.len(), 65);
    let (booted, lines) = bisect(&repo, &mut state);
    assert_eq!(culprit(&state), ("culprit: here".to_owned(), vec![]));
    assert!(booted.len() <= 17, "{}", lines.join("\n"));
    assert_eq!(state.target, Some(target()));
    assert!(lines.iter().any(|line| line.starts_with("skip")), "{}", lines.join("\n"));
}

#[test]
fn the_line_of_a_step_that_is_run_again_says_why() {
    let repo = Repo::new();
    for number in 0..3 {
        repo.commit("code", &number.to_string());
    }
    repo.commit("culprit", "here");
    let mut state = state(&repo, "HEAD~3", "HEAD", &[]);
    let (_, lines) = bisect(&repo, &mut state);
    // Without the commit, the seconds, and what is left.
    let line = |line: &String| {
        let (word, rest) = line.split_at(5);
        let (_, shown) = rest.trim_start().split_once(' ').unwrap_or_default();
        let shown = shown.split(" s)").next().unwrap_or_default();
        format!("{word} {}", shown.rsplit_once([',', ';']).unwrap_or_default().0)
    };
    insta::assert_snapshot!(lines.iter().map(line).collect::<Vec<_>>().join("\n"), @"
    bad   culprit: here: fail: 1 (bad end
    bad   culprit: here: fail: 1 (bad end again: to see how often it fails
    bad   culprit: here: fail: 1 (bad end again: to see how often it fails
    good  code: 0: pass (good end
    good  code: 2: pass (search
    bad   culprit: here: fail: 1 (culprit again: to see it fail once more
    good  code: 2: pass (parent again: the answer rests on it, 1 of 4
    good  code: 2: pass (parent again: the answer rests on it, 2 of 4
    good  code: 2: pass (parent again: the answer rests on it, 3 of 4
    good  code: 2: pass (parent again: the answer rests on it, 4 of 4
    ");
}

#[test]
fn a_culprit_in_a_stretch_that_does_not_build_leaves_the_stretch() {
    let repo = history(24);
    let mut state = state(&repo, "HEAD~64", "HEAD", &[]);
    bisect(&repo, &mut state);
    let (last, between) = culprit(&state);
    assert_eq!(last, "broken: mended");
    assert_eq!(between.len(), 8, "{between:?}");
    assert!(between.contains(&"culprit: here".to_owned()), "{between:?}");
}

#[test]
fn paths_limit_the_line_and_the_same_kernel_is_booted_once() {
    let repo = history(44);
    let mut limited = state(&repo, "HEAD~64", "HEAD", &["culprit", "broken"]);
    assert_eq!(limited.levels[0].steps.len(), 5);
    bisect(&repo, &mut limited);
    assert_eq!(culprit(&limited).0, "culprit: here");

    let repo = Repo::new();
    repo.commit("code", "first");
    for number in 0..30 {
        repo.commit("Documentation/text", &number.to_string());
    }
    repo.commit("culprit", "here");
    let mut state = state(&repo, "HEAD~31", "HEAD", &[]);
    let (booted, lines) = bisect(&repo, &mut state);
    assert_eq!(culprit(&state).0, "culprit: here");
    // The bad end, the good end, the culprit once more, its parent four times.
    assert_eq!(booted.len(), 3 + 1 + 1 + 4, "{}", lines.join("\n"));
    assert!(
        lines.iter().any(|line| line.contains("kernel and modules are those of")),
        "{}",
        lines.join("\n")
    );
}

#[test]
fn a_merge_that_is_to_blame_is_entered_and_one_that_only_joins_is_blamed() {
    let repo = Repo::new();
    repo.commit("code", "base");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    for number in 0..5 {
        repo.commit("side", &number.to_string());
        if number == 2 {
            repo.commit("culprit", "here");
        }
    }
    repo.git(&["checkout", "--quiet", "main"]);
    for number in 0..6 {
        repo.commit("code", &number.to_string());
        if number == 3 {
            repo.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
        }
    }
    let mut state_of = state(&repo, "HEAD~6", "HEAD", &[]);
    let (_, lines) = bisect(&repo, &mut state_of);
    assert_eq!(culprit(&state_of).0, "culprit: here", "{}", lines.join("\n"));
    assert_eq!(state_of.levels.len(), 2);

    // Neither side has it: it comes with the merge.
    let repo = Repo::new();
    repo.commit("code", "base");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.commit("side", "1");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit("code", "1");
    repo.git(&["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    repo.commit("culprit", "in the merge");
    repo.commit("code", "2");
    let mut state = state(&repo, "HEAD~3", "HEAD", &[]);
    let (_, lines) = bisect(&repo, &mut state);
    assert_eq!(culprit(&state).0, "culprit: in the merge", "{}", lines.join("\n"));
    assert_eq!(state.answer.as_ref().map(|end| end.level), Some(0));
}

#[test]
fn what_mended_a_failure_is_found_between_what_cannot_be_judged() {
    let repo = Repo::new();
    repo.commit("culprit", "here");
    for number in 1..=40 {
        match number {
            18 => repo.commit("broken", "syntax"),
            22 => repo.commit("broken", "mended"),
            23 => repo.commit("culprit", "mended"),
            _ => repo.commit("code", &number.to_string()),
        };
    }
    let mut state = state_for(&repo, "HEAD", "HEAD~40", &[], true);
    let (_, lines) = bisect(&repo, &mut state);
    assert_eq!(culprit(&state), ("culprit: mended".to_owned(), vec![]), "{}", lines.join("\n"));
    let last = lines.last().expect("a line");
    assert!(last.starts_with("new ") && last.contains("(fix again: the answer rests on it"), "{last}");
    // Its log is read again, in the words of a property that was there before.
    let log = state.log();
    let words: BTreeSet<&str> =
        log.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(words.into_iter().collect::<Vec<_>>(), ["bisect", "line", "new", "old", "skip"]);
    let again = state.clone().edited(&log, Path::new("log")).expect("its own log");
    assert_eq!(again.levels[0].observations.records.len(), state.levels[0].observations.records.len());
    let error = state.edited("good 0123456789", Path::new("log")).expect_err("another word").to_string();
    insta::assert_snapshot!(error, @"log: line 1: `good` is none of new, old, skip");
}

#[test]
fn a_merge_that_brought_what_mended_it_is_entered() {
    let repo = Repo::new();
    repo.commit("culprit", "here");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    for number in 0..5 {
        repo.commit("side", &number.to_string());
        if number == 2 {
            repo.commit("culprit", "mended");
        }
    }
    repo.git(&["checkout", "--quiet", "main"]);
    for number in 0..6 {
        repo.commit("code", &number.to_string());
        if number == 3 {
            repo.git(&["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"]);
        }
    }
    let mut of_side = state_for(&repo, "HEAD", "HEAD~7", &[], true);
    let (_, lines) = bisect(&repo, &mut of_side);
    assert_eq!(culprit(&of_side).0, "culprit: mended", "{}", lines.join("\n"));
    assert_eq!(of_side.levels.len(), 2);

    // Neither side mends it: that comes with the merge.
    let repo = Repo::new();
    repo.commit("culprit", "here");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.commit("side", "1");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit("code", "1");
    repo.git(&["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    repo.commit("culprit", "mended");
    repo.commit("code", "2");
    let mut of_merge = state_for(&repo, "HEAD", "HEAD~3", &[], true);
    let (_, lines) = bisect(&repo, &mut of_merge);
    assert_eq!(culprit(&of_merge).0, "culprit: mended", "{}", lines.join("\n"));
    assert_eq!(of_merge.answer.as_ref().map(|end| end.level), Some(0));
}

#[test]
fn a_bisection_that_was_cut_short_goes_on_from_its_file() {
    let repo = history(44);
    let folder = tempfile::tempdir().expect("a folder");
    let store = crate::bisect::Bisections::new(folder.path());
    let mut first = state(&repo, "HEAD~64", "HEAD", &[]);
    let (id, _lock) = store.create("cargo xtask bisect").expect("a folder");
    first.id = id;
    let mut boots = 0;
    for fails_at in [2, 3, 4] {
        let mut fake = Fake { repo: &repo, booted: Vec::new(), fails_at: Some(fails_at) };
        let mut drive = Drive { oracle: &mut fake, keep: &|state| store.write(state), progress: &|_| {} };
        let error = drive.run(&mut first).expect_err("the machinery fails");
        assert!(fault::one_line(&error).ends_with(": no QEMU"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("--resume")), "{error}");
        boots += fake.booted.len();
        first = store.load(None).expect("the newest");
    }
    let (booted, _) = bisect(&repo, &mut first);
    let mut at_once = state(&repo, "HEAD~64", "HEAD", &[]);
    assert_eq!(bisect(&repo, &mut at_once).0.len(), boots + booted.len(), "a boot was lost or made twice");
    assert_eq!(culprit(&first), culprit(&at_once));
}

#[test]
fn a_log_is_replayed_and_one_that_was_edited_leads_elsewhere() {
    let repo = history(44);
    let mut done = state(&repo, "HEAD~64", "HEAD", &[]);
    bisect(&repo, &mut done);
    let (log, file) = (done.log(), Path::new("log"));
    let mut again = done.clone().edited(&log, file).expect("its own log");
    assert_eq!(again.answer, None);
    assert_eq!(bisect(&repo, &mut again).0, Vec::<String>::new(), "all is in the log");
    assert_eq!(culprit(&again), culprit(&done));

    let parent = repo.git(&["rev-parse", "HEAD~21"]);
    let edited = log.replace(&format!("good {parent}"), &format!("bad {parent}"));
    let mut other = done.clone().edited(&edited, file).expect("an edited log");
    bisect(&repo, &mut other);
    assert_eq!(culprit(&other).0, "code: 43");

    let error = |text: &str| done.clone().edited(text, file).expect_err("no log").to_string();
    insta::assert_snapshot!(error("good 0123456789"), @"log: line 1: there is no step 0123456789");
    insta::assert_snapshot!(error("\nbetter x"), @"log: line 2: `better` is none of good, bad, skip");
    insta::assert_snapshot!(error("bisect x"), @"log: line 1: it is of bisection x, not 20261124T100000Z-aaaaaa");
}

#[test]
fn ends_that_do_not_fit_are_reported() {
    let repo = Repo::new();
    let first = repo.commit("code", "1");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    let side = repo.commit("side", "1");
    repo.git(&["checkout", "--quiet", "main"]);
    let last = repo.commit("code", "2");
    let history = History::new(repo.dir.path());
    let error = |good: &str, bad: &str| {
        fault::shown(&history.line(good, bad, &[], Ends::GoodToBad).expect_err("no line"))
    };
    assert!(error(&last, &first).starts_with("the bad commit comes before the good one\nhint: "));
    assert!(error(&first, &first).starts_with("the good and the bad commit are the same"));
    assert!(error("no-such", &last).contains("has no commit no-such\nhint: "));
    assert!(error("--output=x", &last).contains("has no commit --output=x"));
    let red_to_green = history.line(&last, &first, &[], Ends::RedToGreen).expect_err("no line");
    insta::assert_snapshot!(fault::shown(&red_to_green), @r"
    the green commit comes before the red one
    hint: --git RED GREEN --fixed; what broke something is found by --git GOOD BAD
    ");
    let (steps, notes) = history.line(&side, &last, &[], Ends::GoodToBad).expect("a line");
    assert_eq!(steps.iter().map(|step| step.id.clone()).collect::<Vec<_>>(), [first, last]);
    assert!(notes[0].contains("is no ancestor of"), "{notes:?}");
}

/// Fails while a switch has a device below it.
struct Switches(BTreeMap<String, u32>);

impl Oracle for Switches {
    fn make(&mut self, step: &Step, _: Option<&TargetFailure>) -> Result<Made, BisectError> {
        Ok(Made::Content(step.id.clone()))
    }

    fn run(&mut self, step: &Step, known: &mut Option<TargetFailure>) -> Result<Ran, BisectError> {
        *self.0.entry(step.id.clone()).or_default() += 1;
        let raw = raw_of(step)?;
        let topology = cxl_topology::Topology::from_raw("t", &raw).expect("only legal ones are tried");
        let red = topology.devices().iter().any(|placed| !placed.switches.is_empty());
        let seen = if red { StepResult::Red } else { StepResult::Green };
        known.get_or_insert_with(target);
        Ok(Ran { seen, why: String::new(), run: None })
    }
}

#[test]
fn a_topology_is_shrunk_to_its_core() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies");
    let (raw, _) = cxl_topology::raw::load(&shipped, "mixed").expect("a topology");
    let repo = Repo::new();
    repo.commit("code", "1");
    repo.commit("code", "2");
    let mut state = state(&repo, "HEAD~1", "HEAD", &[]);
    state.ask.axis = Axis::Topology { name: "mixed".to_owned() };
    state.levels = vec![Level::new(vec![of_topology(&raw)])];
    let mut oracle = Switches(BTreeMap::new());
    Drive { oracle: &mut oracle, keep: &|_| Ok(()), progress: &|_| {} }.run(&mut state).expect("an answer");
    let end = state.answer.as_ref().expect("an answer");
    let small = state.levels[0].steps[end.found.bad].topology.clone().unwrap_or_default();
    insta::assert_snapshot!(small, @"
    # yaml-language-server: $schema=schema.json
    summary: one host bridge; a switch on one root port, a device on the other, an empty slot
    host-bridges:
    - id: hb0
      root-ports:
      - switch:
          id: sw0
          downstream:
          - device:
              id: mem1
              volatile: 256M
    ");
    assert!(end.found.again);
    // Each was booted once but for the whole one and the smallest.
    assert!(oracle.0.values().filter(|boots| **boots > 1).count() <= 2, "{:?}", oracle.0);
}
