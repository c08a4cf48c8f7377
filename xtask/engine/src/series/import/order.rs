//! Which of some mails are the series, and in which order. Pure.
//!
//! What belongs together is decided by subjects: version and counter. A version of which only some patches were sent again, as answers
//! to those that they replace, is completed from the version before, as b4 does it (a partial reroll).

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
    /// What was not as the subjects say at first sight, a sentence each.
    pub notes: Vec<String>,
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

    fn is_cover(&self) -> bool {
        self.subject.is_patch && self.subject.counter.is_some_and(|(number, _)| number == 0)
    }
}

/// The mails of each version that are patches or cover letters, each mail once.
#[derive(Default)]
struct Mails {
    versions: BTreeMap<u32, Vec<Candidate>>,
    count: usize,
    pulls: usize,
    /// The version of the mail that was asked for.
    named: Option<u32>,
}

impl Mails {
    fn of(messages: Vec<Message>, want: &Want) -> Self {
        let mut mails = Self { count: messages.len(), ..Self::default() };
        for message in messages {
            mails.add(Candidate { subject: message.subject(), message }, want);
        }
        mails
    }

    fn add(&mut self, one: Candidate, want: &Want) {
        let version = one.subject.version();
        let id = one.message.message_id();
        if one.subject.is_pull && !one.subject.reply {
            self.pulls += 1;
            return;
        }
        let of_version = self.versions.entry(version).or_default();
        // One mail may come over two lists.
        let known = id.is_some() && of_version.iter().any(|other| other.message.message_id() == id);
        if one.subject.reply || !(one.is_cover() || one.message.has_diff()) || known {
            return;
        }
        if want.message_id.is_some() && id == want.message_id {
            self.named = Some(version);
        }
        of_version.push(one);
    }

    /// The newest version that has a patch.
    fn newest(&self) -> Option<u32> {
        let has_patch = |all: &[Candidate]| all.iter().any(|one| one.message.has_diff());
        self.versions.iter().rev().find(|(_, all)| has_patch(all)).map(|(version, _)| *version)
    }

    fn nothing(&self) -> ImportError {
        let with_patch = self.versions.iter().filter(|(_, all)| all.iter().any(|one| one.message.has_diff()));
        let mut seen: Vec<String> =
            with_patch.map(|(version, _)| format!("there is version {version}")).collect();
        if self.pulls > 0 {
            seen.push(format!("pull requests are no series: {}", self.pulls));
        }
        ImportError::Nothing { mails: self.count, seen }
    }
}

/// Picks the patches of one version and puts them in order: by their counters, or by the numbers of their files where none has any.
///
/// # Errors
/// [`ImportError`]: there is none, one is missing, there are two for one place, one does not belong, or nothing says which
/// comes first.
pub fn order(messages: Vec<Message>, want: &Want) -> Result<Posting, ImportError> {
    let mut mails = Mails::of(messages, want);
    let version = want.version.or(mails.named).or_else(|| mails.newest()).unwrap_or_default();
    let Some(candidates) = mails.versions.remove(&version) else { return Err(mails.nothing()) };
    if !candidates.iter().any(|one| one.message.has_diff()) {
        return Err(mails.nothing());
    }
    // A patch outside of a series says [PATCH]; a mail that does not is one only where none does.
    let any_tagged = candidates.iter().any(|one| one.subject.is_patch);
    let candidates: Vec<_> =
        candidates.into_iter().filter(|one| one.subject.is_patch || !any_tagged).collect();
    let mut notes = Vec::new();
    let (cover, patches) = if candidates.iter().any(|one| one.subject.counter.is_some()) {
        let mut places = Places::of(candidates, &mut notes)?;
        places.complete(version, &mut mails, &mut notes);
        places.finish(version)?
    } else {
        (None, uncounted(candidates)?)
    };
    // A cover letter of nothing: [PATCH 0/0].
    if patches.is_empty() {
        return Err(mails.nothing());
    }
    mails.versions.retain(|_, all| all.iter().any(|one| one.message.has_diff()));
    let others = mails.versions.into_keys().collect();
    Ok(Posting { version, cover, patches, others, notes })
}

/// Patches without counters: one alone, or the files of a folder, by the numbers of their names.
fn uncounted(mut candidates: Vec<Candidate>) -> Result<Vec<Message>, ImportError> {
    candidates.sort_by_key(|one| one.message.file_number);
    let numbered = candidates.iter().all(|one| one.message.file_number.is_some());
    let distinct = candidates.windows(2).all(|two| two[0].message.file_number != two[1].message.file_number);
    if candidates.len() > 1 && !(numbered && distinct) {
        return Err(ImportError::Unordered { patches: candidates.iter().map(Candidate::shown).collect() });
    }
    Ok(candidates.into_iter().map(|one| one.message).collect())
}

/// The patches of a version by their numbers; 0 is the cover letter.
struct Places {
    all: BTreeMap<u32, Candidate>,
    total: u32,
}

