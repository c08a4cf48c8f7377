//! The way from a tree to an entry of the cache, and straight to the entry when there is one.

use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

use fs_err as fs;

use event::{Event, Sink, Stage, StageEnd};
use fault::{Fault, ToolError};
use host::digest;

use super::config::{self, Configured};
use super::entry::{Built, Draft, FORMAT, Stamp, id_without_mock};
use super::fastpath::{self, Detour, FastPath, Memory};
use super::fragment::{Fragment, Merged, Release, Setting, merge};
use super::make::{FLAGS, MOCK, Make, Progress, prefixed};
use super::slot::Slot;
use super::{BuildError, Toolchain, gcov, install, links, toolchain};

mod fast;

/// The line of a configuration with which there are line tables, and they are kept.
const DEBUG_INFO: &str = "CONFIG_DEBUG_INFO=y";

/// A checked-out source tree.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a> {
    /// Its folder: a private copy under the caller's lock, as kbuild writes objects of external modules into it.
    /// Absolute, without blanks and colons (kbuild can do neither).
    pub src: &'a Path,
    /// Names its content, e.g. the id of a git tree.
    pub id: &'a str,
    /// The kernel's version: `6.12.117`, `7.3-rc2`.
    pub version: &'a str,
    /// Files in which it differs from [`Builder::last_tree`], from the top of the tree. Without them make has to look.
    pub changed: Option<&'a [String]>,
}

/// What is known of a kernel before it is made.
#[derive(Debug, Clone, Copy)]
pub enum Outlook<'a> {
    /// It will be that of this finished build: modules alone are made anew.
    Same(&'a Built),
    /// make decides.
    MadeAnew,
}

/// What came of make, beside files.
struct Made {
    objects: u64,
    notices: Vec<String>,
    /// The first error of the mock modules, where they do not compile.
    mock_error: Option<String>,
}

/// In the object folder: the release as `uname -r` says it.
const RELEASE: &str = "include/config/kernel.release";

/// Configures and builds kernels.
pub struct Builder<'a> {
    /// Root of the cache; finished builds are in `builds/` below it.
    pub cache: &'a Path,
    /// Folder of the work slot, absolute and locked by the caller; objects and logs stay here from build to build.
    pub slot: &'a Path,
    /// Name of the kernel, for events.
    pub kernel: &'a str,
    /// Name of the flavour: part of a build's identity.
    pub flavour: &'a str,
    /// Jobs for make.
    pub jobs: usize,
    /// The programs.
    pub toolchain: &'a Toolchain,
    /// Whether the mock modules are wanted. Where they are not, an edit may leave them as they were: see [`super::Mock::LeftOut`].
    pub mock: bool,
    /// Folders of the tree, each by itself, whose objects count how often their lines ran, where the configuration has it
    /// (`CONFIG_GCOV_KERNEL`). Part of a build's identity.
    pub profiled: &'a [String],
    /// Hears stages, progress and remarks.
    pub sink: &'a dyn Sink,
}

