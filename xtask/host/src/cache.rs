//! The cache: folders, locks, and stamps that are either whole or not there.
//!
//! Shared by all clones of one user. Whoever makes an entry holds its lock, works under a temporary name,
//! renames, and writes the stamp last; a killed run leaves only what nobody believes.

use std::fs::TryLockError;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use fs_err::{self as fs, File, OpenOptions};

use fault::{Fault, ToolError};

use super::{io_at, signals};

/// How often a wait for a lock looks again, and at Ctrl-C.
const TICK: Duration = Duration::from_millis(50);

/// Shows backup programs that nothing here is worth keeping: <https://bford.info/cachedir/>.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is cxl-patchbench's cache.\n";

/// The cache's folder.
#[derive(Clone)]
pub struct Cache {
    path: PathBuf,
    waiting: Arc<dyn Fn(&str) + Send + Sync>,
}

/// The cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file or folder of it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The user interrupted a wait for a lock.
    #[error("interrupted while waiting for {}", .0.display())]
    Interrupted(PathBuf),
}

impl ToolError for CacheError {
    fn own_fault(&self) -> Fault {
        match self {
            Self::Interrupted(_) => Fault::Interrupted,
            Self::Io(_) => Fault::Machinery,
        }
    }

    fn own_hint(&self) -> Option<String> {
        let Self::Io(error) = self else { return None };
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Some("make room, or keep the cache elsewhere with --cache-dir DIR".to_owned())
            }
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists => {
                Some("keep the cache elsewhere with --cache-dir DIR".to_owned())
            }
            _ => error.hint(),
        }
    }
}

/// Holds a lock for as long as it lives.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct Guard(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cache").field(&self.path).finish()
    }
}

impl Cache {
    /// The cache in this folder, which is made where it is missing.
    ///
    /// # Errors
    /// It cannot be made or written.
    pub fn new(path: &Path) -> Result<Self, CacheError> {
        fs::create_dir_all(path)?;
        let tag = path.join("CACHEDIR.TAG");
        if !tag.exists() {
            write_stamp(&tag, TAG.as_bytes())?;
        }
        Ok(Self { path: path.to_owned(), waiting: Arc::new(|_| {}) })
    }

    /// The same cache; `report` is called with one line when somebody has to wait for another process.
    #[must_use]
    pub fn on_wait(mut self, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.waiting = Arc::new(report);
        self
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder in it, which is made where it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn dir(&self, sub: impl AsRef<Path>) -> Result<PathBuf, CacheError> {
        let dir = self.path.join(sub);
        fs::create_dir_all(&dir)?;
        Ok(dir)
    }

    /// Takes the lock of this name, waiting for whoever holds it. A process that dies gives its locks back.
    ///
    /// # Errors
    /// Its file cannot be made, or the user interrupted the wait.
    pub fn lock(&self, name: &str) -> Result<Guard, CacheError> {
        let path = self.dir("locks")?.join(format!("{name}.lock"));
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        let mut reported = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Guard(file)),
                Err(TryLockError::Error(error)) => return Err(io_at("locking", &path)(error).into()),
                Err(TryLockError::WouldBlock) if signals::requested() => {
                    return Err(CacheError::Interrupted(path));
                }
                Err(TryLockError::WouldBlock) => {
                    if !reported {
                        reported = true;
                        (self.waiting)(&format!(
                            "waiting for another run that uses {name} ({})",
                            path.display()
                        ));
                    }
                    thread::sleep(TICK);
                }
            }
        }
    }
}

/// Writes a file so that it is there whole or not at all, also if the machine dies.
///
/// # Errors
/// It or its folder cannot be written.
pub fn write_stamp(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), CacheError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut temp = tempfile::NamedTempFile::new_in(folder).map_err(io_at("writing in", folder))?;
    temp.write_all(bytes.as_ref())
        .and_then(|()| temp.as_file().sync_all())
        .map_err(io_at("writing", temp.path()))?;
    temp.persist(path).map_err(|error| io_at("writing", path)(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_lock_is_held_by_one_and_the_wait_of_the_other_is_reported() {
        let dir = tempfile::tempdir().expect("a folder");
        let reported = Arc::new(Mutex::new(Vec::new()));
        let report = Arc::clone(&reported);
        let cache = Cache::new(dir.path()).expect("a cache").on_wait(move |text| {
            report.lock().expect("not poisoned").push(text.to_owned());
        });
        let inside = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let _guard = cache.lock("tree").expect("a lock");
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    thread::sleep(Duration::from_millis(20));
                    inside.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        // Given back before the lock is taken again: a process that another test starts may still hold it for a moment.
        let reported = reported.lock().expect("not poisoned").clone();
        assert!(
            !reported.is_empty() && reported.iter().all(|line| line.contains("uses tree")),
            "{reported:?}"
        );
        drop(cache.lock("tree").expect("free again"));
    }

    #[test]
    fn locks_of_other_names_are_free() {
        let dir = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(dir.path()).expect("a cache");
        let _one = cache.lock("one").expect("a lock");
        let _two = cache.lock("two").expect("another");
    }

    #[test]
    fn a_stamp_replaces_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("deep/stamp");
        write_stamp(&path, "one").expect("written");
        write_stamp(&path, "two").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "two");
        assert_eq!(fs::read_dir(dir.path().join("deep")).expect("a folder").count(), 1);
    }

    #[test]
    fn a_cache_that_cannot_be_made_says_what_to_do() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("file");
        fs::write(&file, "").expect("written");
        let error = fault::shown(&Cache::new(&file.join("cache")).expect_err("a file is in the way"));
        assert!(error.starts_with("failed to create directory ") && error.contains("file/cache"), "{error}");
        let full =
            fault::shown(&CacheError::from(io_at("writing", &file)(io::ErrorKind::StorageFull.into())));
        assert!(full.ends_with("--cache-dir DIR"), "{full}");
    }
}
