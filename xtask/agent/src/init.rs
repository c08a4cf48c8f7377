//! The life of the guest, from the kernel's hand-over to power-off.

use std::fs;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::system::{RebootCommand, reboot};
use wire::{FromGuest, JOB_PATH, Job, Markers, PROTOCOL};

use crate::files::CaseNow;
use crate::modules::Loader;
use crate::monitor::Monitor;
use crate::port::{self, Port, console};
use crate::{ask, cases, late, leaks, mounts, settle, shell, udev, uevent};

/// How long the virtio port may take to appear; without it the job runs all the same.
const PORT_WAIT: Duration = Duration::from_secs(3);
/// How long the last frames may take to leave. A host that does not read for so long is gone.
const FLUSH_WAIT: Duration = Duration::from_secs(30);
/// How long the kernel may take to power off; a device lock that is held for ever would keep it.
const OFF_WAIT: Duration = Duration::from_secs(10);

/// Runs the job and powers off. Does not return: PID 1 must not.
pub fn run() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        console(&format!("patchbench agent: {info}\n"));
        // A PID 1 that unwinds and exits is a kernel panic that hides its reason.
        let _ = reboot(RebootCommand::Restart);
    }));
    let problems = mounts::all();
    let file = port::find(PORT_WAIT);
    let late = match &file {
        Some(file) if late::are_missing() => late::take(port::Incoming(file)),
        _ => Ok(()),
    };
    let port = Port::on(file);
    if let Err(problem) = late {
        // Without a hello: to the host, this guest never came up.
        port.note(problem);
        return power_off(&port);
    }
    port.send(FromGuest::Hello { protocol: PROTOCOL, release: release(), uptime_ms: uptime_ms() });
    for problem in problems {
        port.note(problem);
    }
    match job() {
        Ok(job) => work(&job, &port),
        Err(problem) => port.note(problem),
    }
    power_off(&port)
}

fn work(job: &Job, port: &Port) {
    let loader = Arc::new(Loader::new(&release(), &job.deny, port.clone()));
    if job.udev {
        udev::start(job, port);
    } else if job.autoload {
        uevent::start(&loader);
    }
    settle::load_all(job, &loader, port);
    if job.udev {
        udev::settle(job, port);
    }
    settle::wait(job, &loader, port);
    let now = CaseNow::new();
    if let Err(error) = ask::serve(port.clone(), now.clone()) {
        port.note(format!("cases cannot ask the host: {error}"));
    }
    if job.shell {
        shell::run(job, port);
        bye(port, 0);
    } else {
        let mut monitor = Monitor::open(port);
        let mut markers = markers(job, port);
        let ran = cases::run_all(job, port, &now, &mut monitor, &mut markers);
        leaks::scan();
        monitor.report();
        bye(port, ran);
    }
}

fn bye(port: &Port, ran: u32) {
    if !port.bye(ran, FLUSH_WAIT) {
        console("patchbench agent: the host does not answer; the last frames may be lost\n");
    }
}

/// Makes the markers, of a secret that is nowhere but here, and announces them: the host knows how to tell them before the first case
/// runs.
fn markers(job: &Job, port: &Port) -> Markers {
    let mut secret = [0; 32];
    let read = fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut secret));
    let markers = Markers::new(&secret, 2 * job.cases.len());
    match read {
        Ok(()) => port.send(FromGuest::Markers { anchor: markers.anchor().to_owned() }),
        // Not announced, none of them is genuine.
        Err(error) => port.note(format!("reading /dev/urandom, for the markers of the cases: {error}")),
    }
    port.flush(FLUSH_WAIT);
    markers
}

fn job() -> Result<Job, String> {
    let text = fs::read(JOB_PATH).map_err(|error| format!("reading {JOB_PATH}: {error}"))?;
    // A case has no business with the others.
    let _ = fs::remove_file(JOB_PATH);
    // The version is looked at first: an older or newer job has other fields.
    let value: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| format!("parsing {JOB_PATH}: {error}"))?;
    if value["protocol"] != PROTOCOL {
        return Err(format!("{JOB_PATH} is of protocol {}, this agent of {PROTOCOL}", value["protocol"]));
    }
    serde_json::from_value(value).map_err(|error| format!("parsing {JOB_PATH}: {error}"))
}

fn power_off(port: &Port) -> ExitCode {
    if !port.flush(FLUSH_WAIT) {
        console("patchbench agent: the host does not read; the last frames are lost\n");
    }
    thread::spawn(|| {
        thread::sleep(OFF_WAIT);
        console("patchbench agent: the kernel does not power off, forcing a reset\n");
        // Emergency restart: touches no device and so waits for no lock.
        let _ = fs::write("/proc/sysrq-trigger", "b");
    });
    rustix::fs::sync();
    if let Err(error) = reboot(RebootCommand::PowerOff) {
        console(&format!("patchbench agent: powering off: {error}\n"));
    }
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

/// `uname -r`.
fn release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

/// Since the kernel's start.
fn uptime_ms() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let (seconds, hundredths) =
        text.split_whitespace().next().and_then(|word| word.split_once('.')).unwrap_or_default();
    seconds.parse::<u64>().unwrap_or(0) * 1000 + hundredths.parse::<u64>().unwrap_or(0) * 10
}
