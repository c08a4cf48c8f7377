use proptest::prelude::*;

use super::*;
use crate::series::mail::Message;

fn patch(number: usize, id: &str) -> (Message, String) {
    let text = format!(
        "From: Anna Beta <anna@x.example>\nMessage-ID: <{number}@x>\nSubject: [PATCH v2 {number}/2] cxl: Number {number}\n\nWhy.\n\nReported-by: bot@x.example\nSigned-off-by: Anna Beta <anna@x.example>\n---\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n"
    );
    (Message::parse(text.as_bytes()).expect("a mail"), id.to_owned())
}

fn reply(from: &str, to: &str, subject: &str, text: &str) -> (Message, String) {
    let id = text.len() + from.len();
    let mail =
        format!("From: {from}\nMessage-ID: <r{id}@x>\nIn-Reply-To: <{to}>\nSubject: {subject}\n\n{text}");
    (Message::parse(mail.as_bytes()).expect("a mail"), String::new())
}

fn cover(version: u32) -> (Message, String) {
    let text = format!(
        "From: Anna Beta <anna@x.example>\nMessage-ID: <c{version}@x>\nSubject: [PATCH v{version} 0/2] cxl: Things\n\nAll.\n"
    );
    (Message::parse(text.as_bytes()).expect("a mail"), String::new())
}

fn shown(mails: Vec<(Message, String)>) -> String {
    let patches = [patch(1, "one"), patch(2, "two")];
    let mails = [vec![cover(2), cover(1)], patches.to_vec(), mails].concat();
    let collected = collect(&Thread { version: 2, patches: &patches, mails: &mails, sloppy: false });
    let given = collected.given.iter().map(|given| format!("{} {}\n", given.patch + 1, given.tag));
    let refused = collected.refused.iter().map(|refused| format!("- {refused}\n"));
    given.chain(refused).collect::<String>().replace('\u{202e}', "?")
}

const RE: &str = "Re: [PATCH v2 1/2] cxl: Number 1";

