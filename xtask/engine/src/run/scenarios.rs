//! The scenarios of a run, taken once: at its start they are copied into its folder, each file with its hash, and all that runs comes
//! from there. An edit meanwhile is the next run's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use walkdir::WalkDir;

use spec::{FOR_ALL, Suite};

use super::{Plan, RunError};

/// The folder in the run's.
const FOLDER: &str = "scenarios";
/// What all cases source, beside the suites.
pub(super) const LIB: &str = "lib.sh";
/// The hash of each file, in the form that `sha256sum -c` reads.
const SUMS: &str = "SHA256SUMS";

/// Files by their names in the folder of the suites: where each was, and its bytes.
type Files = BTreeMap<String, (PathBuf, Vec<u8>)>;

/// The plans with their suites in the run's folder. Where a run is taken up, they are there already.
///
/// # Errors
/// A file cannot be read or written; a suite has changed since the run was begun.
pub(super) fn keep(plans: &[Plan], run: &Path) -> Result<Vec<Plan>, RunError> {
    let to = run.join(FOLDER);
    let files = read(plans)?;
    let sums = to.join(SUMS);
    if let Ok(kept) = fs::read_to_string(&sums) {
        compare(&files, &kept, run)?;
    } else {
        write(&files, &to)?;
    }
    Ok(moved(plans, &to))
}

/// The hashes last: where they are, all files are.
fn write(files: &Files, to: &Path) -> Result<(), RunError> {
    fs::create_dir_all(to)?;
    let mut sums = String::new();
    for (name, (_, bytes)) in files {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap_or(to))?;
        fs::write(path, bytes)?;
        sums.push_str(&format!("{}  {name}\n", host::sha256(bytes)));
    }
    Ok(host::write_stamp(&to.join(SUMS), sums.as_bytes())?)
}

/// Every file of the suites, and what lies beside them.
fn read(plans: &[Plan]) -> Result<Files, RunError> {
    let suites = plans.iter().flat_map(|plan| &plan.cells).map(|cell| &cell.suite);
    let folders: BTreeSet<&Path> = suites
        .flat_map(|suite| std::iter::once(&suite.dir).chain(&suite.base_suite))
        .map(PathBuf::as_path)
        .collect();
    let mut files = BTreeMap::new();
    let mut take = |scenarios: &Path, path: &Path| -> Result<(), RunError> {
        let name = path.strip_prefix(scenarios).unwrap_or(path).to_string_lossy().into_owned();
        files.insert(name, (path.to_owned(), fs::read(path)?));
        Ok(())
    };
    for folder in folders {
        let scenarios = folder.parent().unwrap_or(folder);
        for entry in WalkDir::new(folder) {
            let entry = entry.map_err(std::io::Error::from)?;
            if entry.file_type().is_file() {
                take(scenarios, entry.path())?;
            }
        }
        take(scenarios, &scenarios.join(LIB))?;
        let for_all = scenarios.join(FOR_ALL);
        if for_all.is_file() {
            take(scenarios, &for_all)?;
        }
    }
    Ok(files)
}

/// Whether the files are those that the run began with.
fn compare(files: &Files, kept: &str, run: &Path) -> Result<(), RunError> {
    let kept: BTreeMap<&str, &str> =
        kept.lines().filter_map(|line| line.split_once("  ")).map(|(sum, name)| (name, sum)).collect();
    for (name, (path, bytes)) in files {
        if kept.get(name.as_str()).is_none_or(|sum| *sum != host::sha256(bytes)) {
            let run = run.file_name().unwrap_or(run.as_os_str()).to_string_lossy().into_owned();
            return Err(RunError::ScenarioChanged { path: path.clone(), run });
        }
    }
    Ok(())
}

fn moved(plans: &[Plan], to: &Path) -> Vec<Plan> {
    let place = |dir: &PathBuf| dir.file_name().map_or_else(|| dir.clone(), |name| to.join(name));
    let mut plans = plans.to_vec();
    for cell in plans.iter_mut().flat_map(|plan| &mut plan.cells) {
        let suite = &cell.suite;
        let (dir, base_suite) = (place(&suite.dir), suite.base_suite.as_ref().map(place));
        cell.suite = Arc::new(Suite { dir, base_suite, ..Suite::clone(suite) });
    }
    plans
}
