use proptest::prelude::*;

use host::Process;

use super::mbox::split;
use super::*;

const DIFF: &str = "---\n drivers/cxl/a.c | 3 ++-\n 1 file changed, 2 insertions(+), 1 deletion(-)\n\ndiff --git a/drivers/cxl/a.c b/drivers/cxl/a.c\nindex 1111111..2222222 100644\n--- a/drivers/cxl/a.c\n+++ b/drivers/cxl/a.c\n@@ -1,3 +1,4 @@ int a(void)\n \tone\n-\ttwo\n+\tzwei = 2;\n+\tdrei\n \tfour\n";
const MESSAGE: &str =
    "The café's decoder is naïve. Make it less so.\n\nSigned-off-by: Jérôme Ä <j@x.example>\n";

fn mail(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "From j@x.example Tue Nov 24 10:00:00 2026\nReceived: by a.example\nMessage-ID: <1@x.example>\nFrom: =?UTF-8?q?J=C3=A9r=C3=B4me_=C3=84?= <j@x.example>\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nSubject: [PATCH v2 3/9] cxl/mem: Make the\n decoder less =?iso-8859-1?Q?na=EFve?=\n{headers}\n"
    );
    [head.as_bytes(), body].concat()
}

fn body() -> String {
    format!("{MESSAGE}{DIFF}")
}

fn quoted_printable(text: &[u8]) -> String {
    let mut out = String::new();
    let mut column = 0;
    for byte in text {
        let code = match byte {
            b'\n' => "\n".to_owned(),
            b'a'..=b'z' => char::from(*byte).to_string(),
            byte => format!("={byte:02X}"),
        };
        column = if code == "\n" { 0 } else { column + code.len() };
        if column > 70 {
            out.push_str("=\n");
            column = code.len();
        }
        out.push_str(&code);
    }
    out
}

fn base64(text: &[u8]) -> Vec<u8> {
    Process::new("base64", ["-w76"]).stdin(text).run().expect("base64 is there").stdout
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect()
}

/// What `git am` would see: what `git mailinfo` says, the message, the patch.
fn by_git(mail: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let (mbox, parts) = (dir.path().join("mbox"), dir.path().join("parts"));
    std::fs::write(&mbox, mail).expect("written");
    std::fs::create_dir(&parts).expect("made");
    let keep = if mail.windows(2).any(|pair| pair == b"\r\n") { "-b" } else { "--keep-cr" };
    let out = format!("-o{}", parts.display());
    Process::new("git", ["mailsplit", keep, &out, "--"]).arg(&mbox).run().expect("git mailsplit");
    let process = Process::new("git", ["-c", "mailinfo.quotedCr=strip", "mailinfo", "-k"])
        .dir(dir.path())
        .stdin_file(parts.join("0001"));
    let info = process.arg("msg").arg("patch").run().expect("git mailinfo").text();
    let read =
        |name| String::from_utf8_lossy(&std::fs::read(dir.path().join(name)).expect("there")).into_owned();
    format!("{info}\n=\n{}=\n{}", read("msg"), read("patch"))
}

/// The mail comes out as git sees it, is the same when it is read again, and keeps its id.
fn holds(what: &str, mail: &[u8]) -> Message {
    let mails = split(mail);
    assert_eq!(mails.len(), 1, "{what}");
    let message = Message::parse(&mails[0]).unwrap_or_else(|error| panic!("{what}: {error}"));
    let rendered = message.render();
    // What separates the parts of a mail belongs to neither; git leaves it in.
    let parts = |text: String| if what == "two parts" { text.replace("\n\n", "\n") } else { text };
    let parts = |text: String| parts(parts(text)).trim_end().to_owned();
    assert_eq!(parts(by_git(&rendered)), parts(by_git(mail)), "{what}");
    let again = Message::parse(&split(&rendered)[0]).expect("what was written is read");
    assert_eq!(again.render(), rendered, "{what}");
    message
}

