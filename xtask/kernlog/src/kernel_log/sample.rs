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
    for (line, number) in lines().filter(|_| printk > 0) {
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
