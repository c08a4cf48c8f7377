//! From fragments to a verified `.config`: tinyconfig, the fragments, olddefconfig, then every option looked at.
//!
//! A configuration that is up to date is not made again: nothing it depends on has changed when the fragments,
//! the compiler and all Kconfig files of the last time are the same. Which files those are, kbuild says in
//! `include/config/auto.conf.cmd`.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use fs_err::{self as fs, File, OpenOptions};
use serde::{Deserialize, Serialize};

use event::Stage;
use host::digest;

use super::error::LostOption;
use super::fragment::{Merged, Setting, Value};
use super::kconfig::{DotConfig, KconfigTree, explain};
use super::make::{FLAGS, Make, Progress};
use super::slot::{Slot, remove};
use super::{BuildError, Toolchain, links};

/// What tinyconfig reads beside Kconfig files.
const TINY: [&str; 3] =
    ["kernel/configs/tiny.config", "kernel/configs/tiny-base.config", "arch/x86/configs/tiny.config"];

/// A verified configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Configured {
    key: String,
    /// Hash of the `.config`.
    pub config: String,
    files: Vec<Seen>,
    /// What the reader should hear.
    pub notices: Vec<String>,
}

/// A file as it was, cheap to compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    file: String,
    size: u64,
    nanoseconds: u128,
}

/// The last configuration, if it still holds.
pub(super) fn still_valid(
    slot: &Slot,
    src: &Path,
    toolchain: &Toolchain,
    merged: &Merged,
) -> Option<Configured> {
    let text = fs::read_to_string(slot.configured()).ok()?;
    let last: Configured = serde_json::from_str(&text).ok()?;
    let config = fs::read(slot.obj().join(".config")).ok()?;
    let same = last.key == key(src, toolchain, merged)
        && last.config == digest([config.as_slice()])
        && !last.files.is_empty()
        && last.files.iter().all(|seen| look(src, &seen.file).as_ref() == Some(seen));
    same.then_some(last)
}

/// Makes the configuration.
///
/// # Errors
/// [`BuildError::Lost`] names every option that was lost; the others are make's and the file system's.
pub(super) fn configure(make: &Make, slot: &Slot, merged: &Merged) -> Result<Configured, BuildError> {
    const DOING: &str = "configuring the kernel";
    // From here to the end of the build nothing says that the configuration is up to date.
    remove(&slot.configured())?;
    let progress = Progress { stage: Stage::Configure, done: 0, total: 0 };
    let path = slot.obj().join(".config");
    let before = fs::read(&path).ok().zip(fs::metadata(&path).and_then(|meta| meta.modified()).ok());
    make.run(&[OsString::from("tinyconfig")], progress)?.check(DOING)?;
    links::refuse(make.obj, [".config"])?;
    let mut file = OpenOptions::new().append(true).open(&path)?;
    file.write_all(merged.text().as_bytes())?;
    drop(file);
    make.run(&[OsString::from("olddefconfig")], progress)?.check(DOING)?;
    links::refuse(make.obj, [".config"])?;
    let after = fs::read(&path)?;
    if let Some((_, modified)) = before.filter(|(text, _)| *text == after) {
        // kbuild goes by times: an unchanged configuration must not look like a new one.
        let dated = File::options().write(true).open(&path).and_then(|file| file.set_modified(modified));
        dated?;
    }
    let notices = verify(make.src, &DotConfig::parse(&String::from_utf8_lossy(&after)), merged)?;
    let key = key(make.src, make.toolchain, merged);
    Ok(Configured { key, config: digest([after.as_slice()]), files: Vec::new(), notices })
}

/// Remembers a configuration with which a build succeeded.
pub(super) fn remember(slot: &Slot, src: &Path, configured: Configured) -> Result<(), BuildError> {
    const LIST: &str = "include/config/auto.conf.cmd";
    links::refuse(&slot.obj(), [LIST])?;
    let path = slot.obj().join(LIST);
    let text = fs::read_to_string(&path)?;
    let list = text.split_once("deps_config := \\\n").map_or("", |(_, rest)| rest);
    let names =
        list.lines().map_while(|line| line.strip_prefix('\t')).map(|line| line.trim_end_matches([' ', '\\']));
    let files = names.chain(TINY).filter_map(|name| look(src, name)).collect();
    let path = slot.configured();
    let json = serde_json::to_vec(&Configured { files, ..configured }).map_err(std::io::Error::other);
    Ok(json.and_then(|json| fs::write(&path, json))?)
}

fn key(src: &Path, toolchain: &Toolchain, merged: &Merged) -> String {
    let marks: Vec<_> = merged.settings.iter().map(|s| s.optional.is_some().to_string()).collect();
    let text = merged.text();
    let source = src.to_string_lossy();
    let fields = [text.as_str(), &marks.concat(), &merged.notices.join("\n"), &toolchain.version, &source];
    digest(fields.into_iter().chain(FLAGS).map(str::as_bytes))
}

fn look(src: &Path, file: &str) -> Option<Seen> {
    let path: PathBuf = src.join(file);
    let meta = fs::metadata(path).ok()?;
    let nanoseconds = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos();
    Some(Seen { file: file.to_owned(), size: meta.len(), nanoseconds })
}

/// Compares every wanted option with the result.
pub(super) fn verify(src: &Path, config: &DotConfig, merged: &Merged) -> Result<Vec<String>, BuildError> {
    let tree = KconfigTree::load(src);
    let mut notices = merged.notices.clone();
    let mut lost = Vec::new();
    for setting in &merged.settings {
        if is_as_wanted(setting, config) {
            if !tree.knows(&setting.symbol) {
                notices.push(format!(
                    "kconfig: CONFIG_{} ({}) is not known to this kernel and so is off, as wanted",
                    setting.symbol, setting.at
                ));
            }
            continue;
        }
        let option = LostOption {
            symbol: setting.symbol.clone(),
            at: setting.at.clone(),
            wanted: setting.value.to_string(),
            got: config.value(&setting.symbol).to_owned(),
            because: explain(&tree, config, &setting.symbol, &setting.value),
        };
        match &setting.optional {
            Some(reason) => notices.push(format!(
                "kconfig: optional CONFIG_{} ({}: {reason}) is {}: {}",
                option.symbol,
                option.at,
                option.got,
                option.because.join("; ")
            )),
            None => lost.push(option),
        }
    }
    if lost.is_empty() { Ok(notices) } else { Err(BuildError::Lost(lost)) }
}

fn is_as_wanted(setting: &Setting, config: &DotConfig) -> bool {
    let got = config.value(&setting.symbol);
    match &setting.value {
        Value::Text(wanted) if !wanted.starts_with('"') => wanted.eq_ignore_ascii_case(got),
        wanted => wanted.to_string() == got,
    }
}
