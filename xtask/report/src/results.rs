//! The folder of all runs: which there are, which one is meant, and which are no longer wanted.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::stored::{Stored, StoredError, is_running};

/// The name by which the newest run goes.
const LATEST: &str = "latest";
/// How the folder of a run begins that is being removed.
const GONE: &str = ".removed-";

/// A run that is not there, or cannot be told from another.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// There is none of this name.
    #[error("there is no run '{name}' in {}{}", .dir.display(), hint_line(.hint))]
    NoRun {
        /// As it was given.
        name: String,
        /// Where it was looked for.
        dir: PathBuf,
        /// What there is.
        hint: String,
    },
    /// There are several.
    #[error("'{name}' is more than one run: {}", .runs.join(", "))]
    Ambiguous {
        /// As it was given.
        name: String,
        /// Their names.
        runs: Vec<String>,
    },
    /// A process is at it.
    #[error("{0} is still running")]
    Running(String),
    /// A file or folder.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// In the gerund.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn hint_line(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("\nhint: {hint}") }
}

/// The folder of all runs.
#[derive(Debug, Clone)]
pub struct Results {
    dir: PathBuf,
}

/// One run in it, of which only the name is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name of its folder.
    pub id: String,
    /// The folder.
    pub dir: PathBuf,
    /// When it was started, as the name says.
    pub time: Timestamp,
}

impl Entry {
    fn of(dir: &Path, id: &str) -> Option<Self> {
        let (stamp, short) = id.rsplit_once('-')?;
        if short.len() != 6 || !short.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let time =
            DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Self { id: id.to_owned(), dir: dir.join(id), time })
    }

    /// The six digits after the time.
    fn short(&self) -> &str {
        self.id.rsplit('-').next().unwrap_or_default()
    }

    /// Reads it.
    ///
    /// # Errors
    /// As [`Stored::load`].
    pub fn load(&self) -> Result<Stored, StoredError> {
        Stored::load(&self.dir)
    }

    /// Whether a process is at it.
    pub fn is_running(&self) -> bool {
        is_running(&self.dir)
    }
}

