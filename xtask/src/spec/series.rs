//! A series: `patches/NAME/series.yaml` and the patches beside it, numbered as `git format-patch` does.
//!
//! The subject is read as it stands in the patch's header; encoded words of RFC 2047 stay encoded.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::load::{self, SpecError};
use super::version::{KernelRange, KernelVersion};

/// Name of the file that makes a folder a series.
pub const FILE: &str = "series.yaml";

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
    /// The patches in order; empty where only variants have some.
    pub patches: Vec<Patch>,
    /// The same series written for other kernels.
    pub variants: Vec<Variant>,
}

/// One patch of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Patch {
    /// Absolute path of the file.
    pub file: PathBuf,
    /// Subject without `[PATCH …]`.
    pub subject: String,
    /// Suites (`attach`) and cases (`attach/callback`) that have to pass once it is applied.
    pub promises: Vec<String>,
}

/// A series' patches for other kernels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variant {
    /// Name of the folder with its patches, under the series' own.
    pub folder: String,
    /// The kernels that they are written for.
    pub kernels: KernelRange,
    /// The patches in order.
    pub patches: Vec<Patch>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSeries {
    title: String,
    #[serde(default = "one")]
    version: u32,
    link: Option<String>,
    base: Option<KernelRange>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default, deserialize_with = "load::unique_map")]
    promises: BTreeMap<usize, Vec<String>>,
    #[serde(default)]
    variants: Vec<RawVariant>,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVariant {
    folder: String,
    kernels: KernelRange,
}

impl Series {
    /// Names of all series in this folder, sorted.
    ///
    /// # Errors
    /// [`SpecError::Read`].
    pub fn names(patches_dir: &Path) -> Result<Vec<String>, SpecError> {
        let mut names = load::folders(patches_dir)?;
        names.retain(|name| patches_dir.join(name).join(FILE).is_file());
        Ok(names)
    }

    /// Reads the series of this name.
    ///
    /// # Errors
    /// [`SpecError`]; an unknown name comes with the nearest one.
    pub fn load(patches_dir: &Path, name: &str) -> Result<Self, SpecError> {
        load::check_name(name).map_err(|why| SpecError::invalid(patches_dir, "series", why))?;
        let dir = patches_dir.join(name);
        let file = dir.join(FILE);
        if !file.is_file() {
            let known = Self::names(patches_dir)?;
            return Err(SpecError::invalid(&file, "series", format!("there is no series `{name}`"))
                .with_near(name, known.iter().map(String::as_str)));
        }
        let raw: RawSeries = load::load_yaml(&file)?;
        load::check_names(&file, "requires", &raw.requires)?;
        if raw.requires.iter().any(|other| other == name) {
            return Err(SpecError::invalid(&file, "requires", "a series cannot require itself"));
        }
        let patches = read_patches(&dir, &raw.promises)?;
        let mut variants = Vec::new();
        for variant in raw.variants {
            load::check_names(&file, "variants.folder", [&variant.folder])?;
            let folder = dir.join(&variant.folder);
            let patches = read_patches(&folder, &raw.promises)?;
            if patches.is_empty() {
                return Err(SpecError::invalid(
                    &file,
                    "variants.folder",
                    format!("{} has no patches", folder.display()),
                ));
            }
            variants.push(Variant { folder: variant.folder, kernels: variant.kernels, patches });
        }
        let series = Self {
            name: name.to_owned(),
            dir,
            title: raw.title,
            version: raw.version,
            link: raw.link,
            requires: raw.requires,
            base: raw.base,
            patches,
            variants,
        };
        series.check_promises(&file, &raw.promises)?;
        Ok(series)
    }

    /// The patches for this kernel: of the first variant whose range holds it, else the series' own if `base`
    /// holds it, else none.
    pub fn patches_for(&self, kernel: &KernelVersion) -> Option<&[Patch]> {
        if let Some(variant) = self.variants.iter().find(|variant| variant.kernels.contains(kernel)) {
            return Some(&variant.patches);
        }
        let based = self.base.as_ref().is_none_or(|base| base.contains(kernel));
        (based && !self.patches.is_empty()).then_some(self.patches.as_slice())
    }

