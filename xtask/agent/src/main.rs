//! The guest's PID 1, and the commands that cases call: one static binary, which goes by the name by which it
//! is called (`/init`, `host`, …), as busybox does.
//!
//! As `/init` it mounts, loads modules, runs the cases of the job one at a time, reports to the host over
//! virtio-serial and powers off. It depends on nothing in the guest but `/bin/sh`.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

mod ask;
mod cases;
mod code;
mod counters;
mod cxl_changed;
mod cxl_dump;
mod cxl_expect;
mod cxl_regions;
mod cxl_sysfs;
mod cxl_topology;
mod cxl_tree;
mod evidence;
mod files;
mod index;
mod init;
mod journal;
mod late;
mod leaks;
mod modules;
mod monitor;
mod mounts;
mod port;
mod processes;
mod request;
mod results;
mod save;
mod session;
mod settle;
mod shell;
mod udev;
mod uevent;
mod usage;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let called = words.next().unwrap_or_default();
    let words: Vec<OsString> = words.collect();
    match Path::new(&called).file_name().and_then(|name| name.to_str()) {
        Some("init") if rustix::process::getpid() == rustix::process::Pid::INIT => init::run(),
        Some("host") => ask::client(&words),
        Some("save") => save::client(&words),
        Some("cxl-dump") => cxl_dump::run(),
        Some("cxl-expect") => expect(&words),
        Some("cxl-regions") => answer(&words, cxl_regions::run),
        Some("cxl-topology") => answer(&words, cxl_topology::run),
        Some("journalctl") => journal::run(&words),
        Some(session::IN_SESSION) => session::exec(&words, false),
        Some(session::ON_TTY) => session::exec(&words, true),
        _ => {
            port::console(usage::USAGE);
            ExitCode::from(2)
        }
    }
}

/// Drivers bind on their own time, and a debug kernel under TCG takes its own.
const LONGEST: Duration = Duration::from_secs(20);

/// Prints as KTAP whether `/sys/bus/cxl` is what the host derived from the topology.
fn expect(words: &[OsString]) -> ExitCode {
    match expectation().and_then(|expect| cxl_changed::changed(expect, &texts(words))) {
        Ok(expect) => {
            let (ktap, same) = cxl_expect::wait(&expect, Path::new("/sys"), LONGEST);
            print!("{ktap}");
            if same { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => bail_out(&error),
    }
}

/// What answers a question of a case: words, the expectation, sysfs.
type Answers = fn(&[String], &wire::Expect, &Path) -> (String, bool);

fn answer(words: &[OsString], answers: Answers) -> ExitCode {
    match expectation() {
        Ok(expect) => {
            let (text, well) = answers(&texts(words), &expect, Path::new("/sys"));
            print!("{text}");
            if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => bail_out(&error),
    }
}

fn texts(words: &[OsString]) -> Vec<String> {
    words.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// What the host derived from the topology.
fn expectation() -> Result<wire::Expect, String> {
    let text = std::fs::read(wire::EXPECT_PATH).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

fn bail_out(error: &str) -> ExitCode {
    println!("Bail out! {}: {error}", wire::EXPECT_PATH);
    ExitCode::FAILURE
}
