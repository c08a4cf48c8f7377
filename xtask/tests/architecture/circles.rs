//! Files that import each other, directly or by way of others.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports;
use crate::sources::Module;

type Path = Vec<String>;

/// The circles, each with its files in order.
pub fn circles(modules: &[Module]) -> Vec<Vec<&Module>> {
    let known: BTreeMap<&[String], usize> =
        modules.iter().enumerate().map(|(index, module)| (module.path.as_slice(), index)).collect();
    let reexports: BTreeMap<Path, Path> = modules
        .iter()
        .flat_map(|module| {
            let at = |name| module.path.iter().cloned().chain([name]).collect::<Path>();
            imports::reexports(module).into_iter().map(move |(name, to)| (at(name), to))
        })
        .collect();
    let edges: Vec<BTreeSet<usize>> = modules
        .iter()
        .enumerate()
        .map(|(index, module)| {
            let targets = imports::of(module);
            let targets = targets.iter().filter_map(|path| target(path, &known, &reexports, &module.path));
            targets.filter(|other| *other != index).collect()
        })
        .collect();
    let reach: Vec<_> = (0..modules.len()).map(|from| reachable(from, &edges)).collect();
    let mut found = BTreeSet::new();
    for from in 0..modules.len() {
        if reach[from].contains(&from) {
            let same = |other: &usize| reach[from].contains(other) && reach[*other].contains(&from);
            found.insert((0..modules.len()).filter(same).collect::<Vec<_>>());
        }
    }
    found.into_iter().map(|circle| circle.into_iter().map(|index| &modules[index]).collect()).collect()
}

/// The file in which that lies, which a path names through any re-exports.
fn target(
    path: &[String],
    known: &BTreeMap<&[String], usize>,
    reexports: &BTreeMap<Path, Path>,
    from: &[String],
) -> Option<usize> {
    let mut path = path.to_vec();
    // Re-exports of re-exports end, but for a broken program.
    for _ in 0..8 {
        let longest = (0..=path.len()).rev().find(|length| known.contains_key(&path[..*length]))?;
        match path.get(..=longest).and_then(|name| reexports.get(name)) {
            Some(to) => path = to.iter().chain(&path[longest + 1..]).cloned().collect(),
            // What looks like a path within this very file, or is one of another crate.
            None if path[..longest] == *from => return None,
            None => return known.get(&path[..longest]).copied(),
        }
    }
    None
}

fn reachable(from: usize, edges: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<_> = edges[from].iter().copied().collect();
    while let Some(index) = next.pop() {
        if seen.insert(index) {
            next.extend(&edges[index]);
        }
    }
    seen
}
