//! Trees out of packages and tarballs.

use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err::{self as fs, File};
use sha2::{Digest as _, Sha256};

use host::{PrivateApt, Process, hex};
use spec::kernel::is_url;

use super::fetcher::{Fetched, Fetcher};
use super::{SourceError, stream};

const DOWNLOAD_DEADLINE: Duration = Duration::from_secs(30 * 60);

/// Downloads a `linux-source-*` package and puts the kernel that is in it into a tree.
pub(super) fn package(
    fetcher: &Fetcher,
    apt: &PrivateApt,
    package: &str,
    version: &str,
) -> Result<String, SourceError> {
    let (_lock, staging) = fetcher.staging()?;
    // Somebody else may have brought it while we waited.
    if let Some(tree) = fetcher.git.remembered("apt", &format!("{package} {version}")) {
        return Ok(tree);
    }
    (fetcher.report)(&format!("downloading {package} {version} from {}", apt.suites()));
    let deb = apt.download(package, staging.path())?;
    let unpacked = staging.path().join("deb");
    Process::new("dpkg-deb", ["--extract"]).arg(&deb).arg(&unpacked).log(fetcher.git.log()).run()?;
    fs::remove_file(&deb)?;
    put(fetcher, &kernel_tarball(&unpacked, package)?, staging.path())
}

/// Downloads the upstream tarball of a source package and puts it into a tree.
pub(super) fn source_package(
    fetcher: &Fetcher,
    apt: &PrivateApt,
    package: &str,
    version: &str,
) -> Result<String, SourceError> {
    let (_lock, staging) = fetcher.staging()?;
    (fetcher.report)(&format!("downloading the source of {package} {version} from {}", apt.suites()));
    let tarball = apt.download_source(package, version, staging.path())?;
    put(fetcher, &tarball, staging.path())
}

/// `usr/src/linux-source-*.tar.*` of an unpacked package.
fn kernel_tarball(unpacked: &Path, package: &str) -> Result<PathBuf, SourceError> {
    let folder = unpacked.join("usr/src");
    let listing = fs::read_dir(&folder)?;
    let name =
        |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    listing
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| name(path).starts_with("linux-source-") && name(path).contains(".tar."))
        .ok_or_else(|| SourceError::NotAKernel {
            why: format!("{package} has no usr/src/linux-source-*.tar.* in it"),
        })
}

/// A tarball by path or URL.
pub(super) fn tarball(
    fetcher: &Fetcher,
    location: &str,
    sha256: Option<&str>,
) -> Result<Fetched, SourceError> {
    let found = |sum: &str, tree| Fetched::new(tree, format!("{location} (sha256 {})", &sum[..12]));
    if is_url(location) {
        let sum = sha256.unwrap_or_default();
        if let Some(tree) = fetcher.git.remembered("tarball", sum) {
            return Ok(found(sum, tree));
        }
        fetcher.may_fetch(location)?;
        let (_lock, staging) = fetcher.staging()?;
        (fetcher.report)(&format!("downloading {location}"));
        let file = staging.path().join("tarball");
        download(fetcher, location, &file)?;
        let sum = verified(&file, sha256)?;
        let tree = put(fetcher, &file, staging.path())?;
        fetcher.git.remember("tarball", &sum, &tree)?;
        return Ok(Fetched { cached: false, ..found(&sum, tree) });
    }
    let file = Path::new(location);
    // Its sum is taken again only when the file looks another.
    let meta = fs::metadata(file)?;
    let look = format!("{location} {} {} {}.{}", meta.len(), meta.ino(), meta.mtime(), meta.mtime_nsec());
    let sum = match fetcher.git.remembered("tarball-sum", &look) {
        Some(sum) if sha256.is_none_or(|wanted| wanted == sum) => sum,
        _ => {
            fetcher.may_fetch(location)?;
            verified(file, sha256)?
        }
    };
    fetcher.git.remember("tarball-sum", &look, &sum)?;
    if let Some(tree) = fetcher.git.remembered("tarball", &sum) {
        return Ok(found(&sum, tree));
    }
    fetcher.may_fetch(location)?;
    let (_lock, staging) = fetcher.staging()?;
    let tree = put(fetcher, file, staging.path())?;
    fetcher.git.remember("tarball", &sum, &tree)?;
    Ok(Fetched { cached: false, ..found(&sum, tree) })
}

fn download(fetcher: &Fetcher, url: &str, to: &Path) -> Result<(), SourceError> {
    let process = if which::which("curl").is_ok() {
        Process::new("curl", ["--fail", "--location", "--silent", "--show-error", "--output"]).arg(to)
    } else if which::which("wget").is_ok() {
        Process::new("wget", ["--no-verbose", "--output-document"]).arg(to)
    } else {
        return Err(SourceError::MissingProgram {
            what: format!("downloading {url} needs curl or wget, and neither is here"),
            hint: "download it by hand and name its path".to_owned(),
        });
    };
    process.arg("--").arg(url).deadline(DOWNLOAD_DEADLINE).log(fetcher.git.log()).run()?;
    Ok(())
}

/// The file's SHA-256, if it is the one that was wanted.
fn verified(file: &Path, wanted: Option<&str>) -> Result<String, SourceError> {
    let mut reader = File::open(file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let found = hex(hash.finalize());
    match wanted {
        Some(wanted) if wanted != found => {
            Err(SourceError::Checksum { file: file.to_owned(), wanted: wanted.to_owned(), found })
        }
        _ => Ok(found),
    }
}

/// Puts the files of an archive into a tree.
fn put(fetcher: &Fetcher, archive: &Path, staging: &Path) -> Result<String, SourceError> {
    let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (fetcher.report)(&format!("putting {name} into the cache"));
    stream::import(fetcher.git, archive, staging)
}
