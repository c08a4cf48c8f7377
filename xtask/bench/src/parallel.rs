//! How much faster cells are beside each other than one after the other.

use anyhow::Result;

use super::tool::{Bench, line, middle};

/// What is run: short cells and longer ones, of which each boots at least one guest.
const CELLS: [&str; 14] = [
    "--topology",
    "direct",
    "--topology",
    "switch",
    "--topology",
    "mixed",
    "--topology",
    "two-bridges",
    "--suite",
    "enumerate",
    "--suite",
    "attach/callback-once",
    "--suite",
    "attach/end-unbind-mem",
];

/// Runs the same cells with one guest at a time and with `jobs`.
pub(super) fn measure(bench: &Bench, rounds: usize, jobs: usize) -> Result<()> {
    let jobs_text = jobs.to_string();
    let run = |jobs: &str| bench.tool(&[&["--quiet", "run", "--jobs", jobs], &CELLS[..]].concat());
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        alone.push(run("1")?);
        beside.push(run(&jobs_text)?);
    }
    let (alone, beside) = (middle(alone), middle(beside));
    let times = alone.as_secs_f64() / beside.as_secs_f64().max(1e-9);
    line("cells one by one", alone, "run --jobs 1");
    line("cells beside each other", beside, &format!("run --jobs {jobs}: {}", efficiency(times, jobs)));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    anstream::println!(
        "load of the machine at the end: {}",
        load.split(' ').take(3).collect::<Vec<_>>().join(" ")
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a number of jobs")]
fn efficiency(times: f64, jobs: usize) -> String {
    format!("{times:.2} times as fast, {:.0} % of what {jobs} could do", 100.0 * times / jobs as f64)
}
