//! The subcommands of `series` on a tree of two files: commits of the user's own repository wherever a series is named, which stays
//! as it was; and a series edited as commits.

#[allow(dead_code, reason = "boots.rs uses all of it")]
mod project;

use std::fs;

use project::{Project, Run};

use host::{Process, users_git};

struct Bench {
    project: Project,
}

impl Bench {
    /// A kernel `k` with series `mine` of one patch, and a repository with that kernel, and three commits on it: the same
    /// change in other words, one with a fault, and a version of it without.
    fn new() -> Self {
        let bench = Self { project: Project::new().with_empty_cache() };
        bench.write(
            "patchbench.yaml",
            "kernels: { k: { source: { git: linux, ref: base }, series: [mine] } }\n\
             defaults: { kernel: k, topologies: [none], suites: [enumerate] }\n",
        );
        bench.write("linux/Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n");
        bench.write("linux/a.c", "one\ntwo\n");
        bench.git(&["init", "-q", "-b", "main"]);
        bench.commit("the root");
        bench.write("linux/b.c", "b\n");
        bench.commit("the base");
        bench.git(&["tag", "base"]);
        bench.write("linux/a.c", "one\nand\ntwo\n");
        bench.commit("cxl: One");
        bench.write("linux/b.c", "b \n");
        bench.commit("cxl: Two");
        bench.write("patches/mine/series.yaml", "title: mine\nversion: 1\n");
        let hunk = "--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n one\n+also\n two\n";
        let patch = format!(
            "From: D Developer <d@example.org>\nSubject: [PATCH] cxl: One\n\nWhy.\n\nSigned-off-by: D Developer <d@example.org>\n---\ndiff --git a/a.c b/a.c\n{hunk}"
        );
        bench.write("patches/mine/0001-cxl-One.patch", &patch);
        bench
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.project.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn git(&self, args: &[&str]) -> String {
        let git = ["AUTHOR", "COMMITTER"].iter().fold(users_git(&self.project.path("linux")), |git, who| {
            git.env(format!("GIT_{who}_NAME"), "D Developer").env(format!("GIT_{who}_EMAIL"), "d@example.org")
        });
        args.iter().fold(git, Process::arg).read().expect("git works")
    }

    fn commit(&self, subject: &str) {
        self.git(&["add", "-A"]);
        let message = format!("{subject}\n\nWhy.\n\nSigned-off-by: D Developer <d@example.org>");
        self.git(&["commit", "-qm", &message]);
    }

    /// A subcommand of `series` on the commits; ids of commits and the folder are no matter.
    fn series(&self, command: &[&str], code: i32) -> String {
        let linux = self.project.path("linux").display().to_string();
        let run: Run =
            self.project.begin(&[&["series"], command, &["--git", &linux, "base..main"]].concat()).finish();
        assert_eq!(run.code, code, "{}", run.shown());
        let text = run.stdout.trim_end().replace(&self.project.path("").display().to_string(), "DIR/");
        let ids = regex::Regex::new("[0-9a-f]{7,40}").expect("a regex");
        ids.replace_all(&text, "ID").into_owned()
    }
}

#[test]
fn a_range_goes_where_a_folder_goes() {
    let bench = Bench::new();
    let before = (bench.git(&["rev-parse", "HEAD"]), bench.git(&["status", "--porcelain"]));

    insta::assert_snapshot!(bench.series(&["lint", "mine", "--offline"], 1), @r"
    ID 0002-cxl-Two.patch:19: error: it adds blanks at the end of a line [whitespace]
    mine: 1 error, without a kernel
    ");
    let out = bench.project.path("out").display().to_string();
    insta::assert_snapshot!(bench.series(&["export", "new", "--output", &out], 0), @r"
    DIR/out/0000-cover-letter.patch
    DIR/out/0001-cxl-One.patch
    DIR/out/0002-cxl-Two.patch
    ");
    let base = bench.git(&["rev-parse", "base"]);
    let cover =
        fs::read_to_string(bench.project.path("out/0000-cover-letter.patch")).expect("a cover letter");
    assert!(cover.contains("Subject: [PATCH 0/2] *** SUBJECT HERE ***"), "{cover}");
    assert!(cover.contains(&format!("base-commit: {base}\n")), "{cover}");

    let tree = bench.project.path("tree").display().to_string();
    bench.series(&["apply", &tree], 0);
    assert_eq!(fs::read_to_string(bench.project.path("tree/b.c")).expect("a file"), "b \n");

    assert_eq!(before, (bench.git(&["rev-parse", "HEAD"]), bench.git(&["status", "--porcelain"])));
}

#[test]
fn versions_are_compared_as_folders_and_as_commits() {
    let bench = Bench::new();
    let factor = ["--creation-factor", "100"];
    insta::assert_snapshot!(bench.series(&[&["diff", "mine"], &factor[..]].concat(), 0), @r"
    1:  ID ! 1:  ID cxl: One
        @@ Commit message
          ## a.c ##
         @@
          one
        -+also
        ++and
          two
    -:  ------- > 2:  ID cxl: Two
    ");
    bench.git(&["checkout", "-q", "-b", "next", "main~1"]);
    bench.write("linux/b.c", "c\n");
    bench.commit("cxl: Two");
    let printed = bench.series(&[&["diff", "any", "next"], &factor[..]].concat(), 0);
    assert!(printed.starts_with("1:  ID = 1:  ID cxl: One\n2:  ID ! 2:  ID cxl: Two\n"), "{printed}");
}

#[test]
fn tags_of_a_thread_are_told_for_commits_and_written_elsewhere() {
    let bench = Bench::new();
    let patches = bench.git(&["format-patch", "--stdout", "-v3", "base..main"]);
    let sent: Vec<String> = patches
        .split("\nFrom ")
        .enumerate()
        .map(|(at, mail)| {
            let mail = if at == 0 { mail.to_owned() } else { format!("From {mail}") };
            mail.replacen("\nSubject: ", &format!("\nMessage-ID: <{at}@x.example>\nSubject: "), 1) + "\n\n"
        })
        .collect();
    let reply = "From r@z Thu Jan  1 00:00:00 1970\nFrom: R Reader <r@example.org>\nMessage-ID: <r@x.example>\nIn-Reply-To: <1@x.example>\nSubject: Re: [PATCH v3 2/2] cxl: Two\n\nReviewed-by: R Reader <r@example.org>\n";
    bench.write("thread.mbox", &(sent.concat() + reply));
    let thread = bench.project.path("thread.mbox").display().to_string();
    let printed = bench.series(&["trailers", "new", &thread], 0);
    insta::assert_snapshot!(printed, @r"
    2  ID  cxl: Two
       + Reviewed-by: R Reader <r@example.org>
    ");
    let out = bench.project.path("out").display().to_string();
    assert_eq!(bench.series(&["trailers", "new", &thread, "--output", &out], 0), printed);
    bench.git(&["switch", "-qc", "tagged", "base"]);
    let names = ["0001-cxl-One.patch", "0002-cxl-Two.patch"].map(|name| format!("{out}/{name}"));
    bench.git(&["am", "-q", "--whitespace=nowarn", &names[0], &names[1]]);
    let subjects =
        bench.git(&["log", "--format=%s: %(trailers:key=Reviewed-by,valueonly,separator=%x2c)", "base.."]);
    assert_eq!(subjects, "cxl: Two: R Reader <r@example.org>\ncxl: One: ");
    assert_eq!(bench.git(&["diff", "main", "tagged"]), "");
}

#[test]
fn what_is_no_range_is_told() {
    let bench = Bench::new();
    let linux = bench.project.path("linux").display().to_string();
    let printed = |range: &str| {
        let run =
            bench.project.begin(&["series", "lint", "mine", "--offline", "--git", &linux, range]).finish();
        assert_eq!(run.code, 2, "{}", run.shown());
        run.tail.join("\n").replace(&linux, "LINUX")
    };
    insta::assert_snapshot!(printed("main"), @r"
    error: looking for main in LINUX
    caused by: 'main' is no range of commits
    hint: BASE..TIP, as git log takes it; BASE.. for all up to HEAD
    ");
    insta::assert_snapshot!(printed("main..base"), @r"
    error: looking for main..base in LINUX
    caused by: main..base of LINUX has no commit
    hint: BASE first, then TIP
    ");
    insta::assert_snapshot!(printed("base..mian"), @r"
    error: looking for base..mian in LINUX
    caused by: LINUX has no commit 'mian'
    hint: git -C LINUX branch --all, or git tag, has the names that it knows
    ");
}

#[test]
fn patch_ids_are_renewed_with_the_patches_and_an_edit_is_told() {
    let bench = Bench::new();
    let series = |args: &[&str]| {
        let run = bench.project.begin(&[&["series"], args].concat()).finish();
        run.stdout.replace(&bench.project.path("").display().to_string(), "DIR/")
    };
    let patches = bench.git(&["format-patch", "--stdout", "base..main"]);
    bench.write("sent.mbox", &patches.replace("+b \n", "+c\n"));
    series(&["import", &bench.project.path("sent.mbox").display().to_string(), "--name", "things"]);
    let yaml = bench.project.path("patches/things/series.yaml");
    fs::write(&yaml, fs::read_to_string(&yaml).expect("imported") + "base: 6.12..6.13\n").expect("written");
    let clean = "things: clean, without a kernel";
    assert_eq!(series(&["lint", "things", "--offline"]), clean);

    series(&["edit", "things"]);
    let work = bench.project.path("work/things");
    fs::write(work.join("b.c"), "d\n").expect("written");
    let amend = ["commit", "-qa", "--amend", "--no-edit"].iter().fold(users_git(&work), Process::arg);
    amend.env("GIT_COMMITTER_NAME", "D").env("GIT_COMMITTER_EMAIL", "d@example.org").run().expect("amended");
    assert_eq!(series(&["refresh", "things"]), "written  0002-cxl-Two.patch\nwritten  series.yaml");
    assert_eq!(series(&["refresh", "things"]), "");
    assert_eq!(series(&["lint", "things", "--offline"]), clean);

    let file = bench.project.path("patches/things/0002-cxl-Two.patch");
    let patch = fs::read_to_string(&file).expect("a patch");
    fs::write(&file, patch.replace("+d\n", "+e\n")).expect("edited");
    insta::assert_snapshot!(series(&["lint", "things", "--offline"]), @r"
    0002-cxl-Two.patch: warning: edited since it was imported: its patch-id is not among those of series.yaml; `series refresh` renews them [patch-id]
    things: 1 warning, without a kernel
    ");
}
