//! Every error of the tool: it names its cause once, and ends in what to do next.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cxl_topology::{Finding, RULES};
use engine::bisect::HistoryError;
use engine::series::mail::Message;
use guest::GuestError;
use host::Process;
use host::confine::Broken;
use kbuild::LostOption;
use report::Folders;
use spec::CellFilter;

use super::*;

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn path() -> PathBuf {
    PathBuf::from("/x")
}

fn text() -> String {
    "x".to_owned()
}

fn cache() -> CacheError {
    CacheError::from(host::io_at("writing", Path::new("/x"))(full()))
}

fn fragment() -> FragmentError {
    FragmentError::from(full())
}

fn spec() -> SpecError {
    SpecError::Read { file: path(), source: full(), hint: None }
}

fn start(source: io::Error) -> ProcessError {
    ProcessError::Start { program: "git".to_owned(), command: "git gc".to_owned(), source }
}

fn locked() -> FolderError {
    let dir = tempfile::tempdir().expect("a folder");
    let (folder, _lock) = Folders::of_runs(dir.path()).create("a test").expect("a run's folder");
    folder.lock("another").expect_err("it is locked")
}

fn conflict() -> Conflict {
    Conflict {
        series: text(),
        patch: path(),
        subject: text(),
        kernel: text(),
        version: source::KernelVersion::new(6, 12),
        places: Vec::new(),
        git: Vec::new(),
        command: text(),
    }
}

fn lacking(hint: &str) -> Lacking {
    Lacking { field: text(), location: None, message: text(), hint: hint.to_owned() }
}

/// An error with the name of its type.
struct Sample {
    kind: &'static str,
    error: Box<dyn ToolError>,
}

fn of<E: ToolError + 'static>(errors: impl IntoIterator<Item = E>) -> Vec<Sample> {
    let kind = std::any::type_name::<E>().rsplit("::").next().unwrap_or_default();
    errors.into_iter().map(|error| Sample { kind, error: Box::new(error) }).collect()
}

impl Sample {
    /// `SourceError::Conflict`; a struct has no variant.
    fn name(&self) -> String {
        let debug = format!("{:?}", self.error);
        let variant = debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if variant == self.kind { variant.to_owned() } else { format!("{}::{variant}", self.kind) }
    }
}

