//! From a plan's kernel to something that boots: source, series, build, images. Every step is in the cache when nothing
//! changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use event::{Event, Null, Stage, StageEnd};
use guest::{Busybox, Closed, GuestError, Image, Inputs};
use host::Cache;
use kbuild::{Builder, Built, Fragment, Outlook, Toolchain, Tree, Warnings};
use source::{Applied, AppliedState, Prepared, Sources};
use spec::{ModuleSet, Userland};

use super::{Plan, PreparedKernel, RunContext, RunError, ndctl};

/// Source and build only.
///
/// # Errors
/// The source is not available, the series does not apply, or the kernel does not build.
pub fn build(context: &RunContext, plan: &Plan) -> Result<(Prepared, Built), RunError> {
    build_telling(context, plan, true, &|_| {})
}

/// As [`build`], for whoever wants no mock modules: they may be left as they were, see [`kbuild::Mock::LeftOut`].
///
/// # Errors
/// As [`build`].
pub fn build_without_mock(context: &RunContext, plan: &Plan) -> Result<(Prepared, Built), RunError> {
    build_telling(context, plan, false, &|_| {})
}

/// As [`build`], with the mock modules or without, and tells what is known of the kernel, see [`Builder::build_telling`].
fn build_telling(
    context: &RunContext,
    plan: &Plan,
    mock: bool,
    hears: &dyn Fn(Outlook<'_>),
) -> Result<(Prepared, Built), RunError> {
    let work = Work::new(context, plan)?;
    if let Some(built) = work.builder(context, plan, mock).finished(&work.prepared.tree, &work.fragments)? {
        return Ok((work.prepared, built));
    }
    let _guard = context.cache.lock(&work_slot(plan, context.cache).0)?;
    // Another run may have built it while this one waited for the slot; then the slot's tree is left as it is.
    let builder = work.builder(context, plan, mock);
    if builder.cached(&work.prepared.tree, &work.fragments).is_none() {
        work.checkout(context)?;
    }
    let changed = work.changed_since(context, builder.last_tree().as_deref());
    let built =
        work.with_tree(changed.as_deref(), |tree| builder.build_telling(tree, &work.fragments, hears))?;
    Ok((work.prepared, built))
}

/// What the compiler reports at `W=1` about some files of a plan's tree: see [`Builder::warnings`].
///
/// # Errors
/// As [`build`].
pub fn warnings(context: &RunContext, plan: &Plan, files: &[String]) -> Result<Warnings, RunError> {
    let work = Work::new(context, plan)?;
    let _guard = context.cache.lock(&work_slot(plan, context.cache).0)?;
    work.checkout(context)?;
    let builder = work.builder(context, plan, true);
    Ok(work.with_tree(None, |tree| builder.warnings(tree, &work.fragments, files))?)
}

/// A plan's kernel on its way to a build: its tree, and the slot where that is built.
struct Work {
    fragments: Vec<Fragment>,
    prepared: Prepared,
    toolchain: Toolchain,
    slot: PathBuf,
    profiled: Vec<String>,
}

impl Work {
    fn new(context: &RunContext, plan: &Plan) -> Result<Self, RunError> {
        let fragments = fragments(context.root, plan)?;
        let prepared = staged(context, plan, Stage::Source, || {
            let prepared = Sources::new(context.cache).prepare(&plan.kernel, &plan.series)?;
            let end = if prepared.cached { StageEnd::Cached } else { StageEnd::Done };
            let note = described(&prepared);
            Ok((prepared, end, note))
        })?;
        for tried in &prepared.tried {
            context.sink.emit(&Event::Notice { text: format!("source of {}: {tried}", plan.kernel.name) });
        }
        let toolchain = Toolchain::find()?;
        let slot = context.cache.dir(Path::new("work").join(slot_name(plan)))?;
        let profiled = profiled(context.cache, &fragments, &prepared)?;
        Ok(Self { fragments, prepared, toolchain, slot, profiled })
    }

    fn builder<'a>(&'a self, context: &'a RunContext, plan: &'a Plan, mock: bool) -> Builder<'a> {
        Builder {
            cache: context.cache.path(),
            slot: &self.slot,
            kernel: &plan.kernel.name,
            flavour: &plan.flavour,
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            toolchain: &self.toolchain,
            mock,
            profiled: &self.profiled,
            sink: context.sink,
        }
    }

    /// Writes the tree into the slot, which the caller has locked.
    fn checkout(&self, context: &RunContext) -> Result<(), RunError> {
        let (src, index) = (self.slot.join("src"), self.slot.join("index"));
        Ok(Sources::new(context.cache).checkout(&self.prepared, &src, &index)?)
    }

    /// Files in which the tree differs from the one that was built in the slot; none where that is not known.
    fn changed_since(&self, context: &RunContext, last: Option<&str>) -> Option<Vec<String>> {
        // The objects of a tree that nobody needs any more may be gone.
        Sources::new(context.cache).changed(&self.prepared, last?, &self.prepared.tree).ok()
    }

    fn with_tree<T>(&self, changed: Option<&[String]>, work: impl FnOnce(&Tree) -> T) -> T {
        let (src, version) = (self.slot.join("src"), self.prepared.version.to_string());
        work(&Tree { src: &src, id: &self.prepared.tree, version: &version, changed })
    }
}

