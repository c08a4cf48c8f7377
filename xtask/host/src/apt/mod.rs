//! A private apt: the machine's own mirrors and keys, with suites, lists and cache of our choosing.
//!
//! Nothing of the system's configuration is written and no root is needed. Packages are verified by apt with the
//! keys that the machine has.

mod entries;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;

use fault::ToolError;

pub use self::entries::Packages;
use self::entries::{Entry, derive, parse_deb822, parse_list, to_deb822};
use super::cache::{CacheError, write_stamp};
use super::digest::sha256;
use super::{Process, ProcessError};

/// The lists of packages are fetched again when they are older than this.
pub const FRESH: Duration = Duration::from_secs(24 * 3600);

/// Fetching lists or a package takes at most this long.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// Fields of a repository that let it do without a signature (sources.list(5)).
const UNSIGNED: [&str; 2] = ["Trusted", "Allow-Insecure"];

/// A private apt configuration in the cache.
#[derive(Debug, Clone)]
pub struct PrivateApt {
    dir: PathBuf,
    suites: String,
}

/// apt cannot be used, or does not have it.
#[derive(Debug, thiserror::Error)]
pub enum AptError {
    /// No apt here.
    #[error("this machine has no apt-get")]
    Missing,
    /// Nothing to derive from.
    #[error(
        "{} names no repository of the distribution's with the component main{}",
        .etc.display(),
        if .suites.is_empty() { String::new() } else { format!(" to take {} from", .suites) }
    )]
    NoRepository {
        /// apt's folder of configuration.
        etc: PathBuf,
        /// The suites that were wanted; empty for the machine's own.
        suites: String,
    },
    /// The package is not in these suites.
    #[error("{suites} has no package {package}")]
    NoPackage {
        /// The package.
        package: String,
        /// Where it was looked for.
        suites: String,
    },
    /// Its file did not come, though apt reported that it did.
    #[error("apt-get download {package} left no package in {}", .dir.display())]
    NoFile {
        /// The package.
        package: String,
        /// Where it should be.
        dir: PathBuf,
    },
    /// A file of apt's cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// apt-get failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

impl ToolError for AptError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Read(error) => Some(error),
            Self::Cache(error) => Some(error),
            Self::Process(error) => Some(error),
            _ => None,
        }
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Missing => Some("packages of Debian and Ubuntu need Debian or Ubuntu".to_owned()),
            Self::NoRepository { etc, .. } => {
                Some(format!("name one in {}/sources.list: deb MIRROR CODENAME main", etc.display()))
            }
            Self::NoFile { .. } => Some("try again: something removed it meanwhile".to_owned()),
            _ => None,
        }
    }
}

impl PrivateApt {
    /// The configuration for exactly these suites; without any, for those of the machine's own release.
    ///
    /// # Errors
    /// There is no apt, or its lists name no repository of the distribution's.
    pub fn new(cache: &Path, suites: &[String]) -> Result<Self, AptError> {
        Self::derived(cache, Path::new("/etc/apt"), suites, Packages::Binary)
    }

    /// As [`PrivateApt::new`], with another folder in place of `/etc/apt`, and for source packages where wanted.
    ///
    /// # Errors
    /// As [`PrivateApt::new`].
    pub fn derived(
        cache: &Path,
        etc: &Path,
        suites: &[String],
        packages: Packages,
    ) -> Result<Self, AptError> {
        let entries = entries_of(etc, suites)?;
        which::which("apt-get").map_err(|_| AptError::Missing)?;
        let found: Vec<_> = entries.iter().map(|entry| entry.suite.as_str()).collect();
        let list = to_deb822(&entries, packages);
        // Another mirror or key gets other lists: a folder a content.
        let id = &sha256(list.as_bytes())[..8];
        let dir = cache.join("apt").join(format!("{}-{id}", found.first().unwrap_or(&"own")));
        let this = Self { dir, suites: found.join(", ") };
        this.write(&list)?;
        Ok(this)
    }