fn of_the_host() -> Vec<Sample> {
    let failed = Process::new("false", [""; 0]).run().expect_err("it fails");
    let limit =
        ProcessError::Limit { program: text(), command: text(), broken: Broken::Processes(5000, 4096) };
    let deadline = ProcessError::Deadline {
        program: text(),
        command: text(),
        deadline: Duration::from_secs(1),
        tail: Vec::new(),
        log: None,
    };
    let gone = start(io::ErrorKind::NotFound.into());
    [
        of([
            start(full()),
            gone,
            failed,
            deadline,
            limit,
            ProcessError::Interrupted,
            ProcessError::from(full()),
        ]),
        of([cache(), CacheError::Interrupted(path())]),
        of([
            AptError::Missing,
            AptError::NoRepository { etc: path(), suites: text() },
            AptError::NoPackage { package: text(), suites: text() },
            AptError::NoFile { package: text(), dir: path() },
            AptError::from(full()),
            AptError::from(cache()),
            AptError::from(start(full())),
        ]),
        of([SetupError::from(AptError::from(cache())), SetupError::from(start(full()))]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_the_files() -> Vec<Sample> {
    let filter = |text: &str| text.parse::<CellFilter>().expect_err("it is none");
    let topology = || Finding::new(RULES[0], "windows", "x", "y");
    [
        of([
            spec(),
            SpecError::Parse { file: path(), message: text(), hint: None },
            SpecError::invalid("/x", "kernels", "x"),
        ]),
        of([filter("kernl=lts"), filter("kernel=lts &"), filter("")]),
        of([
            VersionError::Version(text()),
            VersionError::Range(text()),
            VersionError::Empty(text()),
            VersionError::Makefile("VERSION"),
        ]),
        of([
            TopologyError::Unknown { name: text(), dir: path(), hint: text() },
            TopologyError::from(spec()),
            TopologyError::Invalid { file: path(), findings: vec![topology()] },
        ]),
        of([lacking("use a newer QEMU"), lacking("")]),
        of([
            ExpectError::Read { file: path(), source: full() },
            ExpectError::Parse { file: path(), message: text() },
        ]),
        of([fragment(), FragmentError::Line { file: path(), line: 1, message: text() }]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_the_kernel() -> Vec<Sample> {
    let lost = LostOption { symbol: text(), at: text(), wanted: text(), got: text(), because: vec![text()] };
    let machine = |hint| BuildError::Machine { doing: "building", headline: text(), hint, log: path() };
    [
        of([
            SourceError::Unavailable { kernel: text(), tried: Vec::new() },
            SourceError::NotAKernel { why: text() },
            SourceError::from(Box::new(conflict())),
            SourceError::NoPatches { series: text(), file: path(), kernel: text(), written_for: text() },
            SourceError::NotFetched { series: text() },
            SourceError::Requires { series: text(), requires: text(), kernel: text() },
            SourceError::Checksum { file: path(), wanted: text(), found: text() },
            SourceError::MissingProgram { what: text(), hint: text() },
            SourceError::NotCached { what: text() },
            SourceError::Other(text()),
            SourceError::from(full()),
            SourceError::from(cache()),
            SourceError::from(AptError::from(cache())),
            SourceError::from(start(full())),
        ]),
        of([conflict()]),
        of([
            OwnTreeError::Missing { path: path() },
            OwnTreeError::Tilde { given: PathBuf::from("~/linux") },
            OwnTreeError::File { path: path() },
            OwnTreeError::Bare { path: path() },
            OwnTreeError::Subdirectory { path: path(), top: path() },
            OwnTreeError::NotAKernel { path: path(), why: text(), is_git: true },
            OwnTreeError::NotAKernel { path: path(), why: text(), is_git: false },
            OwnTreeError::BuiltInPlace { path: path() },
            OwnTreeError::from(start(full())),
            OwnTreeError::from(full()),
        ]),
        of([
            BuildError::Missing { program: "flex", need: "flex", why: "x" },
            BuildError::Lost(vec![lost]),
            BuildError::Make { doing: "building", headline: text(), log: path() },
            machine(Some(text())),
            machine(None),
            BuildError::Counters { compiler: text(), file: "x", since: 14 },
            BuildError::Link(path()),
            BuildError::Version(text()),
            BuildError::MockDoesNotCompile(text()),
            BuildError::NoMock,
            BuildError::MockLeftOut,
            BuildError::from(start(full())),
            BuildError::from(full()),
            BuildError::Interrupted,
        ]),
        of([
            SymbolError::Unreadable { file: path(), why: text() },
            SymbolError::NoDebugInfo { file: path() },
            SymbolError::from(start(full())),
        ]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_the_guest() -> Vec<Sample> {
    let shell =
        xshell::Shell::new().expect("a shell").read_file("/no/such/file").expect_err("it is not there");
    let template = minijinja::Error::new(minijinja::ErrorKind::UndefinedError, "no such value");
    [
        of([
            GuestError::Missing { what: "busybox", need: "busybox-static", at: Vec::new() },
            GuestError::NotStatic { path: path(), hint: "x" },
            GuestError::NoLibrary { name: text(), of: path() },
            GuestError::Path { path: text(), why: "x" },
            GuestError::from(cache()),
            GuestError::from(start(full())),
            GuestError::from(shell),
            GuestError::from(full()),
        ]),
        of([
            VmError::from(start(full())),
            VmError::from(full()),
            VmError::Silent { command: text(), after: Duration::from_secs(1), tail: Vec::new() },
            VmError::LostInterrupt { cpu: 0, vector: 0, at: vm::LostAt::Pending },
            VmError::NotQemu { qemu: path(), why: text(), tail: Vec::new() },
            VmError::Template { name: "replay.sh", source: template },
        ]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_the_results() -> Vec<Sample> {
    let stored = || StoredError::NoRun(path());
    let missing = |hint: &str| FolderError::Missing {
        kind: &report::folder::RUN,
        name: text(),
        dir: path(),
        hint: hint.to_owned(),
    };
    [
        of([
            missing("`cargo xtask run` makes one"),
            FolderError::Ambiguous { kind: &report::folder::RUN, name: text(), ids: Vec::new() },
            locked(),
            FolderError::from(full()),
        ]),
        of([StoreError::from(locked()), StoreError::from(full())]),
        of([
            stored(),
            StoredError::from(full()),
            StoredError::Malformed { path: path(), message: text() },
            StoredError::Format { path: path(), found: 0 },
            StoredError::Format { path: path(), found: u32::MAX },
        ]),
        of([
            ResumeError::from(stored()),
            ResumeError::from(locked()),
            ResumeError::from(StoreError::from(full())),
        ]),
        of([
            MergeError::from(stored()),
            MergeError::from(StoreError::from(full())),
            MergeError::Overlap { cell: text(), first: text(), second: text() },
            MergeError::Running(text()),
            MergeError::from(full()),
        ]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_series() -> Vec<Sample> {
    let mail = || {
        Message::parse(b"Subject: x\nContent-Transfer-Encoding: base64\n\n=x=\n").expect_err("it is broken")
    };
    [
        of([mail()]),
        of([
            ImportError::Mail { place: text(), source: mail() },
            ImportError::Nothing { mails: 1, seen: Vec::new() },
            ImportError::Gap { missing: Vec::new(), total: 2, found: 1 },
            ImportError::Duplicate { first: text(), second: text() },
            ImportError::Mismatch { mail: text(), why: text() },
            ImportError::Corrupt { mail: text(), git: Vec::new() },
            ImportError::WithoutPrefix { mail: text(), file: text() },
            ImportError::Unordered { patches: vec![text()] },
            ImportError::There { dir: path(), why: text(), hint: text() },
            ImportError::from(spec()),
            ImportError::from(start(full())),
            ImportError::from(full()),
        ]),
        of([OverlayError::from(cache()), OverlayError::from(spec()), OverlayError::from(full())]),
        of([
            RangeError::Malformed(text()),
            RangeError::Empty { range: text(), dir: path() },
            RangeError::Merge { range: text(), dir: path(), merge: text() },
            RangeError::Unknown { name: text(), dir: path() },
            RangeError::from(start(full())),
            RangeError::from(OverlayError::from(full())),
        ]),
        of([
            EditError::Exists(path()),
            EditError::None(path()),
            EditError::Unfinished(path()),
            EditError::Uncommitted { dir: path(), files: text() },
            EditError::NoSeries { dir: path(), why: "has a merge" },
            EditError::Conflict { dir: path(), subject: text(), files: text() },
            EditError::from(start(full())),
            EditError::from(full()),
        ]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_coverage() -> Vec<Sample> {
    [
        of([
            CoverageError::Foreign { object: text(), why: text() },
            CoverageError::Unknown { object: text() },
            CoverageError::NoNotes(path()),
            CoverageError::from(serde_json::Error::io(full())),
            CoverageError::from(start(full())),
            CoverageError::from(full()),
        ]),
        of([
            MutateError::Baseline { red: text() },
            MutateError::NoVerdict { id: text(), run: path() },
            MutateError::Malformed { path: path(), message: text() },
            MutateError::from(locked()),
            MutateError::from(StoreError::from(full())),
            MutateError::from(RunError::from(full())),
            MutateError::from(full()),
            MutateError::Interrupted,
        ]),
        of([
            GatherError::NotThere { series: text(), has: text() },
            GatherError::NoLines { series: text() },
            GatherError::NoCounters { run: text() },
            GatherError::NothingRan { run: text() },
            GatherError::Differs { run: text(), series: text() },
            GatherError::Malformed { path: path(), message: text() },
            GatherError::Counts { file: path(), source: Box::new(CoverageError::from(full())) },
            GatherError::from(CoverageError::from(full())),
            GatherError::from(SourceError::from(cache())),
            GatherError::from(RunError::from(full())),
            GatherError::from(full()),
        ]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_runs() -> Vec<Sample> {
    let history = || HistoryError::Ends { message: text(), hint: text() };
    [
        of([
            RunError::from(spec()),
            RunError::from(TopologyError::from(spec())),
            RunError::from(SourceError::from(cache())),
            RunError::from(OwnTreeError::Missing { path: path() }),
            RunError::from(BuildError::from(full())),
            RunError::from(ExpectError::Read { file: path(), source: full() }),
            RunError::from(fragment()),
            RunError::from(GuestError::from(cache())),
            RunError::from(VmError::from(full())),
            RunError::from(cache()),
            RunError::from(StoreError::from(full())),
            RunError::from(lacking("use a newer QEMU")),
            RunError::NoQemu { program: path() },
            RunError::NoMock { why: text() },
            RunError::OtherCode { cell: text(), what: text(), image: path() },
            RunError::NoNdctl { tried: Vec::new() },
            RunError::NoNdctl { tried: vec![text()] },
            RunError::Unknown { what: text(), name: text(), hint: text() },
            RunError::NoCase { case: text(), suites: vec![text()], hint: text() },
            RunError::Empty { options: Vec::new(), left_out: Vec::new() },
            RunError::Changed { kernel: text(), run: text() },
            RunError::ScenarioChanged { path: path(), run: text() },
            RunError::UpTo { why: text() },
            RunError::Job { path: path(), message: text() },
            RunError::from(full()),
        ]),
        of([history(), HistoryError::from(start(full()))]),
        of([
            BisectError::Ends(text()),
            BisectError::BadEndpoint { message: text(), hint: text() },
            BisectError::Machinery { step: text(), source: Box::new(full()) },
            BisectError::from(locked()),
            BisectError::Malformed { path: path(), message: text() },
            BisectError::from(full()),
            BisectError::Interrupted,
            BisectError::from(history()),
            BisectError::from(spec()),
            BisectError::from(RunError::from(GuestError::from(cache()))),
            BisectError::from(SourceError::from(cache())),
            BisectError::from(BuildError::from(full())),
            BisectError::from(StoreError::from(full())),
            BisectError::from(StoredError::NoRun(path())),
            BisectError::from(cache()),
        ]),
        of([Missing { message: text(), hint: Some(text()) }]),
        of([Usage { message: text(), hint: Some(text()) }]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// At least one of each variant of each error.
fn samples() -> Vec<Sample> {
    [
        of_the_host(),
        of_the_files(),
        of_the_kernel(),
        of_the_guest(),
        of_the_results(),
        of_series(),
        of_coverage(),
        of_runs(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What has no hint of its own, and why.
const WITHOUT: &[(&str, &str)] = &[
    ("ProcessError::Failed", "shows its command ready to paste, its last lines and its log"),
    ("ProcessError::Deadline", "shows its command ready to paste, its last lines and its log"),
    ("ProcessError::Interrupted", "the user did it"),
    ("CacheError::Interrupted", "the user did it"),
    ("BuildError::Interrupted", "the user did it"),
    ("MutateError::Interrupted", "the user did it"),
    ("AptError::NoPackage", "stands among the sources that were tried, whose error has the hint"),
    ("SourceError::NotAKernel", "stands among the sources that were tried, whose error has the hint"),
    ("SourceError::Other", "stands among the sources that were tried, whose error has the hint"),
    ("SpecError::Parse", "names file, line and field, and what is wanted there: that is to be mended"),
    ("SpecError::Invalid", "names file and field, and what is wrong there: that is to be mended"),
    ("ExpectError::Parse", "names file and line, and what is wanted there: that is to be mended"),
    ("FragmentError::Line", "names file and line, and what is allowed there"),
    ("GuestError::Path", "names the path, which comes from a file of the user's that is named beside it"),
    ("Lacking", "some of QEMU's devices no release has"),
];

/// What cannot be made here.
const UNSAMPLED: &[(&str, &str)] = &[("ExpectError::Invalid", "has a field for its hint")];

#[test]
fn every_error_ends_in_what_to_do_next_or_says_why_not() {
    let mut used = BTreeSet::new();
    for sample in samples() {
        let name = sample.name();
        match sample.error.hint() {
            Some(hint) => assert!(!hint.trim().is_empty() && !hint.ends_with('.'), "{name}: {hint:?}"),
            None => assert!(
                WITHOUT.iter().any(|(known, _)| *known == name),
                "{name} has no hint: what is to be done about it?"
            ),
        }
        if sample.error.hint().is_none() {
            used.insert(name);
        }
    }
    for (name, why) in WITHOUT {
        assert!(used.contains(*name), "{name} has a hint by now ({why})");
    }
}

/// The variants of an enum, as rustfmt writes them.
fn variants(source: &str, kind: &str) -> Vec<String> {
    let Some((_, body)) = source.split_once(&format!("pub enum {kind} {{\n")) else { return Vec::new() };
    let body = body.split("\n}\n").next().unwrap_or_default();
    let name = |line: &str| {
        let line = line.strip_prefix("    ").filter(|line| line.starts_with(char::is_uppercase))?;
        line.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned)
    };
    body.lines().filter_map(name).collect()
}

#[test]
fn no_variant_is_forgotten_among_the_samples() {
    let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for sample in samples() {
        known.entry(sample.kind).or_default().insert(sample.name());
    }
    let implements = regex::Regex::new(r"(?m)^impl ToolError for (\w+) \{").expect("a regex");
    for entry in walkdir::WalkDir::new(env!("CARGO_MANIFEST_DIR")).into_iter().filter_map(Result::ok) {
        if entry.path().extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs_err::read_to_string(entry.path()).expect("a source");
        for kind in implements.captures_iter(&source).map(|found| found[1].to_owned()) {
            let samples = known.get(kind.as_str()).unwrap_or_else(|| panic!("there is no sample of {kind}"));
            for variant in variants(&source, &kind) {
                let name = format!("{kind}::{variant}");
                let is_unsampled = UNSAMPLED.iter().any(|(known, _)| *known == name);
                assert!(samples.contains(&name) || is_unsampled, "there is no sample of {name}");
            }
        }
    }
}

#[test]
fn no_error_repeats_its_cause_and_none_hides_it() {
    for Sample { error, .. } in samples() {
        let mut link: &dyn Error = &*error;
        while let Some(cause) = link.source() {
            assert!(!link.to_string().contains(&cause.to_string()), "{error:?}");
            link = cause;
        }
        let full = full().to_string();
        if !format!("{error:?}").contains("StorageFull") {
            continue;
        }
        for text in [fault::shown(&*error), fault::inlined(&*error), fault::one_line(&*error)] {
            assert_eq!(text.matches(&full).count(), 1, "{text}");
        }
    }
}

#[test]
fn an_error_that_only_wraps_another_forwards_its_hint_and_its_fault() {
    let (hint, fault) = (cache().hint(), cache().fault());
    assert!(hint.is_some());
    let wrapped: [Box<dyn ToolError>; 5] = [
        Box::new(AptError::from(cache())),
        Box::new(SetupError::from(AptError::from(cache()))),
        Box::new(GuestError::from(cache())),
        Box::new(RunError::from(SourceError::from(cache()))),
        Box::new(BisectError::from(RunError::from(GuestError::from(cache())))),
    ];
    for error in wrapped {
        assert_eq!((error.hint(), error.fault()), (hint.clone(), fault), "{error:?}");
    }
    let interrupted = || CacheError::Interrupted(path());
    assert_eq!(RunError::from(SourceError::from(AptError::from(interrupted()))).fault(), Fault::Interrupted);
    assert_eq!(
        BisectError::from(RunError::from(SourceError::from(Box::new(conflict())))).fault(),
        Fault::Kernel
    );
}

#[test]
fn of_hundreds_of_names_some_are_shown() {
    let names: Vec<String> = (0..52).map(|number| format!("name-{number}")).collect();
    let hint = |count: usize| {
        let known = names[..count].iter().map(String::as_str);
        Usage::unknown("mutant", "x", known).hint.unwrap_or_default()
    };
    assert_eq!(hint(2), "known: name-0, name-1");
    assert!(hint(50).ends_with(", name-49"));
    assert!(hint(52).ends_with(", name-49 and 2 others"));
}
