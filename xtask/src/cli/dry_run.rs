//! `--dry-run`: every command that would run, ready to paste; none is run.

use anyhow::Result;

use super::run::GuestArgs;
use super::{Context, Exit};
use crate::run::{self, Plan};

/// Prints the commands of a plan.
pub fn run(plan: &Plan, guest: &GuestArgs, ctx: &Context) -> Result<Exit> {
    for command in run::commands(plan, guest.qemu.as_deref(), &ctx.cache)? {
        anstream::println!("{command}");
    }
    Ok(Exit::Success)
}
