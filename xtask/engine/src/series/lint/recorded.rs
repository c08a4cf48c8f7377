//! Whether the patches are those whose ids `series.yaml` has.

use spec::Series;
use spec::series::FILE;

use super::{Finding, Severity};

/// Findings for patches that have been edited since their ids were recorded; `patches` are files with ids. Pure.
pub fn recorded(series: &Series, patches: &[(String, String)]) -> Vec<Finding> {
    let known = &series.posted.patch_ids;
    let finding = |file: &str, message: String| Finding {
        file: file.to_owned(),
        line: None,
        severity: Severity::Warning,
        rule: "patch-id".to_owned(),
        message,
    };
    if known.is_empty() {
        return Vec::new();
    }
    let edited = patches.iter().filter(|(_, id)| !known.contains(id)).map(|(file, _)| {
        let message = "edited since it was imported: its patch-id is not among those of series.yaml; `series refresh` renews them";
        finding(file, message.to_owned())
    });
    let count = (known.len() != patches.len()).then(|| {
        finding(FILE, format!("patch-ids: has {}, and there are {} patches", known.len(), patches.len()))
    });
    edited.chain(count).collect()
}
