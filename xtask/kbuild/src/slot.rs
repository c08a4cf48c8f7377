//! The work slot: the object folder that makes builds incremental, and its recovery after a killed build.
//!
//! make deletes a half-written target when it is interrupted, but not when it is killed. So a mark lies in
//! the slot while make runs, and whoever finds one removes every object that is newer than the command file
//! kbuild writes after it (`.NAME.cmd`, see `scripts/Kbuild.include`: `if_changed`).

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err::{self as fs, File};
use walkdir::WalkDir;

use super::BuildError;

/// A folder that belongs to one build at a time; the caller holds its lock.
pub(super) struct Slot<'a> {
    folder: &'a Path,
}

impl<'a> Slot<'a> {
    /// Makes the slot's folders where they are missing.
    pub(super) fn open(folder: &'a Path) -> Result<Self, BuildError> {
        let slot = Self { folder };
        let obj = slot.obj();
        fs::create_dir_all(&obj)?;
        Ok(slot)
    }

    /// kbuild's `O=`.
    pub(super) fn obj(&self) -> PathBuf {
        self.folder.join("obj")
    }

    /// What the last configuration was made from.
    pub(super) fn configured(&self) -> PathBuf {
        self.folder.join("configured.json")
    }

    /// What the fast path needs to know of the last build.
    pub(super) fn memory(&self) -> PathBuf {
        self.folder.join("fastpath.json")
    }

    /// Log of configuring or building, fresh.
    pub(super) fn log(&self, name: &str) -> Result<PathBuf, BuildError> {
        let path = self.folder.join(name);
        remove(&path)?;
        Ok(path)
    }

    fn mark(&self) -> PathBuf {
        self.folder.join("unfinished")
    }

    /// Whether an earlier build did not come to its end.
    pub(super) fn is_unfinished(&self) -> bool {
        self.mark().exists()
    }

    /// Cleans up after a killed build, if there was one, and marks the start of the next.
    pub(super) fn begin(&self, src: &Path) -> Result<(), BuildError> {
        let mark = self.mark();
        if let Ok(since) = fs::metadata(&mark).and_then(|meta| meta.modified()) {
            for folder in [self.obj(), src.to_owned()] {
                drop_half_made(&folder, since)?;
            }
            // The old mark stays: should this build be killed as well, its objects are looked at from there on.
            return Ok(());
        }
        Ok(fs::write(&mark, "a build is running here, or was killed\n")?)
    }

    /// Says that make came to an end by itself: what it left is whole, whether it succeeded or not.
    pub(super) fn settle(&self) -> Result<(), BuildError> {
        let mark = self.mark();
        Ok(fs::remove_file(&mark)?)
    }
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), BuildError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

/// Removes what may be half-written of the files that are newer than `since`.
fn drop_half_made(folder: &Path, since: SystemTime) -> Result<(), BuildError> {
    let files = WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file());
    for entry in files {
        let Some(modified) = entry.metadata().ok().and_then(|meta| meta.modified().ok()) else { continue };
        if modified < since {
            continue;
        }
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy());
        let half_made = if name.starts_with('.') && name.ends_with(".cmd") {
            !ends_its_line(path)
        } else {
            let command = path.with_file_name(format!(".{name}.cmd"));
            fs::metadata(command).and_then(|meta| meta.modified()).is_ok_and(|written| written < modified)
        };
        if half_made {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn ends_its_line(path: &Path) -> bool {
    let last = || -> std::io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        Ok(byte[0])
    };
    last().is_ok_and(|byte| byte == b'\n')
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn write(path: &Path, text: &str, age: u64) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
        let time = SystemTime::now() - Duration::from_secs(age);
        File::options().write(true).open(path).and_then(|f| f.set_modified(time)).expect("dated");
    }

    #[test]
    fn a_killed_build_leaves_no_object_that_is_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (slot, src) = (Slot::open(folder.path()).expect("opened"), folder.path().join("src"));
        write(&slot.mark(), "", 100);
        let obj = |name: &str| folder.path().join("obj").join(name);
        write(&obj("old.o"), "x", 200);
        write(&obj(".old.o.cmd"), "x\n", 300);
        write(&obj("whole.o"), "x", 50);
        write(&obj(".whole.o.cmd"), "x\n", 49);
        write(&obj("half.o"), "x", 10);
        write(&obj(".half.o.cmd"), "x\n", 500);
        write(&obj("cut.o"), "x", 10);
        write(&obj(".cut.o.cmd"), "x", 9);
        write(&src.join("half.o"), "x", 10);
        write(&src.join(".half.o.cmd"), "x\n", 500);
        slot.begin(&src).expect("cleaned");
        let left = |path: &Path| path.exists();
        assert!(left(&obj("old.o")) && left(&obj("whole.o")) && left(&obj(".whole.o.cmd")));
        assert!(!left(&obj("half.o")) && !left(&src.join("half.o")) && !left(&obj(".cut.o.cmd")));
        assert!(slot.is_unfinished());
        slot.settle().expect("settled");
        assert!(!slot.is_unfinished());
    }
}
