//! `cargo xtask bench`: what the tool costs beside what it drives. A program of its own, which nobody has to compile who does not
//! want to measure.

mod bisect;
mod boxed;
mod corpus;
mod judging;
mod parallel;
mod proof;
mod rebuild;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

use host::quote;
use xtask::args::KernelArgs;
use xtask::{Context, Exit, Global, STYLES, conclude, setup};

use self::rebuild::Rebuild;
use self::tool::{Bench, line, middle, replayed};

/// Measures the tool's own cost, beside a QEMU and a make that are started by hand
///
/// Says what a run with nothing changed adds to its own QEMU's time, how the same guest does when its replay.sh is
/// started by hand, and what a build costs with nothing changed and with one file of drivers/cxl changed, beside plain
/// make in the same folder; how long it is from an edit to a verdict, beside make and QEMU by hand; and how fast logs are judged.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask bench", bin_name = "cargo xtask bench", styles = STYLES, disable_help_flag = true,
)]
struct Args {
    #[command(flatten)]
    kernel: KernelArgs,
    /// Only how long it is from an edit to a verdict, by the tool and by hand
    #[arg(long, conflicts_with_all = ["judging", "corpus", "parallel", "bisect"], help_heading = MEASURED)]
    edit: bool,
    /// Only how fast logs are judged: needs no kernel and no QEMU
    #[arg(long, help_heading = MEASURED)]
    judging: bool,
    /// Only how right logs are judged: those below this folder, each with a line `TITLE: …` and an empty one before it
    ///
    /// The title is what the log's author calls its report, with the function to blame after ` in `; empty, or left out with
    /// all that stands before the empty line, where the log has no report. Other lines there count for nothing. So are the logs of
    /// syzkaller's pkg/report/testdata.
    #[arg(long, value_name = "DIR", conflicts_with = "judging", help_heading = MEASURED)]
    corpus: Option<PathBuf>,
    /// Only how much faster cells are beside each other, N or 2 at a time, than one after the other
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "2", conflicts_with = "judging", help_heading = MEASURED)]
    parallel: Option<u16>,
    /// Only steps and seconds of bisections of synthetic histories, all or these, beside `git bisect run`
    ///
    /// With a plain make-and-boot script, and with bisect-run. All of them take an hour.
    #[arg(long, value_name = "HISTORY", num_args = 0.., conflicts_with_all = ["judging", "parallel"], help_heading = MEASURED)]
    bisect: Option<Vec<bisect::Sort>>,
    /// Only what proof costs: which lines cells run beside the same cells plain, then N or 100 mutants
    #[arg(
        long, value_name = "N", num_args = 0..=1, default_missing_value = "100", help_heading = MEASURED,
        conflicts_with_all = ["judging", "corpus", "parallel", "bisect", "edit"],
    )]
    proof: Option<usize>,
    /// Only what the box costs: processor time of runs and builds in it, beside the same in none
    #[arg(long, conflicts_with_all = ["judging", "corpus", "parallel", "bisect", "edit", "proof"], help_heading = MEASURED)]
    boxed: bool,
    /// Measure each N times; the middle one counts
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = MEASURED)]
    rounds: usize,
    /// Megabytes of each sort of log
    #[arg(long, value_name = "MB", default_value_t = 512, help_heading = MEASURED)]
    size: u64,
    #[command(flatten)]
    global: Global,
}

/// One file of a module.
const SOURCE: &str = "drivers/cxl/mem.c";
/// A header that most of the drivers include, and the mock modules.
const HEADER: &str = "drivers/cxl/cxlmem.h";

/// The heading of what is measured, and how.
const MEASURED: &str = "What is measured";

fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(error) = host::signals::install() {
        return conclude(Err(error).context("installing the signal handlers"));
    }
    conclude(Context::new(&args.global).and_then(|ctx| run(&args, &ctx)))
}

fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    ensure!(args.rounds > 0, "--rounds 0 measures nothing");
    ensure!(args.size > 0, "--size 0 measures nothing");
    if args.judging {
        judging::measure(args.rounds, args.size * 1_000_000)?;
        return Ok(Exit::Success);
    }
    if let Some(folder) = &args.corpus {
        corpus::measure(folder)?;
        return Ok(Exit::Success);
    }
    setup::ensure(ctx, false, None)?;
    let bench = Bench { ctx, kernel: args.kernel.kernel.as_deref() };
    bench.tool(&["build"]).context("making sure of a build")?;
    if let Some(sorts) = &args.bisect {
        bisect::measure(&bench, if sorts.is_empty() { &bisect::Sort::ALL } else { sorts })?;
        return Ok(Exit::Success);
    }
    if let Some(jobs) = args.parallel {
        parallel::measure(&bench, args.rounds, jobs.max(1).into())?;
        return Ok(Exit::Success);
    }
    if args.boxed {
        boxed::measure(&bench, &Rebuild::new(&bench, &ctx.project()?, HEADER)?, args.rounds)?;
        return Ok(Exit::Success);
    }
    if let Some(mutants) = args.proof {
        proof::measure(&bench, args.rounds, mutants)?;
        return Ok(Exit::Success);
    }

    if args.edit {
        verdicts(&bench, args.rounds)?;
        return Ok(Exit::Success);
    }

    runs(&bench, args.rounds)?;
    builds(&bench, args.rounds)?;
    verdicts(&bench, args.rounds)?;
    judging::measure(args.rounds, args.size * 1_000_000)?;
    Ok(Exit::Success)
}

