//! From which file, and which line of it, each value of a project comes.

use std::path::Path;

use specfile::{SpecError, Step};

use super::project::{FILE, LOCAL_FILE};

/// The project's files as they were written, the one that counts more first.
#[derive(Debug, Clone)]
pub struct Origins {
    files: Vec<(&'static str, String)>,
}

impl Origins {
    /// Reads the files of the project in this folder.
    ///
    /// # Errors
    /// [`SpecError::Read`].
    pub fn read(root: &Path) -> Result<Self, SpecError> {
        let names = [LOCAL_FILE, FILE].into_iter().filter(|name| *name == FILE || root.join(name).exists());
        let files: Result<_, SpecError> =
            names.map(|name| Ok((name, specfile::read(&root.join(name))?))).collect();
        Ok(Self { files: files? })
    }

    /// The file that sets a field, and the line where it does; none where neither does. The way down is given key by key, since
    /// names may have dots in them.
    pub fn of<'a>(&self, field: impl IntoIterator<Item = &'a str>) -> Option<(&'static str, usize)> {
        let steps: Vec<Step> = field.into_iter().map(|key| Step::Key(key.to_owned())).collect();
        self.find(&steps)
    }

    /// The same for an item of the list at the end of that way, or for the field itself where that is no list.
    pub fn of_item<'a>(
        &self,
        field: impl IntoIterator<Item = &'a str>,
        index: usize,
    ) -> Option<(&'static str, usize)> {
        let steps: Vec<Step> = field.into_iter().map(|key| Step::Key(key.to_owned())).collect();
        // Lists are replaced as a whole: the item is in the file that has the list.
        let (name, line) = self.find(&steps)?;
        let text = self.files.iter().find(|(file, _)| *file == name).map(|(_, text)| text)?;
        let item = specfile::find(text, &[steps, vec![Step::Index(index)]].concat());
        Some((name, item.map_or(line, |(line, _)| line)))
    }

    /// The same for a field of an item.
    pub fn of_item_field<'a>(
        &self,
        list: impl IntoIterator<Item = &'a str>,
        index: usize,
        field: &str,
    ) -> Option<(&'static str, usize)> {
        let mut steps: Vec<Step> = list.into_iter().map(|key| Step::Key(key.to_owned())).collect();
        let (name, _) = self.find(&steps)?;
        let text = self.files.iter().find(|(file, _)| *file == name).map(|(_, text)| text)?;
        steps.extend([Step::Index(index), Step::Key(field.to_owned())]);
        Some((name, specfile::find(text, &steps)?.0))
    }

    fn find(&self, steps: &[Step]) -> Option<(&'static str, usize)> {
        self.files.iter().find_map(|(name, text)| Some((*name, specfile::find(text, steps)?.0)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_local_file_counts_where_it_says_something() {
        let dir = tempfile::tempdir().expect("a folder");
        let main = "kernels:\n  v6.12:\n    source:\n      - { apt: a }\n      - { apt: b }\n    series: [s]\ndefaults:\n  kernel: v6.12\n";
        fs::write(dir.path().join(FILE), main).expect("written");
        let origins = Origins::read(dir.path()).expect("read");
        assert_eq!(origins.of_item(["kernels", "v6.12", "source"], 1), Some((FILE, 5)));
        assert_eq!(origins.of(["defaults", "kernel"]), Some((FILE, 8)));

        let local = "# mine\ndefaults: { kernel: mine }\nkernels:\n  v6.12: { source: { dir: x } }\n  mine: { source: { dir: y } }\n";
        fs::write(dir.path().join(LOCAL_FILE), local).expect("written");
        let origins = Origins::read(dir.path()).expect("read");
        assert_eq!(origins.of(["defaults", "kernel"]), Some((LOCAL_FILE, 2)));
        assert_eq!(origins.of_item(["kernels", "v6.12", "source"], 0), Some((LOCAL_FILE, 4)));
        assert_eq!(origins.of(["kernels", "v6.12", "series"]), Some((FILE, 6)));
        assert_eq!(origins.of(["defaults", "flavour"]), None);
    }
}
