//! git without anybody's configuration.

use std::path::Path;

use host::{Process, plain_git};

/// git on a repository of somebody called A, whatever the machine's configuration.
pub fn somebodys_git(dir: &Path) -> Process {
    ["AUTHOR", "COMMITTER"].iter().fold(plain_git(dir), |git, who| {
        git.env(format!("GIT_{who}_NAME"), "A").env(format!("GIT_{who}_EMAIL"), "a@x.example")
    })
}
