//! A range of commits as a series: written as patches into the cache, beside the other series of the project.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::mail::Message;
use super::overlay::{self, OverlayError, io};
use crate::host::{Cache, ProcessError};
use crate::source::{plain_git, users_git};
use crate::spec::SeriesRange;
use crate::spec::series::FILE;

/// A range that cannot be taken for a series.
#[derive(Debug, thiserror::Error)]
pub enum RangeError {
    /// It is not written as one.
    #[error("'{0}' is no range of commits\nhint: BASE..TIP, as git log takes it; BASE.. for all up to HEAD")]
    Malformed(String),
    /// It has no commit.
    #[error("{range} of {} has no commit\nhint: BASE first, then TIP", .dir.display())]
    Empty {
        /// The range.
        range: String,
        /// The repository.
        dir: PathBuf,
    },
    /// It is not a line of commits.
    #[error("{range} of {} has a merge, {merge}: a series is a line of commits\nhint: git rebase", .dir.display())]
    Merge {
        /// The range.
        range: String,
        /// The repository.
        dir: PathBuf,
        /// The merge's id.
        merge: String,
    },
    /// git does not know it.
    #[error(transparent)]
    Git(#[from] ProcessError),
    /// It cannot be put beside the project's series.
    #[error(transparent)]
    Overlay(#[from] OverlayError),
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
    let id = |name: &str| {
        users_git(dir)
            .arg("rev-parse")
            .arg("--verify")
            .arg("--quiet")
            .arg(format!("{name}^{{commit}}"))
            .read()
    };
    let dir = std::path::absolute(dir).map_err(io("resolving", dir))?;
    let found = SeriesRange { series: series.to_owned(), base: id(base)?, tip: id(tip)?, dir: dir.clone() };
    let commits = format!("{}..{}", found.base, found.tip);
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
/// says of itself in `series.yaml` holds for the range too.
///
/// # Errors
/// git or the file system fails.
pub fn overlay(range: &SeriesRange, patches: &Path, cache: &Cache) -> Result<PathBuf, RangeError> {
    let own = patches.join(&range.series);
    let said = fs::read_to_string(own.join(FILE)).unwrap_or_default();
    let commits = format!("{}..{}", range.base, range.tip);
    overlay::lay(&range.series, &[&commits, &said], patches, cache, |into| {
        // The user's settings of diffs and of their own mails must not show in the series.
        plain_git(&range.dir)
            .arg("format-patch")
            .arg("--quiet")
            .arg("--no-signature")
            .arg("--no-cover-letter")
            .arg("--output-directory")
            .arg(into)
            .arg(&commits)
            .run()?;
        let title = format!("title: {:?}\nversion: 1\n", format!("{commits} of {}", range.dir.display()));
        let yaml = into.join(FILE);
        fs::write(&yaml, if said.is_empty() { title } else { said.clone() }).map_err(io("writing", &yaml))?;
        let (sabotage, link) = (own.join("sabotage"), into.join("sabotage"));
        if sabotage.is_dir() {
            symlink(&sabotage, &link).map_err(io("linking", &link))?;
        }
        Ok(())
    })
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
            fs::write(&path, bytes).map_err(io("writing", &path))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Process;
    use crate::spec::Series;

    fn git(dir: &Path, args: &[&str]) -> String {
        let git = args.iter().fold(users_git(dir), Process::arg);
        let names = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"];
        names.iter().fold(git, |git, name| git.env(name, "a@x.example")).read().expect("git")
    }

    #[test]
    fn commits_stand_in_the_place_of_a_series() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["patches/mine", "patches/other", "linux"] {
            fs::create_dir_all(at(name)).expect("made");
        }
        fs::write(at("patches/mine/series.yaml"), "title: mine\nversion: 3\nbase: 6.12..6.13\n")
            .expect("written");
        for series in ["mine", "other"] {
            fs::write(at("patches").join(series).join("0001-old.patch"), "Subject: [PATCH] old\n")
                .expect("written");
        }
        fs::write(at("patches/other/series.yaml"), "title: other\nrequires: [mine]\n").expect("written");
        let linux = at("linux");
        git(&linux, &["init", "-q", "-b", "main"]);
        for text in ["one", "two", "three"] {
            fs::write(linux.join("file"), format!("{text}\n")).expect("written");
            git(&linux, &["add", "file"]);
            git(&linux, &["commit", "-qm", &format!("cxl: Say {text}")]);
        }
        let cache = Cache::new(&at("cache")).expect("a cache");
        let range = resolve("mine", &linux, "main~2..main").expect("resolved");
        let patches = overlay(&range, &at("patches"), &cache).expect("written");
        assert_eq!(overlay(&range, &at("patches"), &cache).expect("found"), patches);
        let mine = Series::load(&patches, "mine").expect("a series");
        let subjects: Vec<&str> = mine.patches.iter().map(|patch| patch.subject.as_str()).collect();
        assert_eq!((subjects, mine.version), (vec!["cxl: Say two", "cxl: Say three"], 3));
        assert_eq!(Series::load_all(&patches, &["other".to_owned()]).expect("both").len(), 2);
        // One that has no folder.
        let new = resolve("new", &linux, "main~1..").expect("resolved");
        let patches = overlay(&new, &at("patches"), &cache).expect("written");
        assert_eq!(Series::load(&patches, "new").expect("a series").patches.len(), 1);
        assert_eq!(Series::load(&patches, "mine").expect("the folder's").patches[0].subject, "old");

        let error = |range: &str| resolve("mine", &linux, range).expect_err("refused").to_string();
        assert!(error("main").contains("is no range of commits"));
        assert!(error("main..main").contains("has no commit"));
        git(&linux, &["checkout", "-qb", "side", "main~1"]);
        git(&linux, &["commit", "-q", "--allow-empty", "-m", "side"]);
        git(&linux, &["merge", "-q", "-m", "merge", "main"]);
        assert!(error("main..side").contains("has a merge"));
    }
}
