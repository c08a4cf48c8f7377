//! A line of commits of a git history.
//!
//! The line follows first parents: each of its steps is what its branch was at that time. A merge on it that turns out to be
//! the culprit is entered: the commits that it brought are a line too, from where their branch began to the merge itself.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use fault::{Fault, ToolError};
use host::{Process, ProcessError, users_git};

/// A step of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// Id of the commit; number of the patch; hash of the topology.
    pub id: String,
    /// Its subject.
    pub title: String,
    /// Ids of a commit's parents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    /// The topology, as YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology: Option<String>,
}

impl Step {
    /// As it is shown: a short id and the subject.
    pub fn shown(&self) -> String {
        format!("{} {}", self.short(), self.title)
    }

    /// Its id, that of a commit shortened.
    pub fn short(&self) -> &str {
        if self.id.len() >= 40 { &self.id[..12] } else { &self.id }
    }
}

/// What the two ends of a line are, the older one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// What broke something is searched.
    GoodToBad,
    /// What mended it.
    RedToGreen,
}

impl Ends {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::GoodToBad => ("good", "bad"),
            Self::RedToGreen => ("red", "green"),
        }
    }

    /// How it is written.
    fn usage(self) -> &'static str {
        match self {
            Self::GoodToBad => "--git GOOD BAD; what mended something is found by --git RED GREEN --fixed",
            Self::RedToGreen => "--git RED GREEN --fixed; what broke something is found by --git GOOD BAD",
        }
    }
}

/// A line that cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The two ends do not fit.
    #[error("{message}")]
    Ends {
        /// What is wrong.
        message: String,
        /// The way out.
        hint: String,
    },
    /// git.
    #[error(transparent)]
    Git(#[from] ProcessError),
}

impl ToolError for HistoryError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Git(error) => Some(error),
            Self::Ends { .. } => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Ends { hint, .. } => Some(hint.clone()),
            Self::Git(_) => None,
        }
    }
}

/// A repository of the user's; nothing in it is written.
#[derive(Debug, Clone)]
pub struct History {
    dir: PathBuf,
}

