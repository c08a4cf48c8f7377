//! The modules of a finished build, as kbuild lists them (`modules.order`, `NAME.mod`).

use std::path::{Path, PathBuf};

use fs_err as fs;

use super::recorded::normal;

/// A module and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module {
    /// `NAME.o`: all objects linked, or the only one.
    pub(super) whole: PathBuf,
    /// Those that were compiled.
    pub(super) parts: Vec<PathBuf>,
}

impl Module {
    /// The modules that make has built in a folder; none where a list is missing.
    pub(super) fn all(folder: &Path) -> Option<Vec<Self>> {
        let order = fs::read_to_string(folder.join("modules.order")).ok()?;
        order
            .lines()
            .map(|line| Self::load(&normal(&folder.join(line)).with_extension("o"), folder))
            .collect()
    }

    fn load(whole: &Path, folder: &Path) -> Option<Self> {
        let listed = fs::read_to_string(whole.with_extension("mod")).ok()?;
        let parts = listed.split_whitespace().map(|name| normal(&folder.join(name))).collect();
        Some(Self { whole: whole.to_owned(), parts })
    }

    /// Whether there is something to link before modpost.
    pub(super) fn is_linked(&self) -> bool {
        self.parts.iter().any(|part| *part != self.whole)
    }

    /// What modpost writes.
    pub(super) fn glue(&self) -> PathBuf {
        self.whole.with_extension("mod.c")
    }

    /// The same, compiled.
    pub(super) fn glue_object(&self) -> PathBuf {
        self.whole.with_extension("mod.o")
    }

    /// The module.
    pub(super) fn ko(&self) -> PathBuf {
        self.whole.with_extension("ko")
    }
}
