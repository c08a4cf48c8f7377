//! `series.yaml` of an imported series: written anew, or changed in place with all else as it stands.

use crate::series::mail::Message;

use super::Posting;

/// What a posting says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// What the series does.
    pub title: String,
    /// Version.
    pub version: u32,
    /// Where it was posted.
    pub link: Option<String>,
    /// The id of its cover letter, or of its first patch.
    pub message_id: Option<String>,
    /// `base-commit:`.
    pub base_commit: Option<String>,
    /// `change-id:`, which b4 keeps over all versions.
    pub change_id: Option<String>,
    /// `prerequisite-KIND: VALUE`, as `KIND: VALUE`.
    pub prerequisites: Vec<String>,
    /// Stable ids of the patches.
    pub patch_ids: Vec<String>,
}

/// Kinds of prerequisites that git (`patch-id`) and b4 write.
const PREREQUISITES: [&str; 3] = ["patch-id", "change-id", "message-id"];

impl Facts {
    /// Reads them from the cover letter and the patches, with their ids.
    pub fn of(posting: &Posting, patch_ids: Vec<String>) -> Self {
        let mails: Vec<&Message> = posting.cover.iter().chain(&posting.patches).collect();
        let field = |name: &str, valid: fn(&str) -> bool| {
            mails.iter().find_map(|mail| mail.field(name)).filter(|value| valid(value))
        };
        let first = mails.first();
        let message_id = first.and_then(|mail| mail.message_id()).filter(|id| is_word(id));
        let prerequisites = PREREQUISITES.iter().flat_map(|kind| {
            let name = format!("prerequisite-{kind}");
            let values = mails.iter().flat_map(|mail| mail.fields(&name)).filter(|value| is_word(value));
            values.map(|value| format!("{kind}: {value}")).collect::<Vec<_>>()
        });
        let prerequisites = prerequisites.collect();
        Self {
            title: first.map(|mail| mail.subject().title).unwrap_or_default(),
            version: posting.version,
            link: message_id.as_ref().map(|id| format!("https://lore.kernel.org/r/{id}")),
            message_id,
            base_commit: field("base-commit", is_commit),
            change_id: field("change-id", is_word),
            prerequisites,
            patch_ids,
        }
    }

    /// A whole `series.yaml`.
    pub fn yaml(&self) -> String {
        let title = format!("title: {}\n", scalar(&self.title));
        self.fields().into_iter().fold(title, |text, (name, value)| set(&text, name, value.as_deref()))
    }

    /// An old `series.yaml` with these facts; its title, its comments and all that a mail does not say stay.
    pub fn update(&self, old: &str) -> String {
        self.fields()
            .into_iter()
            .fold(old.to_owned(), |text, (name, value)| set(&text, name, value.as_deref()))
    }

    /// A `series.yaml` with other ids of patches.
    pub fn renewed(yaml: &str, patch_ids: &[String]) -> String {
        set(yaml, "patch-ids", list(patch_ids).as_deref())
    }

    /// In order, with what stands behind the colon; none to take it out.
    fn fields(&self) -> Vec<(&'static str, Option<String>)> {
        let text = |value: &Option<String>| value.as_deref().map(|value| format!(" {}", scalar(value)));
        vec![
            ("version", Some(format!(" {}", self.version))),
            ("link", text(&self.link)),
            ("message-id", text(&self.message_id)),
            ("base-commit", text(&self.base_commit)),
            ("change-id", text(&self.change_id)),
            ("prerequisites", list(&self.prerequisites)),
            ("patch-ids", list(&self.patch_ids)),
        ]
    }
}

/// What stands behind the colon of a list, none where it is empty.
fn list(values: &[String]) -> Option<String> {
    let items = values.iter().map(|value| format!("\n  - {}", scalar(value))).collect::<String>();
    (!values.is_empty()).then_some(items)
}

/// Puts a field of the top level of a YAML text in place, behind the others, or takes it out.
pub(crate) fn set(text: &str, name: &str, value: Option<&str>) -> String {
    let is_field = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
    let goes_on = |line: &str| line.starts_with([' ', '\t', '-']) || line.trim().is_empty();
    let mut out = String::new();
    let mut done = false;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if !is_field(line) {
            out.push_str(line);
            continue;
        }
        // Its value goes on in the lines that are indented; blank ones and comments after it are not its own.
        let mut blank = String::new();
        while let Some(next) = lines.next_if(|next| goes_on(next)) {
            if next.trim().is_empty() { blank.push_str(next) } else { blank.clear() }
        }
        if let Some(value) = value {
            out.push_str(&format!("{name}:{value}\n"));
        }
        out.push_str(&blank);
        done = true;
    }
    if let Some(value) = value.filter(|_| !done) {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&format!("{name}:{value}\n"));
    }
    out
}

/// A string as YAML takes it for one: quoted as in JSON, which YAML contains.
fn scalar(value: &str) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn is_commit(text: &str) -> bool {
    (12..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// One printable word: it becomes a part of a link or of a command's argument.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 300
        && !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}
