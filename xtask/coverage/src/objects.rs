//! The objects of a build whose lines are counted, and what a guest has counted in them.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use fs_err as fs;
use walkdir::WalkDir;

use crate::lines::Index;
use crate::measured::Counts;
use crate::{CoverageError, SeriesLines, gcov};

/// The ending of a compiler's notes, and of what was counted.
const NOTES: &str = "gcno";
const DATA: &str = "gcda";

/// The objects of a build that have code of the lines of a series.
pub struct Objects<'a> {
    notes: PathBuf,
    index: Index<'a>,
    /// All of them by their names without ending, as `obj/drivers/cxl/core/port`.
    known: BTreeSet<String>,
    /// Those that have lines of the series.
    wanted: BTreeSet<String>,
    coverable: BTreeSet<usize>,
    files: BTreeSet<&'a str>,
}

impl<'a> Objects<'a> {
    /// Reads the notes of a build: a folder with `obj` and `src`, and below these what kbuild puts there.
    ///
    /// # Errors
    /// There are none, or gcov does not take them.
    pub fn of(notes: &Path, lines: &'a SeriesLines) -> Result<Self, CoverageError> {
        let found = WalkDir::new(notes).sort_by_file_name().into_iter().filter_map(Result::ok);
        let found = found.filter(|entry| entry.path().extension().is_some_and(|ending| ending == NOTES));
        let names: Vec<String> = found
            .filter_map(|entry| Some(entry.path().strip_prefix(notes).ok()?.display().to_string()))
            .collect();
        if names.is_empty() {
            return Err(CoverageError::NoNotes(notes.to_owned()));
        }
        let index = Index::new(lines);
        let read = gcov::read(notes, &names, ToOwned::to_owned)?;
        let mut objects = Self {
            notes: notes.to_owned(),
            index,
            known: BTreeSet::new(),
            wanted: BTreeSet::new(),
            coverable: BTreeSet::new(),
            files: BTreeSet::new(),
        };
        for name in &names {
            let stem = stem(name);
            for (path, counted) in read.get(name).into_iter().flatten() {
                let Some(known) = objects.index.of_file(&path.to_string_lossy()) else { continue };
                for line in counted.iter().filter_map(|(line, _)| known.get(line).copied()) {
                    objects.coverable.insert(line);
                    objects.files.insert(&lines.lines[line].file);
                    objects.wanted.insert(stem.clone());
                }
            }
            objects.known.insert(stem);
        }
        Ok(objects)
    }

    /// Whether the compiler has made code of a line, by its index.
    pub fn has_code(&self, line: usize) -> bool {
        self.coverable.contains(&line)
    }

    /// Whether any object has code of a file.
    pub fn compiles(&self, file: &str) -> bool {
        self.files.contains(file)
    }

    /// What a guest has counted: a tar archive of its `.gcda` files, which end as the objects of the build do.
    ///
    /// # Errors
    /// The archive is damaged, or its data is of another build.
    pub fn counts(&self, archive: &[u8]) -> Result<Counts, CoverageError> {
        let folder = host::TempFolder::new()?;
        let (mut files, mut names) = (Vec::new(), HashMap::new());
        for entry in tar::Archive::new(archive).entries()? {
            let mut entry = entry?;
            let object = entry.path()?.display().to_string();
            let Some(stem) = self.stem_of(&object) else { return Err(CoverageError::Unknown { object }) };
            if !self.wanted.contains(&stem) {
                continue;
            }
            let name = format!("{}.{DATA}", files.len());
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            fs::write(folder.path().join(&name), bytes)?;
            let notes = absolute(&self.notes.join(format!("{stem}.{NOTES}")))?;
            symlink(notes, folder.path().join(&name).with_extension(NOTES))?;
            names.insert(name.clone(), object);
            files.push(name);
        }
        let name = |file: &str| names.get(file).cloned().unwrap_or_else(|| file.to_owned());
        let mut counts = Counts::new();
        for (path, counted) in gcov::read(folder.path(), &files, name)?.into_values().flatten() {
            let Some(known) = self.index.of_file(&path.to_string_lossy()) else { continue };
            for (line, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
                if let Some(line) = known.get(&line) {
                    let sum = counts.entry(*line).or_default();
                    *sum = sum.saturating_add(count);
                }
            }
        }
        Ok(counts)
    }

    /// The build's name of an object of the guest's: a guest names it by the whole path of the folder that it was built in.
    fn stem_of(&self, object: &str) -> Option<String> {
        let stem = stem(object);
        let starts = std::iter::once(0).chain(stem.match_indices('/').map(|(at, _)| at + 1));
        starts.map(|at| &stem[at..]).find(|end| self.known.contains(*end)).map(str::to_owned)
    }
}

fn stem(name: &str) -> String {
    Path::new(name).with_extension("").display().to_string()
}

fn absolute(path: &Path) -> Result<PathBuf, CoverageError> {
    Ok(std::path::absolute(path)?)
}

#[cfg(test)]
mod tests;