    /// The repositories of these suites as apt reads them, without what would let one do without a signature. For root, who must take nothing
    /// from a folder that somebody else can write to.
    ///
    /// # Errors
    /// As [`PrivateApt::new`].
    pub fn signed_sources(etc: &Path, suites: &[String]) -> Result<String, AptError> {
        let mut entries = entries_of(etc, suites)?;
        for entry in &mut entries {
            entry.fields.retain(|(key, _)| !UNSIGNED.contains(&key.as_str()));
        }
        Ok(to_deb822(&entries, Packages::Binary))
    }

    fn write(&self, list: &str) -> Result<(), AptError> {
        for folder in ["lists/partial", "cache/archives/partial"] {
            let path = self.dir.join(folder);
            fs::create_dir_all(&path).map_err(CacheError::from)?;
        }
        let (sources, config) = (self.dir.join("private.sources"), self.dir.join("apt.conf"));
        let wanted = [(&sources, list.to_owned()), (&config, self.config())];
        for (path, text) in wanted {
            if fs::read_to_string(path).ok().as_ref() != Some(&text) {
                write_stamp(path, text)?;
            }
        }
        let status = self.empty_status();
        if !status.exists() {
            write_stamp(&status, "")?;
        }
        Ok(())
    }

    /// Read by apt after the system's own configuration, so proxies set there hold, and so `#clear` takes hooks away.
    fn config(&self) -> String {
        let dir = self.dir.display();
        format!(
            "#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n\
             Dir::Etc::SourceList \"{dir}/private.sources\";\nDir::Etc::SourceParts \"-\";\n\
             Dir::State::Lists \"{dir}/lists\";\nDir::Cache \"{dir}/cache\";\n\
             Acquire::Languages \"none\";\nAcquire::Retries \"3\";\nAPT::Update::Error-Mode \"any\";\n\
             # As root, apt would fetch as a user who cannot enter root's cache. Signatures are checked all the same.\n\
             APT::Sandbox::User \"root\";\n"
        )
    }

    /// For downloads, what is installed does not matter; for an installation it does.
    fn empty_status(&self) -> PathBuf {
        self.dir.join("status")
    }

    /// The options that make `apt-get` and `apt-cache` use this configuration.
    pub fn options(&self) -> Vec<String> {
        vec!["-c".to_owned(), self.dir.join("apt.conf").display().to_string()]
    }

    /// The suites in it, for messages.
    pub fn suites(&self) -> &str {
        &self.suites
    }

    /// Its folder: unique for its suites, mirrors and keys.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// When the lists were last fetched with success.
    pub fn updated(&self) -> Option<SystemTime> {
        fs::metadata(self.updated_stamp()).and_then(|meta| meta.modified()).ok()
    }

    /// Whether the lists are younger than [`FRESH`].
    pub fn is_fresh(&self) -> bool {
        self.updated().and_then(|at| at.elapsed().ok()).is_some_and(|age| age < FRESH)
    }

    fn updated_stamp(&self) -> PathBuf {
        self.dir.join("updated")
    }

    /// Fetches the lists of packages.
    ///
    /// # Errors
    /// apt-get failed; its words say why.
    pub fn update(&self) -> Result<(), AptError> {
        self.apt("apt-get").arg("update").deadline(DEADLINE).log(self.dir.join("log")).run()?;
        write_stamp(&self.updated_stamp(), "")?;
        Ok(())
    }

    /// The version of a package that would be downloaded; none if there is no such package.
    ///
    /// # Errors
    /// apt-cache failed.
    pub fn candidate(&self, package: &str) -> Result<Option<String>, AptError> {
        let output = self.alone("apt-cache").arg("policy").arg("--").arg(package).run()?;
        let version = output
            .text()
            .lines()
            .find_map(|line| line.trim().strip_prefix("Candidate:").map(|version| version.trim().to_owned()));
        Ok(version.filter(|version| version != "(none)"))
    }

