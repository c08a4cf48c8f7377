//! Files out of a guest, into the boot's folder.
//!
//! The guest is not trusted, and may send such frames by itself: a name is one plain component of a path, nothing that
//! is there is overwritten, and size, number and the files that are open at a time are bounded. A file is written
//! under a name of ours and gets its own when it is whole; one that is refused or cut short is removed and reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use wire::{
    AGENT_FILES, BOOT_LIMIT, Bytes, COUNTS, FILE_CHUNK, FILE_LIMIT, FILES_LIMIT, FromGuest, OPEN_FILES_LIMIT,
    check_file_name,
};

/// The folder of the files in the boot's folder.
pub const FOLDER: &str = "files";

/// Characters of the guest's own reason for giving a file up.
const PROBLEM_LENGTH: usize = 200;

/// How much a guest may store.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of all files.
    pub boot: u64,
    /// Files that are stored.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: FILE_LIMIT, boot: BOOT_LIMIT, files: FILES_LIMIT }
    }
}

/// The answer to the guest, and what is to be noted on the host.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Number of the file.
    pub file: u32,
    /// Where it is stored, relative to the folder, or why it is not.
    pub result: Result<String, String>,
    /// A line for the transcript.
    pub note: Option<String>,
}

/// The files of one boot.
pub struct Files {
    folder: PathBuf,
    limits: Limits,
    open: BTreeMap<u32, Open>,
    /// Paths relative to the folder of what is stored or on its way.
    taken: BTreeSet<String>,
    stored: usize,
    /// Stored files that are to be noted, and their bytes: all but a kernel's counters, which every case has.
    noted: (usize, u64),
    /// Of all files that are stored or on their way.
    bytes: u64,
}

/// A file on its way.
struct Open {
    /// Relative to the folder: `CASE/NAME`.
    path: String,
    part: NamedTempFile,
    bytes: u64,
}

