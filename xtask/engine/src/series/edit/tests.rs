use testing::somebodys_git;

use super::*;

fn somebody(dir: &Path, args: &[&str]) -> String {
    args.iter().fold(somebodys_git(dir), Process::arg).read().expect("git")
}

/// A repository with two kernels, the second of which has changed what `one` touches where `conflict`.
struct Kernels {
    folder: tempfile::TempDir,
}

impl Kernels {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("kernels");
        fs::create_dir(&dir).expect("made");
        somebody(&dir, &["init", "-q"]);
        Self { folder }
    }

    fn base(&self, files: &[(&str, &str)]) -> Base {
        let dir = self.folder.path().join("kernels");
        for (name, text) in files {
            fs::write(dir.join(name), text).expect("written");
        }
        somebody(&dir, &["add", "-A"]);
        let tree = somebody(&dir, &["write-tree"]);
        Base { tree, described: "a kernel".to_owned(), objects: vec![dir.join(".git/objects")] }
    }

    fn patches(&self) -> PathBuf {
        let dir = self.folder.path().join("patches");
        fs::create_dir_all(&dir).expect("made");
        let patch = |number: usize, file: &str, from: &str, to: &str| {
            let text = format!(
                "From 48be975b10b7b15e6f24ae67b5fe314884f293f2 Mon Sep 17 00:00:00 2001\nFrom: A <a@x.example>\n\
                 Date: Mon, 23 Nov 2026 04:12:00 +0000\nSubject: [PATCH {number}/2] cxl: Change {file}\n\nWhy.\n\n\
                 Signed-off-by: A <a@x.example>\n---\n {file} | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n\
                 diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-{from}\n+{to}\n"
            );
            fs::write(dir.join(format!("000{number}-cxl-Change-{file}.patch")), text).expect("written");
        };
        patch(1, "one", "1", "eins");
        patch(2, "two", "2", "zwei");
        fs::write(dir.join("0000-cover-letter.patch"), "cover").expect("written");
        dir
    }

    fn work(&self, base: &Base) -> (WorkTree, PathBuf) {
        let folder = self.patches();
        let files: Vec<PathBuf> =
            patches(&folder).expect("read").iter().map(|name| folder.join(name)).collect();
        let (dir, learned) = (self.folder.path().join("work/series"), self.folder.path().join("learned"));
        (WorkTree::make(&dir, "series", base, &files, &learned).expect("made"), folder)
    }

    fn learned(&self) -> PathBuf {
        self.folder.path().join("learned")
    }
}

const OLD: [(&str, &str); 3] = [("one", "1\n"), ("two", "2\n"), ("three", "3\n")];

#[test]
fn what_was_not_edited_stays_byte_for_byte() {
    let kernels = Kernels::new();
    let (work, folder) = kernels.work(&kernels.base(&OLD));
    let before = fs::read(folder.join("0001-cxl-Change-one.patch")).expect("read");
    let refreshed = work.refresh(&folder, 1).expect("refreshed");
    assert_eq!(refreshed, Refreshed { same: 2, ..Refreshed::default() });
    assert_eq!(fs::read(folder.join("0001-cxl-Change-one.patch")).expect("read"), before);
    assert_eq!(work.base().expect("a base"), "a kernel");
}

#[test]
fn the_same_is_told_from_what_only_looks_alike() {
    let patch = |from: &str, at: &str, line: &str| {
        format!(
            "From {from} Mon Sep 17 00:00:00 2001\nSubject: x\n\nWhy.\n\nindex {from}..2 100644\n@@ -1,2 +1,3 @@{at}\n+{line}\n"
        )
    };
    let same = |one: &str, other: &str| says_the_same(one.as_bytes(), other.as_bytes());
    let one = patch("1", " err:", "a");
    assert!(same(&one, &patch("2", " int probe(void)", "a")));
    assert!(same(&one, &format!("{one}-- \n2.39.5\n\n")));
    assert!(!same(&one, &patch("1", " err:", "b")));
    assert!(!same(&one, &one.replace("+1,3", "+1,4")));
    assert!(!same(&one, &one.replace("Why.\n", "Why.\n\n")));
}

