//! Boots within a log: where one begins, whether it came to user space, and whether it ended with a word.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::line::plain;
use crate::prefix;
use crate::{Splat, SplatKind};

/// What begins a kernel's banner (init/version.c, `linux_banner`).
pub(super) const BANNER: &str = "Linux version ";
/// What arm and arm64 print before the banner (arch/arm64/kernel/setup.c, `smp_setup_processor_id()`).
pub(super) const PHYSICAL: &str = "Booting Linux on ";
/// Last words of those who start a kernel: the EFI stub, the decompressor. U-Boot's, `Starting kernel ...`, are as common as
/// `Started …` in the search for them.
pub(super) const STARTERS: [&str; 2] = ["EFI stub: ", "ooting the kernel"];
/// A kernel that printed nothing but such a word printed no more lines than these.
const FEW: u64 = 12;
/// A log whose lines go on for so many seconds without a whole boot is an excerpt.
const LONG: f64 = 60.0;
/// Bytes before a boot in which what ends a machine is looked for.
pub(super) const BEFORE_BOOT: usize = 4096;

/// How a kernel's boot begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// What comes before the kernel's own first line.
    Starter,
    /// The first line of some architectures.
    Physical,
    /// `Linux version …`.
    Banner,
}

/// Whether a message begins a boot.
pub(super) fn start(body: &[u8]) -> Option<Start> {
    let [stub, decompressor] = STARTERS.map(str::as_bytes);
    if body.starts_with(BANNER.as_bytes()) {
        Some(Start::Banner)
    } else if body.starts_with(PHYSICAL.as_bytes()) {
        Some(Start::Physical)
    } else {
        let text = body.trim_ascii_end();
        let decompressed = text.strip_suffix(b".").is_some_and(|text| text.ends_with(decompressor));
        (text.starts_with(stub) || decompressed && text.len() < 80).then_some(Start::Starter)
    }
}

/// A kernel that has not come to user space.
#[derive(Debug)]
pub(super) struct Booting {
    /// Line on which it began.
    pub line: u64,
    /// Its first line.
    text: String,
    start: Start,
    /// Time of its first line.
    began: Option<f64>,
    /// Whether a program that runs on that kernel wrote the line: then it came to user space.
    by_program: bool,
    /// Whether the line came that every kernel prints early: an excerpt of a log seldom has it.
    pub command_line: bool,
}

impl Booting {
    /// One that begins with a line, whose message is `body`. `tagged`: syslog or the journal wrote it.
    pub(super) fn new(start: Start, line: u64, text: &[u8], body: &[u8], tagged: bool) -> Self {
        let head = &text[..text.len() - body.len()];
        let by_program = tagged || is_human(head);
        let began = prefix::seconds(head);
        let text = String::from_utf8_lossy(body).trim_end().to_owned();
        Self { line, text, start, began, by_program, command_line: false }
    }

    /// Whether a further beginning is of the same boot.
    pub(super) fn goes_on(&mut self, start: Start) -> bool {
        let same = self.start < start || self.start == Start::Starter && start == Start::Starter;
        self.start = if same { start } else { self.start };
        same
    }

    /// Whether the log has but some of the boot's lines, by the last line and how many there were.
    fn is_excerpt(&self, last: &[u8], lines: u64) -> bool {
        let (Some(began), Some(ended)) = (self.began, prefix::seconds(last)) else { return false };
        let seconds = ended - began;
        #[expect(clippy::cast_precision_loss, reason = "lines and seconds of a boot are few")]
        let sparse = lines as f64 <= seconds;
        seconds >= LONG && (!self.command_line || sparse)
    }

