//! From a kernel's name to its tree.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::{Cache, Process};
use spec::{Kernel, KernelVersion, Series, Source};

use super::apply::{AppliedState, Target};
use super::fetcher::{Fetched, Fetcher};
use super::fit::Fit;
use super::git::Git;
use super::prepared::Prepared;
use super::written::{self, WrittenLine};
use super::{Applied, Displaced, Layers, SourceError, checkout, displaced, layers};

/// A tree that is no kernel: what a source is, without a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// Id of the git tree: its content address.
    pub tree: String,
    /// What it exactly is: package and version, commit and subject.
    pub described: String,
    /// Something that the user should know: an old copy was taken because the network was away.
    pub note: Option<String>,
    alternates: Vec<PathBuf>,
}

/// Gets kernels' trees and keeps them in the cache.
#[derive(Clone)]
pub struct Sources {
    cache: Cache,
    git: Git,
    etc: PathBuf,
    offline: bool,
    report: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Sources {
    /// Sources kept in this cache.
    pub fn new(cache: &Cache) -> Self {
        let report = Arc::new(|_: &str| {});
        Self {
            git: Git::new(cache),
            cache: cache.clone(),
            etc: PathBuf::from("/etc/apt"),
            offline: false,
            report,
        }
    }

    /// The repository that holds every source as trees.
    pub fn repository(&self) -> &Path {
        self.git.dir()
    }

    /// The same; `report` is called with one line for each thing that takes its time.
    #[must_use]
    pub fn on_progress(mut self, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.report = Arc::new(report);
        self
    }

    /// The same with another folder in place of `/etc/apt`.
    #[must_use]
    pub fn with_apt_folder(mut self, etc: &Path) -> Self {
        etc.clone_into(&mut self.etc);
        self
    }

    /// The same without a network, an import or a look at the user's trees: what the cache does not have counts as not
    /// available.
    #[must_use]
    pub fn offline(mut self) -> Self {
        self.offline = true;
        self
    }

    /// Gets a kernel's tree from the first available of its sources, and applies series to it, in order.
    ///
    /// A prefix of a series is prepared by giving it only its first patches.
    ///
    /// # Errors
    /// No source is available, or a series does not apply: the fault of the error distinguishes them.
    pub fn prepare(&self, kernel: &Kernel, series: &[Series]) -> Result<Prepared, SourceError> {
        self.git.ensure(&self.cache)?;
        let (fetched, version, tried) = self.first_of(kernel)?;
        let target = self.target(kernel, &fetched, &version);
        let outcome = target.apply(&fetched.tree, series)?;
        Ok(Prepared {
            tree: outcome.tree,
            base: fetched.tree,
            described: fetched.described,
            tried,
            applied: outcome.applied,
            cached: fetched.cached && outcome.cached,
            alternates: fetched.alternates,
            version,
        })
    }

    /// How a series fits a kernel; before it come those that it requires.
    ///
    /// # Errors
    /// The cache cannot be used, or the user interrupts. A source that is not available is an answer, not an error.
    pub fn fit(&self, kernel: &Kernel, series: &[Series]) -> Result<Fit, SourceError> {
        match self.prepare(kernel, series) {
            Ok(prepared) => {
                let version = prepared.version.to_string();
                Ok(match prepared.applied.last().map(|applied| applied.state) {
                    Some(AppliedState::Contained) => Fit::Contained { version },
                    _ => Fit::Applies { version },
                })
            }
            Err(SourceError::Conflict(conflict)) => Ok(Fit::Conflicts {
                version: conflict.version.to_string(),
                series: conflict.series.clone(),
                patch: conflict.patch.clone(),
                places: conflict.places.clone(),
            }),
            Err(error @ SourceError::NoPatches { .. }) => {
                let why = fault::one_line(&error);
                Ok(Fit::NotWrittenFor { why })
            }
            Err(error @ SourceError::NotFetched { .. }) => {
                Ok(Fit::Unavailable { tried: vec![fault::inlined(&error)] })
            }
            Err(SourceError::Unavailable { tried, .. }) => Ok(Fit::Unavailable { tried }),
            Err(error) => Err(error),
        }
    }

    /// A file of a prepared tree, if it has one there.
    ///
    /// # Errors
    /// git cannot be run.
    pub fn file(&self, prepared: &Prepared, path: &str) -> Result<Option<String>, SourceError> {
        self.git.file(&prepared.alternates, &prepared.tree, path)
    }

    /// Files in which one of its trees differs from another, from the top of the tree, in order.
    ///
    /// # Errors
    /// git cannot be run, or has not such a tree.
    pub fn changed(&self, prepared: &Prepared, from: &str, to: &str) -> Result<Vec<String>, SourceError> {
        let args = ["-c", "core.quotePath=false", "diff-tree", "-r", "--name-only", "--no-renames", from, to];
        let output = self.git.with(&prepared.alternates, args).read()?;
        Ok(output.lines().map(str::to_owned).collect())
    }

    /// The lines of a prepared tree that a series wrote, by file and line, in the files that are wanted; none where the tree had the
    /// series before.
    ///
    /// # Errors
    /// git cannot be run, or has not such a tree.
    pub fn written(
        &self,
        prepared: &Prepared,
        applied: &Applied,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<WrittenLine>, SourceError> {
        let Some(last) = applied.patches.last() else { return Ok(Vec::new()) };
        let mut files = self.changed(prepared, written::before(prepared, applied), &last.tree)?;
        files.retain(|file| wanted(file));
        written::written(&self.git, prepared, applied, &files)
    }

    /// What each patch of a series changes, in order, as `git diff` shows it.
    ///
    /// # Errors
    /// As [`Sources::written`].
    pub fn diffs(&self, prepared: &Prepared, applied: &Applied) -> Result<Vec<String>, SourceError> {
        let mut before = written::before(prepared, applied);
        let mut diffs = Vec::new();
        for patch in &applied.patches {
            let args =
                ["-c", "core.quotePath=false", "diff-tree", "-r", "-p", "--no-renames", before, &patch.tree];
            let output = self.git.with(&prepared.alternates, args).run()?;
            diffs.push(String::from_utf8_lossy(&output.stdout).into_owned());
            before = &patch.tree;
        }
        Ok(diffs)
    }

    /// Hunks of the applied patches that fit only somewhere else than they say.
    ///
    /// # Errors
    /// git cannot be run.
    pub fn displaced(&self, prepared: &Prepared) -> Result<Vec<Displaced>, SourceError> {
        displaced::displaced(&self.cache, &self.git, prepared)
    }

    /// git on a bare repository of its own, in which the objects of the cache and of these folders are seen and new ones are
    /// kept.
    pub fn git_beside(&self, repository: &Path, objects: &[PathBuf], args: &[&str]) -> Process {
        self.git.beside(repository, objects, args)
    }

    /// Makes a folder the prepared tree, writing only files that differ; files that git does not know stay.
    ///
    /// `index` remembers what is in the folder; it may be anywhere, and belongs to that folder alone.
    ///
    /// # Errors
    /// The tree's files are gone, or the folder cannot be written.
    pub fn checkout(&self, prepared: &Prepared, work: &Path, index: &Path) -> Result<(), SourceError> {
        let tree = checkout::Tree { id: &prepared.tree, alternates: &prepared.alternates };
        checkout::checkout(&self.cache, &self.git, tree, work, index)
    }

    /// Gets the tree of one source, whatever it is the source of.
    ///
    /// # Errors
    /// It is not available.
    pub fn fetch(&self, source: &Source) -> Result<Plain, SourceError> {
        self.git.ensure(&self.cache)?;
        let fetched = self.fetcher().fetch(source)?;
        let Fetched { tree, described, alternates, note, .. } = fetched;
        Ok(Plain { tree, described, note, alternates })
    }

    /// As [`Sources::checkout`], for such a tree.
    ///
    /// # Errors
    /// As [`Sources::checkout`].
    pub fn checkout_plain(&self, plain: &Plain, work: &Path, index: &Path) -> Result<(), SourceError> {
        let tree = checkout::Tree { id: &plain.tree, alternates: &plain.alternates };
        checkout::checkout(&self.cache, &self.git, tree, work, index)
    }

    /// Files that somebody has edited or removed in a folder since [`Sources::checkout`] wrote it.
    ///
    /// # Errors
    /// git cannot be run.
    pub fn edited(&self, work: &Path, index: &Path) -> Result<Vec<String>, SourceError> {
        checkout::edited(&self.git, work, index)
    }

    /// Which of these series the tree of a kernel has, and which of the others go onto it, in this order: what does not fit is
    /// left out with its reason, and with it what requires it.
    ///
    /// # Errors
    /// The source is not available, git cannot be run, or the user interrupts.
    pub fn layers(&self, kernel: &Kernel, series: &[Series]) -> Result<Layers, SourceError> {
        self.git.ensure(&self.cache)?;
        let (fetched, version, _) = self.first_of(kernel)?;
        let target = self.target(kernel, &fetched, &version);
        layers::layers(&target, &fetched.tree, series)
    }

    fn fetcher(&self) -> Fetcher<'_> {
        Fetcher {
            cache: &self.cache,
            git: &self.git,
            etc: &self.etc,
            report: &*self.report,
            offline: self.offline,
        }
    }

    /// The tree of a kernel that was fetched, as what series go onto.
    fn target<'a>(
        &'a self,
        kernel: &'a Kernel,
        fetched: &'a Fetched,
        version: &'a KernelVersion,
    ) -> Target<'a> {
        Target {
            cache: &self.cache,
            git: &self.git,
            alternates: &fetched.alternates,
            kernel: &kernel.name,
            version,
        }
    }

    fn first_of(&self, kernel: &Kernel) -> Result<(Fetched, KernelVersion, Vec<String>), SourceError> {
        let fetcher = self.fetcher();
        let mut tried = Vec::new();
        for source in &kernel.sources {
            let found = fetcher.fetch(source).and_then(|fetched| Ok((self.version(&fetched)?, fetched)));
            match found {
                Ok((version, fetched)) => {
                    tried.extend(fetched.note.clone());
                    return Ok((fetched, version, tried));
                }
                Err(error) if error.is_interrupt() => return Err(error),
                Err(error) => tried.push(format!("{source}: {}", fault::inlined(&error))),
            }
        }
        Err(SourceError::Unavailable { kernel: kernel.name.clone(), tried })
    }

    fn version(&self, fetched: &Fetched) -> Result<KernelVersion, SourceError> {
        let known = self.git.remembered("version", &fetched.tree);
        if let Some(version) = known.and_then(|text| text.parse().ok()) {
            return Ok(version);
        }
        let no_file = || SourceError::NotAKernel { why: "it has no Makefile".to_owned() };
        let makefile = self.git.file(&fetched.alternates, &fetched.tree, "Makefile")?.ok_or_else(no_file)?;
        let version = KernelVersion::from_makefile(&makefile)?;
        self.git.remember("version", &fetched.tree, &version.to_string())?;
        Ok(version)
    }
}
