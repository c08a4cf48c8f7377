//! What the compiler says of some files of a tree at `W=1` (`scripts/Makefile.extrawarn`), and sparse where it is there.
//!
//! Only the named files are compiled once more, in the folder of the last build, and only what is said of them counts:
//! a series answers for what it touches.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde::Serialize;
use walkdir::WalkDir;

use super::builder::MOCK;
use super::make::{Make, Progress, prefixed};
use super::slot::Slot;
use super::{BuildError, Builder, Fragment, Release, Tree, merge};
use crate::event::Stage;
use crate::host::needs;

/// A header is compiled as part of so many of the files that include it: its own warnings show in any of them.
const INCLUDERS: usize = 4;

/// A warning of the compiler, kernel-doc or sparse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Warning {
    /// File, from the top of the tree.
    pub file: String,
    /// Line.
    pub line: u64,
    /// What is said: `unused variable 'x' [-Wunused-variable]`.
    pub text: String,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// What was said of some files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Warnings {
    /// Each once for each place.
    pub found: BTreeSet<Warning>,
    /// Files that this configuration does not compile: nothing is known of them.
    pub not_compiled: BTreeSet<String>,
}

impl Warnings {
    /// Those that were not there before. A warning that only moved to another line is no new one.
    pub fn new_since<'a>(&'a self, before: &Self) -> Vec<&'a Warning> {
        let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for old in &before.found {
            *known.entry((&old.file, &old.text)).or_default() += 1;
        }
        let mut new = Vec::new();
        for warning in &self.found {
            match known.get_mut(&(warning.file.as_str(), warning.text.as_str())) {
                Some(left) if *left > 0 => *left -= 1,
                _ => new.push(warning),
            }
        }
        new
    }

    /// Takes over what a later look says of these files.
    pub fn update(&mut self, files: &[String], later: Self) {
        self.found.retain(|warning| !files.contains(&warning.file));
        self.not_compiled.retain(|file| !files.contains(file));
        self.found.extend(later.found);
        self.not_compiled.extend(later.not_compiled);
    }
}

impl Builder<'_> {
    /// Compiles files of a tree at `W=1`, with sparse where it is installed, and returns what is said of them. The tree is
    /// checked out; it need not have been built, but of a header more is seen after a build. Files are named from the top of
    /// the tree; others than C files and headers are passed over.
    ///
    /// # Errors
    /// As [`Builder::build`].
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
        self.configure(tree, &slot, &merge(fragments, version))?;
        let (obj, log) = (slot.obj(), slot.log("warnings.log")?);
        let wanted = Wanted::new(files, tree.src, &obj);
        let make = self.make(tree, &obj, &log);
        let mut said = Said::default();
        if !wanted.objects.is_empty() {
            for object in &wanted.objects {
                remove(&obj.join(object))?;
            }
            // One that this configuration has not must not keep the others from being compiled.
            let options = ["-k", "W=1"].into_iter().chain(sparse()).map(OsString::from);
            let objects = wanted.objects.iter().map(OsString::from);
            let finished = said.listen(&make, &options.chain(objects).collect::<Vec<_>>())?;
            if said.unknown.is_empty() {
                finished.check("compiling at W=1")?;
            }
        }
        if wanted.mock {
            let external = tree.src.join(MOCK);
            for entry in WalkDir::new(&external).into_iter().filter_map(Result::ok) {
                if entry.path().extension().is_some_and(|ending| ending == "o") {
                    remove(entry.path())?;
                }
            }
            let args = ["W=1"].into_iter().chain(sparse()).map(OsString::from);
            let args = args.chain([prefixed("M=", &external), "modules".into()]);
            // That it does not compile is the build's to say.
            said.listen(&make, &args.collect::<Vec<_>>())?;
        }
        slot.settle()?;
        Ok(said.of(files, tree.src, wanted.unseen))
    }
}

/// `C=2`: sparse looks at all that is named, not only at what is compiled.
fn sparse() -> Option<&'static str> {
    needs::find_program("sparse").map(|_| "C=2")
}

fn remove(path: &Path) -> Result<(), BuildError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(BuildError::io("removing", path)(e)),
        _ => Ok(()),
    }
}

/// What has to be compiled for a look at some files.
struct Wanted {
    objects: BTreeSet<String>,
    /// The mock modules as well.
    mock: bool,
    /// Headers that nothing compiled so far includes.
    unseen: BTreeSet<String>,
}

impl Wanted {
    fn new(files: &[String], src: &Path, obj: &Path) -> Self {
        let mut wanted = Self { objects: BTreeSet::new(), mock: false, unseen: BTreeSet::new() };
        let mut headers: Vec<&String> = Vec::new();
        for file in files.iter().filter(|file| src.join(file).is_file()) {
            if file.starts_with(MOCK) {
                wanted.mock |= is_source(file);
            } else if let Some(stem) = file.strip_suffix(".c") {
                wanted.objects.insert(format!("{stem}.o"));
            } else if is_source(file) {
                headers.push(file);
            }
        }
        if !headers.is_empty() {
            wanted.include(&headers, src, obj);
        }
        wanted
    }

