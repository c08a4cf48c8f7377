//! Which lines are worth a closer look: those that contain a needle of the table's, a marker or a kernel's banner.
//!
//! Nearly all of a log is passed over here, at the speed of a vectorised search. It takes some hundred needles of four
//! bytes or more at once (aho-corasick's `packed`), if they are arranged well (`buckets.rs`). More are searched for in
//! several passes, and each shorter one in a pass of its own, which memchr's `memmem` makes cheap. A processor without the
//! instructions for it has regex's search.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::Span;
use aho_corasick::packed::{self, Config};
use memchr::memmem::Finder;
use regex::bytes::Regex;

use super::boot::{BANNER, PHYSICAL, STARTERS};
use super::buckets;
use super::lost;
use super::table::rows;

/// What begins a marker of a case in the kernel log: `MARKER[NUMBER.TOKEN]: begin CASE` and `MARKER[NUMBER.TOKEN]: end CASE`.
pub(super) const MARKER: &str = "patchbench";

/// What only a kernel prints that came to user space, or left it.
const UP: &[&str] = &[
    "as init process",
    "Freeing unused kernel",
    "Freeing init memory",
    "Mounted root",
    "systemd[1]",
    COMMAND_LINE,
];

/// What every kernel prints early of how it was started (init/main.c, `start_kernel()`).
const COMMAND_LINE: &str = "ommand line: ";

/// Where a trace begins, whatever stands above: `Call Trace:`, `Call trace:`.
const TRACES: [&str; 1] = ["race:"];
/// What was asked for, and what ends a machine in good order.
const ORDERLY: [&str; 3] = ["ysrq: ", "FAULT_INJECTION: ", "reboot: "];

/// Needles that one vectorised search takes, with 32 bytes at a time and without.
const TOGETHER: usize = if cfg!(target_arch = "x86_64") { 120 } else { 64 };
const TOGETHER_NARROW: usize = 64;
/// A needle that is shorter makes the search for all others slow.
const SHORT: usize = 4;

/// Whether a line shows that the kernel came to user space, or left it.
pub(super) fn is_up(body: &[u8]) -> bool {
    UP.iter().any(|sign| *sign != COMMAND_LINE && memchr::memmem::find(body, sign.as_bytes()).is_some())
        || is_reboot(body)
}

/// Whether a line has the kernel's command line.
pub(super) fn is_command_line(body: &[u8]) -> bool {
    memchr::memmem::find(&body[..body.len().min(40)], COMMAND_LINE.as_bytes()).is_some()
}

/// Whether the kernel says that it goes down.
pub(super) fn is_reboot(body: &[u8]) -> bool {
    body.starts_with(b"reboot: ")
}

/// Who asked for output that reads like a report's.
pub(super) fn asked_for(body: &[u8]) -> Option<&'static str> {
    const STARTS: [(&str, &str); 3] =
        [("sysrq: ", "sysrq"), ("SysRq : ", "sysrq"), ("FAULT_INJECTION: ", "fault injection")];
    STARTS.iter().find(|(start, _)| body.starts_with(start.as_bytes())).map(|(_, who)| *who)
}

enum Searcher {
    One(Box<Finder<'static>>),
    Several(Box<packed::Searcher>),
    Slow(Regex),
}

impl Searcher {
    /// Where the first of the needles is at or after `from`.
    fn find(&self, area: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::One(finder) => finder.find(&area[from..]).map(|at| from + at),
            Self::Several(needles) => {
                needles.find_in(area, Span { start: from, end: area.len() }).map(|found| found.start())
            }
            Self::Slow(needles) => needles.find_at(area, from).map(|found| found.start()),
        }
    }
}

/// Searchers for the needles of the table, the markers and the banner.
static ALWAYS: LazyLock<Vec<Searcher>> = LazyLock::new(|| {
    let marker = format!("{MARKER}[");
    let table = rows().flat_map(|row| row.needles).copied();
    let others = TRACES.iter().chain(&ORDERLY).chain(&STARTERS).chain(lost::NEEDLES).copied();
    searchers(table.chain(others).chain([marker.as_str(), BANNER, PHYSICAL]))
});

