//! Which objects the changed files make stale, and whether that is all that they do.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::change::{beyond_records, is_prose};
use super::recorded::Recorded;
use super::{Detour, FastPath, Memory};

/// Options with which more is made of a module than its records say.
const MORE_TO_DO: [(&str, &str); 8] = [
    ("CONFIG_MODVERSIONS", "the checksums of symbols are made beside the objects"),
    ("CONFIG_TRIM_UNUSED_KSYMS", "the kernel itself depends on what modules use"),
    ("CONFIG_DEBUG_INFO_BTF_MODULES", "modules carry BTF"),
    ("CONFIG_MODULE_SIG", "modules are signed"),
    ("CONFIG_MODULE_COMPRESS", "modules are packed"),
    ("CONFIG_LTO_CLANG", "modules are compiled as they are linked"),
    ("CONFIG_IKHEADERS", "the kernel carries its headers"),
    ("CONFIG_UAPI_HEADER_TEST", "headers are compiled by themselves"),
];

impl FastPath<'_> {
    /// Objects of modules that have to be compiled, those that an earlier build has left unsettled among them.
    pub(super) fn stale(&self, memory: &Memory, changed: &[String]) -> Result<Vec<Recorded>, Detour> {
        self.look_at_options()?;
        let parts = self.places().flat_map(|place| &place.modules).flat_map(|module| &module.parts);
        let parts: Vec<Recorded> = parts.map(|part| self.recorded(part)).collect::<Result<_, _>>()?;
        self.look_for_strangers(memory, &parts)?;
        let mut stale: BTreeSet<&Path> = memory.unsettled.iter().map(PathBuf::as_path).collect();
        let mut names = None;
        for file in changed.iter().filter(|file| !is_prose(file)) {
            if let Some(why) = beyond_records(file) {
                return Err(Detour::new(format!("{file} changed, and {why}")));
            }
            if let Some(made) = memory.outside.get(file) {
                return Err(Detour::new(format!("{file} changed, and {made} is made from it")));
            }
            let path = self.make.src.join(file);
            let users = parts.iter().filter(|part| part.inputs.contains(&path)).collect::<Vec<_>>();
            if users.is_empty() {
                let names = names.get_or_insert_with(|| file_names(memory, &parts));
                self.look_at_unused(file, names)?;
            } else if !path.is_file()
                && let Some(user) = users.iter().find(|user| user.source() == Some(&path))
            {
                return Err(Detour::new(format!(
                    "{file} is gone, and {} is made from it",
                    self.shown(&user.target)
                )));
            }
            stale.extend(users.into_iter().map(|user| user.target.as_path()));
        }
        Ok(parts.iter().filter(|part| stale.contains(part.target.as_path())).cloned().collect())
    }

    fn look_at_options(&self) -> Result<(), Detour> {
        let config = fs::read_to_string(self.make.obj.join(".config")).unwrap_or_default();
        let set = |option: &str| config.lines().any(|line| line.strip_prefix(option) == Some("=y"));
        match MORE_TO_DO.into_iter().find(|(option, _)| set(option)) {
            Some((option, why)) => Err(Detour::new(format!("with {option} {why}"))),
            None => Ok(()),
        }
    }

    /// Whether somebody else has built here since the memory was written.
    fn look_for_strangers(&self, memory: &Memory, parts: &[Recorded]) -> Result<(), Detour> {
        let time = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
        let since = time(self.file);
        let vmlinux = self.make.obj.join("vmlinux");
        let settled = parts.iter().map(|part| &part.target).filter(|part| !memory.unsettled.contains(*part));
        let is_newer = |path: &&PathBuf| time(path).is_none_or(|made| Some(made) > since);
        match settled.chain([&vmlinux]).find(is_newer) {
            Some(path) => {
                Err(Detour::new(format!("{} was made by somebody else, or is gone", self.shown(path))))
            }
            None => Ok(()),
        }
    }

    /// A file from which nothing was made: it must not come into the place of one that is used.
    fn look_at_unused(&self, file: &str, used: &HashSet<&OsStr>) -> Result<(), Detour> {
        let path = Path::new(file);
        let name = path.file_name().unwrap_or_default();
        if path.extension() == Some(OsStr::new("h")) && used.contains(name) {
            return Err(Detour::new(format!("{file} has the name of a header that is used")));
        }
        let object = path.with_extension("o");
        if [self.make.obj, self.make.src].iter().any(|top| top.join(&object).is_file()) {
            return Err(Detour::new(format!(
                "{file} has the name of what {} was made from",
                object.display()
            )));
        }
        Ok(())
    }
}

/// The last parts of the names of all files that something was made from.
fn file_names<'a>(memory: &'a Memory, parts: &'a [Recorded]) -> HashSet<&'a OsStr> {
    let outside = memory.outside.keys().map(Path::new);
    let inputs = parts.iter().flat_map(|part| &part.inputs).map(PathBuf::as_path);
    outside.chain(inputs).filter_map(Path::file_name).collect()
}
