//! A guest that boots before its modules are there.
//!
//! After an edit of modules alone the kernel stays as it is, and so does most of the initramfs. So a run begins with the guest of the
//! cell that comes first, with the modules of the build before. Its agent touches none of them, it waits. Once the new ones are there, it
//! gets what differs, and its job, and goes on like any other guest. Whatever is not as it was foreseen ends it: then the cell boots
//! as always, and nothing is lost but what the processors would have idled away.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_err as fs;
use walkdir::WalkDir;

use event::CellId;
use kbuild::Built;
use spec::{ModuleSet, Userland};
use vm::{Accel, EarlyGuest, LateFile};

use super::Cell;
use super::hardware::Hardware;

/// At most one guest that waits, for a cell that has not begun.
#[derive(Default)]
pub(super) struct HeadStart(Mutex<Option<Waiting>>);

/// A guest that waits for its modules and its job.
pub(super) struct Waiting {
    pub(super) guest: EarlyGuest,
    /// Whose first boot it will be.
    pub(super) cell: CellId,
    /// The build whose kernel and modules it has.
    pub(super) last: Built,
    /// Which of its modules.
    pub(super) modules: ModuleSet,
    pub(super) userland: Userland,
    pub(super) accel: Accel,
    pub(super) hardware: Hardware,
}

/// A guest that boots, and what it lacks of its modules.
pub(super) struct Ahead {
    pub(super) guest: EarlyGuest,
    pub(super) files: Vec<LateFile>,
}

impl HeadStart {
    /// Has a guest wait; another one that did is ended.
    pub(super) fn put(&self, waiting: Waiting) {
        *self.lock() = Some(waiting);
    }

    /// The guest that waits, if it is this boot's: on the same hardware, with the same kernel, and lacking no more than files.
    pub(super) fn take(
        &self,
        cell: &Cell,
        userland: Userland,
        accel: Accel,
        hardware: &Hardware,
        built: &Built,
    ) -> Option<Ahead> {
        let mut place = self.lock();
        let waiting = place.take_if(|waiting| waiting.cell == cell.id && waiting.userland == userland)?;
        drop(place);
        let (last, modules) = (&waiting.last, waiting.modules);
        if waiting.accel != accel || waiting.hardware != *hardware || !same(&last.kernel, &built.kernel) {
            return None;
        }
        let files = lacking(last.module_root(modules).ok()?, built.module_root(modules).ok()?)?;
        Some(Ahead { guest: waiting.guest, files })
    }

    /// Ends the guest that waits.
    pub(super) fn end(&self) {
        self.lock().take();
    }

    /// Ends the guest that waits for this cell, which has run without it.
    pub(super) fn end_of(&self, cell: &CellId) {
        self.lock().take_if(|waiting| waiting.cell == *cell);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The modules below one root that are not, or not the same, below the other; none where something would have to be taken away.
fn lacking(last: &Path, new: &Path) -> Option<Vec<LateFile>> {
    let (before, after) = (files(last)?, files(new)?);
    if before.iter().any(|name| after.binary_search(name).is_err()) {
        return None;
    }
    let changed = after.into_iter().filter(|name| !same(&last.join(name), &new.join(name)));
    let late = |name: PathBuf| {
        let path = new.join(&name);
        let mode = guest::guest_mode(&fs::metadata(&path).ok()?);
        Some(LateFile { path: format!("/{}", name.display()), mode, bytes: fs::read(path).ok()? })
    };
    changed.map(late).collect()
}

/// Names of the files below `lib/modules`, from the root on, sorted.
fn files(root: &Path) -> Option<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in WalkDir::new(root.join("lib/modules")) {
        let entry = entry.ok()?;
        if entry.file_type().is_file() {
            names.push(entry.path().strip_prefix(root).ok()?.to_owned());
        }
    }
    names.sort();
    Some(names)
}

/// Whether two files are one, or hold the same bytes.
fn same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino(), found.mode())).ok();
    match (place(one), place(other)) {
        (Some(a), Some(b)) if a == b => true,
        (Some(a), Some(b)) if a.2 == b.2 => fs::read(one).ok() == fs::read(other).ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = root.path().join("lib/modules/6.12").join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        root
    }

    fn names(last: &tempfile::TempDir, new: &tempfile::TempDir) -> Option<Vec<String>> {
        let late = lacking(last.path(), new.path())?;
        Some(late.into_iter().map(|file| file.path).collect())
    }

    #[test]
    fn what_changed_or_came_is_lacking() {
        let last = tree(&[("a.ko", "1"), ("b.ko", "1"), ("modules.dep", "x")]);
        assert_eq!(names(&last, &last), Some(Vec::new()));
        let same = tree(&[("a.ko", "1"), ("b.ko", "1"), ("modules.dep", "x")]);
        assert_eq!(names(&last, &same), Some(Vec::new()));
        let new = tree(&[("a.ko", "1"), ("b.ko", "2"), ("modules.dep", "y"), ("kernel/c.ko", "1")]);
        let paths =
            ["/lib/modules/6.12/b.ko", "/lib/modules/6.12/kernel/c.ko", "/lib/modules/6.12/modules.dep"];
        assert_eq!(names(&last, &new).expect("files"), paths);
    }

    #[test]
    fn nothing_can_be_taken_away() {
        let last = tree(&[("a.ko", "1"), ("b.ko", "1")]);
        assert_eq!(names(&last, &tree(&[("a.ko", "1")])), None);
        assert_eq!(names(&last, &tempfile::tempdir().expect("a folder")), None);
    }
}
