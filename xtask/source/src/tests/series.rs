//! Series on top of trees.

use fault::{Fault, ToolError};

use super::*;
use crate::{AppliedState, Conflict, SourceError};

/// Commits of a repository as a series: one a pair of file and text to replace in it.
pub(super) fn series(bench: &Bench, name: &str, yaml: &str, edits: &[(&str, &str, &str)]) -> Series {
    let scratch = bench.path(&format!("scratch-{name}-{}", edits.len()));
    let _ = fs::remove_dir_all(&scratch);
    git(bench.base.path(), &["clone", "--quiet", "linux", &scratch.display().to_string()]);
    for (at, (file, from, to)) in edits.iter().enumerate() {
        let path = scratch.join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, if from.is_empty() { text + to } else { text.replace(from, to) }).expect("written");
        commit(&scratch, &format!("cxl: patch {}", at + 1));
    }
    let dir = bench.path("patches").join(name);
    let _ = fs::remove_dir_all(&dir);
    write(&dir, &[("series.yaml", yaml)]);
    git(&scratch, &["format-patch", "--quiet", "-o", &dir.display().to_string(), "origin/main"]);
    Series::load(&bench.path("patches"), name).expect("a series")
}

const V1: [(&str, &str, &str); 3] = [
    ("drivers/cxl/mem.c", "mem line 10\n", "mem line ten\n"),
    ("drivers/cxl/port.c", "port line 20\n", "port line twenty\n"),
    ("drivers/cxl/new.c", "", "new\n"),
];

#[test]
fn prefixes_and_versions_rewrite_only_what_differs() {
    let bench = Bench::new();
    let linux = bench.linux();
    let source = || vec![local(&linux, "main", false)];
    let v1 = series(&bench, "s", "title: t\n", &V1);
    let one = bench.prepare_with(source(), std::slice::from_ref(&v1)).expect("it applies");
    assert_eq!(one.applied[0].state, AppliedState::Applied);
    assert_eq!(one.applied[0].patches.len(), 3);
    assert_eq!(one.applied[0].patches[2].tree, one.tree);
    assert!(!one.cached);
    let again = bench.prepare_with(source(), std::slice::from_ref(&v1)).expect("it applies");
    assert!(again.cached && again.tree == one.tree);

    let mut prefix = v1.clone();
    prefix.patches.truncate(2);
    let prefix = bench.prepare_with(source(), &[prefix]).expect("it applies");
    assert!(prefix.cached && prefix.tree == one.applied[0].patches[1].tree);

    let work = bench.checkout(&one);
    let before = snapshot(&work);
    let mut edits = V1;
    edits[1].2 = "port line 20, better\n";
    let v2 = series(&bench, "s", "title: t\nversion: 2\n", &edits);
    let two = bench.prepare_with(source(), &[v2]).expect("it applies");
    bench.checkout(&two);
    let after = snapshot(&work);
    let changed: Vec<_> = after.iter().filter(|(path, now)| before.get(*path) != Some(now)).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(read(work.join("drivers/cxl/port.c")).contains("port line 20, better\n"));
    assert!(read(work.join("drivers/cxl/mem.c")).contains("mem line ten\n"));
}

