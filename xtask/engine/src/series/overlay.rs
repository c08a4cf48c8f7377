//! The project's series with one more beside them, or in the place of one: in a folder of the cache, by content.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;

use fault::ToolError;
use host::{Cache, CacheError};
use spec::Series;
use specfile::SpecError;

/// A folder of series that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The project's series cannot be read.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ToolError for OverlayError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Cache(error) => Some(error),
            Self::Spec(error) => Some(error),
            Self::Io(error) => Some(error),
        }
    }
}

/// Finds or makes the folder: `fill` writes the series `name` into its own; the others are links to where they are. `identity`
/// is all that the written one depends on.
///
/// # Errors
/// Those of `fill`, or the file system's.
pub fn lay<E: From<OverlayError>>(
    name: &str,
    identity: &[&str],
    patches: &Path,
    cache: &Cache,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<PathBuf, E> {
    let mut others = Series::names(patches).map_err(OverlayError::from)?;
    others.retain(|other| other != name);
    let place = patches.display().to_string();
    let others_text = others.join("\n");
    let parts = [name, &place, &others_text].into_iter().chain(identity.iter().copied());
    let key = host::digest(parts.map(str::as_bytes));
    let overlays = cache.dir("ranges").map_err(OverlayError::from)?;
    let folder = overlays.join(&key[..32]);
    if folder.is_dir() {
        return Ok(folder);
    }
    let draft = tempfile::Builder::new().prefix(".draft-").tempdir_in(&overlays);
    let draft = draft.map_err(OverlayError::from)?;
    for other in &others {
        let to = draft.path().join(other);
        symlink(patches.join(other), &to).map_err(OverlayError::from)?;
    }
    let own = draft.path().join(name);
    fs::create_dir(&own).map_err(OverlayError::from)?;
    fill(&own)?;
    let draft = draft.keep();
    match fs::rename(&draft, &folder) {
        // Somebody else was faster with the same.
        Err(_) if folder.is_dir() => fs::remove_dir_all(&draft).map_err(OverlayError::from)?,
        renamed => renamed.map_err(OverlayError::from)?,
    }
    Ok(folder)
}
