//! The private folder in which QEMU meets us: we listen, QEMU connects while it starts, so that nothing the
//! guest sends is lost and no port of the machine is used.

use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use fs_err::{self as fs, File};
use host::{Running, TempFolder, io_at};

use super::VmError;
use super::accept::{TICK, accepted};
use super::console::Reader;

/// How long QEMU may take to connect. It does so within 100 ms; a machine that swaps takes longer.
const CONNECT: Duration = Duration::from_secs(30);

/// The folder and what listens in it. Dropping it removes it.
pub struct Sockets {
    folder: TempFolder,
    agent: UnixListener,
    console: UnixListener,
    qmp: UnixListener,
}

/// QEMU's ends of the three connections.
pub struct Connected {
    pub agent: UnixStream,
    pub console: UnixStream,
    pub qmp: UnixStream,
}

impl Connected {
    /// Ends all three: who reads gets what is queued, then the end.
    pub fn close(&self) {
        for stream in [&self.agent, &self.console, &self.qmp] {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Sockets {
    /// Makes the folder, mode 0700, in the temporary folder: a socket's path may have 107 bytes at most.
    pub fn new() -> Result<Self, VmError> {
        let temp = std::env::temp_dir();
        let folder = TempFolder::new().map_err(io_at("making a private folder in", &temp))?;
        let listen = |name: &str| {
            let path = folder.path().join(name);
            let listener = UnixListener::bind(&path).map_err(io_at("listening on", &path))?;
            listener.set_nonblocking(true).map_err(io_at("listening on", &path))?;
            Ok::<_, VmError>(listener)
        };
        Ok(Self { agent: listen("agent")?, console: listen("console")?, qmp: listen("qmp")?, folder })
    }

    /// Path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Reads the console from the moment on in which QEMU connects.
    pub fn read_console(&self) -> Result<Reader, VmError> {
        let listener = self.console.try_clone().map_err(io_at("listening on", &self.path("console")))?;
        Ok(Reader::start(listener))
    }

    /// Waits until QEMU has connected to all; nothing when QEMU ended before that.
    pub fn accept(&self, qemu: &mut Running, reader: &Reader) -> Result<Option<Connected>, VmError> {
        let until = Instant::now() + CONNECT;
        let (mut agent, mut qmp) = (None, None);
        loop {
            self.try_accept(&self.agent, "agent", &mut agent)?;
            self.try_accept(&self.qmp, "qmp", &mut qmp)?;
            let console = reader.stream().map_err(io_at("accepting QEMU on", &self.path("console")))?;
            (agent, qmp) = match (agent, console, qmp) {
                (Some(agent), Some(console), Some(qmp)) => {
                    return Ok(Some(Connected { agent, console, qmp }));
                }
                (agent, _, qmp) => (agent, qmp),
            };
            if qemu.wait(Duration::ZERO).is_some() {
                return Ok(None);
            }
            if Instant::now() >= until {
                let (command, tail) = (qemu.command_line().to_owned(), qemu.tail());
                return Err(VmError::Silent { command, after: CONNECT, tail });
            }
            thread::sleep(TICK);
        }
    }

    fn try_accept(
        &self,
        listener: &UnixListener,
        name: &str,
        stream: &mut Option<UnixStream>,
    ) -> Result<(), VmError> {
        if stream.is_none() {
            *stream = accepted(listener).map_err(io_at("accepting QEMU on", &self.path(name)))?;
        }
        Ok(())
    }
}

/// Writes the initrd: the image, then the job's archive. An archive must start at a multiple of four, or the
/// kernel does not see it (`unpack_to_rootfs()` in init/initramfs.c).
pub fn write_initrd(path: &Path, image: &Path, archive: Option<&Path>) -> Result<(), VmError> {
    let mut initrd = File::create(path)?;
    let mut length = 0;
    for part in std::iter::once(image).chain(archive) {
        let padding = (4 - length % 4) % 4;
        let padding = usize::try_from(padding).unwrap_or(0);
        initrd.write_all(&[0; 4][..padding])?;
        // The kernel copies from a plain file to a plain file, through no buffer of ours.
        let mut file = File::open(part)?.into_file();
        let copied = io::copy(&mut file, initrd.file_mut()).map_err(io_at("writing", path))?;
        length += padding as u64 + copied;
    }
    Ok(())
}

/// Makes the folder of a boot.
pub fn make_folder(folder: &Path) -> Result<(), VmError> {
    Ok(fs::create_dir_all(folder)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_job_starts_at_a_multiple_of_four() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("image"), "abcde").expect("an image");
        fs::write(path("job"), "070701").expect("an archive");
        write_initrd(&path("initrd"), &path("image"), Some(&path("job"))).expect("an initrd");
        assert_eq!(fs::read(path("initrd")).expect("an initrd"), b"abcde\x00\x00\x00070701");
    }

    #[test]
    fn nobody_else_gets_into_the_folder() {
        let sockets = Sockets::new().expect("sockets");
        let outer = sockets.folder.path().parent().expect("a parent");
        let mode = fs::metadata(outer).expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let gone = sockets.path("");
        drop(sockets);
        assert!(!gone.exists());
    }
}
