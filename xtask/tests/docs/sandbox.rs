//! Where the commands of a page run: a home folder with a copy of the project, with runs, mails, logs and a kernel tree as the pages
//! call them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use host::{Cache, Process};
use report::Folders;
use source::Sources;
use spec::Project;
use synthetic_history::SyntheticHistory;
use testing::{copy_folder, shared_cache};

use super::commands::{Command, Speed};
use super::pages::root;

/// The exit code of a red verdict.
const RED: i32 = 1;
/// The commits of the branch, as they were posted.
const MAILS: &str = "my-branch.mbox";
/// Longer than any command of the docs, builds among them.
const DEADLINE: Duration = Duration::from_secs(3600);
/// Ends a shell in a guest, again and again: the first ones may come before there is a QEMU to read them. A guest is up in less time.
const LEAVE_SHELL: &str = r"while sleep 8; do printf '\001x'; done |";

/// A home folder.
pub struct Sandbox {
    home: tempfile::TempDir,
    speed: Speed,
}

impl Sandbox {
    pub fn new(speed: Speed) -> Self {
        let sandbox = Self { home: tempfile::tempdir().expect("a folder"), speed };
        sandbox.copy_project();
        if speed == Speed::Slow {
            sandbox.make_tree();
        }
        sandbox
    }

    fn project(&self) -> PathBuf {
        self.home.path().join("cxl-patchbench")
    }

    fn copy_project(&self) {
        let to = self.project();
        for folder in ["kconfig", "patches", "scenarios", "topologies"] {
            copy_folder(&root().join(folder), &to.join(folder));
        }
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
        copy_folder(&tests.join("results.in/results"), &to.join("results"));
        let runs = Folders::of_runs(to.join("results")).list().expect("results");
        symlink(&runs.last().expect("a run").id, to.join("results/latest")).expect("a link");
        for (from, name) in [
            (root().join("patchbench.yaml"), "patchbench.yaml"),
            (tests.join("series-mail.in/thread.mbox"), "thread.mbox"),
            (tests.join("parse.in/console.log"), "console.log"),
        ] {
            fs::copy(&from, to.join(name)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
    }

    /// `~/linux`: the default kernel, tagged v6.12, and two commits on the branch my-branch, of which the second shows wrong serial
    /// numbers: a fault that one case finds, and that none waits for.
    fn make_tree(&self) {
        const SERIAL: &str = "\"%#llx\\n\", cxlds->serial)";
        let spec = Project::load(&root()).expect("the project");
        let kernel = spec.kernel("lts").expect("the default kernel");
        let sources = Sources::new(&Cache::new(&shared_cache()).expect("the cache"));
        let tree = self.home.path().join("linux");
        let mut history = SyntheticHistory::new(&tree, &sources, kernel, &[]).expect("a history");
        history
            .commit("drivers/cxl/port.c", "cxl/port: Say more", |text| Some(format!("{text}\n/* More. */\n")))
            .expect("a commit");
        history
            .commit("drivers/cxl/core/memdev.c", "cxl/memdev: Show another serial", |text| {
                text.contains(SERIAL).then(|| text.replace(SERIAL, "\"%#llx\\n\", cxlds->serial + 1)"))
            })
            .expect("a commit");
        for args in
            [&["tag", "v6.12", "main~2"][..], &["branch", "-m", "my-branch"], &["reset", "--quiet", "--hard"]]
        {
            history.git(args).expect("git");
        }
        let mails = history.git(&["format-patch", "--stdout", "v6.12..my-branch"]).expect("git");
        fs::write(self.home.path().join(MAILS), mails + "\n").expect("the mails");
    }

    /// A fresh project, and the tree as it was, for the next page.
    pub fn turn_page(&self) {
        let (project, tree) = (self.project(), self.home.path().join("linux"));
        fs::remove_dir_all(&project).expect("the project of the page before");
        self.copy_project();
        if self.speed == Speed::Slow {
            let script = "git bisect reset -q; git checkout -q -f my-branch && git clean -q -f -d -x";
            let reset = Process::new("bash", ["-c", script]).dir(&tree).output().expect("git");
            assert!(reset.status.success(), "{}", reset.tail.join("\n"));
            fs::copy(self.home.path().join(MAILS), project.join("thread.mbox")).expect("thread.mbox");
        }
    }

    /// Runs a command.
    ///
    /// # Errors
    /// Its exit code, where it is neither 0 nor that of a red verdict on what is broken on purpose, and the end of what it printed.
    pub fn run(&self, command: &Command) -> Result<(), String> {
        let before = if command.words[1] == "boot" { LEAVE_SHELL } else { "" };
        let line = command.text.strip_prefix("cargo xtask").unwrap_or(&command.text);
        let program = env!("CARGO_BIN_EXE_xtask");
        let output = self.shell(&format!("{before} {program} {line}"));
        match output.status.code() {
            Some(0) => Ok(()),
            Some(RED) if command.judges_what_is_broken() => Ok(()),
            code => Err(format!("exit code {code:?}\n{}", output.tail.join("\n"))),
        }
    }

    /// What the tool prints with these arguments.
    pub fn printed(&self, arguments: &str) -> String {
        let output = self.shell(&format!("{} {arguments}", env!("CARGO_BIN_EXE_xtask")));
        assert!(output.status.success(), "{arguments}: {}", output.tail.join("\n"));
        String::from_utf8(output.stdout).expect("text")
    }

    fn shell(&self, script: &str) -> host::Output {
        let home = self.home.path();
        let shared = shared_cache().parent().map_or_else(|| home.join(".cache"), Path::to_owned);
        let cache = if self.speed == Speed::Slow { shared } else { home.join(".cache") };
        let mut process = Process::new("bash", ["-c", script])
            .dir(self.project())
            .env("HOME", home)
            .env("XDG_CACHE_HOME", cache)
            .env("NO_COLOR", "1")
            .deadline(DEADLINE);
        // The guest's agent is compiled by the developer's own toolchain.
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if std::env::var_os(name).is_none() {
                process =
                    process.env(name, Path::new(&std::env::var_os("HOME").expect("a home")).join(folder));
            }
        }
        process.output().expect("bash")
    }
}
