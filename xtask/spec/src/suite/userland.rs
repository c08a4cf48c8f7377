//! What a guest of a suite has on its disk.

use serde::{Deserialize, Serialize};

/// Which CXL modules a boot has on disk; it is always exactly one of the two sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModuleSet {
    /// Those of `drivers/cxl`.
    #[default]
    Production,
    /// Those of `tools/testing/cxl`: the drivers wrapped, and the mock bus.
    Mock,
}

/// What a guest has besides its modules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Userland {
    /// A static busybox.
    #[default]
    Busybox,
    /// ndctl's tools (`cxl`, `daxctl`, `ndctl`), its tests, and what those call: bash, jq, keyctl, a real udevd.
    Ndctl,
}

/// Cases that somebody else wrote: scripts of the userland, each run by a script of the suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FoundCases {
    /// Names of files in the userland's folder of tests, with `*` as in a shell; a case is called as its file without
    /// `.sh`.
    pub scripts: String,
    /// File of the suite that runs one of them; the case's name is in `BENCH_CASE`.
    pub run_by: String,
}
