//! `Reviewed-by: Somebody <somebody@example.org> # with a note`, `Fixes: 0123456789ab ("subject")`, `Link: https://…`.

use std::fmt;

use crate::series::mail::Mailbox;

/// A tag: who did what for a patch, or what it mends and where that was talked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// As the kernel spells it: `Reviewed-by`.
    pub name: String,
    /// Who or what.
    pub what: What,
    /// What stands behind a `#`.
    pub note: Option<String>,
}

/// What stands behind the colon of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Somebody.
    Who(Mailbox),
    /// A commit with its subject, or a link.
    Text(String),
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, what, note } = self;
        match what {
            What::Who(who) if who.name.is_empty() => write!(f, "{name}: {}", who.address)?,
            What::Who(who) => write!(f, "{name}: {who}")?,
            What::Text(text) => write!(f, "{name}: {text}")?,
        }
        note.iter().try_for_each(|note| write!(f, " # {note}"))
    }
}

impl Tag {
    /// Whom it names, where it is one that names somebody.
    pub fn who(&self) -> Option<&Mailbox> {
        match &self.what {
            What::Who(who) => Some(who),
            What::Text(_) => None,
        }
    }

    /// Whether it says the same of the same person, commit or link.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = match (&self.what, &other.what) {
            (What::Who(one), What::Who(other)) => {
                one.address.eq_ignore_ascii_case(&other.address) || same_name(&one.name, &other.name)
            }
            // As many digits of the id as anybody may leave out.
            (What::Text(one), What::Text(other)) if self.name == FIXES => one.get(..12) == other.get(..12),
            (one, other) => one == other,
        };
        self.name == other.name && same
    }
}

/// Tags in the order of the kernel's `Documentation/process/maintainer-tip.rst`, "Ordering of commit tags"; those that it leaves
/// out stand with what they are closest to.
const ORDER: [&[&str]; 11] = [
    &["Fixes"],
    &["Reported-by", "Reported-and-tested-by"],
    &["Closes"],
    &["Originally-by"],
    &["Suggested-by", "Diagnosed-by", "Debugged-by"],
    &["Co-developed-by", "Signed-off-by"],
    &["Tested-by"],
    &["Reviewed-by", "Reviewed-and-tested-by"],
    &["Acked-by"],
    &["Cc"],
    &["Link", "BugLink"],
];

const FIXES: &str = "Fixes";

/// Where a tag of this name stands among the others, from 0; none for one that has no place.
pub fn rank(name: &str) -> Option<usize> {
    ORDER.iter().position(|names| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// Reads a line as a tag: none if it is none, an error if it was meant to be one.
///
/// # Errors
/// What is wrong with it.
pub fn read(line: &str) -> Option<Result<Tag, String>> {
    let text = line.trim();
    let Some((name, value)) = text.split_once(':') else { return without_colon(text).map(Err) };
    let known = ORDER.concat().into_iter().find(|known| known.eq_ignore_ascii_case(name));
    match known {
        Some(FIXES) => return Some(fixes(value.trim())),
        Some(known @ ("Closes" | "Link" | "BugLink")) => return Some(link(known, value.trim())),
        // What else is called so is a header of a mail that was pasted.
        Some("Cc") => return cc(value.trim()).map(Ok),
        _ => {}
    }
    if !is_tag_name(name) {
        return near(name).map(|known| Err(format!("it is written {known}:")));
    }
    let name = name[..1].to_ascii_uppercase() + &name[1..].to_ascii_lowercase();
    if rank(&name).is_none() && near(&name).is_some_and(|known| known != name) {
        return near(&name).map(|known| Err(format!("it is written {known}:")));
    }
    Some(person(&name, value.trim()))
}

fn person(name: &str, value: &str) -> Result<Tag, String> {
    if value.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Err("there are hidden characters in it".to_owned());
    }
    let Some((before, after)) = value.split_once('<') else {
        // Robots report without a name.
        if name == "Reported-by" && is_address(value) {
            let who = Mailbox { name: String::new(), address: value.to_owned() };
            return Ok(Tag { name: name.to_owned(), what: What::Who(who), note: None });
        }
        return Err("there is no <address> in it".to_owned());
    };
    let Some((address, rest)) = after.split_once('>') else {
        return Err("its <address> has no end".to_owned());
    };
    let before = before.trim_matches(|c: char| c == '"' || c.is_whitespace());
    if before.is_empty() {
        return Err("there is no name in it".to_owned());
    }
    if !is_address(address) {
        return Err(format!("<{address}> is no address"));
    }
    let who = Mailbox { name: before.to_owned(), address: address.to_owned() };
    Ok(Tag { name: name.to_owned(), what: What::Who(who), note: note(rest, "address")? })
}

/// What stands behind a `#`, and nothing else.
fn note(rest: &str, behind: &str) -> Result<Option<String>, String> {
    match rest.trim() {
        "" => Ok(None),
        rest => match rest.strip_prefix('#') {
            Some(note) => Ok(Some(note.trim().to_owned())),
            None => Err(format!("`{rest}` stands behind the {behind}")),
        },
    }
}

/// `0123456789ab ("subject")`.
fn fixes(value: &str) -> Result<Tag, String> {
    let well_formed = value.split_once(' ').is_some_and(|(id, subject)| {
        let is_id =
            (12..=40).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_id && subject.len() > 4 && subject.starts_with("(\"") && subject.ends_with("\")")
    });
    if !well_formed || value.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Err("it is not like Fixes: 0123456789ab (\"subject of that commit\")".to_owned());
    }
    Ok(Tag { name: FIXES.to_owned(), what: What::Text(value.to_owned()), note: None })
}

