//! ndctl's tools and tests, built once for each tree of its source.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use host::{Confinement, Process, digest, io_at, link_among, write_stamp};

use super::GuestError;

/// Changes whenever an older entry must not be believed any more.
const FORMAT: u32 = 2;
/// The file that is written last; an entry without it does not exist.
const STAMP: &str = "ndctl.json";
/// Options for meson: the libraries where every loader looks, no manual pages, no units of an init system.
const OPTIONS: [&str; 7] = [
    "--prefix=/usr",
    "--libdir=/usr/lib",
    "--buildtype=debugoptimized",
    "--wrap-mode=nodownload",
    "-Ddocs=disabled",
    "-Dasciidoctor=disabled",
    "-Dsystemd=disabled",
];

/// A source tree of ndctl, checked out for us alone.
#[derive(Debug, Clone, Copy)]
pub struct NdctlTree<'a> {
    /// Its folder.
    pub src: &'a Path,
    /// A folder beside it for objects and logs, which stay.
    pub slot: &'a Path,
    /// Names its content.
    pub id: &'a str,
}

/// ndctl, installed into a folder of the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ndctl {
    /// Root of the installation: `usr/bin/cxl` lies below it.
    pub root: PathBuf,
    /// Its folder `test`, with the helpers that were built for it.
    pub tests: PathBuf,
    /// Its version, from its `meson.build`.
    pub version: String,
    /// Hash of all that went in.
    pub id: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamp {
    format: u32,
    tree: String,
    version: String,
}

impl NdctlTree<'_> {
    /// The commands that build one in this slot, ready to paste.
    pub fn commands(slot: &Path) -> Vec<String> {
        let (src, objects) = (slot.join("src"), slot.join("build"));
        let [setup, compile] = compile(&src, &objects);
        [setup, compile, install(&objects, Path::new("ROOT"))].iter().map(Process::command_line).collect()
    }
}

fn compile(src: &Path, objects: &Path) -> [Process; 2] {
    let setup = Process::new("meson", ["setup"]).arg(objects);
    let setup = OPTIONS.iter().fold(setup, Process::arg).dir(src);
    [setup, Process::new("meson", ["compile", "-C"]).arg(objects).dir(src)]
}

fn install(objects: &Path, root: &Path) -> Process {
    let process = Process::new("meson", ["install", "--no-rebuild", "--strip", "-C"]).arg(objects);
    process.arg("--destdir").arg(root)
}

impl Ndctl {
    /// The finished build of a tree, if there is one.
    pub fn cached(tree: &str, cache: &Path) -> Option<Self> {
        let id = id(tree);
        let dir = cache.join("ndctl").join(&id);
        let stamp: Stamp = serde_json::from_slice(&fs::read(dir.join(STAMP)).ok()?).ok()?;
        (stamp.format == FORMAT && stamp.tree == tree).then(|| Self {
            root: dir.join("root"),
            tests: dir.join("test"),
            version: stamp.version,
            id,
        })
    }

    /// Builds a tree, or takes the finished build.
    ///
    /// # Errors
    /// meson failed: [`GuestError::Process`] shows its last lines.
    pub fn build(tree: &NdctlTree, cache: &Path) -> Result<Self, GuestError> {
        if let Some(built) = Self::cached(tree.id, cache) {
            return Ok(built);
        }
        let (objects, log) = (tree.slot.join("build"), tree.slot.join("build.log"));
        // Another tree's objects are of no use, and meson's own idea of what changed is not ours to trust.
        remove(&objects)?;
        remove(&log)?;
        let inside = Confinement::new().write(tree.src).write(&objects);
        for process in compile(tree.src, &objects) {
            process.log(&log).confined(inside.clone()).run()?;
        }

        let parent = cache.join("ndctl");
        fs::create_dir_all(&parent)?;
        let draft = tempfile::Builder::new().prefix(".draft-").tempdir_in(&parent);
        let draft = draft.map_err(io_at("making a folder in", &parent))?;
        let root = draft.path().join("root");
        install(&objects, &root).log(&log).confined(inside.write(&root)).run()?;
        let read = [(tree.src, "test"), (tree.src, "meson.build"), (&*objects, "test"), (&*root, "usr/bin")];
        if let Some(link) = read.into_iter().find_map(|(folder, name)| link_among(folder, [name])) {
            let left = std::io::Error::other("its build left a link there, which is not followed");
            return Err(io_at("reading", &link)(left).into());
        }
        tests(tree.src, &objects, &draft.path().join("test"))?;
        let version = version(&fs::read_to_string(tree.src.join("meson.build")).unwrap_or_default());
        let stamp = Stamp { format: FORMAT, tree: tree.id.to_owned(), version };
        let stamp = serde_json::to_vec(&stamp).map_err(std::io::Error::other);
        let stamp = stamp.map_err(io_at("writing", &parent))?;
        write_stamp(&draft.path().join(STAMP), stamp)?;

        let dir = parent.join(id(tree.id));
        remove(&dir)?;
        let draft = draft.keep();
        fs::rename(&draft, &dir)?;
        Self::cached(tree.id, cache).ok_or_else(|| {
            io_at("reading back", &dir)(std::io::Error::other("the entry is not whole")).into()
        })
    }

