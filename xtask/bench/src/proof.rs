//! What it costs to count which lines of a series ran, and to try mutants of them.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use engine::series::mutate::{Mutation, Outcome, TriedMutant};

use super::tool::{Bench, line, middle};

/// The series, and the cells that run most of its lines.
const SERIES: &str = "memdev-attach";
const CELLS: [&str; 6] = ["--topology", "direct", "--topology", "switch", "--suite", "attach"];
/// The same mutants each time, so that two machines can be compared.
const SEED: &str = "1";
/// What `series mutate` exits with where a mutant survived.
const SURVIVED: i32 = 1;

/// Counts the lines that cells run beside the same cells on the plain kernel, then tries some mutants with these counts.
pub(super) fn measure(bench: &Bench, rounds: usize, mutants: usize) -> Result<()> {
    let count = || bench.tool(&[&["--quiet", "series", "coverage", SERIES], &CELLS[..]].concat());
    let plain = || bench.tool(&[&["--quiet", "run"], &CELLS[..]].concat());
    // Builds, and learns how long each case takes: both orders of cells are then the same.
    plain().context("the cells on the plain kernel")?;
    count().context("the cells on the kernel that counts")?;
    let (mut plains, mut counts) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        plains.push(plain()?);
        counts.push(count()?);
    }
    let (plain, counted) = (middle(plains), middle(counts));
    let times = counted.as_secs_f64() / plain.as_secs_f64().max(1e-9);
    line("cells on the plain kernel", plain, &format!("run {}", CELLS.join(" ")));
    line(
        "which lines they run",
        counted,
        &format!("series coverage, the same cells: {times:.2} times as long"),
    );

    let sample = mutants.to_string();
    let chosen = ["--coverage", "latest", "--sample", &sample, "--seed", SEED, "--format", "json"];
    let output = bench.output(&[&["series", "mutate", SERIES], &chosen[..]].concat())?;
    let code = output.status.code();
    ensure!(
        output.status.success() || code == Some(SURVIVED),
        "series mutate: {}: {}",
        output.status,
        output.tail.join("\n")
    );
    let mutation: Mutation = serde_json::from_str(&output.text()).context("reading its document")?;
    let seconds = |outcome: Outcome| {
        let tried = mutation.mutants.iter().filter(|mutant| mutant.outcome == outcome);
        tried.map(|mutant: &TriedMutant| Duration::from_secs_f64(mutant.seconds)).collect::<Vec<_>>()
    };
    line(&format!("{mutants} mutants"), output.took, &format!("series mutate: {} %", mutation.score));
    for (what, outcome) in
        [("  one that is killed", Outcome::Killed), ("  one that survives", Outcome::Survived)]
    {
        let all = seconds(outcome);
        line(
            what,
            middle(all.clone()),
            &format!("the middle of {}, from its build to its verdict", all.len()),
        );
    }
    Ok(())
}