#[test]
fn every_encoding_comes_out_as_git_has_it() {
    let body = body();
    let utf8 = "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ";
    let plain = holds("8 bit", &mail(&format!("{utf8}8bit\n"), body.as_bytes()));
    let id = patch_ids(&[&plain]).expect("git is there");
    assert_eq!(id[0].len(), 40);
    assert_eq!(
        plain.header("Subject").expect("a subject"),
        "[PATCH v2 3/9] cxl/mem: Make the decoder less naïve"
    );
    assert_eq!(plain.author().expect("an author").to_string(), "Jérôme Ä <j@x.example>");

    let latin =
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: ";
    let two = b"--b\nContent-Type: text/plain; charset=utf-8\n\n".to_vec();
    let two = [
        two,
        MESSAGE.as_bytes().to_vec(),
        b"\n--b\nContent-Type: text/x-patch\nContent-Disposition: attachment\n\n".to_vec(),
        DIFF.as_bytes().to_vec(),
        b"\n--b--\n".to_vec(),
    ]
    .concat();
    let all: Vec<(&str, Vec<u8>)> = vec![
        ("undeclared", mail("", body.as_bytes())),
        (
            "quoted-printable",
            mail(&format!("{utf8}quoted-printable\n"), quoted_printable(body.as_bytes()).as_bytes()),
        ),
        ("base64", mail(&format!("{utf8}base64\n"), &base64(body.as_bytes()))),
        (
            "base64 with returns",
            mail(&format!("{utf8}base64\n"), &base64(body.replace('\n', "\r\n").as_bytes())),
        ),
        ("Latin-1", mail(&format!("{latin}8bit\n"), &latin1(&body))),
        (
            "Latin-1, quoted",
            mail(&format!("{latin}quoted-printable\n"), quoted_printable(&latin1(&body)).as_bytes()),
        ),
        ("two parts", mail("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", &two)),
    ];
    for (what, bytes) in all {
        let message = holds(what, &bytes);
        assert!(message.message.starts_with("The café's decoder is naïve."), "{what}: {}", message.message);
        assert_eq!(patch_ids(&[&message]).expect("git is there"), id, "{what}");
        let returned = split(&bytes.clone()).concat();
        let crlf = String::from_utf8_lossy(&returned).replace('\n', "\r\n");
        if returned.is_ascii() {
            let message = Message::parse(&split(crlf.as_bytes())[0]).expect("a mail with returns");
            assert_eq!(patch_ids(&[&message]).expect("git is there"), id, "{what}, with returns");
        }
    }
}

#[test]
fn flowed_text_is_put_together_as_git_does() {
    let body = body().replace("less so.", "less \nso.").replace("\n ", "\n  ").replace("\n-", "\n -");
    let flowed = mail("Content-Type: text/plain; charset=utf-8; format=flowed\n", body.as_bytes());
    let message = holds("flowed", &flowed);
    assert!(message.flowed && message.message.contains("Make it less so.\n"), "{}", message.message);
}

#[test]
fn a_diff_keeps_its_character_set_and_its_returns() {
    let diff = DIFF.replace("zwei", "caf\u{e9}").replace("drei\n", "drei\r\n");
    let body = [MESSAGE.as_bytes(), &latin1(&diff)].concat();
    let message = holds("a Latin-1 source file", &mail("Content-Type: text/plain; charset=utf-8\n", &body));
    assert!(message.rest.windows(5).any(|window| window == b"caf\xe9 "));
    assert!(message.rest.windows(6).any(|window| window == b"drei\r\n"));
}

#[test]
fn a_character_set_that_eats_line_ends_does_not_hide_the_patch() {
    let body = [b"\xfe\xffodd\n".as_slice(), &latin1(&DIFF.replace("zwei", "caf\u{e9}"))].concat();
    let odd = Message::parse(&split(&mail("Content-Type: text/plain; charset=utf-16\n", &body))[0])
        .expect("a mail");
    assert!(odd.has_diff() && odd.message.ends_with('\n'), "{:?}", odd.message);
    let again = Message::parse(&odd.render()).expect("what was written is read");
    assert_eq!(again.render(), odd.render());
}

#[test]
fn an_mbox_is_split_where_mails_begin() {
    let one = mail(
        "",
        format!("A start.\n>From here on.\n>>From there.\nFrom nowhere at 12:30 it came.\n{DIFF}").as_bytes(),
    );
    let mails = split(&[one.clone(), b"\n".to_vec(), one.clone()].concat());
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0], mails[1]);
    let message = Message::parse(&mails[0]).expect("a mail");
    assert_eq!(message.message, "A start.\nFrom here on.\n>From there.\nFrom nowhere at 12:30 it came.\n");

    // What git format-patch writes is not quoted, and comes out as it went in.
    let file = format!(
        "From {} Mon Sep 17 00:00:00 2001\nFrom: A <a@x.example>\nSubject: [PATCH 1/2] x\nX-Own: kept\n\n>From here on.\n{DIFF}-- \n2.47.3\n\n",
        "ab".repeat(20)
    );
    let mails = split(format!("{file}{file}").as_bytes());
    assert_eq!(mails, [file.as_bytes(), file.as_bytes()]);
    assert_eq!(Message::parse(&mails[0]).expect("a patch").render(), file.as_bytes());
}

