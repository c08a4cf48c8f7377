//! What PID 1 owes the other processes: to reap them, to end them, to report where one hangs.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, pidfd_open, wait,
};

/// Reaps every dead child; the status of the one that is awaited, if it was among them.
pub fn reap(awaited: Pid) -> Option<WaitStatus> {
    let mut found = None;
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if pid == awaited {
            found = Some(status);
        }
    }
    found
}

/// Reaps until the awaited one is dead, at most this long.
pub fn wait_for(awaited: Pid, longest: Duration) -> Option<WaitStatus> {
    let until = Instant::now() + longest;
    loop {
        if let Some(status) = reap(awaited) {
            return Some(status);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        // Without a pidfd (the process is gone already) this only sleeps a little.
        let left = left.min(Duration::from_millis(100));
        match pidfd_open(awaited, PidfdFlags::empty()) {
            Ok(fd) => {
                let mut fds = [PollFd::new(&fd, rustix::event::PollFlags::IN)];
                let _ = poll(&mut fds, Timespec::try_from(left).ok().as_ref());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Sends a signal to a process group.
pub fn signal(group: Pid, signal: Signal) {
    // ESRCH only means that it is gone.
    let _ = kill_process_group(group, signal);
}

/// How often the processes are looked through for one that was forked meanwhile.
const PASSES: u32 = 50;

/// Names of processes that outlive the cases, as `/proc/PID/comm` has them.
static SPARED: OnceLock<&'static [&'static str]> = OnceLock::new();

/// From now on [`kill_all`] leaves processes of these names alone.
pub fn spare(names: &'static [&'static str]) {
    let _ = SPARED.set(names);
}

/// Kills every process of the guest but this one and those that are spared, so that no case leaves anything to the next.
pub fn kill_all() {
    let Some(spared) = SPARED.get() else {
        // kill(-1): group 1 stands for "all but the caller and init" in the system call.
        return signal(Pid::INIT, Signal::KILL);
    };
    for _ in 0..PASSES {
        let left: Vec<Pid> = others().into_iter().filter(|pid| !has_name(*pid, spared)).collect();
        if left.is_empty() {
            return;
        }
        for pid in left {
            // ESRCH only means that it is gone.
            let _ = kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn has_name(pid: Pid, names: &[&str]) -> bool {
    let comm = Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join("comm");
    fs::read_to_string(comm).is_ok_and(|name| names.contains(&name.trim_end()))
}

/// Living processes of the guest other than this one: kernel threads, which have no program, and dead ones left out.
fn others() -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
        // Neither has a link to a program that could be followed.
        fs::read_link(entry.path().join("exe")).ok().filter(|_| pid != Pid::INIT).map(|_| pid)
    });
    pids.collect()
}

/// Frames of a stack that are printed.
const FRAMES: usize = 24;

/// The processes other than PID 1, one a line: pid, name, state, and where in the kernel each waits. Of those that wait
/// for something that no signal ends, kernel threads too, the kernel's stack follows.
pub fn describe() -> String {
    let Ok(entries) = fs::read_dir("/proc") else { return String::new() };
    let mut lines = Vec::new();
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((name, state)) = name_and_state(&stat) else { continue };
        let stuck = state == "D";
        // Kernel threads have no command line; neither do zombies, which show nothing either.
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if pid == 1 || (command.is_empty() && !stuck) {
            continue;
        }
        let place = fs::read_to_string(entry.path().join("wchan")).unwrap_or_default();
        let mut text = format!("{pid} {name} {state} {place}");
        if stuck {
            text.push_str(&stack(&fs::read_to_string(entry.path().join("stack")).unwrap_or_default()));
        }
        lines.push((pid, text));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

/// Function by function, innermost first, from `/proc/PID/stack`: lines like `[<0>] schedule+0x1b/0x90`.
fn stack(text: &str) -> String {
    let functions = text.lines().filter_map(|line| line.split_once("] ")).map(|(_, place)| place.trim());
    functions.take(FRAMES).map(|place| format!("\n    {place}")).collect()
}

/// From `/proc/PID/stat`; the name may hold spaces and parentheses.
fn name_and_state(stat: &str) -> Option<(&str, &str)> {
    let (_, rest) = stat.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    Some((name, rest.split_whitespace().next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_kept_whole() {
        assert_eq!(name_and_state("12 (a) b (c) D 1 2"), Some(("a) b (c", "D")));
        assert_eq!(name_and_state("12 (sh) S 1"), Some(("sh", "S")));
        assert_eq!(name_and_state("nonsense"), None);
    }

    #[test]
    fn a_stack_is_printed_function_by_function() {
        let text = "[<0>] device_del+0x3c/0x3a0\n[<0>] cxl_memdev_unregister+0x2b/0x80 [cxl_core]\n";
        assert_eq!(
            stack(text),
            "\n    device_del+0x3c/0x3a0\n    cxl_memdev_unregister+0x2b/0x80 [cxl_core]"
        );
        assert_eq!(stack(""), "");
        assert_eq!(stack(&"[<0>] f+0x0/0x1\n".repeat(99)).lines().count(), FRAMES + 1);
    }
}
