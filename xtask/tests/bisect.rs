//! Bisections of made-up histories over the default kernel, with real builds and boots.
//!
//! Each commit changes `drivers/cxl` alone, so that a step compiles a few files. The nightly run has the hour that they take.

#[allow(dead_code, reason = "boots.rs uses all of it")]
mod project;

use std::fs;
use std::path::Path;

use project::{Project, Run};
use serde_json::Value;

use host::Cache;
use source::Sources;
use spec::{Project as Spec, Series};
use synthetic_history::{BEHIND_SWITCHES, CULPRIT, SyntheticHistory};
use testing::shared_cache;

/// Where half of the boots fail.
const AT_TIMES: &str = "parent_port->depth > 1 && (get_random_u32() & 1)";

/// The default kernel with its series, and nothing else yet.
fn history(project: &Project) -> SyntheticHistory {
    let spec = Spec::load(&project.path("")).expect("the project");
    let kernel = spec.kernel("lts").expect("the default kernel");
    let series = Series::load_all(&spec.patches_dir(), &kernel.series).expect("its series");
    let sources = Sources::new(&Cache::new(&shared_cache()).expect("the cache"));
    SyntheticHistory::new(&project.path("linux"), &sources, kernel, &series).expect("a history")
}

fn history_of(project: &Project, commits: usize, culprit: usize, condition: &str) -> SyntheticHistory {
    let mut history = history(project);
    history.commits(commits, culprit, condition).expect("commits");
    history
}

fn project() -> Project {
    let project = Project::new();
    project.suite("attach");
    project
}

fn bisect(project: &Project, args: &[&str]) -> (Value, Run) {
    let case = ["bisect", "--suite", "attach/callback-once", "--format", "json"];
    let run = project.begin(&[&case[..], args].concat()).finish();
    assert_eq!(run.code, 0, "{}", run.shown());
    (serde_json::from_str(&run.stdout).expect("JSON"), run)
}

fn bisect_git(project: &Project, history: &SyntheticHistory, commits: usize) -> (Value, Run) {
    let (dir, good) = (history.dir().display().to_string(), format!("main~{commits}"));
    bisect(project, &["--git", &good, "main", "--git-dir", &dir, "--topology", "switch"])
}

#[test]
#[ignore = "builds kernels and boots guests"]
fn the_commit_that_breaks_attach_behind_switches_is_named() {
    let project = project();
    let history = history_of(&project, 64, 44, BEHIND_SWITCHES);
    let (answer, run) = bisect_git(&project, &history, 64);
    assert_eq!(answer["culprit"]["title"], CULPRIT, "{}", run.shown());
    assert_eq!(answer["suspects"], Value::Array(Vec::new()), "{}", run.shown());
    assert_eq!(answer["message"]["trailers"][0], "Reviewed-by: R Reader <r@example.org>");
    assert!(
        answer["stat"].as_str().is_some_and(|stat| stat.contains("drivers/cxl/mem.c")),
        "{}",
        run.shown()
    );
    assert!(answer["runs"].as_u64().is_some_and(|runs| runs <= 19), "{}", run.shown());
    for command in answer["replay"].as_array().expect("commands") {
        let script = command.as_str().and_then(|text| text.split(' ').nth(1)).expect("a script");
        assert!(Path::new(script).is_file(), "{script}");
    }
}

#[test]
#[ignore = "builds kernels and boots guests"]
fn the_stretch_that_hides_the_commit_is_named() {
    let project = project();
    let history = history_of(&project, 64, 24, BEHIND_SWITCHES);
    let (answer, run) = bisect_git(&project, &history, 64);
    assert_eq!(answer["culprit"]["title"], "cxl/mem: Mend the build", "{}", run.shown());
    let suspects = answer["suspects"].as_array().expect("suspects");
    assert_eq!(suspects.len(), 8, "{}", run.shown());
    assert!(suspects.iter().any(|step| step["title"] == CULPRIT), "{}", run.shown());
}

#[test]
#[ignore = "builds kernels and boots guests"]
fn the_commit_that_a_merge_brought_is_named() {
    let project = project();
    let mut history = history(&project);
    let base = history.tip().to_owned();
    for number in [4, 5] {
        history.commit_other(number).expect("a commit");
    }
    history.commit_culprit(BEHIND_SWITCHES).expect("the culprit");
    for number in [6, 10] {
        history.commit_other(number).expect("a commit");
    }
    let side = history.tip().to_owned();
    history.go_to(&base).expect("the base");
    for number in 1..=3 {
        history.commit_other(number).expect("a commit");
    }
    history.merge(&side, "Merge branch 'side'").expect("a merge");
    for number in [7, 8] {
        history.commit_other(number).expect("a commit");
    }
    // Along first parents: three, the merge, two.
    let (answer, run) = bisect_git(&project, &history, 6);
    assert_eq!(answer["culprit"]["title"], CULPRIT, "{}", run.shown());
    assert_eq!(answer["parent"]["title"], "cxl: Add 5", "{}", run.shown());
    assert_eq!(answer["suspects"], Value::Array(Vec::new()), "{}", run.shown());
}

#[test]
#[ignore = "builds kernels and boots guests"]
fn a_failure_in_half_of_the_boots_is_found() {
    let project = project();
    let history = history_of(&project, 8, 5, AT_TIMES);
    let (answer, run) = bisect_git(&project, &history, 8);
    assert_eq!(answer["culprit"]["title"], CULPRIT, "{}", run.shown());
    assert!(answer["confidence"].as_f64().is_some_and(|sure| sure >= 0.95), "{}", run.shown());
}

#[test]
#[ignore = "builds kernels and boots guests"]
fn the_patch_of_a_series_and_the_smallest_topology_are_found() {
    let project = project();
    // The same on top of the series, as its last three patches, the second of them the culprit.
    let before = Series::load(&project.path("patches"), "memdev-attach").expect("a series").patches.len();
    let history = history_of(&project, 3, 2, BEHIND_SWITCHES);
    let folder = project.path("patches/memdev-attach").display().to_string();
    let first = (before + 1).to_string();
    let patches = ["format-patch", "--quiet", "--start-number", &first, "-o", &folder, "main~3..main"];
    history.git(&patches).expect("patches");
    let (answer, run) = bisect(&project, &["--series", "memdev-attach", "--topology", "switch"]);
    assert_eq!(answer["culprit"]["id"], (before + 2).to_string(), "{}", run.shown());

    let (answer, run) = bisect(&project, &["--topology", "mixed"]);
    let text = fs::read_to_string(answer["smallest"].as_str().expect("a file")).expect("the topology");
    let count = |what: &str| text.matches(what).count();
    assert_eq!((count("switch:"), count("device:"), count("- empty")), (1, 1, 0), "{text}\n{}", run.shown());
}
