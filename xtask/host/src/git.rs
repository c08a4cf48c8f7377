//! git, with an environment that makes it work on what we say.

use std::ffi::OsStr;
use std::path::Path;

use super::Process;

/// What would make git work on something else than what we say, were we called from one of its hooks.
const FOREIGN: [&str; 12] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_LITERAL_PATHSPECS",
];

/// git on a repository of the user's, with a clean environment and their configuration.
pub fn users_git(dir: &Path) -> Process {
    with_config(["-C"]).arg(dir)
}

/// The same without their configuration: for what must come out alike wherever it is made.
pub fn plain_git(dir: &Path) -> Process {
    without_config(["-C"]).arg(dir)
}

/// git with the user's and the system's configuration.
pub fn with_config<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Process {
    let process = FOREIGN.iter().fold(Process::new("git", args), Process::env_remove);
    process.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0")
}

/// git with neither the user's nor the system's configuration.
pub fn without_config<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Process {
    with_config(args)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
}

/// Author and committer of commits that only say which tree came of which: nobody's work, so nobody's name, and no time, so that they
/// come out alike wherever they are made.
pub const NOBODY: [(&str, &str); 6] = [
    ("GIT_AUTHOR_NAME", "cxl-patchbench"),
    ("GIT_AUTHOR_EMAIL", "<>"),
    ("GIT_AUTHOR_DATE", "@0 +0000"),
    ("GIT_COMMITTER_NAME", "cxl-patchbench"),
    ("GIT_COMMITTER_EMAIL", "<>"),
    ("GIT_COMMITTER_DATE", "@0 +0000"),
];
