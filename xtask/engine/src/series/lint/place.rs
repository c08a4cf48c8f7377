//! Whether each hunk of a patch lies where it says.

use source::Displaced;

use super::{Finding, Severity};

/// Findings for hunks that git moved to make them fit.
pub fn in_place(displaced: &[Displaced]) -> Vec<Finding> {
    displaced
        .iter()
        .map(|hunk| Finding {
            file: hunk.patch.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            line: None,
            severity: Severity::Warning,
            rule: "in-place".to_owned(),
            message: format!("{}: {}; a rebase puts it in place", hunk.file, hunk.report),
        })
        .collect()
}
