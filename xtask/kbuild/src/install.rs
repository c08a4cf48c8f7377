//! Module trees for the guest: production as installed, mock with the CXL drivers replaced; depmod for both.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fs_err as fs;
use walkdir::WalkDir;

use host::{Process, ProcessError};

use super::entry::STAMP;
use super::make::{Make, Progress, prefixed};
use super::{BuildError, links};

/// How depmod begins to say that modules need each other in a circle (kmod's `depmod_report_cycles()`).
const CYCLE: &str = "Cycle detected: ";

/// Installs the production modules below `root`.
pub(super) fn production(
    make: &Make,
    root: &Path,
    release: &str,
    progress: Progress,
) -> Result<(), BuildError> {
    install(make, root, &[], progress)?;
    let lib = root.join("lib/modules").join(release);
    // They point at folders of this machine; a guest has no use for them.
    for link in links::OF_KBUILD.map(|name| lib.join(name)) {
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
    }
    depmod(make, root, release)
}

/// Makes `root` a copy of the production tree in which each module that `tools/testing/cxl` builds takes the
/// place of its namesake: exactly one of each name is there, whatever modprobe prefers.
pub(super) fn mock(
    make: &Make,
    production: &Path,
    root: &Path,
    release: &str,
    external: &Path,
    progress: Progress,
) -> Result<(), BuildError> {
    copy(production, root)?;
    install(make, root, &[prefixed("M=", external)], progress)?;
    let lib = root.join("lib/modules").join(release);
    let updates = lib.join("updates");
    let names: HashSet<_> =
        modules(&updates).iter().filter_map(|path| path.file_name().map(OsString::from)).collect();
    for path in modules(&lib) {
        let replaced = path.file_name().is_some_and(|name| names.contains(name));
        if replaced && !path.starts_with(&updates) {
            fs::remove_file(&path)?;
        }
    }
    depmod(make, root, release)
}

/// Makes `to` the entry of another build but for some modules, those of the kernel and those of
/// `tools/testing/cxl`, as they were linked; without these, all that is theirs is left out. What stays the same is the same file, under
/// one more name.
pub(super) fn derived(
    make: &Make,
    other: &Path,
    to: &Path,
    release: &str,
    production: &[PathBuf],
    mock: Option<&[PathBuf]>,
) -> Result<(), BuildError> {
    for entry in WalkDir::new(other).into_iter().filter_map(Result::ok) {
        let below = entry.path().strip_prefix(other).unwrap_or(entry.path());
        let target = to.join(below);
        let names: Vec<_> = below.iter().collect();
        let is = |index: usize, name: &str| names.get(index).is_some_and(|found| *found == name);
        if mock.is_none() && (is(0, "mock") || is(1, "mock")) {
            continue;
        }
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target)?;
            continue;
        }
        // Mock modules lie in `updates`, those of the kernel beside it in both trees.
        let (is_debug, is_tree) = (is(0, "debug"), is(0, "production") || is(0, "mock"));
        let is_mock = is(1, "mock") || (is(0, "mock") && is(4, "updates"));
        let linked = if is_mock { mock.unwrap_or_default() } else { production };
        let linked = linked.iter().find(|module| module.file_name() == Some(entry.file_name()));
        // depmod writes its own files anew.
        let is_depmods = is_tree && entry.path().extension().is_none_or(|ending| ending != "ko");
        match linked {
            Some(linked) if !is_debug => strip(make, linked, &target)?,
            None if is(0, STAMP) => {}
            None if !is_depmods => fs::hard_link(entry.path(), &target)?,
            _ => {
                fs::copy(linked.map_or(entry.path(), PathBuf::as_path), &target)?;
            }
        }
    }
    for tree in ["production", "mock"] {
        let root = to.join(tree);
        if root.is_dir() {
            depmod(make, &root, release)?;
        }
    }
    Ok(())
}

/// As modules_install does with `INSTALL_MOD_STRIP=1` (scripts/Makefile.modinst).
fn strip(make: &Make, module: &Path, to: &Path) -> Result<(), BuildError> {
    let process = Process::new("strip", ["--strip-debug", "-o"]).arg(to).arg(module).env("LC_ALL", "C");
    process.confined(make.inside().write(to.parent().unwrap_or(to))).run()?;
    Ok(())
}

/// Keeps what has file and line: vmlinux and the modules as they were linked, those of `tools/testing/cxl` beside.
pub(super) fn unstripped(obj: &Path, external: Option<&Path>, to: &Path) -> Result<(), BuildError> {
    let keep = |from: &Path, folder: &str| {
        let folder = to.join(folder);
        fs::create_dir_all(&folder)?;
        let target = folder.join(from.file_name().unwrap_or_default());
        fs::copy(from, &target)?;
        Ok::<_, BuildError>(())
    };
    keep(&obj.join("vmlinux"), "")?;
    modules(obj).iter().try_for_each(|module| keep(module, "production"))?;
    external.map(modules).unwrap_or_default().iter().try_for_each(|module| keep(module, "mock"))
}

/// Canonical names of the modules below a root, sorted.
pub(super) fn names(root: &Path) -> Vec<String> {
    let mut names: Vec<_> = modules(root).iter().map(|path| canonical(path)).collect();
    names.sort_unstable();
    names
}

/// The name of a module's file as the kernel has it.
pub(super) fn canonical(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_")
}

pub(super) fn modules(root: &Path) -> Vec<PathBuf> {
    let files = WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    files
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|e| e == "ko"))
        .collect()
}

fn install(make: &Make, root: &Path, more: &[OsString], progress: Progress) -> Result<(), BuildError> {
    let mut args = more.to_vec();
    args.push(prefixed("INSTALL_MOD_PATH=", root));
    // depmod runs once, by us, when a tree is complete.
    args.extend(["INSTALL_MOD_STRIP=1", "DEPMOD=true", "modules_install"].map(OsString::from));
    make.run_into(root, &args, progress)?.check("installing the modules")?;
    links::refuse_below(root)
}

/// Modules that need each other in a circle are the kernel's fault: they could not be loaded.
fn depmod(make: &Make, root: &Path, release: &str) -> Result<(), BuildError> {
    let process = Process::new(&make.toolchain.depmod, ["-a", "-b"])
        .arg(root)
        .arg("-F")
        .arg(make.obj.join("System.map"))
        .arg(release)
        .env("LC_ALL", "C")
        .log(make.log)
        .confined(make.inside().write(root));
    match process.run() {
        Ok(_) => Ok(()),
        Err(ProcessError::Failed { tail, .. }) if tail.iter().any(|line| line.contains(CYCLE)) => {
            let cycles = tail.iter().filter(|line| line.contains(CYCLE));
            let headline = cycles.map(String::as_str).collect::<Vec<_>>().join("\n  ");
            let doing = "looking for what the modules need of each other";
            Err(BuildError::Make { doing, headline, log: make.log.to_owned() })
        }
        Err(error) => Err(error.into()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), BuildError> {
    for entry in WalkDir::new(from).into_iter().filter_map(Result::ok) {
        let target = to.join(entry.path().strip_prefix(from).unwrap_or(entry.path()));
        let done = if entry.file_type().is_dir() {
            fs::create_dir_all(&target)
        } else {
            fs::copy(entry.path(), &target).map(|_| ())
        };
        done?;
    }
    Ok(())
}
