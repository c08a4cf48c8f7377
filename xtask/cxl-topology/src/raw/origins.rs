//! Where each part of a topology was written.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use specfile::{Step, locate, steps};

/// A line and column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file, in the folder that was named.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
}

/// As compilers print it.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column } = self;
        write!(f, "{}:{line}:{column}", file.display())
    }
}

/// Where each part of a topology was written.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// Files and their texts, the extended ones first.
    pub(super) files: Vec<(PathBuf, String)>,
    /// From a part of the result to a file and a part of that.
    pub(super) parts: Vec<(Vec<Step>, usize, Vec<Step>)>,
}

impl Origins {
    /// Where a field of the topology stands, as `windows[0].size`: the nearest part that was written down.
    pub fn location(&self, field: &str) -> Option<Location> {
        let wanted = steps(field);
        let fits = |part: &&(Vec<Step>, usize, Vec<Step>)| wanted.starts_with(&part.0);
        // Of equally long ones the last: the file that extends has the last word.
        let (part, file, at) = self.parts.iter().filter(fits).max_by_key(|part| part.0.len())?;
        let (file, text) = self.files.get(*file)?;
        let at: Vec<Step> = at.iter().chain(&wanted[part.len()..]).cloned().collect();
        let (line, column) = locate(text, &at)?;
        Some(Location { file: file.clone(), line, column })
    }
}
