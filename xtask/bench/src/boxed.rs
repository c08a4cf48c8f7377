//! What the box costs: processor time of builds and runs in it, beside the same without.

use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::param::clock_ticks_per_second;

use super::rebuild::Rebuild;
use super::tool::{Bench, line, middle};

const RUN: [&str; 7] = ["--quiet", "run", "--topology", "direct", "--suite", "attach/callback-*", "--box"];

/// The same run and the same kind of edit, by turns in a box and in none.
pub(super) fn measure(bench: &Bench, rebuild: &Rebuild, rounds: usize) -> Result<()> {
    let mut times: [[Vec<Duration>; 2]; 2] = Default::default();
    for _ in 0..rounds {
        for (of, policy) in ["off", "auto"].into_iter().enumerate() {
            times[0][of].push(spent(|| bench.tool(&[&RUN[..], &[policy]].concat()).map(drop))?);
            times[1][of].push(spent(|| rebuild.boxed_by_tool(policy).map(drop))?);
        }
    }
    for (what, [without, within]) in ["runs", "builds"].into_iter().zip(times) {
        let (without, within) = (middle(without), middle(within));
        let more = 100.0 * (within.as_secs_f64() / without.as_secs_f64().max(1e-9) - 1.0);
        line(&format!("{what} in no box"), without, "processor time of the machine: user and system");
        line("  in a box", within, &format!("{more:+.1} %"));
    }
    Ok(())
}

/// Processor time of the whole machine meanwhile: what runs in a box is not waited for by us, so that its time is not ours. The machine
/// has to be quiet.
fn spent(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let before = busy()?;
    work()?;
    Ok(busy()?.saturating_sub(before))
}

/// User, nice and system time of all processors: the first fields of `/proc/stat` (man 5 proc).
fn busy() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
    let fields = stat.lines().next().unwrap_or_default().split_ascii_whitespace();
    let ticks: u64 = fields.skip(1).take(3).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 1000 / clock_ticks_per_second().max(1)))
}
