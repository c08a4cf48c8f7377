//! What is saved of a case that did not pass, for whoever reads its report: the kernel's log while it ran, and what
//! `/sys/bus/cxl` showed at its end. A case that passes costs nothing.

use std::io::{self, PipeReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal};
use wire::{Case, Job};

use crate::port::Port;
use crate::{files, journal, processes, session};

/// Longest that the listing may take, part of what the host grants for a case's end. An attribute whose lock is held for
/// ever never comes.
const LONGEST: Duration = Duration::from_secs(5);
/// Bytes of the listing: a hundred devices have some 100 KiB.
const MOST: usize = 1 << 20;

/// Saves both as files of the agent's, named after the case: `CASE.kmsg` and `CASE.cxl`. Of a case that cannot be killed
/// only the log, after the marker of its begin: what it holds in the kernel would hold us too.
pub fn save(job: &Job, case: &Case, begin: &str, stuck: bool, port: &Port) {
    match journal::after(begin) {
        Ok(log) if log.is_empty() => {}
        Ok(log) => files::save(port, &format!("{}.kmsg", case.name), log.as_bytes()),
        Err(error) => port.note(format!("reading the kernel's log after case {}: {error}", case.name)),
    }
    if stuck {
        return;
    }
    match listing(job) {
        Ok(listing) if listing.is_empty() => {}
        Ok(listing) => files::save(port, &format!("{}.cxl", case.name), &listing),
        Err(error) => port.note(format!("listing /sys/bus/cxl after case {}: {error}", case.name)),
    }
}

/// In a process of its own, which can be given up.
fn listing(job: &Job) -> io::Result<Vec<u8>> {
    let (reader, writer) = io::pipe()?;
    let child = session::command(session::IN_SESSION, "/bin/cxl-dump", job)
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::null())
        .spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    let (mut listing, whole) = read(&reader, Instant::now() + LONGEST);
    if !whole {
        let seconds = LONGEST.as_secs();
        listing.extend(format!("\n(cut here: longer than {MOST} bytes, or than {seconds} s)\n").bytes());
    }
    // The leader of its session and so of its group.
    processes::signal(pid, Signal::KILL);
    processes::wait_for(pid, Duration::from_secs(1));
    Ok(listing)
}

/// Reads until the end, the time or the bound; whether it was the end.
fn read(mut pipe: &PipeReader, until: Instant) -> (Vec<u8>, bool) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16 << 10]);
    while bytes.len() < MOST {
        let left = until.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::new(pipe, PollFlags::IN)];
        let _ = poll(&mut fds, Timespec::try_from(left).ok().as_ref());
        if fds[0].revents().is_empty() {
            if left.is_zero() {
                return (bytes, false);
            }
            continue;
        }
        match pipe.read(&mut buffer) {
            Ok(0) => return (bytes, true),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return (bytes, false),
        }
    }
    (bytes, false)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_never_ends_is_cut() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        writer.write_all(b"mem0\n").expect("room");
        let until = Instant::now() + Duration::from_millis(50);
        assert_eq!(read(&reader, until), (b"mem0\n".to_vec(), false));
        drop(writer);
        assert_eq!(read(&reader, Instant::now() + LONGEST), (Vec::new(), true));
    }
}
