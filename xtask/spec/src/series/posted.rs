//! What is known of a series as a posting: where it was sent from, on which commit, and what changed in it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use specfile::SpecError;

/// What is known of a series as a posting. All of it may be missing: a series need not have been posted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Posted {
    /// Id of its cover letter, or of its first patch, without brackets.
    pub message_id: Option<String>,
    /// The commit that it is based on, as `base-commit:` of `git format-patch --base` has it.
    pub base_commit: Option<String>,
    /// What b4 keeps the same over all of its versions.
    pub change_id: Option<String>,
    /// What has to be there before it, as `patch-id: 0123…`, with the kinds of git and b4.
    pub prerequisites: Vec<String>,
    /// Ids of the patches as they were imported, or last taken back from a work tree, by `git patch-id --stable`.
    pub patch_ids: Vec<String>,
    /// What changed in each version, for its cover letter.
    pub changes: BTreeMap<u32, Vec<String>>,
}

impl Posted {
    pub(super) fn check(&self, file: &Path, version: u32) -> Result<(), SpecError> {
        if version == 0 {
            return Err(SpecError::invalid(file, "version", "the first version is 1"));
        }
        let word = |text: &str| !text.starts_with('-') && text.bytes().all(|byte| byte.is_ascii_graphic());
        if let Some(id) = self.message_id.iter().find(|id| !id.contains('@') || !word(id)) {
            let message = format!("`{}` is not like 20260101.1-2-somebody@example.org", id.escape_debug());
            return Err(SpecError::invalid(file, "message-id", message));
        }
        let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if let Some(commit) = self.base_commit.iter().find(|id| id.len() < 12 || !hexadecimal(id)) {
            let message = format!("`{}` is no commit of 12 to 64 hexadecimal digits", commit.escape_debug());
            return Err(SpecError::invalid(file, "base-commit", message)
                .with_hint("base: takes the range of kernels that the patches are written for"));
        }
        if let Some(late) = self.changes.keys().find(|changed| **changed < 2 || **changed > version) {
            let message = format!("there are changes in versions 2 to {version}, the series' own");
            return Err(SpecError::invalid(file, format!("changes.{late}"), message));
        }
        Ok(())
    }
}
