//! Building the agent: a static program for the guest, made again only when its sources change.

use std::path::{Path, PathBuf};

use fs_err as fs;
use walkdir::WalkDir;
use xshell::{Shell, cmd};

use host::{Process, digest, elf, io_at};

use super::GuestError;

/// Its triple: static glibc needs no target that a fresh machine lacks.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// What decides what the agent is, relative to the workspace.
const SOURCES: [&str; 4] = ["Cargo.toml", "Cargo.lock", "xtask/agent", "xtask/wire"];
/// Variables of an outer cargo or of the user that would change the build.
const UNWANTED: [&str; 9] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "LD_LIBRARY_PATH",
    "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS",
];

/// The agent of the workspace at `root`, from the cache when its sources were built before.
///
/// # Errors
/// cargo failed, or what it made is not static.
pub fn agent(root: &Path, cache: &Path) -> Result<PathBuf, GuestError> {
    let folder = cache.join("agent").join(id(root)?);
    let finished = folder.join("agent");
    if finished.is_file() {
        return Ok(finished);
    }
    let target = root.join("target/agent");
    // The cargo that runs us, where one does: it is the one that the user chose.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let sh = Shell::new()?;
    sh.change_dir(root);
    let profile = ["--package", "agent", "--profile", "agent", "--target", TARGET];
    let mut build = cmd!(sh, "{cargo} build --quiet --locked {profile...} --target-dir {target}")
        .env("RUSTFLAGS", "-C target-feature=+crt-static");
    for name in UNWANTED {
        build = build.env_remove(name);
    }
    Process::from(build).run()?;
    let made = target.join(TARGET).join("agent/agent");
    let bytes = fs::read(&made)?;
    if !elf::is_static(&bytes) {
        return Err(GuestError::NotStatic {
            path: made,
            hint: "install the package libc6-dev, which has libc.a",
        });
    }
    publish(&folder, "agent", &bytes)?;
    Ok(finished)
}

/// Puts a file into the cache under its final name in one step.
pub(super) fn publish(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), GuestError> {
    fs::create_dir_all(folder)?;
    let draft = tempfile::Builder::new().prefix(".draft-").tempfile_in(folder);
    let draft = draft.map_err(io_at("making a file in", folder))?;
    fs::write(draft.path(), bytes)?;
    let target = folder.join(name);
    draft.persist(&target).map_err(|e| io_at("writing", &target)(e.error))?;
    Ok(())
}

/// Hash over names and contents of the agent's sources.
fn id(root: &Path) -> Result<String, GuestError> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for source in SOURCES {
        let top = root.join(source);
        for entry in WalkDir::new(&top).sort_by_file_name() {
            let entry = entry.map_err(|e| io_at("reading", &top)(e.into()))?;
            let path = entry.path();
            if entry.file_type().is_file() {
                fields.push(path.strip_prefix(root).unwrap_or(path).as_os_str().as_encoded_bytes().to_vec());
                fields.push(fs::read(path)?);
            }
        }
    }
    Ok(digest(fields.iter().map(Vec::as_slice))[..40].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_of_a_source_makes_another_agent() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for source in ["Cargo.toml", "Cargo.lock", "xtask/agent/src/main.rs", "xtask/wire/src/lib.rs"] {
            let path = root.join(source);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, "x").expect("written");
        }
        let first = id(root).expect("hashed");
        assert_eq!(first, id(root).expect("hashed"));
        fs::write(root.join("xtask/wire/src/lib.rs"), "y").expect("written");
        assert_ne!(first, id(root).expect("hashed"));
    }
}