    /// What it comes to when the log is over, or another boot begins, behind `before`.
    pub(super) fn ended(self, before: &[u8], line: u64) -> End {
        let last = before.rsplit(|b| *b == b'\n').map(plain).find(|line| !line.trim_ascii().is_empty());
        let last = last.unwrap_or_default();
        let lines = line.saturating_sub(self.line);
        if self.by_program || self.is_excerpt(&last, lines) {
            return End::Excerpt(self.line);
        }
        if self.start != Start::Banner && lines > FEW {
            return End::Unknown;
        }
        let last = String::from_utf8_lossy(&last).trim_end().to_owned();
        let last = (!last.ends_with(&self.text)).then_some(last);
        let excerpt = std::iter::once(self.text).chain(last).collect();
        End::Broken(splat(
            self.line,
            "boot ends without a word before user space",
            "ends-without-a-word",
            excerpt,
        ))
    }
}

/// Whether a line begins as with `dmesg -H` alone: a date and a clock without seconds.
fn is_human(head: &[u8]) -> bool {
    let inner = head.trim_ascii().strip_prefix(b"[").and_then(|head| head.strip_suffix(b"]"));
    inner.is_some_and(|inner| {
        let clock = memchr::memchr_iter(b':', inner).count() == 1;
        clock && inner.iter().any(|b| b.is_ascii_alphabetic() || *b >= 0x80)
    })
}

impl PartialOrd for Start {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (*self as u8).partial_cmp(&(*other as u8))
    }
}

/// How a boot ended that did not come to user space.
pub(super) enum End {
    Broken(Splat),
    /// The log has but some of its lines, from this one on.
    Excerpt(u64),
    /// Nothing is known of it: the kernel was told to be quiet.
    Unknown,
}

/// A machine that began anew without a word of the kernel before.
pub(super) fn reset(line: u64, text: &[u8]) -> Splat {
    let text = String::from_utf8_lossy(text).trim_end().chars().take(200).collect();
    splat(line, "the machine was reset without a word", "reset", vec![text])
}

fn splat(line: u64, title: &str, fingerprint: &str, excerpt: Vec<String>) -> Splat {
    Splat {
        kind: SplatKind::Boot,
        title: title.to_owned(),
        fingerprint: format!("boot:{fingerprint}:-"),
        line,
        function: None,
        module: None,
        at: None,
        case: None,
        excerpt,
    }
}

/// Lines that are enough to tell a log that is printed once more from a second boot.
const ENOUGH: u32 = 3;

/// A second boot, if what follows is not what was printed before: tests print the log of the kernel they run on.
#[derive(Debug)]
pub(super) struct Suspect {
    pub splat: Splat,
    /// What stands before it.
    before: Vec<u8>,
    known: u32,
    other: u32,
}

impl Suspect {
    pub(super) fn new(splat: Splat, before: Vec<u8>) -> Self {
        Self { splat, before, known: 0, other: 0 }
    }

    /// The splat, if nothing before it says that the machine was to go down.
    pub(super) fn unannounced(self) -> Option<Splat> {
        (!is_farewell(&self.before)).then_some(self.splat)
    }

    /// Takes a line's key; whether it is a boot, once that is sure.
    pub(super) fn is_boot(&mut self, known: bool) -> Option<bool> {
        self.known += u32::from(known);
        self.other += u32::from(!known);
        (self.known.max(self.other) >= ENOUGH).then_some(self.other > self.known)
    }
}

