//! The userland's own udevd: loads modules and makes the links below `/dev`, as on any machine; libcxl waits for its queue.

use std::fs;
use std::process::Stdio;

use wire::Job;

use crate::port::Port;
use crate::{processes, session};

const DAEMON: &str = "/bin/systemd-udevd";
const ADMIN: &str = "/bin/udevadm";
/// Modules that it leaves alone, in modprobe.d(5)'s words.
const DENIED: &str = "/run/modprobe.d/deny.conf";
/// Names of its processes, as `/proc/PID/comm` has them.
const NAMES: [&str; 2] = ["systemd-udevd", "(udev-worker)"];

/// Starts it, and has it look at what is there already.
pub fn start(job: &Job, port: &Port) {
    let lines: String = job.deny.iter().map(|module| format!("blacklist {module}\n")).collect();
    if let Err(error) = fs::create_dir_all("/run/modprobe.d").and_then(|()| fs::write(DENIED, lines)) {
        port.note(format!("writing {DENIED}: {error}"));
    }
    // Its parent returns when it listens.
    if !run(job, port, DAEMON, &["--daemon", "--resolve-names=early"]) {
        return;
    }
    processes::spare(&NAMES);
    run(job, port, ADMIN, &["trigger", "--type=subsystems", "--action=add"]);
    run(job, port, ADMIN, &["trigger", "--type=devices", "--action=add"]);
    settle(job, port);
}

/// Waits until it has nothing to do.
pub fn settle(job: &Job, port: &Port) {
    let seconds = job.settle_ms.div_ceil(1000);
    run(job, port, ADMIN, &["settle", &format!("--timeout={seconds}")]);
}

fn run(job: &Job, port: &Port, program: &str, words: &[&str]) -> bool {
    let mut command = session::command(session::IN_SESSION, program, job);
    let output = command.args(words).stdin(Stdio::null()).output();
    let problem = match output {
        Ok(output) if output.status.success() => return true,
        Ok(output) => format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => error.to_string(),
    };
    port.note(format!("{program} {}: {problem}", words.join(" ")));
    false
}
