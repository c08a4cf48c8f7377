//! What a series changes, file by file, as `git diff --stat` shows it.

use std::collections::BTreeMap;

use crate::series::mail::Message;

/// Width of git's own in mails.
const WIDTH: usize = 72;

#[derive(Default)]
struct Changed {
    added: usize,
    removed: usize,
}

/// The sum over all patches; a line that a later patch changes again is counted each time.
pub(super) fn diffstat(patches: &[Message]) -> String {
    let mut files: BTreeMap<String, Changed> = BTreeMap::new();
    for patch in patches {
        count(&String::from_utf8_lossy(&patch.rest), &mut files);
    }
    let name_width = files.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    let most = files.values().map(|changed| changed.added + changed.removed).max().unwrap_or(0);
    let number_width = most.to_string().len();
    let room = WIDTH.saturating_sub(name_width + number_width + 5).max(10);
    let scale = |count: usize| if most <= room { count } else { (count * room).div_ceil(most.max(1)) };
    let mut text = String::new();
    for (name, Changed { added, removed }) in &files {
        let bar = format!("{}{}", "+".repeat(scale(*added)), "-".repeat(scale(*removed)));
        text.push_str(&format!(" {name:name_width$} | {:number_width$} {bar}\n", added + removed));
    }
    let sum = |pick: fn(&Changed) -> usize| files.values().map(pick).sum::<usize>();
    text.push_str(&format!(" {} changed", counted(files.len(), "file")));
    for (count, word, sign) in [(sum(|c| c.added), "insertion", '+'), (sum(|c| c.removed), "deletion", '-')] {
        if count > 0 {
            text.push_str(&format!(", {}({sign})", counted(count, word)));
        }
    }
    text.push('\n');
    text
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Counts the lines of the hunks of a diff; their headers say how many there are.
fn count(diff: &str, files: &mut BTreeMap<String, Changed>) {
    let (mut name, mut old, mut new) = (None, 0usize, 0usize);
    for line in diff.lines() {
        if old > 0 || new > 0 {
            let Some(changed) = name.as_ref().and_then(|name| files.get_mut(name)) else { break };
            match line.as_bytes().first() {
                Some(b'+') => (changed.added, new) = (changed.added + 1, new.saturating_sub(1)),
                Some(b'-') => (changed.removed, old) = (changed.removed + 1, old.saturating_sub(1)),
                Some(b'\\') => {}
                _ => (old, new) = (old.saturating_sub(1), new.saturating_sub(1)),
            }
        } else if let Some(path) = line.strip_prefix("--- a/").or_else(|| line.strip_prefix("+++ b/")) {
            name = Some(path.trim_end().to_owned());
        } else if let Some((before, after)) = line.strip_prefix("@@ -").and_then(|line| line.split_once(" +"))
        {
            (old, new) = (length(before), length(after));
            if let Some(name) = &name {
                files.entry(name.clone()).or_default();
            }
        }
    }
}

/// The length in `START,LENGTH …`.
fn length(range: &str) -> usize {
    let range = range.split(' ').next().unwrap_or_default();
    range.split_once(',').map_or(1, |(_, length)| length.parse().unwrap_or(0))
}
