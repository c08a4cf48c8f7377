//! Modules of the job, and the wait until the device tree has come to rest.

use std::fs;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use wire::Job;

use crate::modules::Loader;
use crate::port::Port;

/// At rest is a tree that no uevent came from for this long.
const QUIET: Duration = Duration::from_millis(200);
const TICK: Duration = Duration::from_millis(10);

/// Loads the job's modules in order. One that does not load, or does not come back, is noted; the cases that
/// need it fail for themselves.
pub fn load_all(job: &Job, loader: &Arc<Loader>, port: &Port) {
    if loader.is_empty() && (job.autoload || !job.modules.is_empty()) {
        port.note("there are no modules for this kernel in /lib/modules");
    }
    let longest = Duration::from_millis(job.settle_ms);
    for request in &job.modules {
        // On a thread, because an init that blocks for ever must not keep us from reporting it.
        let (done, wait) = mpsc::channel();
        let (loader, name) = (Arc::clone(loader), request.clone());
        thread::spawn(move || {
            let _ = done.send(loader.load(&name));
        });
        match wait.recv_timeout(longest) {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => port.note(problem),
            Err(_) => {
                port.note(format!("module {request} is still loading after {} ms", longest.as_millis()));
            }
        }
    }
}

/// Waits until the wanted memdevs are there and nothing stirs, at most [`Job::settle_ms`].
pub fn wait(job: &Job, loader: &Loader, port: &Port) {
    let idle = loader.is_empty() || (!job.autoload && job.modules.is_empty());
    if idle && job.memdevs == 0 {
        return;
    }
    let begun = Instant::now();
    let mut events = sequence();
    let mut still_since = begun;
    loop {
        let now = sequence();
        if now != events || loader.busy() > 0 {
            events = now;
            still_since = Instant::now();
        }
        let memdevs = memdevs();
        let quiet = still_since.elapsed() >= QUIET;
        if quiet && memdevs >= job.memdevs {
            return;
        }
        if begun.elapsed() >= Duration::from_millis(job.settle_ms) {
            port.note(format!(
                "no rest after {} ms: {memdevs} of {} memdevs, {} modules still loading, {}",
                job.settle_ms,
                job.memdevs,
                loader.busy(),
                if quiet { "no more uevents" } else { "uevents still coming" }
            ));
            return;
        }
        thread::sleep(TICK);
    }
}

/// Number of the last uevent.
fn sequence() -> String {
    fs::read_to_string("/sys/kernel/uevent_seqnum").unwrap_or_default()
}

fn memdevs() -> u32 {
    let Ok(devices) = fs::read_dir("/sys/bus/cxl/devices") else { return 0 };
    let count = devices.flatten().filter(|entry| is_memdev(&entry.file_name().to_string_lossy())).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// `mem0`, not `memory_x`.
fn is_memdev(name: &str) -> bool {
    name.strip_prefix("mem").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::is_memdev;

    #[test]
    fn memdevs_are_distinguished_from_their_neighbours() {
        assert!(is_memdev("mem0") && is_memdev("mem12"));
        assert!(!is_memdev("mem") && !is_memdev("endpoint1") && !is_memdev("memx"));
    }
}
