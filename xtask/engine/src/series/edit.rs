//! A series as commits: a git work tree to edit it in with git's own tools, taken back into its folder as patches.
//!
//! The work tree's one root commit is the kernel that the series goes onto; what stands between it and `HEAD` is the series.
//! Blobs and trees of the kernel stay in the cache's repository, which the work tree's borrows from (`objects/info/alternates`,
//! gitrepository-layout(5)): it is lost with the cache, and the patches are what counts.

mod notes;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;

use fault::{Fault, ToolError};
use host::git::NOBODY;
use host::{Process, ProcessError, plain_git, users_git};

use super::mail::Message;

/// Bytes are what they were, whatever the kernel's own attributes make of line ends.
const ATTRIBUTES: &str = "* -text -eol -ident -filter -working-tree-encoding\n";

/// A series that could not be edited, or not be taken back. Nothing is lost: see each.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is something at the place of the work tree.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// There is no work tree.
    #[error("{} is no work tree of a series", .0.display())]
    None(PathBuf),
    /// A rebase or git am has stopped and waits.
    #[error("{} is in the middle of a rebase", .0.display())]
    Unfinished(PathBuf),
    /// There is something that no commit has.
    #[error("{} has changes that are not committed: {files}", .dir.display())]
    Uncommitted {
        /// The work tree.
        dir: PathBuf,
        /// Some of the files.
        files: String,
    },
    /// The history is not a line of commits on one root.
    #[error("the history of {} is no series: {why}", .dir.display())]
    NoSeries {
        /// The work tree.
        dir: PathBuf,
        /// What is in the way, as a sentence without a subject.
        why: &'static str,
    },
    /// Patches conflict with the new base; git waits in the work tree.
    #[error("{subject} conflicts in {files}")]
    Conflict {
        /// The work tree.
        dir: PathBuf,
        /// The patch.
        subject: String,
        /// The files.
        files: String,
    },
    /// git failed.
    #[error(transparent)]
    Git(#[from] ProcessError),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ToolError for EditError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Git(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        match self {
            Self::Conflict { .. } => Fault::Kernel,
            _ => Fault::Usage,
        }
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::Exists(_) => "`series refresh` takes back what is in it; remove it to begin anew",
            Self::None(_) => "`series edit` makes one",
            Self::Unfinished(_) => {
                "resolve it there, `git add` and `git rebase --continue`; or `git rebase --abort`"
            }
            Self::Uncommitted { .. } => "commit them, or `git stash`",
            Self::Conflict { dir, .. } => {
                return Some(format!(
                    "resolve it in {}, `git add` and `git rebase --continue`, then `series refresh`",
                    dir.display()
                ));
            }
            Self::NoSeries { .. } => {
                "make it one line of commits with git rebase; or remove the work tree, and `series edit` begins anew"
            }
            Self::Git(_) | Self::Io(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// The kernel that a series goes onto, with what the series requires.
#[derive(Debug, Clone)]
pub struct Base {
    /// Id of its tree.
    pub tree: String,
    /// What it is; becomes the root commit's message.
    pub described: String,
    /// Object folders that hold it.
    pub objects: Vec<PathBuf>,
}

/// The work tree of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkTree {
    dir: PathBuf,
}

/// What taking a series back did to its folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Names of patches that are as they were.
    pub same: usize,
    /// Names of those that were written, in order.
    pub written: Vec<String>,
    /// Names of those that are gone.
    pub removed: Vec<String>,
}

impl WorkTree {
    /// The work tree in this folder.
    ///
    /// # Errors
    /// There is none.
    pub fn open(dir: &Path) -> Result<Self, EditError> {
        if dir.join(".git").is_dir() {
            Ok(Self { dir: dir.to_owned() })
        } else {
            Err(EditError::None(dir.to_owned()))
        }
    }

