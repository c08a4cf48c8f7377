//! `setup`: installs what is missing.

use std::path::Path;

use anyhow::Result;

use host::requirements::Level;
use host::{Distribution, requirements, setup};

use super::exit::Missing;
use super::help::{EXECUTION, SELECTION};
use super::{Context, Exit, Footer};

/// Installs what is missing, by one `apt-get install`
///
/// The command is shown before it runs, with sudo where it takes that.
#[derive(Debug, Default, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// Also what suites with ndctl's tools need
    #[arg(long, help_heading = SELECTION)]
    ndctl: bool,
    /// Also b4, which fetches a posted series by its message-id
    #[arg(long, help_heading = SELECTION)]
    mail: bool,
    /// Only show the command
    #[arg(long, help_heading = EXECUTION)]
    dry_run: bool,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask setup --dry-run", "What would be installed"),
    ("cargo xtask setup --ndctl --mail", "Everything that any subcommand needs"),
])
.exits(&[
    ("0", "nothing is missing any more"),
    ("4", "something is still missing, or no package manager is known"),
]);

impl Args {
    fn levels(&self) -> &'static [Level] {
        match (self.ndctl, self.mail) {
            (true, true) => requirements::ALL,
            (true, false) => requirements::WITH_NDCTL,
            (false, true) => requirements::WITH_MAIL,
            (false, false) => requirements::EVERY_RUN,
        }
    }
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let distribution = Distribution::found();
    let found = requirements::look(None, args.levels());
    let missing = requirements::missing(&found, &distribution);
    if missing.is_empty() {
        ctx.print("setup: nothing is missing");
        return Ok(Exit::Success);
    }
    for lack in &missing {
        ctx.print(&format!(
            "setup: {} ({}): found {}, wanted {}",
            lack.requirement.name,
            lack.requirement.why,
            lack.found.as_deref().unwrap_or("nothing"),
            lack.requirement.wanted
        ));
    }
    let Some(plan) = setup::plan(&missing, &distribution) else {
        let message = format!("no package manager that this tool knows on {}", distribution.name);
        let names: Vec<_> = missing.iter().map(|f| f.requirement.name).collect();
        let hint = Some(format!("install by hand: {}", names.join(", ")));
        return Err(Missing { message, hint }.into());
    };
    if args.dry_run {
        ctx.print(&format!("setup: would run\n{}", plan.command_line()?));
        return Ok(Exit::Success);
    }
    ctx.print(&format!(
        "setup: running, on lists that are fetched anew (--dry-run shows all of it)\n  {}",
        plan.shown()
    ));
    plan.carry_out()?;
    let after = requirements::look(None, args.levels());
    let still: Vec<_> = after
        .iter()
        .filter(|f| !f.ok && f.requirement.level != Level::Recommended)
        .map(|f| f.requirement.name)
        .collect();
    if still.is_empty() {
        return Ok(Exit::Success);
    }
    let message = format!("still missing after the installation: {}", still.join(", "));
    let hint = Some(
        "`cargo xtask doctor` shows what was found of each; one earlier on the PATH may hide it".to_owned(),
    );
    Err(Missing { message, hint }.into())
}

/// What a subcommand does before its own work: with `--setup` installs, without it checks, and names everything that is
/// missing with its reason and the command that brings it.
///
/// # Errors
/// Something is missing.
pub fn ensure(ctx: &Context, install: bool, qemu: Option<&Path>) -> Result<()> {
    ensure_for(ctx, install, qemu, false)
}

/// The same, with what ndctl's tools need where they are wanted.
///
/// # Errors
/// Something is missing.
pub fn ensure_for(ctx: &Context, install: bool, qemu: Option<&Path>, ndctl: bool) -> Result<()> {
    let args = Args { ndctl, ..Args::default() };
    if install {
        run(&args, ctx)?;
        return Ok(());
    }
    let needed: Vec<Level> =
        args.levels().iter().copied().filter(|level| *level != Level::Recommended).collect();
    let found = requirements::look(qemu, &needed);
    let lacking: Vec<_> = found.iter().filter(|f| !f.ok).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let distribution = Distribution::found();
    let mut message = String::from("this machine lacks what a run needs:");
    for lack in &lacking {
        message.push_str(&format!(
            "\n  {} (found {}, wanted {}): {}",
            lack.requirement.name,
            lack.found.as_deref().unwrap_or("nothing"),
            lack.requirement.wanted,
            lack.requirement.why
        ));
    }
    // What is only recommended is looked for where something is installed anyway.
    let found = requirements::look(qemu, args.levels());
    let plan = setup::plan(&requirements::missing(&found, &distribution), &distribution);
    let hint = plan.map(|plan| format!("run it with --setup, or by hand:\n  {}", plan.shown()));
    Err(Missing { message, hint }.into())
}

/// Names what installs a program that only some subcommands need: an option of `setup`.
///
/// # Errors
/// It is not here.
pub fn ensure_program(name: &str, option: &str, is_here: bool) -> Result<()> {
    let why = requirements::requirement(name).map_or("", |one| one.why);
    if is_here {
        return Ok(());
    }
    let message = format!("{name} is not here, which {why}");
    Err(Missing { message, hint: Some(format!("cargo xtask setup {option}")) }.into())
}
