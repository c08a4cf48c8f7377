//! The fast path leaves what make would have left: random edits of the drivers, each built without make and then with it, in the
//! same folder, and all that came of it compared.
//!
//! `PATCHBENCH_EDITS` is how many edits are tried, 10 otherwise, `PATCHBENCH_SEED` chooses others, and `PATCHBENCH_KERNEL` another kernel
//! than lts.

mod edits;
#[allow(dead_code, reason = "boots.rs uses all of it")]
#[path = "../project/mod.rs"]
mod project;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use engine::run::{Plan, Request, work_slot};
use host::{Cache, Process};
use source::Sources;
use spec::Project as Spec;
use testing::shared_cache;

use edits::{Edit, Files};
use project::{Project, Run};

/// Where the edited files lie.
const FOLDERS: [&str; 3] = ["drivers/cxl", "drivers/cxl/core", "tools/testing/cxl/test"];

/// Everything by its path: hashes of what a build left.
type Left = BTreeMap<String, String>;

struct Bench {
    project: Project,
    kernel: String,
    slot: PathBuf,
    files: Files,
    sources: Sources,
    base: source::Prepared,
}

/// What one build said and left.
struct Built {
    code: i32,
    /// How the build's stage ended: its note.
    note: String,
    /// What is wrong with the tree, without what differs from time to time.
    error: String,
    left: Left,
    /// Its folder in the cache.
    entry: Option<PathBuf>,
    seconds: f64,
}

impl Built {
    fn is_without_make(&self) -> bool {
        self.note.contains("without make")
    }

    /// In what an entry without mock modules differs from one with them, but for these.
    fn lacks(&self, shown: &str, whole: &Self) -> Option<String> {
        let own = |left: &Left| -> Left {
            let is_own = |(name, _): &(&String, &String)| {
                name.starts_with("entry/") && !name.starts_with("entry/mock/")
            };
            left.iter().filter(is_own).map(|(name, hash)| (name.clone(), hash.clone())).collect()
        };
        if self.code != 0 {
            return (whole.code == 0).then(|| format!("{shown}: without mock modules: {}", self.error));
        }
        let has_mock = self.left.keys().any(|name| name.starts_with("entry/mock/"));
        let differs = own(&self.left) != own(&whole.left) && whole.code == 0;
        (differs || has_mock && self.is_without_make() && self.entry != whole.entry)
            .then(|| format!("{shown}: other files without mock modules"))
    }
}

impl Bench {
    fn new() -> Self {
        let project = Project::new();
        let spec = Spec::load(&project.path("")).expect("the project");
        let cache = Cache::new(&shared_cache()).expect("the cache");
        let kernel = std::env::var("PATCHBENCH_KERNEL").unwrap_or_else(|_| "lts".to_owned());
        let request = Request { kernel: Some(kernel.clone()), ..Request::default() };
        let plan = Plan::kernel_only(&spec, &request).expect("a plan");
        let (_, slot) = work_slot(&plan, &cache);
        let sources = Sources::new(&cache);
        let base = sources.prepare(&plan.kernel, &plan.series).expect("the base");
        let mut bench = Self { project, kernel, slot, files: Files(BTreeMap::new()), sources, base };
        bench.settle();
        let src = bench.slot.join("src");
        for folder in FOLDERS {
            for entry in
                fs::read_dir(src.join(folder)).expect("a folder").map(|entry| entry.expect("an entry"))
            {
                let file = format!("{folder}/{}", entry.file_name().to_string_lossy());
                // Kernel-made files lie beside those of the tree.
                let is_code =
                    Path::new(&file).extension().is_some_and(|ending| ending == "c" || ending == "h");
                if is_code && !file.ends_with(".mod.c") {
                    bench.files.0.insert(file.clone(), fs::read_to_string(entry.path()).expect("text"));
                }
            }
        }
        assert!(bench.files.0.len() > 20, "{:?}", bench.files.0.keys());
        bench
    }

    /// Builds the tree without an edit by make, so that its files lie in the work folder and the next build has something to start
    /// from.
    fn settle(&self) {
        let _ = fs::remove_file(self.project.path("patchbench.local.yaml"));
        let finished = self.build();
        let base = self.build_by_make(&finished, &BTreeSet::new());
        assert_eq!(base.code, 0, "{}", base.error);
    }