#[test]
fn tags_go_where_they_were_given() {
    let (carl, dora) = ("Carl Gamma <carl@x.example>", "\"Delta, Dora\" <dora@y.example>");
    let first = reply(carl, "1@x", RE, "Some words.\n").0.message_id().expect("an id");
    let mails = vec![
        reply(carl, "1@x", RE, "Some words.\n"),
        reply(
            carl,
            "1@x",
            RE,
            "On that day, Anna wrote:\n> Signed-off-by: Anna Beta <anna@x.example>\n\nReviewed-By:   Carl Gamma <carl@x.example>\n",
        ),
        // Deeper in the thread, by a name that the mailer turns, with a note, and an address on its own line.
        reply(dora, &first, "Re: something else", "Tested-by: Dora Delta\n <dora@z.example>  # on a board\n"),
        reply(
            carl,
            "c2@x",
            "Re: [PATCH v2 0/2] cxl: Things",
            "For all:\nAcked-by: Carl Gamma <carl@x.example>\nAcked-by: Carl Gamma <carl@x.example>\n",
        ),
        reply(
            carl,
            "lost@x",
            "Re: [PATCH v2 2/2] cxl: Number 2",
            "Reviewed-by: Carl Gamma <carl@x.example>\n",
        ),
    ];
    insta::assert_snapshot!(shown(mails), @r"
    1 Reviewed-by: Carl Gamma <carl@x.example>
    1 Tested-by: Dora Delta <dora@z.example> # on a board
    1 Acked-by: Carl Gamma <carl@x.example>
    2 Acked-by: Carl Gamma <carl@x.example>
    2 Reviewed-by: Carl Gamma <carl@x.example>
    ");
}

fn faulty() -> Vec<(Message, String)> {
    let carl = "Carl Gamma <carl@x.example>";
    vec![
        reply(carl, "1@x", RE, "Reviewed-by: Carl Gamma <carl@x.example> \u{2713} DKIM/x.example\n"),
        reply(
            carl,
            "1@x",
            RE,
            "Reviewed-by Carl Gamma <carl@x.example>\nRewieved-by: Carl Gamma <carl@x.example>\nAcked-by: Carl Gamma\nTested-by: <carl@x.example>\n",
        ),
        reply(
            carl,
            "1@x",
            RE,
            "Tested-by: Carl\u{202e} Gamma <carl@x.example>\nTested-by: Carl Gamma <carl at x>\nAcked-by: Carl <a@b\n",
        ),
        reply(
            carl,
            "2@x",
            RE,
            "> > Reviewed-by: Emil Eta <emil@x.example>\n> Reviewed-by: Emil Eta <emil@x.example>\nSo do I.\n",
        ),
        reply(
            carl,
            "2@x",
            RE,
            "Reviewed-by: Emil Eta <emil@y.example>\nSigned-off-by: Carl Gamma <carl@x.example>\n",
        ),
        reply(carl, "c1@x", "Re: [PATCH 0/2] cxl: Things", "Acked-by: Carl Gamma <carl@x.example>\n"),
        reply(
            carl,
            "no@x",
            "Re: hello",
            "Acked-by: Carl Gamma <carl@x.example>\n-- \nAcked-by: no signature <a@x.example>\n",
        ),
    ]
}

#[test]
fn what_is_not_taken_says_why() {
    insta::assert_snapshot!(shown(faulty()), @r"
    - Reviewed-by: Carl Gamma <carl@x.example> ✓ DKIM/x.example
      from Carl Gamma <carl@x.example> <r87@x>: `✓ DKIM/x.example` stands behind the address
    - Reviewed-by Carl Gamma <carl@x.example>
      from Carl Gamma <carl@x.example> <r157@x>: there is no colon after Reviewed-by
    - Rewieved-by: Carl Gamma <carl@x.example>
      from Carl Gamma <carl@x.example> <r157@x>: it is written Reviewed-by:
    - Acked-by: Carl Gamma
      from Carl Gamma <carl@x.example> <r157@x>: there is no <address> in it
    - Tested-by: <carl@x.example>
      from Carl Gamma <carl@x.example> <r157@x>: there is no name in it
    - Tested-by: Carl? Gamma <carl@x.example>
      from Carl Gamma <carl@x.example> <r123@x>: there are hidden characters in it
    - Tested-by: Carl Gamma <carl at x>
      from Carl Gamma <carl@x.example> <r123@x>: <carl at x> is no address
    - Acked-by: Carl <a@b
      from Carl Gamma <carl@x.example> <r123@x>: its <address> has no end
    - Reviewed-by: Emil Eta <emil@y.example>
      from Carl Gamma <carl@x.example> <r109@x>: it names somebody else than who sent it
    - Signed-off-by: Carl Gamma <carl@x.example>
      from Carl Gamma <carl@x.example> <r109@x>: a sign-off comes with a patch, not with an answer to it
    - Acked-by: Carl Gamma <carl@x.example>
      from Carl Gamma <carl@x.example> <r65@x>: it was given to v1, of which this patch has changed
    - Acked-by: Carl Gamma <carl@x.example>
      from Carl Gamma <carl@x.example> <r106@x>: the mail answers no patch of the series
    - Reviewed-by: Emil Eta <emil@x.example>
      from Carl Gamma <carl@x.example> <r120@x>: it is quoted, and stands nowhere by itself
    ");
}

#[test]
fn commits_and_links_are_taken_too_and_what_is_offered_is_not() {
    let (carl, bot) = ("Carl Gamma <carl@x.example>", "bot <bot@x.example>");
    let fixes = "Fixes: 0123456789abcdef (\"cxl: It is\nbroken\")\n";
    let mails = vec![
        reply(
            carl,
            "1@x",
            RE,
            &format!(
                "It needs\n\n{fixes}Closes:\nhttps://x.example/1\nlink: https://x.example/2 [1] # why\n"
            ),
        ),
        reply(carl, "1@x", RE, "Fixes: 0123456789ab (\"cxl: It is broken\")\nCc: stable@x.example # 6.12+\n"),
        reply(carl, "1@x", RE, "Fixes: what I said\nLink: below\nCloses: https://x.example/3 and more\n"),
        reply(carl, "c2@x", "Re: [PATCH v2 0/2] cxl: Things", "Fixes: 0123456789ab (\"cxl: It\")\n"),
        reply(
            bot,
            "2@x",
            "Re: [PATCH v2 2/2] cxl: Number 2",
            "kindly add\n| Reported-by: bot <bot@x.example>\n| Closes: https://x.example/4\n| a | table |\n",
        ),
    ];
    insta::assert_snapshot!(shown(mails), @r#"
    1 Fixes: 0123456789abcdef ("cxl: It is broken")
    1 Closes: https://x.example/1
    1 Link: https://x.example/2 [1] # why
    - Cc: stable@x.example # 6.12+
      from Carl Gamma <carl@x.example> <r98@x>: it names somebody else than who sent it
    - Fixes: what I said
      from Carl Gamma <carl@x.example> <r95@x>: it is not like Fixes: 0123456789ab ("subject of that commit")
    - Link: below
      from Carl Gamma <carl@x.example> <r95@x>: there is no link in it
    - Closes: https://x.example/3 and more
      from Carl Gamma <carl@x.example> <r95@x>: `and more` stands behind the link
    - Fixes: 0123456789ab ("cxl: It")
      from Carl Gamma <carl@x.example> <r59@x>: it was given to the cover letter: which patch it is of has to be said
    - Reported-by: bot <bot@x.example>
      from bot <bot@x.example> <r109@x>: it is offered for a fix of its own, not given to this patch
    - Closes: https://x.example/4
      from bot <bot@x.example> <r109@x>: it is offered for a fix of its own, not given to this patch
    "#);
}

#[test]
fn an_older_version_counts_where_the_patch_is_the_same() {
    let old = |id: &str| {
        let text = "From: Anna Beta <anna@x.example>\nMessage-ID: <old@x>\nSubject: [PATCH 1/1] cxl: Was called else\n\nWhy.\n---\ndiff --git a/a b/a\n";
        (Message::parse(text.as_bytes()).expect("a mail"), id.to_owned())
    };
    let tagged =
        || reply("Carl Gamma <carl@x.example>", "old@x", "Re: x", "Acked-by: Carl Gamma <carl@x.example>\n");
    insta::assert_snapshot!(shown(vec![old("two"), tagged()]), @"2 Acked-by: Carl Gamma <carl@x.example>");
    insta::assert_snapshot!(shown(vec![old("other"), tagged()]), @r"
    - Acked-by: Carl Gamma <carl@x.example>
      from Carl Gamma <carl@x.example> <r65@x>: it was given to v1, of which this patch has changed
    ");
}

fn tag(text: &str) -> Tag {
    read(text).expect("a tag").expect("a good one")
}

#[test]
fn tags_stand_in_the_kernels_order_and_nothing_else_changes() {
    let file = "From 0 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\nA start:\n\nReviewed-by: is prose here, and not alone.\n\nFixes: 0123456789ab (\"x\")\nSigned-off-by: A <a@x.example>\nCc: b@x.example\n  # 6.12\n---\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n";
    let tags =
        ["Acked-by: C <c@x.example>", "Reported-by: D <d@x.example>", "Reviewed-by: E \u{c9} <e@x.example>"]
            .map(tag);
    let new = String::from_utf8(insert(file.as_bytes(), &tags).expect("plain")).expect("text");
    insta::assert_snapshot!(new, @r#"
    From 0 Mon Sep 17 00:00:00 2001
    Subject: [PATCH] x

    A start:

    Reviewed-by: is prose here, and not alone.

    Fixes: 0123456789ab ("x")
    Reported-by: D <d@x.example>
    Signed-off-by: A <a@x.example>
    Reviewed-by: E É <e@x.example>
    Acked-by: C <c@x.example>
    Cc: b@x.example
      # 6.12
    ---
    diff --git a/a b/a
    --- a/a
    +++ b/a
    @@ -1 +1 @@
    -a
    +b
    "#);
    let bare = "Subject: x\n\nWhy.\n---\nx\n";
    assert_eq!(
        insert(bare.as_bytes(), &[tag("Acked-by: C <c@x.example>")]).expect("plain"),
        b"Subject: x\n\nWhy.\n\nAcked-by: C <c@x.example>\n---\nx\n"
    );
    let quoted = tag("Acked-by: \" \"C D\" \" <c@x.example>");
    assert_eq!(
        (quoted.who().map(|who| who.name.as_str()), tag(&quoted.to_string())),
        (Some("C D"), quoted.clone())
    );
    let acked = [tag("Acked-by: C <c@x.example>")];
    let cut = |text: &str| String::from_utf8(insert(text.as_bytes(), &acked).expect("plain")).expect("text");
    assert_eq!(cut("Subject: x\n\nWhy.  "), "Subject: x\n\nWhy.  \n\nAcked-by: C <c@x.example>\n");
    assert_eq!(cut("Subject: x\n\nFixes: 1 "), "Subject: x\n\nFixes: 1 \nAcked-by: C <c@x.example>\n");
    let encoded = "Subject: x\nContent-Transfer-Encoding: base64\n\nV2h5\n";
    assert!(insert(encoded.as_bytes(), &tags).expect_err("encoded").contains("series import"));
}

proptest! {
    #[test]
    fn any_line_is_read_or_not(line in "(Reviewed|Tested|X|Cc|Fixes: 0123456789ab \\(\"|Link: https://)?[ -]?(by)?:?.{0,20}<?.{0,8}@?.{0,8}>?.{0,4}") {
        if let Some(Ok(tag)) = read(&line) {
            prop_assert_eq!(read(&tag.to_string()), Some(Ok(tag)));
        }
    }

    #[test]
    fn only_lines_are_added(message in "(.{0,10}\n|Acked-by: a <a@x>\n|\n){0,8}", diff in "(---\n.{0,10}\n)?") {
        let file = format!("Subject: x\n\n{message}{diff}");
        let tags = ["Acked-by: C <c@x.example>", "Reported-by: D <d@x.example>"].map(tag);
        let new = String::from_utf8(insert(file.as_bytes(), &tags).expect("plain")).expect("text");
        let mut rest = new.as_str();
        for line in file.split_inclusive('\n') {
            let at = rest.find(line);
            prop_assert!(at.is_some(), "{line:?} is gone from {new:?}");
            rest = &rest[at.unwrap_or_default() + line.len()..];
        }
        for tag in &tags {
            prop_assert!(new.lines().any(|line| line == tag.to_string()));
        }
    }
}
