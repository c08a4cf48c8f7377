//! `topology expect`.

use anyhow::Result;

use super::find;
use crate::{Context, Exit, Footer, Format};

/// Shows what /sys/bus/cxl must look like in a guest of a topology
///
/// The suite enumerate compares a guest with it, and shows a difference as one of trees. With --format json, what is
/// compared is printed.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The topology: a file in topologies/, without .yaml
    #[arg(value_name = "TOPOLOGY")]
    name: String,
}

const FOOTER: Footer =
    Footer::new(&[("cargo xtask topology expect switch", "What the suite enumerate compares a guest with")]);

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
