//! The lines that a series wrote, each with its patch.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// The lines of C sources and headers that a series added or changed, in the tree that was built. Kept in a run's folder, so that what
/// was counted can be read again without the kernel's source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesLines {
    /// Name of the series.
    pub series: String,
    /// Its patches, in order.
    pub patches: Vec<SeriesPatch>,
    /// The lines, by file and number.
    pub lines: Vec<SeriesLine>,
}

/// A patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesPatch {
    /// Subject, without its brackets.
    pub subject: String,
    /// What it changes, as `git diff` shows it.
    pub diff: String,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesLine {
    /// The file, from the top of the tree.
    pub file: String,
    /// Its number in the tree that was built, from 1.
    pub line: u32,
    /// Index of its patch.
    pub patch: usize,
    /// Its number in the tree with its patch and none after it, from 1.
    pub line_in_patch: u32,
    /// What stands there.
    pub text: String,
}

/// Finds lines by file and number.
pub(crate) struct Index<'a> {
    files: HashMap<&'a str, HashMap<u32, usize>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(lines: &'a SeriesLines) -> Self {
        let mut files: HashMap<&str, HashMap<u32, usize>> = HashMap::new();
        for (at, line) in lines.lines.iter().enumerate() {
            files.entry(&line.file).or_default().insert(line.line, at);
        }
        Self { files }
    }

    /// The lines of a file, as a compiler names it: absolute, without `..`. Objects of `tools/testing/cxl` name it by the same place.
    pub(crate) fn of_file(&self, path: &str) -> Option<&HashMap<u32, usize>> {
        let is =
            |file: &str| path.strip_suffix(file).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
        let found = self.files.iter().filter(|(file, _)| is(file)).max_by_key(|(file, _)| file.len());
        found.map(|(_, lines)| lines)
    }
}
