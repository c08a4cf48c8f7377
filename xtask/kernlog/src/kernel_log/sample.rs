//! What the start of a log tells of all of it: how its lines begin, and whether a kernel wrote them.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::boot::{self, printk_seconds};
use super::line::plain;
use super::remarks::Remark;
use crate::learned::Learned;
use crate::prefix;

/// What is seen of a line.
const WIDTH: usize = 512;
/// Lines in words that drivers of the kernel use are needed where nothing else tells a kernel's log.
const DEVICES: usize = 2;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Whether the kernel's lines have times, or its name, in this log.
    pub stamped: bool,
    /// Whether there are lines of a kernel.
    pub kernel: bool,
    /// Whether they begin with a time as a console has it.
    pub clock: bool,
    /// Whether they are records of `/dev/kmsg`.
    pub records: bool,
    /// Keys of the first of them, each with the line on which it came first.
    pub keys: HashMap<u64, u64>,
    /// What they begin with, if that is none of the known forms.
    pub learned: Option<Learned>,
    /// The line that came nearest to a kernel's.
    pub nearest: Option<Remark>,
}

/// A device as `dev_printk()` names it behind its driver, and what kernels say of themselves.
static KERNEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u)^(?:[\w-]+ [0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]: |[a-z][a-z0-9_]+ [a-z_]+\d+(?:[.:]\d+)*: |ACPI: |pci_bus |x86/|Linux version |Booting Linux on |(?:Kernel c|C)ommand line: |EXT4-fs |clocksource: |smp: |NET: Registered |systemd\[1\]: )",
    )
    .ok()
});
/// A time of printk's, wherever it stands.
static TIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u)(?:^|[\s>|\]:])\[ *\d+\.\d{6}\]").ok());

fn has(pattern: &LazyLock<Option<Regex>>, text: &[u8]) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// Looks at the start of a log.
pub(super) fn take(start: &[u8]) -> Sample {
    let lines = || {
        let lines = start.split(|b| *b == b'\n').map(|line| plain(&line[..line.len().min(WIDTH)]));
        lines.zip(1_u64..).filter(|(line, _)| !line.trim_ascii().is_empty())
    };
    let (mut all, mut with, mut printk, mut records) = (0_usize, 0_usize, 0_usize, 0_usize);
    for (line, _) in lines() {
        all += 1;
        with += usize::from(prefix::strip(&line).stamped);
        printk += usize::from(printk_seconds(&line).is_some());
        records += usize::from(prefix::record(&line).is_some());
    }
    let learned = (with * 2 < all).then(|| {
        let lines: Vec<_> = lines().map(|(line, _)| line).collect();
        Learned::from_lines(lines.iter().map(|line| &**line))
    });
    let mut sample = Sample {
        // Firmware and programs write lines without times before and between the kernel's.
        stamped: with >= 8 && with * 4 >= all,
        kernel: with > 0,
        clock: printk > 0,
        records: records >= 3 && records * 2 >= all,
        keys: HashMap::new(),
        learned: learned.flatten(),
        nearest: None,
    };
    for (line, number) in lines() {
        if let Some(key) = boot::key(&line) {
            sample.keys.entry(key).or_insert(number);
        }
    }
    if !sample.kernel {
        sample.look_for_devices(lines());
    }
    sample
}

