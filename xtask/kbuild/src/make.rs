//! One run of make: its environment, its log, its progress, its first error.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use event::{Event, Sink, Stage};
use host::confine::{self, Broken, Policy};
use host::{Confinement, Process, Status, signals};

use super::headline::{self, Headline};
use super::{BuildError, Toolchain, gcov};

/// How often progress is reported.
const REPORT_EVERY: Duration = Duration::from_millis(200);

/// Variables that would change a kernel build behind our back: make's own, kbuild's, kconfig's, the compiler's.
const UNWANTED: [&str; 45] = [
    "MAKEFLAGS",
    "MFLAGS",
    "GNUMAKEFLAGS",
    "MAKELEVEL",
    "MAKEOVERRIDES",
    "MAKEFILES",
    "ARCH",
    "SRCARCH",
    "SUBARCH",
    "CROSS_COMPILE",
    "LLVM",
    "LLVM_IAS",
    "CC",
    "LD",
    "AR",
    "NM",
    "STRIP",
    "OBJCOPY",
    "HOSTCC",
    "CFLAGS",
    "LDFLAGS",
    "KCFLAGS",
    "KAFLAGS",
    "KCPPFLAGS",
    "HOSTCFLAGS",
    "KBUILD_OUTPUT",
    "KBUILD_EXTMOD",
    "KBUILD_EXTRA_SYMBOLS",
    "KBUILD_VERBOSE",
    "KBUILD_MODPOST_WARN",
    "KBUILD_MODPOST_NOFINAL",
    "KCONFIG_CONFIG",
    "KCONFIG_ALLCONFIG",
    "KCONFIG_DEFCONFIG_LIST",
    "GCOV_PROFILE",
    "LOCALVERSION",
    "INSTALL_MOD_PATH",
    "INSTALL_MOD_DIR",
    "INSTALL_MOD_STRIP",
    "INSTALL_PATH",
    "V",
    "W",
    "C",
    "M",
    "O",
];

/// Given on every command line, so that equal sources make equal kernels. Part of a build's identity.
pub(super) const FLAGS: [&str; 5] = [
    "LOCALVERSION=",
    "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970",
    "KBUILD_BUILD_USER=patchbench",
    "KBUILD_BUILD_HOST=patchbench",
    "KBUILD_BUILD_VERSION=1",
];

/// Where the mock modules are in a kernel tree.
pub(super) const MOCK: &str = "tools/testing/cxl";

/// make, set up for one tree and one object folder.
pub(super) struct Make<'a> {
    pub toolchain: &'a Toolchain,
    pub src: &'a Path,
    pub obj: &'a Path,
    /// What ccache takes as common root, so that its hits do not depend on where the slot lies.
    pub base: &'a Path,
    /// Root of the tool's cache: compilers in a box have a ccache of their own there.
    pub cache: &'a Path,
    pub jobs: usize,
    pub log: &'a Path,
    pub kernel: &'a str,
    pub profiled: &'a [String],
    pub sink: &'a dyn Sink,
}

/// Where the progress of a run is counted from and to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub stage: Stage,
    pub done: u64,
    /// 0: unknown.
    pub total: u64,
}

/// A finished run.
pub(super) struct Finished {
    pub status: Status,
    /// Objects made.
    pub objects: u64,
    log: PathBuf,
    src: PathBuf,
    headline: Headline,
    tail: Vec<String>,
    /// The limit of its box that it was killed for.
    broken: Option<Broken>,
}

#[derive(Default)]
struct Watch {
    headline: Headline,
    objects: u64,
    note: String,
}

