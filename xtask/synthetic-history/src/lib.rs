//! Synthetic histories over a real kernel, for what is to be searched or measured for certain: the answer is known.
//!
//! Each commit changes `drivers/cxl` alone, so that a step compiles a few files. There is no work tree: commits are made of an
//! index, in a repository that borrows the kernel's files from the cache.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use host::{Process, plain_git};
use source::Sources;
use spec::{Kernel, Series};

const MEM: &str = "drivers/cxl/mem.c";
const ACPI: &str = "drivers/cxl/acpi.c";
const OTHERS: [&str; 6] = ["port.c", "pmem.c", "core/hdm.c", "core/mbox.c", "core/pci.c", "security.c"];

/// Where attach is refused.
const CALL: &str = "\tif (cxlmd->attach) {\n\t\trc = cxlmd->attach->probe(cxlmd);";
/// Where the CXL root can be lost.
const ROOT: &str = "\tdevice_lock_set_class(&pdev->dev, &cxl_root_key);\n";
const LOST: &str = "\tif (pdev)\n\t\treturn -ENXIO;\n";
const BROKEN: &str = "\n#error this stretch does not build\n";
const INCLUDE: &str = "#include <linux/pci.h>\n";

/// The subject of the culprit in each of them.
pub const CULPRIT: &str = "cxl/mem: Refuse to attach";

/// When attach is refused: behind switches only.
pub const BEHIND_SWITCHES: &str = "parent_port->depth > 1";

/// A history in a repository of its own, on the branch `main`.
#[derive(Debug)]
pub struct SyntheticHistory {
    dir: PathBuf,
    tip: String,
}

impl SyntheticHistory {
    /// In a new folder, with the kernel and these series as its only commit.
    ///
    /// # Errors
    /// The kernel cannot be had, or git fails.
    pub fn new(dir: &Path, sources: &Sources, kernel: &Kernel, series: &[Series]) -> Result<Self> {
        let tree = sources.prepare(kernel, series)?.tree;
        let mut history = Self { dir: dir.to_owned(), tip: String::new() };
        fs::create_dir_all(dir).with_context(|| format!("making the folder {}", dir.display()))?;
        history.git(&["init", "--quiet", "--initial-branch=main"])?;
        let (alternates, objects) =
            (dir.join(".git/objects/info/alternates"), sources.repository().join("objects"));
        fs::write(&alternates, format!("{}\n", objects.display()))
            .with_context(|| format!("writing {}", alternates.display()))?;
        history.commit_tree(&tree, &[], "The kernel")?;
        Ok(history)
    }

    /// The repository.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The newest commit.
    pub fn tip(&self) -> &str {
        &self.tip
    }

    fn process(&self, args: &[&str]) -> Process {
        let process = ["AUTHOR", "COMMITTER"].iter().fold(plain_git(&self.dir), |process, who| {
            process
                .env(format!("GIT_{who}_NAME"), "D Developer")
                .env(format!("GIT_{who}_EMAIL"), "d@example.org")
        });
        args.iter().fold(process, Process::arg)
    }

    /// What git prints, in the repository.
    ///
    /// # Errors
    /// It fails.
    pub fn git(&self, args: &[&str]) -> Result<String> {
        Ok(self.process(args).read()?)
    }

    /// A commit with these files, which becomes the tip.
    fn commit_tree(&mut self, tree: &str, parents: &[&str], subject: &str) -> Result<()> {
        let message = format!("{subject}\n\nSynthetic.\n\nReviewed-by: R Reader <r@example.org>");
        let mut args = vec!["commit-tree", tree, "-m", &message];
        args.extend(parents.iter().flat_map(|parent| ["-p", parent]));
        let commit = self.git(&args)?;
        self.go_to(&commit)
    }

    /// Goes on from another commit.
    ///
    /// # Errors
    /// git fails.
    pub fn go_to(&mut self, commit: &str) -> Result<()> {
        self.git(&["read-tree", commit])?;
        self.git(&["update-ref", "refs/heads/main", commit])?;
        commit.clone_into(&mut self.tip);
        Ok(())
    }

