//! How often each line of the kernel ran, where the kernel counts (`CONFIG_GCOV_KERNEL`): set back before each case, and sent after it.
//!
//! The counters of a module that was unloaded are kept by the kernel until they are set back (`gcov_persist`, kernel/gcov/fs.c).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wire::COUNTS;

use crate::files;
use crate::port::Port;

/// Where the kernel has them (Documentation/dev-tools/gcov.rst).
const ROOT: &str = "/sys/kernel/debug/gcov";

/// The counters of this kernel.
pub struct Counters(PathBuf);

impl Counters {
    /// None where the kernel does not count.
    pub fn find() -> Option<Self> {
        Self::at(Path::new(ROOT))
    }

    fn at(root: &Path) -> Option<Self> {
        root.join("reset").exists().then(|| Self(root.to_owned()))
    }

    /// Sets them all to 0.
    pub fn reset(&self, port: &Port) {
        let reset = self.0.join("reset");
        if let Err(error) = fs::write(&reset, "0") {
            port.note(format!("setting back the counters in {}: {error}", reset.display()));
        }
    }

    /// Sends them to the host as a file of the agent's, named after a case. A kernel that counts nothing at all sends nothing.
    pub fn save(&self, case: &str, port: &Port) {
        match self.archive() {
            Ok(archive) if archive.is_empty() => {}
            Ok(archive) => files::save(port, &format!("{case}{COUNTS}"), &archive),
            Err(error) => port.note(format!("reading the counters after case {case}: {error}")),
        }
    }

    /// A tar archive of them, by their paths below the root; empty where there are none.
    fn archive(&self) -> io::Result<Vec<u8>> {
        let mut found = Vec::new();
        walk(&self.0, &mut found)?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let mut archive = tar::Builder::new(Vec::new());
        for path in found {
            // A module that is unloaded meanwhile takes its file along.
            let Ok(bytes) = fs::read(&path) else { continue };
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            let name = path.strip_prefix(&self.0).unwrap_or(&path);
            archive.append_data(&mut header, name, bytes.as_slice())?;
        }
        archive.into_inner()
    }
}

/// The files with counters below a folder, sorted. The links beside them lead to files of the host.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            walk(&path, found)?;
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "gcda") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn counters_are_packed_by_their_paths() {
        let root = tempfile::tempdir().expect("a folder");
        assert!(Counters::at(root.path()).is_none());
        fs::write(root.path().join("reset"), "").expect("written");
        let counters = Counters::at(root.path()).expect("it counts");
        assert_eq!(counters.archive().expect("read"), b"");
        let dir = root.path().join("cache/obj/drivers/cxl");
        fs::create_dir_all(&dir).expect("made");
        for name in ["port.gcda", "acpi.gcda"] {
            fs::write(dir.join(name), name).expect("written");
        }
        symlink("/cache/obj/drivers/cxl/port.gcno", dir.join("port.gcno")).expect("linked");
        let archive = counters.archive().expect("read");
        let mut names = Vec::new();
        for entry in tar::Archive::new(archive.as_slice()).entries().expect("an archive") {
            let mut entry = entry.expect("an entry");
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("read");
            names.push(format!("{} {text}", entry.path().expect("a path").display()));
        }
        assert_eq!(
            names,
            ["cache/obj/drivers/cxl/acpi.gcda acpi.gcda", "cache/obj/drivers/cxl/port.gcda port.gcda"]
        );
    }
}