impl Sample {
    /// Behind a time of any sort, or what was learned, the words tell a kernel's line.
    fn look_for_devices<'l>(&mut self, lines: impl Iterator<Item = (std::borrow::Cow<'l, [u8]>, u64)>) {
        let (mut devices, mut best) = (0, 0);
        for (line, number) in lines {
            let own = prefix::strip(&line);
            let learned = self.learned.as_ref().map(|learned| learned.cuts(&line)).unwrap_or_default();
            let cuts = learned.into_iter().chain([own.len]).filter(|cut| *cut > 0 && !own.user);
            let device = cuts.into_iter().any(|cut| has(&KERNEL, &line[cut..]));
            let time = has(&TIME, &line);
            devices += usize::from(device || time && !own.user);
            let near = [time && !own.user, device || has(&KERNEL, &line), own.timed, own.len > 0];
            let near = near.iter().position(|sign| *sign).map_or(1, |at| 5 - at);
            if near > best {
                best = near;
                let text = String::from_utf8_lossy(&line).trim().chars().take(100).collect();
                self.nearest = Some(Remark { line: number, text });
            }
        }
        self.kernel = devices >= DEVICES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a log of these lines.
    fn said(lines: &[String]) -> String {
        let sample = take(lines.join("\n").as_bytes());
        let words = [
            (sample.stamped, "stamped"),
            (sample.kernel, "kernel"),
            (sample.clock, "clock"),
            (sample.records, "records"),
            (sample.learned.is_some(), "learned"),
        ];
        let words: Vec<_> = words.into_iter().filter_map(|(is, word)| is.then_some(word)).collect();
        let nearest =
            sample.nearest.map(|near| format!("; {}: {}", near.line, near.text)).unwrap_or_default();
        format!("{}{nearest}", words.join(" "))
    }

    /// So many lines, each with its number.
    fn many(count: usize, line: &str) -> Vec<String> {
        (0..count).map(|number| line.replace('#', &number.to_string())).collect()
    }

    #[test]
    fn a_share_of_lines_with_times_makes_a_kernels_log() {
        let log = |with, without| {
            let names = ["one", "two", "three", "four", "five", "six", "seven"];
            let others = (0..without).map(|nth| format!("{} says", names[nth % names.len()]));
            many(with, "[    1.00000#] x").into_iter().chain(others).collect::<Vec<_>>()
        };
        assert_eq!(said(&log(8, 24)), "stamped kernel clock");
        assert_eq!(said(&log(8, 25)), "kernel clock");
        assert_eq!(said(&log(7, 0)), "kernel clock");
        let blank = [log(8, 24), vec![" ".to_owned(); 9]].concat();
        assert_eq!(said(&blank), "stamped kernel clock");
        assert_eq!(said(&many(9, "Nov 22 10:00:0# box kernel: x")), "stamped kernel");
    }

    #[test]
    fn half_of_the_lines_being_records_the_log_is_made_of_them() {
        let log =
            |records, others| [many(records, "6,10#,1000000,-;x"), many(others, "[    1.00000#] x")].concat();
        assert_eq!(said(&log(3, 3)), "kernel clock records");
        assert_eq!(said(&log(3, 4)), "kernel clock");
        assert_eq!(said(&log(2, 0)), "kernel");
    }

    #[test]
    fn a_prefix_is_learned_where_most_lines_have_no_time() {
        let stamped = |count| many(count, "Nov 22 10:00:0# box kernel: x");
        let others = |count| many(count, "Nov 22 10:00:0# box prog: x");
        assert_eq!(said(&[stamped(3), others(3)].concat()), "kernel");
        assert_eq!(said(&[stamped(3), others(4)].concat()), "kernel learned");
    }

    #[test]
    fn keys_have_the_line_on_which_they_came_first() {
        let (one, two) = ("[    1.234567] a", "[    1.234568] b");
        let keys = take(format!("\n{one}\n{two}\n{one}\n[    1.000000] c\n").as_bytes()).keys;
        let at = |line: &str| keys.get(&boot::key(line.as_bytes()).expect("a key")).copied();
        assert_eq!((keys.len(), at(one), at(two)), (2, Some(2), Some(3)));
    }

    #[test]
    fn words_of_drivers_behind_a_time_make_a_kernels_log_as_well() {
        let log = |lines: &[&str]| said(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
        assert_eq!(log(&["10:00:01 ACPI: a", "10:00:02 ACPI: b"]), "kernel; 1: 10:00:01 ACPI: a");
        assert_eq!(log(&["10:00:01 ACPI: a", "10:00:02 b"]), "; 1: 10:00:01 ACPI: a");
        assert_eq!(log(&["ACPI: a", "ACPI: b"]), "; 1: ACPI: a");
        let program = "Nov 22 10:00:00 box prog[1]: ACPI: a";
        assert_eq!(log(&[program, program]), format!("; 1: {program}"));
        let quoted = "Nov 22 10:00:00 box prog[1]: it read [    1.000000] x";
        assert_eq!(log(&[quoted, quoted]), format!("; 1: {quoted}"));
        let behind = "words and> [    1.000000] x";
        assert_eq!(log(&[behind, behind]), format!("kernel; 1: {behind}"));
    }

    #[test]
    fn the_line_that_came_nearest_is_the_first_of_the_best() {
        // From the worst to the best.
        let kinds = ["words", "> words", "10:00:01 words", "ACPI: words", "words and> [    1.000000] words"];
        for (at, better) in kinds.into_iter().enumerate().skip(1) {
            let said = said(&[kinds[at - 1].to_owned(), better.to_owned(), better.to_owned()]);
            assert!(said.ends_with(&format!("; 2: {better}")), "{said}");
            let program = format!("Nov 22 10:00:00 box prog[1]: {better}");
            assert!(at < 4 || self::said(&[kinds[3].to_owned(), program]).ends_with("; 1: ACPI: words"));
        }
    }
}
