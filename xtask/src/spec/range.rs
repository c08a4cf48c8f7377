//! A series that is no folder of patches but a range of commits.

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