impl Builder<'_> {
    /// Names the build of a tree: a hash over the tree, the fragments, the flavour, the toolchain, the flags and
    /// the format of an entry. Runs nothing.
    pub fn id(&self, tree: &str, fragments: &[Fragment]) -> String {
        let format = FORMAT.to_string();
        let head = [format.as_str(), tree, self.flavour, &self.toolchain.version, MOCK];
        let texts: Vec<_> =
            fragments.iter().flat_map(|fragment| &fragment.settings).map(Setting::identity).collect();
        let profiled = self.profiled.iter().map(String::as_str);
        let fields = head.into_iter().chain(FLAGS).chain(texts.iter().map(String::as_str)).chain(profiled);
        digest(fields.map(str::as_bytes))[..40].to_owned()
    }

    /// The finished build of a tree, if there is one; no checkout is needed for it and no make is run.
    pub fn cached(&self, tree: &str, fragments: &[Fragment]) -> Option<Built> {
        let (builds, id) = (self.cache.join("builds"), self.id(tree, fragments));
        // First the one without: a run that is taken up finds the one that it began with.
        let without = || Built::load(&builds, &id_without_mock(&id));
        let found = if self.mock { None } else { without() };
        found.or_else(|| Built::load(&builds, &id))
    }

    /// The same, reported as a stage and its remarks.
    ///
    /// # Errors
    /// None but the stage's own.
    pub fn finished(&self, tree: &str, fragments: &[Fragment]) -> Result<Option<Built>, BuildError> {
        let Some(built) = self.cached(tree, fragments) else { return Ok(None) };
        self.stage(Stage::Build, |_| Ok(((), StageEnd::Cached, built.release.clone())))?;
        self.remark(&built.notices);
        Ok(Some(built))
    }

    /// The last finished build of a slot, whose kernel the next one will have if nothing but modules is edited.
    pub fn last_in(slot: &Path, cache: &Path) -> Option<Built> {
        let memory = remembered(slot).filter(|memory| memory.is_whole)?;
        Built::load(&cache.join("builds"), &memory.entry)
    }

    /// The tree that the objects of the slot were made from, by its `id`; none where that is not known.
    pub fn last_tree(&self) -> Option<String> {
        remembered(self.slot).map(|memory| memory.tree)
    }

    /// Builds a tree, or takes the finished build. Emits the stages configure and build, and remarks.
    ///
    /// Where only files changed that modules alone are compiled from, no make is run: see [`super::fastpath`].
    ///
    /// # Errors
    /// [`BuildError`]; mock modules that do not compile are none, see [`super::Mock`].
    pub fn build(&self, tree: &Tree, fragments: &[Fragment]) -> Result<Built, BuildError> {
        self.build_telling(tree, fragments, &|_| {})
    }

    /// As [`Builder::build`]. Before anything is compiled, `hears` is told of the kernel, see [`Outlook`].
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn build_telling(
        &self,
        tree: &Tree,
        fragments: &[Fragment],
        hears: &dyn Fn(Outlook<'_>),
    ) -> Result<Built, BuildError> {
        if let Some(built) = self.finished(tree.id, fragments)? {
            return Ok(built);
        }
        let version =
            Release::parse(tree.version).ok_or_else(|| BuildError::Version(tree.version.to_owned()))?;
        let merged = merge(fragments, version);
        toolchain::look_for_packer(&merged)?;
        let slot = Slot::open(self.slot)?;
        let resumed = slot.is_unfinished();
        slot.begin(tree.src)?;
        let configured = self.stage(Stage::Configure, |_| self.configure(tree, &slot, &merged))?;
        self.remark(&configured.notices);
        let id = self.id(tree.id, fragments);
        let built = self.stage(Stage::Build, |begun| {
            let short = if resumed {
                Err(Detour::new("the build before was cut short"))
            } else if !self.profiled.is_empty() {
                // The notes of all objects go into the entry.
                Err(Detour::new("its lines are counted"))
            } else {
                self.on_fast_path(tree, &slot, &configured, &id, hears)?
            };
            let (done, way) = match short {
                Ok(done) => (done, ", without make".to_owned()),
                Err(detour) => {
                    hears(Outlook::MadeAnew);
                    let done = self.compile(tree, &slot, configured, id, resumed)?;
                    (done, detour.why.map(|why| format!(", by make: {why}")).unwrap_or_default())
                }
            };
            let (built, objects) = done;
            let seconds = begun.elapsed().as_secs_f64();
            let note = format!("{}, {objects} objects in {seconds:.1} s{way}", built.release);
            Ok((built, StageEnd::Done, note))
        })?;
        Ok(built)
    }

    pub(super) fn make<'m>(&'m self, tree: &'m Tree, obj: &'m Path, log: &'m Path) -> Make<'m> {
        Make {
            toolchain: self.toolchain,
            src: tree.src,
            obj,
            base: tree.src.parent().unwrap_or(tree.src),
            cache: self.cache,
            jobs: self.jobs,
            log,
            kernel: self.kernel,
            profiled: self.profiled,
            sink: self.sink,
        }
    }

    pub(super) fn configure(
        &self,
        tree: &Tree,
        slot: &Slot,
        merged: &Merged,
    ) -> Result<(Configured, StageEnd, String), BuildError> {
        let note = |configured: &Configured| match configured.notices.len() {
            0 => format!("{} options", merged.settings.len()),
            n => format!("{} options; {n} remarks on what this kernel has not (-v)", merged.settings.len()),
        };
        if let Some(last) = config::still_valid(slot, tree.src, self.toolchain, merged) {
            let note = note(&last);
            return Ok((last, StageEnd::Cached, note));
        }
        let (obj, log) = (slot.obj(), slot.log("configure.log")?);
        let configured = config::configure(&self.make(tree, &obj, &log), slot, merged);
        if configured.as_ref().is_err_and(|error| error.fault() == Fault::Kernel) {
            slot.settle()?;
        }
        let configured = configured?;
        let note = note(&configured);
        Ok((configured, StageEnd::Done, note))
    }

    /// Everything after the configuration. Returns the objects made as well.
    fn compile(
        &self,
        tree: &Tree,
        slot: &Slot,
        configured: Configured,
        id: String,
        resumed: bool,
    ) -> Result<(Built, u64), BuildError> {
        let (obj, log) = (slot.obj(), slot.log("build.log")?);
        let make = self.make(tree, &obj, &log);
        let fresh = !resumed && !obj.join("vmlinux").exists();
        // Only a build from nothing is known beforehand: as many objects as the last one of this flavour had.
        let count = self.cache.join("builds").join(format!("objects-{}", self.flavour));
        let total = if fresh { read_number(&count) } else { 0 };
        let progress = Progress { stage: Stage::Build, done: 0, total };
        if !self.profiled.is_empty() {
            gcov::check_compiler(tree.src, &self.toolchain.version)?;
        }

        Memory::forget(&slot.memory())?;
        fastpath::drop_orphans(tree.src, &obj, tree.changed.unwrap_or_default())?;
        let kernel = make.run(&["bzImage", "modules"].map(OsString::from), progress)?;
        if kernel.status.code().is_some() {
            slot.settle()?;
        }
        let kernel = kernel.check("building the kernel")?;
        let (notices, config) = (configured.notices.clone(), configured.config.clone());
        config::remember(slot, tree.src, configured)?;

        slot.begin(tree.src)?;
        let after = Progress { done: kernel.objects, ..progress };
        let (mock_error, mock_objects) = build_mock(&make, after)?;
        let objects = kernel.objects + mock_objects;

        let made = Made { objects, notices, mock_error };
        let built = self.pack(tree, &make, made, id, Progress { done: objects, ..progress })?;
        if let Some(path) = FastPath::find(&make, &slot.memory(), built.mock.root().is_ok()) {
            path.remember(tree.id, &built.id, &config)?;
        }
        slot.settle()?;
        if fresh {
            // Only a guess for the next progress bar: its loss is nothing.
            let _ = fs::write(count, objects.to_string());
        }
        Ok((built, objects))
    }

    /// Puts what make has made into the cache.
    fn pack(
        &self,
        tree: &Tree,
        make: &Make,
        made: Made,
        id: String,
        progress: Progress,
    ) -> Result<Built, BuildError> {
        let obj = make.obj;
        let draft = Draft::new(&self.cache.join("builds"))?;
        let kept =
            [("arch/x86/boot/bzImage", "bzImage"), (".config", "config"), ("System.map", "System.map")];
        links::refuse(obj, kept.iter().map(|(from, _)| *from).chain([RELEASE, "vmlinux"]))?;
        let release = read(&obj.join(RELEASE))?.trim().to_owned();
        // It becomes the name of a folder.
        if release.is_empty() || release.contains(['/', '\n']) || [".", ".."].contains(&release.as_str()) {
            return Err(BuildError::Version(release));
        }
        for (from, to) in kept {
            fs::copy(obj.join(from), draft.path().join(to))?;
        }
        let (production, mock) = (draft.path().join("production"), draft.path().join("mock"));
        install::production(make, &production, &release, progress)?;
        let external = tree.src.join(MOCK);
        let has_mock = external.is_dir() && made.mock_error.is_none();
        if has_mock {
            install::mock(make, &production, &mock, &release, &external, progress)?;
        }
        // Installing has run the tree's Makefiles once more.
        links::refuse(obj, [".config", "vmlinux"])?;
        if read(&obj.join(".config"))?.lines().any(|line| line == DEBUG_INFO) {
            let debug = draft.path().join("debug");
            install::unstripped(obj, has_mock.then_some(external.as_path()), &debug)?;
        }
        gcov::keep_notes(self.profiled, obj, tree.src, &draft.path().join(gcov::NOTES))?;
        let size = fs::metadata(draft.path().join("bzImage"))?.len();
        let build_id = host::elf::build_id(fs::File::open(obj.join("vmlinux"))?);
        draft.publish(&Stamp {
            format: FORMAT,
            id,
            tree: tree.id.to_owned(),
            flavour: self.flavour.to_owned(),
            version: tree.version.to_owned(),
            release,
            toolchain: self.toolchain.version.clone(),
            build_id,
            kernel_size: size,
            objects: made.objects,
            production_modules: install::names(&production),
            mock_modules: install::names(&mock),
            mock_error: made.mock_error,
            has_mock,
            mock_left_out: false,
            notices: made.notices,
        })
    }

    fn remark(&self, notices: &[String]) {
        for text in notices {
            self.sink.emit(&Event::Remark { text: text.clone() });
        }
    }

    fn stage<T>(
        &self,
        stage: Stage,
        work: impl FnOnce(Instant) -> Result<(T, StageEnd, String), BuildError>,
    ) -> Result<T, BuildError> {
        let (kernel, flavour) = (self.kernel.to_owned(), self.flavour.to_owned());
        self.sink.emit(&Event::StageStarted { kernel: kernel.clone(), flavour: flavour.clone(), stage });
        let begun = Instant::now();
        let result = work(begun);
        let (end, note) = match &result {
            Ok((_, end, note)) => (*end, note.clone()),
            Err(error) => (StageEnd::Failed, fault::one_line(error)),
        };
        let seconds = begun.elapsed().as_secs_f64();
        self.sink.emit(&Event::StageFinished { kernel, flavour, stage, end, seconds, note });
        result.map(|(value, _, _)| value)
    }
}

