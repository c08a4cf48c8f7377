//! Which tags of a thread go onto which patches, and which are refused. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::tag::same_name;
use super::{Tag, block, read};
use crate::series::mail::{Mailbox, Message, Subject};

/// A series with a thread about it. Ids of patches are those of `git patch-id --stable`, and empty where there is none.
#[derive(Debug)]
pub struct Thread<'a> {
    /// The version of the series.
    pub version: u32,
    /// Its patches, with their ids.
    pub patches: &'a [(Message, String)],
    /// All mails, with the ids of those that are patches.
    pub mails: &'a [(Message, String)],
    /// Take a tag also from somebody else than it names.
    pub sloppy: bool,
}

/// A tag for a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Which patch, from 0.
    pub patch: usize,
    /// The tag.
    pub tag: Tag,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// What is new, in the order of the thread.
    pub given: Vec<Given>,
    /// What is not taken.
    pub refused: Vec<Refused>,
}

/// A tag that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Who sent it.
    pub from: String,
    /// In which mail.
    pub mail: String,
    /// The line as it stands there.
    pub line: String,
    /// The reason for which it is refused.
    #[serde(flatten)]
    pub why: Why,
}

/// Why a tag is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", content = "what", rename_all = "kebab-case")]
pub enum Why {
    /// It is not written as a tag is.
    Malformed(String),
    /// It is quoted from somebody else, and stands nowhere unquoted.
    Quoted,
    /// It names somebody else than who sent it.
    OtherSender,
    /// A sign-off comes with the patch, not with an answer.
    SignOff,
    /// It was given to a patch of another version, which has changed since.
    OtherVersion(u32),
    /// The mail answers none of the patches.
    NoPatch,
    /// It says of a patch what it cannot say of all of them, and was given to the cover letter.
    Cover,
    /// A robot offers it, in a box, for a patch that mends what it found.
    Offered,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  from {} <{}>: ", self.line, self.from, self.mail)?;
        match &self.why {
            Why::Malformed(what) => f.write_str(what),
            Why::Quoted => f.write_str("it is quoted, and stands nowhere by itself"),
            Why::OtherSender => f.write_str("it names somebody else than who sent it"),
            Why::SignOff => f.write_str("a sign-off comes with a patch, not with an answer to it"),
            Why::OtherVersion(version) => {
                write!(f, "it was given to v{version}, of which this patch has changed")
            }
            Why::Cover => {
                f.write_str("it was given to the cover letter: which patch it is of has to be said")
            }
            Why::Offered => f.write_str("it is offered for a fix of its own, not given to this patch"),
            Why::NoPatch => f.write_str("the mail answers no patch of the series"),
        }
    }
}

/// What a mail stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Patch(usize),
    Cover,
    Other(u32),
}

/// Collects tags from the answers to a series.
pub fn collect(thread: &Thread) -> Collected {
    let targets = targets(thread);
    let mut collected = Collected::default();
    let mut quoted: Vec<(Refused, Tag)> = Vec::new();
    for (mail, _) in thread.mails {
        let Some(sender) = mail.sender() else { continue };
        let id = mail.message_id().unwrap_or_default();
        let is_posting = targets.contains_key(&id) || (!mail.subject().reply && mail.has_diff());
        if is_posting {
            continue;
        }
        let refuse = |line: &str, why| Refused {
            from: sender.to_string(),
            mail: id.clone(),
            line: line.to_owned(),
            why,
        };
        let target = target_of(mail, thread, &targets);
        for line in tag_lines(mail) {
            match line {
                TagLine::Malformed(line, why) => collected.refused.push(refuse(&line, Why::Malformed(why))),
                TagLine::Offered(line) => collected.refused.push(refuse(&line, Why::Offered)),
                TagLine::Quoted(line, tag) => quoted.push((refuse(&line, Why::Quoted), tag)),
                TagLine::Tag(line, tag) => match taken(&tag, &sender, target, thread) {
                    Ok(patches) => give(&mut collected, thread, &patches, &tag),
                    Err(why) => collected.refused.push(refuse(&line, why)),
                },
            }
        }
    }
    let known = |tag: &Tag| {
        let there =
            thread.patches.iter().any(|(patch, _)| block(&patch.message).iter().any(|own| own.is_same(tag)));
        there || collected.given.iter().any(|given| given.tag.is_same(tag))
    };
    let mut seen: Vec<Tag> = Vec::new();
    for (refused, tag) in quoted {
        if !known(&tag) && !seen.iter().any(|other| other.is_same(&tag)) {
            collected.refused.push(refused);
            seen.push(tag);
        }
    }
    collected
}

/// The patches that a tag goes onto, or why onto none.
fn taken(tag: &Tag, sender: &Mailbox, target: Option<Target>, thread: &Thread) -> Result<Vec<usize>, Why> {
    if tag.name == "Signed-off-by" || tag.name == "Co-developed-by" {
        return Err(Why::SignOff);
    }
    let is_sender = |who: &Mailbox| {
        who.address.eq_ignore_ascii_case(&sender.address) || same_name(&who.name, &sender.name)
    };
    if !thread.sloppy && !tag.who().is_none_or(is_sender) {
        return Err(Why::OtherSender);
    }
    match target {
        Some(Target::Cover) if tag.who().is_none() => Err(Why::Cover),
        None => Err(Why::NoPatch),
        Some(Target::Patch(patch)) => Ok(vec![patch]),
        Some(Target::Cover) => Ok((0..thread.patches.len()).collect()),
        Some(Target::Other(version)) => Err(Why::OtherVersion(version)),
    }
}

