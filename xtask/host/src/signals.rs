//! Ctrl-C: one place that knows which process groups are ours and ends them.
//!
//! The first signal asks every group to terminate and kills what is left after [`GRACE`]; a second one kills at
//! once. Work inside the tool looks at [`requested`] between steps.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How long a group has between TERM and KILL.
pub const GRACE: Duration = Duration::from_secs(3);

static REQUESTED: AtomicBool = AtomicBool::new(false);
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Whether the user asked us to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// Asks for a stop, as Ctrl-C would.
pub fn request() {
    REQUESTED.store(true, Ordering::SeqCst);
    signal_all(Signal::TERM);
}

/// Starts listening for SIGINT, SIGTERM and SIGHUP, and ends our groups when the tool panics.
///
/// # Errors
/// The handlers could not be installed.
pub fn install() -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for _ in signals.forever() {
            if requested() {
                signal_all(Signal::KILL);
                continue;
            }
            request();
            thread::spawn(|| {
                thread::sleep(GRACE);
                signal_all(Signal::KILL);
            });
        }
    })?;
    let earlier = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        signal_all(Signal::KILL);
        earlier(info);
    }));
    Ok(())
}

/// Registers a group for as long as the guard lives.
pub(super) struct Group(i32);

impl Group {
    pub(super) fn register(pid: u32) -> Self {
        let pgid = i32::try_from(pid).unwrap_or(i32::MAX);
        groups().insert(pgid);
        // The request may have come between the spawn and this line.
        if requested() {
            signal(pgid, Signal::TERM);
        }
        Self(pgid)
    }

    pub(super) fn signal(&self, signal_: Signal) {
        signal(self.0, signal_);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Whatever the leader left behind goes with it.
        self.signal(Signal::KILL);
        groups().remove(&self.0);
    }
}

fn groups() -> std::sync::MutexGuard<'static, BTreeSet<i32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn signal(pgid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pgid) {
        // ESRCH only says that the group is gone already, which is what we want.
        let _ = kill_process_group(pid, signal);
    }
}

fn signal_all(signal_: Signal) {
    for pgid in groups().iter() {
        signal(*pgid, signal_);
    }
}
