use std::fs;
use std::time::Duration;

use host::Process;
use testing::somebodys_git;

use super::*;

#[test]
fn files_that_editors_make_beside_are_known() {
    let beside = [
        ".region.c.swp",
        ".region.c.swo",
        ".region.c.swx",
        "4913",
        "region.c~",
        ".#region.c",
        "#region.c#",
        ".region.c.kate-swp",
        ".goutputstream-A1B2C3",
        "region.c___jb_tmp___",
        ".nfs0000000001",
    ];
    for name in beside {
        assert!(is_of_an_editor(name), "{name}");
        assert!(is_beside(Path::new("drivers/cxl").join(name).as_path()), "{name}");
    }
    for name in [
        "region.c",
        "Makefile",
        ".clang-format",
        ".gitignore",
        "4914",
        "#",
        "a.swp",
        ".swap",
        "x.sw",
        "suite.yaml",
    ] {
        assert!(!is_of_an_editor(name), "{name}");
    }
    assert!(is_beside(Path::new(".git/index")) && is_beside(Path::new("sub/.git/HEAD")));
}

struct Bench {
    folder: tempfile::TempDir,
    root: Root,
}

impl Bench {
    /// A git tree with a file that is tracked, one that is ignored, one that is tracked though it is ignored, and one that is not
    /// tracked yet.
    fn git() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path();
        write(dir, ".gitignore", "*.o\n.*\n!.gitignore\n/build/\n");
        for name in ["cxl/region.c", "cxl/region.o", "cxl/.config", "cxl/kept.o"] {
            write(dir, name, "x\n");
        }
        for args in
            [&["init", "-q"][..], &["add", "."], &["add", "-f", "cxl/kept.o"], &["commit", "-qm", "the root"]]
        {
            args.iter().fold(somebodys_git(dir), Process::arg).run().expect("git works");
        }
        write(dir, "cxl/mine.c", "x\n");
        let root = Root::tree(dir).expect("a root");
        Self { folder, root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.dir.join(name)
    }

    /// Which of these count.
    fn counted(&mut self, names: &[&str]) -> Vec<String> {
        let paths = names.iter().map(|name| self.path(name)).collect();
        self.root.counted(paths).expect("git is asked").into_iter().collect()
    }
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

#[test]
fn what_git_tracks_or_would_track_counts() {
    let mut bench = Bench::git();
    write(bench.folder.path(), "cxl/new.c", "x\n");
    write(bench.folder.path(), "build/vmlinux.c", "x\n");
    let all = [
        "cxl/region.c",
        "cxl/region.o",
        "cxl/kept.o",
        "cxl/.config",
        "cxl/new.c",
        "build/vmlinux.c",
        ".git/index",
        ".git/objects/aa",
    ];
    let wanted = ["cxl/kept.o", "cxl/new.c", "cxl/region.c"];
    assert_eq!(bench.counted(&all), wanted);
    assert_eq!(bench.counted(&all), wanted, "the same where git was asked before");
    // What is ignored may be so no longer.
    write(bench.folder.path(), ".gitignore", "*.o\n");
    assert_eq!(bench.counted(&[".gitignore"]), [".gitignore"]);
    assert_eq!(bench.counted(&["build/vmlinux.c"]), ["build/vmlinux.c"]);
}

#[test]
fn what_is_gone_counts_if_it_did_before() {
    let mut bench = Bench::git();
    // What editors have made and removed again before anyone looked.
    assert_eq!(bench.counted(&["cxl/sedAbC1d2", "cxl/.region.c.XXYYZZ", "4913"]), [""; 0]);
    fs::remove_file(bench.path("cxl/mine.c")).expect("removed");
    assert_eq!(bench.counted(&["cxl/mine.c"]), ["cxl/mine.c"]);
    fs::remove_file(bench.path("cxl/region.c")).expect("removed");
    assert_eq!(bench.counted(&["cxl/region.c"]), ["cxl/region.c"]);
    assert_eq!(bench.counted(&["cxl/region.c"]), [""; 0], "once");
    // A folder is moved: what was tracked in it is gone, and of what has come git ignores all by its name.
    fs::rename(bench.path("cxl"), bench.path("mem")).expect("moved");
    assert_eq!(bench.counted(&["cxl", "mem"]), ["cxl"]);
}

#[test]
fn of_a_folder_that_has_come_its_files_count() {
    let mut bench = Bench::git();
    write(bench.folder.path(), "new/deep/a.c", "x\n");
    write(bench.folder.path(), "new/deep/a.o", "x\n");
    assert_eq!(bench.counted(&["new"]), ["new/deep/a.c"]);
    assert_eq!(bench.counted(&["new"]), [""; 0], "they are known now");
    fs::create_dir(bench.path("empty")).expect("made");
    assert_eq!(bench.counted(&["empty"]), [""; 0]);
}

#[test]
fn without_git_all_counts_but_what_a_build_makes() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path();
    write(dir, "a.c", "x\n");
    let mut root = Root::tree(dir).expect("a root");
    let mut counted = |names: &[&str]| -> Vec<String> {
        let paths = names.iter().map(|name| root.dir.join(name)).collect();
        root.counted(paths).expect("counted").into_iter().collect()
    };
    write(dir, "a.o", "x\n");
    write(dir, "b.c", "x\n");
    assert_eq!(counted(&["a.c", "a.o", "b.c", "c.c", "a.c~"]), ["a.c", "b.c"]);
    fs::remove_file(dir.join("b.c")).expect("removed");
    assert_eq!(counted(&["b.c", "c.c"]), ["b.c"]);
}

