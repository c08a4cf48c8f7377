//! Runs the cases, one at a time, each with its deadline.

use std::fs;
use std::io::{self, PipeReader, Read};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, WaitStatus, pidfd_open};
use wire::{Case, CaseEnd, FromGuest, Job, KILLED, Markers};

use crate::code::Code;
use crate::counters::Counters;
use crate::files::CaseNow;
use crate::monitor::Monitor;
use crate::port::{Port, kernel_log};
use crate::results::Beyond;
use crate::{evidence, processes, session};

/// Status of a case that is skipped, as of kselftests.
const SKIPPED: i32 = 4;
/// Output of a case beyond this is counted and dropped, but for lines that may be results.
const OUTPUT_CAP: u64 = 1 << 20;
/// Between TERM and KILL, so that a script's trap can tidy up.
const GRACE: Duration = Duration::from_secs(2);
/// A killed process that is not gone by then sits in the kernel and will not go.
const KILL_WAIT: Duration = Duration::from_secs(5);
/// Whatever kept the pipe open after the case's end has been killed; its end of file comes at once.
const DRAIN_WAIT: Duration = Duration::from_secs(1);
/// How often orphans are reaped while a case runs.
const TICK: Duration = Duration::from_millis(100);

/// Runs all cases; returns how many were run. Stops after one that cannot be killed: what it holds in the
/// kernel would make the others lie.
pub fn run_all(job: &Job, port: &Port, now: &CaseNow, monitor: &mut Monitor, markers: &mut Markers) -> u32 {
    let mut code = Code::default();
    code.report(port);
    let counters = Counters::find();
    if let Some(counters) = &counters {
        counters.save(wire::COUNTS_BEFORE, port);
    }
    for (case, index) in job.cases.iter().zip(0..) {
        if let Some(counters) = &counters {
            counters.reset(port);
        }
        port.send(FromGuest::Begin { case: index });
        // In the log, the marker must not come after what the case makes the kernel print.
        let begin = markers.write("begin", &case.name);
        kernel_log(&begin);
        now.set(Some(index));
        let begun = Instant::now();
        let beyond = Beyond::default();
        let mut run =
            Run { port, monitor, index, sent: 0, dropped: 0, held: Vec::new(), beyond, left: false };
        let (how, stuck) = run.run(job, case);
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        now.set(None);
        if is_red(how) {
            // Before the marker: what the kernel reports meanwhile belongs to this case.
            evidence::save(job, case, &begin, stuck, port);
        }
        kernel_log(&markers.write("end", &case.name));
        let rest = run.beyond.rest();
        run.held.extend(rest);
        run.flush();
        code.report(port);
        if let Some(counters) = &counters {
            counters.save(&case.name, port);
        }
        let (dropped, cut, left) = (run.dropped, run.beyond.is_cut(), run.left || stuck);
        monitor.report();
        port.send(FromGuest::End { case: index, how, ms, dropped, cut, left });
        if stuck {
            return index + 1;
        }
    }
    u32::try_from(job.cases.len()).unwrap_or(u32::MAX)
}

struct Run<'a> {
    port: &'a Port,
    monitor: &'a mut Monitor,
    index: u32,
    sent: u64,
    dropped: u64,
    /// Start of a character whose rest has not come yet.
    held: Vec<u8>,
    /// What is passed on of the output beyond the cap.
    beyond: Beyond,
    /// A process that the case left behind cannot be killed.
    left: bool,
}