impl Make<'_> {
    /// The process of a run, without its watcher.
    pub(super) fn process(&self, args: &[OsString]) -> Process {
        self.process_in(args, self.inside())
    }

    fn process_in(&self, args: &[OsString], inside: Confinement) -> Process {
        let mut process = Process::new(&self.toolchain.make, ["-C"])
            .arg(self.src)
            .arg(prefixed("O=", self.obj))
            .arg(format!("-j{}", self.jobs.max(1)))
            // A job's lines in one piece: an error keeps its context.
            .arg("-Otarget");
        for flag in FLAGS {
            process = process.arg(flag);
        }
        if self.toolchain.ccache.is_some() {
            process = process.arg("CC=ccache gcc");
        }
        if let Some(argument) = gcov::argument(self.profiled) {
            process = process.arg(argument);
        }
        let process = args.iter().fold(self.environment(process), Process::arg);
        process.env("LC_ALL", "C").log(self.log).confined(inside)
    }

    /// What kbuild itself starts, in the environment that it makes for that (the top Makefile: `unexport LC_ALL` and what follows).
    ///
    /// ccache believes the compiler's own list of inputs here, and so spares a run of the preprocessor for each object that it does not
    /// have: a third of the time. Behind make it goes by the preprocessed text as well, which finds what a change of the configuration
    /// leaves as it was.
    pub(super) fn below(&self, process: Process) -> Process {
        let process = self.environment(process).env("CCACHE_DEPEND", "1");
        process.env_remove("LC_ALL").env("LC_COLLATE", "C").env("LC_NUMERIC", "C")
    }

    fn environment(&self, mut process: Process) -> Process {
        for name in UNWANTED {
            process = process.env_remove(name);
        }
        if self.toolchain.ccache.is_some() {
            process = process.env("CCACHE_BASEDIR", self.base).env("CCACHE_NOHASHDIR", "1");
            if confine::policy() != Policy::Off {
                // What a stranger's Makefile puts there must not come out in the user's own builds, nor be taken for settings.
                process = process.env("CCACHE_DIR", self.ccache()).env("CCACHE_CONFIGPATH", "/dev/null");
            }
        }
        process.confined(self.inside())
    }

    fn ccache(&self) -> PathBuf {
        self.cache.join("ccache")
    }

    /// The box of a build. kbuild of 6.12 writes into the tree, too, where it makes modules from outside of it.
    pub(super) fn inside(&self) -> Confinement {
        let inside = self.toolchain.inside.clone().write(self.src).write(self.obj);
        if self.toolchain.ccache.is_some() { inside.write(self.ccache()) } else { inside }
    }

    /// Runs it; a make that fails is no error yet, see [`Finished::check`].
    ///
    /// # Errors
    /// make could not be run, or the user interrupted.
    pub(super) fn run(&self, args: &[OsString], progress: Progress) -> Result<Finished, BuildError> {
        self.run_heard(args, progress, |_| {})
    }

    /// The same with one more folder to write into.
    pub(super) fn run_into(
        &self,
        folder: &Path,
        args: &[OsString],
        progress: Progress,
    ) -> Result<Finished, BuildError> {
        self.follow(self.process_in(args, self.inside().write(folder)), progress, |_| {})
    }

    /// The same with someone who hears every line.
    pub(super) fn run_heard(
        &self,
        args: &[OsString],
        progress: Progress,
        hear: impl FnMut(&str) + Send + 'static,
    ) -> Result<Finished, BuildError> {
        self.follow(self.process(args), progress, hear)
    }

    fn follow(
        &self,
        process: Process,
        progress: Progress,
        mut hear: impl FnMut(&str) + Send + 'static,
    ) -> Result<Finished, BuildError> {
        let watch = Arc::new(Mutex::new(Watch::default()));
        let watcher = Arc::clone(&watch);
        let process = process.on_line(move |line| {
            let mut watch = watcher.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(object) = object(line) {
                watch.objects += 1;
                object.clone_into(&mut watch.note);
            }
            watch.headline.take(line);
            drop(watch);
            hear(line);
        });
        let mut running = process.start()?;
        let mut reported = 0;
        while running.wait(REPORT_EVERY).is_none() {
            let watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
            let (objects, note) = (watch.objects, watch.note.clone());
            drop(watch);
            if objects != reported {
                reported = objects;
                self.report(progress, objects, note);
            }
        }
        let output = running.finish();
        if signals::requested() {
            return Err(BuildError::Interrupted);
        }
        let watch = std::mem::take(&mut *watch.lock().unwrap_or_else(PoisonError::into_inner));
        if watch.objects > reported {
            self.report(progress, watch.objects, watch.note);
        }
        Ok(Finished {
            status: output.status,
            objects: watch.objects,
            log: self.log.to_owned(),
            src: self.src.to_owned(),
            headline: watch.headline,
            tail: output.tail,
            broken: output.broken,
        })
    }

    /// Tells how far a run is.
    pub(super) fn report(&self, progress: Progress, objects: u64, note: String) {
        let done = progress.done + objects;
        let total = if progress.total == 0 { 0 } else { progress.total.max(done) };
        let kernel = self.kernel.to_owned();
        self.sink.emit(&Event::StageProgress { kernel, stage: progress.stage, done, total, note });
    }
}

impl Finished {
    /// Turns a failed make into an error that says what failed and which error came first.
    ///
    /// # Errors
    /// [`BuildError::Make`], or [`BuildError::Machine`] where it was no fault of the source.
    pub(super) fn check(self, doing: &'static str) -> Result<Self, BuildError> {
        if self.status.success() {
            return Ok(self);
        }
        let log = self.log.clone();
        if let Some(broken) = self.broken {
            return Err(BuildError::Make { doing, headline: format!("make was ended: {broken}"), log });
        }
        if self.status.code().is_none() {
            let headline = format!("make was ended by {}", self.status);
            return Err(BuildError::Machine { doing, headline, hint: None, log });
        }
        let headline = self.headline.text(&self.src).unwrap_or_else(|| {
            format!("make ended with {}: {}", self.status, self.tail.last().map_or("", String::as_str))
        });
        match headline::hint(&headline) {
            None if !headline::is_machine(&headline) => Err(BuildError::Make { doing, headline, log }),
            hint => Err(BuildError::Machine { doing, headline, hint, log }),
        }
    }
}

/// `O=` and a path, as one argument.
pub(super) fn prefixed(prefix: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(prefix);
    argument.push(path);
    argument
}

/// The object of a line of kbuild's: `  CC [M]  drivers/cxl/mem.o`.
fn object(line: &str) -> Option<&str> {
    let verb = line.strip_prefix("  ")?;
    let made = line.rsplit_once(' ')?.1;
    let is_object = [".o", ".ko", ".a", "vmlinux", "bzImage"].iter().any(|end| made.ends_with(end));
    (verb.starts_with(|c: char| c.is_ascii_uppercase()) && is_object).then_some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_counted_and_nothing_else() {
        assert_eq!(object("  CC      fs/inode.o"), Some("fs/inode.o"));
        assert_eq!(object("  LD [M]  drivers/cxl/cxl_mem.ko"), Some("drivers/cxl/cxl_mem.ko"));
        assert_eq!(object("  GEN     Makefile"), None);
        assert_eq!(object("make[1]: Leaving directory 'x.o"), None);
        assert_eq!(object("   81 |  x.o"), None);
    }
}
