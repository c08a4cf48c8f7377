//! `Reviewed-by: Somebody <somebody@example.org> # with a note`.

use std::fmt;

use crate::series::mail::Mailbox;

/// A tag that says who did what for a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// As the kernel spells it: `Reviewed-by`.
    pub name: String,
    /// Who.
    pub who: Mailbox,
    /// What stands behind a `#`.
    pub note: Option<String>,
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, who, note } = self;
        if who.name.is_empty() {
            write!(f, "{name}: {}", who.address)?;
        } else {
            write!(f, "{name}: {who}")?;
        }
        note.iter().try_for_each(|note| write!(f, " # {note}"))
    }
}

impl Tag {
    /// Whether it says the same of the same person.
    pub fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && (self.who.address.eq_ignore_ascii_case(&other.who.address)
                || same_name(&self.who.name, &other.who.name))
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
    &["Link"],
];

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
            return Ok(Tag { name: name.to_owned(), who, note: None });
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
    let note = match rest.trim() {
        "" => None,
        rest => match rest.strip_prefix('#') {
            Some(note) => Some(note.trim().to_owned()),
            None => return Err(format!("`{rest}` stands behind the address")),
        },
    };
    Ok(Tag {
        name: name.to_owned(),
        who: Mailbox { name: before.to_owned(), address: address.to_owned() },
        note,
    })
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
