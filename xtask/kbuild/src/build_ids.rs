//! What the linker has named the modules of a build: who runs one can be asked for its name.

use std::collections::BTreeMap;

use fs_err as fs;

use spec::ModuleSet;

use super::entry::Built;
use super::{BuildError, install};

impl Built {
    /// The build ids of these modules, by their canonical names; without those that have none.
    ///
    /// # Errors
    /// As [`super::Mock::root`], or a file cannot be read.
    pub fn build_ids(&self, modules: ModuleSet) -> Result<BTreeMap<String, String>, BuildError> {
        let mut ids = BTreeMap::new();
        for path in install::modules(self.module_root(modules)?) {
            if let Some(id) = host::elf::build_id(fs::File::open(&path)?) {
                ids.insert(install::canonical(&path), id);
            }
        }
        Ok(ids)
    }
}
