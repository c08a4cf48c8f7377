use std::path::Path;

use spec::series::Posted;

use super::*;
use crate::series::import;
use crate::series::mail::{patch_ids, split};

fn patch(subject: &str) -> Message {
    let text = format!(
        "From: A B <a@x.example>\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nSubject: {subject}\n\nWhy.\n\nSigned-off-by: A B <a@x.example>\n---\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n one\n+new\n two\n"
    );
    Message::parse(text.as_bytes()).expect("a mail")
}

fn series() -> Series {
    let patches =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").join("patches");
    let mut series = Series::load(&patches, "memdev-attach").expect("our series");
    "cxl: Things".clone_into(&mut series.title);
    series.posted = Posted {
        base_commit: Some("0123456789abcdef".to_owned()),
        change_id: Some("20261124-things-0123456789ab".to_owned()),
        prerequisites: vec!["patch-id: 1111".to_owned()],
        changes: [(2, vec!["One\nand more".to_owned()]), (3, vec!["Two".to_owned()])].into(),
        ..Posted::default()
    };
    series
}

fn text(exported: &Exported, at: usize) -> String {
    String::from_utf8(exported.files[at].1.clone()).expect("text")
}

#[test]
fn a_series_without_a_cover_letter_gets_one_to_be_filled_in() {
    let patches = vec![patch("[PATCH RFC] cxl: One"), patch("[RFC PATCH v7 9/9] cxl: Two")];
    let exported = export(&series(), None, patches, &Options { version: Some(3), ..Options::default() });
    insta::assert_snapshot!(text(&exported, 0), @r"
    From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
    From: A B <a@x.example>
    Date: Tue, 24 Nov 2026 10:00:00 +0000
    Subject: [PATCH v3 0/2] cxl: Things

    *** BLURB HERE ***

    Written for 6.12..6.13.

    Changes in v3:
    - Two

    Changes in v2:
    - One
      and more

    A B (2):
      cxl: One
      cxl: Two

     a.c | 2 ++
     1 file changed, 2 insertions(+)

    base-commit: 0123456789abcdef
    change-id: 20261124-things-0123456789ab
    prerequisite-patch-id: 1111
    ");
    let subject =
        |at| text(&exported, at).lines().find_map(|l| l.strip_prefix("Subject: ").map(str::to_owned));
    assert_eq!(subject(1).as_deref(), Some("[PATCH RFC v3 1/2] cxl: One"));
    assert_eq!(subject(2).as_deref(), Some("[RFC PATCH v3 2/2] cxl: Two"));
    assert_eq!(exported.notes.len(), 1, "{:?}", exported.notes);
}

#[test]
fn a_cover_letter_is_completed_once() {
    let old = Message::parse(b"From: A B <a@x.example>\nSubject: [PATCH v2 0/1] cxl: Things\n\nWhy.\n\nChanges in v2:\n- By hand\n\nA B (1):\n  cxl: One\n\n-- \n2.47\n").expect("a mail");
    let once = export(
        &series(),
        Some(old),
        vec![patch("[PATCH] cxl: One")],
        &Options { version: Some(3), ..Options::default() },
    );
    insta::assert_snapshot!(text(&once, 0), @r"
    From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
    From: A B <a@x.example>
    Subject: [PATCH v3 0/1] cxl: Things

    Why.

    Changes in v2:
    - By hand

    Changes in v3:
    - Two

    A B (1):
      cxl: One

    base-commit: 0123456789abcdef
    change-id: 20261124-things-0123456789ab
    prerequisite-patch-id: 1111
    -- 
    2.47
    ");
    let again = Message::parse(&once.files[0].1).expect("a mail");
    let again = export(
        &series(),
        Some(again),
        vec![patch("[PATCH] cxl: One")],
        &Options { version: Some(3), ..Options::default() },
    );
    assert_eq!(text(&again, 0), text(&once, 0));
}

#[test]
fn a_patch_alone_has_the_base_behind_its_diff() {
    let exported = export(
        &series(),
        None,
        vec![patch("[PATCH] cxl: One")],
        &Options { version: Some(2), ..Options::default() },
    );
    insta::assert_snapshot!(text(&exported, 0), @r"
    From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
    From: A B <a@x.example>
    Date: Tue, 24 Nov 2026 10:00:00 +0000
    Subject: [PATCH v2] cxl: One

    Why.

    Signed-off-by: A B <a@x.example>
    ---
    Changes in v2:
    - One
      and more

    diff --git a/a.c b/a.c
    --- a/a.c
    +++ b/a.c
    @@ -1,2 +1,3 @@
     one
    +new
     two

    base-commit: 0123456789abcdef
    change-id: 20261124-things-0123456789ab
    prerequisite-patch-id: 1111
    ");
    let whole = Message::parse(&exported.files[0].1).expect("a mail");
    assert_eq!(patch_ids(&[&whole]).expect("git"), patch_ids(&[&patch("[PATCH] cxl: One")]).expect("git"));
}

#[test]
fn our_own_series_go_out_as_they_came_in() {
    let patches =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").join("patches");
    for name in Series::names(&patches).expect("our series") {
        let series = Series::load(&patches, &name).expect("a series");
        if series.is_to_be_fetched() {
            continue;
        }
        let mails = import::read(&series.dir).expect("its mails");
        let posting = import::order(mails, &import::Want::default()).expect("in order");
        let exported = export(&series, posting.cover.clone(), posting.patches.clone(), &Options::default());
        let out: Vec<Message> = exported
            .files
            .iter()
            .filter(|(name, _)| !name.starts_with("0000-"))
            .map(|(_, bytes)| Message::parse(&split(bytes)[0]).expect("a mail"))
            .collect();
        let ids = |mails: &[Message]| patch_ids(&mails.iter().collect::<Vec<_>>()).expect("git");
        assert_eq!(ids(&out), ids(&posting.patches), "{name}");
        for (new, old) in out.iter().zip(&posting.patches) {
            assert!(
                (&new.message, &new.rest) == (&old.message, &old.rest),
                "{name}: {}",
                old.subject().title
            );
        }
    }
}
