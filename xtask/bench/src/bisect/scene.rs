//! A history to be searched, with a copy of the project, and the work folder brought to its good end.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use engine::bisect::{Ask, Asked, Axis, Bisections, Rule};
use engine::run::accel::AccelRequest;
use engine::run::{Plan, Request};
use host::{Process, plain_git};
use source::Sources;
use spec::{Project, Series};
use synthetic_history::{BEHIND_SWITCHES, SyntheticHistory};

use crate::rebuild::copy_project;
use crate::tool::Bench;

/// What is run at each step.
pub(super) const CASE: &str = "attach/callback-once";
/// The series that is made longer.
const SERIES: &str = "memdev-attach";
/// Commits of the long history.
const COMMITS: usize = 64;

/// A history to be searched.
pub(super) struct Scene<'a> {
    bench: &'a Bench<'a>,
    /// Where everything is that is not in the cache; removed in the end.
    pub folder: tempfile::TempDir,
    /// The copy of the project in which `bisect` works.
    project: PathBuf,
    /// The one of `bisect-run`, which has nothing of the history among its series.
    pub plain_project: PathBuf,
    pub history: SyntheticHistory,
    /// The good end.
    pub good: String,
    /// What `bisect` is given for it.
    pub axis: Vec<String>,
    /// Patches that a plain script has to apply at each step.
    pub on_top: Vec<PathBuf>,
    /// Stands in the configuration of every kernel that is built on the way, and of no other: the cache is the user's, and
    /// somebody may be running what lies in it.
    salt: String,
}

impl<'a> Scene<'a> {
    /// The long history, with its culprit there.
    pub(super) fn of_commits(bench: &'a Bench, culprit: usize) -> Result<Self> {
        let folder = folder(bench)?;
        let copy = folder.path().join("project");
        let salt = salt(&folder);
        copy_salted(bench, &copy, &salt)?;
        let plan = kernel(bench, &Project::load(&copy)?)?;
        let sources = Sources::new(&bench.ctx.cache);
        let mut history =
            SyntheticHistory::new(&folder.path().join("linux"), &sources, &plan.kernel, &plan.series)?;
        history.commits(COMMITS, culprit, BEHIND_SWITCHES)?;
        let good = history.git(&["rev-parse", &format!("main~{COMMITS}")])?;
        let dir = history.dir().display().to_string();
        Ok(Self {
            bench,
            folder,
            project: copy.clone(),
            plain_project: copy,
            axis: ["--git", &good, "main", "--git-dir", &dir].map(str::to_owned).into(),
            history,
            good,
            on_top: Vec::new(),
            salt,
        })
    }

    /// The series with three more patches, and a history that has each of its patches as a commit.
    pub(super) fn of_series(bench: &'a Bench) -> Result<Self> {
        let folder = folder(bench)?;
        let (copy, plain_project) = (folder.path().join("project"), folder.path().join("plain"));
        let salt = salt(&folder);
        copy_salted(bench, &copy, &salt)?;
        copy_salted(bench, &plain_project, &salt)?;
        let sources = Sources::new(&bench.ctx.cache);
        lengthen(bench, &sources, &copy, &folder.path().join("patches"))?;

        let project = Project::load(&copy)?;
        let plan = kernel(bench, &project)?;
        let series = Series::load(&project.patches_dir(), SERIES)?;
        let mut history = SyntheticHistory::new(&folder.path().join("linux"), &sources, &plan.kernel, &[])?;
        let mut ids = vec![history.tip().to_owned()];
        for (number, patch) in (1..).zip(&series.patches) {
            let prefix = series.clone().up_to(number);
            history.commit_series(&sources, &plan.kernel, std::slice::from_ref(&prefix), &patch.subject)?;
            ids.push(history.tip().to_owned());
        }
        let tests = plan.series.iter().filter(|series| series.name != SERIES);
        Ok(Self {
            bench,
            folder,
            good: ids[first_good(bench, &project, &sources)?].clone(),
            project: copy,
            plain_project,
            history,
            axis: ["--series", SERIES].map(str::to_owned).into(),
            on_top: tests.flat_map(|series| &series.patches).map(|patch| patch.file.clone()).collect(),
            salt,
        })
    }

    /// The words by which this very program is called in a project.
    pub(super) fn words(&self, project: &Path, args: &[&str]) -> Vec<OsString> {
        let mut words = vec![std::env::current_exe().unwrap_or_else(|_| "xtask".into()).into_os_string()];
        words.extend(["--quiet", "--project"].map(OsString::from));
        words.extend([project, Path::new("--cache-dir"), self.bench.ctx.cache.path()].map(OsString::from));
        words.extend(args.iter().map(OsString::from));
        words.extend(self.bench.kernel.iter().flat_map(|kernel| ["--kernel", kernel]).map(OsString::from));
        words
    }

    /// `bisect` in the project, with these options.
    pub(super) fn bisect(&self, args: &[&str]) -> Process {
        let all = [&["bisect", "--suite", CASE, "--format", "json"], args].concat();
        let words = self.words(&self.project, &all);
        Process::new(&words[0], &words[1..]).env("CCACHE_DISABLE", "1")
    }