/// What is known of a slot's last build; none where nothing was built there.
fn remembered(slot: &Path) -> Option<Memory> {
    let slot = slot.is_dir().then(|| Slot::open(slot))?.ok()?;
    Memory::load(&slot.memory())
}

/// Builds `tools/testing/cxl`; the first error when it does not compile.
fn build_mock(make: &Make, progress: Progress) -> Result<(Option<String>, u64), BuildError> {
    let external = make.src.join(MOCK);
    if !external.is_dir() {
        return Ok((None, 0));
    }
    // Before 6.13 a relative M= is looked up below O=; an absolute one works in every version.
    let finished = make.run(&[prefixed("M=", &external), "modules".into()], progress)?;
    let objects = finished.objects;
    match finished.check("building the mock modules") {
        Ok(_) => Ok((None, objects)),
        Err(BuildError::Make { headline, .. }) => {
            // An external build names its files from where they lie.
            let own = headline.split(':').next().is_some_and(|file| external.join(file).is_file());
            Ok((Some(if own { format!("{MOCK}/{headline}") } else { headline }), objects))
        }
        Err(error) => Err(error),
    }
}

fn read(path: &Path) -> Result<String, BuildError> {
    Ok(fs::read_to_string(path)?)
}

fn read_number(path: &Path) -> u64 {
    fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
