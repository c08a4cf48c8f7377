//! apt over a repository in a folder, and for real where `PATCHBENCH_REAL` is set.

use std::time::Instant;

use testing::{etc, has_apt, publish};

use super::*;

fn apt(package: &str, suite: Option<&str>) -> Source {
    Source::Apt { package: package.to_owned(), suite: suite.map(str::to_owned) }
}

fn publish_kernel(bench: &Bench, suite: &str, package: &str, version: &str, makefile: &str) {
    let dir = bench.path("linux-source");
    kernel_files(&dir);
    write(&dir, &[("Makefile", makefile), (".gitignore", "*.o\n"), ("firmware.o", "ignored, but shipped")]);
    run("tar", &["-cJf", "linux-source.tar.xz", "linux-source"], bench.base.path());
    let bytes = fs::read(bench.path("linux-source.tar.xz")).expect("there");
    let name = format!("usr/src/{package}.tar.xz");
    publish(bench.base.path(), suite, package, version, &[(name.as_str(), &bytes)]);
}

#[test]
fn a_package_becomes_a_tree_once_for_each_version() {
    if !has_apt() {
        return;
    }
    let bench = Bench::new();
    publish_kernel(&bench, "own", "linux-source-6.12", "6.12.7-1", MAKEFILE);
    publish_kernel(
        &bench,
        "other",
        "linux-source-7.3",
        "7.3-1",
        "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\n",
    );
    etc(bench.base.path(), "own");
    let first = bench.prepare(apt("linux-source-6.12", None)).expect("a tree");
    assert_eq!((first.version.to_string(), first.cached), ("6.12.7".to_owned(), false));
    assert_eq!(first.described, "linux-source-6.12 6.12.7-1 (own)");
    assert!(bench.checkout(&first).join("firmware.o").exists());
    assert!(!bench.reported().is_empty());

    let second = bench.prepare(apt("linux-source-6.12", None)).expect("a tree");
    assert!(second.cached && second.tree == first.tree && bench.reported().is_empty());
    let other = bench.prepare(apt("linux-source-7.3", Some("other"))).expect("a tree");
    assert_eq!(other.version.to_string(), "7.3");
    assert_eq!(fs::read_dir(bench.path("cache/tmp/import")).expect("there").count(), 0, "left-overs");
}

#[test]
fn without_a_network_the_last_version_is_taken_and_it_is_said() {
    if !has_apt() {
        return;
    }
    let bench = Bench::new();
    publish_kernel(&bench, "own", "linux-source-6.12", "6.12.7-1", MAKEFILE);
    etc(bench.base.path(), "own");
    let first = bench.prepare(apt("linux-source-6.12", None)).expect("a tree");
    fs::rename(bench.path("debian"), bench.path("away")).expect("moved");
    for updated in walkdir::WalkDir::new(bench.path("cache/apt")).into_iter().filter_map(Result::ok) {
        if updated.file_name() == "updated" {
            let old = SystemTime::now() - host::apt::FRESH;
            fs::File::options()
                .write(true)
                .open(updated.path())
                .expect("open")
                .set_modified(old)
                .expect("set");
        }
    }
    let second = bench.prepare(apt("linux-source-6.12", None)).expect("the old tree");
    assert_eq!(second.tree, first.tree);
    assert!(second.tried[0].contains("could not be fetched"), "{:?}", second.tried);
}

#[test]
fn where_the_package_is_missing_the_next_source_is_taken() {
    if !has_apt() {
        return;
    }
    let bench = Bench::new();
    let linux = bench.linux();
    publish_kernel(&bench, "own", "linux-source-6.1", "6.1-1", MAKEFILE);
    etc(bench.base.path(), "own");
    let branch = Source::Git {
        location: format!("file://{}", linux.display()),
        reference: "main".to_owned(),
        dirty: false,
    };
    let prepared = bench.prepare_with(vec![apt("linux-source-6.12", None), branch], &[]).expect("a tree");
    assert_eq!(prepared.tried, ["apt linux-source-6.12: own has no package linux-source-6.12"]);
    assert!(prepared.described.starts_with("file://"), "{}", prepared.described);
}

/// With a network, and minutes: `PATCHBENCH_REAL=DIR cargo test … real_packages -- --nocapture`.
#[test]
fn real_packages() {
    let Some(dir) = std::env::var_os("PATCHBENCH_REAL").map(PathBuf::from) else { return };
    let cache = Cache::new(&dir).expect("a cache");
    let begun = Instant::now();
    let say = move |line: &str| eprintln!("{:7.1} s  {line}", begun.elapsed().as_secs_f32());
    let sources = Sources::new(&cache).on_progress(say);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace");
    let project = spec::Project::load(root).expect("patchbench.yaml");
    for name in ["lts", "merged"] {
        let kernel = project.kernel(name).expect("a kernel");
        for _ in 0..2 {
            let begun = Instant::now();
            let prepared = sources.prepare(kernel, &[]).expect("a tree");
            let took = begun.elapsed().as_secs_f32();
            say(&format!(
                "{name}: {} {:?} cached={} prepared in {took:.3} s",
                prepared.version, prepared.described, prepared.cached
            ));
            let begun = Instant::now();
            let work = dir.join("work").join(name);
            sources
                .checkout(&prepared, &work, &dir.join("work").join(format!("{name}.index")))
                .expect("a work copy");
            say(&format!("{name}: checked out in {:.3} s", begun.elapsed().as_secs_f32()));
            assert!(work.join("drivers/cxl/mem.c").exists());
        }
    }
}
