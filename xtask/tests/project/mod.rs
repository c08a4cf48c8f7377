//! A project in a temporary folder: the kernels, fragments and topologies of this checkout, the red cases of the
//! tests, results of its own. Kernels come from the same cache as the developer's.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use event::{CaseReport, Event, Stage, Stamped};
use host::{Process, Running};
use kernlog::Splat;
use testing::copy_folder;

/// How drivers/cxl/Makefile begins, in every kernel that the tests run on.
const MAKEFILE_HEAD: &str = " # SPDX-License-Identifier: GPL-2.0\n";
const MAKEFILE_REST: &str = " \n # Order is important here for the built-in case:\n";

/// The temporary project.
pub struct Project {
    folder: tempfile::TempDir,
    cache: Option<PathBuf>,
}

/// A run that has ended.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub tail: Vec<String>,
    pub events: Vec<Event>,
}

/// A run that goes on.
pub struct Going<'a> {
    running: Running,
    project: &'a Project,
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// Files below a folder, hidden ones too, by their paths in it, sorted.
pub fn names_below(folder: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let name =
        |entry: walkdir::DirEntry| entry.path().strip_prefix(folder).map(|path| path.display().to_string());
    files.filter_map(|entry| name(entry).ok()).collect()
}

impl Project {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (checkout(), folder.path());
        fs::copy(from.join("patchbench.yaml"), to.join("patchbench.yaml")).expect("patchbench.yaml");
        copy_folder(&from.join("kconfig"), &to.join("kconfig"));
        symlink(from.join("topologies"), to.join("topologies")).expect("a link");
        for series in ["memdev-attach", "attach-tests", "type2-tests"] {
            copy_folder(&from.join("patches").join(series), &to.join("patches").join(series));
        }
        fs::create_dir(to.join("scenarios")).expect("a folder");
        for name in ["lib.sh", "all.yaml"] {
            fs::copy(from.join("scenarios").join(name), to.join("scenarios").join(name)).expect(name);
        }
        copy_folder(&from.join("scenarios/enumerate"), &to.join("scenarios/enumerate"));
        copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/red"), &to.join("scenarios/red"));
        let cache = std::env::var_os("PATCHBENCH_CACHE").map(PathBuf::from);
        Self { folder, cache }
    }

    /// A cache of its own, with nothing in it.
    pub fn with_empty_cache(mut self) -> Self {
        self.cache = Some(self.path("cache"));
        self
    }

    /// Whether a stage of the latest run has begun its work and not ended: a build has made its first objects.
    pub fn stage_goes_on(&self, stage: Stage) -> bool {
        let events = self.events();
        let is = |event: &Event| match event {
            Event::StageProgress { stage: s, done, .. } => *s == stage && *done > 0,
            Event::StageStarted { stage: s, .. } => *s == stage && stage != Stage::Build,
            _ => false,
        };
        let ended = |event: &Event| matches!(event, Event::RunFinished { .. });
        events.iter().any(is) && !events.iter().any(ended)
    }

    /// What lies in the project's own cache as a build, finished or not, or as something that was being made.
    pub fn half_made(&self) -> Vec<String> {
        let of = |folder: &str, depth| {
            let entries =
                walkdir::WalkDir::new(self.path("cache").join(folder)).min_depth(depth).max_depth(depth);
            entries.into_iter().filter_map(Result::ok).map(|entry| entry.path().display().to_string())
        };
        of("builds", 1).chain(of("tmp", 2)).collect()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A QEMU of our own: a shell script in which `$qemu` is the real one.
    pub fn qemu_wrapper(&self, script: &str) -> String {
        let path = self.path("qemu-wrapper");
        fs::write(&path, format!("#!/bin/sh\nqemu=qemu-system-x86_64\n{script}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path.display().to_string()
    }

    /// A series of one patch that changes one file.
    pub fn series(&self, name: &str, file: &str, hunks: &str) {
        self.write_series(name, &format!("--- a/{file}\n+++ b/{file}\n{hunks}"));
    }

    /// A series of one patch that adds a file and a line of its folder's Makefile.
    pub fn new_file_series(&self, name: &str, file: &str, text: &str, make: &str) {
        let lines: String = text.lines().map(|line| format!("+{line}\n")).collect();
        let makefile = Path::new(file).with_file_name("Makefile").display().to_string();
        let count = text.lines().count();
        self.write_series(
            name,
            &format!(
                "diff --git a/{file} b/{file}\nnew file mode 100644\n--- /dev/null\n+++ b/{file}\n@@ -0,0 +1,{count} @@\n{lines}\
                 diff --git a/{makefile} b/{makefile}\n--- a/{makefile}\n+++ b/{makefile}\n@@ -1,3 +1,4 @@\n{MAKEFILE_HEAD}+{make}\n{MAKEFILE_REST}"
            ),
        );
    }

    /// A series of one patch, which is this diff.
    pub fn write_series(&self, name: &str, diff: &str) {
        let dir = self.path("patches").join(name);
        fs::create_dir_all(&dir).expect("a folder");
        let patch = format!("From: A <a@example.org>\nSubject: [PATCH] Break it\n\nWhy not.\n---\n{diff}");
        fs::write(dir.join("0001-break-it.patch"), patch).expect("a patch");
        self.put_on_top(name);
    }

    /// A series on top of the kernel's own: its first patch brings what only `W=1` warns of, the second breaks cxl_test and
    /// nothing else, and the third mends it.
    pub fn series_that_breaks_cxl_test(&self) {
        const HEAD: &str = " // SPDX-License-Identifier: GPL-2.0-only\n //Copyright(c) 2021 Intel Corporation. All rights reserved.\n";
        let module = "drivers/cxl/patchbench_checked.c";
        let mock = "tools/testing/cxl/test/mock.c";
        let warns = format!(
            "diff --git a/{module} b/{module}\nnew file mode 100644\n--- /dev/null\n+++ b/{module}\n@@ -0,0 +1,3 @@\n\
             +#include <linux/module.h>\n+static const int nobody_needs_this = 1;\n+MODULE_LICENSE(\"GPL\");\n\
             diff --git a/drivers/cxl/Makefile b/drivers/cxl/Makefile\n--- a/drivers/cxl/Makefile\n+++ b/drivers/cxl/Makefile\n\
             @@ -1,3 +1,4 @@\n{MAKEFILE_HEAD}+obj-m += patchbench_checked.o\n{MAKEFILE_REST}"
        );
        let header = format!("diff --git a/{mock} b/{mock}\n--- a/{mock}\n+++ b/{mock}\n");
        let breaks = format!("{header}@@ -1,3 +1,4 @@\n{HEAD}+#error this is no mock\n \n");
        let mends = format!("{header}@@ -1,4 +1,3 @@\n{HEAD}-#error this is no mock\n \n");
        let dir = self.path("patches/checked");
        fs::create_dir_all(&dir).expect("a folder");
        for (number, (what, diff)) in
            [("warns", warns), ("breaks", breaks), ("mends", mends)].iter().enumerate()
        {
            let patch =
                format!("From: A <a@example.org>\nSubject: [PATCH] cxl: It {what}\n\nWhy not.\n---\n{diff}");
            fs::write(dir.join(format!("000{}-it-{what}.patch", number + 1)), patch).expect("a patch");
        }
        let yaml = "title: checked\nversion: 1\nrequires: [memdev-attach, attach-tests]\n";
        fs::write(dir.join("series.yaml"), yaml).expect("series.yaml");
    }

    fn put_on_top(&self, name: &str) {
        let file = self.path("patches").join(name).join("series.yaml");
        fs::write(file, format!("title: {name}\nversion: 1\n")).expect("series.yaml");
        fs::write(
            self.path("patchbench.local.yaml"),
            // On top of the kernels' own, so that only what the patch touches is built anew.
            format!(
                "kernels: {{ lts: {{ series: [memdev-attach, attach-tests, {name}] }}, merged: {{ series: [type2-tests, {name}] }} }}\n"
            ),
        )
        .expect("an override");
    }

    /// A sabotage of a series, as a series of its own on top.
    pub fn sabotage(&self, series: &str, name: &str) {
        let patch = checkout().join("patches").join(series).join("sabotage").join(format!("{name}.patch"));
        let dir = self.path("patches/sabotage");
        fs::create_dir_all(&dir).expect("a folder");
        fs::copy(patch, dir.join("0001-sabotage.patch")).expect("the sabotage");
        self.put_on_top("sabotage");
    }

    /// The cases of a shipped suite.
    pub fn suite(&self, name: &str) {
        copy_folder(&checkout().join("scenarios").join(name), &self.path("scenarios").join(name));
    }

    /// One of the tests' own suites.
    pub fn test_suite(&self, name: &str) {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        copy_folder(&tests.join(name), &self.path("scenarios").join(name));
    }

    /// One more fragment for the default kernel.
    pub fn use_fragment(&self, name: &str) {
        fs::write(
            self.path("patchbench.local.yaml"),
            format!("kernels: {{ lts: {{ kconfig: [base, cxl, cxl-test, attach-test, {name}] }} }}\n"),
        )
        .expect("an override");
    }

    fn process(&self, args: &[&str]) -> Process {
        let mut process = Process::new(env!("CARGO_BIN_EXE_xtask"), ["--project"]).arg(self.folder.path());
        if let Some(cache) = &self.cache {
            process = process.arg("--cache-dir").arg(cache);
        }
        args.iter().fold(process, Process::arg)
    }

    pub fn start(&self, args: &[&str]) -> Going<'_> {
        self.begin(&[&["run"], args].concat())
    }

    /// Any subcommand with its arguments.
    pub fn begin(&self, args: &[&str]) -> Going<'_> {
        Going { running: self.process(args).start().expect("xtask starts"), project: self }
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.start(args).finish()
    }

    /// Console logs of the latest run.
    pub fn console_logs(&self) -> Vec<String> {
        walkdir::WalkDir::new(self.path("results"))
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("console"))
            .filter_map(|entry| fs::read(entry.path()).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect()
    }

    /// The folder of the one boot of the latest run.
    pub fn only_boot(&self) -> PathBuf {
        let boots: Vec<_> = walkdir::WalkDir::new(self.path("results"))
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name() == "boot0")
            .map(walkdir::DirEntry::into_path)
            .collect();
        assert_eq!(boots.len(), 1, "{boots:?}");
        boots[0].clone()
    }

    /// Processes whose command line names this project's folder.
    pub fn processes_of_ours(&self) -> Vec<String> {
        let folder = self.folder.path().display().to_string();
        fs::read_dir("/proc")
            .expect("/proc")
            .filter_map(Result::ok)
            .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .filter(|line| line.contains(&folder))
            .collect()
    }

    pub fn events(&self) -> Vec<Event> {
        let text = fs::read_to_string(self.path("results/latest/events.jsonl")).unwrap_or_default();
        // The last line may still be on its way.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str::<Stamped>(line).expect("an event").event).collect()
    }
}