/// Searchers for what shows that a kernel came to user space.
static BOOTING: LazyLock<Vec<Searcher>> = LazyLock::new(|| searchers(UP.iter().copied()));

fn searchers<'a>(needles: impl Iterator<Item = &'a str>) -> Vec<Searcher> {
    let needles: BTreeSet<&str> = needles.collect();
    let within = |long: &&str| needles.iter().any(|short| short != long && long.contains(short));
    // What contains a needle needs none of its own.
    let (short, long): (Vec<&str>, Vec<&str>) =
        needles.iter().filter(|needle| !within(needle)).partition(|needle| needle.len() < SHORT);
    let passes = long.len().div_ceil(together()).max(1);
    let several = long.chunks(long.len().div_ceil(passes).max(1)).filter_map(any_of);
    let each = short.into_iter().map(|needle| Searcher::One(Box::new(Finder::new(needle).into_owned())));
    several.chain(each).collect()
}

/// How many needles this processor can search for at once.
fn together() -> usize {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return TOGETHER;
    }
    TOGETHER_NARROW
}

/// One search for several needles.
fn any_of(needles: &[&str]) -> Option<Searcher> {
    let needles = buckets::arranged(needles);
    let packed = Config::new().heuristic_pattern_limits(false).builder().extend(&needles).build();
    packed.map(|packed| Searcher::Several(Box::new(packed))).or_else(|| slow(&needles).map(Searcher::Slow))
}

/// The same by regex.
fn slow(needles: &[&str]) -> Option<Regex> {
    let needles: Vec<String> = needles.iter().map(|needle| regex::escape(needle)).collect();
    Regex::new(&needles.join("|")).ok()
}

/// The needles of one piece of a log, found in order.
pub(super) struct Hits<'a> {
    area: &'a [u8],
    /// For each searcher where its next needle is; the length of the piece where there is none.
    always: Vec<Option<usize>>,
    booting: Vec<Option<usize>>,
    /// The answer before, and whether it was for a kernel that boots.
    last: Option<(usize, bool)>,
}

impl<'a> Hits<'a> {
    pub(super) fn new(area: &'a [u8]) -> Self {
        Self { area, always: vec![None; ALWAYS.len()], booting: vec![None; BOOTING.len()], last: None }
    }

    /// Where the first needle, or the rarest end of one, is at or after `from`; the length of the piece where there is none. While a kernel is
    /// `booting`, whether it comes to user space is a needle, too. Never goes back.
    pub(super) fn next(&mut self, from: usize, booting: bool) -> usize {
        match self.last {
            Some((at, was)) if at >= from && was == booting => at,
            _ => self.search(from, booting),
        }
    }

