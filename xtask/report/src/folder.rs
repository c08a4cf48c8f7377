//! Folders that are named by a time and a short id: those of all runs, and those of all bisections.
//!
//! Each belongs to one process at a time, which holds a lock on a file in it. One is named by `latest`, by its name or the
//! beginning of it, or by the beginning of its short id.

mod error;
mod lock;
mod owner;

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub use error::{FolderError, Kind, LATEST};
pub use lock::Lock;
pub(crate) use lock::is_locked;
pub use owner::LockOwner;

/// How the folder begins that is being removed.
const GONE: &str = ".removed-";
/// How the time in a name is written.
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// Runs.
pub const RUN: Kind =
    Kind { word: "run", made_by: "cargo xtask run", listed_by: Some("cargo xtask results list") };

/// A folder of such folders, which need not be there yet.
#[derive(Debug, Clone)]
pub struct Folders {
    dir: PathBuf,
    kind: &'static Kind,
}

/// One of them, of which only the name is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The name: time and short id.
    pub id: String,
    /// The folder.
    pub dir: PathBuf,
    /// When it was made, from its name.
    pub time: Timestamp,
    kind: &'static Kind,
}

impl Folder {
    /// Whether a process works on it.
    pub fn is_locked(&self) -> bool {
        is_locked(&self.dir)
    }

    /// Locks it for this process. `command` is shown to whoever wants it too.
    ///
    /// # Errors
    /// [`FolderError::Locked`], or its lock cannot be written.
    pub fn lock(&self, command: &str) -> Result<Lock, FolderError> {
        Lock::take(&self.dir, self.kind, command)
    }

    /// That another process works on it, as an error.
    pub fn locked(&self) -> FolderError {
        FolderError::Locked { kind: self.kind, id: self.id.clone(), owner: LockOwner::of(&self.dir) }
    }

    /// The six digits after the time.
    fn short(&self) -> &str {
        self.id.rsplit('-').next().unwrap_or_default()
    }
}

impl Folders {
    /// The folders of this kind in `dir`.
    pub fn new(dir: impl Into<PathBuf>, kind: &'static Kind) -> Self {
        Self { dir: dir.into(), kind }
    }

    /// The folders of runs in `dir`.
    pub fn of_runs(dir: impl Into<PathBuf>) -> Self {
        Self::new(dir, &RUN)
    }

