//! `topology expect`.

use anyhow::Result;

use super::find;
use crate::{Context, Exit, Format};

/// Shows the tree of /sys/bus/cxl that a kernel must show in a guest of a topology
///
/// The suite enumerate compares a guest with it, and shows a difference as one of trees. With --format json, what is
/// compared is printed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of a file in topologies/, without .yaml
    name: String,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let expect = cxl_topology::expect(&find::load(ctx, &args.name)?);
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&expect)?);
    } else {
        for line in wire::tree::expected(&expect, &|_| wire::tree::Optional::Marked) {
            anstream::println!("{line}");
        }
    }
    Ok(Exit::Success)
}