impl History {
    /// That in a folder.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    fn git(&self, args: &[&str]) -> Process {
        args.iter().fold(users_git(&self.dir).arg("--no-pager"), Process::arg)
    }

    /// The id of a commit that the user named.
    ///
    /// # Errors
    /// There is none.
    pub fn id(&self, name: &str) -> Result<String, HistoryError> {
        let commit = format!("{name}^{{commit}}");
        self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).read().map_err(|error| {
            match error {
                ProcessError::Failed { .. } => HistoryError::Ends {
                    message: format!("{} has no commit {name}", self.dir.display()),
                    hint:
                        "a commit, a tag or a branch of the tree that --git-dir or the kernel's source names"
                            .to_owned(),
                },
                other => other.into(),
            }
        })
    }

    /// From an older commit to a newer one, both with it, along first parents; of those between only commits that touch one of
    /// the paths, where there are any. Returns with it what the reader should know about it.
    ///
    /// # Errors
    /// The newer one does not come after the older one, or git fails.
    pub fn line(
        &self,
        old: &str,
        new: &str,
        paths: &[String],
        ends: Ends,
    ) -> Result<(Vec<Step>, Vec<String>), HistoryError> {
        let (old, new) = (self.id(old)?, self.id(new)?);
        let (old_word, new_word) = ends.words();
        let mut notes = Vec::new();
        let base = self.git(&["merge-base", &old, &new]).output()?.text();
        let old = match base {
            _ if old == new => {
                let message = format!("the {old_word} and the {new_word} commit are the same");
                return Err(HistoryError::Ends { message, hint: ends.usage().to_owned() });
            }
            base if base == new => {
                return Err(HistoryError::Ends {
                    message: format!("the {new_word} commit comes before the {old_word} one"),
                    hint: ends.usage().to_owned(),
                });
            }
            base if base.is_empty() => {
                let message = format!("the {old_word} and the {new_word} commit have nothing in common");
                let hint = "a shallow clone has not all of its history: git fetch --unshallow".to_owned();
                return Err(HistoryError::Ends { message, hint });
            }
            base if base != old => {
                notes.push(format!(
                    "{} is no ancestor of {}: where they part, at {}, is the {old_word} end instead",
                    &old[..12],
                    &new[..12],
                    &base[..12]
                ));
                base
            }
            _ => old,
        };
        let mut steps = self.commits(&["--first-parent", "--reverse", &format!("{old}..{new}")], paths)?;
        steps.insert(0, self.commit(&old)?);
        if steps.last().is_none_or(|last| last.id != new) {
            notes.push(format!("{} itself touches none of the paths", &new[..12]));
            steps.push(self.commit(&new)?);
        }
        Ok((steps, notes))
    }

    /// What a merge brought: for each of its parents but the first the line of its commits that the first has not, from where
    /// they begin to the merge itself.
    ///
    /// # Errors
    /// git fails.
    pub fn sides(&self, merge: &Step) -> Result<Vec<Vec<Step>>, HistoryError> {
        let Some((first, others)) = merge.parents.split_first() else { return Ok(Vec::new()) };
        let mut sides = Vec::new();
        for other in others {
            let mut side =
                self.commits(&["--first-parent", "--reverse", &format!("{first}..{other}")], &[])?;
            // The oldest of them has a parent that the first has too; the beginning of another history has none.
            if let Some(fork) = side.first().and_then(|oldest| oldest.parents.first().cloned()) {
                side.insert(0, self.commit(&fork)?);
                side.push(merge.clone());
                sides.push(side);
            }
        }
        Ok(sides)
    }

    fn commit(&self, id: &str) -> Result<Step, HistoryError> {
        Ok(self.commits(&["--max-count=1", id], &[])?.into_iter().next().unwrap_or_default())
    }

    fn commits(&self, which: &[&str], paths: &[String]) -> Result<Vec<Step>, HistoryError> {
        let process = self.git(&["log", "--no-color", "--no-show-signature", "-z", "--format=%H%n%P%n%s"]);
        let process = which.iter().fold(process, Process::arg).arg("--");
        let text = paths.iter().fold(process, Process::arg).read()?;
        let step = |record: &str| {
            let mut lines = record.splitn(3, '\n');
            let mut next = || lines.next().unwrap_or_default().to_owned();
            let (id, parents, title) = (next(), next(), next());
            Step {
                id,
                title,
                parents: parents.split_whitespace().map(str::to_owned).collect(),
                topology: None,
            }
        };
        Ok(text.split('\0').filter(|record| !record.trim().is_empty()).map(step).collect())
    }

    /// The files that a commit changes against its first parent, and how much.
    ///
    /// # Errors
    /// git fails.
    pub fn stat(&self, id: &str) -> Result<String, HistoryError> {
        let show =
            ["show", "--no-color", "--no-show-signature", "--first-parent", "-m", "--stat=80", "--format="];
        Ok(self.git(&show).arg(id).read()?)
    }

    /// Author and message of a commit.
    ///
    /// # Errors
    /// git fails.
    pub fn message(&self, id: &str) -> Result<Message, HistoryError> {
        let text = self
            .git(&[
                "log",
                "--no-color",
                "--no-show-signature",
                "--max-count=1",
                "--format=%an <%ae>%n%as%n%B",
            ])
            .arg(id)
            .read()?;
        let mut lines = text.splitn(3, '\n');
        let mut next = || lines.next().unwrap_or_default().to_owned();
        Ok(Message { author: next(), date: next(), trailers: trailers(&next()) })
    }

    /// The nearest tag before a commit, and how far: `v6.12-rc1-14-g0123456789ab`.
    pub fn described(&self, id: &str) -> Option<String> {
        self.git(&["describe", "--abbrev=12", id]).read().ok().filter(|text| !text.is_empty())
    }
}

/// Who wrote a commit, and its trailers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Message {
    /// `Name <address>`.
    pub author: String,
    /// Day on which it was written.
    pub date: String,
    /// `Name: value`, in order.
    pub trailers: Vec<String>,
}

/// The trailers of a message: those of its last paragraph, as git has it.
pub fn trailers(message: &str) -> Vec<String> {
    let paragraph = message.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let is = |line: &&str| {
        line.split_once(": ").is_some_and(|(name, value)| {
            !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !value.trim().is_empty()
        })
    };
    paragraph.lines().filter(is).map(|line| line.trim_end().to_owned()).collect()
}
