//! One file of the kernel changed: through the tool, as the next version of a series, and by plain make in the same
//! work folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use engine::run::{Plan, Request, make_commands, work_slot};
use host::{Cache, Process};
use source::Sources;
use spec::Project;

use super::tool::Bench;

/// What is edited: a module, so that bzImage stays.
const FILE: &str = "drivers/cxl/mem.c";
/// Name of the series that edits it.
const SERIES: &str = "bench-edit";

/// A copy of the project with one more series on the kernel, and the kernel's work slot.
pub(super) struct Rebuild<'a> {
    bench: &'a Bench<'a>,
    copy: tempfile::TempDir,
    cache: &'a Cache,
    slot: PathBuf,
    /// Name of the slot's lock.
    lock: String,
    /// The commands that plain make is: kernel and modules, then the mock modules.
    makes: Vec<String>,
    /// The file as it came with the kernel and its series.
    text: String,
    /// Makes each edit another one, for ccache.
    edits: u32,
}

impl<'a> Rebuild<'a> {
    pub(super) fn new(bench: &'a Bench<'a>, project: &Project) -> Result<Self> {
        let request = Request { kernel: bench.kernel.map(str::to_owned), ..Request::default() };
        let plan = Plan::kernel_only(project, &request)?;
        let copy = tempfile::tempdir().context("making a folder")?;
        copy_project(&project.root, copy.path())?;
        let series: Vec<&str> = plan.kernel.series.iter().map(String::as_str).chain([SERIES]).collect();
        let local = format!("kernels: {{ {}: {{ series: [{}] }} }}\n", plan.kernel.name, series.join(", "));
        write(&copy.path().join("patchbench.local.yaml"), &local)?;
        let cache = &bench.ctx.cache;
        let (lock, slot) = work_slot(&plan, cache);
        let makes = make_commands(&plan, cache)?;
        let sources = Sources::new(cache);
        let prepared = sources.prepare(&plan.kernel, &plan.series)?;
        let text = sources.file(&prepared, FILE)?.with_context(|| format!("this kernel has no {FILE}"))?;
        Ok(Self { bench, copy, cache, slot, lock, makes, text, edits: 0 })
    }

    /// The tool: series applied, work copy updated, make, modules installed, cache entry written.
    pub(super) fn by_tool(&mut self) -> Result<Duration> {
        let text = self.edited();
        let dir = self.copy.path().join("patches").join(SERIES);
        fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        write(&dir.join("series.yaml"), "title: one edit\n")?;
        let header = "From: A <a@example.org>\nSubject: [PATCH] Edit\n\nTo be measured.\n---\n";
        write(&dir.join("0001-edit.patch"), &format!("{header}{}", appended(FILE, &text)?))?;
        self.bench.tool_in(self.copy.path(), &["--quiet", "build"])
    }

    /// The same edit and plain make, with the tool's own flags.
    pub(super) fn by_hand(&mut self) -> Result<Duration> {
        let _guard = self.cache.lock(&self.lock)?;
        let text = self.edited();
        write(&self.slot.join("src").join(FILE), &text)?;
        self.make()
    }

    /// Plain make with nothing to do.
    pub(super) fn idle_make(&self) -> Result<Duration> {
        let _guard = self.cache.lock(&self.lock)?;
        self.make()
    }

    fn make(&self) -> Result<Duration> {
        let begun = Instant::now();
        for command in &self.makes {
            Process::new("sh", ["-c", command]).deadline(Duration::from_secs(3600)).run()?;
        }
        Ok(begun.elapsed())
    }

    /// The file with one definition more, never the same.
    fn edited(&mut self) -> String {
        self.edits += 1;
        let unique = format!("{}-{}", std::process::id(), self.edits);
        format!("{}\nconst char cxl_bench_edit[] = \"{unique}\";\n", self.text.trim_end())
    }
}

/// A patch that appends the last line of `text` to a file that is as all lines before.
fn appended(file: &str, text: &str) -> Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    ensure!(lines.len() > 4, "{file} is too short to be edited");
    let old = lines.len() - 1;
    let context: String = lines[old - 3..old].iter().map(|line| format!(" {line}\n")).collect();
    let hunk = format!("@@ -{},3 +{},4 @@\n{context}+{}\n", old - 2, old - 2, lines[old]);
    Ok(format!("--- a/{file}\n+++ b/{file}\n{hunk}"))
}

/// What the user writes in a project, without what was made of it.
pub(super) fn copy_project(root: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for name in ["patchbench.yaml", "kconfig", "patches", "scenarios", "topologies"] {
        copy_all(&root.join(name), &to.join(name))?;
    }
    Ok(())
}

/// A file, or a folder with all that is in it.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.with_context(|| format!("reading {}", from.display()))?;
        let below = entry.path().strip_prefix(from).unwrap_or(entry.path());
        // Joining nothing would leave a file's name with a slash behind it.
        let target = if below.as_os_str().is_empty() { to.to_owned() } else { to.join(below) };
        let done = if entry.file_type().is_dir() {
            fs::create_dir_all(&target)
        } else {
            fs::copy(entry.path(), &target).map(drop)
        };
        done.with_context(|| format!("copying {}", entry.path().display()))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_a_patch_that_appends() {
        let text = "1\n2\n3\n4\n5\nnew\n";
        insta::assert_snapshot!(appended("a/b.c", text).expect("long enough"), @r"
        --- a/a/b.c
        +++ b/a/b.c
        @@ -3,3 +3,4 @@
         3
         4
         5
        +new
        ");
        assert!(appended("b.c", "1\n2\n").is_err());
    }
}
