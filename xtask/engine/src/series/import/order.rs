//! Which of some mails are the series, and in which order. Pure.

use std::collections::BTreeMap;

use super::ImportError;
use crate::series::mail::{Message, Subject};

/// A series as it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Its version.
    pub version: u32,
    /// `[PATCH 0/9]`, where there is one.
    pub cover: Option<Message>,
    /// The patches in order.
    pub patches: Vec<Message>,
    /// Other versions among the mails, which are left aside.
    pub others: Vec<u32>,
}

/// Which series is wanted where there are several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Want {
    /// This version [default: the newest].
    pub version: Option<u32>,
    /// The version that this mail is of.
    pub message_id: Option<String>,
}

struct Candidate {
    subject: Subject,
    message: Message,
}

impl Candidate {
    fn shown(&self) -> String {
        let id = self.message.message_id().map(|id| format!(" <{id}>")).unwrap_or_default();
        format!("{}{id}", self.subject.shown())
    }
}

/// Picks the patches of one version and puts them in order: by their counters, or as they came where none has any.
///
/// # Errors
/// [`ImportError`]: there is none, one is missing, there are two for one place, or one does not belong.
pub fn order(messages: Vec<Message>, want: &Want) -> Result<Posting, ImportError> {
    let mails = messages.len();
    let mut versions: BTreeMap<u32, Vec<Candidate>> = BTreeMap::new();
    let mut wanted = want.version;
    for message in messages {
        let subject = message.subject();
        let known = |all: &[Candidate]| {
            message
                .message_id()
                .is_some_and(|id| all.iter().any(|one| one.message.message_id().as_ref() == Some(&id)))
        };
        let is_cover = subject.is_patch && subject.counter.is_some_and(|(number, _)| number == 0);
        let of_version = versions.entry(subject.version()).or_default();
        // One mail may come over two lists.
        if subject.reply || !(is_cover || message.has_diff()) || known(of_version) {
            continue;
        }
        if want.version.is_none() && want.message_id.is_some() && message.message_id() == want.message_id {
            wanted = Some(subject.version());
        }
        of_version.push(Candidate { subject, message });
    }
    versions.retain(|_, all| all.iter().any(|one| one.message.has_diff()));
    let version = wanted.or_else(|| versions.keys().next_back().copied()).unwrap_or_default();
    let Some(candidates) = versions.remove(&version) else {
        let seen = versions.keys().map(|version| format!("there is version {version}")).collect();
        return Err(ImportError::Nothing { mails, seen });
    };
    let others = versions.into_keys().collect();
    // A patch outside of a series says [PATCH]; a mail that does not is one only where none does.
    let any_tagged = candidates.iter().any(|one| one.subject.is_patch);
    let candidates: Vec<_> =
        candidates.into_iter().filter(|one| one.subject.is_patch || !any_tagged).collect();
    let (cover, patches) = if candidates.iter().any(|one| one.subject.counter.is_some()) {
        counted(version, candidates)?
    } else {
        (None, candidates.into_iter().map(|one| one.message).collect())
    };
    // A cover letter of nothing: [PATCH 0/0].
    if patches.is_empty() {
        return Err(ImportError::Nothing { mails, seen: Vec::new() });
    }
    Ok(Posting { version, cover, patches, others })
}

fn counted(version: u32, candidates: Vec<Candidate>) -> Result<(Option<Message>, Vec<Message>), ImportError> {
    let mut places: BTreeMap<u32, Candidate> = BTreeMap::new();
    let mut total = 0;
    for one in candidates {
        let Some((number, of)) = one.subject.counter else {
            let why = "it has no counter, and others of the same version have".to_owned();
            return Err(ImportError::Mismatch { mail: one.shown(), why });
        };
        if let Some(other) = places.values().find(|_| of != total) {
            let why = format!("the series ends at {of} or at {total}? another is {}", other.shown());
            return Err(ImportError::Mismatch { mail: one.shown(), why });
        }
        if number > of {
            let why = "its number is beyond the end of its series".to_owned();
            return Err(ImportError::Mismatch { mail: one.shown(), why });
        }
        total = of;
        if number > 0 && !one.message.has_diff() {
            return Err(ImportError::Mismatch { mail: one.shown(), why: "it has no diff".to_owned() });
        }
        if let Some(first) = places.get(&number) {
            return Err(ImportError::Duplicate { first: first.shown(), second: one.shown() });
        }
        places.insert(number, one);
    }
    let cover = places.remove(&0).map(|one| one.message);
    let tag = |number: u32| Subject::default().tag(version, Some((number as usize, total as usize)));
    let missing: Vec<String> = (1..=total).filter(|number| !places.contains_key(number)).map(tag).collect();
    if !missing.is_empty() {
        return Err(ImportError::Gap { missing, total: total as usize, found: places.len() });
    }
    Ok((cover, places.into_values().map(|one| one.message).collect()))
}
