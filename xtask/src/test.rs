//! `test`: the tool's own tests, down to real boots.

use std::env;

use anyhow::{Context as _, Result};

use host::Process;

use super::help::{EXECUTION, SELECTION};
use super::{Context, Exit, Footer, Usage, run, setup};

/// Runs the tests of the tool itself
///
/// Unit and snapshot tests first, then the main job and every red path in real guests.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// Leave out whatever boots a guest
    #[arg(long, help_heading = SELECTION)]
    no_boot: bool,
    /// Install what is missing first: one apt-get install, shown before it runs
    #[arg(long, help_heading = EXECUTION)]
    setup: bool,
}

const FOOTER: Footer = Footer::new(&[("cargo xtask test --no-boot", "What needs Rust alone")])
    .exits(&[("1", "a test failed, or the main job is red")]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    if !ctx.root.join("Cargo.toml").is_file() {
        let message = format!(
            "{} is a project, and no checkout of the tool, whose own tests these are",
            ctx.root.display()
        );
        let hint = "`cargo xtask run` tests the kernel of a project".to_owned();
        return Err(Usage { message, hint: Some(hint) }.into());
    }
    if !args.no_boot || args.setup {
        setup::ensure(ctx, args.setup, None)?;
    }
    // Unit tests first: they take seconds, the kernel takes minutes.
    let unit = cargo_test(ctx, &["--workspace"], &[])?;
    if unit != Exit::Success || args.no_boot {
        return Ok(unit);
    }
    let green = run::run(&run::Args::default(), ctx).context("running the main job")?;
    if green != Exit::Success {
        return Ok(green);
    }
    // Of the whole workspace: with one package's features alone, half of it would be compiled once more.
    let what = ["--workspace", "--test", "kunit", "--test", "fastpath", "--test", "boots"];
    cargo_test(ctx, &what, &["--include-ignored", "--test-threads=1"])
}

/// A test that fails is red; cargo that cannot be run is an error.
fn cargo_test(ctx: &Context, what: &[&str], how: &[&str]) -> Result<Exit> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let args = ["test", "--locked"].iter().chain(what).chain(&["--"]).chain(how);
    let output = Process::new(cargo, args)
        .dir(&ctx.root)
        .env("PATCHBENCH_CACHE", ctx.cache.path())
        .interactive()
        .output()
        .with_context(|| format!("running cargo test {}", what.join(" ")))?;
    Ok(if output.status.success() { Exit::Success } else { Exit::Red })
}
