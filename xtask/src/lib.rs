//! The subcommands: one file each, with its `Args` and its `run(args, ctx)`. Doc comments are the help text.

#![allow(
    missing_docs,
    reason = "no library: doc comments are the help text, and an `Args` or a `run` needs no other"
)]

pub mod args;
mod bisect;
mod bisect_run;
mod boot;
mod build;
mod ci;
mod context;
mod doctor;
mod dry_run;
mod exit;
mod kernel;
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
mod test;
mod topology;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use context::{Context, Format, Global};
pub use exit::{Exit, Usage};

/// Applies a kernel series, builds it, boots it on emulated CXL topologies and reports pass or fail
///
/// Exit codes: 0 passed, 1 red, 2 bad usage or input file, 3 a series did not apply or a kernel did not build,
/// 4 infrastructure or nothing was run, 130 interrupted.
///
/// Without a subcommand: what is there, what is missing, and what to do next.
///
/// `cargo xtask bench` is a program of its own: what the tool costs beside what it drives.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(skip)]
    Start,
    Run(Box<run::Args>),
    Build(build::Args),
    Boot(boot::Args),
    Topology(topology::Args),
    Kernel(kernel::Args),
    Series(series::Args),
    Bisect(Box<bisect::Args>),
    BisectRun(Box<bisect_run::Args>),
    Results(results::Args),
    Parse(parse::Args),
    Ci(ci::Args),
    ShowConfig(show_config::Args),
    Doctor(doctor::Args),
    Setup(setup::Args),
    Test(test::Args),
}

/// Parses the command line, runs the subcommand and maps the result to an exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
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
    let result = Context::new(&cli.global).and_then(|ctx| match command {
        Command::Start => start::run(&ctx),
        Command::Run(args) => run::run(&args, &ctx),
        Command::Build(args) => build::run(&args, &ctx),
        Command::Boot(args) => boot::run(&args, &ctx),
        Command::Topology(args) => topology::run(&args, &ctx),
        Command::Kernel(args) => kernel::run(&args, &ctx),
        Command::Series(args) => series::run(&args, &ctx),
        Command::Bisect(args) => bisect::run(&args, &ctx),
        Command::BisectRun(args) => Ok(bisect_run::run(&args, &ctx)),
        Command::Results(args) => results::run(&args, &ctx),
        Command::Parse(args) => parse::run(&args, &ctx),
        Command::Ci(args) => ci::run(&args, &ctx),
        Command::ShowConfig(_) => show_config::run(&ctx),
        Command::Doctor(args) => doctor::run(&args, &ctx),
        Command::Setup(args) => setup::run(&args, &ctx),
        Command::Test(args) => test::run(&args, &ctx),
    });
    match result {
        Err(error) if stops_git => {
            context::show_error(&error);
            Exit::BisectStop.into()
        }
        result => conclude(result),
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