impl Run<'_> {
    /// How it ended, and whether it is still there.
    fn run(&mut self, job: &Job, case: &Case) -> (CaseEnd, bool) {
        let (pid, pipe) = match start(job, case) {
            Ok(started) => started,
            Err(error) => {
                self.take(format!("starting {}: {error}\n", case.script).as_bytes());
                return (CaseEnd::NotStarted, false);
            }
        };
        let deadline = Instant::now() + Duration::from_millis(case.timeout_ms);
        let ended = match self.follow(pid, &pipe, deadline) {
            Some(status) => (end_of(status), false),
            None => self.end_it(pid, &pipe),
        };
        processes::kill_all();
        // One that cannot be killed keeps its pipe.
        if !ended.1 {
            self.drain(&pipe);
        }
        processes::reap(pid);
        ended
    }

    /// Sends on what it prints until it ends or the time comes.
    fn follow(&mut self, pid: Pid, pipe: &PipeReader, until: Instant) -> Option<WaitStatus> {
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok();
        let mut open = true;
        loop {
            if let Some(status) = processes::reap(pid) {
                return Some(status);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let mut fds = Vec::with_capacity(2);
            fds.extend(pidfd.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
            fds.extend(open.then(|| PollFd::new(pipe, PollFlags::IN)));
            let _ = poll(&mut fds, Timespec::try_from(left.min(TICK)).ok().as_ref());
            self.monitor.drain();
            let readable = open && fds.last().is_some_and(|fd| !fd.revents().is_empty());
            if readable {
                open = self.read(pipe);
            }
        }
    }

    /// Ends a case whose time is over.
    fn end_it(&mut self, pid: Pid, pipe: &PipeReader) -> (CaseEnd, bool) {
        // Where it hangs, reported twice: briefly here, with stacks in the kernel log.
        let place = processes::describe();
        let _ = fs::write("/proc/sysrq-trigger", "w");
        processes::signal(pid, Signal::TERM);
        let mut gone = self.follow(pid, pipe, Instant::now() + GRACE).is_some();
        if !gone {
            processes::kill_all();
            gone = self.follow(pid, pipe, Instant::now() + KILL_WAIT).is_some();
        }
        let place = place.lines().flat_map(|line| ["#   ", line, "\n"]).collect::<String>();
        self.take(format!("\n{KILLED}\n{place}").as_bytes());
        (CaseEnd::TimedOut, !gone)
    }

    /// Reads to the pipe's end.
    fn drain(&mut self, pipe: &PipeReader) {
        let until = Instant::now() + DRAIN_WAIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let mut fds = [PollFd::new(pipe, PollFlags::IN)];
            let _ = poll(&mut fds, Timespec::try_from(left).ok().as_ref());
            if fds[0].revents().is_empty() {
                if left.is_zero() {
                    self.left = true;
                    return;
                }
            } else if !self.read(pipe) {
                return;
            }
        }
    }

    /// Reads once; false at the end.
    fn read(&mut self, mut pipe: &PipeReader) -> bool {
        let mut buffer = [0; 16 << 10];
        match pipe.read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.take(&buffer[..count]);
                true
            }
            Err(error) => error.kind() == io::ErrorKind::Interrupted,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let room = usize::try_from(OUTPUT_CAP.saturating_sub(self.sent)).unwrap_or(0);
        let (kept, rest) = bytes.split_at(bytes.len().min(room));
        self.sent += kept.len() as u64;
        self.held.extend_from_slice(kept);
        self.beyond.follow(kept);
        if !rest.is_empty() {
            self.dropped += rest.len() as u64;
            self.held.extend(self.beyond.results(rest));
        }
        let whole = self.held.len() - torn(&self.held);
        let rest = self.held.split_off(whole);
        self.flush();
        self.held = rest;
    }

    fn flush(&mut self) {
        if !self.held.is_empty() {
            let text = String::from_utf8_lossy(&self.held).into_owned();
            self.port.send(FromGuest::Output { case: self.index, text });
            self.held.clear();
        }
    }
}

fn start(job: &Job, case: &Case) -> io::Result<(Pid, PipeReader)> {
    // Otherwise the shell would report it, with a status that looks like a verdict.
    fs::metadata(Path::new(&case.script))?;
    let (reader, writer) = io::pipe()?;
    let mut command = session::command(session::IN_SESSION, session::SHELL, job);
    let child = command
        .arg(&case.script)
        .env("BENCH_CASE", &case.name)
        .current_dir("/tmp")
        .stdin(Stdio::null())
        .stdout(Stdio::from(writer.try_clone()?))
        .stderr(Stdio::from(writer))
        .spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // Not through the Child: PID 1 reaps everyone in one place.
    pid.map(|pid| (pid, reader)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn end_of(status: WaitStatus) -> CaseEnd {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => CaseEnd::Exit(code),
        (None, signal) => CaseEnd::Signal(signal.unwrap_or(0)),
    }
}

/// Whether the case did not pass and was not skipped, as far as its status shows; the host judges what it printed.
fn is_red(how: CaseEnd) -> bool {
    !matches!(how, CaseEnd::Exit(0 | SKIPPED))
}

/// Length of an unfinished UTF-8 character at the end.
fn torn(bytes: &[u8]) -> usize {
    for length in 1..=bytes.len().min(3) {
        let byte = bytes[bytes.len() - length];
        if byte & 0xc0 == 0x80 {
            continue;
        }
        let wants = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if wants > length { length } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::torn;

    #[test]
    fn a_character_is_not_torn() {
        assert_eq!(torn(b"abc"), 0);
        assert_eq!(torn("ä".as_bytes()), 0);
        assert_eq!(torn(&"ä".as_bytes()[..1]), 1);
        assert_eq!(torn(&"x😀".as_bytes()[..4]), 3);
        assert_eq!(torn("😀".as_bytes()), 0);
        // Nonsense waits for nobody.
        assert_eq!(torn(b"\x80\x80\x80\x80"), 0);
        assert_eq!(torn(b"\xff"), 0);
        assert_eq!(torn(b""), 0);
    }
}