    /// Makes an edit the last series of the kernel.
    fn apply(&self, edit: &Edit) {
        let folder = tempfile::tempdir().expect("a folder");
        for side in ["a", "b"] {
            fs::create_dir(folder.path().join(side)).expect("a folder");
        }
        let put = |side: &str, file: &str, text: &str| {
            let path = folder.path().join(side).join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("written");
        };
        for (file, text) in edit {
            let before = self.files.0.get(file).cloned();
            let before =
                before.or_else(|| self.sources.file(&self.base, file).expect("git").map(|text| text + "\n"));
            if let Some(before) = &before {
                put("a", file, before);
            }
            if let Some(text) = text {
                let appended = text.strip_prefix("APPEND").map(|more| before.unwrap_or_default() + more);
                put("b", file, appended.as_ref().unwrap_or(text));
            }
        }
        let diff = Process::new("git", ["diff", "--no-index", "--no-prefix", "--no-color", "a", "b"]);
        let diff = diff.dir(folder.path()).output().expect("git");
        self.project.write_series("edit", &String::from_utf8(diff.stdout).expect("text"));
    }

    fn build(&self) -> Built {
        self.build_with(&[])
    }

    fn build_with(&self, options: &[&str]) -> Built {
        let begun = Instant::now();
        let run = self.project.begin(&[&["build", "--kernel", &self.kernel], options].concat()).finish();
        let seconds = begun.elapsed().as_secs_f64();
        let mut lines = run.stdout.lines().chain(run.tail.iter().map(String::as_str)).rev();
        let note = lines
            .find_map(|line| line.strip_prefix(&self.kernel)?.strip_prefix(": build "))
            .unwrap_or_default();
        let kernel = run.stdout.lines().find_map(|line| line.strip_prefix("kernel   "));
        let entry = kernel.and_then(|kernel| Path::new(kernel).parent()).map(Path::to_owned);
        let left = entry.as_deref().map(|entry| self.left(entry)).unwrap_or_default();
        Built { code: run.code, note: note.to_owned(), error: self.error(&run), left, entry, seconds }
    }

    /// Builds what was built last once more, by make, and by these files anew.
    fn build_by_make(&self, built: &Built, touched: &BTreeSet<String>) -> Built {
        if let Some(entry) = &built.entry {
            fs::remove_dir_all(entry).expect("an entry");
        }
        self.forget(touched);
        let long = self.build();
        assert!(!long.is_without_make(), "{}", long.note);
        long
    }

    /// What a build left in its work folder, of its modules, and in the cache.
    fn left(&self, entry: &Path) -> Left {
        let roots = [
            ("entry", entry.to_owned()),
            ("obj", self.slot.join("obj/drivers")),
            ("symbols", self.slot.join("obj/Module.symvers")),
            ("mock-objects", self.slot.join("src/drivers/cxl")),
            ("mock", self.slot.join("src/tools/testing/cxl")),
        ];
        let is_made = |path: &str| {
            ["bzImage", "config", "System.map"].contains(&path)
                || [".o", ".ko", ".mod.c", "symvers"].iter().any(|ending| path.ends_with(ending))
                || path.contains("lib/modules/")
        };
        let mut left = Left::new();
        for (name, root) in roots {
            for entry in walkdir::WalkDir::new(&root).into_iter().filter_map(Result::ok) {
                let below = entry.path().strip_prefix(&root).expect("below").display().to_string();
                let named = if below.is_empty() { root.display().to_string() } else { below };
                if entry.file_type().is_file() && is_made(&named) {
                    left.insert(
                        format!("{name}/{named}"),
                        host::sha256(fs::read(entry.path()).expect("read")),
                    );
                }
            }
        }
        left
    }

    /// What is wrong with the tree, as the user sees it.
    fn error(&self, run: &Run) -> String {
        let stage = format!("{}: ", self.kernel);
        let lines =
            run.tail.iter().filter(|line| !line.starts_with(&stage) && !line.trim().starts_with("log: "));
        if run.code == 0 { String::new() } else { lines.map(|line| format!("{line}\n")).collect() }
    }

    /// Has the next build go by make, from the files that this edit changed.
    fn forget(&self, touched: &BTreeSet<String>) {
        let memory = self.slot.join("fastpath.json");
        if let Ok(text) = fs::read_to_string(&memory) {
            fs::write(memory, text.replace("\"is-whole\":true", "\"is-whole\":false")).expect("written");
        }
        for file in touched {
            let path = self.slot.join("src").join(file);
            if let Ok(file) = fs::File::options().append(true).open(path) {
                file.set_modified(SystemTime::now()).expect("a time");
            }
        }
    }

