//! `run --watch` on a terminal: rounds on saves, in the work tree of a series whose kernel does not build. Nothing is booted.

#[allow(dead_code, reason = "boots.rs uses all of it")]
mod project;
mod pty;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use project::{Project, Run};
use pty::Pty;
use rustix::process::Signal;

use host::Process;
use testing::somebodys_git;

/// A kernel for its version alone: what make does with it is the last line.
fn makefile(recipe: &str) -> String {
    let version = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n";
    format!("{version}Makefile: ;\n%:\n\t@{recipe}\n")
}

struct Bench {
    project: Project,
    /// The work tree of the series.
    tree: PathBuf,
}

impl Bench {
    /// A project with a series of one patch, and the work tree of that, in which make sleeps.
    fn new() -> Self {
        let project = Project::new().with_empty_cache();
        let bench = Self { tree: project.path("work/mine"), project };
        bench.write(
            "patchbench.yaml",
            "kernels: { k: { source: { git: linux, ref: v6.12 }, series: [mine], kconfig: [base] } }\n\
             defaults: { kernel: k, topologies: [direct], suites: [enumerate] }\n",
        );
        bench.write("patches/mine/series.yaml", "title: mine\nversion: 1\n");
        let patch = "From: A <a@x.example>\nSubject: [PATCH] cxl: One\n\nWhy.\n---\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n one\n+also\n two\n";
        bench.write("patches/mine/0001-cxl-One.patch", patch);
        bench.write("linux/Makefile", &makefile("sleep 300"));
        bench.write("linux/.gitignore", "*.o\n");
        bench.write("linux/a.c", "one\ntwo\n");
        for args in [
            &["init", "-q", "-b", "main"][..],
            &["add", "-A"],
            &["commit", "-qm", "the root"],
            &["tag", "v6.12"],
        ] {
            let git = somebodys_git(&bench.project.path("linux"));
            args.iter().fold(git, Process::arg).run().expect("git works");
        }
        let made: Run = bench.project.begin(&["series", "edit", "mine"]).finish();
        assert_eq!(made.code, 0, "{}", made.shown());
        bench
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.project.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// A save in the work tree as vim does it: the old file is moved away, and the new one is written.
    fn save(&self, name: &str, text: &str) {
        let (path, backup) = (self.tree.join(name), self.tree.join(format!("{name}~")));
        fs::write(self.tree.join("4913"), "").expect("written");
        fs::remove_file(self.tree.join("4913")).expect("removed");
        fs::rename(&path, &backup).expect("moved");
        fs::write(&path, text).expect("written");
        fs::remove_file(&backup).expect("removed");
    }

    /// Waits until make has begun, and sleeps.
    fn make_is_there(&self) {
        let begun = Instant::now();
        while !self.project.processes_of_ours().iter().any(|line| line.contains("make -C")) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", self.project.processes_of_ours());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The work tree's own folder of git.
    fn git_dir(&self) -> PathBuf {
        let git = somebodys_git(&self.tree).arg("rev-parse").arg("--absolute-git-dir");
        git.read().expect("git works").into()
    }

    #[expect(clippy::disallowed_methods, reason = "a program on a terminal is no process that the tool runs")]
    fn watch(&self) -> Pty {
        let pager = self.project.path("pager");
        let script = "#!/bin/sh\nif grep -q 'configure failed' \"$1\"; then echo PAGED:yes; else echo PAGED:no; cat \"$1\"; fi\n";
        fs::write(&pager, script).expect("a script");
        fs::set_permissions(&pager, fs::Permissions::from_mode(0o755)).expect("a mode");
        let mut command = Command::new("setsid");
        command
            .args(["--ctty", env!("CARGO_BIN_EXE_xtask"), "--project"])
            .arg(self.project.path(""))
            .arg("--cache-dir")
            .arg(self.project.path("cache"))
            .args(["run", "--watch", "--linux"])
            .arg(&self.tree)
            .env("TERM", "xterm")
            .env("PAGER", pager);
        Pty::start(command)
    }
}

/// Whether this machine has what every run looks for before it begins.
fn can_run() -> bool {
    let missing: Vec<_> = ["qemu-system-x86_64", "make", "gcc"]
        .into_iter()
        .filter(|name| which::which(name).is_err())
        .collect();
    if !missing.is_empty() {
        println!("skipped: {} is not installed", missing.join(", "));
    }
    missing.is_empty()
}

#[test]
fn a_save_stops_the_round_and_begins_the_next() {
    if !can_run() {
        return;
    }
    let bench = Bench::new();
    let mut watch = bench.watch();
    watch.wait_for(&["round 1  linux: configure", "changed  nothing yet"]);
    watch.forget();
    // make sleeps in the round that this stops.
    bench.save("Makefile", &makefile("echo boom >&2; exit 1"));
    watch.wait_for(&["changed  Makefile, ", "round 2  has ended", "round 2, ", "kernel linux  unbuilt"]);

    // What git ignores, and what an editor has open, are no round; a key is one.
    bench.write("work/mine/a.o", "x");
    bench.write("work/mine/.a.c.swp", "x");
    bench.write("work/mine/#a.c#", "x");
    std::thread::sleep(Duration::from_secs(1));
    watch.type_in("r");
    watch.wait_for(&["changed  nothing: asked for", "round 3  has ended"]);
    watch.type_in("l");
    watch.wait_for(&["PAGED:yes"]);

    // git's own rebase would be over too soon to be seen.
    let rebase = bench.git_dir().join("rebase-merge");
    fs::create_dir(&rebase).expect("made");
    watch.forget();
    bench.save("a.c", "one\nalso\ntwo\nthree\n");
    watch.wait_for(&["next     a.c, when the rebase is over"]);
    fs::remove_dir(&rebase).expect("removed");
    watch.wait_for(&["changed  a.c, ", "round 4  has ended"]);

    // A file of the project.
    watch.forget();
    bench.write("scenarios/enumerate/new.sh", "# summary: new\ntrue\n");
    watch.wait_for(&["changed  scenarios/enumerate/new.sh, ", "round 5  has ended"]);

    watch.type_in("q");
    assert_eq!(watch.ended().code(), Some(0));
    assert_eq!(bench.project.processes_of_ours(), [""; 0]);
}

#[test]
fn a_change_is_found_where_the_system_has_lost_events_and_reading_is_none() {
    /// Of files that are read in turn: one after the other of the same would be one event.
    const FILES: usize = 100;
    let most = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").expect("the limit");
    let most: usize = most.trim().parse().expect("a number");
    if !can_run() || most > 200_000 {
        return;
    }
    let bench = Bench::new();
    bench.write("work/mine/Makefile", &makefile("exit 1"));
    let names: Vec<_> = (0..FILES).map(|number| format!("work/mine/many/{number}.c")).collect();
    for name in &names {
        bench.write(name, "x");
    }
    let mut watch = bench.watch();
    watch.wait_for(&["round 1  has ended"]);
    // As if it had no time to read what the system tells.
    let read_all = || {
        for _ in 0..=most / FILES {
            for name in &names {
                fs::read(bench.project.path(name)).expect("read");
            }
        }
    };
    watch.signal(Signal::STOP);
    read_all();
    watch.signal(Signal::CONT);
    std::thread::sleep(Duration::from_secs(1));
    watch.signal(Signal::STOP);
    read_all();
    bench.write("work/mine/a.c", "one\nalso\ntwo\nthree\n");
    watch.forget();
    watch.signal(Signal::CONT);
    watch.wait_for(&["changed  a.c, ", "round 2  has ended"]);
    watch.type_in("q");
    assert_eq!(watch.ended().code(), Some(0));
}

#[test]
fn ctrl_c_leaves_and_stops_what_runs() {
    if !can_run() {
        return;
    }
    let bench = Bench::new();
    let mut watch = bench.watch();
    watch.wait_for(&["round 1  linux: configure"]);
    bench.make_is_there();
    watch.type_in("\x03");
    assert_eq!(watch.ended().code(), Some(130));
    assert_eq!(bench.project.processes_of_ours(), [""; 0]);
}

#[test]
fn nothing_is_left_where_the_window_is_closed() {
    if !can_run() {
        return;
    }
    let bench = Bench::new();
    let mut watch = bench.watch();
    watch.wait_for(&["round 1  linux: configure"]);
    bench.make_is_there();
    watch.hang_up();
    watch.ended();
    assert_eq!(bench.project.processes_of_ours(), [""; 0]);
}

#[test]
fn what_was_red_is_asked_for_by_cell_and_case() {
    let project = Project::new().with_empty_cache();
    project.suite("attach");
    let cell = |topology: &str| {
        serde_json::json!({
            "kernel": "lts", "flavour": "plain", "topology": topology, "suite": "attach", "variant": "default",
        })
    };
    let only = serde_json::json!([[cell("direct"), ["callback-once"]], [cell("switch"), []]]).to_string();
    let run: Run = project.begin(&["run", "--list", "--suite", "attach", "--only-cells", &only]).finish();
    assert_eq!(run.code, 0, "{}", run.shown());
    insta::assert_snapshot!(run.stdout, @r"
    lts/direct/attach                        1 case, 1 boot
    lts/switch/attach                        43 cases, 30 boots
    2 cells, 1 kernel
    ");
}

#[test]
fn there_has_to_be_a_terminal() {
    let project = Project::new().with_empty_cache();
    let run: Run = project.begin(&["run", "--watch"]).finish();
    assert_eq!(run.code, 2, "{}", run.shown());
    insta::assert_snapshot!(run.tail.join("\n"), @r"
    error: --watch needs a terminal, for its screen and its keys
    hint: without --watch it is run once
    ");
    assert!(!Path::new(&project.path("results")).exists());
}
