//! Every kind of source but apt, and work copies.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use fault::{Fault, ToolError};

use super::*;

/// What was made, removed or written. Of an object the time does not count: git renews it where it finds one that
/// it would have to write, so that the next prune leaves it.
fn written(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut all: Vec<_> = before.keys().chain(after.keys()).collect();
    all.sort();
    all.dedup();
    let object = |path: &Path| path.components().any(|part| part.as_os_str() == "objects");
    let same = |path: &Path| match (before.get(path), after.get(path)) {
        (Some(before), Some(after)) => before.0 == after.0 && (object(path) || before.1 == after.1),
        _ => false,
    };
    all.into_iter().filter(|path| !same(path)).map(|path| path.display().to_string()).collect()
}

#[test]
fn a_commit_is_read_in_place_and_checked_out_byte_for_byte() {
    let bench = Bench::new();
    let linux = bench.linux();
    let before = snapshot(&linux.join(".git"));
    let prepared = bench.prepare(local(&linux, "main", false)).expect("a tree");
    assert_eq!(prepared.tree, git(&linux, &["rev-parse", "HEAD^{tree}"]));
    assert_eq!(prepared.version.to_string(), "6.12.7");
    assert!(prepared.described.contains("main at ") && prepared.described.ends_with("(\"first\")"));
    assert!(prepared.cached);

    let work = bench.checkout(&prepared);
    assert_eq!(read(work.join("README")), "crlf\r\n");
    assert_eq!(written(&before, &snapshot(&linux.join(".git"))), [""; 0]);
    // Blobs stay where they are: ours has none of them.
    let objects = walkdir::WalkDir::new(bench.path("cache/git-1/objects")).into_iter().filter_map(Result::ok);
    assert_eq!(objects.filter(|entry| entry.file_type().is_file()).count(), 0);
}

#[test]
fn a_dirty_tree_is_taken_as_it_is_and_left_as_it_was() {
    let bench = Bench::new();
    let linux = bench.linux();
    write(&linux, &[("staged.c", "staged\n")]);
    git(&linux, &["add", "staged.c"]);
    write(&linux, &[("drivers/cxl/mem.c", "changed\n"), ("new.c", "new\n"), ("built.o", "object\n")]);
    fs::remove_file(linux.join("drivers/cxl/port.c")).expect("removed");
    let before = snapshot(&linux);
    let prepared = bench.prepare(local(&linux, "HEAD", true)).expect("a tree");
    assert_eq!(written(&before, &snapshot(&linux)), [""; 0]);
    assert!(prepared.described.ends_with("with uncommitted changes"), "{}", prepared.described);

    let work = bench.checkout(&prepared);
    let files: Vec<String> = snapshot(&work)
        .into_keys()
        .map(|f| f.strip_prefix(&work).expect("in it").display().to_string())
        .collect();
    assert_eq!(files, [".gitignore", "Makefile", "README", "drivers/cxl/mem.c", "new.c", "staged.c"]);
    assert_eq!(read(work.join("drivers/cxl/mem.c")), "changed\n");

    git(&linux, &["stash", "--quiet", "--include-untracked"]);
    let clean = bench.prepare(local(&linux, "HEAD", true)).expect("a tree");
    assert_eq!(clean.tree, git(&linux, &["rev-parse", "HEAD^{tree}"]));
    assert!(clean.described.ends_with("without changes"), "{}", clean.described);
}

#[test]
fn a_tree_runs_nothing_of_its_own() {
    let bench = Bench::new();
    let linux = bench.linux();
    let ran = bench.path("ran");
    let program = format!("sh -c 'touch {}; cat'", ran.display());
    for (key, value) in [
        ("filter.evil.clean", program.as_str()),
        ("filter.evil.smudge", &program),
        ("filter.evil.required", "true"),
        ("filter.a=b.clean", &program),
        ("core.fsmonitor", &program),
        ("gpg.program", &program),
        ("log.showSignature", "true"),
    ] {
        git(&linux, &["config", key, value]);
    }
    fs::write(linux.join(".gitattributes"), "* filter=evil\nREADME filter=a=b\n").expect("written");
    for hook in ["post-index-change", "post-checkout", "reference-transaction"] {
        let path = linux.join(".git/hooks").join(hook);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, format!("#!/bin/sh\ntouch {}\n", ran.display())).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    fs::write(linux.join("drivers/cxl/mem.c"), "changed\n").expect("written");
    let prepared = bench.prepare(local(&linux, ".", true)).expect("a tree");
    assert_eq!(read(bench.checkout(&prepared).join("drivers/cxl/mem.c")), "changed\n");
    bench.prepare(local(&linux, "HEAD", false)).expect("a tree");
    assert!(!ran.exists(), "a program of the tree was run");
}

