//! Trees of the user's own: a commit, a working tree with its changes, a plain folder. Nothing of theirs is
//! written: their objects are read in place, what is new goes to our repository. (git renews the time of an object
//! of theirs that it would else have to write, which keeps it from being pruned.)

use std::path::{Path, PathBuf};

use fs_err as fs;

use host::{Process, digest, git, io_at};

use super::SourceError;
use super::fetcher::{Fetched, Fetcher, describe};
use super::git::alternates_value;
use super::own_tree::tells_products_apart;

/// A commit of a local repository.
pub(super) fn committed(path: &Path, reference: &str) -> Result<Fetched, SourceError> {
    let objects = objects(path)?;
    let (tree, described) = describe(git::with_config(["-C"]).arg(path).arg("log"), reference)?;
    let mut fetched = Fetched::new(tree, format!("{} {reference} at {described}", path.display()));
    fetched.alternates = vec![objects];
    Ok(fetched)
}

/// The working tree of a local repository as it is: changes, and new files that are not ignored.
pub(super) fn dirty(fetcher: &Fetcher, path: &Path) -> Result<Fetched, SourceError> {
    fetcher.may_fetch(path.display())?;
    let objects = objects(path)?;
    let top = PathBuf::from(ask(path, "--show-toplevel")?);
    let their_index = PathBuf::from(ask_path(path, "index")?);
    let parent = fetcher.cache.dir("tmp/index")?;
    let temp = tempfile::tempdir_in(&parent).map_err(io_at("making a folder in", &parent))?;
    let index = temp.path().join("index");
    copy_index(&their_index, &index)?;
    let git = git::unfiltered_git(&top)?;
    let staged = |args: &[&str]| {
        // A shared index would be written into the user's repository.
        let quiet = ["core.splitIndex=false", "advice.addEmbeddedRepo=false"];
        let process = quiet.iter().fold(git(), |process, setting| process.arg("-c").arg(setting));
        args.iter()
            .fold(process, Process::arg)
            .env("GIT_INDEX_FILE", &index)
            .env("GIT_OBJECT_DIRECTORY", fetcher.git.dir().join("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates_value(std::slice::from_ref(&objects)))
    };
    staged(&["add", "--all", "."]).log(fetcher.git.log()).run()?;
    let tree = staged(&["write-tree"]).read()?;
    let described = match describe(git::with_config(["-C"]).arg(path).arg("log"), "HEAD") {
        Ok((head, described)) if head == tree => format!("{described}, without changes"),
        Ok((_, described)) => format!("{described}, with uncommitted changes"),
        // A repository without a commit still has a working tree.
        Err(error) if error.is_interrupt() => return Err(error),
        Err(_) => "no commit yet".to_owned(),
    };
    let mut fetched = Fetched::new(tree, format!("{} at {described}", path.display()));
    fetched.alternates = vec![objects];
    Ok(fetched)
}

/// A plain folder.
pub(super) fn folder(fetcher: &Fetcher, path: &Path) -> Result<Fetched, SourceError> {
    if !path.is_dir() {
        return Err(SourceError::Other(format!("there is no folder {}", path.display())));
    }
    fetcher.may_fetch(path.display())?;
    let path = fs::canonicalize(path)?;
    let id = digest([path.as_os_str().as_encoded_bytes()])[..16].to_owned();
    let _lock = fetcher.cache.lock(&format!("dir-{id}"))?;
    // The index is kept, so that the next time only what changed is read.
    let index = fetcher.cache.dir("index")?.join(id);
    if !index.exists() {
        (fetcher.report)(&format!("reading {}", path.display()));
    }
    let tree = fetcher.git.import(&path, &index, !tells_products_apart(&path))?;
    Ok(Fetched::new(tree, path.display().to_string()))
}

/// Copies an index with its time: git holds an entry for possibly changed if it is not older than the index,
/// so a younger copy would hide a change made in the moment the index was written ("racy git").
fn copy_index(from: &Path, to: &Path) -> Result<(), SourceError> {
    let modified = match fs::metadata(from) {
        Ok(meta) => meta.modified()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    fs::copy(from, to)?;
    let file = fs::OpenOptions::new().write(true).open(to)?;
    Ok(file.set_modified(modified)?)
}

/// The folder of a repository's objects.
fn objects(path: &Path) -> Result<PathBuf, SourceError> {
    if !path.exists() {
        return Err(SourceError::Other(format!("there is no folder {}", path.display())));
    }
    ask_path(path, "objects").map(PathBuf::from)
}

fn ask(path: &Path, what: &str) -> Result<String, SourceError> {
    Ok(git::with_config(["-C"]).arg(path).arg("rev-parse").arg("--path-format=absolute").arg(what).read()?)
}

fn ask_path(path: &Path, what: &str) -> Result<String, SourceError> {
    let process = git::with_config(["-C"]).arg(path).arg("rev-parse").arg("--path-format=absolute");
    Ok(process.arg("--git-path").arg(what).read()?)
}
