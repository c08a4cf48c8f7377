//! Where a run is seen as it goes: its readers besides the results folder.

use std::env;
use std::io::stdout;
use std::path::PathBuf;

use engine::run::Options;
use event::Sink;
use report::{Github, JsonLines, Lava, Summary, Terminal};

use crate::{Context, Format};

/// Where a run is seen as it goes.
#[derive(Debug, Default, clap::Args)]
pub struct ShownArgs {
    /// Print signals for a LAVA dispatcher as well: a test set a cell, a test case a case
    #[arg(long)]
    pub lava: bool,
}

impl ShownArgs {
    /// The readers of the run's events: the terminal, unless GitHub's log or a program reads along.
    pub fn sinks(&self, ctx: &Context, terminal: impl FnOnce() -> Terminal) -> Vec<Box<dyn Sink>> {
        let mut sinks: Vec<Box<dyn Sink>> = vec![match ctx.format {
            Format::Json => Box::new(JsonLines::new(stdout())),
            // Set by the runner of GitHub Actions, and by nothing else.
            Format::Human if env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") => {
                let step = env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from);
                Box::new(Github::new(stdout(), step, ctx.verbosity()))
            }
            Format::Human => Box::new(terminal()),
        }];
        if self.lava {
            sinks.push(Box::new(Lava::new(stdout())));
        }
        sinks
    }
}

/// Where the run is seen as it goes, and what is known of it from before, where it is taken up.
pub(super) fn shown_for(
    args: &ShownArgs,
    ctx: &Context,
    options: &Options,
    before: Option<Summary>,
) -> Vec<Box<dyn Sink>> {
    args.sinks(ctx, || {
        let terminal = Terminal::stdout(ctx.verbosity()).side_by_side(options.policy.jobs());
        terminal.taking_up(before.unwrap_or_default())
    })
}
