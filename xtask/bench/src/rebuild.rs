//! One file of the kernel changed: through the tool, as the next version of a series, and by plain make in the same
//! work folder; up to a build, and up to a verdict.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use engine::run::{CellJob, Plan, Request, install_command, make_commands, work_slot};
use host::{Cache, Process, quote};
use source::Sources;
use spec::{ModuleSet, Project, Userland};

use super::tool::{Bench, replayed};

/// Name of the series that edits it.
const SERIES: &str = "bench-edit";
/// Folder of the copy where the modules are installed by hand.
const MODULES: &str = "modules";
/// The verdict that is waited for.
const VERDICT: &[&str] = &["--topology", "direct", "--suite", "attach", "--case", "callback-once"];

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
    /// The one that installs the modules in the folder `modules` of the copy.
    install: String,
    /// What is edited: of a module, so that bzImage stays.
    file: &'static str,
    /// The file as it came with the kernel and its series.
    text: String,
}

impl<'a> Rebuild<'a> {
    pub(super) fn new(bench: &'a Bench<'a>, project: &Project, file: &'static str) -> Result<Self> {
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
        let install = install_command(&plan, cache, &copy.path().join(MODULES))?;
        let sources = Sources::new(cache);
        let prepared = sources.prepare(&plan.kernel, &plan.series)?;
        let text = sources.file(&prepared, file)?.with_context(|| format!("this kernel has no {file}"))?;
        Ok(Self { bench, copy, cache, slot, lock, makes, install, file, text })
    }

    /// The tool: series applied, work copy updated, make, modules installed, cache entry written.
    pub(super) fn by_tool(&self) -> Result<Duration> {
        self.edit()?;
        self.bench.tool_in(self.copy.path(), &["--quiet", "build"])
    }

    /// The same with this `--box`.
    pub(super) fn boxed_by_tool(&self, policy: &str) -> Result<Duration> {
        self.edit()?;
        self.bench.tool_in(self.copy.path(), &["--quiet", "build", "--box", policy])
    }

    /// The same, and a case.
    pub(super) fn verdict_by_tool(&self) -> Result<Duration> {
        self.edit()?;
        self.bench.tool_in(self.copy.path(), &[&["--quiet", "run"], VERDICT].concat())
    }

    /// The same case behind plain make: the modules installed and packed behind the image that the tool made, and its guest replayed.
    pub(super) fn verdict_by_hand(&self) -> Result<Duration> {
        let cells = self.copy.path().join("results/latest/cells");
        let cell = fs::read_dir(&cells).with_context(|| format!("reading {}", cells.display()))?;
        let cell = cell.flatten().next().context("the run has no cell")?.path();
        let job = CellJob::read(&cell.join("job.json"))?;
        let image = job
            .kernel
            .image(ModuleSet::Production, Userland::Busybox)
            .map_err(|why| anyhow::anyhow!("{why}"))?;
        let (modules, packed) = (self.copy.path().join(MODULES), self.copy.path().join("image"));

        let made = self.by_hand()?;
        let begun = Instant::now();
        let packing = [
            self.install.clone(),
            format!("cp {} {}", quote(&image.path), quote(&packed)),
            format!(
                "cd {} && find lib -type f | busybox cpio -o -H newc >> {}",
                quote(&modules),
                quote(&packed)
            ),
        ];
        for command in packing {
            Process::new("sh", ["-c", &command]).deadline(Duration::from_secs(300)).run()?;
        }
        let packed_in = begun.elapsed();
        let replay = format!("IMAGE={} sh {}", quote(&packed), quote(cell.join("boot0/replay.sh")));
        Ok(made + packed_in + replayed(&replay)?)
    }

    fn edit(&self) -> Result<()> {
        let line = Self::new_line();
        let dir = self.copy.path().join("patches").join(SERIES);
        fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        write(&dir.join("series.yaml"), "title: one edit\n")?;
        let header = "From: A <a@example.org>\nSubject: [PATCH] Edit\n\nTo be measured.\n---\n";
        write(&dir.join("0001-edit.patch"), &format!("{header}{}", patch(self.file, &self.text, &line)))
    }

    /// The same edit and plain make, with the tool's own flags.
    pub(super) fn by_hand(&self) -> Result<Duration> {
        let _guard = self.cache.lock(&self.lock)?;
        let line = Self::new_line();
        let text = with_line(&self.text, &line);
        write(&self.slot.join("src").join(self.file), &text)?;
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

    /// A definition that was never there before: neither ccache nor the tool's own cache has it.
    fn new_line() -> String {
        static EDITS: AtomicU32 = AtomicU32::new(0);
        let unique = format!("{}-{}", std::process::id(), EDITS.fetch_add(1, Ordering::Relaxed));
        format!("static const char cxl_bench_edit[] __maybe_unused = \"{unique}\";")
    }
}

/// Where a line is added: at the end, or within the guard of a header.
fn place(lines: &[&str]) -> usize {
    lines.len() - usize::from(lines.last().is_some_and(|last| last.starts_with("#endif")))
}

fn with_line(text: &str, line: &str) -> String {
    let mut lines: Vec<&str> = text.trim_end().lines().collect();
    lines.insert(place(&lines), line);
    lines.join("\n") + "\n"
}

/// A patch that adds the line to the file with this text.
fn patch(file: &str, text: &str, line: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let at = place(&lines);
    let (before, after) = (&lines[at.saturating_sub(3)..at], &lines[at..]);
    let (first, old) = (at - before.len() + 1, before.len() + after.len());
    let kept = |lines: &[&str]| lines.iter().map(|line| format!(" {line}\n")).collect::<String>();
    format!(
        "--- a/{file}\n+++ b/{file}\n@@ -{first},{old} +{first},{} @@\n{}+{line}\n{}",
        old + 1,
        kept(before),
        kept(after)
    )
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
    fn an_edit_is_a_patch_of_one_line() {
        insta::assert_snapshot!(patch("a/b.c", "1\n2\n3\n4\n5\n", "new"), @r"
        --- a/a/b.c
        +++ b/a/b.c
        @@ -3,3 +3,4 @@
         3
         4
         5
        +new
        ");
        let header = "#ifndef X\n1\n#endif /* X */\n";
        assert_eq!(with_line(header, "new"), "#ifndef X\n1\nnew\n#endif /* X */\n");
        insta::assert_snapshot!(patch("b.h", header, "new"), @r"
        --- a/b.h
        +++ b/b.h
        @@ -1,3 +1,4 @@
         #ifndef X
         1
        +new
         #endif /* X */
        ");
    }
}
