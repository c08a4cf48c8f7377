//! A project in a temporary folder: the kernels, fragments and topologies of this checkout, the red cases of the
//! tests, results of its own. Kernels come from the same cache as the developer's.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use patchbench::event::{CaseReport, Event, Splat, Stamped};
use patchbench::host::{Process, Running};
use rustix::process::{Pid, Signal, kill_process};

/// How drivers/cxl/Makefile begins, in every kernel that the tests run on.
const MAKEFILE_HEAD: &str = " # SPDX-License-Identifier: GPL-2.0\n";
const MAKEFILE_REST: &str = " \n # Order is important here for the built-in case:\n";

/// The temporary project.
pub struct Project {
    folder: tempfile::TempDir,
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

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a readable folder") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

impl Project {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (checkout(), folder.path());
        fs::copy(from.join("patchbench.yaml"), to.join("patchbench.yaml")).expect("patchbench.yaml");
        copy(&from.join("kconfig"), &to.join("kconfig"));
        symlink(from.join("topologies"), to.join("topologies")).expect("a link");
        for series in ["memdev-attach", "attach-tests"] {
            copy(&from.join("patches").join(series), &to.join("patches").join(series));
        }
        fs::create_dir(to.join("scenarios")).expect("a folder");
        fs::copy(from.join("scenarios/lib.sh"), to.join("scenarios/lib.sh")).expect("lib.sh");
        copy(&from.join("scenarios/enumerate"), &to.join("scenarios/enumerate"));
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/red"), &to.join("scenarios/red"));
        Self { folder }
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

    fn write_series(&self, name: &str, diff: &str) {
        let dir = self.path("patches").join(name);
        fs::create_dir_all(&dir).expect("a folder");
        fs::write(dir.join("series.yaml"), format!("title: {name}\nversion: 1\n")).expect("series.yaml");
        let patch = format!("From: A <a@example.org>\nSubject: [PATCH] Break it\n\nWhy not.\n---\n{diff}");
        fs::write(dir.join("0001-break-it.patch"), patch).expect("a patch");
        fs::write(
            self.path("patchbench.local.yaml"),
            // On top of the kernel's own, so that only what the patch touches is built anew.
            format!("kernels: {{ lts: {{ series: [memdev-attach, attach-tests, {name}] }} }}\n"),
        )
        .expect("an override");
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
        if let Some(cache) = std::env::var_os("PATCHBENCH_CACHE") {
            process = process.arg("--cache-dir").arg(cache);
        }
        args.iter().fold(process.arg("run"), Process::arg)
    }

    pub fn start(&self, args: &[&str]) -> Going<'_> {
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

    /// Processes whose command line names this project's folder.
    pub fn processes_of_ours(&self) -> Vec<String> {
        let folder = self.folder.path().display().to_string();
        fs::read_dir("/proc")
            .expect("/proc")
            .filter_map(Result::ok)
            .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .filter(|line| line.contains(&folder) && line.contains("qemu"))
            .collect()
    }

    fn events(&self) -> Vec<Event> {
        let text = fs::read_to_string(self.path("results/latest/events.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str::<Stamped>(line).expect("an event").event).collect()
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