    fn check_promises(&self, file: &Path, promises: &BTreeMap<usize, Vec<String>>) -> Result<(), SpecError> {
        let longest =
            self.variants.iter().map(|v| v.patches.len()).chain([self.patches.len()]).max().unwrap_or(0);
        if longest == 0 {
            return Err(SpecError::invalid(file, "patches", "there is none beside it")
                .with_hint("git format-patch -o THIS-FOLDER writes them as 0001-….patch"));
        }
        for (number, promised) in promises {
            let field = format!("promises.{number}");
            if *number == 0 || *number > longest {
                return Err(SpecError::invalid(
                    file,
                    field,
                    format!("there are only patches 1 to {longest}"),
                ));
            }
            for promise in promised {
                let parts: Vec<&str> = promise.split('/').collect();
                if parts.len() > 2 || parts.iter().any(|part| load::check_name(part).is_err()) {
                    let message = format!("`{}` is neither SUITE nor SUITE/CASE", promise.escape_debug());
                    return Err(SpecError::invalid(file, field, message));
                }
            }
        }
        Ok(())
    }
}

/// The patches of one folder in order. A cover letter (`0000-…`) is no patch.
fn read_patches(dir: &Path, promises: &BTreeMap<usize, Vec<String>>) -> Result<Vec<Patch>, SpecError> {
    let mut patches: Vec<Patch> = Vec::new();
    let is_patch = |name: &String| Path::new(name).extension().is_some_and(|e| e == "patch");
    for name in load::entries(dir)?.into_iter().filter(is_patch) {
        let file = dir.join(&name);
        let number = match name.split_once('-') {
            Some((digits, _)) if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse::<usize>().unwrap_or_default()
            }
            _ => {
                return Err(SpecError::invalid(file, "name", "a patch is named as 0001-what-it-does.patch")
                    .with_hint("git format-patch names them so"));
            }
        };
        load::check_name(&name).map_err(|why| SpecError::invalid(&file, "name", why))?;
        let wanted = patches.len() + 1;
        if number == 0 {
            continue;
        }
        if number < wanted {
            let message = format!("there is another patch with number {number:04}");
            return Err(SpecError::invalid(file, "name", message));
        } else if number > wanted {
            let message = format!("patch {wanted:04} is missing before it");
            return Err(SpecError::invalid(file, "name", message));
        }
        let subject = subject(&file)?;
        patches.push(Patch { subject, promises: promises.get(&number).cloned().unwrap_or_default(), file });
    }
    Ok(patches)
}