    /// What one of them is called: run, bisection.
    pub fn word(&self) -> &'static str {
        self.kind.word
    }

    /// Where they are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes a folder with a new name, locks it for this process, and points `latest` at it. `command` is shown to whoever
    /// wants it too.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn create(&self, command: &str) -> Result<(Folder, Lock), FolderError> {
        fs::create_dir_all(&self.dir)?;
        let time = Timestamp::now();
        let stamp = time.strftime(STAMP);
        let made = (0_u32..100).find_map(|attempt| {
            let seed = format!("{} {} {attempt}", time.as_nanosecond(), std::process::id());
            let id = format!("{stamp}-{}", &host::sha256(seed)[..6]);
            let dir = self.dir.join(&id);
            match fs::create_dir(&dir) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
                other => Some(other.map(|()| Folder { id, dir, time, kind: self.kind })),
            }
        });
        let no_name = || format!("no name is free in {}", self.dir.display());
        let made = made.unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::AlreadyExists, no_name())));
        let folder = made?;
        let lock = folder.lock(command)?;
        self.point_latest(&folder.id)?;
        Ok((folder, lock))
    }

    /// All of them, the oldest first.
    ///
    /// # Errors
    /// [`FolderError::Io`]: they are there and cannot be read.
    pub fn list(&self) -> Result<Vec<Folder>, FolderError> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut folders = Vec::new();
        for entry in entries {
            let entry = entry?;
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            folders.extend(entry.file_name().to_str().filter(|_| is_dir).and_then(|id| self.named(id)));
        }
        folders.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        Ok(folders)
    }

    /// The folder of this whole name, be it there or not; none where no folder has such a name.
    fn named(&self, id: &str) -> Option<Folder> {
        let (stamp, short) = id.rsplit_once('-')?;
        if short.len() != 6 || !short.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let time = DateTime::strptime(STAMP, stamp).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Folder { id: id.to_owned(), dir: self.dir.join(id), time, kind: self.kind })
    }

    /// The name of the one that `latest` points at.
    pub fn latest(&self) -> Option<String> {
        let target = fs::read_link(self.dir.join(LATEST)).ok()?;
        Some(target.file_name()?.to_str()?.to_owned())
    }

    /// The one that is meant: `latest`, a name, the beginning of one, or the beginning of its last six digits.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn find(&self, name: &str) -> Result<Folder, FolderError> {
        let all = self.list()?;
        let latest = (name == LATEST).then(|| self.latest()).flatten();
        let wanted = latest.as_deref().unwrap_or(name);
        let those =
            |fits: &dyn Fn(&Folder) -> bool| all.iter().filter(|folder| fits(folder)).collect::<Vec<_>>();
        let found = [
            those(&|folder| folder.id == wanted),
            those(&|folder| folder.id.starts_with(wanted) && !wanted.is_empty()),
            those(&|folder| folder.short().starts_with(wanted) && !wanted.is_empty()),
        ];
        match found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()[..] {
            [folder] => Ok(folder.clone()),
            [] => Err(self.missing(name, all.last())),
            ref several => Err(FolderError::Ambiguous {
                kind: self.kind,
                name: name.to_owned(),
                ids: several.iter().map(|folder| folder.id.clone()).collect(),
            }),
        }
    }

    fn missing(&self, name: &str, newest: Option<&Folder>) -> FolderError {
        let Kind { made_by, listed_by, .. } = self.kind;
        let hint = match (newest, listed_by) {
            (None, _) => format!("`{made_by}` makes one"),
            (Some(newest), Some(list)) => format!("the newest is {}; `{list}` has all", newest.id),
            (Some(newest), None) => format!("the newest is {}", newest.id),
        };
        FolderError::Missing { kind: self.kind, name: name.to_owned(), dir: self.dir.clone(), hint }
    }

    /// As [`Self::find`], or the path of a folder anywhere, which has a `/` in it.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn locate(&self, name: &str) -> Result<PathBuf, FolderError> {
        if name.contains('/') {
            return Ok(PathBuf::from(name));
        }
        Ok(self.find(name)?.dir)
    }

    /// Removes one: it is gone at once or still there as a whole. `latest` then points at the newest that is left.
    ///
    /// # Errors
    /// A process works on it, or it cannot be removed.
    pub fn remove(&self, folder: &Folder) -> Result<(), FolderError> {
        // Held until it is gone: nobody resumes what is being removed.
        let _lock = folder.lock("removes it")?;
        let gone = self.dir.join(format!("{GONE}{}", folder.id));
        fs::rename(&folder.dir, &gone)?;
        if self.latest().as_deref() == Some(&folder.id) {
            if let Some(newest) = self.list()?.last() {
                self.point_latest(&newest.id)?;
            } else {
                let link = self.dir.join(LATEST);
                fs::remove_file(&link)?;
            }
        }
        Ok(fs::remove_dir_all(&gone)?)
    }

    /// Removes what a killed [`Self::remove`] has left.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn sweep(&self) -> Result<(), FolderError> {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(GONE) {
                let path = entry.path();
                fs::remove_dir_all(&path)?;
            }
        }
        Ok(())
    }

    /// Makes `latest` the name of this one; there is no moment without it.
    fn point_latest(&self, id: &str) -> Result<(), FolderError> {
        let (link, latest) = (self.dir.join(format!(".latest-{id}")), self.dir.join(LATEST));
        symlink(id, &link)?;
        Ok(fs::rename(&link, &latest)?)
    }
}

#[cfg(test)]
mod tests;
