//! `journalctl`, as ndctl's tests call it: the kernel's log from a point in time on. There is no journald in the guest; what
//! would be in its journal is what `/dev/kmsg` has.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::OFlags;

const KMSG: &str = "/dev/kmsg";
const SECOND: i128 = 1_000_000;
const USAGE: &str =
    "journalctl of the guest: -k|--dmesg [-r|--reverse] [--since -Ns|'YYYY-MM-DD HH:MM:SS[.mmm]']\n";

/// A record of the kernel's log: its time in microseconds of the log's own clock, and its text.
type Record = (i128, String);

#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    kernel: bool,
    reverse: bool,
    since: Option<Since>,
}

/// In microseconds.
#[derive(Debug, PartialEq, Eq)]
enum Since {
    Ago(i128),
    Epoch(i128),
}

/// Prints what was asked for. What is not understood is an error: an empty answer would hide what it looks for.
pub fn run(words: &[OsString]) -> ExitCode {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let Some(wish) = parse(&words) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match read(&wish) {
        Ok(text) => {
            // Whoever closed the pipe has seen enough.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("journalctl: {KMSG}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(words: &[String]) -> Option<Wish> {
    let mut wish = Wish::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-k" | "--dmesg" => wish.kernel = true,
            "-r" | "--reverse" => wish.reverse = true,
            "--since" => wish.since = Some(since(words.next()?)?),
            _ => wish.since = Some(since(word.strip_prefix("--since=")?)?),
        }
    }
    wish.kernel.then_some(wish)
}

fn since(text: &str) -> Option<Since> {
    if let Some(seconds) = text.strip_prefix('-').and_then(|rest| rest.strip_suffix('s')) {
        return Some(Since::Ago(micros(seconds)?));
    }
    let (date, time) = text.split_once(' ')?;
    let number = |text: &str| text.parse::<i64>().ok();
    let mut date = date.split('-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':');
    let (hour, minute, second) = (number(time.next()?)?, number(time.next()?)?, micros(time.next()?)?);
    let days = days_from_civil(year, month, day)?;
    Some(Since::Epoch(i128::from(days * 86_400 + hour * 3600 + minute * 60) * SECOND + second))
}

/// Seconds with an optional fraction.
fn micros(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction: i128 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(whole.parse::<i128>().ok()?.checked_mul(SECOND)? + fraction)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    // Years that begin in March, so that the leap day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468)
}

fn read(wish: &Wish) -> io::Result<String> {
    // The log's clock is neither the wall's nor exactly the uptime: a record of our own shows what time it is there.
    let mark = format!("journalctl {}", std::process::id());
    OpenOptions::new().write(true).open(KMSG)?.write_all(format!("<7>{mark}").as_bytes())?;
    let mut records = records()?;
    let now = records.iter().rev().find(|(_, text)| *text == mark).map_or(i128::MAX, |(time, _)| *time);
    records.retain(|(_, text)| !text.starts_with("journalctl "));
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    Ok(select(wish, &records, now, i128::try_from(wall).unwrap_or(i128::MAX)))
}

/// What of the log is wanted. Pure.
fn select(wish: &Wish, records: &[Record], now: i128, wall: i128) -> String {
    let from = match wish.since {
        None => i128::MIN,
        Some(Since::Ago(ago)) => now - ago,
        Some(Since::Epoch(epoch)) => now - (wall - epoch),
    };
    let mut lines: Vec<String> = records.iter().filter(|(time, _)| *time >= from).map(line).collect();
    if wish.reverse {
        lines.reverse();
    }
    lines.concat()
}

/// The kernel's log after the first record with this text, since a case may write it again, or all that the kernel still has where there is none. Messages
/// of every level: those of debugging do not reach the console.
///
/// # Errors
/// The log cannot be read.
pub fn after(mark: &str) -> io::Result<String> {
    Ok(select_after(mark, &records()?))
}

fn select_after(mark: &str, records: &[Record]) -> String {
    let from = records.iter().position(|(_, text)| text == mark).map_or(0, |at| at + 1);
    records[from..].iter().map(line).collect()
}

fn line((time, text): &Record) -> String {
    format!("[{:5}.{:06}] kernel: {text}\n", time / SECOND, time % SECOND)
}

/// All that the kernel still has; each read gives one record (Documentation/ABI/testing/dev-kmsg).
fn records() -> io::Result<Vec<Record>> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let mut log: File = OpenOptions::new().read(true).custom_flags(flags).open(KMSG)?;
    let mut records = Vec::new();
    let mut buffer = vec![0; 16 << 10];
    loop {
        match log.read(&mut buffer) {
            Ok(0) => return Ok(records),
            Ok(count) => records.extend(record(&String::from_utf8_lossy(&buffer[..count]))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(records),
            // Overwritten while it was read: the next read gives the oldest that is left.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => return Err(error),
        }
    }
}

/// `priority,sequence,microseconds,flags;text`, then lines with a blank before them that describe the device.
fn record(text: &str) -> Option<Record> {
    let (head, rest) = text.split_once(';')?;
    let time = head.split(',').nth(2)?.parse().ok()?;
    Some((time, rest.lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(words: &[&str]) -> Option<Wish> {
        parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_ways_in_which_the_tests_call_it() {
        let asked = wish(&["-r", "-k", "--since", "-13s"]).expect("understood");
        assert_eq!(asked, Wish { kernel: true, reverse: true, since: Some(Since::Ago(13 * SECOND)) });
        let asked =
            wish(&["--reverse", "--dmesg", "--since", "2026-11-24 06:10:55.250"]).expect("understood");
        assert_eq!(asked.since, Some(Since::Epoch(1_795_500_655_250_000)));
        for words in [&["-k", "--since"][..], &["-k", "-f"], &["-r"], &["-k", "--since", "yesterday"]] {
            assert_eq!(wish(words), None, "{words:?}");
        }
    }

    #[test]
    fn what_came_before_is_left_out_and_the_last_is_first() {
        let records =
            [(SECOND, "old".to_owned()), (5 * SECOND, "a".to_owned()), (7 * SECOND, "b".to_owned())];
        let ago = |seconds| {
            let since = Some(Since::Ago(seconds * SECOND));
            select(&Wish { kernel: true, reverse: true, since }, &records, 8 * SECOND, 0)
        };
        assert_eq!(ago(3), "[    7.000000] kernel: b\n[    5.000000] kernel: a\n");
        assert_eq!(ago(0), "");
        let since = Some(Since::Epoch(1_000 * SECOND));
        let wish = Wish { kernel: true, reverse: false, since };
        assert_eq!(select(&wish, &records, 8 * SECOND, 1_001 * SECOND), "[    7.000000] kernel: b\n");
    }

    #[test]
    fn the_log_of_a_case_is_what_came_after_its_mark() {
        let records = ["a", "begin x", "b", "begin x", "c"].map(|text| (SECOND, text.to_owned()));
        assert_eq!(
            select_after("begin x", &records),
            ["b", "begin x", "c"].map(|text| format!("[    1.000000] kernel: {text}\n")).concat()
        );
        // The kernel has overwritten the mark.
        assert_eq!(select_after("begin y", &records).lines().count(), 5);
    }

    #[test]
    fn a_record_has_its_time_and_its_first_line() {
        assert_eq!(
            record("6,339,5140900,-;NET: x; y\n SUBSYSTEM=z\n"),
            Some((5_140_900, "NET: x; y".to_owned()))
        );
        assert_eq!(record("nonsense"), None);
    }
}
