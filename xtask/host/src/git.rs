//! git, with an environment that makes it work on what we say.

use std::ffi::OsStr;
use std::path::Path;

use super::{Process, ProcessError};

/// What would make git work on something else than what we say, were we called from one of its hooks.
const FOREIGN: [&str; 11] = [
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
    "GIT_LITERAL_PATHSPECS",
];

/// What a repository's own configuration has git run: its hooks, a monitor of its files, a program that checks signatures (git-config(1)).
/// The repository may be a stranger's.
const QUIET: [(&str, &str); 3] =
    [("core.hooksPath", "/dev/null"), ("core.fsmonitor", "false"), ("log.showSignature", "false")];

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
    let process = QUIET.iter().enumerate().fold(process, |process, (at, (key, value))| {
        process.env(format!("GIT_CONFIG_KEY_{at}"), key).env(format!("GIT_CONFIG_VALUE_{at}"), value)
    });
    let process = process.env("GIT_CONFIG_COUNT", QUIET.len().to_string());
    process.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0")
}

/// Options that keep git from running the filters of a repository (gitattributes(5)): what they make of a file is for its users, and they are
/// programs that the repository names.
///
/// # Errors
/// git does not know the repository.
pub fn without_filters(dir: &Path) -> Result<Vec<String>, ProcessError> {
    let filters = users_git(dir).arg("config").arg("--name-only").arg("--get-regexp").arg(r"^filter\..*\.");
    // Status 1: there is none.
    let listed = filters.output()?.text();
    let mut names: Vec<&str> = listed.lines().filter_map(|key| Some(key.rsplit_once('.')?.0)).collect();
    names.dedup();
    let off =
        |name: &str| [format!("{name}.clean="), format!("{name}.process="), format!("{name}.required=false")];
    Ok(names.into_iter().flat_map(off).flat_map(|setting| ["-c".to_owned(), setting]).collect())
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
