//! `--dry-run`: every command that would run, ready to paste; none is run.

use anyhow::Result;

use engine::run;
use engine::run::Plan;

use super::args::GuestArgs;
use super::{Context, Exit};

/// Prints the commands of the plans, one kernel after the other.
pub fn run(plans: &[Plan], guest: &GuestArgs, ctx: &Context) -> Result<Exit> {
    for plan in plans {
        for command in run::commands(plan, guest.qemu.as_deref(), &ctx.cache)? {
            anstream::println!("{command}");
        }
    }
    Ok(Exit::Success)
}
