//! Trees of the user's own: what they are, and which series go onto them.

use fault::ToolError;

use super::series::series;
use super::*;
use crate::{Layer, OwnTree, OwnTreeError};

/// What is found of a folder, or the error with its hint.
fn found(bench: &Bench, dir: impl AsRef<Path>) -> String {
    let text = match OwnTree::find(dir.as_ref()) {
        Ok(tree) => tree.to_string(),
        Err(error) => fault::shown(&error),
    };
    text.replace(&bench.base.path().display().to_string(), "")
}

fn edit(linux: &Path, file: &str, subject: &str) {
    write(linux, &[(file, subject)]);
    commit(linux, subject);
}

#[test]
fn a_branch_names_what_it_stands_on() {
    let bench = Bench::new();
    let linux = bench.linux();
    let mut lines = vec![found(&bench, &linux)];
    git(&linux, &["tag", "v6.12.7"]);
    lines.push(found(&bench, &linux));
    git(&linux, &["checkout", "--quiet", "-b", "my-branch"]);
    edit(&linux, "README", "one");
    lines.push(found(&bench, &linux));
    edit(&linux, "drivers/cxl/mem.c", "two");
    write(&linux, &[("drivers/cxl/port.c", "changed\n"), ("built.o", "ignored\n")]);
    lines.push(found(&bench, &linux));
    write(&linux, &[("drivers/cxl/new.c", "new\n")]);
    git(&linux, &["tag", "mine-v2"]);
    git(&linux, &["checkout", "--quiet", "--detach"]);
    let head = git(&linux, &["rev-parse", "--short=12", "HEAD"]);
    lines.push(found(&bench, &linux).replace(&head, "HEAD"));
    insta::assert_snapshot!(lines.join("\n"), @r"
    main: 6.12.7 by its Makefile; git knows no v* tag and no upstream that it stands on
    main: no commit on top of v6.12.7
    my-branch: 1 commit on v6.12.7, which does not touch drivers/cxl
    my-branch: 2 commits on v6.12.7, 1 of which touches drivers/cxl; uncommitted changes in 1 file
    HEAD: 2 commits on v6.12.7, 1 of which touches drivers/cxl; uncommitted changes in 2 files
    ");
}

#[test]
fn the_upstream_is_the_base_where_it_is_nearer_than_a_release() {
    let bench = Bench::new();
    let linux = bench.linux();
    git(&linux, &["tag", "v6.12.7"]);
    edit(&linux, "README", "upstream went on");
    edit(&linux, "drivers/cxl/mem.c", "and on");
    git(bench.base.path(), &["clone", "--quiet", "linux", "mine"]);
    let mine = bench.path("mine");
    let mut lines = vec![found(&bench, &mine)];
    git(&mine, &["checkout", "--quiet", "-b", "work", "--track", "origin/main"]);
    edit(&mine, "drivers/cxl/port.c", "mine");
    lines.push(found(&bench, &mine));
    // Where the branch is published is not what it stands on.
    git(&mine, &["push", "--quiet", "--set-upstream", "origin", "work"]);
    lines.push(found(&bench, &mine));
    insta::assert_snapshot!(lines.join("\n"), @r"
    main: 2 commits on v6.12.7, 1 of which touches drivers/cxl
    work: 1 commit on origin/main (6.12.7), which touches drivers/cxl
    work: 1 commit on origin/main (6.12.7), which touches drivers/cxl
    ");
}

#[test]
fn looking_at_a_tree_writes_nothing_into_it() {
    let bench = Bench::new();
    let linux = bench.linux();
    git(&linux, &["tag", "v6.12.7"]);
    write(&linux, &[("drivers/cxl/port.c", "changed\n"), ("new.c", "new\n")]);
    let before = snapshot(&linux);
    OwnTree::find(&linux).expect("a tree");
    assert!(before == snapshot(&linux));
}

#[test]
fn what_is_no_tree_is_told_what_it_is() {
    let bench = Bench::new();
    let linux = bench.linux();
    write(&bench.path("u-boot"), &[("Makefile", "all:\n")]);
    write(&bench.path("empty"), &[("hello", "")]);
    write(bench.base.path(), &[("linux.tar.xz", "")]);
    git(bench.base.path(), &["clone", "--quiet", "--bare", "linux", "bare"]);
    git(bench.base.path(), &["clone", "--quiet", "--no-checkout", "linux", "nothing"]);
    let error = |name: &str| found(&bench, bench.path(name));
    insta::assert_snapshot!(error("missing"), @r"
    there is no folder /missing
    hint: --linux takes the top folder of a kernel tree, as `git clone` makes it
    ");
    insta::assert_snapshot!(found(&bench, "~/linux"), @r#"
    there is no folder ~/linux: the shell has not replaced the ~
    hint: without a = before it, the shell does: --linux ~/linux; or --linux "$HOME/linux"
    "#);
    insta::assert_snapshot!(error("linux.tar.xz"), @r"
    /linux.tar.xz is a file, not a kernel tree
    hint: an archive is a source of its own: kernels: { mine: { source: { tarball: /linux.tar.xz }, kconfig: [base, cxl, cxl-test] } } in patchbench.local.yaml, then --kernel mine; or unpack it
    ");
    insta::assert_snapshot!(error("u-boot"), @r"
    /u-boot is not a kernel tree: the Makefile has no line `VERSION = …`
    hint: --linux takes the top folder of a kernel tree: the one with MAINTAINERS
    ");
    insta::assert_snapshot!(error("empty"), @r"
    /empty is not a kernel tree: it has no Makefile
    hint: --linux takes the top folder of a kernel tree: the one with MAINTAINERS
    ");
    insta::assert_snapshot!(error("bare"), @r"
    /bare is a bare git repository, which has no files to build
    hint: git -C /bare worktree add ../linux BRANCH, then --linux that; or name the branch in patchbench.local.yaml: kernels: { mine: { source: { git: /bare, ref: BRANCH }, kconfig: [base, cxl, cxl-test] } }
    ");
    insta::assert_snapshot!(error("nothing"), @r"
    /nothing is not a kernel tree: it has no Makefile
    hint: if nothing is checked out there: git -C /nothing checkout BRANCH; else --linux takes the top folder of a kernel tree
    ");
    insta::assert_snapshot!(error("linux/drivers/cxl"), @r"
    /linux/drivers/cxl is a folder of the kernel tree /linux, and the whole tree is built
    hint: --linux /linux
    ");
    insta::assert_snapshot!(error("linux/.git"), @r"
    /linux/.git is a folder of the kernel tree /linux, and the whole tree is built
    hint: --linux /linux
    ");
    let missing = OwnTree::find(&bench.path("missing")).expect_err("it is not there");
    assert_eq!(missing.fault(), fault::Fault::Usage);
    assert_eq!(OwnTree::find(&linux).expect("a tree").path, linux);
}

#[test]
fn what_make_left_between_the_sources_does_not_count() {
    let bench = Bench::new();
    let dir = bench.path("folder");
    kernel_files(&dir);
    let built = [(".config", "CONFIG_X=y\n"), ("vmlinux", "built\n"), ("include/generated/x.h", "built\n")];
    write(&dir, &built);
    assert!(matches!(OwnTree::find(&dir), Err(OwnTreeError::BuiltInPlace { .. })));
    // The kernel's own, in short.
    write(&dir, &[(".gitignore", ".*\n!.gitignore\nvmlinux\n/include/generated/\n")]);
    insta::assert_snapshot!(found(&bench, &dir), @"/folder: 6.12.7, not a git tree, taken as it stands");
    let prepared = bench.prepare(Source::Dir { path: dir.clone() }).expect("a tree");
    for (name, _) in built {
        fs::remove_file(dir.join(name)).expect("removed");
    }
    assert_eq!(bench.prepare(Source::Dir { path: dir }).expect("a tree").tree, prepared.tree);
}

#[test]
fn a_tree_of_a_debian_package_is_whole_though_it_ignores_all_of_itself() {
    let bench = Bench::new();
    let dir = bench.path("linux-source");
    kernel_files(&dir);
    let whole = bench.prepare(Source::Dir { path: dir.clone() }).expect("a tree");
    write(&dir, &[(".gitignore", "*.o\n/vmlinux\n/*\n!/debian/\n")]);
    let ignored = bench.prepare(Source::Dir { path: dir.clone() }).expect("a tree");
    assert_eq!(ignored.version.to_string(), "6.12.7");
    let changed = bench.sources().changed(&ignored, &whole.tree, &ignored.tree).expect("git works");
    assert_eq!(changed, [".gitignore"]);
    assert!(OwnTree::find(&dir).is_ok());
    write(&dir, &[("vmlinux", "built\n")]);
    insta::assert_snapshot!(found(&bench, &dir), @r"
    /linux-source was built in place, and its .gitignore does not tell products and sources apart
    hint: make -C /linux-source mrproper
    ");
}

/// What becomes of each series on a tree, a line each.
fn layers(bench: &Bench, linux: &Path, series: &[Series]) -> String {
    let sources = vec![local(linux, "HEAD", true)];
    let kernel = Kernel { name: "linux".to_owned(), sources, series: Vec::new(), kconfig: Vec::new() };
    let layers = bench.sources().layers(&kernel, series).expect("layers");
    let line = |(name, layer): &(String, Layer)| match layer {
        Layer::Contained => format!("{name}: contained"),
        Layer::OnTop { patches } => format!("{name}: {patches} on top"),
        Layer::LeftOut { why } => format!("{name}: {why}"),
    };
    layers.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_series_goes_on_top_or_is_contained_or_does_not_fit() {
    let bench = Bench::new();
    let linux = bench.linux();
    let first = [
        ("drivers/cxl/mem.c", "mem line 10\n", "mem line ten\n"),
        ("drivers/cxl/port.c", "port line 20\n", "port line twenty\n"),
    ];
    let base = series(&bench, "base", "title: t\n", &first);
    let tests = series(
        &bench,
        "tests",
        "title: t\nbase: 6.12..6.13\noutside: 7.x has no such hook\nrequires: [base]\n",
        &[("drivers/cxl/new.c", "", "new\n")],
    );
    let same = series(&bench, "same", "title: t\n", &first[..1]);
    let later = series(&bench, "later", "title: t\nbase: 7.3..7.4\n", &[("README", "crlf", "other")]);
    let all = [base, tests, same, later];

    insta::assert_snapshot!(layers(&bench, &linux, &all), @r"
    base: 2 on top
    tests: 1 on top
    same: brings what a series on top brings already
    later: is written for 7.3..7.4
    ");
    // The first patch, and then both of them, as git am would commit them.
    let am = |name: &str| {
        git(&linux, &["am", "--quiet", &bench.path(&format!("patches/base/{name}")).display().to_string()])
    };
    am("0001-cxl-patch-1.patch");
    insta::assert_snapshot!(layers(&bench, &linux, &all), @r"
    base: 1 on top
    tests: 1 on top
    same: contained
    later: is written for 7.3..7.4
    ");
    am("0002-cxl-patch-2.patch");
    insta::assert_snapshot!(layers(&bench, &linux, &all), @r"
    base: contained
    tests: 1 on top
    same: contained
    later: is written for 7.3..7.4
    ");

    // Uncommitted, and in the way of the second patch.
    git(&linux, &["reset", "--quiet", "--hard", "HEAD~2"]);
    write(&linux, &[("drivers/cxl/port.c", "changed\n")]);
    insta::assert_snapshot!(layers(&bench, &linux, &all), @r"
    base: does not apply, at 0002-cxl-patch-2.patch: drivers/cxl/port.c
    tests: requires base, which is left out
    same: 1 on top
    later: is written for 7.3..7.4
    ");
    write(&linux, &[("Makefile", "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION =\n")]);
    git(&linux, &["checkout", "--quiet", "drivers/cxl/port.c"]);
    insta::assert_snapshot!(layers(&bench, &linux, &all), @r"
    base: 2 on top
    tests: is written for 6.12..6.13: 7.x has no such hook
    same: brings what a series on top brings already
    later: 1 on top
    ");
}