    /// Names of the tests that fit a pattern, without `.sh`, sorted.
    ///
    /// # Errors
    /// Its folder cannot be read.
    pub fn scripts(&self, fits: impl Fn(&str) -> bool) -> Result<Vec<String>, GuestError> {
        let listing = fs::read_dir(&self.tests)?;
        let names =
            listing.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names
            .filter(|name| fits(name))
            .filter_map(|name| Some(name.strip_suffix(".sh")?.to_owned()))
            .collect();
        names.sort_unstable();
        Ok(names)
    }
}

/// From `project('ndctl', 'c', version : '81', …)`.
fn version(meson: &str) -> String {
    let rest = meson.split_once("version").map_or("", |(_, rest)| rest);
    rest.split(['\'', '"']).nth(1).unwrap_or("unknown").to_owned()
}

/// Hash of a tree and of how it is built.
fn id(tree: &str) -> String {
    let format = FORMAT.to_string();
    let fields = [format.as_str(), tree].into_iter().chain(OPTIONS);
    digest(fields.map(str::as_bytes))[..40].to_owned()
}

/// Copies the folder of tests, and beside its scripts the helpers that one of them calls by their path.
fn tests(src: &Path, objects: &Path, to: &Path) -> Result<(), GuestError> {
    let from = src.join("test");
    fs::create_dir_all(to)?;
    let mut scripts = String::new();
    for entry in WalkDir::new(&from).max_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| io_at("reading", &from)(error.into()))?;
        let path = entry.path();
        let source = path.extension().is_some_and(|kind| kind == "c" || kind == "build");
        if entry.file_type().is_file() && !source {
            let bytes = fs::read(path)?;
            scripts.push_str(&String::from_utf8_lossy(&bytes));
            copy(path, &to.join(entry.file_name()))?;
        }
    }
    let built = objects.join("test");
    for entry in WalkDir::new(&built).max_depth(1).sort_by_file_name().into_iter().filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy();
        let called = scripts.contains(&format!("TEST_PATH/{name}"))
            || scripts.contains(&format!("TEST_PATH\"/{name}"))
            || scripts.contains(&format!("TEST_PATH}}/{name}"));
        if entry.file_type().is_file() && called {
            copy(entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), GuestError> {
    fs::copy(from, to)?;
    Ok(())
}

fn remove(path: &Path) -> Result<(), GuestError> {
    let gone = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match gone {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_projects() {
        assert_eq!(version("project('ndctl', 'c',\n  version : '81',\n  license : ['GPL-2.0'],\n"), "81");
        assert_eq!(version(""), "unknown");
    }

    #[test]
    fn tests_come_with_the_helpers_that_they_call() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for (name, text) in [
            ("src/test/cxl-a.sh", "\"$TEST_PATH\"/fwctl get\n"),
            ("src/test/common", ""),
            ("src/test/fwctl.c", ""),
            ("build/test/fwctl", "elf"),
            ("build/test/mmap", "elf"),
        ] {
            fs::create_dir_all(path(name).parent().expect("a folder")).expect("made");
            fs::write(path(name), text).expect("written");
        }
        tests(&path("src"), &path("build"), &path("to")).expect("copied");
        let listing = fs::read_dir(path("to")).expect("there").filter_map(Result::ok);
        let mut names: Vec<_> =
            listing.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        assert_eq!(names, ["common", "cxl-a.sh", "fwctl"]);
    }
}
