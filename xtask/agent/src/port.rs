//! The way to the host: one JSON frame a line on a virtio-serial port, and its answers.
//!
//! Frames go through one thread, in the order in which they were queued. A host that reads slowly makes them
//! queue (the cases' output is capped, and files wait for their turn, so the queue is bounded); a host that is not there, or goes away, makes
//! them readable lines on the console instead.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wire::{FromGuest, PORT_NAME, ToGuest};

/// Why a request is not answered, and a file not stored, where nobody is.
pub const NO_HOST: &str = "no host on the other end of the port";
/// The kernel shows the port's name before it knows that the host side is open.
const HOST_WAIT: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(10);

/// Writes to the console, whatever became of it. `eprint!` would panic where the console is gone.
pub fn console(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Writes one line into the kernel log.
pub fn kernel_log(line: &str) {
    // One write is one record.
    let _ = OpenOptions::new()
        .write(true)
        .open("/dev/kmsg")
        .and_then(|mut file| file.write_all(format!("<6>{line}\n").as_bytes()));
}

enum Outgoing {
    Frame(FromGuest),
    Flush(Sender<()>),
}

/// Requests that wait for an answer; none once the host is gone.
type Pending = Arc<Mutex<Option<BTreeMap<u32, Sender<(bool, String)>>>>>;

/// What the host has said of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    /// Nothing: it may be a file, or is gone.
    Silent,
    /// It answers.
    Hello,
    /// It has all that was sent.
    Bye,
}

/// Handle to the port; clones queue for the same one.
#[derive(Clone)]
pub struct Port {
    queue: Sender<Outgoing>,
    pending: Pending,
    next: Arc<AtomicU32>,
    host: Arc<(Mutex<Host>, Condvar)>,
}

impl Port {
    /// On the file that [`find`] found; without one everything goes to the console.
    pub fn on(file: Option<File>) -> Self {
        let pending: Pending = Arc::new(Mutex::new(file.as_ref().map(|_| BTreeMap::new())));
        let host = Arc::new((Mutex::new(Host::Silent), Condvar::new()));
        if let Some(reader) = file.as_ref().and_then(|file| file.try_clone().ok()) {
            let (pending, host) = (Arc::clone(&pending), Arc::clone(&host));
            thread::spawn(move || answers(reader, &pending, &host));
        }
        let (queue, frames) = mpsc::channel();
        let (waiting, word) = (Arc::clone(&pending), Arc::clone(&host));
        thread::spawn(move || write_frames(file, &frames, &waiting, &word));
        Self { queue, pending, next: Arc::new(AtomicU32::new(1)), host }
    }

    /// Queues a frame.
    pub fn send(&self, frame: FromGuest) {
        let _ = self.queue.send(Outgoing::Frame(frame));
    }

    /// Reports something that belongs to no case.
    pub fn note(&self, text: impl Into<String>) {
        self.send(FromGuest::Note { text: text.into() });
    }

    /// Waits at most this long until every queued frame has left; whether it has.
    pub fn flush(&self, longest: Duration) -> bool {
        let (done, wait) = mpsc::channel();
        self.queue.send(Outgoing::Flush(done)).is_ok() && wait.recv_timeout(longest).is_ok()
    }

    /// Sends the last frame, and waits at most this long until the host has it, where that is one that answers; whether it
    /// has. To have left is not enough: what QEMU has not read when the kernel powers off is lost.
    pub fn bye(&self, ran: u32, longest: Duration) -> bool {
        self.send(FromGuest::Bye { ran });
        let (host, changed) = &*self.host;
        let host = host.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(host, longest, |host| *host == Host::Hello);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Asks the host and waits for its answer. The host bounds its own work, and the case that asks has its
    /// deadline, so that there is no other bound here.
    pub fn ask(&self, words: Vec<String>) -> (bool, String) {
        let alone = || (false, NO_HOST.to_owned());
        let Some((id, answer)) = self.expect_answer() else { return alone() };
        self.send(FromGuest::Ask { id, words });
        answer.recv().unwrap_or_else(|_| alone())
    }

    /// A number for a request or a file, and where its answer will come; nothing where there is no host. The answer's
    /// channel closes when the host goes away.
    pub fn expect_answer(&self) -> Option<(u32, Receiver<(bool, String)>)> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = mpsc::channel();
        lock(&self.pending).as_mut()?.insert(id, sender);
        Some((id, answer))
    }

