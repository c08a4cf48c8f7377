//! Getting the tree of one source.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fs_err as fs;

use host::apt::Packages;
use host::{AptError, PrivateApt, digest, git, io_at};
use spec::Source;
use spec::kernel::is_url;

use super::fetcher::{Fetched, Fetcher, describe};
use super::{SourceError, archive, local};

/// A branch of a remote repository is asked for again after this long; a tag or a commit never.
const ASK_AGAIN: Duration = Duration::from_secs(10 * 60);
/// A shallow clone of a kernel takes minutes on a slow line.
const FETCH_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// A package that is looked for.
struct Wanted<'a> {
    package: &'a str,
    packages: Packages,
}

impl Wanted<'_> {
    /// Under which name it is remembered.
    fn kind(&self) -> &'static str {
        match self.packages {
            Packages::Binary => "apt",
            Packages::Source => "deb-src",
        }
    }

    fn candidate(&self, apt: &PrivateApt) -> Result<Option<String>, AptError> {
        match self.packages {
            Packages::Binary => apt.candidate(self.package),
            Packages::Source => apt.source_candidate(self.package),
        }
    }
}

impl Fetcher<'_> {
    /// Gets the tree of a source, from the cache where that is as good.
    pub(super) fn fetch(&self, source: &Source) -> Result<Fetched, SourceError> {
        match source {
            Source::Apt { package, suite } => {
                self.apt(suite.as_deref(), &Wanted { package, packages: Packages::Binary })
            }
            Source::DebSrc { package, suite } => {
                self.apt(suite.as_deref(), &Wanted { package, packages: Packages::Source })
            }
            Source::Git { location, reference, .. } if is_url(location) => self.remote(location, reference),
            Source::Git { location, dirty: true, .. } => local::dirty(self, Path::new(location)),
            Source::Git { location, reference, .. } => local::committed(Path::new(location), reference),
            Source::Dir { path } => local::folder(self, path),
            Source::Tarball { location, sha256 } => archive::tarball(self, location, sha256.as_deref()),
        }
    }

    fn apt(&self, suite: Option<&str>, wanted: &Wanted) -> Result<Fetched, SourceError> {
        let (package, kind) = (wanted.package, wanted.kind());
        let suites: Vec<String> = suite.map(str::to_owned).into_iter().collect();
        let apt = PrivateApt::derived(self.cache.path(), self.etc, &suites, wanted.packages)?;
        let key = format!("{} {package}", apt.dir().display());
        let found = |version: String, tree: String| {
            let mut fetched = Fetched::new(tree, format!("{package} {version} ({})", apt.suites()));
            fetched.cached = false;
            fetched
        };
        let known = || {
            let version = self.git.remembered(&format!("{kind}-version"), &key)?;
            let tree = self.git.remembered(kind, &format!("{package} {version}"))?;
            Some(Fetched { cached: true, ..found(version, tree) })
        };
        if let Some(fetched) = known().filter(|_| apt.is_fresh() || self.offline) {
            return Ok(fetched);
        }
        self.may_fetch(format_args!("{package} of {}", apt.suites()))?;
        let _lock = self.cache.lock(&format!("apt-{}", &digest([key.as_bytes()])[..16]))?;
        let offline = if apt.is_fresh() {
            None
        } else {
            (self.report)(&format!("fetching the package lists of {}", apt.suites()));
            apt.update().err()
        };
        if let Some(error) = offline {
            // What was had yesterday is still there today.
            let old = known().ok_or(error)?;
            let note =
                format!("the package lists could not be fetched: {} is as of the last time", old.described);
            return Ok(Fetched { note: Some(note), ..old });
        }
        let Some(version) = wanted.candidate(&apt)? else {
            let (package, suites) = (package.to_owned(), apt.suites().to_owned());
            return Err(AptError::NoPackage { package, suites }.into());
        };
        let tree_key = format!("{package} {version}");
        let (tree, cached) = if let Some(tree) = self.git.remembered(kind, &tree_key) {
            (tree, true)
        } else {
            let import = match wanted.packages {
                Packages::Binary => archive::package,
                Packages::Source => archive::source_package,
            };
            let tree = import(self, &apt, package, &version)?;
            self.git.remember(kind, &tree_key, &tree)?;
            (tree, false)
        };
        self.git.remember(&format!("{kind}-version"), &key, &version)?;
        Ok(Fetched { cached, ..found(version, tree) })
    }

    fn remote(&self, url: &str, reference: &str) -> Result<Fetched, SourceError> {
        let key = format!("{url} {reference}");
        let known = || {
            let text = self.git.remembered("remote", &key)?;
            let mut lines = text.lines().map(str::to_owned);
            let (tree, described, asked) = (lines.next()?, lines.next()?, lines.next()?.parse().ok()?);
            Some((Fetched::new(tree, described), UNIX_EPOCH + Duration::from_secs(asked)))
        };
        let fixed = (reference.len() >= 40 && reference.bytes().all(|b| b.is_ascii_hexdigit()))
            || reference.starts_with("refs/tags/");
        let recent = |at: &SystemTime| fixed || at.elapsed().is_ok_and(|age| age < ASK_AGAIN);
        if let Some((fetched, _)) = known().filter(|(_, at)| recent(at) || self.offline) {
            return Ok(fetched);
        }
        self.may_fetch(format_args!("{reference} of {url}"))?;
        let _lock = self.cache.lock("git-fetch")?;
        (self.report)(&format!("fetching {reference} of {url}"));
        match self.fetch_remote(url, reference) {
            Ok(mut fetched) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
                let stamp = format!("{}\n{}\n{now}\n", fetched.tree, fetched.described);
                let same = known().is_some_and(|(old, _)| old.tree == fetched.tree);
                self.git.remember("remote", &key, &stamp)?;
                fetched.cached = same;
                Ok(fetched)
            }
            Err(error) if error.is_interrupt() => Err(error),
            Err(error) => {
                let (old, _) = known().ok_or(error)?;
                let note =
                    format!("{url} could not be asked again: {} is as of the last time", old.described);
                Ok(Fetched { note: Some(note), ..old })
            }
        }
    }

    fn fetch_remote(&self, url: &str, reference: &str) -> Result<Fetched, SourceError> {
        let name = format!("refs/patchbench/{}", &digest([url.as_bytes(), reference.as_bytes()])[..32]);
        // Proxies, credentials and insteadOf are the user's; prompts would hang unseen.
        git::with_config(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--depth", "1"])
            .arg("--no-recurse-submodules")
            .arg("--")
            .arg(url)
            .arg(format!("+{reference}:{name}"))
            .env("GIT_DIR", self.git.dir())
            .env("SSH_ASKPASS", "/bin/false")
            .env("SSH_ASKPASS_REQUIRE", "force")
            .deadline(FETCH_DEADLINE)
            .log(self.git.log())
            .run()?;
        let (tree, described) = describe(self.git.plumbing(["log"]), &name)?;
        Ok(Fetched::new(tree, format!("{url} {reference} at {described}")))
    }

    /// A folder for files on their way into the repository. What a killed run left there goes first: only the
    /// holder of the lock, which comes along, may be in it.
    pub(super) fn staging(&self) -> Result<(host::Guard, tempfile::TempDir), SourceError> {
        let lock = self.cache.lock("import")?;
        let parent = self.cache.dir("tmp/import")?;
        for entry in fs::read_dir(&parent)?.filter_map(Result::ok) {
            let path = entry.path();
            fs::remove_dir_all(&path)?;
        }
        let folder = tempfile::tempdir_in(&parent).map_err(io_at("making a folder in", &parent))?;
        Ok((lock, folder))
    }
}
