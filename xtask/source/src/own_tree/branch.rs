//! What git knows of a tree: its branch, what that stands on, and what is not committed.

use std::fmt;
use std::path::Path;

use host::{Process, ProcessError, users_git};
use spec::KernelVersion;

/// The folder of the kernel that this tool is about.
const CXL: &str = "drivers/cxl";
/// Branches that others build on: a branch that is called so is no work on top of its namesake.
const MAIN: [&str; 3] = ["origin/HEAD", "origin/master", "origin/main"];

/// What git knows of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name; the commit where there is none.
    pub name: String,
    /// What it stands on; none where git knows of no release and no upstream.
    pub base: Option<Base>,
    /// How many files differ from the commit, new ones included.
    pub uncommitted: usize,
}

/// What a branch stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// A tag or a branch.
    pub name: String,
    /// How many commits there are on top.
    pub commits: usize,
    /// How many of them touch `drivers/cxl`.
    pub touching: usize,
}

/// git on a tree, which only reads.
struct Git<'a>(&'a Path);

impl Git<'_> {
    fn command(&self, args: &[&str]) -> Process {
        // Where a monitor of files is configured, asking would start it.
        let git = users_git(self.0).arg("--no-pager");
        args.iter().fold(git, Process::arg)
    }

    /// What git answers; none where it refuses.
    fn ask(&self, args: &[&str]) -> Result<Option<String>, ProcessError> {
        let output = self.command(args).output()?;
        let text = output.text().trim_end().to_owned();
        Ok(Some(text).filter(|text| output.status.success() && !text.is_empty()))
    }

    fn count(&self, args: &[&str]) -> Result<usize, ProcessError> {
        Ok(self.ask(args)?.and_then(|text| text.parse().ok()).unwrap_or_default())
    }
}

impl Branch {
    pub(super) fn of(path: &Path) -> Result<Self, ProcessError> {
        let git = Git(path);
        let name = git.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"])?;
        let base = base(&git, name.as_deref())?;
        let name = match name {
            Some(name) => name,
            None => git.ask(&["rev-parse", "--short=12", "HEAD"])?.unwrap_or_default(),
        };
        // That git refuses to read a tree is an error, which comes with git's own advice.
        let status = git.command(&["status", "--porcelain", "--untracked-files=normal"]).read()?;
        Ok(Self { name, base, uncommitted: status.lines().count() })
    }

    pub(super) fn describe(&self, version: &KernelVersion, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match &self.base {
            Some(base) => base.describe(version, f)?,
            None => f.write_str(&format!(
                "{version} by its Makefile; git knows no v* tag and no upstream that it stands on"
            ))?,
        }
        match self.uncommitted {
            0 => Ok(()),
            1 => f.write_str("; uncommitted changes in 1 file"),
            n => write!(f, "; uncommitted changes in {n} files"),
        }
    }
}

impl Base {
    fn describe(&self, version: &KernelVersion, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.name {
            name if *name == format!("v{version}") => name.clone(),
            name => format!("{name} ({version})"),
        };
        match (self.commits, self.touching) {
            (0, _) => write!(f, "no commit on top of {name}"),
            (1, 0) => write!(f, "1 commit on {name}, which does not touch {CXL}"),
            (1, _) => write!(f, "1 commit on {name}, which touches {CXL}"),
            (n, 0) => write!(f, "{n} commits on {name}, none of which touches {CXL}"),
            (n, 1) => write!(f, "{n} commits on {name}, 1 of which touches {CXL}"),
            (n, all) if n == all => write!(f, "{n} commits on {name}, all of which touch {CXL}"),
            (n, some) => write!(f, "{n} commits on {name}, {some} of which touch {CXL}"),
        }
    }
}

/// The nearest of the newest release below `HEAD` and of where it parted from its upstream.
fn base(git: &Git, branch: Option<&str>) -> Result<Option<Base>, ProcessError> {
    let mut candidates = Vec::new();
    // The first tag that is met on the way down is the newest; all of them would be sought for seconds.
    let describe = ["describe", "--tags", "--abbrev=0", "--candidates=1", "--match=v[0-9]*", "HEAD"];
    if let Some(tag) = git.ask(&describe)? {
        candidates.push((tag.clone(), tag));
    }
    if let Some(upstream) = upstream(git, branch)?
        && let Some(commit) = git.ask(&["merge-base", "HEAD", &upstream])?
    {
        candidates.push((upstream, commit));
    }
    let mut nearest: Option<(usize, String, String)> = None;
    for (name, commit) in candidates {
        let commits = git.count(&["rev-list", "--count", "--no-merges", &format!("{commit}..HEAD")])?;
        if nearest.as_ref().is_none_or(|(least, ..)| commits < *least) {
            nearest = Some((commits, name, commit));
        }
    }
    let Some((commits, name, commit)) = nearest else { return Ok(None) };
    let range = format!("{commit}..HEAD");
    let touching = git.count(&["rev-list", "--count", "--no-merges", &range, "--", CXL])?;
    Ok(Some(Base { name, commits, touching }))
}

/// The branch of somebody else's that this one is work on: its upstream, or what a clone's origin calls its main branch. A
/// branch of the same name is where this one is published, not what it stands on.
fn upstream(git: &Git, branch: Option<&str>) -> Result<Option<String>, ProcessError> {
    let own = |name: &str| name.split_once('/').is_some_and(|(_, rest)| Some(rest) == branch);
    for name in ["@{upstream}"].into_iter().chain(MAIN) {
        let full = git.ask(&["rev-parse", "--verify", "--quiet", "--abbrev-ref", name])?;
        if let Some(full) = full.filter(|full| !own(full) && full != "HEAD") {
            return Ok(Some(full));
        }
    }
    Ok(None)
}
