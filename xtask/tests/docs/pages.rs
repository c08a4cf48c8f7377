//! The pages: Markdown files that are for readers.

use std::fs;
use std::path::{Path, PathBuf};

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its path in the repository.
    pub name: String,
    pub text: String,
}

impl Page {
    pub fn read(name: &str) -> Self {
        let text = fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), text }
    }

    /// The line on which a byte of the text stands, from 1.
    pub fn line(&self, offset: usize) -> usize {
        1 + self.text[..offset].matches('\n').count()
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// All pages, those at the top of the repository first.
pub fn pages() -> Vec<Page> {
    let top = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "results/README.md"];
    let below = walkdir::WalkDir::new(root().join("docs")).sort_by_file_name().into_iter();
    let below = below.map(|entry| entry.expect("an entry").into_path()).filter(|path| {
        // The site's table of contents has links relative to another folder, and has a test of its own.
        path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("site/SUMMARY.md")
    });
    let name = |path: PathBuf| path.strip_prefix(root()).expect("below the root").display().to_string();
    top.into_iter().map(str::to_owned).chain(below.map(name)).map(|name| Page::read(&name)).collect()
}
