//! Bisections of made-up histories over the default kernel, with real builds and boots.
//!
//! Each commit changes `drivers/cxl` alone, so that a step compiles a few files. The nightly run has the hour that they take.

#[allow(dead_code, reason = "boots.rs uses all of it")]
mod project;

use std::fs;
use std::path::{Path, PathBuf};

use patchbench::host::{Cache, Process};
use patchbench::source::{Sources, users_git};
use patchbench::spec::{Project as Spec, Series};
use project::{Project, Run};
use serde_json::Value;

const MEM: &str = "drivers/cxl/mem.c";
const ACPI: &str = "drivers/cxl/acpi.c";
const OTHERS: [&str; 6] = ["port.c", "pmem.c", "core/hdm.c", "core/mbox.c", "core/pci.c", "security.c"];

/// Where attach is refused behind switches.
const CALL: &str = "\tif (cxlmd->attach) {\n\t\trc = cxlmd->attach->probe(cxlmd);";
/// Where the CXL root can be lost.
const ROOT: &str = "\tdevice_lock_set_class(&pdev->dev, &cxl_root_key);\n";
const LOST: &str = "\tif (pdev)\n\t\treturn -ENXIO;\n";
const BROKEN: &str = "\n#error this stretch does not build\n";

/// A history over the default kernel and its series, in a repository of its own.
struct History {
    dir: PathBuf,
    tip: String,
}

impl History {
    fn new(project: &Project) -> Self {
        let spec = Spec::load(&project.path("")).expect("the project");
        let kernel = spec.kernel("lts").expect("the default kernel");
        let series = Series::load_all(&spec.patches_dir(), &kernel.series).expect("its series");
        let sources = Sources::new(&Cache::new(&cache()).expect("the cache"));
        let tree = sources.prepare(kernel, &series).expect("its tree").tree;
        let mut history = Self { dir: project.path("linux"), tip: String::new() };
        Process::new("git", ["init", "--quiet", "--initial-branch=main"])
            .arg(&history.dir)
            .run()
            .expect("made");
        let objects = sources.repository().join("objects").display().to_string();
        fs::write(history.dir.join(".git/objects/info/alternates"), objects + "\n").expect("written");
        history.git(&["read-tree", &tree]);
        history.tip = history.git(&["commit-tree", &tree, "-m", "The kernel"]);
        history.git(&["update-ref", "refs/heads/main", &history.tip]);
        history
    }

    fn command(&self, args: &[&str]) -> Process {
        let process = ["AUTHOR", "COMMITTER"].iter().fold(users_git(&self.dir), |process, who| {
            process
                .env(format!("GIT_{who}_NAME"), "D Developer")
                .env(format!("GIT_{who}_EMAIL"), "d@example.org")
        });
        args.iter().fold(process, Process::arg)
    }

    fn git(&self, args: &[&str]) -> String {
        self.command(args).read().expect("git works")
    }

    /// A commit that changes one file; there is no work tree.
    fn commit(&mut self, file: &str, subject: &str, change: impl FnOnce(&str) -> String) {
        let text = self.git(&["cat-file", "blob", &format!(":{file}")]) + "\n";
        let changed = change(&text);
        assert_ne!(text, changed, "{subject}");
        let blob = self.command(&["hash-object", "-w", "--stdin"]).stdin(changed).read().expect("written");
        self.git(&["update-index", "--cacheinfo", &format!("100644,{blob},{file}")]);
        let tree = self.git(&["write-tree"]);
        let message = format!("{subject}\n\nMade up.\n\nReviewed-by: R Reader <r@example.org>");
        self.tip = self.git(&["commit-tree", &tree, "-p", &self.tip, "-m", &message]);
        self.git(&["update-ref", "refs/heads/main", &self.tip]);
    }