    fn search(&mut self, from: usize, booting: bool) -> usize {
        let area = self.area;
        let mut first = area.len();
        let boot = BOOTING.iter().zip(&mut self.booting).filter(|_| booting);
        for (searcher, known) in ALWAYS.iter().zip(&mut self.always).chain(boot) {
            let at = match *known {
                Some(at) if at >= from => at,
                _ => searcher.find(area, from).unwrap_or(area.len()),
            };
            *known = Some(at);
            first = first.min(at);
        }
        self.last = Some((first, booting));
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a text in which something was found.
    fn found(text: &str, booting: bool) -> Vec<&str> {
        let mut hits = Hits::new(text.as_bytes());
        let mut found = Vec::new();
        let mut from = 0;
        while from < text.len() {
            let at = hits.next(from, booting);
            found.extend(text.split('|').find(|part| {
                let start = part.as_ptr().addr() - text.as_ptr().addr();
                (start..start + part.len()).contains(&at)
            }));
            from = at + 1;
        }
        found
    }

    #[test]
    fn needles_are_found_in_order_whichever_searcher_finds_them() {
        assert_eq!(
            found("x|[#4]|BUG: |[#12]|patchbench[|y|Linux version |z", false),
            ["[#4]", "BUG: ", "[#12]", "patchbench[", "Linux version "]
        );
        assert_eq!(found("Mounted root|x|WARNING: ", false), ["WARNING: "]);
        assert_eq!(found("Mounted root|x|WARNING: ", true), ["Mounted root", "WARNING: "]);
        assert_eq!(found("quiet", true), Vec::<&str>::new());
    }

    #[test]
    fn what_is_looked_for_may_change_on_the_way() {
        let mut hits = Hits::new(b"Mounted root|x|WARNING: |Mounted root");
        let warning = hits.next(0, false);
        assert!((15..24).contains(&warning), "{warning}");
        assert_eq!((hits.next(0, true), hits.next(0, false), hits.next(1, true)), (0, warning, warning));
        assert_eq!((hits.next(warning + 1, false), hits.next(warning + 1, true)), (37, 25));
    }

    #[test]
    fn what_a_line_says_of_the_boot() {
        for up in ["Run /init as init process", "Freeing unused kernel image", "reboot: Power down"] {
            assert!(is_up(up.as_bytes()), "{up}");
        }
        for not in ["Kernel command line: quiet", "a reboot: none"] {
            assert!(!is_up(not.as_bytes()), "{not}");
        }
        assert!(is_command_line(b"Kernel command line: quiet") && !is_command_line(b"quiet"));
        assert!(!is_command_line(format!("{}command line: ", " ".repeat(30)).as_bytes()));
        assert!(is_reboot(b"reboot: Restarting system") && !is_reboot(b"to reboot: press"));
        let asked =
            ["sysrq: Show State", "SysRq : Show State", "FAULT_INJECTION: forcing a failure", "no sysrq: "];
        let who = asked.map(|line| asked_for(line.as_bytes()));
        assert_eq!(who, [Some("sysrq"), Some("sysrq"), Some("fault injection"), None]);
    }

    #[test]
    fn a_short_needle_is_searched_for_by_itself() {
        let one = |needle: &'static str| {
            let searchers = searchers([needle].into_iter());
            (matches!(searchers[0], Searcher::One(_)), searchers[0].find(b"x [#1] [#2] abcd", 3))
        };
        assert_eq!((one("[#"), one("abcd")), ((true, Some(7)), (false, Some(12))));
        assert!(together() >= TOGETHER_NARROW);
    }

    #[test]
    fn more_needles_than_one_search_takes_are_all_found() {
        let many: Vec<String> = (100..300).map(|number| format!("needle{number}")).collect();
        let searchers = searchers(many.iter().map(String::as_str));
        assert_eq!(searchers.len(), 200_usize.div_ceil(together()));
        for needle in &many {
            let text = format!("hay {needle} hay");
            let within = |at: usize| (4..4 + needle.len()).contains(&at);
            assert!(searchers.iter().any(|one| one.find(text.as_bytes(), 0).is_some_and(within)), "{needle}");
        }
    }

    #[test]
    fn a_processor_without_the_instructions_finds_the_same() {
        let (needles, text) = (["BUG: ", "cut here"], "x cut here BUG: y");
        let fast = any_of(&needles).expect("a search");
        let slow = Searcher::Slow(slow(&buckets::arranged(&needles)).expect("a search"));
        for from in 0..text.len() {
            assert_eq!(fast.find(text.as_bytes(), from), slow.find(text.as_bytes(), from), "{from}");
        }
    }

    #[test]
    fn what_contains_a_needle_needs_none_of_its_own() {
        assert_eq!(searchers(["BUG: KASAN", "BUG: ", "BUG: KFENCE"].into_iter()).len(), 1);
        assert_eq!(searchers(["[#", "[#1]"].into_iter()).len(), 1);
    }
}
