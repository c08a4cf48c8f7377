use std::fs;

use host::Cache;
use spec::{Project, Series};
use testing::somebodys_git;

use super::*;
use crate::series::range;

fn patch(line: &str) -> String {
    format!(
        "From: A B <a@x.example>\nSubject: [PATCH] cxl: One\n\nWhy.\n\nSigned-off-by: A B <a@x.example>\n---\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,4 @@\n one\n+and\n+{line}\n two\n"
    )
}

#[test]
fn two_versions_are_compared_by_git() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    };
    write("linux/Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n");
    write("linux/a.c", "one\ntwo\n");
    write(
        "patchbench.yaml",
        "kernels: { k: { source: { dir: linux }, series: [s] } }\ndefaults: { kernel: k, topologies: [none], suites: [x] }\n",
    );
    write("patches/s/series.yaml", "title: x\nversion: 2\n");
    write("patches/s/0001-x.patch", &patch("newer"));
    write("patches/s/v1/series.yaml", "title: x\n");
    write("patches/s/v1/0001-x.patch", &patch("new"));
    let project = Project::load(dir.path()).expect("a project");
    let sources = Sources::new(&Cache::new(&dir.path().join("cache")).expect("a cache"));
    let side = |name: &str, series: Series| {
        let prepared = sources.prepare(&project.kernels["k"], &[series]).expect("it applies");
        Side::on_kernel(name, &prepared).expect("its patches")
    };
    let patches = project.patches_dir();
    let old = side("v1", Series::load(&patches.join("s"), "v1").expect("a series"));
    let new = side("v2", Series::load(&patches, "s").expect("a series"));
    let compared =
        |one, other| range_diff(&sources, one, other, &["--creation-factor=99".to_owned()]).expect("git");
    // Ids of commits are of this git's and of no interest.
    let ids = regex::Regex::new("[0-9a-f]{7,}").expect("a regex");
    insta::assert_snapshot!(ids.replace_all(&compared(&old, &new), "ID"), @r"
    1:  ID ! 1:  ID cxl: One
        @@ a.c
         @@
          one
         +and
        -+new
        ++newer
          two
    ");
    let same = |one, other| {
        let same = compared(one, other);
        assert!(same.contains(" = 1:") && same.lines().count() == 1, "{same}");
    };
    same(&new, &new);

    // The same as a commit, on a base that has more in it.
    let linux = dir.path().join("linux");
    let git = |args: &[&str]| args.iter().fold(somebodys_git(&linux), Process::arg).read();
    git(&["init", "-q"]).expect("made");
    write("linux/b.c", "more\n");
    git(&["add", "."]).expect("added");
    git(&["commit", "-qm", "base"]).expect("committed");
    write("linux/a.c", "one\nand\nnewer\ntwo\n");
    let message = "cxl: One\n\nWhy.\n\nSigned-off-by: A B <a@x.example>";
    git(&["commit", "-qam", message, "--author=A B <a@x.example>"]).expect("committed");
    let range = range::resolve("s", &linux, "HEAD~1..").expect("a range");
    let cache = Cache::new(&dir.path().join("cache")).expect("a cache");
    let overlay = range::overlay(&range, &patches, &cache).expect("written");
    let commits = Series::load(&overlay, "s").expect("a series");
    let commits = Side::commits("HEAD~1..", &range, &commits.patches).expect("its commits");
    same(&new, &commits);
    assert!(compared(&old, &commits).contains(" ! 1:"));
}