fn subject(file: &Path) -> Result<String, SpecError> {
    // A header is short; whatever is longer is not read whole.
    const LONGEST: u64 = 64 << 10;
    let fail = |source: io::Error| SpecError::Read { file: file.to_owned(), source, hint: None };
    let reader = BufReader::new(fs::File::open(file).map_err(fail)?.take(LONGEST));
    let mut subject: Option<String> = None;
    for line in reader.split(b'\n') {
        let line = line.map_err(fail)?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        match (&mut subject, line.strip_prefix("Subject:")) {
            (None, Some(text)) => subject = Some(text.trim().to_owned()),
            (Some(text), _) if line.starts_with([' ', '\t']) => {
                text.push(' ');
                text.push_str(line.trim());
            }
            (Some(_), _) => break,
            (None, None) if line.is_empty() => break,
            (None, None) => {}
        }
    }
    let text = subject.unwrap_or_default();
    let stripped = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((tag, rest)) if tag.to_ascii_uppercase().contains("PATCH") => rest.trim(),
        _ => text.as_str(),
    };
    if stripped.is_empty() {
        return Err(SpecError::invalid(file, "Subject", "the patch has none in its header")
            .with_hint("git format-patch writes it; a bare diff does not say what it does"));
    }
    Ok(stripped.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "title: Attach a memdev\nversion: 3\nlink: https://x.example/\nbase: 6.12..6.13\nrequires: [other]\npromises: { 2: [enumerate, attach/callback] }\n";

    fn write(dir: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        }
    }

    fn mail(subject: &str) -> String {
        format!("From 1 Mon Sep 17 00:00:00 2001\nFrom: A <a@x.example>\nSubject: {subject}\n\nWhy.\n---\n")
    }

    fn load(files: &[(&str, &str)]) -> Result<Series, String> {
        let dir = tempfile::tempdir().expect("a folder");
        write(&dir.path().join("s"), files);
        let here = format!("{}/", dir.path().display());
        Series::load(dir.path(), "s").map_err(|error| error.to_string().replace(&here, ""))
    }

    #[test]
    fn a_series_is_read_with_subjects_and_promises() {
        let series = load(&[
            (FILE, &(YAML.to_owned() + "variants: [{ folder: v6.14, kernels: 6.14..6.16 }]\n")),
            ("0000-cover-letter.patch", "anything"),
            ("0001-a.patch", &mail("[PATCH v3 1/2] cxl/mem: Attach\n  synchronously")),
            ("0002-b.patch", &mail("[PATCH v3 2/2] cxl: [core] More")),
            ("v6.14/0001-a.patch", &mail("cxl/mem: Attach")),
            ("README.md", ""),
        ])
        .expect("a series");
        let subjects: Vec<_> = series.patches.iter().map(|p| p.subject.as_str()).collect();
        assert_eq!(subjects, ["cxl/mem: Attach synchronously", "cxl: [core] More"]);
        assert_eq!(series.patches[1].promises, ["enumerate", "attach/callback"]);
        assert_eq!((series.version, series.requires.join(",")), (3, "other".to_owned()));

        let count = |v: &str| series.patches_for(&v.parse().expect("a version")).map(<[_]>::len);
        assert_eq!(count("6.12.117"), Some(2));
        assert_eq!(count("6.14-rc1"), Some(1));
        assert_eq!(count("6.13"), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (a, b) = (mail("[PATCH] a"), mail("[PATCH] b"));
        let error = |files: &[(&str, &str)]| load(files).expect_err("it is wrong");
        insta::assert_snapshot!(error(&[(FILE, YAML), ("0001-a.patch", &a), ("0003-b.patch", &b)]), @"s/0003-b.patch: name: patch 0002 is missing before it");
        insta::assert_snapshot!(error(&[(FILE, YAML), ("0001-a.patch", &a), ("0001-b.patch", &b)]), @"s/0001-b.patch: name: there is another patch with number 0001");
        insta::assert_snapshot!(error(&[(FILE, YAML), ("0001-a.patch", &a), ("fix.patch", &b)]), @r"
        s/fix.patch: name: a patch is named as 0001-what-it-does.patch
        hint: git format-patch names them so
        ");
        insta::assert_snapshot!(error(&[(FILE, YAML)]), @r"
        s/series.yaml: patches: there is none beside it
        hint: git format-patch -o THIS-FOLDER writes them as 0001-….patch
        ");
        insta::assert_snapshot!(error(&[(FILE, YAML), ("0001-a.patch", &a)]), @"s/series.yaml: promises.2: there are only patches 1 to 1");
        insta::assert_snapshot!(error(&[(FILE, "title: x\n"), ("0001-a.patch", "--- a/x\n+++ b/x\n")]), @r"
        s/0001-a.patch: Subject: the patch has none in its header
        hint: git format-patch writes it; a bare diff does not say what it does
        ");
        insta::assert_snapshot!(error(&[(FILE, "title: x\nbase: 6.13..6.12\n"), ("0001-a.patch", &a)]), @"s/series.yaml: the range `6.13..6.12` is empty: the first version has to come before the last, which is not part of it");
        insta::assert_snapshot!(
            error(&[(FILE, "title: x\nvariants: [{ folder: ../y, kernels: 6.12 }]\n"), ("0001-a.patch", &a)]),
            @"s/series.yaml: variants.folder: the name `../y` starts with a dot or a dash"
        );
        insta::assert_snapshot!(error(&[(FILE, "title: x\nrequires: [s]\n"), ("0001-a.patch", &a)]), @"s/series.yaml: requires: a series cannot require itself");
        insta::assert_snapshot!(error(&[(FILE, "titel: x\n"), ("0001-a.patch", &a)]), @r"
        s/series.yaml: unknown field `titel`, expected one of `title`, `version`, `link`, `base`, `requires`, `promises`, `variants`
        hint: did you mean `title`?
        ");
    }

    #[test]
    fn an_unknown_series_is_met_with_the_nearest() {
        let dir = tempfile::tempdir().expect("a folder");
        write(dir.path(), &[("memdev-attach/series.yaml", "")]);
        let error = Series::load(dir.path(), "memdev-atach").expect_err("unknown").to_string();
        assert!(error.ends_with("hint: did you mean `memdev-attach`?"), "{error}");
        assert!(Series::load(dir.path(), "../etc").is_err());
    }
}