    /// Nobody waits for the answer of this number any more.
    pub fn forget(&self, id: u32) {
        if let Some(pending) = lock(&self.pending).as_mut() {
            pending.remove(&id);
        }
    }

    /// Waits until every queued frame has left, however long that takes.
    pub fn wait_until_sent(&self) {
        let (done, wait) = mpsc::channel();
        if self.queue.send(Outgoing::Flush(done)).is_ok() {
            let _ = wait.recv();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits at most this long for the port.
pub fn find(longest: Duration) -> Option<File> {
    let until = Instant::now() + longest;
    loop {
        if let Some(file) = device().and_then(|path| open(&path)) {
            return Some(file);
        }
        if Instant::now() >= until {
            return None;
        }
        thread::sleep(TICK);
    }
}

fn device() -> Option<PathBuf> {
    let ports = fs::read_dir("/sys/class/virtio-ports").ok()?;
    ports.flatten().find_map(|port| {
        let name = fs::read_to_string(port.path().join("name")).ok()?;
        (name.trim_end() == PORT_NAME).then(|| PathBuf::from("/dev").join(port.file_name()))
    })
}

/// Non-blocking: a write on a port whose host is gone would block for ever (`will_write_block()` in
/// drivers/char/virtio_console.c).
fn open(path: &PathBuf) -> Option<File> {
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).ok()?;
    OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).ok()
}

fn write_frames(
    mut port: Option<File>,
    frames: &Receiver<Outgoing>,
    pending: &Pending,
    host: &(Mutex<Host>, Condvar),
) {
    for outgoing in frames {
        match outgoing {
            Outgoing::Flush(done) => {
                let _ = done.send(());
            }
            Outgoing::Frame(frame) => {
                let sent = port.as_mut().is_some_and(|port| write_frame(port, &frame).is_ok());
                if !sent {
                    if port.take().is_some() {
                        console("patchbench agent: the host is gone, going on alone\n");
                        // Whoever waits for an answer learns it from the dropped channel.
                        lock(pending).take();
                        host_says(host, Host::Silent);
                    }
                    console(&readable(&frame));
                }
            }
        }
    }
}

fn write_frame(port: &mut File, frame: &FromGuest) -> io::Result<()> {
    let mut line = serde_json::to_vec(frame)?;
    line.push(b'\n');
    let mut rest = line.as_slice();
    while !rest.is_empty() {
        match port.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for_room(port)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Waits as long as the host is there; an error when it is not.
fn wait_for_room(port: &File) -> io::Result<()> {
    let until = Instant::now() + HOST_WAIT;
    loop {
        let events = wait(port, PollFlags::OUT)?;
        if events.contains(PollFlags::OUT) {
            return Ok(());
        }
        if events.contains(PollFlags::HUP) {
            if Instant::now() >= until {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            thread::sleep(TICK);
        }
    }
}

fn wait(port: &File, events: PollFlags) -> io::Result<PollFlags> {
    let mut fds = [PollFd::new(port, events)];
    poll(&mut fds, Some(&Timespec { tv_sec: 1, tv_nsec: 0 }))?;
    Ok(fds[0].revents())
}

/// What the host sends, waited for.
pub struct Incoming<'a>(pub &'a File);

impl Read for Incoming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let events = wait(self.0, PollFlags::IN)?;
            if events.contains(PollFlags::IN) {
                return self.0.read(buffer);
            }
            if events.contains(PollFlags::HUP) {
                // Not there yet: one that goes away takes QEMU with it.
                thread::sleep(TICK);
            }
        }
    }
}

fn answers(mut port: File, pending: &Pending, host: &(Mutex<Host>, Condvar)) {
    /// The host is trusted, but a line without an end must not eat the guest's memory.
    const LONGEST: usize = 1 << 20;
    let mut buffer = Vec::new();
    let mut chunk = [0; 4096];
    while lock(pending).is_some() {
        match wait(&port, PollFlags::IN) {
            Ok(events) if events.contains(PollFlags::IN) => {}
            Ok(events) if events.contains(PollFlags::HUP) => {
                thread::sleep(TICK);
                continue;
            }
            _ => continue,
        }
        let Ok(count) = port.read(&mut chunk) else { continue };
        buffer.extend_from_slice(&chunk[..count]);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(ToGuest::Answer { id, ok, text }) => drop(hand_over(pending, id, (ok, text))),
                Ok(ToGuest::Hello) => host_says(host, Host::Hello),
                Ok(ToGuest::Bye) => host_says(host, Host::Bye),
                _ => {}
            }
        }
        if buffer.len() > LONGEST {
            buffer.clear();
        }
    }
}

