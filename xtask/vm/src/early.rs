//! A guest that is on its way up while its last files are still being made.

use fs_err as fs;

use event::Transcript;
use wire::{FromGuest, Job, ToGuest};

use super::boot::{self, Boot, Started};
use super::sockets::{Sockets, write_initrd};
use super::{HostRequests, Machine, VmError};

/// QEMU's output, until the boot's folder is known.
const LOG: &str = "qemu.log";

/// A guest on its way up, which waits for its last files before it does anything. Dropping it ends it.
pub struct EarlyGuest {
    sockets: Sockets,
    guest: Started,
}

/// A file that a guest gets when it is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateFile {
    /// Where it lies in the guest, from the root on.
    pub path: String,
    /// Its permission bits.
    pub mode: u32,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl EarlyGuest {
    /// Starts it, and waits for nothing. The machine's job is an archive that has it wait, [`wire::WAIT_PATH`].
    ///
    /// # Errors
    /// QEMU could not be started; a file of ours could not be written.
    pub fn start(machine: &Machine) -> Result<Self, VmError> {
        let sockets = Sockets::new()?;
        write_initrd(&sockets.path(boot::INITRD), machine.image, machine.job)?;
        let guest = Started::new(machine, &sockets, sockets.path(LOG))?;
        Ok(Self { sockets, guest })
    }
}

impl Boot<'_> {
    /// As [`Boot::run`], with a guest that was started before. It gets the files that are missing, the job's among them, and what
    /// the boot may take counts from here on.
    ///
    /// A guest that does not take them powers off without a hello.
    ///
    /// # Errors
    /// As [`Boot::run`].
    pub fn go_on(
        &self,
        early: EarlyGuest,
        files: &[LateFile],
        job: &Job,
        on_frame: &mut dyn FnMut(&FromGuest),
        requests: &dyn HostRequests,
    ) -> Result<Transcript, VmError> {
        let EarlyGuest { sockets, guest } = early;
        let transcript = self.follow(&sockets, guest, &stream(files), job, on_frame, requests);
        let copied = fs::copy(sockets.path(LOG), self.folder.join(LOG));
        let transcript = transcript?;
        copied?;
        Ok(transcript)
    }
}

/// The files as the agent takes them.
fn stream(files: &[LateFile]) -> Vec<u8> {
    let mut stream = Vec::with_capacity(files.iter().map(|file| file.bytes.len() + 256).sum());
    let mut frame = |frame: &ToGuest, bytes: &[u8]| {
        // Nothing of it is a map with other keys than text.
        stream.extend(serde_json::to_vec(frame).unwrap_or_default());
        stream.push(b'\n');
        stream.extend_from_slice(bytes);
    };
    for LateFile { path, mode, bytes } in files {
        frame(&ToGuest::File { path: path.clone(), mode: *mode, bytes: bytes.len() as u64 }, bytes);
    }
    frame(&ToGuest::Go, &[]);
    stream
}
