//! The sign-off of who sends a series.
//!
//! A `Signed-off-by:` is a certificate (Documentation/process/submitting-patches.rst, the developer's certificate of origin), which
//! only a person gives. A project that has none of its own signs with an address that takes no mail; whoever sends its patches
//! puts a name in that place, and is their author by then. What persons have signed stays, and the sender's comes behind it, as
//! for any patch that is passed on.

use crate::series::mail::{Mailbox, Message, start_of_patch};
use crate::series::trailers::{Tag, What, block, read};

const SIGNED: &str = "Signed-off-by";

/// Whether nobody reads what is sent there, so that no person is behind it.
pub fn is_nobody(address: &str) -> bool {
    address.split(['@', '.', '+']).any(|part| {
        let bare: String = part.chars().filter(|c| !matches!(c, '-' | '_')).collect();
        bare.eq_ignore_ascii_case("noreply") || bare.eq_ignore_ascii_case("donotreply")
    })
}

/// Makes the sender the author of what nobody has written.
pub(super) fn author(mail: &mut Message, sender: &Mailbox) {
    if mail.author().is_none_or(|author| is_nobody(&author.address)) {
        mail.set_header("From", &sender.to_string());
    }
}

/// Signs a patch off as its sender, once; at the end, as git does, unless there is a place to take.
pub(super) fn sign_off(patch: &mut Message, sender: &Mailbox) {
    author(patch, sender);
    let own = Tag { name: SIGNED.to_owned(), what: What::Who(sender.clone()), note: None };
    let end = start_of_patch(patch.message.as_bytes());
    let (message, rest) = patch.message.split_at(end);
    let signed = |line: &str| match read(line) {
        Some(Ok(tag)) if tag.name == SIGNED => tag.who().cloned(),
        _ => None,
    };
    let mut is_signed = message.lines().filter_map(signed).any(|who| who.address == sender.address);
    let mut text = String::new();
    for line in message.split_inclusive('\n') {
        match signed(line) {
            Some(who) if is_nobody(&who.address) && is_signed => {}
            Some(who) if is_nobody(&who.address) => {
                text.push_str(&format!("{own}\n"));
                is_signed = true;
            }
            _ => text.push_str(line),
        }
    }
    if !is_signed {
        let gap = if block(&text).is_empty() { "\n" } else { "" };
        text = format!("{}\n{gap}{own}\n", text.trim_end());
    }
    patch.message = text + rest;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(from: &str, trailers: &str) -> String {
        let text = format!(
            "From: {from}\nSubject: [PATCH] x: y\n\nWhy.\n\n{trailers}---\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+Signed-off-by: A file <noreply@x.example>\n"
        );
        let mut patch = Message::parse(text.as_bytes()).expect("a mail");
        let sender = Mailbox { name: "Sent By".into(), address: "sent@by.example".into() };
        sign_off(&mut patch, &sender);
        let file = String::from_utf8(patch.render()).expect("text");
        let (head, diff) = file.split_once("---\n").expect("a diff");
        assert!(diff.ends_with("+Signed-off-by: A file <noreply@x.example>\n"), "{diff}");
        head.lines()
            .filter(|line| line.starts_with("From: ") || line.contains("-by:"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn the_sender_signs_in_place_of_nobody_and_behind_persons() {
        let nobody = "The project <maintainers@users.noreply.x.example>";
        insta::assert_snapshot!(signed(nobody, &format!("Signed-off-by: {nobody}\nReviewed-by: R <r@x.example>\n")), @r"
        From: Sent By <sent@by.example>
        Signed-off-by: Sent By <sent@by.example>
        Reviewed-by: R <r@x.example>
        ");
        insta::assert_snapshot!(signed("A <a@x.example>", "Signed-off-by: A <a@x.example>\nReviewed-by: R <r@x.example>\n"), @r"
        From: A <a@x.example>
        Signed-off-by: A <a@x.example>
        Reviewed-by: R <r@x.example>
        Signed-off-by: Sent By <sent@by.example>
        ");
        insta::assert_snapshot!(signed("Sent By <sent@by.example>", &format!("Signed-off-by: Sent By <sent@by.example>\nSigned-off-by: {nobody}\n")), @r"
        From: Sent By <sent@by.example>
        Signed-off-by: Sent By <sent@by.example>
        ");
        insta::assert_snapshot!(signed("A <a@x.example>", ""), @r"
        From: A <a@x.example>
        Signed-off-by: Sent By <sent@by.example>
        ");
    }

    #[test]
    fn an_address_without_a_reader_is_nobodys() {
        let nobody =
            ["noreply@x.example", "a@users.noreply.x.example", "No-Reply@x.example", "x+noreply@y.example"];
        let somebody = ["reply@x.example", "nora@noreplyish.example", "no@reply.example"];
        assert!(nobody.iter().all(|address| is_nobody(address)));
        assert!(!somebody.iter().any(|address| is_nobody(address)));
    }
}