/// What two boots do not have in common: a line with its time to the microsecond. Times that are made up are round.
pub(super) fn key(line: &[u8]) -> Option<u64> {
    let text = plain(line);
    printk_seconds(&text)?;
    let close = memchr::memchr(b']', &text)?;
    if text[..close].ends_with(b"000") {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    text.trim_ascii_end().hash(&mut hasher);
    Some(hasher.finish())
}

/// Whether what stands before a boot says that the machine was to go down.
fn is_farewell(before: &[u8]) -> bool {
    const WORDS: [&str; 9] = [
        "reboot",
        "power down",
        "power-off",
        "poweroff",
        "shutdown",
        "shutting down",
        "system halted",
        "starting new kernel",
        "resetting",
    ];
    let text = String::from_utf8_lossy(before).to_ascii_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// The whole seconds of a printk time at the start of a line.
pub(super) fn printk_seconds(line: &[u8]) -> Option<u64> {
    let inner = line.strip_prefix(b"[")?;
    let blanks = inner.iter().take(12).take_while(|b| **b == b' ').count();
    let digits = inner[blanks..].iter().take(12).take_while(|b| b.is_ascii_digit()).count();
    let whole = &inner[blanks..blanks + digits];
    let closed = inner.get(blanks + digits) == Some(&b'.') && inner.get(blanks + digits + 7) == Some(&b']');
    (digits > 0 && closed).then(|| whole.iter().fold(0, |sum, b| sum * 10 + u64::from(b - b'0')))
}

/// The kernel's clock through a log: a machine that is reset begins anew.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Whether the lines of the log have times of printk's.
    pub on: bool,
    /// Bytes of the log before the piece that is looked at.
    offset: u64,
    /// The last time that was looked at.
    last: u64,
    /// Where the next one is looked for.
    next: u64,
}

/// So much of the log is looked at line by line.
const WHOLE: u64 = 1 << 16;
/// Beyond, one line in so many bytes is.
const STRIDE: u64 = 2048;
/// A clock that ran so long, and is in its first second now, began anew.
const RAN: u64 = 3;

impl Clock {
    /// Where in a piece of whole lines the clock was seen to have gone back.
    pub(super) fn resets(&mut self, area: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        let begin = self.offset;
        self.offset += area.len() as u64;
        if !self.on {
            return found;
        }
        let mut at = self.line_at(area, begin, 0);
        while let Some(here) = at {
            if let Some(seconds) = printk_seconds(&area[here..]) {
                // That of a CPU whose timer stands still is late, too, but did not begin anew.
                if self.last >= RAN && seconds == 0 {
                    found.push(here);
                }
                self.last = seconds;
                let here = begin + here as u64;
                self.next = if here < WHOLE { here } else { here - here % STRIDE + STRIDE };
            }
            at = self.line_at(area, begin, here + 1);
        }
        found
    }

    /// The first line at `least` or behind it that is to be looked at.
    fn line_at(&self, area: &[u8], begin: u64, least: usize) -> Option<usize> {
        let wanted = usize::try_from(self.next.saturating_sub(begin)).unwrap_or(usize::MAX).max(least);
        let from = if wanted == 0 { 0 } else { wanted + memchr::memchr(b'\n', area.get(wanted - 1..)?)? };
        (from < area.len()).then_some(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_a_boot() {
        let of = |text: &str| start(text.as_bytes());
        assert_eq!(of("Linux version 6.12.0"), Some(Start::Banner));
        assert_eq!(of("Booting Linux on physical CPU 0x0"), Some(Start::Physical));
        assert_eq!(of("EFI stub: Booting"), Some(Start::Starter));
        assert_eq!(of(&format!("EFI stub: {}", "long ".repeat(20))), Some(Start::Starter));
        assert_eq!(of("done, booting the kernel.\r"), Some(Start::Starter));
        assert_eq!(of("Booting the kernel, at last"), None);
        let decompressed = |len: usize| of(&format!("{}ooting the kernel.", " ".repeat(len - 18)));
        assert_eq!(
            (decompressed(79), decompressed(80), decompressed(81)),
            (Some(Start::Starter), None, None)
        );
    }

    /// A boot whose first line, number 10, has this time.
    fn booting(start: Start, time: &str, tagged: bool) -> Booting {
        let body = "Linux version 6.12.0";
        Booting::new(start, 10, format!("{time}{body}").as_bytes(), body.as_bytes(), tagged)
    }

    /// How a boot ends behind these lines, so many after its first one.
    fn ends(booting: Booting, before: &str, lines: u64) -> String {
        match booting.ended(before.as_bytes(), 10 + lines) {
            End::Broken(splat) => format!("broken: {}", splat.excerpt.join(" | ")),
            End::Excerpt(line) => format!("excerpt from {line}"),
            End::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn what_goes_on_with_a_boot() {
        use Start::{Banner, Physical, Starter};
        let of = |first, then| booting(first, "", false).goes_on(then);
        assert!(of(Starter, Starter) && of(Starter, Physical) && of(Starter, Banner) && of(Physical, Banner));
        assert!(
            !of(Physical, Physical) && !of(Physical, Starter) && !of(Banner, Banner) && !of(Banner, Starter)
        );
        // What it went on with counts, what is another boot's does not.
        let mut one = booting(Starter, "", false);
        assert!(one.goes_on(Banner) && !one.goes_on(Starter) && !one.goes_on(Banner));
    }

    #[test]
    fn a_boot_ends_or_the_log_has_but_some_of_it() {
        const FIRST: &str = "[  100.000000] ";
        let banner = |ended: &str, lines| {
            ends(booting(Start::Banner, FIRST, false), &format!("x\n[  {ended}.000000] y\n\n"), lines)
        };
        assert_eq!(banner("159", 1000), "broken: Linux version 6.12.0 | [  159.000000] y");
        assert_eq!(banner("160", 1000), "excerpt from 10");
        let with_command_line = |lines| {
            let boot = Booting { command_line: true, ..booting(Start::Banner, FIRST, false) };
            ends(boot, "[  160.000000] y\n", lines)
        };
        assert_eq!(with_command_line(60), "excerpt from 10");
        assert_eq!(with_command_line(61), "broken: Linux version 6.12.0 | [  160.000000] y");
        // Syslog runs on it.
        assert_eq!(ends(booting(Start::Banner, FIRST, true), "x\n", 1), "excerpt from 10");
        // A kernel that was told to be quiet.
        assert_eq!(ends(booting(Start::Starter, "", false), "x\n", 12), "broken: Linux version 6.12.0 | x");
        assert_eq!(ends(booting(Start::Starter, "", false), "x\n", 13), "unknown");
        assert_eq!(ends(booting(Start::Banner, "", false), "x\n", 13), "broken: Linux version 6.12.0 | x");
        let nothing_but_it = format!("{FIRST}Linux version 6.12.0\n");
        assert_eq!(
            ends(booting(Start::Banner, FIRST, false), &nothing_but_it, 0),
            "broken: Linux version 6.12.0"
        );
    }

    #[test]
    fn a_date_and_a_clock_without_seconds_are_of_dmesg_h() {
        let of = |head: &str| is_human(head.as_bytes());
        assert!(of("[Nov22 10:00] ") && of("[лис22 10:00] "));
        assert!(!of("[10:00] ") && !of("[Nov22 10:00:01] ") && !of("[Nov22] ") && !of("Nov22 10:00 "));
    }

    #[test]
    fn a_second_boot_is_told_from_a_log_that_is_printed_again() {
        let suspect = |before: &str| Suspect::new(reset(3, b"Linux version"), before.as_bytes().to_vec());
        let of = |lines: &[bool]| {
            let mut suspect = suspect("");
            lines.iter().fold(None, |_, known| suspect.is_boot(*known))
        };
        assert_eq!(of(&[true, true]), None);
        assert_eq!(of(&[true, false, true, false]), None);
        assert_eq!(of(&[true, false, true, false, true]), Some(false));
        assert_eq!(of(&[true, false, true, false, false]), Some(true));
        assert_eq!(of(&[true, true, true, false, false, false]), Some(false));
        assert!(suspect("[    9.000000] all is well\n").unannounced().is_some());
        assert!(suspect("[    9.000000] reboot: Restarting system\n").unannounced().is_none());
    }

    #[test]
    fn lines_with_a_time_to_the_microsecond_have_a_key() {
        let of = |line: &str| key(line.as_bytes());
        let one = of("[    1.234567] a line");
        assert!(one.is_some());
        assert_eq!(of("[    1.234567] a line \r"), one);
        assert_ne!(of("[    1.234567] another"), one);
        assert_ne!(of("[    1.234568] a line"), one);
        assert_eq!(of("[    1.000000] a line"), None);
        assert_eq!(of("a line"), None);
    }

    #[test]
    fn the_seconds_of_a_time() {
        let of = |line: &str| printk_seconds(line.as_bytes());
        assert_eq!(of("[    0.123456] x"), Some(0));
        assert_eq!(of("[    7.123456] x"), Some(7));
        assert_eq!(of("[12345.678901] x"), Some(12_345));
        assert_eq!(of("[   90.123456]"), Some(90));
        for none in [
            "[     .123456] x",
            "[   90:123456] x",
            "[   90.12345] x",
            "[   90.1234567] x",
            "   90.123456] x",
            "[90",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    /// Where a clock of these seconds, a line of 32 bytes each behind one of `first`, is seen to begin anew.
    fn resets(first: usize, seconds: impl Iterator<Item = u64>) -> Vec<usize> {
        let lines: String = seconds.map(|seconds| format!("[{seconds:>5}.000000] {:16}\n", "text")).collect();
        let log = format!("{}\n{lines}", "-".repeat(first - 1));
        Clock { on: true, ..Clock::default() }.resets(log.as_bytes())
    }

    #[test]
    fn a_clock_has_run_before_it_begins_anew() {
        assert_eq!(resets(20, [5, 0, 6].into_iter()), [52]);
        assert_eq!(resets(20, [3, 0, 0, 1].into_iter()), [52]);
        assert!(resets(20, [2, 0].into_iter()).is_empty() && resets(20, [5, 1].into_iter()).is_empty());
        let log = b"[    5.000000] x\n[    0.000000] y\n";
        assert!(Clock::default().resets(log).is_empty(), "a log that has no times but by chance");
    }

    #[test]
    fn of_a_long_log_a_sample_of_lines_is_looked_at() {
        // Whether the line at this place, the only one in the first second, is looked at.
        let is_seen = |first: usize, at: usize| {
            let of_line = |line: usize| if first + 32 * line == at { 0 } else { 5 };
            let seen = resets(first, (0..3000).map(of_line));
            assert!(seen.is_empty() || seen == [at], "{seen:?}");
            !seen.is_empty()
        };
        let whole = 1 << 16;
        for seen in [whole - 32, whole, whole + 2048, whole + 4096] {
            assert!(is_seen(32, seen), "{seen}");
        }
        for not in [whole + 32, whole + 2048 - 32, whole + 2048 + 32] {
            assert!(!is_seen(32, not), "{not}");
        }
        // The first lines at or behind 65536, 67584, and 69632.
        for seen in [65_556, 67_604, 69_652] {
            assert!(is_seen(20, seen) && !is_seen(20, seen + 32), "{seen}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_is_seen_in_pieces_of_any_size() {
        let mut log: String =
            (0..5000).map(|n| format!("[{:>5}.000000] a line of the kernel's\n", n / 100)).collect();
        let reset = log.len();
        log.extend((0..3000).map(|n| format!("[{:>5}.000000] another\n", n / 1000)));
        let of = |size: usize| {
            let mut clock = Clock { on: true, ..Clock::default() };
            let (mut found, mut begin) = (Vec::new(), 0);
            while begin < log.len() {
                let end = (begin + size).min(log.len());
                let end = log[..end].rfind('\n').map_or(end, |at| at + 1).max(begin + 30).min(log.len());
                let end = log[end - 1..].find('\n').map_or(log.len(), |at| end + at);
                found.extend(clock.resets(&log.as_bytes()[begin..end]).iter().map(|at| begin + at));
                begin = end;
            }
            found
        };
        let whole = of(1 << 30);
        assert_eq!(whole.len(), 1);
        assert!((reset..reset + 2200).contains(&whole[0]), "{} {reset}", whole[0]);
        for size in [1, 100, 5000, 65_536] {
            assert_eq!(of(size), whole, "pieces of {size}");
        }
    }
}
