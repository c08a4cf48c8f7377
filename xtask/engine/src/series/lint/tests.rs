use std::path::Path;

use spec::Series;
use spec::series::Posted;

use super::*;
use crate::series::mail::Message;

fn series() -> Series {
    let patches =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").join("patches");
    let series = Series::load(&patches, "memdev-attach").expect("our series");
    Series { version: 1, posted: Posted::default(), ..series }
}

fn lint(series: &Series, texts: &[&str]) -> String {
    let parse = |text: &&str| ("0001-x.patch".to_owned(), Message::parse(text.as_bytes()).expect("a mail"));
    let patches: Vec<_> = texts.iter().map(parse).collect();
    rules(series, None, &patches).iter().map(|finding| format!("{finding}\n")).collect()
}

const GOOD: &str = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A B <a@x.example>\nSubject: [PATCH 1/1] cxl/mem: Do it\n\nWhy.\n\nFixes: 0123456789ab (\"cxl: x\")\nSigned-off-by: A B <a@x.example>\nReviewed-by: C D <c@x.example>\n---\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n";

#[test]
fn a_good_patch_is_clean_and_each_fault_is_named() {
    assert_eq!(lint(&series(), &[GOOD]), "");
    let with = |from: &str, to: &str| lint(&series(), &[&GOOD.replace(from, to)]);
    let mut all = String::new();
    for (from, to) in [
        ("cxl/mem: Do it", "Do it."),
        (
            "cxl/mem: Do it",
            "cxl/mem: Do all of it, and much more than fits into the subject of a patch really",
        ),
        ("1/1", "2/3"),
        ("[PATCH 1/1]", "[PATCH v2 1/1]"),
        ("Signed-off-by: A B <a@x.example>", "Signed-off-by: A B <a@y.example>"),
        ("Signed-off-by: A B <a@x.example>\n", ""),
        ("Reviewed-by: C D <c@x.example>", "Reviewed-by: C D"),
        ("Reviewed-by:", "Co-developed-by:"),
        ("Fixes: 0123456789ab (\"cxl: x\")", "Fixes: 0123456 (\"cxl: x\")"),
        ("Fixes:", "Cc: e@x.example\nFixes:"),
        ("---\n", "Reviewed-by: C D <c@x.example>\n---\n"),
        ("Why.", "Why. "),
        ("+b\n", "+  \tb \n"),
    ] {
        all.push_str(&with(from, to));
    }
    insta::assert_snapshot!(all, @r#"
    0001-x.patch:3: error: `Do it.` does not begin with a subsystem, as in `cxl/mem: Do something` [subject]
    0001-x.patch:3: error: it ends in a full stop [subject]
    0001-x.patch:3: warning: it has 81 characters, more than 75 [subject]
    0001-x.patch:3: error: `[PATCH 2/3] cxl/mem: Do it` is patch 1 of 1 [counter]
    0001-x.patch:3: error: it says v2, and the series is v1 [counter]
    0001-x.patch: error: A B <a@x.example> signed off as <a@y.example> [sign-off]
    0001-x.patch: error: its author, A B <a@x.example>, has not signed it off [sign-off]
    0001-x.patch:9: error: `Reviewed-by: C D`: there is no <address> in it [trailer]
    0001-x.patch:9: error: behind `Co-developed-by: C D <c@x.example>` has to come the sign-off of the same [sign-off]
    0001-x.patch:7: error: `Fixes: 0123456 ("cxl: x")`: it is not like Fixes: 0123456789ab ("subject of that commit") [fixes]
    0001-x.patch:8: warning: Cc: stands before Fixes:; the tip tree's handbook (maintainer-tip.rst) has them in another order [trailer-order]
    0001-x.patch:9: error: `Reviewed-by: C D <c@x.example>` stands twice [trailer]
    0001-x.patch:5: warning: blanks at the end of a line of the message [whitespace]
    0001-x.patch:16: error: it adds blanks at the end of a line [whitespace]
    0001-x.patch:16: error: it adds a blank before a tab [whitespace]
    "#);
}

#[test]
fn a_series_says_what_it_is_based_on_and_what_changed() {
    let mut series = series();
    (series.version, series.base) = (2, None);
    let changed = GOOD.replace("---\ndiff", "---\nv1 -> v2:\n - it\n\ndiff").replace("[PATCH", "[PATCH v2");
    insta::assert_snapshot!(lint(&series, &[&GOOD.replace("[PATCH", "[PATCH v2")]), @r"
    series.yaml: error: nothing says what changed in v2: in the cover letter, below a `---`, or in changes: [changelog]
    series.yaml: warning: nothing says what it is based on: base: with a range of kernels, or base-commit: [base]
    ");
    insta::assert_snapshot!(lint(&series, &[&changed]), @"series.yaml: warning: nothing says what it is based on: base: with a range of kernels, or base-commit: [base]");
}

#[test]
fn a_patch_that_was_edited_since_its_import_is_reported() {
    let mut series = series();
    let patches = [("0001-x.patch", "aa"), ("0002-y.patch", "bb")];
    let patches = patches.map(|(file, id)| (file.to_owned(), id.to_owned()));
    assert_eq!(recorded(&series, &patches), []);
    // Another order is no edit.
    series.posted.patch_ids = ["bb", "aa"].map(str::to_owned).to_vec();
    assert_eq!(recorded(&series, &patches), []);
    series.posted.patch_ids = ["aa", "cc", "dd"].map(str::to_owned).to_vec();
    let findings: Vec<String> = recorded(&series, &patches).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(findings.join("\n"), @r"
    0002-y.patch: warning: edited since it was imported: its patch-id is not among those of series.yaml; `series refresh` renews them [patch-id]
    series.yaml: warning: patch-ids: has 3, and there are 2 patches [patch-id]
    ");
}

#[test]
fn what_checkpatch_says_is_read() {
    let patch = Path::new("/a folder/0001-x: y.patch");
    let line =
        "/a folder/0001-x: y.patch:93: WARNING:FILE_PATH_CHANGES: added, moved: does MAINTAINERS need it?";
    let found = checkpatch::finding(line, patch).expect("a finding");
    insta::assert_snapshot!(found, @"0001-x: y.patch:93: warning: added, moved: does MAINTAINERS need it? [checkpatch/FILE_PATH_CHANGES]");
    assert_eq!(checkpatch::finding("total: 0 errors", patch), None);
}

#[test]
fn our_own_series_are_clean() {
    let patches =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").join("patches");
    for name in Series::names(&patches).expect("our series") {
        let series = Series::load(&patches, &name).expect("a series");
        if series.is_to_be_fetched() {
            continue;
        }
        let read = |file: &Path| Message::parse(&std::fs::read(file).expect("there")).expect("a patch");
        let all: Vec<_> = series.patches.iter().map(|p| (p.subject.clone(), read(&p.file))).collect();
        assert_eq!(rules(&series, None, &all), [], "{name}");
    }
}

#[test]
fn a_new_file_that_has_an_entry_is_maintained() {
    let maintainers =
        "CXL\nF:\tdrivers/cxl/\nF:\tinclude/linux/*cxl*\nF:\tMakefile\n\nTHE REST\nF:\t*\nF:\t*/\n";
    let maintained = |diff: &str| checkpatch::are_maintained(diff, maintainers);
    let added = |file: &str| format!("--- /dev/null\n+++ b/{file}\n");
    let yes = ["drivers/cxl/new.c", "drivers/cxl/core/new.c", "include/linux/my-cxl.h"];
    let no = ["drivers/cxl", "drivers/cxlx/new.c", "include/linux/x/cxl.h", "lib/Makefile", "new.c"];
    assert_eq!(
        (yes.map(|file| maintained(&added(file))), no.map(|file| maintained(&added(file)))),
        ([true; 3], [false; 5])
    );
    assert!(!maintained(&format!("{}{}", added(yes[0]), added(no[0]))));
    assert!(maintained("rename from a.c\nrename to drivers/cxl/a.c\n"));
    // It moved or deleted one: there checkpatch may be right.
    assert!(!maintained("--- a/drivers/cxl/old.c\n+++ /dev/null\n"));
}