/// A run with nothing changed, beside its own QEMU and its guest replayed.
fn runs(bench: &Bench, rounds: usize) -> Result<()> {
    let (mut whole, mut inside, mut by_hand) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begun = Instant::now();
        bench.tool(&["--quiet", "run", "--topology", "direct", "--suite", "enumerate"])?;
        whole.push(begun.elapsed());
        let run =
            fs::canonicalize(bench.ctx.root.join("results/latest")).context("finding results/latest")?;
        inside.push(qemu_seconds(&run)?);
        by_hand.push(replay(&run)?);
    }
    let (whole, inside, by_hand) = (middle(whole), middle(inside), middle(by_hand));
    line("run, nothing changed", whole, "the whole command");
    line("  of it QEMU", inside, "from its start to its end");
    line("  of it the tool", whole.saturating_sub(inside), "what it adds");
    line("the same by hand", by_hand, "sh replay.sh");
    Ok(())
}

/// A build with nothing changed and with one file changed, beside plain make.
fn builds(bench: &Bench, rounds: usize) -> Result<()> {
    let project = bench.ctx.project()?;
    let rebuild = Rebuild::new(bench, &project, SOURCE)?;
    let (mut idle, mut idle_make) = (Vec::new(), Vec::new());
    let (mut edit, mut edit_behind_make, mut edit_make) = (Vec::new(), Vec::new(), Vec::new());
    // Whatever was built there before: what is measured with nothing changed must have nothing to do.
    rebuild.by_tool()?;
    for _ in 0..rounds {
        idle_make.push(rebuild.idle_make()?);
        idle.push(bench.tool(&["--quiet", "build"])?);
        // Behind make by hand, whose objects the tool does not trust, the first edit goes by make.
        edit_behind_make.push(rebuild.by_tool()?);
        edit.push(rebuild.by_tool()?);
        edit_make.push(rebuild.by_hand()?);
    }
    line("build, nothing changed", middle(idle), "the whole command: no make is run");
    line("  plain make", middle(idle_make), "bzImage modules, then M=tools/testing/cxl modules");
    line("build, one file changed", middle(edit), "drivers/cxl/mem.c, as a patch: applied, made, installed");
    line("  by make", middle(edit_behind_make), "the same, behind a make by hand");
    line(
        "  plain make",
        middle(edit_make),
        "the same edit, bzImage modules, then M=tools/testing/cxl modules",
    );
    Ok(())
}

/// From an edit to a verdict, by the tool and by hand.
fn verdicts(bench: &Bench, rounds: usize) -> Result<()> {
    let project = bench.ctx.project()?;
    for file in [SOURCE, HEADER] {
        let rebuild = Rebuild::new(bench, &project, file)?;
        let (mut tool, mut by_hand) = (Vec::new(), Vec::new());
        rebuild.verdict_by_tool()?;
        for _ in 0..rounds {
            by_hand.push(rebuild.verdict_by_hand()?);
            // Behind make by hand, whose objects the tool does not trust.
            rebuild.by_tool()?;
            tool.push(rebuild.verdict_by_tool()?);
        }
        let (tool, by_hand) = (middle(tool), middle(by_hand));
        let ratio =
            format!("{:.2} of by hand, the whole command", tool.as_secs_f64() / by_hand.as_secs_f64());
        line("edit to verdict", tool, &format!("{file}, then attach/callback-once on direct: {ratio}"));
        line("  by hand", by_hand, "make, cxl_test, the modules into the image, its replay.sh");
    }
    Ok(())
}

/// Seconds from QEMU's start to its end, of all boots of a run.
fn qemu_seconds(run: &Path) -> Result<Duration> {
    let path = run.join("events.jsonl");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut sum = 0.0;
    for line in text.lines() {
        let stamped: event::Stamped = serde_json::from_str(line).context("reading an event")?;
        if let event::Event::BootFinished { seconds, .. } = stamped.event {
            sum += seconds;
        }
    }
    Ok(Duration::from_secs_f64(sum))
}

/// Starts the recorded guest as a person would.
fn replay(run: &Path) -> Result<Duration> {
    let script: PathBuf = walkdir::WalkDir::new(run)
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .find(|path| path.ends_with("replay.sh"))
        .context("the run has no replay.sh")?;
    replayed(&format!("sh {}", quote(script)))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn its_options_are_no_contradiction() {
        let mut tree = Args::command();
        tree.build();
        assert!(!tree.render_help().to_string().contains("\nOptions:"), "an option has no heading");
    }
}
