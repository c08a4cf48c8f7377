//! A series: `patches/NAME/series.yaml` and the patches beside it.

mod patches;
mod posted;
mod symbol;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use specfile::SpecError;

use super::version::{KernelRange, KernelVersion};

pub use patches::Patch;
pub use posted::Posted;
pub use symbol::Symbol;

/// Name of the file that makes a folder a series.
pub const FILE: &str = "series.yaml";

/// Name of the cover letter beside the patches, as `git format-patch` names it.
pub const COVER: &str = "0000-cover-letter.patch";

/// Name of the link to the patches of a series that is only declared, made by `series fetch`.
pub const FETCHED: &str = "fetched";

/// Whether this is the name of the folder of an older version: `v1`.
pub fn is_version_folder(name: &str) -> bool {
    name.strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// A patch series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Series {
    /// Name of its folder.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// What it does, in one line.
    pub title: String,
    /// Version, as in `[PATCH v2]`.
    pub version: u32,
    /// Where it was posted.
    pub link: Option<String>,
    /// Series that have to be applied, or contained, before it.
    pub requires: Vec<String>,
    /// The kernels that `patches` are written for; none for any.
    pub base: Option<KernelRange>,
    /// Why there are none for other kernels, where that is not a matter of time.
    pub outside: Option<String>,
    /// What a kernel has that already contains the series, in whatever words it was merged.
    pub contained: Option<Symbol>,
    /// What has to pass from a patch on, by its number: suites (`attach`) and cases (`attach/callback`). Number 0 is
    /// the kernel before the first patch.
    pub promises: BTreeMap<usize, Vec<String>>,
    /// Mutants that no case notices, by name, and why that is right.
    pub explained: BTreeMap<String, String>,
    /// The patches in order; empty where only variants have some.
    pub patches: Vec<Patch>,
    /// The same series written for other kernels.
    pub variants: Vec<Variant>,
    /// How many patches are meant, where not all.
    pub up_to: Option<usize>,
    /// What is known of it as a posting.
    pub posted: Posted,
}

