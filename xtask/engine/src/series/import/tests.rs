use std::fs;
use std::path::Path;

use fault::ToolError as _;
use spec::Series;

use super::yaml::set;
use super::*;
use crate::series::mail::{Message, split};

fn diff(line: &str) -> String {
    format!("---\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n one\n+{line}\n two\n")
}

fn mail(id: &str, subject: &str, body: &str) -> Message {
    let text = format!(
        "From: A B <a@x.example>\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <{id}>\nIn-Reply-To: <0@x>\nSubject: {subject}\n\nWhy.\n\nSigned-off-by: A B <a@x.example>\n{body}"
    );
    Message::parse(text.as_bytes()).expect("a mail")
}

fn thread(version: &str) -> Vec<Message> {
    let cover = "base-commit: 0123456789abcdef0123456789abcdef01234567\nprerequisite-patch-id: 1111\nchange-id: 20261124-cxl-things-0123456789ab\n";
    vec![
        mail("2@x", &format!("[PATCH {version} 2/2] cxl: ../../Two"), &diff(&format!("two {version}"))),
        mail("r@x", &format!("Re: [PATCH {version} 1/2] cxl: One"), &diff("a suggestion")),
        mail("1@x", &format!("[PATCH {version} 1/2] cxl: One"), &diff("one")),
        mail("0@x", &format!("[PATCH {version} 0/2] cxl: Things"), cover),
        mail("1@x", &format!("[PATCH {version} 1/2] cxl: One"), &diff("one")),
    ]
}

fn newest(messages: Vec<Message>) -> Result<Posting, ImportError> {
    order(messages, &Want::default())
}

