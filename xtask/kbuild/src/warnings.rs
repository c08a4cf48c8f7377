//! What the compiler says of some files of a tree at `W=1` (`scripts/Makefile.extrawarn`), and sparse where it is there.
//!
//! Only the named files are compiled once more, in the folder of the last build, and only what is reported of them counts:
//! a series answers for what it touches.

mod known;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use fs_err as fs;
use regex::Regex;
use serde::Serialize;
use walkdir::WalkDir;

use event::Stage;
use fault::{Fault, ToolError};
use host::requirements;

use super::fastpath::Memory;
use super::make::{MOCK, Make, Progress, prefixed};
use super::slot::{Slot, remove};
use super::{BuildError, Builder, Fragment, Release, Tree, merge};

pub use known::{Compared, Known};

/// A header is compiled as part of all files of its own folder and below that include it, since what one of them includes before decides
/// what is reported, and of so many elsewhere: of `include/linux/device.h` that is most of the kernel.
const INCLUDERS: usize = 4;

/// A warning of the compiler, kernel-doc or sparse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Warning {
    /// File, from the top of the tree.
    pub file: String,
    /// Line.
    pub line: u64,
    /// What is reported: `unused variable 'x' [-Wunused-variable]`.
    pub text: String,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// What was reported of some files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Warnings {
    /// Each once for each place.
    pub found: BTreeSet<Warning>,
    /// Files that this configuration does not compile: nothing is known of them.
    pub not_compiled: BTreeSet<String>,
    /// Files that do not compile as they are: why is the build's to say, and nothing else is known of them.
    pub broken: BTreeSet<String>,
}

impl Builder<'_> {
    /// Compiles files of a tree at `W=1`, with sparse where it is installed, and returns what is reported of them. The tree is
    /// checked out; it need not have been built, nor be one that builds, but of a header more is seen after a build. Files are
    /// named from the top of the tree; others than C files and headers are passed over.
    ///
    /// # Errors
    /// As [`Builder::build`], but for files that do not compile.
    pub fn warnings(
        &self,
        tree: &Tree,
        fragments: &[Fragment],
        files: &[String],
    ) -> Result<Warnings, BuildError> {
        let version =
            Release::parse(tree.version).ok_or_else(|| BuildError::Version(tree.version.to_owned()))?;
        let slot = Slot::open(self.slot)?;
        slot.begin(tree.src)?;
        // What is compiled at W=1 has other records.
        Memory::forget(&slot.memory())?;
        self.configure(tree, &slot, &merge(fragments, version))?;
        let (obj, log) = (slot.obj(), slot.log("warnings.log")?);
        let wanted = Wanted::new(files, tree.src, &obj);
        let make = self.make(tree, &obj, &log);
        let mut printed = Printed::default();
        // One that does not compile, or that this configuration has not, must not keep the others from being compiled.
        let options: Vec<OsString> =
            ["-k", "W=1", NO_ERROR].into_iter().chain(sparse()).map(OsString::from).collect();
        let mut broken = BTreeSet::new();
        if !wanted.objects.is_empty() {
            for object in &wanted.objects {
                remove(&obj.join(object))?;
            }
            let objects = wanted.objects.iter().map(OsString::from);
            let finished =
                printed.listen(&make, &options.iter().cloned().chain(objects).collect::<Vec<_>>())?;
            broken.extend(wanted.unmade(&obj, &printed));
            if printed.unknown.is_empty()
                && let Err(error) = finished.check("compiling at W=1")
                && (error.fault() != Fault::Kernel || broken.is_empty())
            {
                return Err(error);
            }
        }
        let mut not_compiled = wanted.unseen.clone();
        if !wanted.mock.is_empty() {
            let external = tree.src.join(MOCK);
            for entry in WalkDir::new(&external).into_iter().filter_map(Result::ok) {
                if entry.path().extension().is_some_and(|ending| ending == "o") {
                    remove(entry.path())?;
                }
            }
            let args = [prefixed("M=", &external), "modules".into()];
            let args: Vec<OsString> = options.iter().cloned().chain(args).collect();
            let failed = !printed.listen(&make, &args)?.status.success();
            // A header has no object of its own: with an error somewhere, something may not have been reported of it.
            let is_unmade =
                |file: &&String| object(file).map_or(failed, |object| !tree.src.join(object).is_file());
            let unmade = wanted.mock.iter().filter(is_unmade).cloned();
            if failed { broken.extend(unmade) } else { not_compiled.extend(unmade) }
        }
        slot.settle()?;
        Ok(printed.of(files, tree.src, not_compiled).without(broken))
    }
}

