//! A guest whose console is the user's terminal.

use host::{Process, Status};

use super::command::{Plumbing, escape};
use super::sockets::{Sockets, make_folder, write_initrd};
use super::{Boot, VmError};

impl Boot<'_> {
    /// Boots with the guest's console on our terminal until QEMU ends; Ctrl-A X ends it, Ctrl-A C is the
    /// monitor. The job should be one with `shell`. `console.log` gets what the guest printed.
    ///
    /// # Errors
    /// QEMU could not be started; a file of ours could not be written.
    pub fn shell(&self) -> Result<Status, VmError> {
        make_folder(self.folder)?;
        let sockets = Sockets::new()?;
        let initrd = sockets.path("initrd");
        write_initrd(&initrd, self.machine.image, self.machine.job)?;
        let arguments = self.machine.arguments(&Plumbing {
            agent: format!("file,path={}", escape(&self.folder.join("agent.jsonl"))),
            console: format!("stdio,mux=on,signal=off,logfile={}", escape(&self.folder.join("console.log"))),
            monitor: vec!["-mon".into(), "chardev=console,mode=readline".into()],
            initrd: initrd.to_string_lossy().into_owned(),
        });
        let inside = self.machine.inside().write(sockets.path("")).write(self.folder);
        let qemu = Process::new(self.machine.qemu, &arguments).interactive().die_with_parent();
        Ok(qemu.confined(inside).output()?.status)
    }
}