fn give(collected: &mut Collected, thread: &Thread, patches: &[usize], tag: &Tag) {
    for patch in patches {
        let own = block(&thread.patches[*patch].0.message);
        let given = collected.given.iter().filter(|given| given.patch == *patch).map(|given| &given.tag);
        if !own.iter().chain(given).any(|other| other.is_same(tag)) {
            collected.given.push(Given { patch: *patch, tag: tag.clone() });
        }
    }
}

/// What the mails of the thread that are patches or cover letters stand for, by their ids.
fn targets(thread: &Thread) -> BTreeMap<String, Target> {
    let mut targets = BTreeMap::new();
    for (mail, id) in thread.mails {
        let subject = mail.subject();
        let (Some(message_id), false) = (mail.message_id(), subject.reply) else { continue };
        let this_version = subject.version() == thread.version;
        let is_cover = subject.is_patch && subject.counter.is_some_and(|(number, _)| number == 0);
        if is_cover {
            targets.insert(
                message_id,
                if this_version { Target::Cover } else { Target::Other(subject.version()) },
            );
        } else if mail.has_diff() {
            let same = thread.patches.iter().position(|(_, own)| !id.is_empty() && own == id);
            let titled = || {
                thread
                    .patches
                    .iter()
                    .position(|(own, _)| this_version && own.subject().title == subject.title)
            };
            let target = same.or_else(titled).map_or(Target::Other(subject.version()), Target::Patch);
            targets.insert(message_id, target);
        }
    }
    for (number, (patch, _)) in thread.patches.iter().enumerate() {
        if let Some(id) = patch.message_id() {
            targets.insert(id, Target::Patch(number));
        }
    }
    targets
}

/// What a mail answers: up the thread to the first posting, else by its subject.
fn target_of(mail: &Message, thread: &Thread, targets: &BTreeMap<String, Target>) -> Option<Target> {
    let by_id: BTreeMap<String, &Message> =
        thread.mails.iter().filter_map(|(mail, _)| Some((mail.message_id()?, mail))).collect();
    let mut open = mail.answers();
    let mut seen = BTreeSet::new();
    while !open.is_empty() {
        let id = open.remove(0);
        if let Some(target) = targets.get(&id) {
            return Some(*target);
        }
        if seen.insert(id.clone()) {
            // The way up from this one goes before what else the mail refers to.
            let further = by_id.get(&id).map(|mail| mail.answers()).unwrap_or_default();
            open.splice(0..0, further);
        }
    }
    let subject: Subject = mail.subject();
    if !subject.is_patch {
        return None;
    }
    if subject.version() != thread.version {
        return Some(Target::Other(subject.version()));
    }
    if subject.counter.is_some_and(|(number, _)| number == 0) {
        return Some(Target::Cover);
    }
    thread.patches.iter().position(|(own, _)| own.subject().title == subject.title).map(Target::Patch)
}

enum TagLine {
    Tag(String, Tag),
    Quoted(String, Tag),
    Malformed(String, String),
    Offered(String),
}

/// The tags in what somebody wrote: not in the diff that he may have added, nor in his signature.
fn tag_lines(mail: &Message) -> Vec<TagLine> {
    let text = mail.text();
    let lines: Vec<&str> =
        text.lines().take_while(|line| !line.starts_with("diff --git ") && *line != "-- ").collect();
    let mut all = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        if bare.starts_with('>') {
            let inner = bare.trim_start_matches(['>', ' ', '\t']);
            if let Some(Ok(tag)) = read(inner).filter(|tag| tag.as_ref().is_ok_and(is_review)) {
                all.push(TagLine::Quoted(inner.trim_end().to_owned(), tag));
            }
            continue;
        }
        if bare.starts_with('|') {
            let inner = bare.trim_start_matches(['|', ' ', '\t']).trim_end();
            if read(inner).is_some_and(|tag| tag.is_ok()) {
                all.push(TagLine::Offered(inner.to_owned()));
            }
            continue;
        }
        let next = lines.get(number + 1).map(|next| next.trim()).filter(|next| goes_on(line, next));
        let joined = next.map_or_else(|| (*line).to_owned(), |next| format!("{} {next}", line.trim_end()));
        match read(&joined) {
            Some(Ok(tag)) => all.push(TagLine::Tag(joined.trim().to_owned(), tag)),
            Some(Err(why)) => all.push(TagLine::Malformed(joined.trim().to_owned(), why)),
            None => {}
        }
    }
    all
}

/// Whether a mailer has put the end of a tag onto a line of its own: an address, the subject of a commit, a link.
fn goes_on(line: &str, next: &str) -> bool {
    let begins =
        |name: &str| line.trim_start().get(..name.len()).is_some_and(|s| s.eq_ignore_ascii_case(name));
    let line_end = line.trim_end();
    let address = next.starts_with('<') && next.contains('>') && !line.contains('<');
    let commit = begins("Fixes:") && !line_end.ends_with("\")") && next.ends_with("\")");
    let link = (begins("Closes:") || begins("Link:")) && line_end.ends_with(':') && next.starts_with("http");
    address || commit || link
}

/// Whether a tag is worth a word where it is only quoted.
fn is_review(tag: &Tag) -> bool {
    ["Reviewed-by", "Tested-by", "Acked-by", "Reported-by", "Fixes", "Closes"].contains(&tag.name.as_str())
}
