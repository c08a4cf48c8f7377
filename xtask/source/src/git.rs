//! The one git repository of the cache, and how git is called.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use fs_err as fs;

use host::{Cache, Process, digest, git, write_stamp};

use super::SourceError;

/// Trees are byte for byte what they were: no line ends are turned, whatever a tree's own attributes say.
const ATTRIBUTES: &str = "* -text -eol -ident -filter -working-tree-encoding\n";

/// Names the layout of what is remembered here; another number is another repository.
const FORMAT: &str = "git-1";

/// A longer log is put aside; only the last two are kept.
const LONGEST_LOG: u64 = 4 << 20;

/// The repository.
#[derive(Debug, Clone)]
pub(super) struct Git {
    dir: PathBuf,
    log: PathBuf,
}

impl Git {
    /// The repository of this cache; it is made by [`Git::ensure`].
    pub(super) fn new(cache: &Cache) -> Self {
        Self { dir: cache.path().join(FORMAT), log: cache.path().join("logs/source.log") }
    }

    /// Makes it where it is missing.
    pub(super) fn ensure(&self, cache: &Cache) -> Result<(), SourceError> {
        if fs::metadata(&self.log).is_ok_and(|meta| meta.len() > LONGEST_LOG) {
            // Whoever still writes to it goes on writing to the old one.
            fs::rename(&self.log, self.log.with_extension("log.old"))?;
        }
        let ready = self.dir.join("info/attributes");
        if ready.exists() {
            return Ok(());
        }
        let _lock = cache.lock("git")?;
        git::without_config(["init", "--quiet", "--bare", "--initial-branch=none"]).arg(&self.dir).run()?;
        for (key, value) in [("gc.auto", "0"), ("maintenance.auto", "false"), ("core.fsmonitor", "false")] {
            self.plumbing(["config", key, value]).run()?;
        }
        write_stamp(&ready, ATTRIBUTES)?;
        Ok(())
    }

    /// Its folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the longer commands write what they say.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// git on this repository, with neither the user's nor the system's configuration.
    pub(super) fn plumbing<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Process {
        git::without_config(args).env("GIT_DIR", &self.dir)
    }

    /// The same with the objects of other repositories in reach.
    pub(super) fn with<A: AsRef<OsStr>>(
        &self,
        alternates: &[PathBuf],
        args: impl IntoIterator<Item = A>,
    ) -> Process {
        let process = self.plumbing(args);
        if alternates.is_empty() {
            return process;
        }
        process.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates_value(alternates))
    }

    /// git on a bare repository of its own, which sees our objects.
    pub(super) fn beside(&self, dir: &Path, alternates: &[PathBuf], args: &[&str]) -> Process {
        let objects: Vec<PathBuf> = [self.dir.join("objects")].iter().chain(alternates).cloned().collect();
        let process = git::without_config(args).env("GIT_DIR", dir).dir("/");
        process.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates_value(&objects))
    }

    /// Puts all files of a folder into a tree. `index` is kept for the next time if it has a name; what
    /// `.gitignore` excludes is left out unless `everything`.
    pub(super) fn import(
        &self,
        folder: &Path,
        index: &Path,
        everything: bool,
    ) -> Result<String, SourceError> {
        let index_lock = lock_of(index);
        if index_lock.exists() {
            fs::remove_file(&index_lock)?;
        }
        // A first import goes straight into one pack, at the price of deltas; later ones are a few loose files.
        let threshold = if index.exists() { "512m" } else { "1" };
        let process = self
            .plumbing(["-c", "core.compression=1", "-c", "core.looseCompression=0", "-c"])
            .arg(format!("core.bigFileThreshold={threshold}"))
            .arg("-c")
            .arg("advice.addEmbeddedRepo=false")
            .arg("add")
            .arg("--all");
        let process = if everything { process.arg("--force") } else { process };
        process
            .arg(".")
            .dir(folder)
            .env("GIT_WORK_TREE", folder)
            .env("GIT_INDEX_FILE", index)
            .log(&self.log)
            .run()?;
        Ok(self.plumbing(["write-tree"]).env("GIT_INDEX_FILE", index).read()?)
    }

    /// A file of a tree as text; none if the tree has no such file.
    pub(super) fn file(
        &self,
        alternates: &[PathBuf],
        tree: &str,
        path: &str,
    ) -> Result<Option<String>, SourceError> {
        let output = self.with(alternates, ["cat-file", "blob"]).arg(format!("{tree}:{path}")).output()?;
        Ok(output.status.success().then(|| output.text()))
    }

    /// What was remembered under this key.
    pub(super) fn remembered(&self, kind: &str, key: &str) -> Option<String> {
        fs::read_to_string(self.memo(kind, key)).ok()
    }

    /// Remembers a finding. It lies beside the objects, so that it goes when they go.
    pub(super) fn remember(&self, kind: &str, key: &str, value: &str) -> Result<(), SourceError> {
        Ok(write_stamp(&self.memo(kind, key), value)?)
    }

    fn memo(&self, kind: &str, key: &str) -> PathBuf {
        self.dir.join("patchbench").join(kind).join(digest([key.as_bytes()]))
    }
}

/// git takes a lock of its own on an index; a killed run leaves it behind. Only who holds our lock may remove it.
pub(super) fn lock_of(index: &Path) -> PathBuf {
    let mut name = index.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Paths as git reads them: separated by colons, quoted where they have one (gitrepository-layout, `GIT_ALTERNATE_OBJECT_DIRECTORIES` in git(1)).
pub(super) fn alternates_value(paths: &[PathBuf]) -> String {
    let quote = |path: &PathBuf| {
        let text = path.to_string_lossy().into_owned();
        if text.contains([':', '"', '\\']) || text.starts_with('"') {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            text
        }
    };
    paths.iter().map(quote).collect::<Vec<_>>().join(":")
}
