//! Hunks that fit only somewhere else than they say.

use std::path::PathBuf;

use host::{Cache, io_at};

use super::git::Git;
use super::{Prepared, SourceError};

/// A hunk that git moved to make it fit. git moves hunks, but never takes one whose context differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Displaced {
    /// The patch.
    pub patch: PathBuf,
    /// The file of the kernel.
    pub file: String,
    /// git's words: `Hunk #2 succeeded at 40 (offset 3 lines)`.
    pub report: String,
}

/// Applies the patches of a prepared tree once more, on an index of its own, and reads what git reports.
pub(super) fn displaced(
    cache: &Cache,
    git: &Git,
    prepared: &Prepared,
) -> Result<Vec<Displaced>, SourceError> {
    let parent = cache.dir("tmp/index")?;
    let folder = tempfile::tempdir_in(&parent).map_err(io_at("making a folder in", &parent))?;
    let index = folder.path().join("index");
    let run = |args: &[&str]| {
        let process = git.with(&prepared.alternates, args);
        process.env("GIT_INDEX_FILE", &index).dir("/")
    };
    run(&["read-tree", &prepared.base]).run()?;
    let mut found = Vec::new();
    let patches =
        prepared.applied.iter().flat_map(|applied| &applied.patches).filter(|patch| !patch.contained);
    for patch in patches {
        let process = run(&["apply", "--cached", "--verbose", "--whitespace=nowarn", "--"]).arg(&patch.file);
        let (sender, lines) = std::sync::mpsc::channel();
        process.on_line(move |line| drop(sender.send(line.to_owned()))).run()?;
        let mut file = String::new();
        for line in lines {
            if let Some(name) = line.strip_prefix("Checking patch ") {
                name.trim_end_matches("...").clone_into(&mut file);
            } else if line.starts_with("Hunk #") && line.contains("(offset ") {
                let report = line.trim_end_matches('.').to_owned();
                found.push(Displaced { patch: patch.file.clone(), file: file.clone(), report });
            }
        }
    }
    Ok(found)
}
