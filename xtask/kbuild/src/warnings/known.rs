//! What is known of files from tree to tree, so that what is new can be distinguished from what is old.

use std::collections::{BTreeMap, BTreeSet};

use super::{Warning, Warnings};

impl Warnings {
    /// The same, with these files known not to compile.
    pub(super) fn without(mut self, broken: BTreeSet<String>) -> Self {
        self.found.retain(|warning| !broken.contains(&warning.file));
        self.not_compiled.retain(|file| !broken.contains(file));
        self.broken.extend(broken);
        self
    }

    /// Of files none of which can be compiled.
    pub fn of_broken(files: &[String]) -> Self {
        Self::default().without(files.iter().cloned().collect())
    }
}

/// What is known of the files of a series.
#[derive(Debug, Default)]
pub struct Known {
    /// What was reported the last time that a file compiled.
    found: BTreeSet<Warning>,
    /// Files of which something is known, be it that nothing is reported of them.
    files: BTreeSet<String>,
    /// Files that did not compile the last time, with the number of the first tree since which that is so.
    owed: BTreeMap<String, usize>,
}

/// What a look at a tree brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Warnings that were not there before. One that only moved to another line is not among them. With the number of the
    /// tree with which the file did not compile any more, where that may have brought it as well.
    pub new: Vec<(Warning, Option<usize>)>,
    /// Warnings of files of which nothing was known before: they may be old.
    pub perhaps: Vec<Warning>,
}

impl Known {
    /// Files that have to be looked at again with the next tree, whether it touches them or not.
    pub fn owed(&self) -> impl Iterator<Item = &String> {
        self.owed.keys()
    }

    /// Takes over what is reported of these files in the tree of this number.
    pub fn compare(&mut self, number: usize, files: &[String], reported: &Warnings) -> Compared {
        let mut left: BTreeMap<(String, String), usize> = BTreeMap::new();
        for old in &self.found {
            *left.entry((old.file.clone(), old.text.clone())).or_default() += 1;
        }
        let mut compared = Compared::default();
        for warning in &reported.found {
            match left.get_mut(&(warning.file.clone(), warning.text.clone())) {
                Some(left) if *left > 0 => *left -= 1,
                _ if !self.files.contains(&warning.file) => compared.perhaps.push(warning.clone()),
                _ => compared.new.push((warning.clone(), self.owed.get(&warning.file).copied())),
            }
        }
        for file in files {
            if reported.broken.contains(file) {
                self.owed.entry(file.clone()).or_insert(number);
                continue;
            }
            self.owed.remove(file);
            if !reported.not_compiled.contains(file) {
                self.files.insert(file.clone());
                self.found.retain(|warning| warning.file != *file);
            }
        }
        self.found.extend(reported.found.iter().cloned());
        compared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(all: &[(&str, u64, &str)]) -> Warnings {
        let warning = |&(file, line, text): &(&str, u64, &str)| Warning {
            file: file.to_owned(),
            line,
            text: text.to_owned(),
        };
        Warnings { found: all.iter().map(warning).collect(), ..Warnings::default() }
    }

    fn broken(mut warnings: Warnings, files: &[&str]) -> Warnings {
        warnings.broken.extend(files.iter().map(|&file| file.to_owned()));
        warnings
    }

    /// Trees of which each brings what is reported of `a.c` and `b.c`; what is new in each, and what may be.
    fn compared(trees: &[Warnings]) -> Vec<String> {
        let files = ["a.c", "b.c"].map(str::to_owned);
        let mut known = Known::default();
        let all = trees.iter().enumerate().map(|(number, tree)| {
            let compared = known.compare(number, &files, tree);
            let new = compared.new.iter().map(|(warning, since)| match since {
                Some(since) => format!("new, perhaps with {since}: {warning}"),
                None => format!("new: {warning}"),
            });
            new.chain(compared.perhaps.iter().map(|warning| format!("perhaps: {warning}")))
                .collect::<Vec<_>>()
                .join("; ")
        });
        all.collect()
    }

    #[test]
    fn what_moved_is_not_new_and_what_came_twice_is() {
        let trees = [
            warned(&[("a.c", 10, "unused 'x'"), ("b.c", 1, "no prototype")]),
            warned(&[("a.c", 14, "unused 'x'"), ("b.c", 1, "no prototype")]),
            warned(&[("a.c", 14, "unused 'x'"), ("a.c", 90, "unused 'x'")]),
            warned(&[("b.c", 1, "no prototype")]),
        ];
        assert_eq!(compared(&trees)[1..], ["", "new: a.c:90: unused 'x'", "new: b.c:1: no prototype"]);
    }

    #[test]
    fn a_later_look_counts_for_its_files_alone() {
        let (a, b) = (["a.c".to_owned()], ["b.c".to_owned()]);
        let mut known = Known::default();
        known.compare(0, &[a.clone(), b.clone()].concat(), &warned(&[("a.c", 1, "one"), ("b.c", 1, "two")]));
        assert_eq!(known.compare(1, &a, &warned(&[("a.c", 1, "three")])).new.len(), 1);
        assert_eq!(known.compare(2, &b, &warned(&[("b.c", 5, "two")])), Compared::default());
    }

    #[test]
    fn what_did_not_compile_is_neither_blamed_nor_forgotten() {
        // The tree before does not compile a.c: what is reported of it later may be old.
        let old = warned(&[("a.c", 1, "old")]);
        assert_eq!(
            compared(&[
                broken(warned(&[]), &["a.c"]),
                old.clone(),
                warned(&[("a.c", 1, "old"), ("a.c", 2, "x")])
            ]),
            ["", "perhaps: a.c:1: old", "new: a.c:2: x"]
        );
        // A patch breaks it, the next but one mends it: what was there before is old, and the rest of one of the two.
        let more = warned(&[("a.c", 1, "old"), ("a.c", 2, "more")]);
        let no = || broken(warned(&[]), &["a.c"]);
        assert_eq!(
            compared(&[old, no(), no(), more.clone(), more]),
            ["perhaps: a.c:1: old", "", "", "new, perhaps with 1: a.c:2: more", ""]
        );
    }

    #[test]
    fn what_did_not_compile_is_looked_at_again() {
        let files = ["a.c", "b.c"].map(str::to_owned);
        let mut known = Known::default();
        known.compare(3, &files, &Warnings::of_broken(&files[..1]));
        assert_eq!(known.owed().collect::<Vec<_>>(), ["a.c"]);
        known.compare(4, &files[..1], &warned(&[]));
        assert_eq!(known.owed().count(), 0);
    }
}