#[test]
fn a_change_in_the_moment_of_the_commit_is_not_missed() {
    let bench = Bench::new();
    let linux = bench.linux();
    git(&linux, &["config", "core.trustctime", "false"]);
    // As if all of it had happened in one tick of the clock: same size, same times, other content.
    let (file, at) = (linux.join("drivers/cxl/mem.c"), SystemTime::now() - Duration::from_secs(60));
    let text = read(&file);
    let set = |path: &Path| {
        fs::File::options().write(true).open(path).expect("open").set_modified(at).expect("set");
    };
    fs::write(&file, text.replace("line 7", "line X")).expect("written");
    set(&file);
    git(&linux, &["add", "drivers/cxl/mem.c"]);
    set(&linux.join(".git/index"));
    fs::write(&file, text.replace("line 7", "line Y")).expect("written");
    set(&file);
    let prepared = bench.prepare(local(&linux, "HEAD", true)).expect("a tree");
    assert!(read(bench.checkout(&prepared).join("drivers/cxl/mem.c")).contains("line Y"));
}

#[test]
fn a_folder_is_read_without_what_it_ignores() {
    let bench = Bench::new();
    let dir = bench.path("folder");
    kernel_files(&dir);
    write(&dir, &[(".gitignore", "*.o\n"), ("kernel.o", "object\n")]);
    let source = Source::Dir { path: dir.clone() };
    let first = bench.prepare(source.clone()).expect("a tree");
    assert_eq!(first.version.to_string(), "6.12.7");
    assert!(!bench.checkout(&first).join("kernel.o").exists());

    write(&dir, &[("drivers/cxl/mem.c", "changed\n")]);
    fs::remove_file(dir.join("README")).expect("removed");
    let second = bench.prepare(source.clone()).expect("a tree");
    let work = bench.checkout(&second);
    assert_eq!(read(work.join("drivers/cxl/mem.c")), "changed\n");
    assert!(!work.join("README").exists());
    assert_eq!(bench.prepare(source).expect("a tree").tree, second.tree);
}

#[test]
fn offline_only_what_the_cache_has_is_available() {
    let bench = Bench::new();
    let linux = bench.linux();
    kernel_files(&bench.path("linux-6.12.7"));
    run("tar", &["-cJf", "linux.tar.xz", "linux-6.12.7"], bench.base.path());
    let tarball =
        Source::Tarball { location: bench.path("linux.tar.xz").display().to_string(), sha256: None };
    let remote = Source::Git {
        location: format!("file://{}", linux.display()),
        reference: "main".to_owned(),
        dirty: false,
    };
    let offline = |source: &Source| {
        let sources = vec![source.clone()];
        let kernel = Kernel { name: "mine".to_owned(), sources, series: Vec::new(), kconfig: Vec::new() };
        bench.sources().offline().prepare(&kernel, &[]).map(|prepared| prepared.tree)
    };
    for source in [tarball, remote] {
        let error = offline(&source).expect_err("not there yet").to_string();
        assert!(error.contains("is not in the cache") && bench.reported().is_empty(), "{error}");
        let tree = bench.prepare(source.clone()).expect("a tree").tree;
        bench.reported();
        assert_eq!(offline(&source).expect("now it is"), tree);
    }
    // What changes whenever the user edits is not looked at, and a commit is found at once.
    assert!(offline(&local(&linux, "HEAD", true)).is_err());
    assert!(offline(&Source::Dir { path: linux.clone() }).is_err());
    assert_eq!(
        offline(&local(&linux, "main", false)).expect("a tree"),
        git(&linux, &["rev-parse", "HEAD^{tree}"])
    );
}

#[test]
fn a_tarball_is_checked_and_unpacked_once() {
    let bench = Bench::new();
    kernel_files(&bench.path("linux-6.12.7"));
    run("tar", &["-cJf", "linux.tar.xz", "linux-6.12.7"], bench.base.path());
    let file = bench.path("linux.tar.xz");
    let tarball = |sha256: Option<&str>| Source::Tarball {
        location: file.display().to_string(),
        sha256: sha256.map(str::to_owned),
    };
    let first = bench.prepare(tarball(None)).expect("a tree");
    assert!(!first.cached && first.described.contains("(sha256 "));
    assert_eq!(bench.reported(), ["putting linux.tar.xz into the cache"]);
    let second = bench.prepare(tarball(None)).expect("a tree");
    assert!(second.cached && second.tree == first.tree && bench.reported().is_empty());
    assert_eq!(read(bench.checkout(&first).join("Makefile")), MAKEFILE);

    let wrong = "0".repeat(64);
    let error = bench.prepare(tarball(Some(&wrong))).expect_err("another sum").to_string();
    assert!(error.contains("has sha256 ") && error.contains(&format!("wanted {wrong}")), "{error}");
    assert_eq!(fs::read_dir(bench.path("cache/tmp/import")).expect("there").count(), 0, "left-overs");
}

