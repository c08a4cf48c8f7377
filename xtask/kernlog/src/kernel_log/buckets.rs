//! How needles are arranged for the vectorised search.
//!
//! It sorts needles into 16 buckets, by turns, and of each bucket knows which halves of bytes its needles have at their first four
//! places. Where all four fit it looks closer, and that is slow. So needles that are alike belong into one bucket, and of a needle
//! its end from four rare bytes on is enough. What comes out is as fast with a hundred needles as with sixty that are only sorted.

/// Buckets into which the search sorts needles.
const BUCKETS: usize = 16;
/// Bytes of a needle by which it decides where to look closer.
const FIRST: usize = 4;
/// An end of a needle that is searched for tells at least so much, a small letter 1 and what is rarer 2: with less it would
/// be found where the needle is not.
const TELLING: usize = 8;

/// Words that the consoles of some hundred boots are full of. What is rare by its letters may stand in one of them: `nabl`.
const WORDS: &str = " reserved reserving memory device devices enabled enabling disabled initialized registered register driver drivers kernel \
    version interface resource bridge window pci bus irq interrupt attributes node hash table entries order bytes linear size sized type class \
    from to for the of at in on is and with not name using support supports supported mode port power clock clocksource cpu cpus smp found \
    added assigned mounted filesystem loaded mapped zone range usable netdevice net audit state failed probe init option previous extended \
    configured assign argument command line variable value being root host link platform warning unsafe order stack Linux ";
/// The share of one of them.
const WORD: f64 = 5e-4;

/// About how many of a million bytes of a log are this one.
fn share(byte: u8) -> f64 {
    match byte {
        b' ' => 130e3,
        b'0' => 80e3,
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b'c' | b'd' | b'l' | b'm' | b'p' => 35e3,
        b':' => 30e3,
        b'.' => 25e3,
        b'a'..=b'z' => 22e3,
        b'1'..=b'9' => 20e3,
        b'[' | b']' | b'-' | b'_' | b'=' | b',' | b'/' | b'(' | b')' => 12e3,
        b'A'..=b'Z' => 6e3,
        _ => 500.0,
    }
}

/// Which halves of bytes the needles of a bucket have at each of their first places.
#[derive(Clone, Copy, Default)]
struct Halves {
    low: [u16; FIRST],
    high: [u16; FIRST],
}

impl Halves {
    fn with(mut self, needle: &[u8]) -> Self {
        for (at, byte) in needle.iter().take(FIRST).enumerate() {
            self.low[at] |= 1 << (byte & 15);
            self.high[at] |= 1 << (byte >> 4);
        }
        self
    }

    /// About how often the search looks closer for it, as a share of all places.
    fn cost(&self) -> f64 {
        self.by_chance() + self.in_words()
    }

    fn in_words(&self) -> f64 {
        let fits = |at: usize, byte: u8| self.low[at] >> (byte & 15) & self.high[at] >> (byte >> 4) & 1 == 1;
        let windows = WORDS.as_bytes().windows(FIRST);
        let found =
            windows.filter(|window| window.iter().enumerate().all(|(at, byte)| fits(at, *byte))).count();
        f64::from(u32::try_from(found).unwrap_or(u32::MAX)) * WORD
    }

    fn by_chance(&self) -> f64 {
        let set = |halves: u16| (0..16_u8).filter(move |half| halves >> half & 1 == 1);
        let bytes = |at: usize| {
            set(self.high[at]).flat_map(move |high| set(self.low[at]).map(move |low| high << 4 | low))
        };
        (0..FIRST).map(|at| bytes(at).map(share).sum::<f64>() / 1e6).product()
    }
}

#[derive(Clone, Default)]
struct Bucket<'a> {
    needles: Vec<&'a str>,
    halves: Halves,
}

impl Bucket<'_> {
    /// What a needle more would cost.
    fn rise(&self, needle: &str) -> f64 {
        let before = if self.needles.is_empty() { 0.0 } else { self.halves.cost() };
        self.halves.with(needle.as_bytes()).cost() - before
    }
}

/// Ends of a needle that may stand for it; itself is one.
fn ends(needle: &str) -> impl Iterator<Item = &str> {
    let ends = (1..=needle.len().saturating_sub(FIRST)).filter_map(|at| needle.get(at..));
    std::iter::once(needle).chain(ends.filter(|end| tells(end) >= TELLING))
}

fn tells(end: &str) -> usize {
    end.bytes().map(|byte| if byte.is_ascii_lowercase() { 1 } else { 2 }).sum()
}

