//! A series of patches/ as mails.

use std::path::Path;

use anyhow::{Context as _, Result};

use engine::series::import;
use engine::series::import::ImportError;
use engine::series::mail::Message;
use spec::series::COVER;
use spec::{Project, Series};

use crate::Usage;

/// A series with its own patches read: not those of its variants.
pub(super) struct Mails {
    pub(super) series: Series,
    pub(super) cover: Option<Message>,
    pub(super) patches: Vec<Message>,
}

/// Reads mails that the command line names.
pub(super) fn read(path: &Path) -> Result<Vec<Message>> {
    import::read(path).map_err(|error| match error {
        ImportError::Io(error) => Usage::of_file("read", path, error),
        error => error.into(),
    })
}

/// Reads a series of patches/.
pub(super) fn load(project: &Project, name: &str) -> Result<Mails> {
    let series = Series::load(&project.patches_dir(), name)?;
    if series.is_to_be_fetched() {
        let message = format!("the patches of series {name} are not here");
        return Err(Usage { message, hint: Some(format!("cargo xtask series fetch {name}")) }.into());
    }
    if series.patches.is_empty() {
        let message = format!("series {name} has no patches of its own, only variants");
        let hint = Some(
            "its patches are in the folders of `variants:`; --git DIR BASE..TIP takes commits".to_owned(),
        );
        return Err(Usage { message, hint }.into());
    }
    let read = |file: &Path| -> Result<Message> {
        let bytes = fs_err::read(file)?;
        Message::parse(&bytes).with_context(|| format!("reading {}", file.display()))
    };
    // What was fetched does not lie in the folder itself.
    let dir = series.patches.first().and_then(|patch| patch.file.parent()).unwrap_or(&series.dir);
    let cover = dir.join(COVER);
    let cover = if cover.is_file() { Some(read(&cover)?) } else { None };
    let patches = series.patches.iter().map(|patch| read(&patch.file)).collect::<Result<_>>()?;
    Ok(Mails { series, cover, patches })
}
