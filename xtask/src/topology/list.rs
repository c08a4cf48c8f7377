//! `topology list`.

use anyhow::Result;
use serde::Serialize;

use cxl_topology::Topology;

use crate::{Context, Exit, Footer, Format};

/// Lists every topology with its picture in one line
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {}

const FOOTER: Footer = Footer::new(&[("cargo xtask topology list", "What --topology takes")]);

#[derive(Serialize)]
struct Listed {
    name: String,
    summary: String,
    picture: String,
}

pub fn run(_: &Args, ctx: &Context) -> Result<Exit> {
    let dir = ctx.topologies();
    let listed = cxl_topology::names(&dir)?
        .iter()
        .map(|name| {
            let topology = Topology::load(&dir, name)?;
            let picture = cxl_topology::one_liner(&topology);
            Ok(Listed { name: topology.name, summary: topology.summary, picture })
        })
        .collect::<Result<Vec<_>>>()?;
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(Exit::Success);
    }
    let width = listed.iter().map(|t| t.name.len()).max().unwrap_or(0);
    for topology in listed {
        anstream::println!("{:width$}  {}", topology.name, topology.summary);
        anstream::println!("{:width$}  {}", "", topology.picture);
    }
    Ok(Exit::Success)
}