    /// The kernel with other series, as the next commit.
    ///
    /// # Errors
    /// A series does not apply, or git fails.
    pub fn commit_series(
        &mut self,
        sources: &Sources,
        kernel: &Kernel,
        series: &[Series],
        subject: &str,
    ) -> Result<()> {
        let (tree, parent) = (sources.prepare(kernel, series)?.tree, self.tip.clone());
        self.commit_tree(&tree, &[&parent], subject)
    }

    /// A commit that changes one file, which it has to.
    ///
    /// # Errors
    /// The file is not what the change wants, or git fails.
    pub fn commit(
        &mut self,
        file: &str,
        subject: &str,
        change: impl FnOnce(&str) -> Option<String>,
    ) -> Result<()> {
        let text = self.git(&["cat-file", "blob", &format!(":{file}")])? + "\n";
        let changed = change(&text)
            .filter(|changed| *changed != text)
            .with_context(|| format!("{file} of this kernel is not what '{subject}' would change"))?;
        let blob = self.process(&["hash-object", "-w", "--stdin"]).stdin(changed).read()?;
        self.git(&["update-index", "--cacheinfo", &format!("100644,{blob},{file}")])?;
        let (tree, parent) = (self.git(&["write-tree"])?, self.tip.clone());
        self.commit_tree(&tree, &[&parent], subject)
    }

    /// A merge of another commit into the tip; they must not change the same lines.
    ///
    /// # Errors
    /// git fails.
    pub fn merge(&mut self, other: &str, subject: &str) -> Result<()> {
        let tip = self.tip.clone();
        let tree = self.git(&["merge-tree", "--write-tree", &tip, other])?;
        self.commit_tree(&tree, &[&tip, other], subject)
    }

    /// A commit that refuses to attach where the condition holds.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn commit_culprit(&mut self, condition: &str) -> Result<()> {
        let refused = format!("\tif (cxlmd->attach && {condition})\n\t\treturn -ENXIO;\n\n{CALL}");
        let included = format!("{INCLUDE}#include <linux/random.h>\n");
        self.commit(MEM, CULPRIT, |text| swapped(INCLUDE, &included, &swapped(CALL, &refused, text)?))
    }

    /// A commit that changes nothing that matters; each third comes to the same kernel.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn commit_other(&mut self, number: usize) -> Result<()> {
        let file = format!("drivers/cxl/{}", OTHERS[number % OTHERS.len()]);
        let more = match number % 3 {
            0 => format!("/* remark {number} */\n"),
            _ => format!(
                "int cxl_made_up_{number}(void);\nint cxl_made_up_{number}(void)\n{{\n\treturn {number};\n}}\n"
            ),
        };
        self.commit(&file, &format!("cxl: Add {number}"), |text| Some(text.to_owned() + &more))
    }

    /// So many commits, the one of this number the culprit; 20 to 27 do not build, 31 to 34 fail everywhere, and otherwise.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn commits(&mut self, count: usize, culprit: usize, condition: &str) -> Result<()> {
        for number in 1..=count {
            match number {
                _ if number == culprit => self.commit_culprit(condition),
                20 => self.commit(MEM, "cxl/mem: Break the build", |text| Some(text.to_owned() + BROKEN)),
                28 => self.commit(MEM, "cxl/mem: Mend the build", |text| swapped(BROKEN, "", text)),
                31 => self.commit(ACPI, "cxl/acpi: Lose the root", |text| {
                    swapped(ROOT, &format!("{LOST}{ROOT}"), text)
                }),
                35 => self.commit(ACPI, "cxl/acpi: Find the root again", |text| swapped(LOST, "", text)),
                _ => self.commit_other(number),
            }?;
        }
        Ok(())
    }
}

/// The text with the first of these replaced; none where it is not there.
fn swapped(from: &str, to: &str, text: &str) -> Option<String> {
    text.contains(from).then(|| text.replacen(from, to, 1))
}
