//! Programs of this machine with the shared libraries that they want, for a guest that has none.
//!
//! All libraries go into one folder, that in which the machine's dynamic loader itself lies: the loader always looks there.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use fs_err as fs;
use xshell::{Shell, cmd};

use host::Process;
use host::elf::{Linkage, linkage};
use host::requirements::find_program;

use super::GuestError;

/// A growing set of programs and libraries: path in the guest, and the file here.
#[derive(Debug)]
pub(super) struct Closure {
    /// Folders that come before the machine's own.
    first: Vec<PathBuf>,
    /// The machine's libraries by name, as its loader finds them.
    known: HashMap<String, PathBuf>,
    files: BTreeMap<String, PathBuf>,
    /// The loader's folder, in the guest.
    folder: Option<String>,
}

impl Closure {
    /// Nothing yet. Libraries are looked for in the folders of `first` before the machine's.
    ///
    /// # Errors
    /// `ldconfig` cannot be run.
    pub(super) fn new(first: &[PathBuf]) -> Result<Self, GuestError> {
        let ldconfig = find_program("ldconfig").unwrap_or_else(|| PathBuf::from("ldconfig"));
        let sh = Shell::new()?;
        let known = Process::from(cmd!(sh, "{ldconfig} -p").env("LC_ALL", "C")).read()?;
        let known = parse_ldconfig(&known);
        Ok(Self { first: first.to_vec(), known, files: BTreeMap::new(), folder: None })
    }

    /// Adds a program under this path, with all that it wants.
    ///
    /// # Errors
    /// A file cannot be read, or a library is nowhere.
    pub(super) fn program(&mut self, path: &str, file: &Path) -> Result<(), GuestError> {
        let bytes = fs::read(file)?;
        if self.files.insert(path.to_owned(), file.to_owned()).is_some() {
            return Ok(());
        }
        // A script wants no library.
        let Some(linkage) = linkage(&bytes) else { return Ok(()) };
        if let Some(interpreter) = &linkage.interpreter {
            let loader = fs::canonicalize(interpreter)?;
            let folder = loader.parent().unwrap_or(Path::new("/")).to_string_lossy();
            self.folder.get_or_insert_with(|| folder.trim_start_matches('/').to_owned());
            self.files.insert(interpreter.trim_start_matches('/').to_owned(), loader);
        }
        self.libraries(file, &linkage)
    }

    /// Adds a library that is loaded by name at run time, where the machine has it.
    ///
    /// # Errors
    /// As [`Closure::program`].
    pub(super) fn library_if_there(&mut self, name: &str) -> Result<(), GuestError> {
        match self.find(name, Path::new("/"), &Linkage::default()) {
            Some(file) => self.library(name, &file),
            None => Ok(()),
        }
    }

    /// Path in the guest, and the file.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file.as_path()))
    }

    fn libraries(&mut self, of: &Path, linkage: &Linkage) -> Result<(), GuestError> {
        for name in &linkage.needed {
            let Some(file) = self.find(name, of, linkage) else {
                return Err(GuestError::NoLibrary { name: name.clone(), of: of.to_owned() });
            };
            self.library(name, &file)?;
        }
        Ok(())
    }

    fn library(&mut self, name: &str, file: &Path) -> Result<(), GuestError> {
        let folder = self.folder.as_deref().unwrap_or("lib");
        if self.files.insert(format!("{folder}/{name}"), file.to_owned()).is_some() {
            return Ok(());
        }
        let bytes = fs::read(file)?;
        self.libraries(file, &linkage(&bytes).unwrap_or_default())
    }

    fn find(&self, name: &str, of: &Path, linkage: &Linkage) -> Option<PathBuf> {
        let origin = of.parent().unwrap_or(Path::new("/")).to_string_lossy();
        let own = linkage.search.iter().map(|folder| PathBuf::from(folder.replace("$ORIGIN", &origin)));
        let found = own.chain(self.first.iter().cloned()).map(|folder| folder.join(name));
        found.chain(self.known.get(name).cloned()).find(|path| path.is_file())
    }
}

/// Libraries of the 64-bit kind in the list of `ldconfig -p`; the first of a name is the one that is taken.
fn parse_ldconfig(text: &str) -> HashMap<String, PathBuf> {
    let mut known = HashMap::new();
    for line in text.lines() {
        let Some((what, path)) = line.split_once(" => ") else { continue };
        let (name, kind) = what.trim().split_once(' ').unwrap_or((what.trim(), ""));
        if kind.contains("x86-64") {
            known.entry(name.to_owned()).or_insert_with(|| PathBuf::from(path));
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_test_program_comes_with_its_loader_and_libraries() {
        let own = std::env::current_exe().expect("our own program");
        let mut closure = Closure::new(&[]).expect("a closure");
        closure.program("bin/own", &own).expect("all of it");
        let files: Vec<_> = closure.files().map(|(path, _)| path.to_owned()).collect();
        assert!(files.contains(&"bin/own".to_owned()));
        assert!(files.iter().any(|path| path.ends_with("/libc.so.6")), "{files:?}");
        assert!(files.iter().any(|path| path.starts_with("lib64/ld-linux")), "{files:?}");
        closure.library_if_there("libno-such-thing.so.9").expect("it is not wanted");
    }

    #[test]
    fn the_first_64_bit_library_of_a_name_counts() {
        let text = "3 libs found in cache `/etc/ld.so.cache'\n\tlibjq.so.1 (libc6) => /lib32/libjq.so.1\n\tlibjq.so.1 (libc6,x86-64) => /a/libjq.so.1\n\tlibjq.so.1 (libc6,x86-64) => /b/libjq.so.1\n";
        let known = parse_ldconfig(text);
        assert_eq!(known.get("libjq.so.1").map(PathBuf::as_path), Some(Path::new("/a/libjq.so.1")));
    }
}
