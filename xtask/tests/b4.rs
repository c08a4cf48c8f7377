//! A posted series by its message-id out of a local mbox, through a real b4. There is no network here; what b4 asks an archive for
//! is what it finds in the mbox. Where there is no b4 it says so and tests nothing: `cargo xtask setup --mail`.

#[allow(dead_code, reason = "boots.rs uses all of it")]
mod project;

use std::fs;
use std::path::{Path, PathBuf};

use project::Project;

use engine::series::fetch::by_id;
use host::requirements::find_program;

const DIFF: &str = "---\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n one\n+new\n two\n";

fn is_here() -> bool {
    let found = find_program("b4").is_some();
    if !found {
        println!("skipped: there is no b4 here (cargo xtask setup --mail)");
    }
    found
}

fn mail(id: &str, subject: &str, body: &str) -> String {
    let answers =
        if id == "0@x.example" { "" } else { "In-Reply-To: <0@x.example>\nReferences: <0@x.example>\n" };
    format!(
        "From a@z Thu Jan  1 00:00:00 1970\nFrom: A B <a@x.example>\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <{id}>\n{answers}Subject: {subject}\n\nWhy.\n{body}\n"
    )
}

/// Two versions of a series with an answer.
fn thread(folder: &Path) -> PathBuf {
    let mbox = folder.join("local.mbox");
    let thread = [
        mail("0@x.example", "[PATCH 0/1] cxl: Things", ""),
        mail("1@x.example", "[PATCH 1/1] cxl: One", DIFF),
        mail("r@x.example", "Re: [PATCH 1/1] cxl: One", "Acked-by: A B <a@x.example>\n"),
        mail("3@x.example", "[PATCH v2 1/1] cxl: One", &DIFF.replace("new", "newer")),
    ];
    fs::write(&mbox, thread.concat()).expect("written");
    mbox
}

#[test]
fn b4_brings_the_version_that_a_mail_is_of() {
    if !is_here() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mbox = thread(folder.path());
    let get = |id: &str| by_id(id, None, Some(&mbox)).expect("b4 has it");
    assert_eq!((get("0@x.example").version, get("0@x.example").patches.len()), (1, 1));
    assert_eq!(get("3@x.example").version, 2);
    assert!(by_id("no@x.example", None, Some(&mbox)).is_err());
}

#[test]
fn what_is_only_declared_is_fetched_and_shown() {
    if !is_here() {
        return;
    }
    let project = Project::new().with_empty_cache();
    let declared = project.path("patches/declared");
    fs::create_dir(&declared).expect("made");
    fs::write(declared.join("series.yaml"), "title: x\nversion: 2\nmessage-id: 3@x.example\n")
        .expect("written");
    let mbox = thread(&project.path("")).display().to_string();
    let fetched = project.begin(&["series", "fetch", "declared", "--mbox", &mbox]).finish();
    assert_eq!(fetched.code, 0, "{}", fetched.shown());
    assert_eq!(fetched.stdout, "declared  v2, 1 patches, of <3@x.example>\n    1  cxl: One");
    let linted = project.begin(&["series", "lint", "declared", "--offline"]).finish();
    assert!(
        linted.stdout.contains("0001-cxl-One.patch: error: its author, A B <a@x.example>"),
        "{}",
        linted.shown()
    );
}
