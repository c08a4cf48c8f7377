//! Which cells `run` runs, and how it goes about them: the options.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};

use engine::run::{Policy, Request, Shard};
use kernlog::Verdict;
use report::{CellSummary, Stored};
use spec::Project;

use crate::args::cell_filter;
use crate::help::{EXECUTION, SELECTION};
use crate::{Context, Usage, results};

/// The cells that are meant.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = SELECTION)]
pub struct ChooseArgs {
    /// Run MATRIX of patchbench.yaml, or the one that is called default, or the only one
    ///
    /// Every kernel, flavour, topology, suite and variant that it names.
    #[arg(
        long, value_name = "MATRIX", num_args = 0..=1, default_missing_value = "",
        conflicts_with_all = ["kernel", "linux", "flavour", "topologies", "suites", "random", "up_to"]
    )]
    pub matrix: Option<String>,
    /// Run only the cells of which this holds: 'kernel=lts & topology=switch*' [default: all cells]
    ///
    /// Over kernel, flavour, topology, suite and variant, with = and !=, *, !, &, | and parentheses.
    #[arg(long, value_name = "EXPRESSION")]
    pub cell: Option<String>,
    /// Run only one part of several: 2/4 is the second of four [default: all cells]
    #[arg(long, value_name = "N/M", conflicts_with = "random")]
    pub shard: Option<String>,
    /// Balance the shards by the times of this run [default: by the names of cells alone]
    ///
    /// All shards have to be given the same run.
    #[arg(long, value_name = "RUN", requires = "shard", hide_short_help = true)]
    pub times: Option<String>,
    /// Run again what was red in RUN, or in the latest run, as it was asked for then
    #[arg(
        long, value_name = "RUN", num_args = 0..=1, default_missing_value = "latest",
        conflicts_with_all = ["kernel", "linux", "flavour", "topologies", "suites", "cases", "random", "up_to", "matrix", "shard"]
    )]
    pub rerun_failed: Option<String>,
    /// Resume RUN, or the latest run, which was killed or interrupted
    ///
    /// It goes on in its own folder: what was finished is kept, the rest is run.
    #[arg(
        long, value_name = "RUN", num_args = 0..=1, default_missing_value = "latest",
        conflicts_with_all = [
            "kernel", "linux", "flavour", "topologies", "suites", "cases", "random", "up_to", "matrix", "shard",
            "cell", "rerun_failed", "list", "dry_run", "repeat", "shuffle", "isolate", "retries", "allow_flaky", "ndctl",
        ]
    )]
    pub resume: Option<String>,
    /// Run only these cells, each with its cases that are wanted, as JSON: what --watch asks for
    #[arg(long, value_name = "JSON", hide = true)]
    pub only_cells: Option<String>,
    /// Show the cells that would run, and run none
    #[arg(long, conflicts_with = "dry_run")]
    pub list: bool,
}

/// How a run goes about its cells.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = EXECUTION)]
pub struct PolicyArgs {
    /// Run up to N guests at a time [default: one for each processor, and no more than fit into memory]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Start nothing more once a cell is red
    #[arg(long)]
    pub fail_fast: bool,
    /// Try what is red again, up to N times
    ///
    /// What then passes is listed as flaky, and is red all the same, unless --allow-flaky.
    #[arg(
        long, value_name = "N", default_value_t = 0, conflicts_with_all = ["repeat", "shuffle"],
        value_parser = clap::value_parser!(u32).range(0..=10)
    )]
    pub retries: u32,
    /// Let flaky cases pass
    #[arg(long)]
    pub allow_flaky: bool,
}

impl PolicyArgs {
    /// The policy that is asked for.
    pub(super) fn policy(&self) -> Policy {
        Policy {
            jobs: self.jobs.map(usize::from),
            fail_fast: self.fail_fast,
            retries: self.retries,
            allow_flaky: self.allow_flaky,
            learn: false,
        }
    }
}

impl ChooseArgs {
    /// The request with these choices.
    pub(super) fn request(&self, request: Request, project: &Project, ctx: &Context) -> Result<Request> {
        let request = match &self.rerun_failed {
            Some(name) => failed(&results::load(ctx, name)?)?,
            None => request,
        };
        let matrix = match self.matrix.as_deref() {
            None => None,
            Some(name) => Some(project.matrix(Some(name).filter(|name| !name.is_empty()))?.name.clone()),
        };
        let wrong = |option: &str, why: String| Usage {
            message: format!("{option}: {why}"),
            hint: Some(format!("{option} 2/4 is the second of four parts")),
        };
        let cells = cell_filter(self.cell.as_deref())?;
        let shard = match &self.shard {
            None => None,
            Some(text) => Some(text.parse::<Shard>().map_err(|why| wrong("--shard", why))?),
        };
        let times = match &self.times {
            None => None,
            Some(name) => {
                let cells = results::load(ctx, name).context("reading the times")?.summary.cells;
                Some(
                    cells
                        .into_iter()
                        .filter(|cell| cell.verdict.is_some())
                        .map(|c| (c.cell, c.seconds))
                        .collect(),
                )
            }
        };
        let shard = shard.map(|shard| Shard { times, ..shard });
        let only = match &self.only_cells {
            None => request.only.clone(),
            Some(json) => Some(serde_json::from_str(json).context("reading --only-cells")?),
        };
        let (matrix, cells) = (matrix.or(request.matrix), cells.or(request.cells));
        Ok(Request { matrix, cells, only, shard: shard.or(request.shard), ..request })
    }
}

/// What a run was asked for.
pub(super) fn asked(resolved: &serde_json::Value, run: &str) -> Result<Request> {
    serde_json::from_value(resolved["request"].clone()).map_err(|_| {
        let message = format!("{run} does not record its request");
        let hint = Some(
            "it was merged from others, made of random topologies, or is of an earlier version".to_owned(),
        );
        Usage { message, hint }.into()
    })
}

/// What was red in a run, of what it was asked for.
fn failed(run: &Stored) -> Result<Request> {
    let request = asked(&run.resolved, &run.summary.id)?;
    let red = |cell: &&CellSummary| cell.verdict.is_some_and(|verdict| verdict > Verdict::Skip);
    let cases = |cell: &CellSummary| -> BTreeSet<String> {
        let of_splats: Vec<_> = cell.red_splats().map(|splat| splat.case.clone()).collect();
        // A splat between the cases: any of them may be to blame.
        if of_splats.contains(&None) {
            return BTreeSet::new();
        }
        let red = cell.cases.iter().filter(|case| case.outcome.is_red()).map(|case| case.name.clone());
        red.chain(of_splats.into_iter().flatten()).collect()
    };
    let only: Vec<_> =
        run.summary.cells.iter().filter(red).map(|cell| (cell.cell.clone(), cases(cell))).collect();
    if only.is_empty() {
        let message = format!("nothing was red in {}", run.summary.id);
        let hint = Some(
            "`cargo xtask results list` has the others; --rerun-failed RUN takes one of them".to_owned(),
        );
        return Err(Usage { message, hint }.into());
    }
    Ok(Request { only: Some(only), ..request })
}
