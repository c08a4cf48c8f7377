//! Where a run is seen as it goes: its readers besides the results folder.

use std::env;

use engine::run::Options;
use event::Sink;
use report::Summary;
use report::formats::{self, Live};

use crate::help::OUTPUT;
use crate::{Context, Format};

/// Where a run is seen as it goes.
#[derive(Debug, Default, clap::Args)]
pub struct ShownArgs {
    /// Print signals for a LAVA dispatcher as well: a test set a cell, a test case a case
    #[arg(long, help_heading = OUTPUT, hide_short_help = true)]
    pub lava: bool,
}

impl ShownArgs {
    /// The readers of the run's events: the terminal, unless GitHub's log or a program reads along.
    pub fn sinks(&self, ctx: &Context, how: &Live) -> Vec<Box<dyn Sink>> {
        // Set by the runner of GitHub Actions, and by nothing else.
        let is_github = env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        self.names(ctx.format, is_github).filter_map(|name| formats::live(name, how)).collect()
    }

    fn names(&self, format: Format, is_github: bool) -> impl Iterator<Item = &'static str> {
        let main = match format {
            Format::Json => "events",
            Format::Human if is_github => "github",
            Format::Human => "text",
        };
        std::iter::once(main).chain(self.lava.then_some("lava"))
    }
}

/// Where the run is seen as it goes, and what is known of it from before, where it is taken up.
pub(super) fn shown_for(
    args: &ShownArgs,
    ctx: &Context,
    options: &Options,
    before: Option<Summary>,
) -> Vec<Box<dyn Sink>> {
    let (verbosity, jobs, before) = (ctx.verbosity(), options.policy.jobs(), before.unwrap_or_default());
    args.sinks(ctx, &Live { verbosity, jobs, before })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_is_a_format_that_can_be_live() {
        let args = ShownArgs { lava: true };
        for (format, is_github) in [(Format::Json, false), (Format::Human, true), (Format::Human, false)] {
            let names: Vec<_> = args.names(format, is_github).collect();
            assert_eq!(names.len(), 2);
            for name in names {
                assert!(formats::format(name).is_some_and(|format| format.live.is_some()), "{name}");
            }
        }
    }
}