impl Places {
    fn of(candidates: Vec<Candidate>, notes: &mut Vec<String>) -> Result<Self, ImportError> {
        let mut places = Self { all: BTreeMap::new(), total: 0 };
        let mut resent = 0;
        for one in candidates {
            let number = places.check(&one)?;
            match places.all.get(&number) {
                Some(other) if other.subject.is_resend() == one.subject.is_resend() => {
                    return Err(ImportError::Duplicate { first: other.shown(), second: one.shown() });
                }
                // The resend counts, whichever comes first.
                Some(_) => {
                    resent += 1;
                    if one.subject.is_resend() {
                        places.all.insert(number, one);
                    }
                }
                None => {
                    places.all.insert(number, one);
                }
            }
        }
        if resent > 0 {
            notes.push(format!("{resent} mails were sent again as RESEND: those are taken"));
        }
        Ok(places)
    }

    /// The number of a mail, if it fits those that are there.
    fn check(&mut self, one: &Candidate) -> Result<u32, ImportError> {
        let wrong = |why: String| Err(ImportError::Mismatch { mail: one.shown(), why });
        let Some((number, of)) = one.subject.counter else {
            return wrong("it has no counter, and others of the same version have".to_owned());
        };
        if let Some(other) = self.all.values().find(|_| of != self.total) {
            let total = self.total;
            return wrong(format!("the series ends at {of} or at {total}? another is {}", other.shown()));
        }
        if number > of {
            return wrong("its number is beyond the end of its series".to_owned());
        }
        self.total = of;
        if number > 0 && !one.message.has_diff() {
            return wrong("it has no diff".to_owned());
        }
        Ok(number)
    }

    fn missing(&self) -> Vec<u32> {
        (1..=self.total).filter(|number| !self.all.contains_key(number)).collect()
    }

    /// Whether these were sent as answers to those, each patch of them.
    fn answer(&self, older: &Self) -> bool {
        let ids: Vec<_> = older.all.values().filter_map(|one| one.message.message_id()).collect();
        let mut patches = self.all.iter().filter(|(number, _)| **number > 0).peekable();
        patches.peek().is_some()
            && patches.all(|(_, one)| one.message.answers().iter().any(|answered| ids.contains(answered)))
    }

    /// Takes what was not sent again from the version that is answered, itself completed first.
    fn complete(&mut self, version: u32, mails: &mut Mails, notes: &mut Vec<String>) {
        let missing = self.missing();
        let older = mails.versions.range(..version).next_back().map(|(version, _)| *version);
        let Some(older) = older.filter(|_| !missing.is_empty() || !self.all.contains_key(&0)) else { return };
        let Some(candidates) = mails.versions.remove(&older) else { return };
        let mut below = Vec::new();
        // What is wrong with an older version is no fault of this one.
        let kept = candidates.iter().map(|one| one.message.clone()).collect::<Vec<_>>();
        if let Ok(mut places) = Self::of(candidates, &mut below) {
            places.complete(older, mails, &mut below);
            if self.answer(&places) {
                self.take_from(places, older, &missing, notes);
            }
        }
        for message in kept {
            mails.add(Candidate { subject: message.subject(), message }, &Want::default());
        }
    }

    fn take_from(&mut self, mut older: Self, version: u32, missing: &[u32], notes: &mut Vec<String>) {
        if older.total == self.total && missing.iter().all(|number| older.all.contains_key(number)) {
            for number in missing {
                self.all.extend(older.all.remove_entry(number));
            }
            if !missing.is_empty() {
                let numbers: Vec<_> = missing.iter().map(u32::to_string).collect();
                let (numbers, total) = (numbers.join(", "), self.total);
                notes.push(format!(
                    "only a part of the {total} patches was sent again: {numbers} of v{version} or older"
                ));
            }
        }
        let Some(cover) = older.all.remove(&0).filter(|_| !self.all.contains_key(&0)) else { return };
        let of = cover.subject.version();
        // A whole new version has its own story, or none.
        if missing.is_empty() {
            return notes.push(format!("it has no cover letter; that of v{of} is left aside"));
        }
        notes.push(format!("the cover letter is that of v{of}"));
        self.all.insert(0, cover);
    }

    fn finish(mut self, version: u32) -> Result<(Option<Message>, Vec<Message>), ImportError> {
        let tag = |number: u32, total: u32| {
            Subject::default().tag(version, Some((number as usize, total as usize)))
        };
        let missing: Vec<String> = self.missing().into_iter().map(|number| tag(number, self.total)).collect();
        let total = self.total as usize;
        let cover = self.all.remove(&0);
        if !missing.is_empty() {
            return Err(ImportError::Gap { missing, total, found: self.all.len() });
        }
        let of_version = |mut one: Candidate| {
            if one.subject.version() != version {
                let counter = one.subject.counter.map(|(number, total)| (number as usize, total as usize));
                one.message.set_subject(&one.subject.tag(version, counter));
            }
            one.message
        };
        let cover = cover.map(|one| one.message);
        Ok((cover, self.all.into_values().map(of_version).collect()))
    }
}