#[test]
fn what_stands_below_the_rule_stays() {
    let kernels = Kernels::new();
    let (work, folder) = kernels.work(&kernels.base(&OLD));
    let path = folder.join("0002-cxl-Change-two.patch");
    let noted =
        fs::read_to_string(&path).expect("read").replace("---\n two |", "---\nv2:\n - new\n---\n two |");
    fs::write(&path, &noted).expect("written");
    assert_eq!(work.refresh(&folder, 1).expect("refreshed").same, 2);
    somebody(&work.dir, &["commit", "--amend", "-qm", "cxl: Change two\n\nBecause.\n"]);
    let refreshed = work.refresh(&folder, 1).expect("refreshed");
    assert_eq!(refreshed.written, ["0002-cxl-Change-two.patch"]);
    let text = fs::read_to_string(&path).expect("read");
    assert!(text.contains("Because.\n---\nv2:\n - new\n---\n two |"), "{text}");
}

#[test]
fn edits_come_back_and_what_is_not_committed_is_refused() {
    let kernels = Kernels::new();
    let (work, folder) = kernels.work(&kernels.base(&OLD));
    fs::write(work.dir.join("three"), "drei\n").expect("written");
    let error = work.refresh(&folder, 1).expect_err("not committed");
    assert!(error.to_string().ends_with("not committed: three"), "{error}");
    assert_eq!((error.fault(), error.hint().as_deref()), (Fault::Usage, Some("commit them, or `git stash`")));
    somebody(&work.dir, &["commit", "-qam", "cxl: Change three"]);
    let refreshed = work.refresh(&folder, 2).expect("refreshed");
    // The counter changes in all of them.
    assert_eq!(refreshed.written.len(), 3);
    let third = fs::read_to_string(folder.join("0003-cxl-Change-three.patch")).expect("read");
    assert!(third.contains("Subject: [PATCH v2 3/3] cxl: Change three"), "{third}");
    somebody(&work.dir, &["reset", "-q", "--hard", "HEAD~2"]);
    let refreshed = work.refresh(&folder, 2).expect("refreshed");
    assert_eq!(refreshed.removed, ["0002-cxl-Change-two.patch", "0003-cxl-Change-three.patch"]);
    assert!(folder.join("0000-cover-letter.patch").exists());
}

#[test]
fn a_conflict_is_named_and_its_resolution_remembered() {
    let kernels = Kernels::new();
    let old = kernels.base(&OLD);
    let new = kernels.base(&[("one", "1\n"), ("two", "deux\n")]);
    let (work, folder) = kernels.work(&old);
    let learned = kernels.learned();
    let error = work.rebase(&new, &learned).expect_err("a conflict");
    assert_eq!(
        (error.to_string().as_str(), error.fault()),
        ("cxl: Change two conflicts in two", Fault::Kernel)
    );
    assert!(error.hint().is_some_and(|hint| hint.ends_with("then `series refresh`")), "{error}");
    let waiting = work.refresh(&folder, 1).expect_err("unfinished");
    assert!(waiting.to_string().ends_with("in the middle of a rebase"), "{waiting}");
    assert!(waiting.hint().is_some_and(|hint| hint.contains("git rebase --abort")), "{waiting}");
    fs::write(work.dir.join("two"), "zwei\n").expect("written");
    somebody(&work.dir, &["add", "two"]);
    somebody(&work.dir, &["-c", "core.editor=true", "rebase", "--continue"]);
    assert_eq!(work.refresh(&folder, 1).expect("refreshed").written, ["0002-cxl-Change-two.patch"]);
    let second = fs::read_to_string(folder.join("0002-cxl-Change-two.patch")).expect("read");
    assert!(second.contains("-deux\n+zwei\n"), "{second}");
    assert!(fs::read_dir(&learned).expect("read").count() > 0);
}