/// One end of each needle, in the order in which the search deals them out as is best.
pub(super) fn arranged<'a>(needles: &[&'a str]) -> Vec<&'a str> {
    let alone = |needle: &&str| ends(needle).map(|end| Bucket::default().rise(end)).fold(f64::MAX, f64::min);
    let mut sorted: Vec<(f64, &str)> = needles.iter().map(|needle| (alone(needle), *needle)).collect();
    // The commonest first: who comes late finds the best places taken.
    sorted.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut buckets = vec![Bucket::default(); BUCKETS];
    for (_, needle) in sorted {
        place(&mut buckets, needle, needles.len());
    }
    let rounds = 0..needles.len().div_ceil(BUCKETS);
    rounds
        .flat_map(|round| buckets.iter().filter_map(move |bucket| bucket.needles.get(round)).copied())
        .collect()
}

/// Puts a needle where it costs least. As needles are dealt out by turns, the first buckets have one more than the last.
fn place<'a>(buckets: &mut [Bucket<'a>], needle: &'a str, all: usize) {
    let room = |at: usize| all / BUCKETS + usize::from(at < all % BUCKETS);
    let free = buckets.iter().enumerate().filter(|(at, bucket)| bucket.needles.len() < room(*at));
    let choices = free.flat_map(|(at, bucket)| ends(needle).map(move |end| (bucket.rise(end), at, end)));
    let Some((_, at, end)) = choices.min_by(|(a, ..), (b, ..)| a.total_cmp(b)) else { return };
    let bucket = &mut buckets[at];
    bucket.halves = bucket.halves.with(end.as_bytes());
    bucket.needles.push(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_needle_has_one_end_and_none_is_too_short() {
        let needles = ["BUG: ", "ooting the kernel", "page allocation ", "race:", "[fault reason 0x"];
        let ends = arranged(&needles);
        assert_eq!(ends.len(), needles.len());
        for needle in needles {
            let of = |end: &&&str| needle.ends_with(**end) && (**end == needle || tells(end) >= TELLING);
            assert_eq!(ends.iter().filter(of).count(), 1, "{needle}: {ends:?}");
        }
    }

    #[test]
    fn alike_needles_get_into_one_bucket() {
        let mut needles: Vec<String> =
            (0..16).map(|at| format!("{}{at:03}", char::from(b'A' + at))).collect();
        needles.push("A0001".to_owned());
        let needles: Vec<&str> = needles.iter().map(String::as_str).collect();
        let ends = arranged(&needles);
        let at = |needle: &str| ends.iter().position(|end| *end == needle).expect("an end") % BUCKETS;
        assert_eq!(at("A0001"), at("A000"), "{ends:?}");
    }

    /// What the order is made of are estimates, each of which moves some of these: a change that was meant shows here.
    #[test]
    fn needles_of_all_sorts_are_arranged() {
        let needles = "BUG: |WARNING: CPU: |WARNING: possible |WARNING: suspicious |INFO: task |INFO: rcu_|Oops: |\
            Oops [#|Kernel panic - |Internal error: |Unable to handle |general protection |\
            divide error: |kernel BUG at |double fault|stack guard page |page allocation |\
            list_add corruption|refcount_t: |UBSAN: |watchdog: BUG: |watchdog: Watchdog |sysrq: |\
            Call Trace:|---[ end |Modules linked in:|memory used for hardening|blocked for more than |\
            [fault reason 0x|0000000000|............|the the the the |state: failed|device driver|\
            [drm:]=(1,2)/-_|ooting the kernel|Linux version ";
        let needles: Vec<_> = needles.split('|').collect();
        let shown: Vec<_> = arranged(&needles).iter().map(|end| format!("{end:?}")).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "0000000000"
        "e driver"
        "he the the the "
        "ux version "
        "ate: failed"
        "general protection "
        "used for hardening"
        "ting the kernel"
        "divide error: "
        "page allocation "
        "ocked for more than "
        "guard page "
        "ysrq: "
        "double fault"
        "ist_add corruption"
        "............"
        "NING: suspicious "
        "l Trace:"
        "le to handle "
        "---[ end "
        "atchdog: Watchdog "
        "BUG: "
        "NING: CPU: "
        "ternal error: "
        "2)/-_"
        "panic - "
        "inked in:"
        "ault reason 0x"
        "Oops: "
        "count_t: "
        "ps [#"
        " BUG at "
        "NFO: rcu_"
        "INFO: task "
        "WARNING: possible "
        "UBSAN: "
        "atchdog: BUG: "
        "#);
    }

    #[test]
    fn what_is_rare_is_searched_for() {
        assert_eq!(arranged(&["the long sample: ZQXJ at the end"]), ["ZQXJ at the end"]);
    }
}