    /// Makes one with a branch of the series' name, each patch a commit. `learned` is where git keeps how conflicts were
    /// resolved (rerere), shared by all work trees.
    ///
    /// # Errors
    /// There is one, or git refuses a patch.
    pub fn make(
        dir: &Path,
        name: &str,
        base: &Base,
        patches: &[PathBuf],
        learned: &Path,
    ) -> Result<Self, EditError> {
        if dir.exists() {
            return Err(EditError::Exists(dir.to_owned()));
        }
        let parent = dir.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent)?;
        // What is cut short is never taken for whole.
        let draft = tempfile::Builder::new().prefix(".draft-").tempdir_in(parent)?;
        let tree = Self { dir: draft.path().to_owned() };
        tree.git(&["init", "--quiet", "--initial-branch", name]).run()?;
        tree.configure(base, learned)?;
        let root = tree.root_commit(base)?;
        tree.git(&["-c", "checkout.workers=0", "reset", "--quiet", "--hard", &root]).run()?;
        if !patches.is_empty() {
            let options = ["-c", "commit.gpgSign=false", "am", "--quiet"];
            let am = tree
                .git(&options)
                .arg("--keep-non-patch")
                .arg("--keep-cr")
                .arg("--whitespace=nowarn")
                .arg("--");
            tree.as_somebody(patches.iter().fold(am, Process::arg))?.run()?;
        }
        let draft = draft.keep();
        fs::rename(&draft, dir)?;
        Self::open(dir)
    }

    /// Puts the series onto another base.
    ///
    /// # Errors
    /// [`EditError::Conflict`] where git waits for the user.
    pub fn rebase(&self, base: &Base, learned: &Path) -> Result<(), EditError> {
        self.check()?;
        let old = self.root()?;
        self.configure(base, learned)?;
        let new = self.root_commit(base)?;
        let options = [
            "-c",
            "commit.gpgSign=false",
            "-c",
            "checkout.workers=0",
            "rebase",
            "--quiet",
            "--onto",
            &new,
            &old,
        ];
        let output = self.as_somebody(self.git(&options))?.output()?;
        if output.status.success() {
            return Ok(());
        }
        let files = self.git(&["diff", "--name-only", "--diff-filter=U"]).read()?;
        if !self.is_unfinished() {
            // Not a conflict: git reports it better.
            self.as_somebody(self.git(&options))?.run()?;
            return Ok(());
        }
        let subject = self.git(&["log", "-1", "--format=%s", "REBASE_HEAD"]).read().unwrap_or_default();
        let files = files.lines().collect::<Vec<_>>().join(", ");
        Err(EditError::Conflict { dir: self.dir.clone(), subject, files })
    }

    /// Writes the commits into a folder as patches. One with the same content as before stays byte for byte what it was; a cover
    /// letter stays, and so does what stands below the `---` of a patch of the same title.
    ///
    /// # Errors
    /// The work tree is not in order; nothing has been written then.
    pub fn refresh(&self, folder: &Path, version: u32) -> Result<Refreshed, EditError> {
        self.check()?;
        let root = self.root()?;
        if self.git(&["rev-list", "--count", "--merges", &format!("{root}..HEAD")]).read()? != "0" {
            return Err(self.no_series("it has a merge"));
        }
        if self.git(&["rev-parse", "HEAD"]).read()? == root {
            return Err(self.no_series("there is no commit on top of the kernel"));
        }
        let out = host::TempFolder::new()?;
        let prefix = if version > 1 { format!("PATCH v{version}") } else { "PATCH".to_owned() };
        // The user's settings of diffs and of their own mails must not show in the series.
        let options = ["format-patch", "--quiet", "--no-signature", "--no-cover-letter"];
        options
            .iter()
            .fold(plain_git(&self.dir), Process::arg)
            .arg(format!("--subject-prefix={prefix}"))
            .arg("--output-directory")
            .arg(out.path())
            .arg(format!("{root}..HEAD"))
            .run()?;
        replace(out.path(), folder)
    }

    /// What the series goes onto, as the root commit has it.
    ///
    /// # Errors
    /// The history is no series.
    pub fn base(&self) -> Result<String, EditError> {
        Ok(self.git(&["log", "-1", "--format=%s", &self.root()?]).read()?)
    }

    fn git(&self, args: &[&str]) -> Process {
        args.iter().fold(users_git(&self.dir), Process::arg)
    }

    /// git wants to know a committer. Patches do not name the committer.
    fn as_somebody(&self, process: Process) -> Result<Process, EditError> {
        if self.git(&["config", "user.email"]).output()?.status.success() {
            return Ok(process);
        }
        let committer =
            NOBODY.iter().filter(|(name, _)| name.starts_with("GIT_COMMITTER") && !name.ends_with("DATE"));
        Ok(committer.fold(process, |process, (name, value)| process.env(name, value)))
    }

    fn configure(&self, base: &Base, learned: &Path) -> Result<(), EditError> {
        let git = self.dir.join(".git");
        let write = |name: &str, text: &str| {
            let path = git.join(name);
            let made = path.parent().map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| fs::write(&path, text))
        };
        write("info/attributes", ATTRIBUTES)?;
        let known = fs::read_to_string(git.join("objects/info/alternates")).unwrap_or_default();
        let mut lines: Vec<String> = known.lines().map(str::to_owned).collect();
        for folder in &base.objects {
            let line = folder.display().to_string();
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        write("objects/info/alternates", &(lines.join("\n") + "\n"))?;
        for (key, value) in [("rerere.enabled", "true"), ("rerere.autoUpdate", "true"), ("gc.auto", "0")] {
            self.git(&["config", key, value]).run()?;
        }
        fs::create_dir_all(learned)?;
        let link = git.join("rr-cache");
        if link.symlink_metadata().is_err() {
            symlink(learned, &link)?;
        }
        Ok(())
    }

    fn root_commit(&self, base: &Base) -> Result<String, EditError> {
        let commit = self.git(&["commit-tree", "-m", &base.described, &base.tree]);
        Ok(NOBODY.iter().fold(commit, |commit, (name, value)| commit.env(name, value)).read()?)
    }

    fn root(&self) -> Result<String, EditError> {
        let roots = self.git(&["rev-list", "--max-parents=0", "HEAD"]).read()?;
        match roots.lines().collect::<Vec<_>>().as_slice() {
            [root] => Ok((*root).to_owned()),
            _ => Err(self.no_series("it has several roots")),
        }
    }

    fn is_unfinished(&self) -> bool {
        ["rebase-merge", "rebase-apply"].iter().any(|name| self.dir.join(".git").join(name).exists())
    }

    /// Whether all that was done is in commits.
    fn check(&self) -> Result<(), EditError> {
        if self.is_unfinished() {
            return Err(EditError::Unfinished(self.dir.clone()));
        }
        let status = self
            .git(&["-c", "core.quotePath=false", "status", "--porcelain", "--untracked-files=no"])
            .read()?;
        if status.is_empty() {
            return Ok(());
        }
        let files = status.lines().take(5).filter_map(|line| line.get(3..)).collect::<Vec<_>>().join(", ");
        Err(EditError::Uncommitted { dir: self.dir.clone(), files })
    }

    fn no_series(&self, why: &'static str) -> EditError {
        EditError::NoSeries { dir: self.dir.clone(), why }
    }
}