    /// Downloads a package into a folder; its file.
    ///
    /// # Errors
    /// There is no such package, or it cannot be fetched or verified.
    pub fn download(&self, package: &str, dir: &Path) -> Result<PathBuf, AptError> {
        let Some(version) = self.candidate(package)? else {
            return Err(AptError::NoPackage { package: package.to_owned(), suites: self.suites.clone() });
        };
        let wanted = format!("{package}={version}");
        let log = self.dir.join("log");
        self.alone("apt-get")
            .arg("download")
            .arg("--")
            .arg(wanted)
            .dir(dir)
            .deadline(DEADLINE)
            .log(log)
            .run()?;
        file_in(dir, package, |path| path.extension().is_some_and(|extension| extension == "deb"))
    }

    /// The newest version of a source package; none if there is no such package.
    ///
    /// # Errors
    /// apt-get failed.
    pub fn source_candidate(&self, package: &str) -> Result<Option<String>, AptError> {
        let output =
            self.alone("apt-cache").arg("showsrc").arg("--only-source").arg("--").arg(package).output()?;
        let text = output.text();
        let versions = text.lines().filter_map(|line| line.strip_prefix("Version:")).map(str::trim);
        let mut newest: Option<&str> = None;
        for version in versions {
            let newer = |than: &str| {
                let asked = Process::new("dpkg", ["--compare-versions", version, "gt", than]).output();
                asked.map(|answer| answer.status.success())
            };
            if newest.map_or(Ok(true), newer)? {
                newest = Some(version);
            }
        }
        Ok(newest.map(str::to_owned))
    }

    /// Downloads the upstream tarball of a source package's version into a folder; its file.
    ///
    /// # Errors
    /// It cannot be fetched or verified.
    pub fn download_source(&self, package: &str, version: &str, dir: &Path) -> Result<PathBuf, AptError> {
        self.alone("apt-get")
            .arg("source")
            .arg("--download-only")
            .arg("--tar-only")
            .arg("--")
            .arg(format!("{package}={version}"))
            .dir(dir)
            .deadline(DEADLINE)
            .log(self.dir.join("log"))
            .run()?;
        let is_tar =
            |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(".tar."));
        file_in(dir, package, is_tar)
    }

    fn apt(&self, program: &str) -> Process {
        Process::new(program, self.options())
            .env("LC_ALL", "C.UTF-8")
            .env("DEBIAN_FRONTEND", "noninteractive")
    }

    fn alone(&self, program: &str) -> Process {
        self.apt(program).arg("-o").arg(format!("Dir::State::status={}", self.empty_status().display()))
    }
}

/// What apt has left of a package in a folder.
fn file_in(dir: &Path, package: &str, is_it: impl Fn(&Path) -> bool) -> Result<PathBuf, AptError> {
    let listing = fs::read_dir(dir)?;
    listing
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| is_it(path))
        .ok_or_else(|| AptError::NoFile { package: package.to_owned(), dir: dir.to_owned() })
}

/// The distribution's own entries for these suites, of which there is one at least.
fn entries_of(etc: &Path, suites: &[String]) -> Result<Vec<Entry>, AptError> {
    let entries = derive(&system_entries(etc)?, suites);
    if entries.is_empty() {
        return Err(AptError::NoRepository { etc: etc.to_owned(), suites: suites.join(", ") });
    }
    Ok(entries)
}

/// All entries of the machine's own lists.
fn system_entries(etc: &Path) -> Result<Vec<Entry>, AptError> {
    let mut files = vec![etc.join("sources.list")];
    let parts = etc.join("sources.list.d");
    match fs::read_dir(&parts) {
        Ok(listing) => files.extend(listing.filter_map(Result::ok).map(|entry| entry.path())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    files.sort();
    let mut entries = Vec::new();
    for path in files {
        let parse: fn(&str) -> Vec<Entry> = match path.extension().and_then(|extension| extension.to_str()) {
            Some("list") => parse_list,
            Some("sources") => parse_deb822,
            _ => continue,
        };
        match fs::read(&path) {
            Ok(bytes) => entries.extend(parse(&String::from_utf8_lossy(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