/// `https://… [1]`; the number is how the text refers to it.
fn link(name: &str, value: &str) -> Result<Tag, String> {
    let (link, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let host = ["https://", "http://"].iter().find_map(|scheme| link.strip_prefix(scheme));
    if host.is_none_or(str::is_empty) || value.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Err("there is no link in it".to_owned());
    }
    let rest = rest.trim();
    let number = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let number =
        number.filter(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    let (text, rest) = match number {
        Some((number, rest)) => (format!("{link} [{number}]"), rest),
        None => (link.to_owned(), rest),
    };
    Ok(Tag { name: name.to_owned(), what: What::Text(text), note: note(rest, "link")? })
}

/// `somebody@example.org # 6.12+`, with or without a name.
fn cc(value: &str) -> Option<Tag> {
    if let Ok(tag) = person("Cc", value) {
        return Some(tag);
    }
    let (address, rest) = value.find('#').map_or((value, ""), |at| value.split_at(at));
    let address = address.trim();
    let address = address.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(address);
    let who = is_address(address).then(|| Mailbox { name: String::new(), address: address.to_owned() })?;
    Some(Tag { name: "Cc".to_owned(), what: What::Who(who), note: note(rest, "address").ok()? })
}

/// `Something-by`.
fn is_tag_name(name: &str) -> bool {
    let stem = name.len().checked_sub(3).and_then(|at| name.split_at_checked(at));
    stem.is_some_and(|(stem, by)| {
        by.eq_ignore_ascii_case("-by")
            && !stem.is_empty()
            && stem.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
            && !stem.starts_with('-')
    })
}

/// `Reviewed-by Somebody <…>`.
fn without_colon(text: &str) -> Option<String> {
    let (name, rest) = text.split_once(char::is_whitespace)?;
    let known = ORDER
        .concat()
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name) && known.ends_with("-by"))?;
    rest.contains('@').then(|| format!("there is no colon after {known}"))
}

/// The tag that a misspelt one was meant to be.
fn near(name: &str) -> Option<&'static str> {
    let name = name.trim().replace([' ', '_'], "-");
    if !(6..=24).contains(&name.len()) || !name.is_ascii() {
        return None;
    }
    let name = name[..1].to_ascii_uppercase() + &name[1..].to_ascii_lowercase();
    let known = ORDER.concat().into_iter().filter(|known| known.ends_with("-by"));
    known
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|(likeness, _)| *likeness > 0.93)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && text.chars().all(|c| !c.is_whitespace() && !"<>(),;:\"".contains(c))
}

/// What shows nothing, or turns the direction of what follows.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether two names are one person's: "Weiny, Ira" is "Ira Weiny".
pub(super) fn same_name(one: &str, other: &str) -> bool {
    let words = |name: &str| {
        let split = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let mut words: Vec<String> = split.map(str::to_lowercase).collect();
        words.sort();
        words
    };
    let words = (words(one), words(other));
    !words.0.is_empty() && words.0 == words.1
}
