//! A program on a terminal of its own: keys are typed, and what it shows is waited for.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

const DEADLINE: Duration = Duration::from_secs(60);

/// A program on a terminal. Dropping it kills it.
pub struct Pty {
    child: Child,
    /// Our end of the terminal, until that is hung up.
    keys: Option<File>,
    seen: Arc<Mutex<Vec<u8>>>,
    hung_up: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pty {
    /// Starts it. For a terminal that is its own, the command begins with `setsid --ctty`.
    pub fn start(mut command: Command) -> Self {
        let (ours, theirs) = terminal();
        let io = || Stdio::from(theirs.try_clone().expect("a copy"));
        let child = command.stdin(io()).stdout(io()).stderr(io()).spawn().expect("it starts");
        let ours = File::from(ours);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let hung_up = Arc::new(AtomicBool::new(false));
        let (output, sink, is_over) =
            (ours.try_clone().expect("a copy"), Arc::clone(&seen), Arc::clone(&hung_up));
        let reader = std::thread::spawn(move || read(output, &sink, &is_over));
        Self { child, keys: Some(ours), seen, hung_up, reader: Some(reader) }
    }

    /// Types this; what was seen before is forgotten.
    pub fn type_in(&mut self, keys: &str) {
        self.forget();
        self.keys.as_mut().expect("it is there").write_all(keys.as_bytes()).expect("typed");
    }

    /// Forgets what was seen.
    pub fn forget(&self) {
        self.seen.lock().expect("the lock").clear();
    }

    /// Waits until all of this has been seen.
    pub fn wait_for(&self, wanted: &[&str]) {
        let begun = Instant::now();
        loop {
            let text = String::from_utf8_lossy(&self.seen.lock().expect("the lock")).into_owned();
            if wanted.iter().all(|wanted| text.contains(wanted)) {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "{wanted:?} is not in what was seen: {text:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Takes the terminal away, as where its window is closed.
    #[allow(dead_code, reason = "a shell ends by itself")]
    pub fn hang_up(&mut self) {
        self.hung_up.store(true, Ordering::SeqCst);
        self.reader.take().expect("it is there").join().expect("it reads");
        self.keys = None;
    }

    /// Sends it a signal.
    #[allow(dead_code, reason = "a shell is sent none")]
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("it is there");
    }

    /// Waits for its end.
    #[allow(dead_code, reason = "a shell does not end")]
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                return status;
            }
            assert!(begun.elapsed() < DEADLINE, "it has not ended");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Keeps what is shown, until the program ends or the terminal is hung up.
fn read(mut output: File, sink: &Mutex<Vec<u8>>, is_over: &AtomicBool) {
    let mut buffer = [0; 4096];
    let wait = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    while !is_over.load(Ordering::SeqCst) {
        let is_there = poll(&mut [PollFd::new(&output, PollFlags::IN)], Some(&wait));
        if is_there == Ok(0) {
            continue;
        }
        match output.read(&mut buffer) {
            Ok(count @ 1..) => sink.lock().expect("the lock").extend_from_slice(&buffer[..count]),
            Ok(0) | Err(_) => return,
        }
    }
}

fn terminal() -> (OwnedFd, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let size = Winsize { ws_row: 60, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&ours, size).expect("its size");
    let name = ptsname(&ours, Vec::new()).expect("its name");
    let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty());
    (ours, theirs.expect("the other end"))
}
