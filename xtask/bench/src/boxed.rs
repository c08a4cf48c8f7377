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
        line(&format!("{what} in no box"), without, "processor time of all processes: user and system");
        line("  in a box", within, &format!("{more:+.1} %"));
    }
    Ok(())
}

/// Processor time of all processes that were started and waited for meanwhile.
fn spent(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let before = children()?;
    work()?;
    Ok(children()?.saturating_sub(before))
}

/// User and system time of all descendants that were waited for: the 16th and 17th field of `/proc/self/stat` (man 5 proc).
fn children() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("reading /proc/self/stat")?;
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 1000 / clock_ticks_per_second().max(1)))
}
