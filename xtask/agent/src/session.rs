//! A step between fork and the program proper: a session of its own, and for a shell the terminal.
//!
//! Done by calling ourselves under another name, because what runs between fork and exec in this process
//! would have to be unsafe code.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use wire::Job;

use crate::port::console;

/// Name that starts a program in a session of its own.
pub const IN_SESSION: &str = "in-session";
/// Name that also makes standard input its controlling terminal.
pub const ON_TTY: &str = "on-tty";

/// Runs the cases' scripts.
pub const SHELL: &str = "/bin/sh";

/// A command that runs the program through the step of this name, in the environment of every case and of the shell.
#[expect(clippy::disallowed_methods, reason = "the guest has no host::process; PID 1 owns all processes")]
pub fn command(step: &str, program: &str, job: &Job) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0(step)
        .arg(program)
        .env_clear()
        .env("PATH", "/bin:/sbin:/usr/bin:/usr/sbin")
        .env("HOME", "/")
        .env("TERM", "dumb")
        .env("LC_ALL", "C")
        .envs(&job.env);
    command
}

/// The step itself; returns only when the program could not be started.
#[expect(clippy::disallowed_methods, reason = "the guest has no host::process; PID 1 owns all processes")]
pub fn exec(words: &[OsString], tty: bool) -> ExitCode {
    let Some((program, arguments)) = words.split_first() else { return ExitCode::from(2) };
    if let Err(error) = rustix::process::setsid() {
        console(&format!("starting a session: {error}\n"));
    }
    if tty && let Err(error) = rustix::process::ioctl_tiocsctty(rustix::stdio::stdin()) {
        console(&format!("taking the terminal: {error}\n"));
    }
    let error = Command::new(program).args(arguments).exec();
    console(&format!("starting {}: {error}\n", program.display()));
    // A shell's status for a program that it cannot start.
    ExitCode::from(127)
}
