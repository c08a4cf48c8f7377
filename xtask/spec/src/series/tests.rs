use std::fs;
use std::path::Path;

use super::*;

const YAML: &str = "title: Attach a memdev\nversion: 3\nlink: https://x.example/\nbase: 6.12..6.13\nrequires: [other]\npromises: { 2: [enumerate, attach/callback] }\n";

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }
}

fn mail(subject: &str) -> String {
    format!("From 1 Mon Sep 17 00:00:00 2001\nFrom: A <a@x.example>\nSubject: {subject}\n\nWhy.\n---\n")
}

fn load(files: &[(&str, &str)]) -> Result<Series, String> {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("s"), files);
    let here = format!("{}/", dir.path().display());
    Series::load(dir.path(), "s").map_err(|error| fault::shown(&error).replace(&here, ""))
}

#[test]
fn a_series_is_read_with_subjects_and_promises() {
    let series = load(&[
        (FILE, &(YAML.to_owned() + "variants: [{ folder: v6.14, kernels: 6.14..6.16 }]\n")),
        ("0000-cover-letter.patch", "anything"),
        ("0001-a.patch", &mail("[PATCH v3 1/2] cxl/mem: Attach\n  synchronously")),
        ("0002-b.patch", &mail("[PATCH v3 2/2] cxl: [core] More")),
        ("v6.14/0001-a.patch", &mail("cxl/mem: Attach")),
        ("README.md", ""),
    ])
    .expect("a series");
    let subjects: Vec<_> = series.patches.iter().map(|p| p.subject.as_str()).collect();
    assert_eq!(subjects, ["cxl/mem: Attach synchronously", "cxl: [core] More"]);
    assert_eq!(series.promised_at("attach", "callback"), Some(2));
    assert_eq!(series.promised_at("attach", "other"), None);
    assert_eq!((series.version, series.requires.join(",")), (3, "other".to_owned()));

    let count = |v: &str| {
        let found = series.patches_for(&v.parse().expect("a version"), |_| Ok::<_, ()>(false));
        found.expect("no error").map(<[_]>::len)
    };
    assert_eq!(count("6.12.117"), Some(2));
    assert_eq!(count("6.14-rc1"), Some(1));
    assert_eq!(count("6.13"), None);
}

#[test]
fn what_is_wrong_is_named() {
    let (a, b) = (mail("[PATCH] a"), mail("[PATCH] b"));
    let error = |files: &[(&str, &str)]| load(files).expect_err("it is wrong");
    insta::assert_snapshot!(error(&[(FILE, YAML), ("0001-a.patch", &a), ("0003-b.patch", &b)]), @"s/0003-b.patch: name: patch 0002 is missing before it");
    insta::assert_snapshot!(error(&[(FILE, YAML), ("0001-a.patch", &a), ("0001-b.patch", &b)]), @"s/0001-b.patch: name: there is another patch with number 0001");
    insta::assert_snapshot!(error(&[(FILE, YAML), ("0001-a.patch", &a), ("fix.patch", &b)]), @r"
    s/fix.patch: name: a patch is named as 0001-what-it-does.patch
    hint: git format-patch names them so
    ");
    insta::assert_snapshot!(error(&[(FILE, YAML)]), @r"
    s/series.yaml: patches: there is none beside it
    hint: git format-patch -o THIS-FOLDER writes them as 0001-….patch
    ");
    insta::assert_snapshot!(error(&[(FILE, YAML), ("0001-a.patch", &a)]), @"s/series.yaml: promises.2: there are only patches 1 to 1, and 0 for the kernel before them");
    insta::assert_snapshot!(error(&[(FILE, "title: x\n"), ("0001-a.patch", "--- a/x\n+++ b/x\n")]), @r"
    s/0001-a.patch: Subject: the patch has none in its header
    hint: git format-patch writes it; a bare diff does not say what it does
    ");
    insta::assert_snapshot!(error(&[(FILE, "title: x\nbase: 6.13..6.12\n"), ("0001-a.patch", &a)]), @"s/series.yaml: the range `6.13..6.12` is empty: the first version has to come before the last, which is not part of it");
    insta::assert_snapshot!(
        error(&[(FILE, "title: x\nvariants: [{ folder: ../y, kernels: 6.12 }]\n"), ("0001-a.patch", &a)]),
        @"s/series.yaml: variants.folder: the name `../y` starts with a dot or a dash"
    );
    insta::assert_snapshot!(error(&[(FILE, "title: x\nrequires: [s]\n"), ("0001-a.patch", &a)]), @"s/series.yaml: requires: a series cannot require itself");
    insta::assert_snapshot!(error(&[(FILE, "titel: x\n"), ("0001-a.patch", &a)]), @r"
    s/series.yaml: unknown field `titel`, expected one of `title`, `version`, `link`, `base`, `outside`, `requires`, `contained`, `promises`, `explained`, `variants`, `message-id`, `base-commit`, `change-id`, `prerequisites`, `patch-ids`, `changes`
    hint: did you mean `title`?
    ");
}

#[test]
fn an_unknown_series_is_met_with_the_nearest() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &[("memdev-attach/series.yaml", "")]);
    let error = fault::shown(&Series::load(dir.path(), "memdev-atach").expect_err("unknown"));
    assert!(error.ends_with("hint: did you mean `memdev-attach`?"), "{error}");
    assert!(Series::load(dir.path(), "../etc").is_err());
}