fn host_says((host, changed): &(Mutex<Host>, Condvar), word: Host) {
    *host.lock().unwrap_or_else(PoisonError::into_inner) = word;
    changed.notify_all();
}

/// Gives an answer to whoever waits for it; whether somebody did.
fn hand_over(pending: &Pending, id: u32, answer: (bool, String)) -> bool {
    let waiting = lock(pending).as_mut().and_then(|pending| pending.remove(&id));
    waiting.is_some_and(|waiting| waiting.send(answer).is_ok())
}

fn readable(frame: &FromGuest) -> String {
    match frame {
        FromGuest::Hello { release, uptime_ms, .. } => {
            format!("patchbench agent: hello from {release} after {uptime_ms} ms\n")
        }
        FromGuest::Note { text } => format!("patchbench agent: {text}\n"),
        FromGuest::Begin { case } => format!("patchbench agent: case {case} begins\n"),
        FromGuest::Output { text, .. } => text.clone(),
        FromGuest::End { case, how, ms, .. } => {
            format!("patchbench agent: case {case} ended after {ms} ms: {how:?}\n")
        }
        FromGuest::Ask { words, .. } => format!("patchbench agent: asks {}\n", words.join(" ")),
        FromGuest::FileBegin { name, .. } => format!("patchbench agent: file {name} goes nowhere\n"),
        // What a file holds is nothing for a console, and the log is there already.
        FromGuest::FileData { .. }
        | FromGuest::FileEnd { .. }
        | FromGuest::Markers { .. }
        | FromGuest::Kmsg { .. }
        | FromGuest::Health { .. }
        | FromGuest::Code { .. } => String::new(),
        FromGuest::Bye { ran } => format!("patchbench agent: bye, {ran} cases were run\n"),
    }
}

#[cfg(test)]
impl Port {
    /// A port whose host is the test: the frames, and [`Port::answer`].
    pub fn to_nowhere() -> (Self, Receiver<FromGuest>) {
        let pending = Arc::new(Mutex::new(Some(BTreeMap::new())));
        let (queue, outgoing) = mpsc::channel();
        let (sender, frames) = mpsc::channel();
        thread::spawn(move || {
            for outgoing in outgoing {
                match outgoing {
                    Outgoing::Frame(frame) => drop(sender.send(frame)),
                    Outgoing::Flush(done) => drop(done.send(())),
                }
            }
        });
        let host = Arc::new((Mutex::new(Host::Silent), Condvar::new()));
        (Self { queue, pending, next: Arc::new(AtomicU32::new(1)), host }, frames)
    }

    /// Answers as the host would; whether somebody waited for it.
    pub fn answer(&self, id: u32, ok: bool, text: &str) -> bool {
        hand_over(&self.pending, id, (ok, text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn a_bye_waits_for_the_host_where_that_has_answered_before() {
        let (port, frames) = Port::to_nowhere();
        assert!(port.bye(1, LONG), "nobody answers, as in a replay by hand");
        host_says(&port.host, Host::Hello);
        assert!(!port.bye(2, SHORT), "it has answered the hello, not the bye");
        let waiting = {
            let port = port.clone();
            thread::spawn(move || port.bye(3, LONG))
        };
        while !matches!(frames.recv().expect("a frame"), FromGuest::Bye { ran: 3 }) {}
        host_says(&port.host, Host::Bye);
        assert!(waiting.join().expect("no panic"));
    }

    #[test]
    fn a_bye_waits_for_no_host_that_is_gone() {
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        let port = Port::on(Some(File::from(OwnedFd::from(ours))));
        host_says(&port.host, Host::Hello);
        drop(theirs);
        assert!(port.bye(1, LONG));
        assert_eq!(port.ask(vec!["device-del".to_owned()]), (false, NO_HOST.to_owned()));
    }
}