impl Files {
    /// None yet. What an earlier boot left in the folder, which was cut short and is repeated, is removed.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn new(boot: &Path, limits: Limits) -> io::Result<Self> {
        let folder = boot.join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let (open, taken) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { folder, limits, open, taken, stored: 0, noted: (0, 0), bytes: 0 })
    }

    /// Takes a frame, where it is one of a file. `running` is the running case's index and name.
    pub fn take(&mut self, frame: &FromGuest, running: Option<(u32, &str)>) -> Option<Answer> {
        match frame {
            FromGuest::FileBegin { file, case, name } => {
                let result = self.begin(*file, *case, running, name);
                result.err().map(|(path, why)| answer(*file, &path, Err(why)))
            }
            FromGuest::FileData { file, at, data } => {
                // A refused file's rest, or nonsense: neither is worth an answer.
                let mut open = self.open.remove(file)?;
                match self.write(&mut open, *at, data) {
                    Ok(()) => {
                        self.open.insert(*file, open);
                        None
                    }
                    Err(why) => Some(self.discard(*file, open, why)),
                }
            }
            FromGuest::FileEnd { file, bytes, problem } => {
                let open = self.open.remove(file)?;
                let why = match problem {
                    Some(problem) => Some(problem.chars().take(PROBLEM_LENGTH).collect()),
                    None if *bytes != open.bytes => {
                        Some(format!("{} of its {bytes} bytes have come", open.bytes))
                    }
                    None => None,
                };
                Some(match why {
                    Some(why) => self.discard(*file, open, why),
                    None => self.keep(*file, open),
                })
            }
            _ => None,
        }
    }

    /// Removes what is not whole; what is to be noted of the boot's files.
    pub fn close(&mut self) -> Vec<String> {
        let mut notes = Vec::new();
        for (file, open) in std::mem::take(&mut self.open) {
            notes.extend(self.discard(file, open, "the guest ended before it did".into()).note);
        }
        let (count, bytes) = self.noted;
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            notes
                .push(format!("{}: {count} file{plural} of the guest, {bytes} bytes", self.folder.display()));
        }
        notes
    }

    /// Begins a file, or returns its path (empty where it has none that could be shown) and why it is refused.
    fn begin(
        &mut self,
        file: u32,
        case: Option<u32>,
        running: Option<(u32, &str)>,
        name: &str,
    ) -> Result<(), (String, String)> {
        let nameless = |why: String| (String::new(), why);
        let owner = match (case, running) {
            (None, _) => AGENT_FILES.to_owned(),
            (Some(case), Some((running, name))) if case == running => folder_of(name),
            (Some(case), _) => return Err(nameless(format!("case {case} does not run"))),
        };
        check_file_name(name).map_err(nameless)?;
        let path = format!("{owner}/{name}");
        let refuse = |why: String| Err((path.clone(), why));
        if self.open.contains_key(&file) {
            return refuse(format!("number {file} is that of another file"));
        }
        if self.taken.contains(&path) {
            return refuse("there is one of this name already".into());
        }
        if self.stored + self.open.len() >= self.limits.files {
            return refuse(format!("a boot stores at most {} files", self.limits.files));
        }
        if self.open.len() >= OPEN_FILES_LIMIT {
            return refuse(format!("{OPEN_FILES_LIMIT} files are on their way already"));
        }
        match self.part(&owner) {
            Ok(part) => {
                self.taken.insert(path.clone());
                self.open.insert(file, Open { path, part, bytes: 0 });
                Ok(())
            }
            Err(error) => refuse(format!("making it on the host: {error}")),
        }
    }

    fn part(&self, owner: &str) -> io::Result<NamedTempFile> {
        let folder = self.folder.join(owner);
        fs::create_dir_all(&folder)?;
        // No name of the guest's starts with a dot.
        tempfile::Builder::new()
            .prefix(".part-")
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(folder)
    }

    fn write(&mut self, open: &mut Open, at: u64, Bytes(data): &Bytes) -> Result<(), String> {
        if at != open.bytes {
            return Err(format!("its bytes from {} on did not come", open.bytes));
        }
        if data.len() > FILE_CHUNK {
            return Err(format!("{} bytes came at once, more than {FILE_CHUNK}", data.len()));
        }
        let length = data.len() as u64;
        if open.bytes + length > self.limits.file {
            return Err(format!("it is longer than {} bytes, the limit of a file", self.limits.file));
        }
        if self.bytes + length > self.limits.boot {
            return Err(format!(
                "with it a boot's files are longer than {} bytes, their limit",
                self.limits.boot
            ));
        }
        open.part.write_all(data).map_err(|error| format!("writing it on the host: {error}"))?;
        open.bytes += length;
        self.bytes += length;
        Ok(())
    }

    fn keep(&mut self, file: u32, open: Open) -> Answer {
        let Open { path, part, bytes } = open;
        match part.persist_noclobber(self.folder.join(&path)) {
            Ok(_) => {
                self.stored += 1;
                if !path.ends_with(COUNTS) {
                    self.noted = (self.noted.0 + 1, self.noted.1 + bytes);
                }
                answer(file, &path, Ok(()))
            }
            Err(error) => {
                self.bytes -= bytes;
                answer(file, &path, Err(format!("naming it on the host: {}", error.error)))
            }
        }
    }

    /// Removes the part of one that is not kept, and frees its name.
    fn discard(&mut self, file: u32, open: Open, why: String) -> Answer {
        self.taken.remove(&open.path);
        self.bytes -= open.bytes;
        answer(file, &open.path, Err(why))
    }
}

fn answer(file: u32, path: &str, result: Result<(), String>) -> Answer {
    let what = if path.is_empty() { "a file of the guest".to_owned() } else { format!("file {path}") };
    let note = result.as_ref().err().map(|why| format!("{what} is not kept: {why}"));
    Answer { file, result: result.map(|()| format!("{FOLDER}/{path}")), note }
}

/// The folder of a case: its name, which is one of a file for every case that was written by hand.
fn folder_of(case: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-+".contains(c) { c } else { '_' };
    let name: String = case.chars().map(plain).collect();
    if check_file_name(&name).is_ok() { name } else { format!("case-{}", &name[..name.len().min(90)]) }
}

#[cfg(test)]
mod tests;
