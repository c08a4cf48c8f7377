//! Which patch of a series wrote which line of a tree.

use std::collections::BTreeMap;

use host::git::NOBODY;

use super::git::Git;
use super::{Applied, Prepared, SourceError};

/// A line of a prepared tree that a patch of a series added or changed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenLine {
    /// The file, from the top of the tree.
    pub file: String,
    /// Its line in the prepared tree, from 1.
    pub line: u32,
    /// Index of the patch in [`Applied::patches`].
    pub patch: usize,
    /// Its line in the tree with that patch and none after it, from 1.
    pub line_in_patch: u32,
    /// What stands there.
    pub text: String,
}

/// The lines of these files of a prepared tree that a series wrote, in order. What a later series wrote over is not its own any more.
pub(super) fn written(
    git: &Git,
    prepared: &Prepared,
    applied: &Applied,
    files: &[String],
) -> Result<Vec<WrittenLine>, SourceError> {
    let commits = Commits { git, prepared };
    let base = commits.add(before(prepared, applied), None, 0)?;
    let (mut tip, mut numbers) = (base.clone(), BTreeMap::new());
    for (index, patch) in applied.patches.iter().enumerate() {
        tip = commits.add(&patch.tree, Some(&tip), index + 1)?;
        numbers.insert(tip.clone(), index);
    }
    let tip = commits.add(&prepared.tree, Some(&tip), applied.patches.len() + 1)?;
    let mut lines = Vec::new();
    for file in files {
        if git.file(&prepared.alternates, &prepared.tree, file)?.is_none() {
            continue;
        }
        let args = ["blame", "--porcelain", &format!("{base}..{tip}"), "--", file];
        let output = git.with(&prepared.alternates, args).run()?;
        lines.extend(of_blame(&String::from_utf8_lossy(&output.stdout), file, &numbers));
    }
    Ok(lines)
}

/// The tree that a series was put onto.
pub(super) fn before<'a>(prepared: &'a Prepared, applied: &Applied) -> &'a str {
    let earlier = prepared.applied.iter().take_while(|one| one.series != applied.series);
    earlier.filter_map(|one| one.patches.last()).last().map_or(&prepared.base, |patch| &patch.tree)
}

/// Commits of nobody's, which `git blame` needs to go from a tree to the one before it.
struct Commits<'a> {
    git: &'a Git,
    prepared: &'a Prepared,
}

impl Commits<'_> {
    fn add(&self, tree: &str, parent: Option<&str>, number: usize) -> Result<String, SourceError> {
        let process = self.git.with(&self.prepared.alternates, ["commit-tree", tree]);
        let process = NOBODY.iter().fold(process, |process, (name, value)| process.env(name, value));
        let process = parent.into_iter().fold(process, |process, parent| process.arg("-p").arg(parent));
        Ok(process.arg("-m").arg(number.to_string()).read()?)
    }
}

/// Reads the porcelain format: a commit with the lines there and here, at its first line more about it, then the line behind a tab.
fn of_blame(text: &str, file: &str, numbers: &BTreeMap<String, usize>) -> Vec<WrittenLine> {
    let mut lines = Vec::new();
    let mut at: Option<(usize, u32, u32)> = None;
    for line in text.split('\n') {
        if let Some(text) = line.strip_prefix('\t') {
            if let Some((patch, line_in_patch, line)) = at.take() {
                let (file, text) = (file.to_owned(), text.trim_end_matches('\r').to_owned());
                lines.push(WrittenLine { file, line, patch, line_in_patch, text });
            }
            continue;
        }
        let mut words = line.split(' ');
        let commit = words.next().unwrap_or_default();
        if let Some(patch) = numbers.get(commit) {
            let mut number = || words.next().and_then(|word| word.parse::<u32>().ok());
            at = number().zip(number()).map(|(there, here)| (*patch, there, here));
        }
    }
    lines
}
