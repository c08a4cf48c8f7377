//! A shell on the console instead of cases.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::process::Pid;
use wire::{Job, SUITE_PATH};

use crate::port::{Port, console};
use crate::{processes, session};

/// Runs a shell until it ends.
pub fn run(job: &Job, port: &Port) {
    console(&format!(
        "\npatchbench: a shell in the guest; `exit` or Ctrl-D powers off. The suite lies in {SUITE_PATH}.\n"
    ));
    if let Err(error) = start(job) {
        port.note(format!("starting a shell on the console: {error}"));
    }
}

fn start(job: &Job) -> std::io::Result<()> {
    // /dev/console itself can be nobody's controlling terminal (tty_open() in drivers/tty/tty_io.c).
    let active = fs::read_to_string("/sys/class/tty/console/active").unwrap_or_default();
    let name = active.split_whitespace().next_back().unwrap_or("console").to_owned();
    let flags = i32::try_from(OFlags::NOCTTY.bits()).unwrap_or(0);
    let tty = OpenOptions::new().read(true).write(true).custom_flags(flags).open(format!("/dev/{name}"))?;
    let mut command = session::command(session::ON_TTY, session::SHELL, job);
    let child = command
        .env("PS1", r"guest:\w# ")
        .env("TERM", "vt100")
        .current_dir("/")
        .stdin(Stdio::from(tty.try_clone()?))
        .stdout(Stdio::from(tty.try_clone()?))
        .stderr(Stdio::from(tty))
        .spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap_or(Pid::INIT);
    while processes::wait_for(pid, Duration::from_secs(3600)).is_none() {}
    processes::kill_all();
    Ok(())
}