#[test]
fn where_events_were_lost_the_files_say_what_has_changed() {
    let mut bench = Bench::git();
    // The clock of a file system goes in steps.
    std::thread::sleep(Duration::from_millis(50));
    let since = |bench: &Bench| bench.root.differing().expect("found");
    assert_eq!(since(&bench), BTreeSet::new());
    fs::read(bench.path("cxl/region.c")).expect("read");
    assert_eq!(since(&bench), BTreeSet::new(), "what was read has not changed");
    for name in ["cxl/region.c", "cxl/region.o", "cxl/new.c"] {
        write(&bench.root.dir, name, "y\n");
    }
    fs::remove_file(bench.path("cxl/kept.o")).expect("removed");
    let found = since(&bench);
    let counted = bench.root.counted(found).expect("counted");
    assert_eq!(counted, ["cxl/kept.o", "cxl/new.c", "cxl/region.c"].map(str::to_owned).into());

    assert_eq!(since(&bench), BTreeSet::new(), "it was looked at");

    let mut root = Root::files(&bench.root.dir, &["patchbench.yaml", "none"]).expect("a root");
    assert_eq!(root.differing().expect("found"), BTreeSet::new());
    write(&bench.root.dir, "patchbench.yaml", "");
    let found = root.differing().expect("found");
    assert_eq!(root.counted(found).expect("counted"), ["patchbench.yaml".to_owned()].into());
}

#[test]
fn of_the_project_counts_what_its_git_does_not_ignore() {
    let bench = Bench::git();
    let mut root = Root::of_project(&bench.path("cxl")).expect("a root");
    let paths = ["region.c", "region.o"].map(|name| bench.path("cxl").join(name));
    assert_eq!(root.counted(paths.into()).expect("counted"), ["cxl/region.c".to_owned()].into());
    // A folder that is ignored as a whole is meant, or it would not be there.
    write(&bench.root.dir, "build/a.c", "x\n");
    let mut root = Root::of_project(&bench.path("build")).expect("a root");
    let counted = root.counted([bench.path("build/a.c")].into()).expect("counted");
    assert_eq!(counted, ["build/a.c".to_owned()].into());
}

#[test]
fn a_rebase_and_a_lock_are_seen_also_in_a_worktree() {
    let bench = Bench::git();
    assert_eq!(bench.root.git_is_at(), None);
    write(&bench.root.dir, ".git/index.lock", "");
    assert_eq!(bench.root.git_is_at(), Some("git's work"));
    fs::create_dir(bench.path(".git/rebase-merge")).expect("made");
    assert_eq!(bench.root.git_is_at(), Some("the rebase"));

    let other = tempfile::tempdir().expect("a folder");
    let dir = other.path().join("worktree");
    somebodys_git(&bench.root.dir).arg("worktree").arg("add").arg("-q").arg(&dir).run().expect("git works");
    let root = Root::tree(&dir).expect("a root");
    assert_eq!(root.git_is_at(), None, "the rebase is of the other");
    fs::create_dir(bench.path(".git/worktrees/worktree/rebase-apply")).expect("made");
    assert_eq!(root.git_is_at(), Some("the rebase"));
}

#[test]
fn paths_go_to_the_innermost_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path();
    write(dir, "patchbench.yaml", "");
    write(dir, "work/mine/a.c", "");
    write(dir, "scenarios/attach/a.sh", "");
    let mut roots = vec![
        Root::tree(&dir.join("work/mine")).expect("a root"),
        Root::of_project(&dir.join("scenarios")).expect("a root"),
        Root::files(dir, &["patchbench.yaml", "patchbench.local.yaml"]).expect("a root"),
    ];
    let top = roots[2].dir.clone();
    write(dir, "patchbench.local.yaml", "");
    let names = [
        "work/mine/a.c",
        "scenarios/attach/a.sh",
        "patchbench.yaml",
        "patchbench.local.yaml",
        "notes",
        "work/x",
    ];
    let mut counted = Vec::new();
    for (index, paths) in sorted(&roots, names.iter().map(|name| top.join(name))) {
        counted.extend(roots[index].counted(paths).expect("counted"));
    }
    assert_eq!(counted, ["a.c", "scenarios/attach/a.sh", "patchbench.local.yaml", "patchbench.yaml"]);
}
