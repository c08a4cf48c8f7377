//! The names that there are in the project of the current folder. What cannot be read has none.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter as _};

use cxl_topology::{RULES, Topology};
use engine::bisect::Bisections;
use report::Folders;
use report::folder::LATEST;
use spec::{PLAIN, Project, Sabotage, Series, Suite, SuiteVariant, Variants};

use crate::context::find_root;

/// A name and what it is, where that is said in a line.
type Name = (String, Option<String>);

/// So many topologies are read for what they are about; of more there are the names alone.
const DESCRIBED: usize = 40;

/// What completes a value.
#[derive(Debug, Clone, Copy)]
pub enum Candidates {
    /// Names of the project, which is in this folder; what is typed already may narrow down what is read.
    Names(fn(&Path, &str) -> Vec<Name>),
    /// Names as well as paths of folders.
    NamesOrFolders(fn(&Path, &str) -> Vec<Name>),
    Folder,
    FileOrFolder,
}

use Candidates::{FileOrFolder, Folder, Names, NamesOrFolders};

/// By the name that a value has in the help.
const TABLE: &[(&str, Candidates)] = &[
    ("TOPOLOGY", Names(topologies)),
    ("SUITE[:VARIANT][/CASE]", Names(suites)),
    ("[SUITE/]CASE", Names(cases)),
    ("CASE", Names(cases_alone)),
    ("KERNEL", Names(kernels)),
    ("FLAVOUR", Names(flavours)),
    ("SERIES", Names(series)),
    ("[SERIES:]N", Names(prefixes)),
    ("SABOTAGE", Names(sabotages)),
    ("MATRIX", Names(matrices)),
    ("RULE", Names(rules)),
    ("RUN", NamesOrFolders(runs)),
    ("BISECTION", Names(bisections)),
    ("DIR", Folder),
    ("FILE", FileOrFolder),
    ("PATH", FileOrFolder),
    ("FILE|DIR", FileOrFolder),
    ("FILE|DIR|MSGID", FileOrFolder),
    ("PROGRAM", FileOrFolder),
];

/// What completes a value of this name; nothing where it is a number or a text of the user's own.
pub fn named(name: &str) -> Option<Candidates> {
    TABLE.iter().find(|(known, _)| *known == name).map(|(_, candidates)| *candidates)
}

impl Candidates {
    /// Those that begin with what is typed already.
    pub fn matching(self, current: &OsStr) -> Vec<CompletionCandidate> {
        match self {
            Names(names) => matching(names, current),
            NamesOrFolders(_) if current.to_string_lossy().contains('/') => {
                PathCompleter::dir().complete(current)
            }
            NamesOrFolders(names) => matching(names, current),
            Folder => PathCompleter::dir().complete(current),
            FileOrFolder => PathCompleter::any().complete(current),
        }
    }
}

fn matching(names: fn(&Path, &str) -> Vec<Name>, current: &OsStr) -> Vec<CompletionCandidate> {
    let (Some(current), Some(root)) = (current.to_str(), root()) else { return Vec::new() };
    let names = names(&root, current).into_iter().filter(|(name, _)| name.starts_with(current));
    names.map(|(name, about)| CompletionCandidate::new(name).help(about.map(Into::into))).collect()
}

/// The project: that of `--project`, where it has been typed, else that of the current folder.
fn root() -> Option<PathBuf> {
    let typed: Vec<_> = std::env::args().collect();
    let value = |at: usize| match typed[at].split_once('=') {
        Some(("--project", value)) => Some(value),
        None if typed[at] == "--project" => typed.get(at + 1).map(String::as_str),
        _ => None,
    };
    let named = (0..typed.len()).find_map(value).map(PathBuf::from);
    named.or_else(|| find_root().ok().map(|(root, _)| root))
}

fn bare(names: impl IntoIterator<Item = String>) -> Vec<Name> {
    names.into_iter().map(|name| (name, None)).collect()
}

