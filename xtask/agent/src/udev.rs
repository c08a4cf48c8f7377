//! The userland's own udevd: loads modules and makes the links below `/dev`, as on any machine; libcxl waits for its queue.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Pid;
use wire::Job;

use crate::port::Port;
use crate::{cases, session};

const DAEMON: &str = "/bin/systemd-udevd";
const ADMIN: &str = "/bin/udevadm";
/// Modules that it leaves alone, in modprobe.d(5)'s words.
const WITHHOLD: &str = "/run/modprobe.d/withhold.conf";
/// Names of its processes, as `/proc/PID/comm` has them.
const NAMES: [&str; 2] = ["systemd-udevd", "(udev-worker)"];

static RUNNING: AtomicBool = AtomicBool::new(false);

/// Starts it, and has it look at what is there already.
pub fn start(job: &Job, port: &Port) {
    let lines: String = job.withhold.iter().map(|module| format!("blacklist {module}\n")).collect();
    if let Err(error) = fs::create_dir_all("/run/modprobe.d").and_then(|()| fs::write(WITHHOLD, lines)) {
        port.note(format!("writing {WITHHOLD}: {error}"));
    }
    // Its parent returns when it listens.
    if !run(job, port, DAEMON, &["--daemon", "--resolve-names=early"]) {
        return;
    }
    RUNNING.store(true, Ordering::SeqCst);
    run(job, port, ADMIN, &["trigger", "--type=subsystems", "--action=add"]);
    run(job, port, ADMIN, &["trigger", "--type=devices", "--action=add"]);
    settle(job, port);
}

/// Waits until it has nothing to do.
pub fn settle(job: &Job, port: &Port) {
    let seconds = job.settle_ms.div_ceil(1000);
    run(job, port, ADMIN, &["settle", &format!("--timeout={seconds}")]);
}

/// Whether it was started.
pub fn is_running() -> bool {
    RUNNING.load(Ordering::SeqCst)
}

/// Whether a process is one of its.
pub fn is_its(pid: Pid) -> bool {
    let comm = Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join("comm");
    fs::read_to_string(comm).is_ok_and(|name| NAMES.contains(&name.trim_end()))
}

fn run(job: &Job, port: &Port, program: &str, words: &[&str]) -> bool {
    let mut command = session::command(session::IN_SESSION, program);
    cases::environment(&mut command, job);
    let output = command.args(words).stdin(Stdio::null()).output();
    let problem = match output {
        Ok(output) if output.status.success() => return true,
        Ok(output) => format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => error.to_string(),
    };
    port.note(format!("{program} {}: {problem}", words.join(" ")));
    false
}
