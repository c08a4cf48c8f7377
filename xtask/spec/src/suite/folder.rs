//! The folder of the suites.

use std::path::Path;

use specfile::SpecError;

/// Name of the file that makes a folder a suite.
pub const FILE: &str = "suite.yaml";

/// Names of all suites in this folder, sorted.
pub(super) fn names(scenarios_dir: &Path) -> Result<Vec<String>, SpecError> {
    let mut names = specfile::folders(scenarios_dir)?;
    names.retain(|name| scenarios_dir.join(name).join(FILE).is_file());
    Ok(names)
}
