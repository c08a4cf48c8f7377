//! Where an imported series goes, and what becomes of the one that is there.
//!
//! The newest version lies in `patches/NAME/`, each older one in `patches/NAME/vN/`, which is a whole series by itself. A new
//! version moves the one that was there into its folder; an older one goes straight into it. What would be lost is refused.

use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::symlink;

use spec::Series;
use spec::series::{COVER, FILE, is_version_folder};

use super::{Facts, ImportError, Posting};
use crate::series::mail::{Message, Refusal, patch_ids, refusal, slug};

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// The series is new.
    New(PathBuf),
    /// It replaced an older version, which now lies in the second folder.
    Newer(PathBuf, PathBuf),
    /// It is older than the one that is there, and lies beside it.
    Older(PathBuf),
    /// It replaced the same version, as was asked for.
    Replaced(PathBuf),
    /// It is what is there already, patch by patch.
    Same(PathBuf),
}

/// Writes a posting into the folder of this name, whole or not at all.
///
/// # Errors
/// [`ImportError`]; then nothing has changed.
pub fn place(posting: Posting, patches_dir: &Path, name: &str, force: bool) -> Result<Placed, ImportError> {
    for patch in &posting.patches {
        let mail = || patch.subject().shown();
        match refusal(patch)? {
            None => {}
            Some(Refusal::Corrupt(git)) => return Err(ImportError::Corrupt { mail: mail(), git }),
            Some(Refusal::WithoutPrefix(file)) => {
                return Err(ImportError::WithoutPrefix { mail: mail(), file });
            }
        }
    }
    let ids = patch_ids(&posting.patches.iter().collect::<Vec<_>>())?;
    let facts = Facts::of(&posting, ids);
    let dir = patches_dir.join(name);
    fs::create_dir_all(patches_dir)?;
    if !dir.join(FILE).is_file() {
        if fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some()) {
            let why = format!("it is there, and has no {FILE}");
            return Err(ImportError::There { dir, why, hint: "name another with --name NAME".to_owned() });
        }
        let stage = Stage::new(patches_dir, name)?;
        stage.write(&posting, &facts.yaml())?;
        stage.check(name)?;
        let _ = fs::remove_dir(&dir);
        stage.into_place(name, &dir)?;
        return Ok(Placed::New(dir));
    }
    let old = Series::load(patches_dir, name)?;
    if facts.version < old.version {
        let beside = dir.join(format!("v{}", facts.version));
        if beside.exists() && !force {
            return Err(there(beside, "that version is there already"));
        }
        let stage = Stage::new(patches_dir, name)?;
        stage.write(&posting, &facts.yaml())?;
        stage.check(name)?;
        stage.into_place(name, &beside)?;
        return Ok(Placed::Older(beside));
    }
    if facts.version == old.version {
        if ids_of(&old)? == facts.patch_ids {
            return Ok(Placed::Same(dir));
        }
        if !force && !old.patches.is_empty() {
            return Err(there(dir, &format!("version {} is there already, with other patches", old.version)));
        }
    }
    let yaml = fs::read_to_string(dir.join(FILE))?;
    let newer = facts.version > old.version;
    let stage = Stage::new(patches_dir, name)?;
    let older = stage.keep(&dir, newer.then_some((old.version, yaml.as_str())))?;
    stage.write(&posting, &facts.update(&yaml))?;
    stage.check(name)?;
    stage.into_place(name, &dir)?;
    Ok(older.map_or(Placed::Replaced(dir.clone()), |older| Placed::Newer(dir.clone(), dir.join(older))))
}

fn there(dir: PathBuf, why: &str) -> ImportError {
    let hint = "--force replaces it; --name NAME puts this one elsewhere".to_owned();
    ImportError::There { dir, why: why.to_owned(), hint }
}

fn ids_of(series: &Series) -> Result<Vec<String>, ImportError> {
    let mut messages = Vec::new();
    for patch in &series.patches {
        let bytes = fs::read(&patch.file)?;
        let place = patch.file.display().to_string();
        messages.push(Message::parse(&bytes).map_err(|source| ImportError::Mail { place, source })?);
    }
    Ok(patch_ids(&messages.iter().collect::<Vec<_>>())?)
}

/// The series as it will be, in a hidden folder beside its place.
struct Stage {
    folder: tempfile::TempDir,
    dir: PathBuf,
}

impl Stage {
    fn new(patches_dir: &Path, name: &str) -> Result<Self, ImportError> {
        let folder = tempfile::Builder::new().prefix(".import-").tempdir_in(patches_dir);
        let folder = folder?;
        let dir = folder.path().join(name);
        fs::create_dir(&dir)?;
        Ok(Self { folder, dir })
    }

    /// Takes over what else is in the folder of the series: its sabotage, its variants, other versions. The patches that are
    /// there go into a folder of their version, where that is named; the name of that folder is returned.
    fn keep(&self, old: &Path, version: Option<(u32, &str)>) -> Result<Option<String>, ImportError> {
        let older = version.map(|(version, _)| format!("v{version}"));
        for entry in fs::read_dir(old)? {
            let from = entry?.path();
            let Some(name) = from.file_name().and_then(|name| name.to_str()) else { continue };
            let is_patch = from.extension().is_some_and(|ending| ending == "patch") && from.is_file();
            let to = match (&older, is_patch) {
                (Some(older), true) => self.dir.join(older).join(name),
                (None, true) => continue,
                (_, false) => self.dir.join(name),
            };
            copy(&from, &to)?;
        }
        if let (Some(older), Some((_, yaml))) = (&older, version) {
            debug_assert!(is_version_folder(older));
            // What the old version promised and required is the series' own, and stays with the newest.
            let own = ["variants", "promises", "contained", "requires", "outside"];
            let yaml = own.iter().fold(yaml.to_owned(), |text, field| super::yaml::set(&text, field, None));
            let path = self.dir.join(older).join(FILE);
            write(&path, yaml.as_bytes())?;
        }
        Ok(older)
    }

    fn write(&self, posting: &Posting, yaml: &str) -> Result<(), ImportError> {
        write(&self.dir.join(FILE), yaml.as_bytes())?;
        if let Some(cover) = &posting.cover {
            write(&self.dir.join(COVER), &cover.file())?;
        }
        for (number, patch) in posting.patches.iter().enumerate() {
            let name = format!("{:04}-{}.patch", number + 1, slug(&patch.subject().title));
            write(&self.dir.join(name), &patch.file())?;
        }
        Ok(())
    }

    /// It has to be a series before it takes a place.
    fn check(&self, name: &str) -> Result<(), ImportError> {
        Series::load(self.folder.path(), name)?;
        Ok(())
    }

    /// Renames it to its place; what was there is put aside first, and back if that fails.
    fn into_place(self, name: &str, place: &Path) -> Result<(), ImportError> {
        let aside = self.folder.path().join(format!(".{name}.old"));
        let had = place.exists();
        if had {
            fs::rename(place, &aside)?;
        }
        if let Err(error) = fs::rename(&self.dir, place) {
            if had {
                let _ = fs::rename(&aside, place);
            }
            return Err(error.into());
        }
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ImportError> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    Ok(fs::write(path, bytes)?)
}

fn copy(from: &Path, to: &Path) -> Result<(), ImportError> {
    if from.is_symlink() {
        let target = fs::read_link(from)?;
        return Ok(symlink(target, to)?);
    }
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    write(to, &fs::read(from)?)
}