/// What is only a warning stays one, whatever the configuration or the makefile of a folder says.
const NO_ERROR: &str = "KCFLAGS=-Wno-error";

/// The object of a C file, beside it; a header has none.
fn object(file: &str) -> Option<String> {
    Some(format!("{}.o", file.strip_suffix(".c")?))
}

/// `C=2`: sparse looks at all that is named, not only at what is compiled.
fn sparse() -> Option<&'static str> {
    requirements::find_program("sparse").map(|_| "C=2")
}

/// What has to be compiled for a look at some files.
#[derive(Default)]
struct Wanted {
    objects: BTreeSet<String>,
    /// Which of them show what is reported of a file.
    show: BTreeMap<String, Vec<String>>,
    /// Files of the mock modules, which are compiled as a whole.
    mock: Vec<String>,
    /// Headers that nothing compiled so far includes.
    unseen: BTreeSet<String>,
}

impl Wanted {
    fn new(files: &[String], src: &Path, obj: &Path) -> Self {
        let mut wanted = Self::default();
        let mut headers: Vec<&String> = Vec::new();
        for file in files.iter().filter(|file| is_source(file) && src.join(file).is_file()) {
            if file.starts_with(MOCK) {
                wanted.mock.push(file.clone());
            } else if let Some(object) = object(file) {
                wanted.want(file, object);
            } else {
                headers.push(file);
            }
        }
        if !headers.is_empty() {
            wanted.include(&headers, src, obj);
        }
        wanted
    }

    fn want(&mut self, file: &str, object: String) {
        self.show.entry(file.to_owned()).or_default().push(object.clone());
        self.objects.insert(object);
    }

    /// kbuild notes beside each object what it was made from (`.NAME.o.cmd`).
    fn include(&mut self, headers: &[&String], src: &Path, obj: &Path) {
        let mut left: BTreeMap<&String, usize> = headers.iter().map(|header| (*header, INCLUDERS)).collect();
        let name = src.file_name().unwrap_or_default().to_string_lossy();
        for entry in WalkDir::new(obj).sort_by_file_name().into_iter().filter_map(Result::ok) {
            let Some(object) = object_of(entry.path(), obj) else { continue };
            let is_own = |header: &str| Path::new(&object).starts_with(folder_of(header));
            if !left.iter().any(|(header, left)| *left > 0 || is_own(header)) {
                continue;
            }
            let Ok(text) = fs::read_to_string(entry.path()) else { continue };
            for (header, left) in left.iter_mut().filter(|(header, left)| **left > 0 || is_own(header)) {
                // By ccache's leave a path is relative to the root that it was given.
                if text.contains(&format!("/{name}/{header} ")) {
                    *left = left.saturating_sub(usize::from(!is_own(header)));
                    self.want(header, object.clone());
                }
            }
        }
        let unseen = headers.iter().filter(|header| !self.show.contains_key(**header));
        self.unseen.extend(unseen.map(|header| (*header).clone()));
    }

    /// Files of which not all that shows them was made, though make knows how.
    fn unmade(&self, obj: &Path, printed: &Printed) -> Vec<String> {
        let is_unmade = |object: &String| !printed.knows_no(object) && !obj.join(object).is_file();
        let unmade = self.show.iter().filter(|(_, objects)| objects.iter().any(is_unmade));
        unmade.map(|(file, _)| file.clone()).collect()
    }
}

fn folder_of(file: &str) -> &Path {
    Path::new(file).parent().unwrap_or(Path::new(""))
}

