//! What the slot remembers of its last finished build, so that the next one may be short.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::Stale;
use super::recorded::{normal, shown};
use crate::BuildError;

/// Changes whenever an older memory must not be believed any more.
const FORMAT: u32 = 1;

/// Seconds by which a file's time may lag behind the clock.
const SLACK: u64 = 2;

/// The last finished build of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Memory {
    format: u32,
    /// Whether the objects are those of the tree: make has not begun to make others since.
    pub(crate) is_whole: bool,
    /// The tree that the objects were made from.
    pub(crate) tree: String,
    /// The last entry of the cache that was made here with all that belongs to it.
    pub(crate) entry: String,
    /// The hash of its configuration.
    pub(crate) config: String,
    /// When kbuild's records were read last, in seconds since 1970.
    read_at: u64,
    /// Objects that a build since then has begun to make anew: they may be those of another tree.
    pub(super) unsettled: BTreeSet<PathBuf>,
    /// Files of the tree that are compiled into the kernel itself, or into what builds it, each with something made from it. Named
    /// from the top of the tree.
    pub(super) outside: BTreeMap<String, String>,
}

impl Memory {
    /// Of a build by make that has just been finished: reads what kbuild recorded of everything but `parts`, which are compiled for
    /// modules. What was read for the build before it is not read again.
    pub(super) fn of_build(
        (tree, entry, config): (&str, &str, &str),
        (src, obj): (&Path, &Path),
        parts: &BTreeSet<PathBuf>,
        before: Option<Self>,
    ) -> Self {
        let read_at = seconds(SystemTime::now());
        // With another configuration, what was built in may be a module now.
        let before = before.filter(|before| before.config == config);
        let since = before.as_ref().map_or(0, |before| before.read_at.saturating_sub(SLACK));
        let mut outside = before.map(|before| before.outside).unwrap_or_default();
        let below = Below::new(src, obj);
        for record in WalkDir::new(obj).into_iter().filter_map(Result::ok) {
            let name = record.file_name().to_string_lossy();
            let Some(name) = name.strip_prefix('.').and_then(|name| name.strip_suffix(".cmd")) else {
                continue;
            };
            let target = record.path().with_file_name(name);
            let written = record.metadata().ok().and_then(|meta| meta.modified().ok());
            if parts.contains(&target) || written.is_some_and(|written| seconds(written) < since) {
                continue;
            }
            let shown = shown(&target, obj, src);
            let text = fs::read_to_string(record.path()).unwrap_or_default();
            below.files(&text, |file| {
                outside.entry(file).or_insert_with(|| shown.clone());
            });
        }
        let (tree, entry, config) = (tree.to_owned(), entry.to_owned(), config.to_owned());
        Self {
            format: FORMAT,
            is_whole: true,
            tree,
            entry,
            config,
            read_at,
            unsettled: BTreeSet::new(),
            outside,
        }
    }

    /// The memory of a slot; none where there is none that can be believed.
    pub(crate) fn load(path: &Path) -> Option<Self> {
        let memory: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (memory.format == FORMAT).then_some(memory)
    }

    /// The same slot after a build on the fast path.
    pub(crate) fn after(mut self, tree: &str, entry: &str) -> Self {
        (self.tree, self.entry) = (tree.to_owned(), entry.to_owned());
        self.unsettled.clear();
        self
    }

    /// The same slot after one that left mock modules as they are. The entry that the next one is derived from is the one before: this
    /// one lacks them.
    pub(crate) fn after_production(mut self, tree: &str, stale: &Stale) -> Self {
        tree.clone_into(&mut self.tree);
        self.unsettled.clone_from(&stale.left);
        self
    }

    /// From here on other objects are made than those that are remembered in a file, if it is there.
    pub(crate) fn forget(path: &Path) -> Result<(), BuildError> {
        match Self::load(path) {
            Some(memory) => Self { is_whole: false, ..memory }.save(path),
            None => Ok(()),
        }
    }

    /// Writes it.
    pub(crate) fn save(&self, path: &Path) -> Result<(), BuildError> {
        let json = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        Ok(host::write_stamp(path, json).map_err(std::io::Error::other)?)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Finds files of the tree in kbuild's records.
pub(super) struct Below {
    /// How the tree's files begin in a record: absolute, or, through ccache, relative to the object folder.
    heads: [String; 2],
}

impl Below {
    pub(super) fn new(src: &Path, obj: &Path) -> Self {
        let beside = if src.parent() == obj.parent() { src.file_name() } else { None };
        let relative =
            beside.map_or_else(|| "\0".to_owned(), |name| format!("../{}/", name.to_string_lossy()));
        Self { heads: [format!("{}/", src.display()), relative] }
    }

    /// Every word of a record that is a file of the tree, be it a dependency or an argument, named from the tree's top.
    pub(super) fn files(&self, record: &str, mut found: impl FnMut(String)) {
        for word in record.split_ascii_whitespace() {
            let Some(below) =
                self.heads.iter().find_map(|head| word.find(head).map(|at| &word[at + head.len()..]))
            else {
                continue;
            };
            let below = below.trim_end_matches([')', ';', '\'', '"', ',']);
            if below.contains("/.") || below.contains("//") {
                found(normal(Path::new(below)).to_string_lossy().into_owned());
            } else {
                found(below.to_owned());
            }
        }
    }
}