/// A series' patches for other kernels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variant {
    /// Name of the folder with its patches, under the series' own.
    pub folder: String,
    /// The kernels that they are written for; none for any that has the symbol.
    pub kernels: Option<KernelRange>,
    /// What these kernels have.
    pub has: Option<Symbol>,
    /// The patches in order.
    pub patches: Vec<Patch>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawSeries {
    title: String,
    #[serde(default = "one")]
    version: u32,
    link: Option<String>,
    base: Option<KernelRange>,
    outside: Option<String>,
    #[serde(default)]
    requires: Vec<String>,
    contained: Option<Symbol>,
    #[serde(default, deserialize_with = "specfile::unique_map")]
    promises: BTreeMap<usize, Vec<String>>,
    #[serde(default, deserialize_with = "specfile::unique_map")]
    explained: BTreeMap<String, String>,
    #[serde(default)]
    variants: Vec<RawVariant>,
    message_id: Option<String>,
    base_commit: Option<String>,
    change_id: Option<String>,
    #[serde(default)]
    prerequisites: Vec<String>,
    #[serde(default)]
    patch_ids: Vec<String>,
    #[serde(default, deserialize_with = "specfile::unique_map")]
    changes: BTreeMap<u32, Vec<String>>,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVariant {
    folder: String,
    kernels: Option<KernelRange>,
    has: Option<Symbol>,
}

impl Series {
    /// Names of all series in this folder, sorted.
    ///
    /// # Errors
    /// [`SpecError::Read`].
    pub fn names(patches_dir: &Path) -> Result<Vec<String>, SpecError> {
        let mut names = specfile::folders(patches_dir)?;
        names.retain(|name| patches_dir.join(name).join(FILE).is_file());
        Ok(names)
    }

    /// Reads the series of this name.
    ///
    /// # Errors
    /// [`SpecError`]; an unknown name comes with the nearest one.
    pub fn load(patches_dir: &Path, name: &str) -> Result<Self, SpecError> {
        specfile::check_name(name).map_err(|why| SpecError::invalid(patches_dir, "series", why))?;
        let dir = patches_dir.join(name);
        let file = dir.join(FILE);
        if !file.is_file() {
            let known = Self::names(patches_dir)?;
            return Err(SpecError::invalid(&file, "series", format!("there is no series `{name}`"))
                .with_near(name, known.iter().map(String::as_str)));
        }
        let raw: RawSeries = specfile::load_yaml(&file)?;
        specfile::check_names(&file, "requires", &raw.requires)?;
        if raw.requires.iter().any(|other| other == name) {
            return Err(SpecError::invalid(&file, "requires", "a series cannot require itself"));
        }
        let posted = Posted {
            message_id: raw.message_id,
            base_commit: raw.base_commit,
            change_id: raw.change_id,
            prerequisites: raw.prerequisites,
            patch_ids: raw.patch_ids,
            changes: raw.changes,
        };
        posted.check(&file, raw.version)?;
        let declared = posted.message_id.is_some();
        let series = Self {
            name: name.to_owned(),
            title: raw.title,
            version: raw.version,
            link: raw.link,
            requires: raw.requires,
            base: raw.base,
            outside: raw.outside,
            contained: raw.contained,
            promises: raw.promises,
            explained: raw.explained,
            patches: own_patches(&dir, declared)?,
            variants: read_variants(&dir, &file, raw.variants)?,
            up_to: None,
            posted,
            dir,
        };
        series.check_promises(&file)?;
        Ok(series)
    }

    /// One patch as a series, to be put on top of all others.
    pub fn of_patch(name: String, patch: Patch) -> Self {
        Self {
            name,
            dir: patch.file.parent().unwrap_or(Path::new("")).to_owned(),
            title: patch.subject.clone(),
            version: 1,
            link: None,
            requires: Vec::new(),
            base: None,
            outside: None,
            contained: None,
            promises: BTreeMap::new(),
            explained: BTreeMap::new(),
            patches: vec![patch],
            variants: Vec::new(),
            up_to: None,
            posted: Posted::default(),
        }
    }

    /// These series, each after those that it requires; none stands twice.
    ///
    /// # Errors
    /// As [`Series::load`], or they require each other in a circle.
    pub fn load_all(patches_dir: &Path, names: &[String]) -> Result<Vec<Self>, SpecError> {
        let mut loaded = Vec::new();
        for name in names {
            load_with_required(patches_dir, name, &mut loaded, &mut Vec::new())?;
        }
        Ok(loaded)
    }

    /// Its first patches only, whichever variant they are of.
    #[must_use]
    pub fn up_to(mut self, count: usize) -> Self {
        for patches in self.variants.iter_mut().map(|v| &mut v.patches).chain([&mut self.patches]) {
            patches.truncate(count);
        }
        self.up_to = Some(count);
        self
    }

    /// How many patches it has, of the variant that has most.
    pub fn longest(&self) -> usize {
        self.variants.iter().map(|v| v.patches.len()).chain([self.patches.len()]).max().unwrap_or(0)
    }

    /// Whether it is only declared, by its message-id, and its patches are not here yet.
    pub fn is_to_be_fetched(&self) -> bool {
        self.longest() == 0 && self.posted.message_id.is_some()
    }

    /// The kernels that it is written for, in words, one for each set of patches.
    pub fn written_for(&self) -> Vec<String> {
        let own =
            self.base.as_ref().map_or("any kernel (no `base:` names one)".to_owned(), ToString::to_string);
        let own = (!self.patches.is_empty()).then_some(own);
        let variants = self.variants.iter().map(|variant| {
            let range = variant.kernels.as_ref().map(ToString::to_string);
            let has = variant.has.as_ref().map(|symbol| format!("kernels with {symbol}"));
            range.into_iter().chain(has).collect::<Vec<_>>().join(", ")
        });
        own.into_iter().chain(variants).collect()
    }

    /// The number of the first patch that promises a case, its suite, or either.
    pub fn promised_at(&self, suite: &str, case: &str) -> Option<usize> {
        let means = |promise: &String| match promise.split_once('/') {
            None => promise == suite,
            Some((of, one)) => of == suite && one == case,
        };
        self.promises.iter().find(|(_, promises)| promises.iter().any(means)).map(|(number, _)| *number)
    }

    /// The patches for this kernel: of the first variant that is written for it, else the series' own if `base` holds
    /// it, else none. `has` looks a symbol up in the kernel's tree.
    ///
    /// # Errors
    /// Those of `has`.
    pub fn patches_for<E>(
        &self,
        kernel: &KernelVersion,
        mut has: impl FnMut(&Symbol) -> Result<bool, E>,
    ) -> Result<Option<&[Patch]>, E> {
        for variant in &self.variants {
            let in_range = variant.kernels.as_ref().is_none_or(|range| range.contains(kernel));
            if in_range && variant.has.as_ref().map_or(Ok(true), &mut has)? {
                return Ok(Some(&variant.patches));
            }
        }
        let based = self.base.as_ref().is_none_or(|base| base.contains(kernel));
        Ok((based && !self.patches.is_empty()).then_some(self.patches.as_slice()))
    }

    fn check_promises(&self, file: &Path) -> Result<(), SpecError> {
        let longest = self.longest();
        if self.is_to_be_fetched() {
            return Ok(());
        }
        if longest == 0 {
            return Err(SpecError::invalid(file, "patches", "there is none beside it")
                .with_hint("git format-patch -o THIS-FOLDER writes them as 0001-….patch"));
        }
        for (number, promised) in &self.promises {
            let field = format!("promises.{number}");
            if *number > longest {
                return Err(SpecError::invalid(
                    file,
                    field,
                    format!("there are only patches 1 to {longest}, and 0 for the kernel before them"),
                ));
            }
            for promise in promised {
                let parts: Vec<&str> = promise.split('/').collect();
                if parts.len() > 2 || parts.iter().any(|part| specfile::check_name(part).is_err()) {
                    let message = format!("`{}` is neither SUITE nor SUITE/CASE", promise.escape_debug());
                    return Err(SpecError::invalid(file, field, message));
                }
            }
        }
        Ok(())
    }
}

/// Those beside `series.yaml`; where there are none and the series is declared by its message-id, those that were fetched.
fn own_patches(dir: &Path, declared: bool) -> Result<Vec<Patch>, SpecError> {
    let own = patches::read(dir)?;
    let fetched = dir.join(FETCHED);
    if own.is_empty() && declared && fetched.is_dir() { patches::read(&fetched) } else { Ok(own) }
}

fn read_variants(dir: &Path, file: &Path, raw: Vec<RawVariant>) -> Result<Vec<Variant>, SpecError> {
    let mut variants = Vec::new();
    for RawVariant { folder, kernels, has } in raw {
        specfile::check_names(file, "variants.folder", [&folder])?;
        if kernels.is_none() && has.is_none() {
            let message = format!("nothing says which kernels {folder} is written for");
            return Err(SpecError::invalid(file, "variants", message).with_hint(
                "kernels: 6.14..6.16, or has: { file: drivers/cxl/cxlmem.h, symbol: cxl_memdev_state }",
            ));
        }
        let patches = patches::read(&dir.join(&folder))?;
        if patches.is_empty() {
            let message = format!("{} has no patches", dir.join(&folder).display());
            return Err(SpecError::invalid(file, "variants.folder", message));
        }
        variants.push(Variant { folder, kernels, has, patches });
    }
    Ok(variants)
}

/// Depth first; `open` holds the way down to this one.
fn load_with_required(
    patches_dir: &Path,
    name: &str,
    loaded: &mut Vec<Series>,
    open: &mut Vec<String>,
) -> Result<(), SpecError> {
    if loaded.iter().any(|one| one.name == name) {
        return Ok(());
    }
    let series = Series::load(patches_dir, name)?;
    open.push(name.to_owned());
    for required in &series.requires {
        if open.contains(required) {
            let message = format!("in a circle: {} → {required}", open.join(" → "));
            return Err(SpecError::invalid(series.dir.join(FILE), "requires", message));
        }
        load_with_required(patches_dir, required, loaded, open)?;
    }
    open.pop();
    loaded.push(series);
    Ok(())
}
