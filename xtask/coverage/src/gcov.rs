//! gcov as a process: what it says of the lines of some objects.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use host::{Confinement, Process};

use crate::CoverageError;

/// What gcov says of an object without data, which is what notes alone are, and of one without functions, as kbuild's `NAME.mod.o`.
const HARMLESS: [&str; 2] = ["cannot open data file, assuming not executed", "no functions found"];

/// Of one object, each line that has code, with how often it ran.
pub(crate) type ObjectLines = Vec<(PathBuf, Vec<(u32, u64)>)>;

/// A document of `gcov --json-format` (gcov(1), "JSON").
#[derive(Deserialize)]
struct Document {
    data_file: String,
    current_working_directory: String,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    file: String,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    line_number: u32,
    count: u64,
}

/// Asks gcov about data files or notes in a folder, by their names there. It finds the notes beside the data.
///
/// # Errors
/// gcov cannot be run, or does not take one of the files: `name` says which object that is to the reader.
pub(crate) fn read(
    folder: &Path,
    files: &[String],
    name: impl Fn(&str) -> String,
) -> Result<HashMap<String, ObjectLines>, CoverageError> {
    if files.is_empty() {
        return Ok(HashMap::new());
    }
    let complaints: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&complaints);
    let output = Process::new("gcov", ["--json-format", "--stdout"]);
    let output = files.iter().fold(output, Process::arg).dir(folder).env("LC_ALL", "C");
    let output = output.on_line(move |line| {
        // What is JSON is read below, and is all that goes to stdout.
        if !line.is_empty() && !line.starts_with('{') && !HARMLESS.iter().any(|end| line.ends_with(end)) {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        }
    });
    // The notes are links to where the build keeps them.
    let targets = std::fs::read_dir(folder)?.flatten().filter_map(|entry| entry.path().canonicalize().ok());
    let inside = targets.fold(Confinement::new().read(folder), Confinement::read);
    let output = output.confined(inside).output()?;
    let complaints = std::mem::take(&mut *complaints.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some(line) = complaints.first() {
        let (file, why) = line.split_once(':').unwrap_or(("", line));
        return Err(CoverageError::Foreign { object: name(file), why: why.to_owned() });
    }
    let mut objects = HashMap::new();
    for document in serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Document>() {
        let document = document?;
        let here = Path::new(&document.current_working_directory);
        let lines = |file: &File| file.lines.iter().map(|line| (line.line_number, line.count)).collect();
        let files = document.files.iter().map(|file| (clean(&here.join(&file.file)), lines(file)));
        objects.insert(document.data_file.clone(), files.collect());
    }
    Ok(objects)
}

/// A path without `.` and `..`, as it is written: the folders need not be there.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean
}