fn topologies(root: &Path, current: &str) -> Vec<Name> {
    let dir = root.join("topologies");
    let mut names = cxl_topology::names(&dir).unwrap_or_default();
    names.retain(|name| name.starts_with(current));
    let described = names.len() <= DESCRIBED;
    let about =
        |name: &str| described.then(|| Topology::load(&dir, name).ok())?.map(|topology| topology.summary);
    names.into_iter().map(|name| (name.clone(), about(&name))).collect()
}

fn project(root: &Path) -> Option<Project> {
    Project::load(root).ok()
}

/// Suites; of the only one that is meant, its variants and cases as well.
fn suites(root: &Path, current: &str) -> Vec<Name> {
    let dir = root.join("scenarios");
    let meant = current.split([':', '/']).next().unwrap_or_default();
    let is_whole = meant.len() < current.len();
    let mut names = Suite::names(&dir).unwrap_or_default();
    names.retain(|name| if is_whole { name == meant } else { name.starts_with(meant) });
    let all: Vec<Suite> = names.iter().filter_map(|name| Suite::load(&dir, name).ok()).collect();
    let mut found: Vec<Name> =
        all.iter().map(|suite| (suite.name.clone(), Some(suite.summary.clone()))).collect();
    if let [suite] = &all[..] {
        found.extend(variants(suite).into_iter().map(|variant| (format!("{}:{variant}", suite.name), None)));
        let head = current.split_once('/').map_or(suite.name.as_str(), |(head, _)| head);
        found.extend(suite.cases.iter().map(|case| (format!("{head}/{}", case.name), None)));
    }
    found
}

/// The variants that are known before anything is built.
fn variants(suite: &Suite) -> Vec<String> {
    match &suite.variants {
        Variants::Listed(variants) => variants.iter().map(|variant| variant.name.clone()).collect(),
        Variants::ParametersOf(_) => vec![SuiteVariant::DEFAULT.to_owned()],
    }
}

fn all_cases(root: &Path) -> Vec<(String, String)> {
    let dir = root.join("scenarios");
    let names = Suite::names(&dir).unwrap_or_default();
    let suites = names.iter().filter_map(|name| Suite::load(&dir, name).ok());
    let each = |suite: Suite| -> Vec<_> {
        suite.cases.into_iter().map(|case| (suite.name.clone(), case.name)).collect()
    };
    suites.flat_map(each).collect()
}

/// Cases by name; with a `/`, those of the suite before it.
fn cases(root: &Path, current: &str) -> Vec<Name> {
    let whole = current.contains('/');
    let name = |(suite, case): (String, String)| if whole { format!("{suite}/{case}") } else { case };
    let names: BTreeSet<String> = all_cases(root).into_iter().map(name).collect();
    bare(names)
}

fn cases_alone(root: &Path, _: &str) -> Vec<Name> {
    let names: BTreeSet<String> = all_cases(root).into_iter().map(|(_, case)| case).collect();
    bare(names)
}

fn kernels(root: &Path, _: &str) -> Vec<Name> {
    let kernels = project(root).map(|project| project.kernels).unwrap_or_default();
    let sources = |kernel: &spec::Kernel| {
        kernel.sources.iter().map(ToString::to_string).collect::<Vec<_>>().join(", else ")
    };
    kernels.into_values().map(|kernel| (kernel.name.clone(), Some(sources(&kernel)))).collect()
}

/// The plain one, and each fragment that no kernel has by itself.
fn flavours(root: &Path, _: &str) -> Vec<Name> {
    let Some(project) = project(root) else { return Vec::new() };
    let taken: BTreeSet<&String> = project.kernels.values().flat_map(|kernel| &kernel.kconfig).collect();
    let files = specfile::entries(&root.join("kconfig")).unwrap_or_default();
    let names = files.iter().filter_map(|file| file.strip_suffix(".config").map(str::to_owned));
    bare(std::iter::once(PLAIN.to_owned()).chain(names.filter(|name| !taken.contains(name))))
}