/// `drivers/cxl/core/port.o` of `drivers/cxl/core/.port.o.cmd`, where it was made from a C file in the tree.
fn object_of(command: &Path, obj: &Path) -> Option<String> {
    let name = command.file_name()?.to_str()?.strip_prefix('.')?.strip_suffix(".o.cmd")?;
    let folder: PathBuf = command.parent()?.strip_prefix(obj).ok()?.to_owned();
    // What is linked from others, and what runs on the host, includes no kernel header.
    (name.strip_suffix(".mod").is_none() && !folder.starts_with("scripts") && !folder.starts_with("tools"))
        .then(|| folder.join(format!("{name}.o")).display().to_string())
}

/// Whether a file is C or a header: what [`Builder::warnings`] looks at, and what lines are counted of.
pub fn is_source(file: &str) -> bool {
    [".c", ".h"].iter().any(|ending| file.ends_with(ending))
}

static WARNING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([^\s:]+):(\d+)(?::\d+)?: (?:warning|error): (.*)$").ok());
static NO_RULE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"No rule to make target [`'](?:\S*/)?([^'/\s]+)\.o'").ok());

/// What make printed that is of interest.
#[derive(Default)]
struct Printed {
    lines: Arc<Mutex<Vec<String>>>,
    /// Names of objects that make knows no rule for.
    unknown: BTreeSet<String>,
}

impl Printed {
    fn listen(&mut self, make: &Make, args: &[OsString]) -> Result<super::make::Finished, BuildError> {
        let lines = Arc::clone(&self.lines);
        let progress = Progress { stage: Stage::Build, done: 0, total: 0 };
        let finished = make.run_heard(args, progress, move |line| {
            let of_interest = |regex: &Option<Regex>| regex.as_ref().is_some_and(|r| r.is_match(line));
            if of_interest(&WARNING) || of_interest(&NO_RULE) {
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
            }
        })?;
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let no_rule = lines.iter().filter_map(|line| NO_RULE.as_ref()?.captures(line));
        self.unknown.extend(no_rule.map(|found| found[1].to_owned()));
        drop(lines);
        Ok(finished)
    }

    /// Whether make has no rule for an object.
    fn knows_no(&self, object: &str) -> bool {
        let stem = object.strip_suffix(".o").and_then(|stem| stem.rsplit('/').next());
        stem.is_some_and(|stem| self.unknown.contains(stem))
    }

    /// What of it is about these files.
    fn of(self, files: &[String], src: &Path, not_compiled: BTreeSet<String>) -> Warnings {
        let mut warnings = Warnings { not_compiled, ..Warnings::default() };
        for line in self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(found) = WARNING.as_ref().and_then(|regex| regex.captures(line)) {
                let file = from_top(&found[1], src);
                if let Some(file) = files.iter().find(|known| file.as_deref() == Some(known)) {
                    let line = found[2].parse().unwrap_or_default();
                    let text = found[3].chars().filter(|c| !c.is_control()).collect();
                    warnings.found.insert(Warning { file: file.clone(), line, text });
                }
            }
        }
        let unknown = |file: &&String| {
            !file.starts_with(MOCK) && object(file).is_some_and(|object| self.knows_no(&object))
        };
        warnings.not_compiled.extend(files.iter().filter(unknown).cloned());
        warnings
    }
}

/// A path as a compiler prints it, from the top of the tree: absolute, relative to the objects beside it, or of an external
/// build from where that lies.
fn from_top(printed: &str, src: &Path) -> Option<String> {
    if let Ok(inner) = Path::new(printed).strip_prefix(src) {
        return Some(inner.display().to_string());
    }
    let beside = format!("../{}/", src.file_name()?.to_string_lossy());
    let inner = printed.strip_prefix(&beside).unwrap_or(printed);
    let of_mock = format!("{MOCK}/{inner}");
    let external = !src.join(inner).is_file() && src.join(&of_mock).is_file();
    Some(if external { of_mock } else { inner.to_owned() })
}
