//! Who works on a folder: one process at a time, by a lock on a file in it that names the process.

use std::fs::TryLockError;
use std::io::Write;
use std::path::Path;

use fs_err::{File, OpenOptions};

use super::error::{FolderError, Kind};
use super::owner::{LOCK, LockOwner};

/// A folder that belongs to this process for as long as this lives. That of a process that dies is free again.
#[derive(Debug)]
#[must_use = "the folder is free again when this is dropped"]
pub struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl Lock {
    /// Locks this folder, and writes into it who has.
    ///
    /// # Errors
    /// [`FolderError::Locked`], or the file cannot be written.
    pub(crate) fn take(dir: &Path, kind: &'static Kind, command: &str) -> Result<Self, FolderError> {
        let path = dir.join(LOCK);
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) => {
                let id = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Err(FolderError::Locked { kind, id, owner: LockOwner::of(dir) });
            }
        }
        file.set_len(0)?;
        writeln!(file, "{}\n{command}", std::process::id())?;
        Ok(Self(file))
    }
}

/// Whether a process works on this folder.
pub(crate) fn is_locked(dir: &Path) -> bool {
    let Ok(file) = File::open(dir.join(LOCK)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}
