//! What the kernel logs and counts, reported to the host whatever a case does to the console: messages of every level out of
//! `/dev/kmsg`, and [`Health`].
//!
//! All files are opened before the first case: one that mounts something over them changes nothing here.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::OFlags;
use wire::{FromGuest, Health};

use crate::port::Port;

/// Bytes of the log that one boot reports. A kernel that logs more has run away, and what is beyond counts as lost.
const KMSG_CAP: usize = 48 << 20;
/// Bytes of the log in one frame.
const FRAME: usize = 16 << 10;
/// The longest record that the kernel hands out (`PRINTK_MESSAGE_MAX`, `kernel/printk/internal.h`).
const RECORD: usize = 8 << 10;

/// Reads what the kernel logs and counts.
pub struct Monitor {
    port: Port,
    kmsg: Option<File>,
    tainted: Option<File>,
    warnings: Option<File>,
    oopses: Option<File>,
    printk: Option<File>,
    /// Number of the record that comes next; none before the first. What the kernel had overwritten by then is on the console.
    next: Option<u64>,
    sent: usize,
    lost: u64,
    /// The console's level before the first case.
    level: u64,
}

impl Monitor {
    /// Opens everything, and reports what the kernel has logged so far and how it is.
    pub fn open(port: &Port) -> Self {
        let read = |path: &str| File::open(path).ok();
        let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
        let kmsg = OpenOptions::new().read(true).custom_flags(nonblocking).open("/dev/kmsg").ok();
        let printk = "/proc/sys/kernel/printk";
        let mut monitor = Self {
            port: port.clone(),
            kmsg,
            tainted: read("/proc/sys/kernel/tainted"),
            warnings: read("/sys/kernel/warn_count"),
            oopses: read("/sys/kernel/oops_count"),
            printk: OpenOptions::new().read(true).write(true).open(printk).ok(),
            next: None,
            sent: 0,
            lost: 0,
            level: 0,
        };
        monitor.level = monitor.health().console_level;
        monitor.report();
        monitor
    }

    /// Reports what was logged since, and how the kernel is. A console that a case has silenced speaks again afterwards.
    pub fn report(&mut self) {
        self.drain();
        let health = self.health();
        self.port.send(FromGuest::Health { health });
        if health.console_level < self.level
            && let Some(printk) = &mut self.printk
        {
            let _ = printk.write_all(self.level.to_string().as_bytes());
        }
    }

    /// Reports what was logged since: often enough that the kernel overwrites nothing that was not read.
    pub fn drain(&mut self) {
        let Some(mut kmsg) = self.kmsg.take() else { return };
        let mut text = String::new();
        let mut buffer = [0; RECORD];
        loop {
            match kmsg.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => self.take(&String::from_utf8_lossy(&buffer[..count]), &mut text),
                // Overwritten while it was read: the next read gives the oldest that is left.
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::Interrupted) => {}
                Err(_) => break,
            }
        }
        self.send(&mut text);
        self.kmsg = Some(kmsg);
    }

    /// One record: its first line, since those behind it describe a device.
    fn take(&mut self, record: &str, text: &mut String) {
        let line = record.lines().next().unwrap_or_default();
        let number = line.split(',').nth(1).and_then(|number| number.parse::<u64>().ok());
        if let Some(number) = number {
            self.lost += self.next.map_or(0, |next| number.saturating_sub(next));
            self.next = Some(number + 1);
        }
        if self.sent + text.len() + line.len() > KMSG_CAP {
            self.lost += 1;
            return;
        }
        text.push_str(line);
        text.push('\n');
        if text.len() >= FRAME {
            self.send(text);
        }
    }

    fn send(&mut self, text: &mut String) {
        if !text.is_empty() {
            self.sent += text.len();
            self.port.send(FromGuest::Kmsg { text: std::mem::take(text) });
        }
    }

    fn health(&mut self) -> Health {
        Health {
            tainted: number(self.tainted.as_mut()),
            warnings: number(self.warnings.as_mut()),
            oopses: number(self.oopses.as_mut()),
            console_level: number(self.printk.as_mut()),
            lost: self.lost,
        }
    }
}

/// The first number of a file of the kernel's; 0 where there is none.
fn number(file: Option<&mut File>) -> u64 {
    let Some(file) = file else { return 0 };
    let mut text = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text));
    let first = text.split_whitespace().next().filter(|_| read.is_ok());
    first.and_then(|word| word.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn monitor() -> (Monitor, std::sync::mpsc::Receiver<FromGuest>) {
        let (port, frames) = Port::to_nowhere();
        let monitor = Monitor {
            port,
            kmsg: None,
            tainted: None,
            warnings: None,
            oopses: None,
            printk: None,
            next: Some(7),
            sent: 0,
            lost: 0,
            level: 0,
        };
        (monitor, frames)
    }

    #[test]
    fn a_record_has_one_line_and_a_gap_in_the_numbers_is_counted() {
        let (mut monitor, _frames) = monitor();
        let mut text = String::new();
        for record in ["6,7,100,-;a\n SUBSYSTEM=x\n", "4,10,200,-;b\n", "4,11,200,-;c\n"] {
            monitor.take(record, &mut text);
        }
        assert_eq!(text, "6,7,100,-;a\n4,10,200,-;b\n4,11,200,-;c\n");
        assert_eq!((monitor.lost, monitor.next), (2, Some(12)));
    }

    #[test]
    fn a_kernel_that_runs_away_is_bounded_and_told() {
        let (mut monitor, frames) = monitor();
        monitor.sent = KMSG_CAP - 20;
        let mut text = String::new();
        monitor.take("6,7,100,-;a\n", &mut text);
        monitor.take("6,8,100,-;this is too much\n", &mut text);
        monitor.send(&mut text);
        assert_eq!(monitor.lost, 1);
        assert_eq!(frames.recv(), Ok(FromGuest::Kmsg { text: "6,7,100,-;a\n".to_owned() }));
    }
}
