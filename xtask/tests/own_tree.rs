//! `--linux DIR`: the user's own tree, from what it is to the plan, on a tree of three files. Nothing is built.

#[allow(dead_code, reason = "boots.rs uses all of it")]
mod project;

use std::fs;

use project::{Project, Run};

use host::{Process, users_git};

const SERIES: &str =
    "title: tests\nversion: 1\nbase: 6.12..6.13\noutside: 7.x has no such hook\npromises: { 1: [attach] }\n";

struct Bench {
    project: Project,
}

impl Bench {
    /// A project whose default kernel has a series that its suite `attach` needs, and a tree of the user's beside it.
    fn new() -> Self {
        let bench = Self { project: Project::new().with_empty_cache() };
        bench.write(
            "patchbench.yaml",
            "kernels: { k: { source: { git: linux, ref: v6.12 }, series: [tests], kconfig: [base] } }\n\
             defaults: { kernel: k, topologies: [direct, switch], suites: [enumerate, attach] }\n",
        );
        for suite in ["enumerate", "attach"] {
            bench.project.suite(suite);
        }
        bench.write("patches/tests/series.yaml", SERIES);
        let patch = "From: A <a@x.example>\nSubject: [PATCH] cxl: One\n\nWhy.\n---\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n one\n+also\n two\n";
        bench.write("patches/tests/0001-cxl-One.patch", patch);
        bench.release("6", "12");
        bench.write("linux/a.c", "one\ntwo\n");
        bench.git(&["init", "-q", "-b", "main"]);
        bench.commit("the root");
        bench.git(&["tag", "v6.12"]);
        bench.git(&["checkout", "-q", "-b", "my-branch"]);
        bench.write("linux/drivers/cxl/mem.c", "mine\n");
        bench.commit("cxl: Mine");
        bench
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.project.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn release(&self, major: &str, minor: &str) {
        let text = format!("VERSION = {major}\nPATCHLEVEL = {minor}\nSUBLEVEL = 0\nEXTRAVERSION =\n");
        self.write("linux/Makefile", &text);
    }

    fn git(&self, args: &[&str]) -> String {
        let git = ["AUTHOR", "COMMITTER"].iter().fold(users_git(&self.project.path("linux")), |git, who| {
            git.env(format!("GIT_{who}_NAME"), "A").env(format!("GIT_{who}_EMAIL"), "a@x.example")
        });
        args.iter().fold(git, Process::arg).read().expect("git works")
    }

    fn commit(&self, subject: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", subject]);
    }

    /// What `run` prints of the user's own tree: the plan, and then what it says beside it.
    fn run(&self, args: &[&str], code: i32) -> String {
        let linux = self.project.path("linux").display().to_string();
        let run: Run = self.project.begin(&[&["run", "--linux", &linux], args].concat()).finish();
        assert_eq!(run.code, code, "{}", run.shown());
        // Among its last lines are those of both outputs, in no order of the two.
        let beside = run.tail.iter().filter(|line| !run.stdout.lines().any(|other| other == line.as_str()));
        let beside: Vec<_> = beside.map(String::as_str).collect();
        format!("{}\n--\n{}", run.stdout, beside.join("\n")).trim_start().to_owned()
    }
}

#[test]
fn the_plan_has_what_fits_the_tree() {
    let bench = Bench::new();
    insta::assert_snapshot!(bench.run(&["--list"], 0), @r"
    linux/direct/enumerate                   1 case, 1 boot
    linux/switch/enumerate                   1 case, 1 boot
    linux/direct/attach                      43 cases, 30 boots
    linux/switch/attach                      43 cases, 30 boots
    4 cells, 1 kernel
    --
    my-branch: 1 commit on v6.12, which touches drivers/cxl
    on top: tests (1 patch)
    ");

    bench.write("linux/a.c", "one\nalso\ntwo\n");
    insta::assert_snapshot!(bench.run(&["--list", "--suite", "attach"], 0), @r"
    linux/direct/attach                      43 cases, 30 boots
    linux/switch/attach                      43 cases, 30 boots
    2 cells, 1 kernel
    --
    my-branch: 1 commit on v6.12, which touches drivers/cxl; uncommitted changes in 1 file
    contains tests
    no series on top
    ");

    bench.write("linux/a.c", "another\n");
    insta::assert_snapshot!(bench.run(&["--list"], 0), @r"
    linux/direct/enumerate                   1 case, 1 boot
    linux/switch/enumerate                   1 case, 1 boot
    linux/direct/attach                      left out: needs series tests, which does not apply, at 0001-cxl-One.patch: a.c
    linux/switch/attach                      left out: needs series tests, which does not apply, at 0001-cxl-One.patch: a.c
    2 cells, 1 kernel
    --
    my-branch: 1 commit on v6.12, which touches drivers/cxl; uncommitted changes in 1 file
    no series on top
    left out: tests does not apply, at 0001-cxl-One.patch: a.c
    not run: attach (needs series tests)
    ");

    bench.release("7", "3");
    bench.commit("Linux 7.3");
    bench.git(&["tag", "v7.3"]);
    insta::assert_snapshot!(bench.run(&["--list"], 0), @r"
    linux/direct/enumerate                   1 case, 1 boot
    linux/switch/enumerate                   1 case, 1 boot
    linux/direct/attach                      left out: needs series tests, which is written for 6.12..6.13: 7.x has no such hook
    linux/switch/attach                      left out: needs series tests, which is written for 6.12..6.13: 7.x has no such hook
    2 cells, 1 kernel
    --
    my-branch: no commit on top of v7.3
    no series on top
    left out: tests is written for 6.12..6.13: 7.x has no such hook
    not run: attach (needs series tests)
    ");
    // Nothing is left of what was asked for: an error before anything is built.
    insta::assert_snapshot!(bench.run(&["--list", "--suite", "attach"], 2), @r"
    --
    error: nothing to run: no cell has a case that fits
      attach: needs series tests, which is written for 6.12..6.13: 7.x has no such hook
    hint: `cargo xtask run --list` shows the cells that there are; --suite and --topology add to them
    ");
}

#[test]
fn a_prefix_of_a_series_goes_onto_the_users_own_tree() {
    let bench = Bench::new();
    insta::assert_snapshot!(bench.run(&["--list", "--up-to", "0"], 0), @r"
    linux/direct/enumerate                   1 case, 1 boot
    linux/switch/enumerate                   1 case, 1 boot
    linux/direct/attach                      43 cases, 30 boots
    linux/switch/attach                      43 cases, 30 boots
    4 cells, 1 kernel
    --
    my-branch: 1 commit on v6.12, which touches drivers/cxl
    no series on top; --up-to 0 takes no patch of tests
    ");
    let commands = bench.run(&["--dry-run", "--suite", "enumerate", "--topology", "direct"], 0);
    assert!(commands.contains("# series: tests (the variant"), "{commands}");
}
