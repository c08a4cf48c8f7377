//! What a bisection took.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// What a bisection took.
pub(super) struct Took {
    /// Commits that were looked at.
    pub(super) steps: usize,
    /// Kernels that were made.
    pub(super) builds: usize,
    /// Guests that were booted.
    pub(super) boots: usize,
    /// Wall time.
    pub(super) time: Duration,
    /// Time of processors: a busy machine hardly makes it longer.
    pub(super) work: Duration,
    /// What it came to, in one line.
    pub(super) answer: String,
}

/// Since when, and how long processors had worked for processes of ours until then.
pub(super) struct Clock(Instant, Duration);

impl Clock {
    pub(super) fn start() -> Result<Self> {
        Ok(Self(Instant::now(), of_children()?))
    }

    pub(super) fn read(&self) -> Result<(Duration, Duration)> {
        Ok((self.0.elapsed(), of_children()?.saturating_sub(self.1)))
    }
}

/// Processor time of all processes that this one has started and seen end, and of theirs: `cutime` and `cstime` of proc(5), in
/// hundredths of a second (`USER_HZ`).
fn of_children() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat").context("reading /proc/self/stat")?;
    let fields = text.rsplit(") ").next().unwrap_or_default().split(' ').skip(13).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// `9 suspects, the culprit among them`.
pub(super) fn suspects<'a>(count: usize, mut titles: impl Iterator<Item = &'a str>) -> String {
    let with = if titles.any(|title| title == synthetic_history::CULPRIT) { "" } else { "not " };
    format!("{count} suspects, the culprit {with}among them")
}