fn series(root: &Path, _: &str) -> Vec<Name> {
    let dir = root.join("patches");
    let names = Series::names(&dir).unwrap_or_default();
    let title = |name: &str| Some(Series::load(&dir, name).ok()?.title);
    names.into_iter().map(|name| (name.clone(), title(&name))).collect()
}

/// A series and the number of each of its patches.
fn prefixes(root: &Path, current: &str) -> Vec<Name> {
    let dir = root.join("patches");
    let Some((name, _)) = current.split_once(':') else {
        let names = Series::names(&dir).unwrap_or_default();
        return bare(names.into_iter().map(|name| format!("{name}:")));
    };
    let patches = Series::load(&dir, name).map(|series| series.patches).unwrap_or_default();
    let numbered = patches.into_iter().enumerate();
    numbered.map(|(at, patch)| (format!("{name}:{}", at + 1), Some(patch.subject))).collect()
}

fn sabotages(root: &Path, _: &str) -> Vec<Name> {
    let dir = root.join("patches");
    let names = Series::names(&dir).unwrap_or_default();
    let series = names.iter().filter_map(|name| Series::load(&dir, name).ok());
    let all = series.flat_map(|series| Sabotage::load_all(&series).unwrap_or_default());
    all.map(|sabotage| (sabotage.name, Some(sabotage.undoes))).collect()
}

fn matrices(root: &Path, _: &str) -> Vec<Name> {
    bare(project(root).map(|project| project.matrices).unwrap_or_default().into_keys())
}

fn rules(_: &Path, _: &str) -> Vec<Name> {
    let all = ("all".to_owned(), Some("every rule".to_owned()));
    let rules = RULES.iter().map(|rule| (rule.name.to_owned(), Some(rule.summary.to_owned())));
    std::iter::once(all).chain(rules).collect()
}

/// The newest first; by its last six digits where these are what is typed.
fn runs(root: &Path, current: &str) -> Vec<Name> {
    let folders = Folders::of_runs(root.join("results"));
    let latest = folders.latest().map(|_| LATEST.to_owned());
    let ids = folders.list().unwrap_or_default().into_iter().map(|folder| folder.id).collect();
    bare(latest.into_iter().chain(newest_first(ids, current)))
}

fn bisections(root: &Path, current: &str) -> Vec<Name> {
    bare(newest_first(Bisections::new(&root.join("results")).ids(), current))
}

fn newest_first(mut ids: Vec<String>, current: &str) -> Vec<String> {
    ids.reverse();
    if !ids.iter().any(|id| id.starts_with(current)) {
        for id in &mut ids {
            *id = id.rsplit('-').next().unwrap_or_default().to_owned();
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    /// Values that are numbers, or the user's own words.
    const FREE: &[&str] = &[
        "AGE",
        "BAD",
        "BASE..TIP",
        "CELL",
        "COMMIT",
        "DEVICE,…",
        "EXPRESSION",
        "FILE:LINE",
        "GOOD",
        "MB",
        "MUTANT",
        "MUTATION",
        "N",
        "N,…",
        "N/M",
        "N[..M]",
        "NAME",
        "NAME=VALUE",
        "NEW",
        "OLD",
        "OPTIONS",
        "PERCENT",
        "SEED",
        "SIZE",
        "TEXT",
        "WINDOW",
        "WORDS",
    ];

    fn names(command: &Command, found: &mut BTreeSet<String>) {
        let args =
            command.get_arguments().filter(|arg| !arg.is_hide_set() && arg.get_possible_values().is_empty());
        for arg in args.filter(|arg| arg.get_action().takes_values()) {
            found.extend(arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string));
        }
        command.get_subcommands().for_each(|command| names(command, found));
    }

    #[test]
    fn every_value_is_completed_or_free() {
        let mut tree = crate::tree();
        tree.build();
        let mut used = BTreeSet::new();
        names(&tree, &mut used);
        for name in &used {
            assert!(named(name).is_some() != FREE.contains(&name.as_str()), "{name}");
        }
        for (name, _) in TABLE {
            assert!(used.contains(*name), "nothing takes {name}");
        }
    }
}
