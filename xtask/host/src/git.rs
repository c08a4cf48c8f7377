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

/// Settings for this one call. By the environment, since a key may have anything in it.
fn settings<'a>(process: Process, settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Process {
    let mut count = 0;
    let process = settings.into_iter().fold(process, |process, (key, value)| {
        let process = process.env(format!("GIT_CONFIG_KEY_{count}"), key);
        let process = process.env(format!("GIT_CONFIG_VALUE_{count}"), value);
        count += 1;
        process
    });
    process.env("GIT_CONFIG_COUNT", count.to_string())
}

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
    settings(bare(args), QUIET)
}

fn bare<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Process {
    let process = FOREIGN.iter().fold(Process::new("git", args), Process::env_remove);
    // What a repository does not have it must not fetch: by a program that it names.
    let process = process.env("GIT_NO_LAZY_FETCH", "1").env("LC_ALL", "C");
    process.env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0")
}

/// Makes processes of git on a repository of the user's that run none of the repository's filters (gitattributes(5)): what they make of a
/// file is for its users, and they are programs that the repository names. Whatever looks at the index may run them.
///
/// # Errors
/// git cannot be run.
pub fn unfiltered_git(dir: &Path) -> Result<impl Fn() -> Process, ProcessError> {
    let filters = users_git(dir)
        .arg("config")
        .arg("--null")
        .arg("--name-only")
        .arg("--get-regexp")
        .arg(r"^filter\..*\.");
    // Status 1: there is none.
    let listed = filters.output()?.text();
    let mut names: Vec<&str> = listed.split('\0').filter_map(|key| Some(key.rsplit_once('.')?.0)).collect();
    names.dedup();
    let off = |name: &str| {
        [("clean", ""), ("process", ""), ("required", "false")]
            .map(|(field, value)| (format!("{name}.{field}"), value))
    };
    let off: Vec<(String, &str)> = names.into_iter().flat_map(off).collect();
    let dir = dir.to_owned();
    Ok(move || {
        let off = off.iter().map(|(key, value)| (key.as_str(), *value));
        settings(bare(["-C"]).arg(&dir), QUIET.into_iter().chain(off))
    })
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
