//! Steps and seconds of a bisection, beside those of `git bisect run` with a plain make-and-boot script and with
//! `bisect-run`, on the same synthetic history from the same starting point.
//!
//! Each begins where the good end was just built in the kernel's work folder, and no other commit of the history is in the
//! cache. ccache is off: who comes second would find what the first one compiled.

mod rival;
mod scene;
mod took;

use anyhow::{Context as _, Result};

use engine::bisect::State;
use report::text::one_line;

use self::rival::{by_bisect_run, by_plain_script};
use self::scene::Scene;
use self::took::{Clock, Took, suspects};
use super::tool::Bench;

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Sort {
    /// 64 commits, one of which breaks attach behind switches; eight do not build, four fail otherwise
    Commit,
    /// The same with the culprit among those that do not build
    Stretch,
    /// A series with three more patches, one of which breaks attach behind switches
    Series,
    /// The smallest topology on which that shows; git has no counterpart
    Topology,
}

impl Sort {
    pub(super) const ALL: [Self; 4] = [Self::Commit, Self::Stretch, Self::Series, Self::Topology];

    fn title(self) -> &'static str {
        match self {
            Self::Commit => "64 commits, no. 44 breaks attach behind switches",
            Self::Stretch => "64 commits, no. 24 does, among those that do not build",
            Self::Series => "a series, the last but one of its patches does",
            Self::Topology => "the smallest topology that shows it, from `mixed`",
        }
    }
}

/// Measures them one after the other, and prints a table of each.
pub(super) fn measure(bench: &Bench, sorts: &[Sort]) -> Result<()> {
    anstream::println!("load before: {}", load());
    for sort in sorts {
        anstream::println!("\n{}", sort.title());
        anstream::println!(
            "  {:36} {:>5} {:>6} {:>5} {:>8} {:>8}   answer",
            "",
            "steps",
            "builds",
            "boots",
            "seconds",
            "of CPU"
        );
        let scene = match sort {
            Sort::Commit => Scene::of_commits(bench, 44)?,
            Sort::Stretch => Scene::of_commits(bench, 24)?,
            Sort::Series | Sort::Topology => Scene::of_series(bench)?,
        };
        scene.make_ready()?;
        if *sort == Sort::Topology {
            line("bisect --topology", &by_tool(&scene, &["--topology", "mixed"])?.0);
        } else {
            beside_git(&scene)?;
        }
        scene.forget()?;
    }
    Ok(())
}

/// One history, in the three ways.
fn beside_git(scene: &Scene) -> Result<()> {
    let axis: Vec<&str> = scene.axis.iter().map(String::as_str).chain(["--topology", "switch"]).collect();
    let (took, state) = by_tool(scene, &axis)?;
    line(&format!("bisect {}", axis[0]), &took);
    let target = state.target.context("the failure is not known")?;
    scene.make_ready()?;
    line("git bisect run, make-and-boot script", &by_plain_script(scene)?);
    scene.make_ready()?;
    line("git bisect run xtask bisect-run", &by_bisect_run(scene, &target.fingerprint)?);
    Ok(())
}

/// `bisect` of this tool.
fn by_tool(scene: &Scene, axis: &[&str]) -> Result<(Took, State)> {
    let clock = Clock::start()?;
    scene.bisect(axis).run()?;
    let (time, work) = clock.read()?;
    let state = scene.bisections().load(None).context("reading the bisection")?;
    let end = state.answer.as_ref().context("the bisection has not ended")?;
    let steps = &state.levels[end.level].steps;
    let answer = match end.found.bad.saturating_sub(end.found.good) {
        // Of a topology there is no good one.
        0 | 1 => steps[end.found.bad].title.clone(),
        count => suspects(count, steps[end.found.good + 1..=end.found.bad].iter().map(|s| &*s.title)),
    };
    let records = || state.levels.iter().flat_map(|level| &level.observations.records);
    let looked_at = state.levels.iter().map(|level| {
        let same = level.observations.contents.keys().copied();
        let run = level.observations.records.iter().map(|record| record.step);
        run.chain(same).collect::<std::collections::BTreeSet<_>>().len()
    });
    let took = Took {
        steps: looked_at.sum(),
        builds: scene.builds()?,
        boots: records().filter(|record| record.run.is_some()).count(),
        time,
        work,
        answer,
    };
    Ok((took, state))
}

fn line(by: &str, took: &Took) {
    let Took { steps, builds, boots, time, work, answer } = took;
    let (seconds, work, answer) = (time.as_secs_f64(), work.as_secs_f64(), one_line(answer));
    let numbers = format!("{steps:>5} {builds:>6} {boots:>5} {seconds:>8.0} {work:>8.0}");
    anstream::println!("  {by:36} {numbers}   {answer} (load {})", load());
}

/// The machine's load of the last minute, five and fifteen.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
