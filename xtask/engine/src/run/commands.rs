//! What a plan would run, as commands ready to paste: for `--dry-run`. Runs none of them but QEMU's own description of
//! itself, which is kept in the cache.

use std::path::{Path, PathBuf};

use cxl_topology::qemu::Backing;
use cxl_topology::{Capabilities, QemuVersion};
use event::Null;
use guest::NdctlTree;
use host::apt::Packages;
use host::{Cache, PrivateApt, quote};
use kbuild::{Builder, Toolchain, Tree};
use source::Sources;
use spec::{Source, Userland};
use vm::{Accel, Machine};

use super::prepare::work_slot;
use super::{Cell, Plan, RunError, find_qemu};

/// The commands of a plan from an empty cache, with comments between its steps.
///
/// # Errors
/// A need is missing, or the cache cannot be used.
pub fn commands(plan: &Plan, qemu: Option<&Path>, cache: &Cache) -> Result<Vec<String>, RunError> {
    let mut lines = Vec::new();
    for (number, source) in plan.kernel.sources.iter().enumerate() {
        let otherwise = if number == 0 { "" } else { ", where the one before is not available" };
        lines.push(format!("# source: {source}{otherwise}"));
        lines.extend(fetch(source, cache));
    }
    let (_, slot) = work_slot(plan, cache);
    let (src, index) = (slot.join("src"), slot.join("index"));
    let git = format!("GIT_DIR={} GIT_INDEX_FILE={}", quote(Sources::new(cache).repository()), quote(&index));
    for series in &plan.series {
        lines.push(format!("# series: {} (the variant for this kernel, where it has one)", series.name));
        lines.extend(
            series.patches.iter().map(|patch| format!("{git} git apply --cached {}", quote(&patch.file))),
        );
    }
    lines.push("# the work copy: only what differs is written".to_owned());
    lines.push(format!("{git} GIT_WORK_TREE={} git read-tree --reset -u TREE", quote(&src)));
    if plan.wants(Userland::Ndctl) {
        for source in &plan.ndctl {
            lines.push(format!("# ndctl's tools: {source}, the first available that builds"));
            lines.extend(fetch(source, cache));
        }
        lines.extend(NdctlTree::commands(&cache.path().join("work/ndctl")));
    }
    lines.push("# build".to_owned());
    let toolchain = Toolchain::find()?;
    lines.extend(builder(plan, cache, &slot, &toolchain).commands(&tree(&src)));
    let (program, capabilities) = match find_qemu(qemu) {
        Ok(path) => {
            let capabilities = vm::probe(&path, cache.path())?.capabilities();
            (path, capabilities)
        }
        Err(_) => (PathBuf::from("qemu-system-x86_64"), Capabilities::of_release(QemuVersion::new(10, 0, 2))),
    };
    for cell in &plan.cells {
        lines.push(format!("# boot: {}", cell.id));
        lines.extend(boots(cell, &program, &capabilities));
    }
    Ok(lines)
}

/// The makes that compile in that folder, ready to paste: kernel and modules, then the mock modules.
///
/// # Errors
/// A need is missing.
pub fn make_commands(plan: &Plan, cache: &Cache) -> Result<Vec<String>, RunError> {
    let (_, slot) = work_slot(plan, cache);
    let toolchain = Toolchain::find()?;
    Ok(builder(plan, cache, &slot, &toolchain).compile_commands(&tree(&slot.join("src"))))
}

/// The make that installs the kernel's modules from that folder below another, ready to paste.
///
/// # Errors
/// A need is missing.
pub fn install_command(plan: &Plan, cache: &Cache, root: &Path) -> Result<String, RunError> {
    let (_, slot) = work_slot(plan, cache);
    let toolchain = Toolchain::find()?;
    Ok(builder(plan, cache, &slot, &toolchain).install_command(&tree(&slot.join("src")), root))
}

fn builder<'a>(plan: &'a Plan, cache: &'a Cache, slot: &'a Path, toolchain: &'a Toolchain) -> Builder<'a> {
    Builder {
        cache: cache.path(),
        slot,
        kernel: &plan.kernel.name,
        flavour: &plan.flavour,
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        toolchain,
        mock: true,
        profiled: &[],
        sink: &Null,
    }
}

/// Commands name neither content nor version.
fn tree(src: &Path) -> Tree<'_> {
    Tree { src, id: "TREE", version: "0.0", changed: None }
}

fn fetch(source: &Source, cache: &Cache) -> Vec<String> {
    match source {
        Source::Apt { package, suite } => {
            // Without a name: those of the machine's own release.
            let suites: Vec<String> = suite.iter().cloned().collect();
            let options = PrivateApt::new(cache.path(), &suites).map(|apt| apt.options()).unwrap_or_default();
            let options: String = options.iter().map(|word| format!(" {}", quote(word))).collect();
            vec![format!("apt-get{options} update"), format!("apt-get{options} download {package}")]
        }
        Source::DebSrc { package, suite } => {
            let suites: Vec<String> = suite.iter().cloned().collect();
            let apt = PrivateApt::derived(cache.path(), Path::new("/etc/apt"), &suites, Packages::Source);
            let options: String = apt
                .map(|apt| apt.options())
                .unwrap_or_default()
                .iter()
                .map(|word| format!(" {}", quote(word)))
                .collect();
            vec![
                format!("apt-get{options} update"),
                format!("apt-get{options} source --download-only --tar-only {package}"),
            ]
        }
        Source::Git { location, dirty: true, .. } => {
            vec![format!("git -C {} status --short", quote(location))]
        }
        Source::Git { location, reference, .. } if spec::kernel::is_url(location) => {
            vec![format!("git fetch --depth=1 {} {}", quote(location), quote(reference))]
        }
        Source::Git { location, reference, .. } => {
            vec![format!("git -C {} rev-parse {}", quote(location), quote(reference))]
        }
        Source::Dir { path } => vec![format!("git --work-tree={} add --all", quote(path))],
        Source::Tarball { location, .. } => vec![format!("tar -xf {}", quote(location))],
    }
}

fn boots(cell: &Cell, qemu: &Path, capabilities: &Capabilities) -> Vec<String> {
    let machine_args = match cxl_topology::qemu::machine_args(&cell.topology, capabilities, &Backing::Ram) {
        Ok(arguments) => arguments,
        Err(lacking) => return vec![format!("# skipped: {}", lacking.reason())],
    };
    cell.boots
        .iter()
        .map(|boot| {
            let mut cmdline = cxl_topology::qemu::kernel_args(&cell.topology, capabilities);
            cmdline.extend(cell.variant.cmdline.iter().cloned());
            cmdline.extend(boot.cmdline.iter().cloned());
            cmdline.extend(cell.settings.cmdline.iter().cloned());
            Machine {
                qemu,
                accel: Accel::Tcg,
                kernel: Path::new("bzImage"),
                image: Path::new("initramfs.cpio"),
                job: None,
                cmdline: &cmdline,
                machine_args: &machine_args,
            }
            .shown()
        })
        .collect()
}