#[test]
fn subjects() {
    let all = [
        "[PATCH v2 3/9] cxl/mem: Attach",
        "[RFC PATCH net-next v10 01/12] net: x",
        "Re: [PATCH 1/2] Re: not a reply",
        "AW: Re: [PATCHv3,2/4] x",
        "[linux-cxl] [PATCH RESEND] cxl: [core] x",
        "[core] no patch",
        "[PATCH v2 99999/9] too much",
        "",
    ];
    let shown: Vec<String> = all
        .iter()
        .map(|text| {
            let s = Subject::parse(text);
            format!(
                "{}{} v{} {:?} {:?} | {}",
                if s.reply { "re " } else { "" },
                s.is_patch,
                s.version(),
                s.counter,
                s.words,
                s.title
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    true v2 Some((3, 9)) ["PATCH"] | cxl/mem: Attach
    true v10 Some((1, 12)) ["RFC", "PATCH", "net-next"] | net: x
    re true v1 Some((1, 2)) ["PATCH"] | not a reply
    re true v3 Some((2, 4)) ["PATCH"] | x
    true v1 None ["PATCH", "RESEND"] | cxl: [core] x
    false v1 None [] | [core] no patch
    true v2 None ["PATCH", "99999/9"] | too much
    false v1 None [] |
    "#);
    let subject = Subject::parse(all[1]);
    assert_eq!(subject.tag(2, Some((3, 10))), "[RFC PATCH net-next v2 03/10]");
}

/// Subjects as git, patchwork, b4, and people write them.
const SUBJECTS: [&str; 26] = [
    "[PATCH v2 3/9] cxl/mem: Attach",
    "[RFC v2 1/2] cxl: Attach",
    "[RFC] cxl: Attach",
    "[RFC][PATCH] cxl: Attach",
    "[PATCH v2][1/2] cxl: Attach",
    "[PATCH][v2][1/2]: cxl: Attach",
    "[PATCH]: cxl: Attach",
    "[PATCH 1/2]:cxl: Attach",
    "[v4,1/2] cxl: Attach",
    "[RFC,v2,3/5] cxl: Attach",
    "[v2] cxl: Attach",
    "[net-next,v3,1/2] cxl: Attach",
    "[1/2] cxl: Attach",
    "[2/2,net-next] cxl: Attach",
    "[RESEND] cxl: Attach",
    "[RESEND,v3] cxl: Attach",
    "[PATCH RESEND v2 1/2] cxl: Attach",
    "[RESEND PATCH 1/2] cxl: Attach",
    "[PATCHv3,2/4] cxl: Attach",
    "[PATCH-v2 1/2] cxl: Attach",
    "[patch 01/10] cxl: Attach",
    "[PATCH] [cxl] Attach",
    "[linux-cxl] [PATCH 1/2] cxl: Attach",
    "[PATCH 1/2] Re: cxl: Attach",
    "[PATCH 6.12.y 1/2] cxl: Attach",
    "[PATCH ndctl v3 1/2] cxl: Attach [again]",
];

#[test]
fn titles_are_those_of_git() {
    for subject in SUBJECTS {
        let mail = format!("From: A <a@x.example>\nSubject: {subject}\n\nWhy.\n{DIFF}");
        let dir = tempfile::tempdir().expect("a folder");
        let process = Process::new("git", ["mailinfo", "msg", "patch"]).dir(dir.path()).stdin(mail.clone());
        let info = process.run().expect("git mailinfo").text();
        let theirs = info.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject");
        let parsed = Subject::parse(subject);
        assert_eq!((parsed.title.as_str(), parsed.is_patch), (theirs, true), "{subject}");
        // And with another tag in front, all of the old ones are gone.
        let mut message = Message::parse(mail.as_bytes()).expect("a mail");
        message.set_subject("[PATCH v9 1/2]");
        let again = message.subject();
        assert_eq!(
            (again.title.as_str(), again.version(), again.counter),
            (theirs, 9, Some((1, 2))),
            "{subject}"
        );
    }
}

#[test]
fn brackets_say_version_and_place() {
    let of = |text: &str| {
        let subject = Subject::parse(text);
        (subject.version(), subject.counter)
    };
    assert_eq!(of("[RFC v2 1/2] x"), (2, Some((1, 2))));
    assert_eq!(of("[v4,1/2] x"), (4, Some((1, 2))));
    assert_eq!(of("[PATCH v2][1/2] x"), (2, Some((1, 2))));
    assert_eq!(of("[RFC,v2,3/5] x"), (2, Some((3, 5))));
    assert_eq!(of("[PATCH-v2 1/2] x"), (2, Some((1, 2))));
    for none in [
        "[core] x",
        "[v6.12 regression] x",
        "[Bug 218] x",
        "[linux-cxl] x",
        "[GIT PULL] cxl for 7.3",
        "x [PATCH]",
    ] {
        assert!(!Subject::parse(none).is_patch, "{none}");
    }
    assert!(Subject::parse("[PULL v2 3/9] x").is_pull && !Subject::parse("[PULL v2 3/9] x").is_patch);
}

#[test]
fn a_last_context_line_that_lost_its_blank_stays() {
    let diff = "---\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,4 +1,4 @@\n one\n\n-old\n+new\n\n";
    let parts = format!("--b\nContent-Type: text/plain\n\nWhy.\n{diff}--b--\n");
    let head = "From a@z Thu Jan  1 00:00:00 1970\nFrom: A <a@x.example>\nSubject: [PATCH] x\n";
    let mails = [
        ("alone", format!("{head}\nWhy.\n{diff}")),
        ("with one behind it", format!("{head}\nWhy.\n{diff}{head}\nWhy.\n{DIFF}\n")),
        (
            "in a part",
            format!("{head}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n{parts}"),
        ),
        ("in base64", {
            let text = String::from_utf8(base64(format!("Why.\n{diff}").as_bytes())).expect("text");
            format!(
                "{head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{text}"
            )
        }),
    ];
    for (what, mail) in mails {
        let message = Message::parse(&split(mail.as_bytes())[0]).expect("a mail");
        assert_eq!(refusal(&message).expect("git is there"), None, "{what}: {}", message.text());
        assert!(message.rest.ends_with(b"+new\n\n"), "{what}: {}", message.text());
    }
    // One that is whole does not get a line more.
    let whole = diff.replace("-1,4 +1,4", "-1,3 +1,3");
    let message = Message::parse(&split(format!("{head}\nWhy.\n{whole}").as_bytes())[0]).expect("a mail");
    assert!(message.rest.ends_with(b"+new\n"), "{}", message.text());
}

#[test]
fn a_diff_without_prefixes_is_refused() {
    let mail = format!(
        "Subject: [PATCH] x\n\nWhy.\n{}",
        DIFF.replace("a/drivers", "drivers").replace("b/drivers", "drivers")
    );
    let message = Message::parse(mail.as_bytes()).expect("a mail");
    assert_eq!(
        refusal(&message).expect("git is there"),
        Some(Refusal::WithoutPrefix("drivers/cxl/a.c".to_owned()))
    );
}

#[test]
fn file_names_are_those_of_git() {
    let title = "../cxl/port: Do not  detach a memdev.. (for \"an\") endpoint of the past...";
    let dir = tempfile::tempdir().expect("a folder");
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=A", "-c", "user.email=a@x.example", "-c", "init.defaultBranch=m"];
        Process::new("git", who.iter().chain(args)).dir(dir.path()).run().expect("git").text()
    };
    git(&["init", "-q"]);
    git(&["commit", "-q", "--allow-empty", "-m", title]);
    std::fs::write(dir.path().join("x"), "x\n").expect("written");
    git(&["add", "x"]);
    git(&["commit", "-q", "-m", title]);
    assert_eq!(git(&["format-patch", "-1"]), format!("0001-{}.patch", slug(title)));
}

proptest! {
    #[test]
    fn no_name_leaves_its_folder(title in any::<String>()) {
        let slug = slug(&title);
        prop_assert!(slug.len() <= 52 && !slug.contains(".."));
        prop_assert!(slug.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
    }

    #[test]
    fn any_mail_is_read_or_refused_and_what_is_written_is_read_again(
        head in "(Content-Type: (text/plain|multipart/mixed); (charset=(utf-8|latin1|x)|boundary=b|format=flowed)\n)?(Content-Transfer-Encoding: (8bit|base64|quoted-printable)\n)?(Subject: .{0,20}\n)?",
        text in "(.|\n|=|--b\n|---\n|diff -\n){0,60}",
    ) {
        for mail in split(format!("{head}\n{text}").as_bytes()) {
            if let Ok(message) = Message::parse(&mail) {
                let _ = (message.subject(), message.author(), message.answers(), message.fields("base-commit"));
                let rendered = message.render();
                let again = Message::parse(&rendered).expect("what was written is read");
                prop_assert_eq!(again.render(), rendered);
            }
        }
    }
}