#[test]
fn a_tarball_comes_from_a_url() {
    if which::which("curl").is_err() {
        return;
    }
    let bench = Bench::new();
    kernel_files(&bench.path("linux"));
    run("tar", &["-czf", "l.tar.gz", "-C", "linux", "."], bench.base.path());
    let file = bench.path("l.tar.gz");
    let sum = Process::new("sha256sum", [&file]).read().expect("a sum")[..64].to_owned();
    let source = Source::Tarball { location: format!("file://{}", file.display()), sha256: Some(sum) };
    let prepared = bench.prepare(source.clone()).expect("a tree");
    assert_eq!(prepared.version.to_string(), "6.12.7");
    fs::remove_file(&file).expect("removed");
    assert_eq!(bench.prepare(source).expect("still known").tree, prepared.tree);
}

#[test]
fn a_branch_of_a_remote_repository_is_fetched_shallow() {
    let bench = Bench::new();
    let linux = bench.linux();
    write(&linux, &[("README", "second\n")]);
    commit(&linux, "second");
    let url = format!("file://{}", linux.display());
    let source = Source::Git { location: url.clone(), reference: "main".to_owned(), dirty: false };
    let prepared = bench.prepare(source.clone()).expect("a tree");
    assert!(!prepared.cached && prepared.described.ends_with("(\"second\")"), "{}", prepared.described);
    assert_eq!(prepared.tree, git(&linux, &["rev-parse", "HEAD^{tree}"]));
    assert_eq!(read(bench.checkout(&prepared).join("README")), "second\n");
    assert_eq!(read(bench.path("cache/git-1/shallow")).lines().count(), 1);
    // Soon after, it is not asked for again.
    fs::rename(&linux, bench.path("away")).expect("moved");
    assert!(bench.prepare(source).expect("a tree").cached);
    let other = Source::Git { location: url, reference: "other".to_owned(), dirty: false };
    assert!(bench.prepare(other).expect_err("gone").to_string().contains("git fetch"));
}

#[test]
fn the_first_source_that_can_be_had_wins() {
    let bench = Bench::new();
    let linux = bench.linux();
    write(&bench.path("empty"), &[("hello", "")]);
    let sources = vec![
        Source::Dir { path: bench.path("missing") },
        local(&linux, "no-such-branch", false),
        Source::Dir { path: bench.path("empty") },
        local(&linux, "main", false),
        Source::Dir { path: bench.path("never-reached") },
    ];
    let prepared = bench.prepare_with(sources.clone(), &[]).expect("a tree");
    let here = bench.base.path().display().to_string();
    assert_eq!(prepared.tried.len(), 3);
    let first_lines: Vec<_> =
        prepared.tried.iter().map(|t| t.lines().next().unwrap_or("").replace(&here, "")).collect();
    insta::assert_snapshot!(first_lines.join("\n"), @r"
    dir /missing: there is no folder /missing
    git /linux no-such-branch: git ended with exit status 128
    dir /empty: this is not the source of a kernel: it has no Makefile
    ");
    assert!(prepared.tried[1].contains("command: "), "{}", prepared.tried[1]);

    let error = bench.prepare_with(sources[..1].to_vec(), &[]).expect_err("none");
    assert!(error.fault() != Fault::Kernel);
    insta::assert_snapshot!(fault::shown(&error).replace(&here, ""), @r"
    no source of kernel mine is available
      dir /missing: there is no folder /missing
    hint: name another source: for it in patchbench.local.yaml, or try a tree of your own with --linux DIR
    ");
}

#[test]
fn a_tampered_file_is_restored_and_objects_stay() {
    let bench = Bench::new();
    let linux = bench.linux();
    let prepared = bench.prepare(local(&linux, "main", false)).expect("a tree");
    let work = bench.checkout(&prepared);
    write(&work, &[("drivers/cxl/mem.o", "object"), ("Makefile", "tampered")]);
    fs::remove_file(work.join("README")).expect("removed");
    let before = snapshot(&work);
    bench.checkout(&prepared);
    let after = snapshot(&work);
    assert_eq!(read(work.join("Makefile")), MAKEFILE);
    assert_eq!(read(work.join("drivers/cxl/mem.o")), "object");
    assert!(work.join("README").exists());
    let port = work.join("drivers/cxl/port.c");
    assert_eq!(before[&port], after[&port]);
}

#[test]
fn a_killed_checkout_is_finished_first() {
    let bench = Bench::new();
    let linux = bench.linux();
    let one = bench.prepare(local(&linux, "main", false)).expect("a tree");
    write(&linux, &[("only-in-two.c", "two\n")]);
    commit(&linux, "second");
    let two = bench.prepare(local(&linux, "main", false)).expect("a tree");
    let work = bench.checkout(&one);
    // Killed on the way to the second tree: a file is written, the index is not, its lock is left.
    let index = bench.path("work.index");
    write(&work, &[("only-in-two.c", "tw")]);
    fs::write(bench.path("work.index.lock"), "").expect("written");
    fs::write(super::super::checkout::begun(&index), &two.tree).expect("written");
    bench.checkout(&one);
    assert!(!work.join("only-in-two.c").exists());
    assert!(!super::super::checkout::begun(&index).exists());

    // A work copy that is gone is made again, whatever the index remembers.
    fs::remove_dir_all(&work).expect("removed");
    assert_eq!(read(bench.checkout(&one).join("Makefile")), MAKEFILE);
}
