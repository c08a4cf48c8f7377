//! One boot, from QEMU's start to its end.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use fs_err::File;

use event::{Transcript, VmEnd};
use host::{Process, Running, io_at, signals};
use wire::{FromGuest, Job};

use super::command::{Plumbing, escape};
use super::console::Reader;
use super::files::{self, Files};
use super::lost_interrupt::LostInterrupt;
use super::sockets::{Sockets, make_folder, write_initrd};
use super::transcript::TranscriptBuilder;
use super::watch::Watch;
use super::{Deadlines, HostRequests, Machine, Qmp, VmError};

/// QEMU quits on TERM within milliseconds.
const STOP: Duration = Duration::from_secs(2);
/// In the sockets' folder: the image with the job behind it.
pub(super) const INITRD: &str = "initrd";

/// A guest about to be started.
#[derive(Debug, Clone)]
pub struct Boot<'a> {
    /// What is booted, and on what.
    pub machine: Machine<'a>,
    /// Takes `console.log` and `qemu.log`, and below `files/` what the guest saves.
    pub folder: &'a Path,
    /// How long it may take.
    pub deadlines: Deadlines,
}

/// Refuses every request.
pub fn no_requests() -> impl HostRequests {
    struct Refuse;
    impl HostRequests for Refuse {
        fn answer(&self, _: &[String], _: &Qmp) -> Result<String, String> {
            Err("this boot takes no requests".into())
        }
    }
    Refuse
}

impl Boot<'_> {
    /// Boots, follows the guest to its end, and returns what was seen. `on_frame` is called for each frame that
    /// is in order, as it comes.
    ///
    /// However the guest or QEMU ends is part of the transcript.
    ///
    /// # Errors
    /// QEMU could not be started, does not connect, or lost an interrupt; a file of ours could not be written.
    pub fn run(
        &self,
        job: &Job,
        on_frame: &mut dyn FnMut(&FromGuest),
        requests: &dyn HostRequests,
    ) -> Result<Transcript, VmError> {
        make_folder(self.folder)?;
        let sockets = Sockets::new()?;
        write_initrd(&sockets.path(INITRD), self.machine.image, self.machine.job)?;
        let guest = Started::new(&self.machine, &sockets, self.folder.join("qemu.log"))?;
        self.follow(&sockets, guest, &[], job, on_frame, requests)
    }

    /// Follows a guest that has been started to its end. `late` is what it waits for on the agent's port, if it does.
    pub(super) fn follow(
        &self,
        sockets: &Sockets,
        guest: Started,
        late: &[u8],
        job: &Job,
        on_frame: &mut dyn FnMut(&FromGuest),
        requests: &dyn HostRequests,
    ) -> Result<Transcript, VmError> {
        make_folder(self.folder)?;
        let Started { mut qemu, reader } = guest;
        reader.console().log_to(File::create(self.folder.join("console.log"))?);
        let files = Files::new(self.folder, files::Limits::default());
        let files = files.map_err(io_at("removing", &self.folder.join(files::FOLDER)))?;
        let started = Instant::now();
        let mut transcript = TranscriptBuilder::new(job);
        let Some(connected) = sockets.accept(&mut qemu, &reader)? else {
            return Ok(transcript.close((Vec::new(), 0), end_of(qemu, None, None), Instant::now()));
        };
        let qmp = Qmp::start(&connected.qmp).map_err(io_at("using", &sockets.path("qmp")))?;
        let killed = thread::scope(|scope| {
            // Nothing else goes there before the guest has it all. One that does not take it, the watch ends.
            scope.spawn(|| (&connected.agent).write_all(late));
            let mut watch =
                Watch::new(scope, (job, self.deadlines), requests, &qmp, reader.console(), &connected, files);
            let killed = watch.follow(&mut qemu, started, &mut transcript, on_frame);
            qemu.stop(STOP);
            // Even from a QEMU that cannot be killed nothing more comes: what is queued, then the end.
            connected.close();
            watch.rest(&mut transcript, on_frame);
            killed
        });
        let killed = match killed {
            Ok(killed) => killed,
            Err(LostInterrupt { cpu, vector, at, .. }) => {
                return Err(VmError::LostInterrupt { cpu, vector, at });
            }
        };
        let end = end_of(qemu, Some(&qmp), killed);
        Ok(transcript.close(reader.finish(), end, Instant::now()))
    }
}

/// A guest on its way up. Dropping it ends it.
pub(super) struct Started {
    qemu: Running,
    reader: Reader,
}

impl Started {
    /// Starts QEMU. What it prints goes to the file.
    pub(super) fn new(machine: &Machine, sockets: &Sockets, log: PathBuf) -> Result<Self, VmError> {
        let reader = sockets.read_console()?;
        Ok(Self { qemu: start(machine, sockets, log)?, reader })
    }
}

fn start(machine: &Machine, sockets: &Sockets, log: PathBuf) -> Result<Running, VmError> {
    let socket = |name: &str| format!("socket,path={}", escape(&sockets.path(name)));
    let qmp = format!("{},id=qmp", socket("qmp"));
    let arguments = machine.arguments(&Plumbing {
        agent: socket("agent"),
        console: socket("console"),
        monitor: ["-chardev", &qmp, "-mon", "chardev=qmp,mode=control"].map(str::to_owned).into(),
        initrd: sockets.path(INITRD).to_string_lossy().into_owned(),
    });
    let inside = machine.inside().write(sockets.path(""));
    Ok(Process::new(machine.qemu, &arguments).log(log).die_with_parent().confined(inside).start()?)
}

/// How it ended: as we ended it, or else as QEMU reports.
fn end_of(qemu: Running, qmp: Option<&Qmp>, killed: Option<VmEnd>) -> VmEnd {
    let output = qemu.finish();
    let died = |how: String| VmEnd::QemuDied { how, stderr: output.tail.join("\n") };
    if let Some(broken) = &output.broken {
        return died(format!("its box: {broken}"));
    }
    if let Some(killed) = killed {
        return killed;
    }
    if signals::requested() {
        return VmEnd::Interrupted;
    }
    if !output.status.success() {
        return died(output.status.to_string());
    }
    match qmp.and_then(Qmp::shutdown_reason).as_deref() {
        Some("guest-shutdown") => VmEnd::PoweredOff,
        Some("guest-reset" | "guest-panic") => VmEnd::Reset,
        // `host-signal`: somebody sent TERM; it then exits with 0 all the same.
        Some(reason) => died(format!("exit status 0 after {reason}")),
        None => died("exit status 0 without a reason".into()),
    }
}

#[cfg(test)]
#[path = "boot_tests.rs"]
mod tests;
