//! What git makes of a patch: its stable id, and whether its hunks are whole.

use host::{Process, ProcessError};

use super::Message;
use super::hunk::without_prefix;

/// The ids of patches, as `git patch-id --stable` has them. A patch without a diff has an empty one.
///
/// # Errors
/// git cannot be run.
pub fn patch_ids(patches: &[&Message]) -> Result<Vec<String>, ProcessError> {
    let mut input = Vec::new();
    for (number, patch) in patches.iter().enumerate() {
        // patch-id distinguishes patches by the commit that they begin with.
        input.extend_from_slice(format!("From {number:040x} {}\n", super::mbox::GITS_DATE).as_bytes());
        input.extend_from_slice(&patch.rest);
        input.push(b'\n');
    }
    let output = Process::new("git", ["patch-id", "--stable"]).dir("/").stdin(input).read()?;
    let mut ids = vec![String::new(); patches.len()];
    for (id, commit) in output.lines().filter_map(|line| line.split_once(' ')) {
        if let Some(place) =
            usize::from_str_radix(commit.trim(), 16).ok().and_then(|number| ids.get_mut(number))
        {
            id.clone_into(place);
        }
    }
    Ok(ids)
}

/// Why a diff cannot be applied, wherever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// git cannot read it, in its own words. A mailer that breaks lines or eats blanks makes it so.
    Corrupt(Vec<String>),
    /// The names of its files have no `a/` and `b/` before them: this is the first.
    WithoutPrefix(String),
}

/// Why a diff cannot be applied to any tree; none if git can read it.
///
/// # Errors
/// git cannot be run.
pub fn refusal(patch: &Message) -> Result<Option<Refusal>, ProcessError> {
    if let Some(file) = without_prefix(&patch.rest) {
        return Ok(Some(Refusal::WithoutPrefix(file)));
    }
    let process = Process::new("git", ["apply", "--numstat", "-"]).dir("/").env("LC_ALL", "C");
    let output = process.stdin(patch.rest.clone()).output()?;
    Ok((!output.status.success()).then_some(Refusal::Corrupt(output.tail)))
}