    /// kbuild notes beside each object what it was made from (`.NAME.o.cmd`).
    fn include(&mut self, headers: &[&String], src: &Path, obj: &Path) {
        let mut left: BTreeMap<&String, usize> = headers.iter().map(|header| (*header, INCLUDERS)).collect();
        let name = src.file_name().unwrap_or_default().to_string_lossy();
        for entry in WalkDir::new(obj).sort_by_file_name().into_iter().filter_map(Result::ok) {
            let Some(object) = object_of(entry.path(), obj) else { continue };
            if left.values().all(|left| *left == 0) {
                break;
            }
            let Ok(text) = fs::read_to_string(entry.path()) else { continue };
            for (header, left) in left.iter_mut().filter(|(_, left)| **left > 0) {
                // By ccache's leave a path is relative to the root that it was told.
                if text.contains(&format!("/{name}/{header} ")) {
                    *left -= 1;
                    self.objects.insert(object.clone());
                }
            }
        }
        self.unseen.extend(left.into_iter().filter(|(_, left)| *left == INCLUDERS).map(|(h, _)| h.clone()));
    }
}

/// `drivers/cxl/core/port.o` of `drivers/cxl/core/.port.o.cmd`, where it was made from a C file in the tree.
fn object_of(command: &Path, obj: &Path) -> Option<String> {
    let name = command.file_name()?.to_str()?.strip_prefix('.')?.strip_suffix(".o.cmd")?;
    let folder: PathBuf = command.parent()?.strip_prefix(obj).ok()?.to_owned();
    // What is linked from others, and what runs on the host, includes no kernel header.
    (name.strip_suffix(".mod").is_none() && !folder.starts_with("scripts") && !folder.starts_with("tools"))
        .then(|| folder.join(format!("{name}.o")).display().to_string())
}

/// Whether a file is one that [`Builder::warnings`] looks at: C or a header.
pub fn is_source(file: &str) -> bool {
    [".c", ".h"].iter().any(|ending| file.ends_with(ending))
}

static WARNING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([^\s:]+):(\d+)(?::\d+)?: (?:warning|error): (.*)$").ok());
static NO_RULE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"No rule to make target [`'](?:\S*/)?([^'/\s]+)\.o'").ok());

/// What make printed that is of interest.
#[derive(Default)]
struct Said {
    lines: Arc<Mutex<Vec<String>>>,
    /// Names of objects that make knows no rule for.
    unknown: BTreeSet<String>,
}

impl Said {
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

    /// What of it is about these files.
    fn of(self, files: &[String], src: &Path, not_compiled: BTreeSet<String>) -> Warnings {
        let mut warnings = Warnings { found: BTreeSet::new(), not_compiled };
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
            let stem = file.strip_suffix(".c").and_then(|stem| stem.rsplit('/').next());
            !file.starts_with(MOCK) && stem.is_some_and(|stem| self.unknown.contains(stem))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(all: &[(&str, u64, &str)]) -> Warnings {
        let warning = |&(file, line, text): &(&str, u64, &str)| Warning {
            file: file.to_owned(),
            line,
            text: text.to_owned(),
        };
        Warnings { found: all.iter().map(warning).collect(), not_compiled: BTreeSet::new() }
    }

    #[test]
    fn what_moved_is_not_new_and_what_came_twice_is() {
        let before = warnings(&[("a.c", 10, "unused variable 'x'"), ("b.c", 1, "no prototype")]);
        let moved = warnings(&[("a.c", 14, "unused variable 'x'")]);
        assert!(moved.new_since(&before).is_empty());
        let twice = warnings(&[("a.c", 14, "unused variable 'x'"), ("a.c", 90, "unused variable 'x'")]);
        let new: Vec<String> = twice.new_since(&before).iter().map(ToString::to_string).collect();
        assert_eq!(new, ["a.c:90: unused variable 'x'"]);
        assert_eq!(warnings(&[("c.c", 1, "no prototype")]).new_since(&before).len(), 1);
    }

    #[test]
    fn a_later_look_counts_for_its_files_alone() {
        let mut all = warnings(&[("a.c", 10, "one"), ("b.c", 1, "two")]);
        all.update(&["a.c".to_owned()], warnings(&[("a.c", 11, "three")]));
        assert_eq!(all, warnings(&[("a.c", 11, "three"), ("b.c", 1, "two")]));
    }

    #[test]
    fn what_is_said_is_of_the_named_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let src = folder.path().join("src");
        fs::create_dir_all(src.join("tools/testing/cxl/test")).expect("made");
        fs::write(src.join("tools/testing/cxl/test/mock.c"), "").expect("written");
        let lines = [
            "../src/drivers/cxl/mem.c:12:5: warning: unused variable 'x' [-Wunused-variable]".to_owned(),
            format!(
                "{}/drivers/cxl/cxlmem.h:7: warning: Function parameter 'p' not described",
                src.display()
            ),
            "../src/drivers/cxl/other.c:1:1: warning: not asked for".to_owned(),
            "test/mock.c:3:1: error: symbol 'y' redeclared".to_owned(),
        ];
        let said =
            Said { lines: Arc::new(Mutex::new(lines.into())), unknown: BTreeSet::from(["hdm".to_owned()]) };
        let files = [
            "drivers/cxl/mem.c",
            "drivers/cxl/cxlmem.h",
            "tools/testing/cxl/test/mock.c",
            "drivers/cxl/hdm.c",
        ]
        .map(str::to_owned);
        let warnings = said.of(&files, &src, BTreeSet::new());
        let shown: Vec<String> = warnings.found.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(format!("{}\nnot compiled: {:?}", shown.join("\n"), warnings.not_compiled), @r#"
        drivers/cxl/cxlmem.h:7: Function parameter 'p' not described
        drivers/cxl/mem.c:12: unused variable 'x' [-Wunused-variable]
        tools/testing/cxl/test/mock.c:3: symbol 'y' redeclared
        not compiled: {"drivers/cxl/hdm.c"}
        "#);
    }
}