impl Going<'_> {
    /// Ctrl-C, as a terminal would send it.
    pub fn interrupt(&mut self) {
        let pid = i32::try_from(self.running.pid()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, Signal::INT).expect("it is there");
        let ended = self.running.wait(Duration::from_secs(30));
        assert!(ended.is_some(), "still there 30 s after the interrupt");
    }

    /// `kill -9` of the tool alone: it can clean nothing up.
    pub fn kill(&mut self) {
        let pid = i32::try_from(self.running.pid()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, Signal::KILL).expect("it is there");
        assert!(self.running.wait(Duration::from_secs(30)).is_some(), "still there after KILL");
    }

    /// What it has printed so far.
    pub fn events(&self) -> Vec<Event> {
        self.project.events()
    }

    /// Whether it has ended by itself.
    pub fn ended(&mut self) -> bool {
        self.running.wait(Duration::ZERO).is_some()
    }

    pub fn finish(self) -> Run {
        let output = self.running.finish();
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: output.text(),
            tail: output.tail,
            events: self.project.events(),
        }
    }
}

impl Run {
    /// What the user saw, for messages.
    pub fn shown(&self) -> String {
        format!("{}\n--\n{}", self.stdout, self.tail.join("\n"))
    }

    pub fn cases(&self) -> Vec<&CaseReport> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::CaseFinished { report, .. } => Some(report),
                _ => None,
            })
            .collect()
    }

    /// What a case printed.
    pub fn output(&self, name: &str) -> String {
        let of = |event: &Event| match event {
            Event::CaseOutput { case, text, .. } if case == name => Some(text.clone()),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    pub fn splats(&self) -> Vec<&Splat> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::SplatFound { splat, .. } => Some(splat),
                _ => None,
            })
            .collect()
    }
}
