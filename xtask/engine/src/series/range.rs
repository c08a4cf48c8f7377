//! A range of commits as a series: written as patches into the cache, beside the other series of the project.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;

use fault::{Fault, ToolError};
use host::{Cache, ProcessError, plain_git, users_git};
use spec::series::{COVER, FILE};
use spec::{Patch, Series, SeriesRange};

use super::import::set;
use super::mail::Message;
use super::overlay::{self, OverlayError};

/// Names the layout of what [`overlay`] writes; another one is another folder.
const FORMAT: &str = "range-3";

/// A range that cannot be taken for a series.
#[derive(Debug, thiserror::Error)]
pub enum RangeError {
    /// It is not written as one.
    #[error("'{0}' is no range of commits")]
    Malformed(String),
    /// It has no commit.
    #[error("{range} of {} has no commit", .dir.display())]
    Empty {
        /// The range.
        range: String,
        /// The repository.
        dir: PathBuf,
    },
    /// It is not a line of commits.
    #[error("{range} of {} has a merge, {merge}: a series is a line of commits", .dir.display())]
    Merge {
        /// The range.
        range: String,
        /// The repository.
        dir: PathBuf,
        /// The merge's id.
        merge: String,
    },
    /// An end of it is none.
    #[error("{} has no commit '{name}'", .dir.display())]
    Unknown {
        /// The end.
        name: String,
        /// The repository.
        dir: PathBuf,
    },
    /// git does not know it.
    #[error(transparent)]
    Git(#[from] ProcessError),
    /// It cannot be put beside the project's series.
    #[error(transparent)]
    Overlay(#[from] OverlayError),
}

impl ToolError for RangeError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Git(error) => Some(error),
            Self::Overlay(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::Malformed(_) => "BASE..TIP, as git log takes it; BASE.. for all up to HEAD",
            Self::Empty { .. } => "BASE first, then TIP",
            Self::Merge { .. } => "git rebase",
            Self::Unknown { dir, .. } => {
                return Some(format!(
                    "git -C {} branch --all, or git tag, has the names that it knows",
                    dir.display()
                ));
            }
            Self::Overlay(_) | Self::Git(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// The commits that `BASE..TIP` names now, by their ids, for a series of this name.
///
/// # Errors
/// There are none, or they are not a line.
pub fn resolve(series: &str, dir: &Path, range: &str) -> Result<SeriesRange, RangeError> {
    let malformed = || RangeError::Malformed(range.to_owned());
    let (base, tip) = range.split_once("..").ok_or_else(malformed)?;
    let tip = if tip.is_empty() { "HEAD" } else { tip };
    if base.is_empty() || tip.starts_with('.') || base.starts_with('-') || tip.starts_with('-') {
        return Err(malformed());
    }
    let dir = std::path::absolute(dir).map_err(OverlayError::from)?;
    let id = |name: &str| {
        let commit = format!("{name}^{{commit}}");
        let git = users_git(&dir).arg("rev-parse").arg("--verify").arg("--quiet").arg(commit);
        let output = git.output()?;
        if !output.status.success() && output.tail.iter().all(|line| line.trim().is_empty()) {
            return Err(RangeError::Unknown { name: name.to_owned(), dir: dir.clone() });
        }
        output.status.success().then(|| output.text().trim().to_owned()).map_or_else(
            // Not a repository: git reports it better.
            || Ok(users_git(&dir).arg("rev-parse").arg("--verify").arg(name).read()?),
            Ok,
        )
    };
    let found = SeriesRange { series: series.to_owned(), base: id(base)?, tip: id(tip)?, dir: dir.clone() };
    let commits = found.commits();
    let merge = users_git(&dir).arg("rev-list").arg("--merges").arg("--max-count=1").arg(&commits).read()?;
    if !merge.is_empty() {
        return Err(RangeError::Merge { range: range.to_owned(), dir, merge });
    }
    if users_git(&dir).arg("rev-list").arg("--count").arg(&commits).read()? == "0" {
        return Err(RangeError::Empty { range: range.to_owned(), dir });
    }
    Ok(found)
}

/// A folder with the project's series in which the range stands in the place of one of them, or beside them. What that one
/// says of itself in `series.yaml` holds for the range too, but for what is about its patches alone: a promise goes with the
/// subject of the patch that it is from.
///
/// # Errors
/// git or the file system fails.
pub fn overlay(range: &SeriesRange, patches: &Path, cache: &Cache) -> Result<PathBuf, RangeError> {
    let own = patches.join(&range.series);
    let own_yaml = fs::read_to_string(own.join(FILE)).unwrap_or_default();
    let before = if own_yaml.is_empty() { None } else { Some(Series::load(patches, &range.series)) };
    let before = before.transpose().map_err(OverlayError::from)?;
    let subjects: Vec<&str> =
        before.iter().flat_map(|series| &series.patches).map(|patch| patch.subject.as_str()).collect();
    let identity = [FORMAT, &range.commits(), &own_yaml, &subjects.join("\n")];
    overlay::lay(&range.series, &identity, patches, cache, |into| {
        // The user's settings of diffs and of their own mails must not show in the series.
        plain_git(&range.dir)
            .arg("format-patch")
            .arg("--quiet")
            .arg("--no-signature")
            .arg("--no-cover-letter")
            .arg("--output-directory")
            .arg(into)
            .arg(range.commits())
            .run()?;
        let yaml = into.join(FILE);
        fs::write(&yaml, format!("title: {:?}\nversion: 1\n", range.to_string()))
            .map_err(OverlayError::from)?;
        if let Some(before) = &before {
            let commits = Series::load(into.parent().unwrap_or(into), &range.series);
            let commits = commits.map_err(OverlayError::from)?.patches;
            let promises = carried(&before.promises, &before.patches, &commits);
            fs::write(&yaml, of_range(&own_yaml, &promises)).map_err(OverlayError::from)?;
        }
        if let Some(base) = public_base(range)? {
            let text = fs::read_to_string(&yaml).map_err(OverlayError::from)?;
            let text = set(&text, "base-commit", Some(&format!(" \"{base}\"")));
            fs::write(&yaml, text).map_err(OverlayError::from)?;
        }
        for name in ["sabotage", COVER] {
            let (from, link) = (own.join(name), into.join(name));
            if from.exists() {
                symlink(&from, &link).map_err(OverlayError::from)?;
            }
        }
        Ok(())
    })
}

/// What a `series.yaml` says that holds for other patches than those beside it.
fn of_range(yaml: &str, promises: &BTreeMap<usize, Vec<String>>) -> String {
    let of_patches = ["patch-ids", "base-commit", "variants"];
    let text = of_patches.iter().fold(yaml.to_owned(), |text, field| set(&text, field, None));
    let promises: String = promises
        .iter()
        .map(|(number, cases)| format!("\n  {number}: {}", serde_json::json!(cases)))
        .collect();
    set(&text, "promises", (!promises.is_empty()).then_some(promises.as_str()))
}

/// Promises by the numbers that their patches have as commits: one goes with the subject, where that is not found with the
/// number, and with the last commit where there are fewer: what is promised holds at the end of the series in any case.
fn carried(
    promises: &BTreeMap<usize, Vec<String>>,
    patches: &[Patch],
    commits: &[Patch],
) -> BTreeMap<usize, Vec<String>> {
    let mut carried: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (number, cases) in promises {
        let patch = number.checked_sub(1).and_then(|at| patches.get(at));
        let found = patch.and_then(|patch| commits.iter().position(|one| one.subject == patch.subject));
        let new = found.map_or(*number, |at| at + 1).min(commits.len());
        carried.entry(new).or_default().extend(cases.iter().cloned());
    }
    carried
}

/// The commit that a range stands on, where somebody else may have it too: one without a parent is a tree that was put into
/// git here, as [`super::edit`] does.
fn public_base(range: &SeriesRange) -> Result<Option<&str>, ProcessError> {
    // As it is written, not as a shallow clone shows it.
    let commit = plain_git(&range.dir).arg("cat-file").arg("commit").arg(&range.base).read()?;
    let mut headers = commit.lines().take_while(|line| !line.is_empty());
    Ok(headers.any(|line| line.starts_with("parent ")).then_some(range.base.as_str()))
}

/// The project's series and one patch from a mail, as a series of this name on top of those that it requires.
///
/// # Errors
/// The file system fails.
pub fn one_patch(
    name: &str,
    mail: &Message,
    title: &str,
    requires: &[String],
    patches: &Path,
    cache: &Cache,
) -> Result<PathBuf, OverlayError> {
    let text = mail.file();
    let yaml = serde_json::json!({ "title": title, "version": 1, "requires": requires }).to_string();
    overlay::lay(name, &[&String::from_utf8_lossy(&text), &yaml], patches, cache, |into| {
        for (name, bytes) in [("0001-the-patch.patch", text.as_slice()), (FILE, yaml.as_bytes())] {
            let path = into.join(name);
            fs::write(&path, bytes).map_err(OverlayError::from)?;
        }
        Ok(())
    })
}