fn listing(dir: &Path) -> String {
    let mut all: Vec<String> = walkdir::WalkDir::new(dir)
        .into_iter()
        .map(|entry| entry.expect("readable"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(dir).expect("inside").display().to_string())
        .collect();
    all.sort();
    all.join("\n")
}

#[test]
fn a_thread_is_put_in_order() {
    let posting = newest([thread("v2"), thread("v1")].concat()).expect("a series");
    let titles: Vec<_> = posting.patches.iter().map(|patch| patch.subject().title).collect();
    assert_eq!(titles, ["cxl: One", "cxl: ../../Two"]);
    assert_eq!((posting.version, posting.others.as_slice(), posting.cover.is_some()), (2, &[1][..], true));
    let by_id = Want { version: None, message_id: Some("1@x".to_owned()) };
    assert_eq!(order(thread("v1"), &by_id).expect("a series").version, 1);
}

#[test]
fn an_order_that_nobody_wrote_down_is_refused() {
    let uncounted = || vec![mail("1@x", "[PATCH] a", &diff("a")), mail("2@x", "[PATCH] b", &diff("b"))];
    let error = newest(uncounted()).expect_err("no order");
    insta::assert_snapshot!(error, @r"
    2 patches have no number in their subject, and the order of an mbox is none:
      [PATCH] a <1@x>
      [PATCH] b <2@x>
    ");
    assert!(error.hint().is_some_and(|hint| hint.contains("format-patch -n")));
    // The names of files are an order.
    let dir = tempfile::tempdir().expect("a folder");
    for (name, message) in ["0002-a.patch", "0001-b.patch"].iter().zip(uncounted()) {
        fs::write(dir.path().join(name), message.render()).expect("written");
    }
    let posting = newest(read(dir.path()).expect("mails")).expect("a series");
    let titles: Vec<_> = posting.patches.iter().map(|patch| patch.subject().title).collect();
    assert_eq!(titles, ["b", "a"]);
    fs::rename(dir.path().join("0002-a.patch"), dir.path().join("a.patch")).expect("renamed");
    assert!(matches!(newest(read(dir.path()).expect("mails")), Err(ImportError::Unordered { .. })));
}

/// A mail that answers another.
fn answer(to: &str, id: &str, subject: &str, body: &str) -> Message {
    let mut message = mail(id, subject, body);
    message.set_header("In-Reply-To", &format!("<{to}>"));
    message
}

#[test]
fn brackets_without_the_word_patch_are_an_order() {
    for tag in ["RFC v2 N/2", "v2,N/2", "RFC,v2,N/2", "N/2,v2"] {
        let one = |number: &str| {
            let subject = format!("[{}] cxl: t{number}", tag.replace('N', number));
            mail(&format!("{number}@x"), &subject, &if number == "0" { String::new() } else { diff(number) })
        };
        let posting = newest(vec![one("2"), one("0"), one("1")]).expect("a series");
        let titles: Vec<_> = posting.patches.iter().map(|patch| patch.subject().title).collect();
        assert_eq!(
            (posting.version, titles, posting.cover.is_some()),
            (2, vec!["cxl: t1".to_owned(), "cxl: t2".to_owned()], true),
            "{tag}"
        );
    }
}

#[test]
fn a_partial_reroll_is_completed() {
    let v2 = || {
        vec![
            mail("20@x", "[PATCH v2 0/3] cxl: Things", ""),
            answer("20@x", "21@x", "[PATCH v2 1/3] cxl: One", &diff("one")),
            answer("20@x", "22@x", "[PATCH v2 2/3] cxl: Two", &diff("two")),
            answer("20@x", "23@x", "[PATCH v2 3/3] cxl: Three", &diff("three")),
        ]
    };
    let v3 = || answer("22@x", "32@x", "[PATCH v3 2/3] cxl: Two", &diff("two, again"));
    let v4 = || answer("32@x", "43@x", "[PATCH v4 3/3] cxl: Three", &diff("three, again"));
    let shown = |posting: &Posting| -> Vec<String> {
        let id = |patch: &Message| patch.message_id().unwrap_or_default();
        posting.patches.iter().map(|patch| format!("{} <{}>", patch.subject().shown(), id(patch))).collect()
    };
    let posting = newest([v2(), vec![v3()]].concat()).expect("a series");
    assert_eq!(
        shown(&posting),
        [
            "[PATCH v3 1/3] cxl: One <21@x>",
            "[PATCH v3 2/3] cxl: Two <32@x>",
            "[PATCH v3 3/3] cxl: Three <23@x>"
        ]
    );
    assert_eq!((posting.version, posting.cover.is_some(), posting.others.as_slice()), (3, true, &[2][..]));
    insta::assert_snapshot!(posting.notes.join("\n"), @r"
    only a part of the 3 patches was sent again: 1, 3 of v2 or older
    the cover letter is that of v2
    ");
    // A part of a part.
    let posting = newest([vec![v4()], v2(), vec![v3()]].concat()).expect("a series");
    assert_eq!(
        shown(&posting),
        [
            "[PATCH v4 1/3] cxl: One <21@x>",
            "[PATCH v4 2/3] cxl: Two <32@x>",
            "[PATCH v4 3/3] cxl: Three <43@x>"
        ]
    );
    // What answers nothing of the older version is a whole version with a gap.
    let stray = answer("99@y", "32@x", "[PATCH v3 2/3] cxl: Two", &diff("two, again"));
    assert!(matches!(newest([v2(), vec![stray]].concat()), Err(ImportError::Gap { .. })));
    // So is what answers another number of patches.
    let longer = answer("22@x", "32@x", "[PATCH v3 2/4] cxl: Two", &diff("two, again"));
    assert!(matches!(newest([v2(), vec![longer]].concat()), Err(ImportError::Gap { .. })));
    // A whole version without a cover letter has none.
    let whole = (1..=3)
        .map(|n| answer("20@x", &format!("3{n}@x"), &format!("[PATCH v3 {n}/3] cxl: {n}"), &diff("x")));
    let posting = newest([v2(), whole.collect()].concat()).expect("a series");
    assert_eq!(
        (posting.cover, posting.notes.join("")),
        (None, "it has no cover letter; that of v2 is left aside".to_owned())
    );
}

#[test]
fn a_resend_takes_the_place_of_its_original() {
    let original = || mail("1@x", "[PATCH v2 1/2] cxl: One", &diff("one"));
    let second = || mail("2@x", "[PATCH v2 2/2] cxl: Two", &diff("two"));
    let resend = || mail("3@x", "[PATCH RESEND v2 1/2] cxl: One", &diff("one"));
    for mails in [vec![original(), second(), resend()], vec![resend(), second(), original()]] {
        let posting = newest(mails).expect("a series");
        let ids: Vec<_> = posting.patches.iter().filter_map(Message::message_id).collect();
        assert_eq!((ids, posting.notes.len()), (vec!["3@x".to_owned(), "2@x".to_owned()], 1));
    }
}

#[test]
fn a_pull_request_is_no_series() {
    let pull = mail("1@x", "[PULL 1/1] cxl: One", &diff("one"));
    let error = newest(vec![pull.clone()]).expect_err("nothing").to_string();
    assert!(error.ends_with("pull requests are no series: 1"), "{error}");
    let patch = mail("2@x", "[PATCH] cxl: Two", &diff("two"));
    assert_eq!(newest(vec![pull, patch]).expect("a series").patches.len(), 1);
}

#[test]
fn what_is_no_series_is_named() {
    let error = |messages: Vec<Message>| newest(messages).expect_err("it is wrong").to_string();
    let without = |out: usize| {
        thread("v3").into_iter().enumerate().filter(|(at, _)| *at != out).map(|(_, m)| m).collect()
    };
    insta::assert_snapshot!(error(without(0)), @"[PATCH v3 2/2] is missing: the series counts to 2, and there is 1");
    let twice = [thread("v3"), vec![mail("3@x", "[PATCH v3 1/2] cxl: Another", &diff("x"))]].concat();
    insta::assert_snapshot!(error(twice), @r"
    two mails are one patch:
      [PATCH v3 1/2] cxl: One <1@x>
      [PATCH v3 1/2] cxl: Another <3@x>
    ");
    let other = [thread("v3"), vec![mail("3@x", "[PATCH v3 3/3] cxl: More", &diff("x"))]].concat();
    insta::assert_snapshot!(error(other), @"[PATCH v3 3/3] cxl: More <3@x>: the series ends at 3 or at 2? another is [PATCH v3 0/2] cxl: Things <0@x>");
    let bare = [thread("v1"), vec![mail("3@x", "[PATCH] cxl: Alone", &diff("x"))]].concat();
    insta::assert_snapshot!(error(bare), @"[PATCH] cxl: Alone <3@x>: it has no counter, and others of the same version have");
    insta::assert_snapshot!(error(vec![mail("1@x", "[PATCH 3/2] x", &diff("x"))]), @"[PATCH 3/2] x <1@x>: its number is beyond the end of its series");
    insta::assert_snapshot!(error(vec![mail("1@x", "hello", "")]), @"no patch in 1 mails: none has both [PATCH …] in its subject and a diff");
    assert!(error(vec![mail("1@x", "[PATCH 0/0] x", &diff("x"))]).starts_with("no patch in 1 mails"));
    let other = order(thread("v1"), &Want { version: Some(7), message_id: None }).expect_err("not there");
    insta::assert_snapshot!(other, @r"
    no patch in 5 mails: none has both [PATCH …] in its subject and a diff
      there is version 1
    ");
}

#[test]
fn versions_lie_side_by_side_and_what_the_user_wrote_stays() {
    let dir = tempfile::tempdir().expect("a folder");
    let put =
        |version: &str, force| place(newest(thread(version)).expect("a series"), dir.path(), "things", force);
    assert_eq!(put("v2", false).expect("new"), Placed::New(dir.path().join("things")));
    let yaml = dir.path().join("things").join("series.yaml");
    insta::assert_snapshot!(fs::read_to_string(&yaml).expect("there"), @r#"
    title: "cxl: Things"
    version: 2
    link: "https://lore.kernel.org/r/0@x"
    message-id: "0@x"
    base-commit: "0123456789abcdef0123456789abcdef01234567"
    change-id: "20261124-cxl-things-0123456789ab"
    prerequisites:
      - "patch-id: 1111"
    patch-ids:
      - "ff4eca9b60df67424d9afc256add9519daaa2b04"
      - "db1301408242b5c2ee8eacd642647cb32fa18ac5"
    "#);
    assert_eq!(put("v2", false).expect("the same"), Placed::Same(dir.path().join("things")));

    // What is the user's own comes through an import.
    let own = "# ours\nbase: 6.12..6.13\npromises:\n  # why\n  1: [attach]\n";
    fs::write(&yaml, fs::read_to_string(&yaml).expect("there") + own).expect("written");
    fs::create_dir(dir.path().join("things/sabotage")).expect("made");
    fs::write(dir.path().join("things/sabotage/x.patch"), "x").expect("written");
    put("v3", false).expect("newer");
    put("v1", false).expect("older");
    insta::assert_snapshot!(listing(dir.path()), @r"
    things/0000-cover-letter.patch
    things/0001-cxl-One.patch
    things/0002-cxl-.-.-Two.patch
    things/sabotage/x.patch
    things/series.yaml
    things/v1/0000-cover-letter.patch
    things/v1/0001-cxl-One.patch
    things/v1/0002-cxl-.-.-Two.patch
    things/v1/series.yaml
    things/v2/0000-cover-letter.patch
    things/v2/0001-cxl-One.patch
    things/v2/0002-cxl-.-.-Two.patch
    things/v2/series.yaml
    ");
    let text = fs::read_to_string(&yaml).expect("there");
    assert!(text.contains(own) && text.contains("version: 3\n") && !text.contains("version: 2"), "{text}");
    let old = Series::load(&dir.path().join("things"), "v2").expect("a series by itself");
    assert_eq!((old.version, old.patches.len(), old.promises.len()), (2, 2, 0));

    // Something else under the same version is refused, and taken when that is asked for.
    let mut other = newest(thread("v3")).expect("a series");
    other.patches[0] = mail("9@x", "[PATCH v3 1/2] cxl: One", &diff("else"));
    let error = place(other.clone(), dir.path(), "things", false).expect_err("other patches");
    assert!(error.to_string().ends_with("version 3 is there already, with other patches"), "{error}");
    assert_eq!(error.hint().as_deref(), Some("--force replaces it; --name NAME puts this one elsewhere"));
    let before = listing(dir.path());
    assert!(matches!(place(other, dir.path(), "things", true), Ok(Placed::Replaced(_))));
    assert_eq!(listing(dir.path()), before);
}

#[test]
fn a_broken_diff_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut posting = newest(thread("v1")).expect("a series");
    let wrapped = diff("one").replace("\n one\n", "\n one\nmore\n");
    posting.patches[0] = mail("1@x", "[PATCH v1 1/2] cxl: One", &wrapped);
    let error = place(posting, dir.path(), "things", false).expect_err("it is broken").to_string();
    assert!(
        error.starts_with("[PATCH 1/2] cxl: One: git cannot read its diff\n  | error: corrupt patch"),
        "{error}"
    );
    assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
}

#[test]
fn a_field_is_set_and_all_else_stays() {
    let yaml = "# a\ntitle: x\n# b\nprerequisites:\n  - one\n\n# c\nversion: 1 # d\nbase: 6.12\n";
    insta::assert_snapshot!(set(&set(&set(yaml, "prerequisites", None), "version", Some(" 2")), "link", Some(" y")), @r"
    # a
    title: x
    # b

    # c
    version: 2
    base: 6.12
    link: y
    ");
}

#[test]
fn our_own_series_come_in_as_they_are() {
    let patches =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").join("patches");
    for name in Series::names(&patches).expect("our series") {
        let series = Series::load(&patches, &name).expect("a series");
        if series.patches.is_empty() {
            continue;
        }
        let posting = newest(read(&series.dir).expect("its mails")).expect("in order");
        let dir = tempfile::tempdir().expect("a folder");
        place(posting, dir.path(), &name, false).expect("imported");
        for patch in &series.patches {
            let file = dir.path().join(&name).join(patch.file.file_name().expect("a name"));
            let (ours, theirs) = (fs::read(&file).expect("imported"), fs::read(&patch.file).expect("there"));
            assert!(ours == theirs, "{}", file.display());
        }
        // The same out of one mbox.
        let mbox: Vec<u8> =
            series.patches.iter().flat_map(|patch| fs::read(&patch.file).expect("there")).collect();
        let mails = split(&mbox);
        assert_eq!(mails.len(), series.patches.len());
        assert!(mails.concat() == mbox, "{name}");
    }
}
