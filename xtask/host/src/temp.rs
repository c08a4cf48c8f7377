//! Temporary folders that do not outlive a killed tool for long: each is locked as long as its owner lives, and one that is not is collected
//! by whoever comes next.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{env, io};

use fs_err::{self as fs, File};
use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

const PREFIX: &str = "patchbench-";
/// Beside what the owner puts into it: who works in the folder cannot take the lock away.
const LOCK: &str = "lock";
const INSIDE: &str = "in";
/// Between its making and its locking nobody may take it for left behind.
const YOUNG: Duration = Duration::from_secs(60);

/// A folder of this process alone, mode 0700. Dropping it removes it.
#[derive(Debug)]
pub struct TempFolder {
    inside: PathBuf,
    // In this order: it is gone before it is unlocked.
    _folder: TempDir,
    _lock: std::fs::File,
}

impl TempFolder {
    /// Makes one in the system's folder for them.
    ///
    /// # Errors
    /// The file system's.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(env::temp_dir())?;
        let lock = File::create(folder.path().join(LOCK))?.into_file();
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        let inside = folder.path().join(INSIDE);
        fs::create_dir(&inside)?;
        Ok(Self { inside, _folder: folder, _lock: lock })
    }

    /// Where its owner works.
    pub fn path(&self) -> &Path {
        &self.inside
    }
}

/// Removes those whose owners were killed. How many there were.
pub fn collect() -> usize {
    collect_in(&env::temp_dir(), SystemTime::now())
}

fn collect_in(parent: &Path, now: SystemTime) -> usize {
    let own = rustix::process::geteuid().as_raw();
    let is_left = |folder: &Path| -> io::Result<bool> {
        let meta = fs::symlink_metadata(folder)?;
        let age = now.duration_since(meta.modified()?).unwrap_or_default();
        if !meta.is_dir() || meta.uid() != own || age < YOUNG || !folder.join(INSIDE).is_dir() {
            return Ok(false);
        }
        let lock = File::open(folder.join(LOCK))?.into_file();
        Ok(flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok())
    };
    let folders = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let ours = folders.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    ours.map(|entry| entry.path())
        .filter(|folder| is_left(folder).unwrap_or(false) && fs::remove_dir_all(folder).is_ok())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_owner_left_is_collected_and_nothing_else() {
        let parent = tempfile::tempdir().expect("a folder");
        let at = |name: &str| parent.path().join(name);
        for name in ["patchbench-dead/in", "patchbench-alive/in", "patchbench-other", "else/in"] {
            fs::create_dir_all(at(name)).expect("made");
        }
        for name in ["patchbench-dead", "patchbench-alive", "else"] {
            fs::write(at(name).join(LOCK), "").expect("written");
        }
        let lock = File::open(at("patchbench-alive/lock")).expect("a lock").into_file();
        flock(&lock, FlockOperation::NonBlockingLockExclusive).expect("locked");
        let now = SystemTime::now();
        assert_eq!(collect_in(parent.path(), now), 0, "all are young");
        assert_eq!(collect_in(parent.path(), now + 2 * YOUNG), 1);
        assert!(!at("patchbench-dead").exists());
        assert!(["patchbench-alive", "patchbench-other", "else"].iter().all(|name| at(name).exists()));
    }

    #[test]
    fn its_owner_removes_it() {
        let folder = TempFolder::new().expect("a folder");
        let outer = folder.path().parent().expect("a parent").to_owned();
        assert_eq!(fs::metadata(&outer).expect("it is there").permissions().mode() & 0o777, 0o700);
        fs::write(folder.path().join("file"), "").expect("written");
        drop(folder);
        assert!(!outer.exists());
    }
}
