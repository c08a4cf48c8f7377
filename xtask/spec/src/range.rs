//! A series that is no folder of patches but a range of commits.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Commits of the user's own repository that stand in the place of a series' patches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SeriesRange {
    /// Name of the series.
    pub series: String,
    /// The repository, or a work tree of it.
    pub dir: PathBuf,
    /// Id of the commit that the series stands on.
    pub base: String,
    /// Id of its last commit.
    pub tip: String,
}

impl SeriesRange {
    /// The commits, as git takes them: `BASE..TIP`.
    pub fn commits(&self) -> String {
        format!("{}..{}", self.base, self.tip)
    }
}

impl fmt::Display for SeriesRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |id: &str| id.get(..12).unwrap_or(id).to_owned();
        write!(f, "{}..{} of {}", short(&self.base), short(&self.tip), self.dir.display())
    }
}
