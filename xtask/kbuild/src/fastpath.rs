//! The fast path: after an edit of nothing but modules, only what kbuild itself recorded for them is run again.
//!
//! Most of an incremental build is kbuild's walk over the tree, and modpost over all of vmlinux. Neither is needed where files
//! changed that are compiled into modules alone. Their objects are compiled by the commands that kbuild wrote down when it made
//! them, linked likewise, and modpost takes vmlinux's symbols from the list that it wrote the last time. What lies in the folder
//! afterwards is what make would have left, so that make goes on from there. Whatever is not known to be of this kind is a
//! [`Detour`]: make's affair.

mod change;
mod jobs;
mod memory;
mod module;
mod orphans;
mod recorded;
mod remake;
mod stale;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::BuildError;
use super::make::{MOCK, Make};
use module::Module;
use recorded::{Recorded, shown};

pub(super) use memory::Memory;
pub(super) use orphans::drop_orphans;

/// The long way: make has to do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Detour {
    /// Why, where there was a build before this one.
    pub why: Option<String>,
}

impl Detour {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: Some(why.into()) }
    }

    /// Nothing is remembered of a build before, of which objects may lie there all the same.
    pub(super) fn first(obj: &Path) -> Self {
        let why =
            obj.join("vmlinux").exists().then(|| "nothing is remembered of the build before".to_owned());
        Self { why }
    }
}

/// What is to be done about the objects of modules.
pub(super) struct Stale {
    /// To be compiled.
    compile: Vec<Recorded>,
    /// Those of mock modules that nobody wants now: they stay as they are, and are remembered.
    left: BTreeSet<PathBuf>,
}

impl Stale {
    /// Whether mock modules are left as they are.
    pub(super) fn leaves_mock(&self) -> bool {
        !self.left.is_empty()
    }
}

/// What was made anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Remade {
    /// Objects compiled and linked.
    pub objects: u64,
    /// Modules of the kernel that are newer than the last entry, as they were linked.
    pub production: Vec<PathBuf>,
    /// Those of `tools/testing/cxl`.
    pub mock: Vec<PathBuf>,
}

/// One of the two folders where modules are made.
struct Place {
    /// `modules.order` and `Module.symvers` lie here.
    folder: PathBuf,
    modules: Vec<Module>,
}

impl Place {
    /// Names in `modules.order` and `NAME.mod` are relative to the folder, or absolute.
    fn find(folder: &Path) -> Option<Self> {
        Some(Self { folder: folder.to_owned(), modules: Module::all(folder)? })
    }
}

/// A finished build, and what is to be done with it.
pub(super) struct FastPath<'a> {
    make: &'a Make<'a>,
    /// Where the memory lies.
    file: &'a Path,
    production: Place,
    /// None where the tree has no mock modules, or they do not compile.
    mock: Option<Place>,
}

impl<'a> FastPath<'a> {
    /// The modules in the folders of a finished build; none where they are not listed as kbuild lists them.
    pub(super) fn find(make: &'a Make<'a>, file: &'a Path, has_mock: bool) -> Option<Self> {
        let production = Place::find(make.obj)?;
        let mock = if has_mock { Some(Place::find(&make.src.join(MOCK))?) } else { None };
        Some(Self { make, file, production, mock })
    }

    /// Remembers a build by make that has just been finished: the tree, the entry of the cache that was made of it, and the hash of
    /// its configuration.
    ///
    /// # Errors
    /// The memory cannot be written.
    pub(super) fn remember(&self, tree: &str, entry: &str, config: &str) -> Result<(), BuildError> {
        let parts: BTreeSet<_> =
            self.places().flat_map(|place| &place.modules).flat_map(|module| module.parts.clone()).collect();
        let folders = (self.make.src, self.make.obj);
        Memory::of_build((tree, entry, config), folders, &parts, Memory::load(self.file)).save(self.file)
    }

    /// What the changed files make stale, with the mock modules or without.
    ///
    /// # Errors
    /// Why make has to look.
    pub(super) fn plan(&self, memory: &Memory, changed: &[String], mock: bool) -> Result<Stale, Detour> {
        let stale = self.stale(memory, changed)?;
        let (compile, left): (_, Vec<_>) =
            stale.into_iter().partition(|part| mock || !self.is_mock(&part.target));
        Ok(Stale { compile, left: left.into_iter().map(|part| part.target).collect() })
    }

    /// Mock modules are made beside their sources.
    fn is_mock(&self, target: &Path) -> bool {
        target.starts_with(self.make.src)
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        [&self.production].into_iter().chain(&self.mock)
    }

    /// What kbuild recorded of a target.
    fn recorded(&self, target: &Path) -> Result<Recorded, Detour> {
        let mock = self.make.src.join(MOCK);
        Recorded::load(target, &[self.make.obj, &mock])
            .ok_or_else(|| Detour::new(format!("it is not known how {} was made", self.shown(target))))
    }

    /// A path as kbuild and git name it.
    fn shown(&self, path: &Path) -> String {
        shown(path, self.make.obj, self.make.src)
    }
}

#[cfg(test)]
mod tests;
