//! The room on small trees, with real git, tar, dpkg and apt.

mod apt;
mod own_tree;
mod series;
mod trees;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use host::{Cache, Process};
use spec::{Kernel, Series, Source};
use testing::somebodys_git;

use super::{Prepared, SourceError, Sources};

const MAKEFILE: &str = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 7\nEXTRAVERSION =\n";

/// A cache, and a folder for the user's things beside it.
struct Bench {
    base: tempfile::TempDir,
    reported: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    fn new() -> Self {
        Self { base: tempfile::tempdir().expect("a folder"), reported: Arc::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.base.path().join(name)
    }

    fn sources(&self) -> Sources {
        let cache = Cache::new(&self.path("cache")).expect("a cache");
        let reported = Arc::clone(&self.reported);
        Sources::new(&cache)
            .on_progress(move |line| reported.lock().expect("not poisoned").push(line.to_owned()))
            .with_apt_folder(&self.path("etc-apt"))
    }

    /// What was reported since the last time.
    fn reported(&self) -> Vec<String> {
        std::mem::take(&mut self.reported.lock().expect("not poisoned"))
    }

    /// A small kernel in a git repository of the user's.
    fn linux(&self) -> PathBuf {
        let linux = self.path("linux");
        kernel_files(&linux);
        write(&linux, &[(".gitignore", "*.o\n")]);
        git(&linux, &["init", "--quiet", "--initial-branch=main"]);
        commit(&linux, "first");
        linux
    }

    fn prepare(&self, source: Source) -> Result<Prepared, SourceError> {
        self.prepare_with(vec![source], &[])
    }

    fn prepare_with(&self, sources: Vec<Source>, series: &[Series]) -> Result<Prepared, SourceError> {
        let series_names = series.iter().map(|series| series.name.clone()).collect();
        let kernel = Kernel { name: "mine".to_owned(), sources, series: series_names, kconfig: Vec::new() };
        self.sources().prepare(&kernel, series)
    }

    fn checkout(&self, prepared: &Prepared) -> PathBuf {
        let work = self.path("work");
        self.sources().checkout(prepared, &work, &self.path("work.index")).expect("a work copy");
        work
    }
}

fn kernel_files(dir: &Path) {
    let lines = |name: &str| (1..=40).fold(String::new(), |text, n| text + &format!("{name} line {n}\n"));
    write(
        dir,
        &[
            ("Makefile", MAKEFILE),
            ("drivers/cxl/mem.c", &lines("mem")),
            ("drivers/cxl/port.c", &lines("port")),
            ("README", "crlf\r\n"),
        ],
    );
}

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    args.iter().fold(somebodys_git(dir), Process::arg).read().expect("git works")
}

fn commit(dir: &Path, subject: &str) {
    git(dir, &["add", "--all"]);
    git(dir, &["commit", "--quiet", "-m", subject]);
}

fn local(path: &Path, reference: &str, dirty: bool) -> Source {
    Source::Git { location: path.display().to_string(), reference: reference.to_owned(), dirty }
}

/// Files with their bytes and times.
type Snapshot = BTreeMap<PathBuf, (Vec<u8>, SystemTime)>;

/// Every file below a folder.
fn snapshot(dir: &Path) -> Snapshot {
    walkdir::WalkDir::new(dir)
        .into_iter()
        .map(|entry| entry.expect("readable"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let modified = entry.metadata().expect("there").modified().expect("a time");
            (entry.path().to_owned(), (fs::read(entry.path()).expect("readable"), modified))
        })
        .collect()
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("readable")
}

fn run(program: &str, args: &[&str], dir: &Path) {
    Process::new(program, args).dir(dir).run().expect("it works");
}