    /// The bisections of the project.
    pub(super) fn bisections(&self) -> Bisections {
        Bisections::new(&self.project.join("results"))
    }

    /// Forgets what was built of the history, and builds its good end, so that its objects lie in the work folder.
    pub(super) fn make_ready(&self) -> Result<()> {
        self.forget()?;
        let git = |args: &[&str]| args.iter().fold(plain_git(self.history.dir()), Process::arg).run();
        git(&["checkout", "--quiet", "--force", "--detach", &self.good])?;
        let linux = self.history.dir().display().to_string();
        let args = ["bisect-run", "--suite", CASE, "--topology", "switch", "--linux", &linux];
        let words = self.words(&self.plain_project, &args);
        let ready = Process::new(&words[0], &words[1..]).env("CCACHE_DISABLE", "1");
        ready.run().context("building and booting the good end")?;
        Ok(())
    }

    /// The kernel that is built there, without the patches that are to be searched.
    pub(super) fn plan(&self) -> Result<Plan> {
        kernel(self.bench, &Project::load(&self.plain_project)?)
    }

    pub(super) fn cache(&self) -> &host::Cache {
        &self.bench.ctx.cache
    }

    /// Kernels of the history that were built since it was made ready.
    pub(super) fn builds(&self) -> Result<usize> {
        Ok(self.built()?.len().saturating_sub(1))
    }

    /// Forgets every kernel of the history that was built.
    pub(super) fn forget(&self) -> Result<()> {
        for dir in self.built()? {
            fs::remove_dir_all(&dir).with_context(|| format!("removing {}", dir.display()))?;
        }
        Ok(())
    }

    /// Folders of the cache with kernels of the history.
    fn built(&self) -> Result<Vec<PathBuf>> {
        let builds = self.cache().dir("builds")?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&builds).with_context(|| format!("reading {}", builds.display()))? {
            let dir = entry.with_context(|| format!("reading {}", builds.display()))?.path();
            let Ok(config) = fs::read_to_string(dir.join("config")) else { continue };
            if config.contains(&self.salt) {
                found.push(dir);
            }
        }
        Ok(found)
    }
}

fn folder(bench: &Bench) -> Result<tempfile::TempDir> {
    let place = bench.ctx.cache.dir("tmp")?;
    tempfile::tempdir_in(&place).with_context(|| format!("making a folder in {}", place.display()))
}

/// An option by which two kernels differ in nothing but their build ids (`BUILD_SALT` in the kernel's init/Kconfig).
fn salt(folder: &tempfile::TempDir) -> String {
    let name = folder.path().file_name().unwrap_or_default().display().to_string();
    format!("CONFIG_BUILD_SALT=\"bench{name}\"")
}

/// A copy of the project whose kernels have this line in their configuration.
fn copy_salted(bench: &Bench, to: &Path, salt: &str) -> Result<()> {
    copy_project(&bench.ctx.root, to)?;
    let plan = kernel(bench, &Project::load(to)?)?;
    let first = plan.kernel.kconfig.first().context("the kernel has no kconfig fragment")?;
    let file = to.join("kconfig").join(format!("{first}.config"));
    let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    fs::write(&file, text + salt + "\n").with_context(|| format!("writing {}", file.display()))
}

fn kernel(bench: &Bench, project: &Project) -> Result<Plan> {
    let request = Request { kernel: bench.kernel.map(str::to_owned), ..Request::default() };
    Ok(Plan::kernel_only(project, &request)?)
}

/// Puts three synthetic patches behind those of the series, the second of them the culprit.
fn lengthen(bench: &Bench, sources: &Sources, project: &Path, scratch: &Path) -> Result<()> {
    let loaded = Project::load(project)?;
    let plan = kernel(bench, &loaded)?;
    let series = plan.series.iter().find(|series| series.name == SERIES);
    let series = series.with_context(|| format!("kernel {} has no series {SERIES}", plan.kernel.name))?;
    let next = (series.longest() + 1).to_string();
    let mut history = SyntheticHistory::new(scratch, sources, &plan.kernel, &plan.series)?;
    history.commits(3, 2, BEHIND_SWITCHES)?;
    let into = loaded.patches_dir().join(SERIES).display().to_string();
    history.git(&["format-patch", "--quiet", "--start-number", &next, "-o", &into, "main~3..main"])?;
    Ok(())
}

/// The patch from which `bisect` begins by itself.
fn first_good(bench: &Bench, project: &Project, sources: &Sources) -> Result<usize> {
    let request = Asked {
        kernel: bench.kernel.map(str::to_owned),
        topologies: vec!["switch".to_owned()],
        suites: vec![CASE.to_owned()],
        ..Asked::default()
    };
    let ask = Ask {
        axis: Axis::Series { name: SERIES.to_owned(), good: None },
        request,
        rule: Rule { confidence: 0.95, repeat: None },
        together: false,
        qemu: None,
        accel: AccelRequest::default(),
    };
    let (steps, _) = ask.steps(project, sources, None)?;
    steps[0].id.parse().context("reading a patch's number")
}
