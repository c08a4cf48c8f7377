//! The cover letter: written where there is none, completed where there is one.

use spec::Series;

use super::diffstat::diffstat;
use super::options::Options;
use crate::series::mail::{Mailbox, Message};

/// A cover letter with all but its text, which `git send-email` refuses to send as it is.
pub(super) fn blank(series: &Series, patches: &[Message]) -> Message {
    let first = patches.first();
    let nobody = || Mailbox { name: "nobody".to_owned(), address: "nobody@localhost".to_owned() };
    let from = first.and_then(Message::sender).unwrap_or_else(nobody);
    let date = patches.last().and_then(|patch| patch.header("Date")).unwrap_or_default();
    let mut text = String::from("*** BLURB HERE ***\n\n");
    if let Some(base) = &series.base {
        text.push_str(&format!("Written for {base}.\n\n"));
    }
    text.push_str(&shortlog(patches));
    text.push_str(&diffstat(patches));
    Message::new(&from, &date, &format!("[PATCH] {}", series.title), &text)
}

/// `base-commit:` and what else git and b4 write at the end; empty if nothing is known.
pub(super) fn footer(series: &Series, options: &Options) -> String {
    let posted = &series.posted;
    let mut lines = Vec::new();
    lines.extend(
        options.base.as_ref().or(posted.base_commit.as_ref()).map(|base| format!("base-commit: {base}\n")),
    );
    lines.extend(posted.change_id.iter().map(|id| format!("change-id: {id}\n")));
    lines.extend(posted.prerequisites.iter().map(|line| format!("prerequisite-{line}\n")));
    lines.concat()
}

/// What changed in each version up to this one, the newest first.
pub(super) fn changes(series: &Series, version: u32) -> Vec<(u32, String)> {
    let upto = series.posted.changes.range(..=version).rev();
    upto.map(|(version, changes)| {
        let lines: String =
            changes.iter().map(|change| format!("- {}\n", change.trim().replace('\n', "\n  "))).collect();
        (*version, format!("Changes in v{version}:\n{lines}"))
    })
    .collect()
}

/// Whether a text states what changed in a version, in one of the ways that are in use.
pub fn has_changes(text: &str, version: u32) -> bool {
    let (new, old) = (format!("v{version}"), format!("v{}", version.saturating_sub(1)));
    text.lines().map(str::to_ascii_lowercase).any(|line| {
        let line = line.trim_start_matches(['-', '*', ' ', '#']);
        let since = line.starts_with("change")
            && (line.contains(&format!("in {new}")) || line.contains(&format!("since {old}")));
        let from = line.starts_with("change") && line.contains(&format!("from {old}"));
        let arrow =
            line.starts_with(&old) && (line.contains("->") || line.contains("=>")) && line.contains(&new);
        since || from || arrow || line.trim_end() == format!("{new}:")
    })
}

/// Puts the changes before the list of patches, and the footer at the end, each unless it is there.
pub(super) fn complete(cover: &mut Message, changes: &[(u32, String)], footer: &str) {
    let mut text = cover.text();
    for (version, note) in changes {
        if !has_changes(&text, *version) {
            let at = place_of_changes(&text);
            text.insert_str(at, &format!("{note}\n"));
        }
    }
    put_footer(&mut text, footer);
    cover.message = text;
    cover.rest.clear();
}

/// The same for a patch without a cover letter: the changes come between its `---` and its diff.
pub(super) fn complete_single(patch: &mut Message, changes: &[(u32, String)], footer: &str) {
    let text = patch.text();
    let mut notes = String::new();
    for (version, note) in changes {
        if !has_changes(&text, *version) {
            notes.push_str(&format!("{note}\n"));
        }
    }
    if let Some(rest) = patch.rest.strip_prefix(b"---\n").filter(|_| !notes.is_empty()) {
        patch.rest = [b"---\n", notes.as_bytes(), rest].concat();
    }
    let missing: String = footer.split_inclusive('\n').filter(|line| !text.contains(*line)).collect();
    if !missing.is_empty() {
        let at = signature(&patch.rest);
        patch.rest.splice(at..at, format!("\n{missing}").into_bytes());
    }
}

fn put_footer(text: &mut String, footer: &str) {
    let missing: String = footer.split_inclusive('\n').filter(|line| !text.contains(*line)).collect();
    if missing.is_empty() {
        return;
    }
    let at = signature(text.as_bytes());
    let gap = if text[..at].ends_with("\n\n") || at == 0 { "" } else { "\n" };
    text.insert_str(at, &format!("{gap}{missing}"));
}

/// Where the signature of git begins, or the end.
fn signature(text: &[u8]) -> usize {
    let mark = b"\n-- \n";
    text.windows(mark.len()).rposition(|window| window == mark).map_or(text.len(), |at| at + 1)
}

/// Before the list of patches: "Somebody (9):".
fn place_of_changes(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        let count = bare.strip_suffix("):").and_then(|line| line.rsplit_once(" (")).map(|(_, count)| count);
        if count.is_some_and(|count| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit())) {
            return at;
        }
        at += line.len();
    }
    signature(text.as_bytes())
}

/// Authors with their patches, as `git shortlog` lists them.
fn shortlog(patches: &[Message]) -> String {
    let mut authors: Vec<(String, Vec<String>)> = Vec::new();
    for patch in patches {
        let name =
            patch.author().map(|author| if author.name.is_empty() { author.address } else { author.name });
        let (name, title) = (name.unwrap_or_default(), patch.subject().title);
        match authors.iter_mut().find(|(author, _)| *author == name) {
            Some((_, titles)) => titles.push(title),
            None => authors.push((name, vec![title])),
        }
    }
    authors.sort();
    let one = |(name, titles): &(String, Vec<String>)| {
        let titles: String = titles.iter().map(|title| format!("  {title}\n")).collect();
        format!("{name} ({}):\n{titles}\n", titles.lines().count())
    };
    authors.iter().map(one).collect()
}