/// Puts the patches of one folder in the place of another's.
fn replace(new: &Path, folder: &Path) -> Result<Refreshed, EditError> {
    let mut refreshed = Refreshed::default();
    let names = patches(new)?;
    let mut noted = Vec::new();
    for name in patches(folder)? {
        let text = fs::read(folder.join(&name))?;
        if let (Some(title), Some(notes)) = (title(&text), notes::notes(&text)) {
            noted.push((title, notes.to_owned()));
        }
        if !names.contains(&name) {
            refreshed.removed.push(name);
        }
    }
    // What is new is written before anything goes.
    for name in names {
        let text = fs::read(new.join(&name))?;
        let kept = title(&text).and_then(|title| noted.iter().find(|(of, _)| *of == title));
        let text = if let Some((_, notes)) = kept { notes::with_notes(text, notes) } else { text };
        let path = folder.join(&name);
        if fs::read(&path).is_ok_and(|old| says_the_same(&old, &text)) {
            refreshed.same += 1;
            continue;
        }
        let beside = path.with_extension("patch.new");
        fs::write(&beside, text)?;
        fs::rename(&beside, &path)?;
        refreshed.written.push(name);
    }
    for name in &refreshed.removed {
        let path = folder.join(name);
        fs::remove_file(&path)?;
    }
    Ok(refreshed)
}

/// What a patch is called, whatever its number and version.
fn title(patch: &[u8]) -> Option<String> {
    Some(Message::parse(patch).ok()?.subject().title)
}

/// Names of a folder's patches in order, without a cover letter.
fn patches(folder: &Path) -> Result<Vec<String>, EditError> {
    let entries = fs::read_dir(folder)?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            Path::new(name).extension().is_some_and(|e| e == "patch") && !name.starts_with("0000-")
        })
        .collect();
    names.sort();
    Ok(names)
}

/// Whether two patches differ in nothing but what git writes anew each time: the commit, the ids of blobs, the function in
/// which a hunk is said to be, the signature.
fn says_the_same(one: &[u8], other: &[u8]) -> bool {
    fn content(patch: &[u8]) -> impl Iterator<Item = &[u8]> {
        let end = match patch.windows(4).rposition(|four| four == b"\n-- ") {
            // A signature is a line or two at the very end.
            Some(at) if patch.len() - at < 64 => at,
            _ => patch.len(),
        };
        let lines = patch[..end].trim_ascii_end().split(|b| *b == b'\n').enumerate();
        let numbered =
            |at: usize, line: &[u8]| line.starts_with(b"index ") || at == 0 && line.starts_with(b"From ");
        lines.filter(move |(at, line)| !numbered(*at, line)).map(|(_, line)| without_function(line))
    }
    content(one).eq(content(other))
}

/// `@@ -1,2 +1,3 @@` of `@@ -1,2 +1,3 @@ int probe(void)`.
fn without_function(line: &[u8]) -> &[u8] {
    let head = line.strip_prefix(b"@@ -").and_then(|rest| rest.windows(3).position(|three| three == b" @@"));
    head.map_or(line, |at| &line[..at + b"@@ - @@".len()])
}