/// The finished build of a plan's kernel; none where it has not been built. Builds nothing.
///
/// # Errors
/// As [`build`] up to the source.
pub fn find_built(context: &RunContext, plan: &Plan) -> Result<Option<Built>, RunError> {
    let fragments = fragments(context.root, plan)?;
    let prepared = Sources::new(context.cache).prepare(&plan.kernel, &plan.series)?;
    finished_build(context.cache, plan, &prepared, &fragments)
}

/// The finished build of a prepared tree with a plan's name and flavour; none where it has not been built.
pub(super) fn finished_build(
    cache: &Cache,
    plan: &Plan,
    prepared: &Prepared,
    fragments: &[Fragment],
) -> Result<Option<Built>, RunError> {
    let toolchain = Toolchain::find()?;
    let profiled = profiled(cache, fragments, prepared)?;
    let builder = Builder {
        cache: cache.path(),
        slot: Path::new(""),
        kernel: &plan.kernel.name,
        flavour: &plan.flavour,
        jobs: 1,
        toolchain: &toolchain,
        mock: false,
        profiled: &profiled,
        sink: &Null,
    };
    Ok(builder.cached(&prepared.tree, fragments))
}

/// The folders in which a kernel that counts lines does so: those of the sources that the series on it touch. None where the fragments
/// ask for no such kernel.
fn profiled(cache: &Cache, fragments: &[Fragment], prepared: &Prepared) -> Result<Vec<String>, RunError> {
    if !kbuild::counts_lines(fragments) {
        return Ok(Vec::new());
    }
    let files = Sources::new(cache).changed(prepared, &prepared.base, &prepared.tree)?;
    Ok(folders_of(&files))
}

/// The folders of C sources and of the headers beside them, each once.
fn folders_of(files: &[String]) -> Vec<String> {
    let is_public = |folder: &str| folder.split('/').any(|part| part == "include");
    let sources = files.iter().filter(|file| kbuild::is_source(file));
    let folders = sources.filter_map(|file| Some(file.rsplit_once('/')?.0)).filter(|one| !is_public(one));
    let folders: BTreeSet<&str> = folders.collect();
    folders.into_iter().map(str::to_owned).collect()
}

/// The source and what went on top of it, in one line.
fn described(prepared: &Prepared) -> String {
    let mut text = prepared.described.clone();
    for applied in &prepared.applied {
        text.push_str(&match applied.state {
            AppliedState::Applied => format!(" + {}", counted(applied)),
            AppliedState::Contained => format!(" (contains {})", applied.series),
        });
    }
    text
}

fn counted(applied: &Applied) -> String {
    let first = if applied.prefix { "first " } else { "" };
    match applied.patches.len() {
        1 => format!("{} ({first}1 patch)", applied.series),
        n => format!("{} ({first}{n} patches)", applied.series),
    }
}

/// Names the work slot: one for each kernel entry, source and flavour, so that a series and its next version, or a tree
/// and its next edit, find the objects of the last build.
fn slot_name(plan: &Plan) -> String {
    let sources: String = plan.slot.iter().map(|source| format!("{source}\n")).collect();
    format!("{}-{}-{}", plan.kernel.name, plan.flavour, &host::sha256(sources)[..8])
}

/// Where a plan's kernel is built: the name of the folder's lock, and the folder.
pub fn work_slot(plan: &Plan, cache: &Cache) -> (String, PathBuf) {
    let name = slot_name(plan);
    (format!("work-{name}"), cache.path().join("work").join(name))
}

/// The last finished build of a plan's work slot.
pub(super) fn last_build(context: &RunContext, plan: &Plan) -> Option<Built> {
    let (_, slot) = work_slot(plan, context.cache);
    Builder::last_in(&slot, context.cache.path())
}

/// Everything that the plan's guests need. `hears` is told what is known of the kernel before it is there.
///
/// # Errors
/// As [`build`], and where an image cannot be packed.
pub fn prepare(
    context: &RunContext,
    plan: &Plan,
    hears: &dyn Fn(Outlook<'_>),
) -> Result<PreparedKernel, RunError> {
    let wanted =
        plan.cells.iter().flat_map(|cell| cell.boots.iter().map(|boot| (cell.suite.modules, boot.userland)));
    let wanted = wanted.collect();
    guests_of(context, plan, &wanted, build_telling(context, plan, wants_mock(&wanted), hears)?)
}

/// A kernel with these guests.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_guests(
    context: &RunContext,
    plan: &Plan,
    wanted: &BTreeSet<(ModuleSet, Userland)>,
) -> Result<PreparedKernel, RunError> {
    guests_of(context, plan, wanted, build_telling(context, plan, wants_mock(wanted), &|_| {})?)
}

fn wants_mock(guests: &BTreeSet<(ModuleSet, Userland)>) -> bool {
    guests.iter().any(|(modules, _)| *modules == ModuleSet::Mock)
}

