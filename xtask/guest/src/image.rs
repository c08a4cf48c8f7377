//! The initramfs of a kernel: agent, busybox or a larger userland, modules. Jobs are laid on top of it, see [`super::job_archive`].

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use host::{digest, io_at};

use super::agent::publish;
use super::{Archive, Busybox, Closed, GuestError};

/// Changes whenever the layout does.
const FORMAT: u32 = 2;
/// Commands of the agent by which cases call it; it looks at the name by which it was started.
const AGENT_COMMANDS: [&str; 6] = ["host", "save", "cxl-dump", "cxl-expect", "cxl-regions", "cxl-topology"];
/// File of an image in its folder of the cache.
const NAME: &str = "initramfs.cpio";

/// What goes into an image.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Root of the module tree (`lib/modules/RELEASE` below it).
    pub modules: &'a Path,
    /// Names the content of the module tree: the build's id and which of its trees.
    pub modules_id: &'a str,
    /// The static agent, which becomes `/init`.
    pub agent: &'a Path,
    /// The shell, and every applet that nothing else brings.
    pub busybox: &'a Busybox,
    /// What there is besides.
    pub userland: Option<&'a Closed>,
}

/// An initramfs in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The archive, uncompressed, its size a multiple of 512.
    pub path: PathBuf,
    /// Hash of its inputs.
    pub id: String,
}

/// The image of these inputs, from the cache when it was made before.
///
/// # Errors
/// [`GuestError`].
pub fn image(inputs: &Inputs, cache: &Path) -> Result<Image, GuestError> {
    let agent = fs::read(inputs.agent)?;
    let id = id(inputs, &agent);
    let folder = cache.join("images").join(&id);
    let path = folder.join(NAME);
    if !path.is_file() {
        publish(&folder, NAME, &archive(inputs, agent)?.bytes())?;
    }
    Ok(Image { path, id })
}

fn id(inputs: &Inputs, agent: &[u8]) -> String {
    let (format, applets) = (FORMAT.to_string(), inputs.busybox.applets.join(" "));
    let fields =
        [format.as_bytes(), agent, &inputs.busybox.bytes, applets.as_bytes(), inputs.modules_id.as_bytes()];
    let userland = inputs.userland.map(|userland| userland.id.as_bytes());
    digest(fields.into_iter().chain(userland))[..40].to_owned()
}

fn archive(inputs: &Inputs, agent: Vec<u8>) -> Result<Archive, GuestError> {
    let mut archive = Archive::new();
    archive.file("init", 0o755, agent)?;
    if let Some(userland) = inputs.userland {
        userland.into(&mut archive)?;
    }
    archive.file("bin/busybox", 0o755, inputs.busybox.bytes.clone())?;
    for command in AGENT_COMMANDS {
        archive.symlink(&format!("bin/{command}"), "/init")?;
    }
    for applet in &inputs.busybox.applets {
        let path = format!("bin/{applet}");
        if !archive.contains(&path) {
            archive.symlink(&path, "busybox")?;
        }
    }
    // One folder under all its names: the kernel calls /sbin/modprobe, scripts name /usr/bin/env.
    for (path, target) in [("sbin", "bin"), ("usr/bin", "../bin"), ("usr/sbin", "../bin")] {
        archive.symlink(path, target)?;
    }
    // /dev/console before anything is mounted: the kernel opens it for PID 1 (init/main.c: console_on_rootfs).
    archive.device("dev/console", 0o600, 5, 1)?;
    archive.device("dev/null", 0o666, 1, 3)?;
    archive.file("etc/passwd", 0o644, "root:x:0:0:root:/:/bin/sh\n")?;
    if !archive.contains("etc/group") {
        archive.file("etc/group", 0o644, "root:x:0:\n")?;
    }
    for folder in ["proc", "sys", "run", "tmp", "bench", "lib"] {
        archive.dir(folder)?;
    }
    modules(&mut archive, inputs.modules)?;
    Ok(archive)
}

/// The permission bits that a file of the host has in a guest.
pub fn guest_mode(file: &Metadata) -> u32 {
    if file.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 }
}

fn modules(archive: &mut Archive, root: &Path) -> Result<(), GuestError> {
    for entry in WalkDir::new(root.join("lib/modules")).sort_by_file_name() {
        let entry = entry.map_err(|e| io_at("reading the modules in", root)(e.into()))?;
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        if entry.file_type().is_dir() {
            archive.dir(&name)?;
        } else if entry.file_type().is_file() {
            let bytes = fs::read(path)?;
            archive.file(&name, guest_mode(&fs::metadata(path)?), bytes)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busybox() -> Busybox {
        let applets = ["host", "modprobe", "sh"].map(str::to_owned).to_vec();
        Busybox { path: "/bin/busybox".into(), bytes: b"busybox".to_vec(), applets }
    }

    #[test]
    fn same_inputs_same_bytes_and_other_inputs_another_image() {
        let folder = tempfile::tempdir().expect("a folder");
        let (cache, agent) = (folder.path().join("cache"), folder.path().join("agent"));
        let tree = folder.path().join("lib/modules/6.12.0/kernel");
        fs::create_dir_all(&tree).expect("made");
        fs::write(tree.join("a.ko"), "module").expect("written");
        fs::write(&agent, "agent").expect("written");
        let busybox = busybox();
        let inputs = Inputs {
            modules: folder.path(),
            modules_id: "1",
            agent: &agent,
            busybox: &busybox,
            userland: None,
        };
        let first = image(&inputs, &cache).expect("made");
        let bytes = fs::read(&first.path).expect("read");
        fs::remove_dir_all(&cache).expect("removed");
        let second = image(&inputs, &cache).expect("made");
        assert_eq!(first, second);
        assert_eq!(bytes, fs::read(&second.path).expect("read"));
        let other = image(&Inputs { modules_id: "2", ..inputs }, &cache).expect("made");
        assert_ne!(first.id, other.id);
        fs::write(&agent, "another").expect("written");
        assert_ne!(first.id, image(&inputs, &cache).expect("made").id);
    }

    #[test]
    fn the_agent_s_commands_come_before_applets_of_the_same_name() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("lib/modules")).expect("made");
        let busybox = busybox();
        let modules = folder.path();
        let inputs = Inputs { modules, modules_id: "1", agent: modules, busybox: &busybox, userland: None };
        let bytes = archive(&inputs, b"agent".to_vec()).expect("packed").bytes();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("bin/host\0\0\0\0/init") || text.contains("bin/host\0\0/init"), "{text:?}");
    }
}