impl Results {
    /// The runs in this folder, which need not be there.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All runs, the oldest first.
    ///
    /// # Errors
    /// The folder is there and cannot be read.
    pub fn runs(&self) -> Result<Vec<Entry>, ResultsError> {
        let io = |source| ResultsError::Io { doing: "reading", path: self.dir.clone(), source };
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io)?,
        };
        let mut runs = Vec::new();
        for entry in entries {
            let entry = entry.map_err(io)?;
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            runs.extend(
                entry.file_name().to_str().filter(|_| is_dir).and_then(|id| Entry::of(&self.dir, id)),
            );
        }
        runs.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        Ok(runs)
    }

    /// The name of the run that `latest` points at.
    pub fn latest(&self) -> Option<String> {
        let target = fs::read_link(self.dir.join(LATEST)).ok()?;
        Some(target.file_name()?.to_str()?.to_owned())
    }

    /// The folder of the run that is meant: `latest`, a name, the beginning of one, the beginning of its last six
    /// digits, or the path of a run's folder anywhere.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn find(&self, name: &str) -> Result<PathBuf, ResultsError> {
        if name.contains('/') {
            return Ok(PathBuf::from(name));
        }
        let runs = self.runs()?;
        let latest = (name == LATEST).then(|| self.latest()).flatten();
        let name = latest.as_deref().unwrap_or(name);
        let all = |fits: &dyn Fn(&Entry) -> bool| runs.iter().filter(|run| fits(run)).collect::<Vec<_>>();
        let found = [
            all(&|run| run.id == name),
            all(&|run| run.id.starts_with(name) && !name.is_empty()),
            all(&|run| run.short().starts_with(name) && !name.is_empty()),
        ];
        match found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()[..] {
            [run] => Ok(run.dir.clone()),
            [] => Err(ResultsError::NoRun {
                name: name.to_owned(),
                dir: self.dir.clone(),
                hint: match &runs[..] {
                    [] => "`cargo xtask run` makes one".to_owned(),
                    [.., last] => format!("the newest is {}; `cargo xtask results list` has all", last.id),
                },
            }),
            ref several => Err(ResultsError::Ambiguous {
                name: name.to_owned(),
                runs: several.iter().map(|run| run.id.clone()).collect(),
            }),
        }
    }

    /// Removes a run: it is gone at once or still there as a whole. `latest` then points at the newest that is left.
    ///
    /// # Errors
    /// A process is at it, or it cannot be removed.
    pub fn remove(&self, run: &Entry) -> Result<(), ResultsError> {
        if run.is_running() {
            return Err(ResultsError::Running(run.id.clone()));
        }
        let io = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| ResultsError::Io { doing, path, source }
        };
        let gone = self.dir.join(format!("{GONE}{}", run.id));
        fs::rename(&run.dir, &gone).map_err(io("removing", &run.dir))?;
        if self.latest().as_deref() == Some(&run.id) {
            let link = self.dir.join(LATEST);
            fs::remove_file(&link).map_err(io("removing", &link))?;
            if let Some(newest) = self.runs()?.last() {
                symlink(&newest.id, &link).map_err(io("pointing at the newest run:", &link))?;
            }
        }
        fs::remove_dir_all(&gone).map_err(io("removing", &gone))
    }

    /// Removes what a killed [`Results::remove`] has left.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn sweep(&self) -> Result<(), ResultsError> {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(GONE) {
                let path = entry.path();
                fs::remove_dir_all(&path).map_err(|source| ResultsError::Io {
                    doing: "removing",
                    path,
                    source,
                })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> (tempfile::TempDir, Results) {
        let dir = tempfile::tempdir().expect("a folder");
        for id in ["20261123T100000Z-aaaaaa", "20261123T110000Z-aabbcc", "20261124T100000Z-ddeeff", "other"] {
            fs::create_dir(dir.path().join(id)).expect("a folder");
        }
        symlink("20261124T100000Z-ddeeff", dir.path().join(LATEST)).expect("a link");
        let results = Results::new(dir.path());
        (dir, results)
    }

    #[test]
    fn runs_are_found_by_name_beginning_and_short_id() {
        let (dir, results) = results();
        let find = |name: &str| match results.find(name) {
            Ok(path) => path.file_name().expect("a name").to_string_lossy().into_owned(),
            Err(error) => error.to_string().replace(&dir.path().display().to_string(), "results"),
        };
        assert_eq!(find("latest"), "20261124T100000Z-ddeeff");
        assert_eq!(find("20261123T110000Z-aabbcc"), "20261123T110000Z-aabbcc");
        assert_eq!(find("20261124"), "20261124T100000Z-ddeeff");
        assert_eq!(find("aab"), "20261123T110000Z-aabbcc");
        assert_eq!(find("/elsewhere/run"), "run");
        insta::assert_snapshot!(find("20261123"), @"'20261123' is more than one run: 20261123T100000Z-aaaaaa, 20261123T110000Z-aabbcc");
        insta::assert_snapshot!(find("other"), @r"
        there is no run 'other' in results
        hint: the newest is 20261124T100000Z-ddeeff; `cargo xtask results list` has all
        ");
        let none = Results::new(dir.path().join("none")).find("latest").expect_err("none").to_string();
        assert!(none.ends_with("hint: `cargo xtask run` makes one"), "{none}");
    }

    #[test]
    fn when_the_latest_goes_the_link_moves_to_the_newest_that_is_left() {
        let (_dir, results) = results();
        while let Some(run) = results.runs().expect("runs").pop() {
            assert_eq!(results.latest().as_deref(), Some(run.id.as_str()));
            results.remove(&run).expect("removed");
            assert!(!run.dir.exists());
        }
        assert_eq!(results.latest(), None);
        assert!(results.dir().join("other").exists(), "what is no run stays");
    }
}
