//! The subcommands: one file each, with its `Args` and its `run(args, ctx)`. Doc comments are the help text.

#![allow(
    missing_docs,
    reason = "no library: doc comments are the help text, and an `Args` or a `run` needs no other"
)]

/// A subcommand that has others below it, a line each: its `Args`, and a `run` that hands on to theirs.
macro_rules! subcommands {
    ($(#[$about:meta])* $($variant:ident($args:path) => $run:path,)+) => {
        #[derive(Debug, clap::Args)]
        $(#[$about])*
        pub struct Args {
            #[command(subcommand)]
            command: Command,
        }

        #[derive(Debug, clap::Subcommand)]
        enum Command {
            $($variant($args),)+
        }

        pub fn run(args: &Args, ctx: &$crate::Context) -> anyhow::Result<$crate::Exit> {
            match &args.command {
                $(Command::$variant(args) => $run(args, ctx),)+
            }
        }
    };
}

pub mod args;
mod bench;
mod bisect;
mod bisect_run;
mod boot;
mod build;
mod ci;
mod completions;
mod context;
mod doctor;
mod dry_run;
mod exit;
mod help;
mod kernel;
mod man;
mod origin;
mod own_tree;
mod parse;
mod range;
mod record;
mod results;
pub mod run;
mod series;
pub mod setup;
mod show_config;
mod start;
mod suggest;
mod test;
mod topology;

use std::process::ExitCode;

use clap::{ArgAction, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use context::{Context, Format, Global};
pub use exit::{Exit, Usage};
pub use help::{Footer, GROUPS, STYLES, exit_codes};

/// Applies a kernel series, builds it, boots it on emulated CXL topologies and reports pass or fail
///
/// What there is to test stands in patchbench.yaml, and in patchbench.local.yaml, which overrides it and is yours alone. Without a
/// subcommand: what is there, what is missing, and what to do next.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask", bin_name = "cargo xtask", version, styles = help::STYLES, add = FOOTER,
    disable_help_subcommand = true, disable_help_flag = true, disable_version_flag = true,
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = help::GLOBAL, display_order = help::LAST + 1)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Option<Command>,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask doctor", "What this machine has, and what it lacks"),
    ("cargo xtask run", "Builds the default kernel and runs the default suites"),
    ("cargo xtask run --linux ~/linux --topology switch", "The same on one topology, with your own tree"),
    ("cargo xtask results show", "Shows the latest run again"),
])
.exits(help::EXIT_CODES);

#[derive(Debug, Subcommand)]
enum Command {
    #[command(skip)]
    Start,
    Run(Box<run::Args>),
    Build(build::Args),
    Boot(boot::Args),
    Topology(topology::Args),
    Kernel(kernel::Args),
    Series(Box<series::Args>),
    Bisect(Box<bisect::Args>),
    BisectRun(Box<bisect_run::Args>),
    Results(results::Args),
    Parse(parse::Args),
    Ci(ci::Args),
    ShowConfig(show_config::Args),
    Doctor(doctor::Args),
    Setup(setup::Args),
    Completions(completions::Args),
    Man(man::Args),
    Test(test::Args),
    Bench(bench::Args),
}

/// The command line as a tree, with examples and exit codes in its help.
pub fn tree() -> clap::Command {
    help::complete(Cli::command())
}

fn parse() -> Result<Cli, clap::Error> {
    let mut tree = tree();
    let matches = tree.try_get_matches_from_mut(std::env::args_os()).map_err(suggest::suggesting)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut tree))
}

/// Parses the command line, runs the subcommand and maps the result to an exit code.
pub fn main() -> ExitCode {
    if completions::answered() {
        return Exit::Success.into();
    }
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            // To `git bisect run` the usual 2 would mean that this commit is bad.
            let of_bisect = error.use_stderr() && std::env::args().any(|arg| arg == "bisect-run");
            // Nobody is left to read it.
            let _ = error.print();
            return match (of_bisect, error.use_stderr()) {
                (true, _) => Exit::BisectStop.into(),
                (false, true) => Exit::Usage.into(),
                (false, false) => Exit::Success.into(),
            };
        }
    };
    let command = cli.command.unwrap_or(Command::Start);
    let stops_git = matches!(command, Command::BisectRun(_));
    if let Err(error) = host::signals::install() {
        anstream::eprintln!("error: installing the signal handlers: {error}");
        return Exit::Infrastructure.into();
    }
    let result = Context::new(&cli.global).and_then(|ctx| run_command(&command, &ctx));
    match result {
        Err(error) if stops_git => {
            context::show_error(&error);
            Exit::BisectStop.into()
        }
        result => conclude(result),
    }
}

fn run_command(command: &Command, ctx: &Context) -> anyhow::Result<Exit> {
    match command {
        Command::Start => start::run(ctx),
        Command::Run(args) => run::run(args, ctx),
        Command::Build(args) => build::run(args, ctx),
        Command::Boot(args) => boot::run(args, ctx),
        Command::Topology(args) => topology::run(args, ctx),
        Command::Kernel(args) => kernel::run(args, ctx),
        Command::Series(args) => series::run(args, ctx),
        Command::BisectRun(args) => Ok(bisect_run::run(args, ctx)),
        Command::Bisect(args) => bisect::run(args, ctx),
        Command::Results(args) => results::run(args, ctx),
        Command::Parse(args) => parse::run(args, ctx),
        Command::Ci(args) => ci::run(args, ctx),
        Command::ShowConfig(_) => show_config::run(ctx),
        Command::Doctor(args) => doctor::run(args, ctx),
        Command::Setup(args) => setup::run(args, ctx),
        Command::Completions(args) => Ok(completions::run(args)),
        Command::Man(args) => man::run(args, ctx),
        Command::Test(args) => test::run(args, ctx),
        Command::Bench(args) => bench::run(args, ctx),
    }
}

/// The exit code of a subcommand; its error is printed.
pub fn conclude(result: anyhow::Result<Exit>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            context::show_error(&error);
            Exit::from(&error).into()
        }
    }
}