fn guests_of(
    context: &RunContext,
    plan: &Plan,
    wanted: &BTreeSet<(ModuleSet, Userland)>,
    (source, built): (Prepared, Built),
) -> Result<PreparedKernel, RunError> {
    let with_ndctl = wanted.iter().any(|(_, userland)| *userland == Userland::Ndctl);
    let ndctl = if with_ndctl {
        Some(staged(context, plan, Stage::Ndctl, || ndctl::build(context, plan))?)
    } else {
        None
    };
    staged(context, plan, Stage::Image, || {
        let begun = SystemTime::now();
        let agent = guest::agent(context.workspace, context.cache.path())?;
        let busybox = Busybox::find()?;
        let closed = ndctl.as_ref().map(Closed::new).transpose()?;
        let image = |of: (ModuleSet, &Path), userland: Userland| {
            let userland = closed.as_ref().filter(|_| userland == Userland::Ndctl);
            image_with(context, &built, of, (&agent, &busybox), userland)
        };
        let smallest = (ModuleSet::Production, Userland::Busybox);
        let mut images = Vec::new();
        for (modules, userland) in
            wanted.iter().copied().chain([smallest].into_iter().filter(|one| !wanted.contains(one)))
        {
            let image = match (modules, built.mock.root()) {
                (ModuleSet::Production, _) => Ok(image((modules, &built.production), userland)?),
                (ModuleSet::Mock, Ok(root)) => Ok(image((modules, root), userland)?),
                (ModuleSet::Mock, Err(why)) => Err(why.to_string()),
            };
            images.push((modules, userland, image));
        }
        let made: Vec<&Image> = images.iter().filter_map(|(_, _, image)| image.as_ref().ok()).collect();
        let note = made.iter().map(|image| &image.id[..12]).collect::<Vec<_>>().join(", ");
        let new = |image: &&Image| {
            fs::metadata(&image.path).and_then(|m| m.modified()).is_ok_and(|time| time >= begun)
        };
        let end = if made.iter().any(new) { StageEnd::Done } else { StageEnd::Cached };
        Ok((
            PreparedKernel { built: built.clone(), source: source.clone(), ndctl: ndctl.clone(), images },
            end,
            note,
        ))
    })
}

/// The image with modules of a build and nothing besides the agent and a shell.
///
/// # Errors
/// It cannot be packed.
pub(super) fn smallest_image(
    context: &RunContext,
    built: &Built,
    modules: (ModuleSet, &Path),
) -> Result<Image, RunError> {
    let agent = guest::agent(context.workspace, context.cache.path())?;
    Ok(image_with(context, built, modules, (&agent, &Busybox::find()?), None)?)
}

fn image_with(
    context: &RunContext,
    built: &Built,
    (set, modules): (ModuleSet, &Path),
    (agent, busybox): (&Path, &Busybox),
    userland: Option<&Closed>,
) -> Result<Image, GuestError> {
    let which = match set {
        ModuleSet::Production => "production",
        ModuleSet::Mock => "mock",
    };
    let modules_id = format!("{}-{which}", built.id);
    let inputs = Inputs { modules, modules_id: &modules_id, agent, busybox, userland };
    guest::image(&inputs, context.cache.path())
}

/// The plan's fragments; a flavour other than plain is one more, of its name.
pub(super) fn fragments(root: &Path, plan: &Plan) -> Result<Vec<Fragment>, RunError> {
    let dir = root.join("kconfig");
    let flavour = (plan.flavour != spec::PLAIN).then_some(&plan.flavour);
    plan.kernel
        .kconfig
        .iter()
        .chain(flavour)
        .map(|name| Ok(Fragment::load(&dir.join(format!("{name}.config")))?))
        .collect()
}

fn staged<T>(
    context: &RunContext,
    plan: &Plan,
    stage: Stage,
    work: impl FnOnce() -> Result<(T, StageEnd, String), RunError>,
) -> Result<T, RunError> {
    let (kernel, flavour) = (plan.kernel.name.clone(), plan.flavour.clone());
    context.sink.emit(&Event::StageStarted { kernel: kernel.clone(), flavour: flavour.clone(), stage });
    let begun = Instant::now();
    let result = work();
    let (end, note) = match &result {
        Ok((_, end, note)) => (*end, note.clone()),
        Err(_) => (StageEnd::Failed, String::new()),
    };
    let seconds = begun.elapsed().as_secs_f64();
    context.sink.emit(&Event::StageFinished { kernel, flavour, stage, end, seconds, note });
    result.map(|(value, _, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_everybody_includes_have_no_objects() {
        let files = [
            "drivers/base/dd.c",
            "drivers/cxl/core/memdev.c",
            "drivers/cxl/cxlmem.h",
            "include/linux/device.h",
            "arch/x86/include/asm/io.h",
            "drivers/cxl/Kconfig",
            "tools/testing/cxl/test/mem.c",
        ];
        let folders = folders_of(&files.map(str::to_owned));
        assert_eq!(folders, ["drivers/base", "drivers/cxl", "drivers/cxl/core", "tools/testing/cxl/test"]);
    }
}