    /// So many commits, the one of this number the culprit; 20 to 27 do not build, 31 to 34 fail everywhere.
    fn of(project: &Project, commits: usize, culprit: usize, condition: &str) -> Self {
        let mut history = Self::new(project);
        let refused = format!("\tif (cxlmd->attach && {condition})\n\t\treturn -ENXIO;\n\n{CALL}");
        let swapped = |from: &str, to: &str, text: &str| {
            assert!(text.contains(from), "{from} is not there");
            text.replacen(from, to, 1)
        };
        for number in 1..=commits {
            match number {
                _ if number == culprit => history.commit(MEM, "cxl/mem: Refuse to attach", |text| {
                    let text = swapped(CALL, &refused, text);
                    swapped(
                        "#include <linux/pci.h>\n",
                        "#include <linux/pci.h>\n#include <linux/random.h>\n",
                        &text,
                    )
                }),
                20 => history.commit(MEM, "cxl/mem: Break the build", |text| text.to_owned() + BROKEN),
                28 => history.commit(MEM, "cxl/mem: Mend the build", |text| swapped(BROKEN, "", text)),
                31 => history.commit(ACPI, "cxl/acpi: Lose the root", |text| {
                    swapped(ROOT, &format!("{LOST}{ROOT}"), text)
                }),
                35 => history.commit(ACPI, "cxl/acpi: Find the root again", |text| swapped(LOST, "", text)),
                _ => {
                    let file = format!("drivers/cxl/{}", OTHERS[number % OTHERS.len()]);
                    let more = match number % 3 {
                        // Comes to the same kernel.
                        0 => format!("/* remark {number} */\n"),
                        _ => format!(
                            "int cxl_made_up_{number}(void);\nint cxl_made_up_{number}(void)\n{{\n\treturn {number};\n}}\n"
                        ),
                    };
                    history.commit(&file, &format!("cxl: Add {number}"), |text| text.to_owned() + &more);
                }
            }
        }
        history
    }
}

fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache");
    let shared =
        || std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("cxl-patchbench");
    std::env::var_os("PATCHBENCH_CACHE").map_or_else(shared, PathBuf::from)
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

fn bisect_git(project: &Project, history: &History, commits: usize) -> (Value, Run) {
    let (dir, good) = (history.dir.display().to_string(), format!("main~{commits}"));
    bisect(project, &["--git", &good, "main", "--git-dir", &dir, "--topology", "switch"])
}

#[test]
#[ignore = "builds kernels and boots guests"]
fn the_commit_that_breaks_attach_behind_switches_is_named() {
    let project = project();
    let history = History::of(&project, 64, 44, "parent_port->depth > 1");
    let (told, run) = bisect_git(&project, &history, 64);
    assert_eq!(told["culprit"]["title"], "cxl/mem: Refuse to attach", "{}", run.shown());
    assert_eq!(told["suspects"], Value::Array(Vec::new()), "{}", run.shown());
    assert_eq!(told["message"]["trailers"][0], "Reviewed-by: R Reader <r@example.org>");
    assert!(told["stat"].as_str().is_some_and(|stat| stat.contains(MEM)), "{}", run.shown());
    assert!(told["runs"].as_u64().is_some_and(|runs| runs <= 19), "{}", run.shown());
    for command in told["replay"].as_array().expect("commands") {
        let script = command.as_str().and_then(|text| text.split(' ').nth(1)).expect("a script");
        assert!(Path::new(script).is_file(), "{script}");
    }
}

#[test]
#[ignore = "builds kernels and boots guests"]
fn the_stretch_that_hides_the_commit_is_named() {
    let project = project();
    let history = History::of(&project, 64, 24, "parent_port->depth > 1");
    let (told, run) = bisect_git(&project, &history, 64);
    assert_eq!(told["culprit"]["title"], "cxl/mem: Mend the build", "{}", run.shown());
    let suspects = told["suspects"].as_array().expect("suspects");
    assert_eq!(suspects.len(), 8, "{}", run.shown());
    assert!(suspects.iter().any(|step| step["title"] == "cxl/mem: Refuse to attach"), "{}", run.shown());
}

#[test]
#[ignore = "builds kernels and boots guests"]
fn a_failure_in_half_of_the_boots_is_found() {
    let project = project();
    let history = History::of(&project, 8, 5, "parent_port->depth > 1 && (get_random_u32() & 1)");
    let (told, run) = bisect_git(&project, &history, 8);
    assert_eq!(told["culprit"]["title"], "cxl/mem: Refuse to attach", "{}", run.shown());
    assert!(told["confidence"].as_f64().is_some_and(|sure| sure >= 0.95), "{}", run.shown());
}

#[test]
#[ignore = "builds kernels and boots guests"]
fn the_patch_of_a_series_and_the_smallest_topology_are_found() {
    let project = project();
    // The same on top of the series: its patches 10 to 12, the second of them the culprit.
    let history = History::of(&project, 3, 2, "parent_port->depth > 1");
    let folder = project.path("patches/memdev-attach").display().to_string();
    history.git(&["format-patch", "--quiet", "--start-number", "10", "-o", &folder, "main~3..main"]);
    let (told, run) = bisect(&project, &["--series", "memdev-attach", "--topology", "switch"]);
    assert_eq!(told["culprit"]["id"], "11", "{}", run.shown());

    let (told, run) = bisect(&project, &["--topology", "mixed"]);
    let text = fs::read_to_string(told["smallest"].as_str().expect("a file")).expect("the topology");
    let count = |what: &str| text.matches(what).count();
    assert_eq!((count("switch:"), count("device:"), count("- empty")), (1, 1, 0), "{text}\n{}", run.shown());
}