#[test]
fn a_conflict_names_series_patch_file_and_hunk() {
    let bench = Bench::new();
    let linux = bench.linux();
    let series = series(&bench, "s", "title: t\n", &V1);
    write(
        &linux,
        &[("drivers/cxl/port.c", &read(linux.join("drivers/cxl/port.c")).replace("line 20", "line XX"))],
    );
    commit(&linux, "upstream went on");
    let error =
        bench.prepare_with(vec![local(&linux, "main", false)], &[series]).expect_err("it does not apply");
    assert!(error.fault() == Fault::Kernel);
    let SourceError::Conflict(conflict) = &error else { panic!("{error}") };
    let Conflict { places, command, .. } = &**conflict;
    assert_eq!(
        (places[0].file.as_str(), places[0].hunk.as_ref().map(|hunk| hunk.0)),
        ("drivers/cxl/port.c", Some(1))
    );
    // The command shows the same when pasted.
    let pasted = Process::new("sh", ["-c", command]).output().expect("sh runs");
    assert!(
        !pasted.status.success() && pasted.tail.iter().any(|line| line.contains("patch failed")),
        "{pasted:?}"
    );
    let text = fault::shown(&error).replace(&bench.base.path().display().to_string(), "");
    let text: Vec<_> = text.lines().filter(|line| !line.contains("command: ")).collect();
    insta::assert_snapshot!(text.join("\n"), @r"
    /patches/s/0002-cxl-patch-2.patch of series s does not apply to mine (6.12.7)
      subject: cxl: patch 2
      drivers/cxl/port.c: hunk 1: @@ -17,7 +17,7 @@ port line 16
      | error: patch failed: drivers/cxl/port.c:17
      | error: drivers/cxl/port.c: patch does not apply
    hint: rebase the series on this kernel, or give it patches of its own under variants:
    ");
}

#[test]
fn a_kernel_that_has_the_series_already_is_recognised_by_content() {
    let bench = Bench::new();
    let linux = bench.linux();
    // The last patch changes what the first one made, so that no patch but the last comes off by itself.
    let mut edits = V1.to_vec();
    edits.push(("drivers/cxl/mem.c", "mem line ten\n", "mem line 10 + 0\n"));
    let yaml = "title: t\nbase: 6.12..6.13\n";
    let series = series(&bench, "s", yaml, &edits);
    for patch in &series.patches {
        git(&linux, &["apply", "--index", &patch.file.display().to_string()]);
    }
    commit(&linux, "merged");
    let source = || vec![local(&linux, "main", false)];
    for _ in 0..2 {
        let prepared = bench.prepare_with(source(), std::slice::from_ref(&series)).expect("contained");
        assert_eq!(prepared.applied[0].state, AppliedState::Contained);
        assert_eq!(prepared.tree, git(&linux, &["rev-parse", "HEAD^{tree}"]));
    }
    // Also where its range says that it was not written for this kernel.
    write(&linux, &[("Makefile", &MAKEFILE.replace("PATCHLEVEL = 12", "PATCHLEVEL = 14"))]);
    commit(&linux, "next release");
    let prepared = bench.prepare_with(source(), &[series]).expect("contained");
    assert_eq!(prepared.applied[0].state, AppliedState::Contained);
}

#[test]
fn a_kernel_that_has_the_series_in_other_words_is_recognised_by_a_symbol() {
    let bench = Bench::new();
    let linux = bench.linux();
    let yaml = "title: t\nbase: 6.12..6.13\ncontained: { file: drivers/cxl/mem.c, symbol: attach_probe }\n";
    let series = series(&bench, "s", yaml, &V1);
    let state = || {
        let prepared = bench.prepare_with(vec![local(&linux, "main", false)], std::slice::from_ref(&series));
        prepared.expect("applied or contained").applied[0].state
    };
    assert_eq!(state(), AppliedState::Applied);
    let text = read(linux.join("drivers/cxl/mem.c"));
    write(&linux, &[("drivers/cxl/mem.c", &format!("{text}int attach_probe_more;\n"))]);
    commit(&linux, "another word");
    assert_eq!(state(), AppliedState::Applied);
    write(&linux, &[("drivers/cxl/mem.c", &format!("{text}int attach_probe(void);\n"))]);
    commit(&linux, "the word");
    assert_eq!(state(), AppliedState::Contained);
}

#[test]
fn a_variant_may_go_by_what_the_kernel_has() {
    let bench = Bench::new();
    let linux = bench.linux();
    let yaml =
        "title: t\nbase: 6.12..6.13\nvariants: [{ folder: new, has: { file: Makefile, symbol: NEWER } }]\n";
    // The variant's folder has to be there before the series is read.
    let dir = bench.path("patches/s");
    let own = series(&bench, "s", "title: t\n", &V1);
    write(&dir.join("new"), &[("0001-one.patch", &read(&own.patches[0].file))]);
    write(&dir, &[("series.yaml", yaml)]);
    let series = Series::load(&bench.path("patches"), "s").expect("a series");
    let count = || {
        let prepared = bench.prepare_with(vec![local(&linux, "main", false)], std::slice::from_ref(&series));
        prepared.expect("it applies").applied[0].patches.len()
    };
    assert_eq!(count(), V1.len());
    write(&linux, &[("Makefile", &format!("{MAKEFILE}# NEWER\n"))]);
    commit(&linux, "newer");
    assert_eq!(count(), 1);
}

#[test]
fn how_a_series_fits_is_told_for_each_kernel() {
    let bench = Bench::new();
    let linux = bench.linux();
    let series = series(&bench, "s", "title: t\nbase: 6.12..6.13\n", &V1);
    let fit = |sources: Vec<Source>, series: &Series| {
        let kernel = Kernel { name: "mine".into(), sources, series: Vec::new(), kconfig: Vec::new() };
        let fit = bench.sources().fit(&kernel, std::slice::from_ref(series)).expect("an answer");
        fit.to_string().replace(&bench.base.path().display().to_string(), "")
    };
    let mine = || vec![local(&linux, "main", false)];
    insta::assert_snapshot!(fit(mine(), &series), @"applies (6.12.7)");
    let text = read(linux.join("drivers/cxl/port.c"));
    write(&linux, &[("drivers/cxl/port.c", &text.replace("port line", "another line"))]);
    commit(&linux, "conflict");
    insta::assert_snapshot!(fit(mine(), &series), @r"
    conflicts (6.12.7): /patches/s/0002-cxl-patch-2.patch
      drivers/cxl/port.c: hunk 1: @@ -17,7 +17,7 @@ port line 16
    ");
    let late = Series { base: Some("6.13..6.15".parse().expect("a range")), ..series.clone() };
    insta::assert_snapshot!(fit(mine(), &late), @"not written for it: series s has no patches for mine (6.12.7), only for 6.13..6.15");
    let nowhere = vec![Source::Dir { path: "/no/such/folder".into() }];
    let shown = fit(nowhere, &series);
    assert!(shown.starts_with("not available here: dir /no/such/folder: "), "{shown}");
}

#[test]
fn a_patch_that_is_there_already_is_passed_over() {
    let bench = Bench::new();
    let linux = bench.linux();
    let series = series(&bench, "s", "title: t\n", &V1);
    git(&linux, &["apply", "--index", &series.patches[0].file.display().to_string()]);
    commit(&linux, "backport of the first");
    let prepared = bench.prepare_with(vec![local(&linux, "main", false)], &[series]).expect("it applies");
    let contained: Vec<_> = prepared.applied[0].patches.iter().map(|patch| patch.contained).collect();
    assert_eq!(contained, [true, false, false]);
    assert!(read(bench.checkout(&prepared).join("drivers/cxl/port.c")).contains("port line twenty\n"));
}

#[test]
fn requirements_and_ranges_are_kept() {
    let bench = Bench::new();
    let linux = bench.linux();
    let source = || vec![local(&linux, "main", false)];
    let first = series(&bench, "first", "title: t\n", &V1[..1]);
    let second = series(&bench, "second", "title: t\nrequires: [first]\n", &V1[1..]);
    bench.prepare_with(source(), &[first.clone(), second.clone()]).expect("in order");
    let error = bench.prepare_with(source(), &[second.clone(), first]).expect_err("out of order");
    assert!(error.fault() == Fault::Kernel);
    insta::assert_snapshot!(fault::shown(&error), @r"
    series second requires first, which kernel mine does not have before it
    hint: series: [first, second]
    ");

    let late = series(&bench, "late", "title: t\nbase: 6.13..6.15\n", &V1[..1]);
    let error = bench.prepare_with(source(), &[late]).expect_err("another kernel");
    assert!(error.fault() == Fault::Kernel);
    insta::assert_snapshot!(fault::shown(&error).replace(&bench.base.path().display().to_string(), ""), @r"
    series late has no patches for mine (6.12.7), only for 6.13..6.15
    hint: add patches for it under variants: in /patches/late/series.yaml, or leave the series out of this kernel
    ");
}

#[test]
fn edits_in_a_written_folder_are_seen() {
    let bench = Bench::new();
    let linux = bench.linux();
    let prepared = bench.prepare(local(&linux, "main", false)).expect("a tree");
    let (work, index) = (bench.path("written"), bench.path("written.index"));
    let sources = bench.sources();
    let edited = || sources.edited(&work, &index).expect("an answer");
    assert_eq!(edited(), Vec::<String>::new());
    sources.checkout(&prepared, &work, &index).expect("written");
    assert_eq!(edited(), Vec::<String>::new());
    // Written again with the same bytes, or built in, it is as it was.
    fs::write(work.join("Makefile"), read(work.join("Makefile"))).expect("written");
    fs::write(work.join("vmlinux.o"), "").expect("written");
    assert_eq!(edited(), Vec::<String>::new());
    fs::write(work.join("drivers/cxl/mem.c"), "mine\n").expect("written");
    fs::remove_file(work.join("drivers/cxl/port.c")).expect("removed");
    assert_eq!(edited(), ["drivers/cxl/mem.c", "drivers/cxl/port.c"]);
}

#[test]
fn a_dirty_tree_takes_a_series_too() {
    let bench = Bench::new();
    let linux = bench.linux();
    let series = series(&bench, "s", "title: t\n", &V1);
    write(&linux, &[("drivers/cxl/mem.c", &(read(linux.join("drivers/cxl/mem.c")) + "mine\n"))]);
    let prepared = bench.prepare_with(vec![local(&linux, "HEAD", true)], &[series]).expect("it applies");
    let text = read(bench.checkout(&prepared).join("drivers/cxl/mem.c"));
    assert!(text.contains("mem line ten\n") && text.ends_with("mine\n"));
}

#[test]
fn every_line_knows_the_patch_that_wrote_it_last() {
    let bench = Bench::new();
    let linux = bench.linux();
    let first = [
        ("drivers/cxl/mem.c", "mem line 10\n", "mem line 10a\nmem line 10b\n"),
        ("drivers/cxl/mem.c", "mem line 10b\n", "mem line ten b\n"),
        ("drivers/cxl/port.c", "port line 20\n", "port line twenty\n"),
        ("drivers/cxl/Kconfig", "", "config CXL\n"),
    ];
    let mut after: Vec<_> = first.to_vec();
    // Above what the first wrote, and over what it wrote.
    after.push(("drivers/cxl/mem.c", "mem line 2\n", "mem line 2\nmem line 2½\n"));
    after.push(("drivers/cxl/port.c", "port line twenty\n", "port line XX\n"));
    let (one, mut two) =
        (series(&bench, "one", "title: t\n", &first), series(&bench, "two", "title: t\n", &after));
    two.patches.drain(..first.len());
    let prepared = bench.prepare_with(vec![local(&linux, "main", false)], &[one, two]).expect("they apply");
    let written = |index: usize| -> Vec<String> {
        let lines = bench
            .sources()
            .written(&prepared, &prepared.applied[index], |file| {
                file.ends_with("mem.c") || file.ends_with("port.c")
            })
            .expect("git knows");
        let shown = |line: crate::WrittenLine| {
            format!(
                "{}:{} patch {} line {}: {}",
                line.file, line.line, line.patch, line.line_in_patch, line.text
            )
        };
        lines.into_iter().map(shown).collect()
    };
    insta::assert_snapshot!(written(0).join("\n"), @r"
    drivers/cxl/mem.c:11 patch 0 line 10: mem line 10a
    drivers/cxl/mem.c:12 patch 1 line 11: mem line ten b
    ");
    insta::assert_snapshot!(written(1).join("\n"), @r"
    drivers/cxl/mem.c:3 patch 0 line 3: mem line 2½
    drivers/cxl/port.c:20 patch 1 line 20: port line XX
    ");
    let diffs = bench.sources().diffs(&prepared, &prepared.applied[0]).expect("git knows");
    assert_eq!(diffs.len(), 4);
    assert!(diffs[1].contains("\n-mem line 10b\n+mem line ten b\n"), "{}", diffs[1]);
}