    /// In what a build without make differs from one by make, of the files that were touched since the build before. `idle`: whether
    /// make is also asked, before, if it finds something to do.
    fn differences(&self, shown: &str, short: &Built, touched: &BTreeSet<String>, idle: bool) -> Vec<String> {
        let mut differences = Vec::new();
        if idle && short.code == 0 {
            let idle = self.build_by_make(short, &BTreeSet::new());
            if !idle.note.contains(", 0 objects in") {
                differences.push(format!("{shown}: make still finds something to do: {}", idle.note));
            }
        }
        let long = self.build_by_make(short, touched);
        let red = if long.code == 0 { "" } else { ": red" };
        println!("{:5.1} s {:5.1} s  {shown}{red}", short.seconds, long.seconds);
        // Which of several files that do not compile comes first is a matter of time, also with make.
        let is_in_headers =
            touched.iter().any(|file| Path::new(file).extension().is_some_and(|ending| ending == "h"));
        let error = |built: &Built| {
            let first = built.error.lines().next().and_then(|line| line.rsplit_once("error: "));
            if is_in_headers { first.map(|(_, what)| what.to_owned()) } else { Some(built.error.clone()) }
        };
        if (short.code, error(short)) != (long.code, error(&long)) {
            differences.push(format!("{shown}:\n{}\nby make:\n{}", short.error, long.error));
        }
        let files: BTreeSet<_> = short.left.keys().chain(long.left.keys()).collect();
        let other = |file: &&&String| short.left.get(**file) != long.left.get(**file);
        let files: Vec<_> = files.iter().filter(other).collect();
        if !files.is_empty() {
            differences.push(format!("{shown}: by make other files come of it: {files:?}"));
        }
        assert!(long.code != 0 || long.left.len() > 100, "only {} files are compared", long.left.len());
        differences
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[test]
#[ignore = "builds a kernel many times"]
fn what_is_built_without_make_is_what_make_builds() {
    let (count, seed) = (number("PATCHBENCH_EDITS", 10), number("PATCHBENCH_SEED", 1));
    let bench = Bench::new();
    let (mut before, mut last) = (BTreeSet::new(), None);
    let (mut short_ways, mut long_ways) = (0, BTreeMap::<String, usize>::new());
    let mut failures = Vec::new();
    for number in 0..usize::try_from(count).expect("few") {
        let (sort, edit) = edits::edit(&bench.files, seed, number);
        let names: BTreeSet<_> = edit.keys().cloned().collect();
        bench.apply(&edit);
        // Some are built without the mock modules first, which are then made from where they were left.
        let without_mock = (number % 3 == 2).then(|| bench.build_with(&["--no-mock"]));
        let short = bench.build();
        let is_of_edit = ["building the kernel failed", "cxl_test does not compile", "Cycle detected"];
        assert!(
            short.code == 0 || is_of_edit.iter().any(|text| short.error.contains(text)),
            "{}",
            short.error
        );
        let log = fs::read_to_string(bench.slot.join("build.log")).expect("a log");
        let shown = format!("{number}: {sort}: {}", names.iter().cloned().collect::<Vec<_>>().join(", "));
        if short.is_without_make() || !log.contains("make -C") {
            short_ways += 1;
            if short.code != 0 && number % 2 == 1 {
                // The developer mends it at once: what failed halfway is what the next build starts from.
                println!("{:5.1} s          {shown}: red, left as it is", short.seconds);
                before.extend(names);
                continue;
            }
            let touched = names.union(&before).cloned().collect();
            failures.extend(without_mock.iter().filter_map(|other| other.lacks(&shown, &short)));
            failures.extend(bench.differences(&shown, &short, &touched, number % 5 == 0));
        } else {
            println!("        {:5.1} s  {shown}: {}", short.seconds, short.note);
            *long_ways
                .entry(short.note.rsplit_once("by make: ").unwrap_or_default().1.to_owned())
                .or_default() += 1;
        }
        before = names;
        if short.code != 0 {
            bench.settle();
            before.clear();
        }
        if let Some(entry) =
            without_mock.and_then(|other| other.entry).filter(|entry| Some(entry) != short.entry.as_ref())
        {
            let _ = fs::remove_dir_all(entry);
        }
        // The next build starts from this entry, and nothing from the one before.
        if let Some(entry) = std::mem::replace(&mut last, short.entry) {
            let _ = fs::remove_dir_all(entry);
        }
    }
    println!("{short_ways} of {count} went without make; the others: {long_ways:#?}");
    bench.settle();
    let _ = last.map(fs::remove_dir_all);
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(short_ways * 2 > count, "hardly any edit went without make");
}
